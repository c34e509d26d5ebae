"""What people write by hand, beside the library: the specification's performance parity, on both
engines.

    python -m benchmarks.parity [ROUNDS]

By hand is transformers with PEFT, the adapter unmerged, in the engines' type (bfloat16 where the
CPU has it), with their number of threads, a padded batch. The SQL expert is a LoRA, the Cypher
expert a DoRA. Greedy, no grammar; a figure counts what was written before the end of sequence.
Memory is what is a process's own (USS), over all processes of the library, less the same of its
engine driven bare.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import BASE, ROUNDS, Ratio, alternate, dtype, report, timed
from expertserve import EngineConfig, Expert, GenerateArgs
from expertserve.engine.base import Engine
from expertserve.engine.machine import cpus
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.engine.vllm.engine import VLLMEngine
from expertserve.package.archive import open_package

EXPERTS = Path(__file__).parents[1] / "examples" / "experts"
PROMPTS = [f"How many customers are older than {age}?" for age in range(20, 30)]
TOKENS = 24
ASK: GenerateArgs = {"max_tokens": TOKENS, "temperature": 0.0, "stop": [], "grammar": None}
KINDS = {"LoRA": "sql", "DoRA": "cypher"}
ENGINES: dict[str, Callable[[], Engine]] = {"vLLM": VLLMEngine, "portable": TransformersEngine}
DTYPE = dtype()
CONFIG = EngineConfig(
    dtype=DTYPE, max_lora_rank=32, max_model_len=1024, max_requests=16, kv_cache_bytes=128 << 20
)

MEMORY = """
import asyncio, gc, json, psutil, sys
from benchmarks.parity import CONFIG, ENGINES
from expertserve import Expert
from expertserve.expert import prepare
from expertserve.request import Request, Sampling

def total():
    gc.collect()
    own = psutil.Process()
    every = [own, *own.children(recursive=True)]
    ours = [p for p in every if "resource_tracker" not in " ".join(p.cmdline())]
    return sum(p.memory_full_info().uss for p in ours)

def sdk(make, package):
    with Expert.load(package, config=CONFIG, engine=make) as expert:
        for _ in range(3):
            expert.generate("How many?", max_tokens=8, grammar=None)
        return total()

async def bare(make, package):
    expert, engine = prepare(package), make()
    await engine.start(expert.base, CONFIG, expert.adapter.width)
    await engine.add(expert.adapter)
    for n in range(3):
        sampling, adapter = Sampling(max_tokens=8), expert.adapter.digest
        request = Request(id=str(n), prompt_token_ids=(1, 2, 3), sampling=sampling, adapter=adapter)
        async for _ in engine.stream(request):
            pass
    size = total()
    await engine.close()
    return size

if __name__ == "__main__":
    side, engine, package = sys.argv[1:]
    kind = ENGINES[engine]
    print(json.dumps(sdk(kind, package) if side == "sdk" else asyncio.run(bare(kind, package))))
"""


def package(kind: str) -> Path:
    """The demo expert with an adapter of that kind."""
    return next(EXPERTS.glob(f"expert-{KINDS[kind]}-*.expert"))


def by_hand(kind: str) -> Callable[[list[str]], int]:
    """A model of its own with the adapter; gives the tokens written."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(len(cpus()))
    tokenizer: Any = AutoTokenizer.from_pretrained(BASE, padding_side="left")
    model: Any = AutoModelForCausalLM.from_pretrained(BASE, dtype=getattr(torch, DTYPE))
    model = peft.PeftModel.from_pretrained(model, open_package(package(kind)).folder).eval()

    def generate(prompts: list[str]) -> int:
        chats = [[{"role": "user", "content": p}] for p in prompts]
        inputs = tokenizer.apply_chat_template(
            chats, add_generation_prompt=True, return_tensors="pt", return_dict=True, padding=True
        )
        with torch.inference_mode():
            out = model.generate(
                **inputs,
                do_sample=False,
                max_new_tokens=TOKENS,
                pad_token_id=tokenizer.pad_token_id,
            )
        end = tokenizer.eos_token_id
        answers = out[:, inputs["input_ids"].shape[1] :].tolist()
        return sum(a.index(end) + 1 if end in a else len(a) for a in answers)

    return generate


def written(expert: Expert) -> Callable[[list[str]], int]:
    return lambda prompts: sum(
        r.usage.completion_tokens for r in expert.generate_batch(prompts, **ASK)
    )


def sides(name: str, work: Callable[[list[str]], int]) -> dict[str, Callable[[], float]]:
    """Seconds a token for one prompt, tokens a second for ten."""
    one, ten = f"{name}, one prompt", f"{name}, batch of 10"
    return {
        one: lambda: 1 / timed(lambda: work(PROMPTS[:1])),
        ten: lambda: timed(lambda: work(PROMPTS)),
    }


def overhead(engine: str) -> float:
    """MB that the library's processes take beyond the engine's."""

    def measured(side: str) -> int:
        command = [sys.executable, "-c", MEMORY, side, engine, str(package("LoRA"))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
        return int(json.loads(done.stdout.strip().splitlines()[-1]))

    return round((measured("sdk") - measured("bare")) / 1e6, 1)


def main() -> None:
    """Memory first, each side in a process of its own; then an engine for each kind of adapter, all
    of them resident.
    """
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    memory = {
        f"{engine}: MB beyond the engine driven bare (bar 100)": overhead(engine)
        for engine in ENGINES
    }
    figures: dict[str, list[float]] = {}
    for kind in KINDS:
        all_sides = sides(f"by hand {kind}", by_hand(kind))
        opened = [
            Expert.load(package(kind), config=CONFIG, engine=make) for make in ENGINES.values()
        ]
        for engine, expert in zip(ENGINES, opened, strict=True):
            all_sides |= sides(f"{engine} {kind}", written(expert))
        figures |= alternate(all_sides, rounds)
        for expert in opened:
            expert.close()
    ratios = []
    for engine, kind in itertools.product(ENGINES, KINDS):
        one, ten = (f"{engine} {kind}, {what}" for what in ("one prompt", "batch of 10"))
        ratios.append(
            Ratio(
                f"{one}: seconds a token ÷ by hand", one, f"by hand {kind}, one prompt", most=1.05
            )
        )
        ratios.append(
            Ratio(
                f"{ten}: tokens a second ÷ by hand", ten, f"by hand {kind}, batch of 10", least=0.95
            )
        )
    notes = {"dtype": DTYPE, "threads": len(cpus()), **memory}
    report("parity", "The library beside transformers + PEFT by hand", figures, ratios, notes)


if __name__ == "__main__":
    main()
