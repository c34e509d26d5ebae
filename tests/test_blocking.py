"""Nothing blocks an event loop: what one request takes long for, others don't wait for."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from expertserve import models
from expertserve.decoding import apply
from expertserve.decoding.validate import Verdict
from expertserve.engine.fake import FakeEngine
from expertserve.engine.vllm.engine import off_the_loop
from expertserve.manager import AsyncExpertManager
from expertserve.prompt.format import PromptFormat
from tests import tiny

LONG = 0.4
"""Seconds, well above the 0.1 from which asyncio calls a callback slow."""


@pytest.fixture(autouse=True)
def watchdog(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Loops that are made meanwhile log slow callbacks, and one such line fails the test."""
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    with caplog.at_level(logging.WARNING, "asyncio"):
        yield
    slow = [r.getMessage() for r in caplog.get_records("call") if r.name == "asyncio"]
    assert not [line for line in slow if line.startswith("Executing")]


@pytest.fixture
def make(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> Callable[..., tuple[AsyncExpertManager, Path]]:
    def make(**manifest: Any) -> tuple[AsyncExpertManager, Path]:
        manager = AsyncExpertManager(
            models_dir=tiny_base.parent,
            cache_dir=tmp_path / "cache",
            engine=lambda: FakeEngine(lambda prompt: '{"a": 1}', delay=0.01),
        )
        return manager, tiny.package(tmp_path / "p", tiny_lora, tiny_base, **manifest)

    return make


JUDGED = {
    "training": {"decoding": {"grammar_type": "json", "validation": "parser-strict"}},
}


def slowly(step: Callable[..., Any], calls: list[float]) -> Callable[..., Any]:
    def slow(*args: Any, **named: Any) -> Any:
        calls.append(time.monotonic())
        time.sleep(LONG)
        return step(*args, **named)

    return slow


def test_a_long_template_runs_elsewhere(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    async def main() -> None:
        manager, package = make()
        async with manager:
            await manager.load_expert("x", package)
            monkeypatch.setattr(PromptFormat, "render", slowly(PromptFormat.render, calls))
            assert (await manager.generate("x", "q")).text

    asyncio.run(main())
    assert calls


def test_an_answer_is_judged_once_at_its_end_and_elsewhere(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []
    monkeypatch.setattr(apply, "validate", slowly(lambda *a: Verdict(True, "p"), calls))

    async def main() -> None:
        manager, package = make(**JUDGED)
        async with manager:
            await manager.load_expert("x", package)
            result = await manager.generate("x", "q", regex=r"\{.*\}")
            assert result.grammar and result.grammar.valid is True
            assert len(calls) == 1
            async with manager.generate_stream("x", "q", regex=r"\{.*\}") as stream:
                async for _ in stream:
                    assert stream.result.grammar is None, "no verdict before the end"
            assert stream.result.grammar and stream.result.grammar.parser == "p"
            assert len(calls) == 2
            stream = manager.generate_stream("x", "q", regex=r"\{.*\}")
            async for _ in stream:
                await stream.aclose()
            assert stream.result.grammar and stream.result.grammar.valid is None
            assert len(calls) == 2, "what was left isn't judged"

    asyncio.run(main())


def test_a_base_models_digest_is_computed_elsewhere(
    make: Any, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []
    base = Path(shutil.copytree(tiny_base, tmp_path / "models" / "unknown"))
    monkeypatch.setattr(models, "file_digest", slowly(models.file_digest, calls))

    async def main() -> None:
        manager, _ = make()
        options = {"models_dir": base.parent, "engine": lambda: FakeEngine(lambda p: "x")}
        await manager.close()
        async with AsyncExpertManager(base_model=base, **options) as manager:
            assert (await manager.generate(base.name, "q")).text == "x"

    asyncio.run(main())
    assert calls


def test_an_engine_that_ends_slowly_holds_up_nobody() -> None:
    async def main() -> None:
        ended: list[int] = []
        await off_the_loop(lambda: (time.sleep(LONG), ended.append(1)))
        assert ended
        with pytest.raises(RuntimeError, match="it failed"):
            await off_the_loop(fail)

    def fail() -> None:
        raise RuntimeError("it failed")

    asyncio.run(main())
