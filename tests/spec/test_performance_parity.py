"""Requirement: Performance Parity, against transformers + PEFT by hand and against vLLM driven
bare.

Both sides in turn, medians of several rounds. Long: `make test-long` runs it, alone on the machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve import Expert, GenerateArgs
from expertserve.package.archive import open_package

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROMPTS = [f"How many lighthouses are taller than {height}?" for height in range(20, 30)]
TOKENS = 24
ASK: GenerateArgs = {"max_tokens": TOKENS, "temperature": 0.0, "stop": [], "grammar": None}


@pytest.fixture(scope="module")
def manual(sql_package: Path, demo_base: Path) -> Callable[[list[str]], int]:
    """What people write by hand: the model in the same precision, the adapter by PEFT, a padded
    batch; gives tokens written.
    """
    import peft
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(demo_base, padding_side="left")
    model: Any = AutoModelForCausalLM.from_pretrained(demo_base, dtype=torch.float32)
    model = peft.PeftModel.from_pretrained(model, open_package(sql_package).folder).eval()

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
        ends = {tokenizer.eos_token_id}
        answers = out[:, inputs["input_ids"].shape[1] :].tolist()
        return sum(next((n + 1 for n, t in enumerate(a) if t in ends), len(a)) for a in answers)

    return generate


def medians(
    ours: Callable[[], int], theirs: Callable[[], int], rounds: int = 5
) -> tuple[float, float]:
    """Seconds per token of both, in turn, after one round that isn't counted."""
    figures: tuple[list[float], list[float]] = ([], [])
    for round_ in range(rounds + 1):
        for side, work in zip(figures, (ours, theirs), strict=True):
            began = time.perf_counter()
            tokens = work()
            if round_:
                side.append((time.perf_counter() - began) / tokens)
    return statistics.median(figures[0]), statistics.median(figures[1])


def test_single_prompt_latency(engine: Expert, manual: Callable[[list[str]], int]) -> None:
    ours, theirs = medians(
        lambda: engine.generate(PROMPTS[0], **ASK).usage.completion_tokens,
        lambda: manual(PROMPTS[:1]),
    )
    assert ours <= 1.05 * theirs


def test_batch_throughput(engine: Expert, manual: Callable[[list[str]], int]) -> None:
    ours, theirs = medians(
        lambda: sum(r.usage.completion_tokens for r in engine.generate_batch(PROMPTS, **ASK)),
        lambda: manual(PROMPTS),
    )
    assert 1 / ours >= 0.95 / theirs


MEMORY = """
import asyncio, json, psutil, sys, gc
from pathlib import Path
from expertserve import EngineConfig, Expert
from expertserve.config import models_dir
config = EngineConfig(max_lora_rank=32, max_model_len=1024, max_requests=8, kv_cache_bytes=128 << 20)
def total():
    gc.collect()
    own = psutil.Process()
    return sum(p.memory_full_info().uss for p in [own, *own.children(recursive=True)] if "resource_tracker" not in " ".join(p.cmdline()))
if sys.argv[1] == "sdk":
    with Expert.load(sys.argv[2], config=config) as expert:
        for _ in range(3):
            expert.generate("How many?", max_tokens=8, grammar=None)
        print(json.dumps(total()))
else:
    from expertserve.engine.vllm.engine import VLLMEngine
    from expertserve.expert import prepare
    from expertserve.request import Request, Sampling
    async def bare():
        expert, engine = prepare(sys.argv[2]), VLLMEngine()
        await engine.start(expert.base, config, expert.adapter.width)
        await engine.add(expert.adapter)
        for n in range(3):
            request = Request(id=str(n), prompt_token_ids=(1, 2, 3), sampling=Sampling(max_tokens=8), adapter=expert.adapter.digest)
            async for _ in engine.stream(request):
                pass
        print(json.dumps(total()))
        await engine.close()
    asyncio.run(bare())
"""


def test_memory_overhead(sql_package: Path) -> None:
    """The library's memory beyond the same engine's, over all processes."""

    def measured(kind: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, kind, str(sql_package)],
            capture_output=True,
            text=True,
            timeout=280,
            check=True,
        )
        return int(json.loads(done.stdout.strip().splitlines()[-1]))

    assert measured("sdk") - measured("bare") < 100 << 20
