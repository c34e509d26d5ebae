"""What the facade costs over vLLM driven bare, and what many experts cost.

    python -m benchmarks.manager [ROUNDS] [facade|experts]

One engine. "Bare" is its `AsyncLLM` with the same requests; both sides get the same prompts,
adapters and sampling.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measure import BASE, Answer, Ratio, alternate, judge, p99, report, save
from expertserve import EngineConfig, ExpertManager, GenerateArgs
from expertserve.core.resolve import prompt_tokens
from expertserve.request import Request, Sampling

ROOT = Path(__file__).parents[1]
ARGS: GenerateArgs = {"temperature": 0.0, "max_tokens": 32, "stop": [], "grammar": None}
PROMPTS = [f"Question {i}: how many customers are older than {i}?" for i in range(32)]
EXPERTS, CLIENTS = 200, (8, 32)


def packages(folder: Path, count: int) -> list[Path]:
    """So many experts of rank 8, each with weights of its own, made from one adapter."""
    import torch
    from safetensors.torch import load_file, save_file

    from tests import tiny

    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
    first = tiny.peft_adapter(BASE, folder / "adapter", "lora", rank=8, strength=0.02)
    weights = load_file(first / "adapter_model.safetensors")
    made = []
    for n in range(count):
        torch.manual_seed(n)
        own = folder / f"a{n}"
        own.mkdir()
        (own / "adapter_config.json").write_bytes((first / "adapter_config.json").read_bytes())
        other = {
            k: v.mul(1 + 0.01 * torch.rand(1).item()).to(torch.bfloat16) for k, v in weights.items()
        }
        save_file(other, own / "adapter_model.safetensors")
        entry = tiny.base_entry(rank=8, name=BASE.name, targets=targets)
        made.append(
            tiny.package(
                folder / f"p{n}", own, None, name=f"expert-{n}", base_models=entry, training={}
            )
        )
    return made


def facade_over_bare(manager: ExpertManager, name: str, rounds: int) -> None:
    """Throughput of 32 requests and latency of one, ours over vLLM's."""
    host = next(iter(manager._core.engines._hosts.values()))
    engine = host._engine
    assert engine
    expert = manager.get(name)
    adapter = expert.adapter
    assert adapter
    numbers = itertools.count()

    def request(prompt: str) -> Request:
        ids = tuple(prompt_tokens(expert, prompt, {})[0])
        sampling = Sampling(max_tokens=32, stop_token_ids=expert.prompt.stop_token_ids())
        return Request(
            id=f"bare-{next(numbers)}",
            prompt_token_ids=ids,
            sampling=sampling,
            adapter=adapter.digest,
        )

    async def bare(prompts: list[str]) -> int:
        from vllm.inputs import TokensPrompt

        from expertserve.engine.vllm.engine import VLLMEngine
        from expertserve.engine.vllm.params import sampling_params

        assert isinstance(engine, VLLMEngine)
        llm, lora = engine.llm, engine._lora[adapter.digest]

        async def one(prompt: str) -> int:
            r, count = request(prompt), 0
            tokens = TokensPrompt(prompt_token_ids=list(r.prompt_token_ids))
            async for output in llm.generate(
                tokens, sampling_params(r, drafts=False), r.id, lora_request=lora
            ):
                count += len(output.outputs[0].token_ids)
            return count

        return sum(await asyncio.gather(*(one(p) for p in prompts)))

    def rate(work: Callable[[], int]) -> float:
        began = time.perf_counter()
        return work() / (time.perf_counter() - began)

    def ours(prompts: list[str]) -> int:
        return sum(
            r.usage.completion_tokens
            for r in manager.generate_many([(name, p, ARGS) for p in prompts])
        )

    figures = alternate(
        {
            "ours, 32": lambda: rate(lambda: ours(PROMPTS)),
            "bare, 32": lambda: rate(lambda: manager._loop.run(bare(PROMPTS))),
            "ours, 1": lambda: 1 / rate(lambda: sum(bool(ours([p])) for p in PROMPTS[:8])),
            "bare, 1": lambda: (
                1 / rate(lambda: sum(bool(manager._loop.run(bare([p]))) for p in PROMPTS[:8]))
            ),
        },
        2 * rounds,
    )
    report(
        "facade",
        "The facade over vLLM's AsyncLLM with the same worker extension",
        figures,
        [
            Ratio("throughput, 32 requests", "ours, 32", "bare, 32", least=0.99),
            Ratio("latency, one request", "ours, 1", "bare, 1", most=1.01),
        ],
        {"front_end_mb": psutil.Process().memory_full_info().uss >> 20},
    )


def zipf(count: int, rng: random.Random, among: int) -> list[int]:
    return rng.choices(range(among), weights=[1 / (n + 1) for n in range(among)], k=count)


def many_experts(manager: ExpertManager, rounds: int) -> dict[str, dict[str, Any]]:
    """200 experts with zipf-distributed use over 4 that are always there; by how many ask at once,
    each its next question when it has its answer.
    """
    return {f"{n} clients": with_clients(manager, rounds, n, EXPERTS) for n in CLIENTS}


