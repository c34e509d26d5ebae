"""The synchronous face: Expert and ExpertManager, thin over the core on a background event loop."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, Unpack

from expertserve.config import DType, EngineConfig
from expertserve.engine.base import Engine, EngineInfo
from expertserve.errors import ConfigError
from expertserve.expert import PreparedExpert
from expertserve.manager import Core, ExpertInfo, Job
from expertserve.package.manifest import Manifest
from expertserve.request import GenerateArgs
from expertserve.result import InferenceResult

T = TypeVar("T")


class Loop:
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.loop.call_soon(started.set)
        self._thread = threading.Thread(target=self.loop.run_forever, name="expertserve", daemon=True)
        self._thread.start()
        started.wait()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Runs a coroutine there and waits for it; Ctrl-C cancels it.

        Raises:
            ConfigError: Called from the loop itself, which would wait for ever.
        """
        if threading.current_thread() is self._thread or not self.loop.is_running():
            work.close()
            why = "was closed" if not self.loop.is_running() else "was called from its own event loop"
            raise ConfigError(f"this expert or manager {why}", hint="load it again", code="closed")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        if self.loop.is_running():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(timeout=5)


def _shut(loop: Loop, core: Core) -> None:
    """Closes a core that nobody closed: at exit, or when its face was garbage collected."""
    loop.run(core.close())
    loop.stop()


