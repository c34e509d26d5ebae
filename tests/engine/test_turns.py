"""Adapter slots in turn: an expert that is always asked for doesn't keep the only slot."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from pathlib import Path

import pytest

from expertserve import AsyncExpertManager, EngineConfig, GenerateArgs
from expertserve.engine.vllm.turns import leaving
from tests import tiny

BUSY, TOKENS = 60, (41, 47, 53)
"""Answers that each client wants, and their lengths: never do all end in one step."""


def test_who_leaves_goes_on_leaving() -> None:
    assert leaving(Counter({1: 5, 2: 1, 3: 2}), 1, []) == [2]
    assert leaving(Counter({1: 5, 2: 2, 3: 1}), 1, [2]) == [2]
    assert leaving(Counter({1: 5, 2: 1, 3: 2}), 2, []) == [2, 3]
    assert leaving(Counter({1: 5}), -1, [1]) == []


@pytest.mark.engine
def test_nobody_waits_for_ever_behind_an_expert_that_is_always_asked(tmp_path: Path) -> None:
    """Three clients ask one expert again and again; with one slot, another's request is answered
    long before they stop.
    """
    base = tiny.base_model(tmp_path / "tiny")
    packages = {}
    for seed, name in enumerate(("busy", "other")):
        adapter = tiny.peft_adapter(base, tmp_path / f"{name}-adapter", "lora", seed=seed)
        packages[name] = tiny.package(
            tmp_path / name, adapter, base, name=name, base_models=tiny.base_entry()
        )
    args = functools.partial(GenerateArgs, ignore_eos=True, grammar=None)

    async def scenario() -> tuple[int, int]:
        config = EngineConfig(max_slots=1, max_requests=8, kv_cache_bytes=64 << 20)
        async with AsyncExpertManager(base, config=config, cache_dir=tmp_path / "cache") as manager:
            for name, folder in packages.items():
                await manager.load_expert(name, folder)
            answered = 0

            async def client(tokens: int) -> None:
                nonlocal answered
                for _ in range(BUSY):
                    await manager.generate("busy", "again", **args(max_tokens=tokens))
                    answered += 1

            clients = [asyncio.create_task(client(tokens)) for tokens in TOKENS]
            while not answered:
                await asyncio.sleep(0.01)
            await manager.generate("other", "me, too", **args(max_tokens=8))
            before = answered
            await asyncio.gather(*clients)
            return before, answered

    before, answered = asyncio.run(scenario())
    assert answered == len(TOKENS) * BUSY and before < answered / 2