def with_clients(manager: ExpertManager, rounds: int, clients: int, experts: int) -> dict[str, Any]:
    """So many experts over 4 of them, asked by so many clients at once."""
    rng, all_of_them = random.Random(3), f"{experts} experts"
    firsts: list[float] = []

    def run(among: int) -> float:
        names = [f"e{n}" for n in zipf(12 * CLIENTS[0], rng, among)]
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            results = list(
                pool.map(
                    lambda job: manager.generate(job[1], f"Question {job[0]}?", **ARGS),
                    enumerate(names),
                )
            )
        if among == experts:
            firsts.extend(r.timing.first_token for r in results)
        return sum(r.usage.completion_tokens for r in results) / (time.perf_counter() - began)

    figures = alternate({all_of_them: lambda: run(experts), "4 experts": lambda: run(4)}, rounds)
    medians = {side: statistics.median(values) for side, values in figures.items()}
    return {
        "ratio": round(medians[all_of_them] / medians["4 experts"], 3),
        "first_token_p99_s": round(p99(firsts), 2),
        "tokens_s": {side: round(median, 1) for side, median in medians.items()},
    }


PAIRS = 220
"""First tokens differ by more than a swap takes: with few of them the difference is chance."""


def swapping(manager: ExpertManager, cold: list[str]) -> dict[str, Any]:
    """First use of a cold expert, and a swap between residents, over using the same one again; in
    milliseconds to the first token.
    """

    def first(name: str) -> float:
        return manager.generate(name, "x", **{**ARGS, "max_tokens": 1}).timing.first_token * 1e3  # type: ignore[typeddict-item]

    warm = ["e0", "e1"]
    for name in warm:
        first(name)
    pairs = [(first(warm[i % 2]), first(warm[i % 2])) for i in range(PAIRS)][20:]
    swapped, same = ([pair[side] for pair in pairs] for side in (0, 1))
    colds = [first(name) for name in cold]
    median = statistics.median
    return {
        "swap_ms": round(median(swapped) - median(same), 2),
        "cold_ms": round(median(colds) - median(same), 1),
        "cold_worst_ms": round(max(colds) - median(same), 1),
        "warm_first_token_ms": round(median(same), 1),
    }


def gaps(manager: ExpertManager, cold: list[Path]) -> dict[str, Any]:
    """The longest pause between two chunks of a running stream, undisturbed and while cold experts
    load.
    """

    def longest(disturb: Callable[[], None]) -> float:
        times: list[float] = []
        thread = threading.Thread(target=disturb)
        for n, _ in enumerate(
            manager.generate_stream("e0", "Tell me a long story.", **{**ARGS, "max_tokens": 300})
        ):  # type: ignore[typeddict-item]
            times.append(time.perf_counter())
            if n == 20:
                thread.start()
        thread.join()
        return max(b - a for a, b in itertools.pairwise(times[5:])) * 1e3

    def load() -> None:
        for n, path in enumerate(cold):
            manager.load_expert(f"cold-{n}-{time.monotonic_ns()}", path)

    quiet = statistics.median(longest(lambda: None) for _ in range(3))
    loud = longest(load)
    return {
        "undisturbed_ms": round(quiet, 1),
        "while_20_load_ms": round(loud, 1),
        "ratio": round(loud / quiet, 2),
    }


def consumers(manager: ExpertManager) -> dict[str, Any]:
    """The front end's own CPU time for each token, with 64 streams read at once."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    counts: list[int] = []

    def read(i: int) -> None:
        stream = manager.generate_stream(f"e{i % 4}", f"Story {i}.", **ARGS)
        counts.append(sum(len(chunk.token_ids) for chunk in stream))

    threads = [threading.Thread(target=read, args=(i,)) for i in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_ms_per_token": round(seconds / sum(counts) * 1e3, 3), "tokens": sum(counts)}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        paths = packages(folder, EXPERTS + 40)
        config = EngineConfig(max_requests=64, max_model_len=1024, drafts=False)
        with ExpertManager(config=config, cache_dir=folder / "cache") as manager:
            for n, path in enumerate(paths[:EXPERTS]):
                manager.load_expert(f"e{n}", path)
            manager.generate("e0", "x", **ARGS)
            if part != "experts":
                facade_over_bare(manager, "e0", rounds)
            if part == "facade":
                return
            for n, path in enumerate(paths[EXPERTS : EXPERTS + 20]):
                manager.load_expert(f"c{n}", path)
            cold = [f"e{n}" for n in range(150, 170)]
            swaps, pauses, reading = (
                swapping(manager, cold),
                gaps(manager, paths[EXPERTS + 20 :]),
                consumers(manager),
            )
            many, slots = many_experts(manager, rounds), manager.info().max_slots
    answers = [
        Answer("a swap between two resident experts, ms", swaps["swap_ms"], most=1),
        Answer(
            "the longest pause of a stream while 20 experts load ÷ undisturbed",
            pauses["ratio"],
            most=3,
        ),
        Answer(
            "the front end's CPU for a token, 64 streams, ms", reading["cpu_ms_per_token"], most=0.3
        ),
        *(
            Answer(f"200 experts ÷ 4 experts, {n}", row["ratio"], least=0.85)
            for n, row in many.items()
        ),
    ]
    notes = {
        "slots": slots,
        "max_requests": 64,
        "max_model_len": 1024,
        "experts": f"{EXPERTS} LoRA, rank 8",
    }
    save(
        "manager",
        notes=notes,
        answers=judge("manager", answers),
        swapping=swaps,
        gaps=pauses,
        consumers=reading,
        many_experts=many,
    )


if __name__ == "__main__":
    main()
