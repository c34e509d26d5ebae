"""At the size that people use: a base of 1.4 billion parameters, a LoRA and a DoRA of rank 64.

    python -m benchmarks.large [ROUNDS]

The weights are random, in bfloat16, of Qwen3's shape (28 layers, a vocabulary of 512), written
here; the adapters are on all seven projections, 280 MB each, in float32 as PEFT writes them. A
first answer is that of a process of its own, which also tells the memory of all its processes;
"plain" is vLLM's `AsyncLLM` with the same base, no adapters and a cache of 1 GiB. Each start has
its package prepared, but for the one that is called the first.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.adapters import Served, adapter
from benchmarks.measure import ROUNDS, Answer, alternate, judge, save
from expertserve.adapters.serving import ServingAdapter
from expertserve.models import LocalModel, find_given
from expertserve.package.build import pack
from tests import tiny

RANK, LENGTH, WRITTEN = 64, 512, 16
SHAPE = {
    "num_hidden_layers": 28,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
}
OURS = """
import sys
from expertserve import EngineConfig, Expert
package, base, cache, length, written = sys.argv[1:]
config = EngineConfig(dtype="bfloat16", max_model_len=int(length), max_requests=1)
with Expert.load(package, base_model=base, config=config, cache_dir=cache) as expert:
    expert.generate("one", max_tokens=int(written), ignore_eos=True, grammar=None)
    answered()
"""
PLAIN = """
import asyncio, sys
from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.v1.engine.async_llm import AsyncLLM
base, length, written = sys.argv[1:]

async def main():
    llm = AsyncLLM.from_engine_args(AsyncEngineArgs(
        model=base, dtype="bfloat16", max_model_len=int(length), disable_log_stats=True,
        kv_cache_memory_bytes=1 << 30, gpu_memory_utilization=0.7))
    params = SamplingParams(max_tokens=int(written), ignore_eos=True, temperature=0)
    async for _ in llm.generate({"prompt_token_ids": [5, 6, 7]}, params, "one"):
        pass
    answered()
    llm.shutdown()

if __name__ == "__main__":
    asyncio.run(main())
"""
TOLD = """
import json, psutil, time
BEGAN = psutil.Process().create_time()
def answered():
    seconds, me = time.time() - BEGAN, psutil.Process()
    held = sum(p.memory_full_info().pss for p in [me, *me.children(recursive=True)])
    print("ANSWERED", json.dumps([seconds, held / 1e9]), flush=True)
"""


def base(folder: Path) -> LocalModel:
    """The base, written in bfloat16."""
    import transformers

    tiny.tokenizer(folder)
    config = transformers.Qwen3Config(
        **SHAPE,
        vocab_size=512,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    return find_given(folder)


def child(code: str, *arguments: object) -> tuple[float, float]:
    """Seconds from a process' start to its first answer, and the GB of all its processes."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "first.py"
        script.write_text(TOLD + code)
        done = subprocess.run(
            [sys.executable, script, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    said = next(s for s in done.stdout.splitlines() if s.startswith("ANSWERED "))
    seconds, held = json.loads(said.removeprefix("ANSWERED "))
    return float(seconds), float(held)


def main(rounds: int = ROUNDS) -> None:
    with tempfile.TemporaryDirectory(prefix="large-") as name:
        folder = Path(name)
        model, packages, forms = base(folder / "large"), {}, {}
        answers = []
        for kind in ("lora", "dora"):
            forms[kind], source = adapter(model, folder, kind, 1, RANK)
            entry = tiny.base_entry(kind, RANK, model.path.name)
            package = tiny.package(
                folder / f"p-{kind}", source, model.path, name=kind, base_models=entry
            )
            archive = folder / f"{kind}.expert"
            began = time.perf_counter()
            packages[kind] = pack(package, archive)
            seconds = time.perf_counter() - began
            answers.append(Answer(f"pack of a {kind}, seconds", seconds, most=6))
        answers += starts(model, packages["dora"], folder, rounds)
        answers += decoding(model, forms, rounds)
        save("large", rounds=rounds, answers=judge("large", answers))


def starts(base: LocalModel, package: Path, folder: Path, rounds: int) -> list[Answer]:
    """To the first answer, beside plain vLLM."""
    memory: dict[str, list[float]] = {"ours": [], "plain": []}

    def first(side: str) -> Callable[[], float]:
        def run() -> float:
            cache = folder / "cache"
            given = (package, base.path, cache) if side == "ours" else (base.path,)
            code = OURS if side == "ours" else PLAIN
            seconds, held = child(code, *given, LENGTH, WRITTEN)
            memory[side].append(held)
            return seconds

        return run

    unprepared = child(OURS, package, base.path, folder / "fresh", LENGTH, WRITTEN)[0]
    found = alternate({side: first(side) for side in memory}, rounds)
    ours, plain = (statistics.median(found[side]) for side in ("ours", "plain"))
    held = statistics.median(memory["ours"])
    return [
        Answer("first answer, DoRA ÷ plain AsyncLLM without adapters", ours / plain, most=0.7),
        Answer("first answer, DoRA, seconds", ours),
        Answer("the first load of its package, seconds more", unprepared - ours, most=4),
        Answer("memory of all processes, one DoRA, GB", held, most=7),
    ]


def decoding(base: LocalModel, forms: dict[str, ServingAdapter], rounds: int) -> list[Answer]:
    """One prompt, beside the base in the same engine."""
    served = Served(base, row_scale=True, slots=2, rank=RANK)
    served.add([*forms.values()])
    sides = {kind: served.decode([one]) for kind, one in forms.items()}
    found = alternate({"base": served.decode([None]), **sides}, rounds)
    served.close()
    middle = {side: statistics.median(values) for side, values in found.items()}
    return [
        Answer(f"one prompt, {kind} ÷ base", middle[kind] / middle["base"], least=0.92)
        for kind in forms
    ]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
