"""vLLM's processes: what they take from this one, how they start, and how they end."""

from __future__ import annotations

import asyncio
import atexit
import logging
import multiprocessing
import os
import signal
import sys
import threading
import types
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from expertserve.config import PROGRESS
from expertserve.engine.imports import quick_imports
from expertserve.engine.vllm.early import EarlyCore, preloaded
from expertserve.engine.vllm.errors import translated
from expertserve.engine.vllm.options import read
from expertserve.engine.vllm.reason import VARIABLE, EngineNote
from expertserve.errors import EngineDeadError

if TYPE_CHECKING:
    from vllm.v1.engine.async_llm import AsyncLLM

progress = logging.getLogger(PROGRESS)
ENVIRONMENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "TOKENIZERS_PARALLELISM": "false",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
    "TORCH_LOGS": "-torch._library.triton",
    "PYTHONWARNINGS": "ignore",
}
"""What vLLM takes from the environment of the processes that it starts."""

IMPORTING = {"TORCHINDUCTOR_COMPILE_THREADS": "1", "TORCHINDUCTOR_CPP_DYNAMIC_THREADS": "1"}
"""What vLLM sets for its processes on a CPU that modules read when they are imported."""


async def launch(
    arguments: Mapping[str, Any],
    options: Mapping[str, object],
    defaults: Mapping[str, str],
    chosen: Mapping[str, str],
    note: EngineNote,
    early: EarlyCore | None = None,
) -> AsyncLLM:
    """Starts vLLM's processes; takes some ten seconds. A cancelled start ends them.

    Args:
        note: Where they write why they ended.
        early: The core's process, from `begin`.
        options: The user's own arguments of vLLM, over ours.
        defaults: Variables for these processes, where the user hasn't set them.
        chosen: Variables that go before the user's.
    """
    start = _Start(note, early)
    chosen = {**chosen, VARIABLE: str(note.path)}
    defaults = {**ENVIRONMENT, **note.sockets(), **defaults}
    try:
        return await asyncio.to_thread(start.run, arguments, options, defaults, chosen)
    except asyncio.CancelledError:
        start.give_up()
        raise


def begin(defaults: Mapping[str, str]) -> EarlyCore:
    """A core's process on a CPU, which imports while this one does; for `launch`, or to be ended.

    Args:
        defaults: As for `launch`.
    """
    chosen = {**IMPORTING, **preloaded(os.environ.get("LD_PRELOAD", ""))}
    with _launching, _set({**ENVIRONMENT, **defaults}, chosen), _no_main(), _ignoring_sigint():
        return EarlyCore()


class _Start:
    """One start, which may be given up while a thread is busy with it."""

    def __init__(self, note: EngineNote, early: EarlyCore | None) -> None:
        self._note = note
        self._early = early
        self._over = threading.Event()
        self._given_up = threading.Event()
        self._before: set[BaseProcess] | None = None

    def run(
        self,
        arguments: Mapping[str, Any],
        options: Mapping[str, object],
        defaults: Mapping[str, str],
        chosen: Mapping[str, str],
    ) -> AsyncLLM:
        """Raises EngineDeadError `engine_closed` when given up, and translated errors."""
        progress.info("importing vLLM")
        try:
            with (
                _launching,
                _set(defaults, chosen),
                _no_main(),
                _ignoring_sigint(),
                translated(self._note.read, starting=True),
            ):
                with quick_imports():
                    import torch  # noqa: F401  (configures its logging)

                    logging.getLogger("torch._library.triton").setLevel(
                        logging.ERROR
                    )  # it warns that Triton is missing, as it should be
                    from vllm.engine.arg_utils import AsyncEngineArgs
                    from vllm.v1.engine.async_llm import AsyncLLM

                    from expertserve.engine.vllm.patches import pictures
                    from expertserve.engine.vllm.patches.processes import offered

                settings = AsyncEngineArgs(**{**arguments, **read(options)})
                self._before = set(multiprocessing.active_children())
                self._check()
                progress.info("starting vLLM's engine: model, adapter slots, cache")
                with pictures.meanwhile(), offered(self._early):
                    llm = AsyncLLM.from_engine_args(settings)
                _live.add(llm)
                _shut_down_at_exit()
                if self._given_up.is_set():
                    llm.shutdown()
                self._check()
                return llm
        except ImportError as error:
            raise EngineDeadError(
                f"vLLM can't be imported: {error}",
                hint="its installation lacks something: `pip check` may say what",
                code="engine_unfit",
            ) from error
        finally:
            if self._early:
                self._early.end()
            self._over.set()

    def _check(self) -> None:
        if self._given_up.is_set():
            raise EngineDeadError("the engine's start was given up", code="engine_closed")

    def give_up(self) -> None:
        """Ends the engine's process, which may not have begun yet; its workers end with it."""
        self._given_up.set()
        threading.Thread(target=self._kill, name="expertserve-give-up", daemon=True).start()

    def _kill(self) -> None:
        while not self._over.wait(0.05):
            if self._early:
                self._early.kill()
            if self._before is not None:
                for process in set(multiprocessing.active_children()) - self._before:
                    if process.name.startswith("EngineCore"):
                        process.kill()


_launching = threading.Lock()
"""One start at a time: the environment and `__main__` are the whole process's."""


@contextmanager
def _ignoring_sigint() -> Iterator[None]:
    """Processes started meanwhile ignore SIGINT, which a terminal sends to the whole group."""
    if sys.platform == "win32":
        yield
        return
    # multiprocessing starts it with the first process otherwise, and lets the signal in again
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _set(defaults: Mapping[str, str], chosen: Mapping[str, str]) -> Iterator[None]:
    """Sets variables for the processes that are started meanwhile."""
    before = dict(os.environ)
    os.environ.update({**defaults, **before, **chosen})
    try:
        yield
    finally:
        for key in set(os.environ) - set(before):
            del os.environ[key]
        os.environ.update(before)


class _Main(types.ModuleType):
    """Stands in for `__main__` while processes are spawned, without its origin.

    A spawned process runs the main script again unless it can't tell which that was, so scripts
    would need a `if __name__ == "__main__"` guard, and would loop without one. Nothing that vLLM
    starts needs the script.
    """

    def __init__(self, main: types.ModuleType) -> None:
        super().__init__("__main__")
        self.__dict__.update(
            {k: v for k, v in vars(main).items() if k not in ("__file__", "__spec__")},
            __spec__=None,
        )


@contextmanager
def _no_main() -> Iterator[None]:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = _Main(main)
    try:
        yield
    finally:
        sys.modules["__main__"] = main


_live: weakref.WeakSet[AsyncLLM] = weakref.WeakSet()


@cache
def _shut_down_at_exit() -> None:
    """Ends vLLM's processes before multiprocessing waits for them at exit."""

    def shut_down() -> None:
        logging.getLogger("vllm").setLevel(
            logging.CRITICAL
        )  # its front end would report the end of its back end as an error
        for llm in list(_live):
            llm.shutdown()

    atexit.register(shut_down)
