"""The engine core's process that starts before vLLM asks for it."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from expertserve.engine.vllm.early import EarlyCore, preloaded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="vLLM runs on Linux")


@pytest.fixture
def early() -> Iterator[EarlyCore]:
    made = EarlyCore(())
    yield made
    made.kill()
    made.join()


def note(path: str, variable: str) -> None:
    Path(path).write_text(os.environ.get(variable, ""))


def test_it_runs_what_it_is_handed_in_the_environment_of_that_moment(
    early: EarlyCore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_LATER", "yes")
    arguments = {"path": str(tmp_path / "note"), "variable": "SET_LATER"}
    assert early.suits(arguments)
    early.take("EngineCore_DP0", note, arguments)
    early.start()
    early.join(30)
    assert (early.exitcode, early.name) == (0, "EngineCore_DP0")
    assert (tmp_path / "note").read_text() == "yes"
    assert not early.suits(arguments)


def test_it_is_not_taken_where_it_had_to_start_with_another_environment(
    early: EarlyCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert early.suits({"tensor_queue": None})
    assert not early.suits({"tensor_queue": object()})
    monkeypatch.setenv("OMP_NUM_THREADS", "77")
    assert not early.suits({})


def test_one_that_is_not_needed_ends_and_so_does_one_whose_maker_is_killed(
    early: EarlyCore,
) -> None:
    early.end()
    early.end()  # idempotent
    assert not early.is_alive() and early not in multiprocessing.active_children()
    script = (
        "import os; from expertserve.engine.vllm.early import EarlyCore\n"
        "early = EarlyCore(()); print(early.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=False
    )
    deadline = time.monotonic() + 30
    while psutil.pid_exists(int(made.stdout)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_interpreter_that_ends_does_not_wait_for_one() -> None:
    script = "from expertserve.engine.vllm.early import EarlyCore; EarlyCore(())"
    done = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    assert done.returncode == 0


def test_libraries_to_load_first_are_named_once() -> None:
    first = preloaded().get("LD_PRELOAD", "")
    assert preloaded(first).get("LD_PRELOAD", "") == first
    assert preloaded("/x/libgomp.so").get("LD_PRELOAD", "").count("libgomp") == 1
