"""The engine core's process, started while this one still imports vLLM.

vLLM starts its core once it has been imported and has read its settings; the core then imports the
same modules again. Here both import at the same time, on a core each: the process is started first,
and is handed what vLLM wants it to run once vLLM asks for a process.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from expertserve.engine.imports import quick_imports

IMPORTED = (
    "vllm.v1.engine.core",
    "vllm.v1.core.sched.async_scheduler",
    "vllm.v1.executor.uniproc_executor",
    "vllm.v1.worker.cpu_worker",
    "vllm.lora.worker_manager",
    "vllm.lora.punica_wrapper.punica_cpu",
    "vllm.v1.attention.backends.cpu_attn",
    "vllm.model_executor.model_loader",
    "safetensors.torch",
    "vllm.plugins.lora_resolvers.filesystem_resolver",
    "expertserve.engine.vllm.fit",
    "expertserve.engine.vllm.options",
    "expertserve.decoding.kept",
    "expertserve.decoding.line",
    "expertserve.decoding.drafts.desk",
    "compressed_tensors",
)
"""What a core on a CPU imports anyway. One that is missing is imported later, or not at all.

None of ours that replaces anything in vLLM when it is imported: that waits for the settings. And
not Numba: vLLM 0.32 looks through all modules for Triton's kernels, and stumbles over llvmlite's.
"""
READ_AT_START = ("LD_PRELOAD", "OMP_", "GOMP_", "KMP_", "MKL_", "MALLOC_", "PYTHON")
"""Variables, or how they begin, that take effect only where a process starts with them."""


class EarlyCore(SpawnProcess):
    """A core's process that waits for its work. It ends with its maker, or by `end`.

    Args:
        imported: Modules that it imports while it waits.
    """

    def __init__(self, imported: Sequence[str] = IMPORTED) -> None:
        theirs, work = Pipe(duplex=False)
        super().__init__(target=_work, args=(theirs, imported), name="EngineCore")
        super().start()
        theirs.close()
        self._pipe: Connection = work
        self._job: tuple[Callable[..., None], Mapping[str, object]] | None = None
        self._environment = dict(os.environ)
        atexit.register(self.end)  # multiprocessing waits at exit for what still runs

    def suits(self, arguments: Mapping[str, object]) -> bool:
        """Whether it can run what vLLM wants to run in the environment that is set now."""
        names = self._environment.keys() | os.environ.keys()
        same = all(
            self._environment.get(n) == os.environ.get(n)
            for n in names
            if n.startswith(READ_AT_START)
        )
        inherited = arguments.get("tensor_queue")  # a queue is inherited, and can't be sent
        return same and inherited is None and self._job is None and self.is_alive()

    def take(self, name: str, target: Callable[..., None], arguments: Mapping[str, object]) -> None:
        """What it will run once vLLM starts it."""
        self.name, self._job = name, (target, arguments)

    def start(self) -> None:
        """Hands its work over, as vLLM now has its settings ready."""
        assert self._job
        atexit.unregister(self.end)
        changed = {n: v for n, v in os.environ.items() if self._environment.get(n) != v}
        with suppress(BrokenPipeError):  # it died; vLLM looks after its processes from here on
            self._pipe.send((changed, *self._job))
        self._pipe.close()

    def end(self) -> None:
        """Ends it, unless it has been given its work. Idempotent."""
        atexit.unregister(self.end)
        if not self._pipe.closed:
            self._pipe.close()
            self.kill()
            self.join()


def _work(pipe: Connection, imported: Sequence[str]) -> None:
    """In the process: imports what a core needs, then runs what comes."""
    with quick_imports():
        for name in imported:
            with suppress(Exception):  # what fails now fails again where it is needed
                import_module(name)
    try:
        environment, target, arguments = pipe.recv()
    except EOFError:
        return
    os.environ.update(environment)
    target(**arguments)


def preloaded(given: str = "") -> dict[str, str]:
    """`LD_PRELOAD` as vLLM will set it for its processes on a CPU: torch's OpenMP, vLLM's malloc.

    Where vLLM wants another one after all, the early process isn't taken.
    """
    found = given
    torch, vllm = _package("torch"), _package("vllm")
    if torch and not any(name in given for name in ("libomp", "libgomp", "libiomp")):
        places = (torch.parent / "torch.libs", torch / "lib")
        openmp = [str(f) for place in places for f in place.glob("libgomp*.so*")]
        found = ":".join([n for n in (found, *openmp[:1]) if n])
    if vllm and "libtcmalloc" not in given:
        patterns = ("libtcmalloc_minimal*.so*", "libtcmalloc.so*")
        malloc = [str(f) for p in patterns for f in (vllm / "libs").glob(p)]
        found = ":".join([n for n in (*malloc[:1], found) if n])
    return {"LD_PRELOAD": found} if found else {}


def _package(name: str) -> Path | None:
    """Where a package is installed, without importing it."""
    spec = find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None
