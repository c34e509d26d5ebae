"""The real engine's processes are killed at every stage. On the tiny base, so that only the start
takes long.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from expertserve import AsyncExpertManager, EngineConfig
from expertserve.adapters.serving import ServingAdapter
from expertserve.engine.vllm.engine import VLLMEngine
from expertserve.errors import EngineDeadError
from expertserve.request import Request
from expertserve.result import Chunk

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(600)]
CONFIG = EngineConfig(kv_cache_bytes=64 << 20, max_requests=8, dtype="float32", max_lora_rank=16)
ASKED: dict[str, Any] = {"max_tokens": 16, "temperature": 0.0, "stop": [], "grammar": None}
LONG: dict[str, Any] = {**ASKED, "max_tokens": 900}


def processes() -> list[psutil.Process]:
    """What this process started and what that started, but for the compilers of masks and Python's
    own helper.
    """
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and not any(
                w in words for w in ("resource_tracker", "decoding.compile")
            ):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def victims(who: str) -> list[psutil.Process]:
    """The engine's core, or the worker that it started, which has a name of its own only once it
    runs.
    """
    found = processes()
    try:
        cores = [p for p in found if "EngineCore" in p.name()]
        ours = [p for p in found if any(p.ppid() == core.pid for core in cores)]
        return (
            cores
            if who == "core"
            else [p for p in ours if "Worker" in p.name() or "spawn_main" in " ".join(p.cmdline())]
        )
    except psutil.NoSuchProcess:
        return []


def victim_of(who: str) -> psutil.Process:
    (found,) = victims(who)
    return found


async def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("who", ["core", "worker"])
@pytest.mark.parametrize("stage", ["start", "load", "prefill", "decode", "drain"])
def test_a_killed_process_is_reported_replaced_and_leaves_nothing_behind(
    who: str, stage: str, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    async def run() -> None:
        manager = AsyncExpertManager(
            config=CONFIG, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        )
        await manager.load_expert("sql", tiny_package)
        before = (
            "" if stage == "start" else (await manager.generate("sql", "How many?", **ASKED)).text
        )
        async with asyncio.timeout(180):
            await STAGES[stage](manager, who, tiny_package)
        after = (await asyncio.wait_for(manager.generate("sql", "How many?", **ASKED), 240)).text
        assert not before or after == before
        assert [i.state for i in await manager.list_loaded_experts()] == [
            "slot"
        ] and manager.info().running == 0
        await manager.close()
        await until(lambda: not processes(), 30)

    asyncio.run(run())


async def at_start(manager: AsyncExpertManager, who: str, package: Path) -> None:
    starting = asyncio.ensure_future(manager.start())
    await until(lambda: bool(victims(who)))
    assert not starting.done()
    victim_of(who).kill()
    with pytest.raises(EngineDeadError):
        await starting


async def at_load(manager: AsyncExpertManager, who: str, package: Path) -> None:
    """Kills while the engine adds the adapter: the load fails, or the new engine
    has it.
    """
    await manager.unload_expert("sql")
    victim, add, asked = victim_of(who), VLLMEngine.add, threading.Event()

    async def killed_meanwhile(engine: VLLMEngine, adapter: ServingAdapter) -> None:
        adding = asyncio.ensure_future(add(engine, adapter))
        await asyncio.sleep(0)
        victim.kill()
        asked.set()
        await adding

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VLLMEngine, "add", killed_meanwhile)
        loading = asyncio.ensure_future(manager.load_expert("sql", package))
        await until(asked.is_set)
    try:
        await loading
    except EngineDeadError:
        await manager.load_expert("sql", package)


async def at_prefill(manager: AsyncExpertManager, who: str, package: Path) -> None:
    """Kills after the engine got the prompt and before the first token."""
    victim, stream = victim_of(who), VLLMEngine.stream

    async def killed_meanwhile(engine: VLLMEngine, request: Request) -> AsyncGenerator[Chunk, None]:
        chunks = stream(engine, request)
        first = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0)
        assert not first.done()
        victim.kill()
        yield await first

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VLLMEngine, "stream", killed_meanwhile)
        with pytest.raises(EngineDeadError):
            await manager.generate("sql", "word " * 180, **{**LONG, "max_tokens": 64})


async def at_decode(manager: AsyncExpertManager, who: str, package: Path) -> None:
    victim, stream = victim_of(who), aiter(manager.generate_stream("sql", "How many?", **LONG))
    await anext(stream)
    victim.kill()
    with pytest.raises(EngineDeadError):
        async for _ in stream:
            pass


async def at_drain(manager: AsyncExpertManager, who: str, package: Path) -> None:
    victim, stream = victim_of(who), aiter(manager.generate_stream("sql", "How many?", **LONG))
    await anext(stream)
    unloading = asyncio.ensure_future(manager.unload_expert("sql"))
    await asyncio.sleep(0.05)
    assert not unloading.done()
    victim.kill()
    with pytest.raises(EngineDeadError):
        async for _ in stream:
            pass
    await unloading
    await manager.load_expert("sql", package)


STAGES = {
    "start": at_start,
    "load": at_load,
    "prefill": at_prefill,
    "decode": at_decode,
    "drain": at_drain,
}
