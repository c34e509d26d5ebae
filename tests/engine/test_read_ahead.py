"""What an engine needs of the disk is read before it has to wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from expertserve import ExpertManager
from expertserve.engine.vllm import engine as vllm_engine
from expertserve.files import read_ahead
from expertserve.package.members import WEIGHTS

pytestmark = pytest.mark.engine
Another = Callable[..., ExpertManager]


def test_an_adapter_is_read_before_the_engine_has_to_wait_for_the_disk(
    another: Another, variants: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[Path, bool]] = []

    def noted(path: Path) -> None:
        loads = threading.current_thread() is threading.main_thread()
        read.append((path, loads or bool(asyncio._get_running_loop())))
        read_ahead(path)

    monkeypatch.setattr(vllm_engine, "read_ahead", noted)
    manager = another()
    manager.load_expert("ahead", variants[0])
    assert manager.generate("ahead", "q", max_tokens=3).usage.completion_tokens
    adapter = manager.get("ahead").adapter
    assert adapter and read == [(adapter.folder / WEIGHTS, False)]