class ExpertManager:
    """Several experts of one base model on one engine. Thread-safe.

    Args:
        base_model: A folder, a known name or a hub id; by default what the first expert's manifest names.
        device: ``"cpu"``, ``"cuda:1"``; by default the best that is there.
        dtype: Of the base weights.
        config: Everything else about the engine; `device` and `dtype` go before it.
        cache_dir, models_dir: Instead of the user's folders.
        engine: Makes the engine; vLLM by default.

    Example:
        >>> with ExpertManager(base_model=base, engine=lambda: FakeEngine(lambda prompt: "SELECT 1")) as manager:
        ...     info = manager.load_expert("sql", demo)
        ...     manager.generate("sql", "One?").text
        'SELECT 1'
    """

    def __init__(
        self,
        base_model: str | os.PathLike[str] | None = None,
        *,
        device: str | None = None,
        dtype: DType | None = None,
        config: EngineConfig | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        models_dir: str | os.PathLike[str] | None = None,
        engine: Callable[[], Engine] | None = None,
    ) -> None:
        self._loop = Loop()
        self._core = Core(
            base_model=base_model,
            config=_configure(config, device, dtype),
            engine=engine,
            cache_dir=Path(cache_dir) if cache_dir else None,
            models_dir=Path(models_dir) if models_dir else None,
        )
        self._finalizer = weakref.finalize(self, _shut, self._loop, self._core)

    def load_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
        cache: bool = True,
    ) -> ExpertInfo:
        """Reads, verifies and registers an expert; the engine starts at the first generation.

        Args:
            name: What requests call it.
            path: A `.expert` file or an unpacked folder.
            checksum: The archive's SHA-256, beside the sidecar's.
            checkpoint: One of the package's other checkpoints.
            cache: False unpacks into a temporary folder.

        Raises:
            LoadError, ConfigError.
        """
        return self._loop.run(self._core.load_expert(name, path, checksum=checksum, checkpoint=checkpoint, cache=cache))

    def unload_expert(self, name: str) -> None:
        """Waits for the expert's requests, then frees its adapter; later requests raise ExpertNotLoadedError."""
        self._loop.run(self._core.unload_expert(name))

    def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        return self._loop.run(self._core.list_loaded_experts())

    def start(self) -> EngineInfo:
        """Starts the engine now instead of at the first generation (about half a minute for vLLM on a CPU)."""
        return self._loop.run(self._core.start())

    def generate(self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]) -> InferenceResult:
        """One answer of one expert.

        Raises:
            ExpertNotLoadedError, ConfigError, InferenceError, EngineDeadError.
        """
        return self._loop.run(self._core.generate(name, prompt, args))

    def generate_many(self, jobs: Iterable[Job]) -> list[InferenceResult]:
        """One continuous batch over several experts: `(name, prompt, options)` each; results in the same order."""
        return self._loop.run(self._core.generate_many(jobs))

    def get(self, name: str) -> PreparedExpert:
        """The expert behind a name: manifest, adapter, prompt format.

        Raises:
            ExpertNotLoadedError.
        """
        return self._core.expert(name)

    def close(self) -> None:
        """Ends the engine and its processes. Again is no error."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _configure(config: EngineConfig | None, device: str | None, dtype: DType | None) -> EngineConfig:
    from dataclasses import replace

    config = config or EngineConfig()
    if device is not None:
        config = replace(config, device=device)
    return replace(config, dtype=dtype) if dtype is not None else config


class Expert:
    """One expert, loaded and ready. Made by `Expert.load`; a context manager.

    Example:
        >>> with Expert.load(demo, base_model=base, engine=lambda: FakeEngine(lambda prompt: "SELECT 2")) as expert:
        ...     expert.generate("Two?").text
        'SELECT 2'
    """

    def __init__(self, manager: ExpertManager, name: str) -> None:
        self._manager = manager
        self._name = name
        self._prepared = manager.get(name)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str | None = None,
        base_model: str | os.PathLike[str] | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        models_dir: str | os.PathLike[str] | None = None,
        checksum: str | None = None,
        checkpoint: str | None = None,
        dtype: DType | None = None,
        config: EngineConfig | None = None,
        engine: Callable[[], Engine] | None = None,
        cache: bool = True,
        start: bool = True,
    ) -> Expert:
        """Reads, verifies and converts a package, then starts its engine.

        Args:
            path: A `.expert` file (tar.gz or zip) or an unpacked folder.
            device: ``"cpu"``, ``"cuda:1"``; by default the best that is there.
            base_model: A folder, a known name or a hub id, instead of what the manifest names.
            cache_dir, models_dir: Instead of the user's folders.
            checksum: The archive's SHA-256; a sidecar `FILE.sha256` is checked anyway.
            checkpoint: One of the package's other checkpoints.
            dtype: Of the base weights.
            config: Everything else about the engine.
            engine: Makes the engine; vLLM by default.
            cache: False unpacks into a temporary folder, removed by `close`.
            start: False waits with the engine until the first generation.

        Raises:
            LoadError: The package can't be read (ManifestError, IntegrityError) or served here (IncompatibleError).
            OutOfMemoryError, DeviceError, EngineDeadError: The engine can't start.
        """
        manager = ExpertManager(
            base_model, device=device, dtype=dtype, config=config, cache_dir=cache_dir, models_dir=models_dir, engine=engine
        )
        try:
            name = manager.load_expert("expert", path, checksum=checksum, checkpoint=checkpoint, cache=cache).name
            if start:
                manager.start()
            return cls(manager, name)
        except BaseException:
            manager.close()
            raise

    @property
    def manager(self) -> ExpertManager:
        """The manager that this expert lives in; more experts of its base model can be loaded there."""
        return self._manager

    @property
    def name(self) -> str:
        """The manifest's name."""
        return self._prepared.manifest.name

    @property
    def manifest(self) -> Manifest:
        """The package's manifest, in version 2's shape."""
        return self._prepared.manifest

    def start(self) -> EngineInfo:
        """Starts the engine now, if it was not started at loading."""
        return self._manager.start()

    @property
    def info(self) -> ExpertInfo:
        """What is loaded: digests, adapter, use."""
        return next(i for i in self._manager.list_loaded_experts() if i.name == self._name)

    def generate(self, prompt: str | None = None, **args: Unpack[GenerateArgs]) -> InferenceResult:
        """One answer.

        Args:
            prompt: A question or an instruction; leave it out with `messages=`.
            **args: See `SamplingArgs` and `PromptArgs`; what is left out comes from the manifest.

        Raises:
            ConfigError, InferenceError, EngineDeadError.
        """
        return self._manager.generate(self._name, prompt, **args)

    def generate_batch(self, prompts: Iterable[str], **args: Unpack[GenerateArgs]) -> list[InferenceResult]:
        """One answer each, in the order of the prompts, from one continuous batch."""
        if isinstance(prompts, str):
            raise ConfigError("generate_batch takes several prompts, not one text", hint="generate(prompt) takes one", code="bad_prompt")
        return self._manager.generate_many((self._name, prompt, args) for prompt in prompts)

    def close(self) -> None:
        """Ends the engine and its processes. Again is no error."""
        self._manager.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
