"""How vLLM's processes end."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
from pathlib import Path

from expertserve.engine.vllm import patches


def _child(told: Path) -> None:
    atexit.register(
        lambda: told.write_text(str(gc.get_freeze_count()))
    )  # runs after those that are registered later
    patches.exit.install()


def test_a_started_process_freezes_what_it_holds_at_its_end_and_no_other_does(
    tmp_path: Path,
) -> None:
    before = atexit._ncallbacks()
    patches.exit.install()

    assert atexit._ncallbacks() == before
    child = multiprocessing.get_context("spawn").Process(target=_child, args=(tmp_path / "told",))
    child.start()
    child.join()
    assert int((tmp_path / "told").read_text()) > 1000
