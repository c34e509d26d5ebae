"""The real engine's processes are killed at every stage. On the tiny base, so that a start is all that takes long."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from expertserve import AsyncExpertManager, EngineConfig
from expertserve.errors import EngineDeadError

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(600)]
CONFIG = EngineConfig(kv_cache_bytes=64 << 20, max_requests=8, dtype="float32", max_lora_rank=16)
ASKED: dict[str, Any] = {"max_tokens": 16, "temperature": 0.0, "stop": [], "grammar": None}
LONG: dict[str, Any] = {**ASKED, "max_tokens": 900}
WHO = {"core": "EngineCore", "worker": "Worker"}


def processes() -> list[psutil.Process]:
    """What this process started and what that started, but for the compilers of masks and Python's own helper."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and not any(w in words for w in ("resource_tracker", "grammar.compile")):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def kill(who: str) -> int:
    """Kills the engine's core, or its worker where that is a process of its own; gives how many were killed."""
    named = [p for p in processes() if WHO[who].lower() in " ".join([p.name(), *p.cmdline()]).lower()]
    for process in named or processes()[-1:]:
        process.send_signal(signal.SIGKILL)
    return len(named) or 1


async def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("who", list(WHO))
@pytest.mark.parametrize("stage", ["start", "load", "prefill", "decode", "drain"])
def test_what_is_killed_is_told_replaced_and_leaves_nothing(
    who: str, stage: str, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    async def run() -> None:
        manager = AsyncExpertManager(config=CONFIG, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent)
        await manager.load_expert("sql", tiny_package)
        before = "" if stage == "start" else (await manager.generate("sql", "How many?", **ASKED)).text
        with suppress(EngineDeadError):
            await asyncio.wait_for(_kill_at(manager, stage), 180)
        async with asyncio.timeout(240):
            while True:
                try:
                    after = await manager.generate("sql", "How many?", **ASKED)
                    break
                except EngineDeadError as error:
                    assert error.code != "engine_stopped"
                    await asyncio.sleep(1)
        assert not before or after.text == before
        assert [i.state for i in await manager.list_loaded_experts()] == ["slot"] and manager.info().running == 0
        await manager.close()
        await until(lambda: not processes(), 30)

    async def _kill_at(manager: AsyncExpertManager, stage: str) -> None:
        work: Awaitable[object]
        if stage == "start":
            work = asyncio.ensure_future(manager.start())
            await until(lambda: bool(processes()))
            await asyncio.sleep(2)
        elif stage == "load":
            work = asyncio.ensure_future(manager.replace_expert("sql", tiny_package))
        elif stage == "prefill":
            work = asyncio.ensure_future(manager.generate("sql", "word " * 60, **ASKED))
        elif stage == "decode":
            stream = manager.generate_stream("sql", "How many?", **LONG)
            await anext(aiter(stream))
            work = asyncio.ensure_future(_rest(stream))
        else:
            work = asyncio.ensure_future(manager.generate("sql", "How many?", **LONG))
            await asyncio.sleep(0.2)
            asyncio.ensure_future(manager.unload_expert("sql")).cancel()
        kill(who)
        await work

    asyncio.run(run())


async def _rest(stream: Any) -> None:
    async for _ in stream:
        pass
