"""The synchronous face: Expert and ExpertManager, thin over the core on a background event loop."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, Unpack, overload

from expertserve.builder import ManagerBuilder
from expertserve.config import DType, EngineConfig
from expertserve.core.core import Core
from expertserve.core.entry import ExpertInfo, ManagerInfo
from expertserve.core.jobs import Job
from expertserve.core.router import Route
from expertserve.core.streams import Stream
from expertserve.engine.base import Engine, EngineInfo
from expertserve.errors import ExpertError
from expertserve.expert import PreparedExpert
from expertserve.manager import Loop, check_prompts, configure, jobs_of, shown, shut
from expertserve.package.manifest import Manifest
from expertserve.package.signature import TrustPolicy
from expertserve.request import GenerateArgs
from expertserve.result import InferenceResult


class ExpertManager:
    """Several experts on shared base models. Thread-safe.

    Args:
        base_model: A folder, a known name or a hub id; by default what each expert's manifest names.
        max_loaded_experts: Adapters kept in the engine; the least recently used makes room, and comes back at its next use.
        max_slots: Adapters that one batch may mix; more are swapped in and out.
        device: ``"cpu"``, ``"cuda:1"``; by default the best that is there.
        dtype: Of the base weights.
        allow_multiple_bases: Start an engine of its own for each base model, instead of refusing a second one.
        config: Everything else about the engine; the single arguments go before it.
        trust: What is demanded of signatures; by default only that a signed package was not changed.
        cache_dir, models_dir: Instead of the user's folders.
        engine: Makes the engine; by default the one that suits the machine.

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
        max_loaded_experts: int | None = None,
        max_slots: int | None = None,
        device: str | None = None,
        dtype: DType | None = None,
        allow_multiple_bases: bool = False,
        config: EngineConfig | None = None,
        trust: TrustPolicy | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        models_dir: str | os.PathLike[str] | None = None,
        engine: Callable[[], Engine] | None = None,
    ) -> None:
        core = Core(
            base_model=base_model,
            max_loaded_experts=max_loaded_experts,
            allow_multiple_bases=allow_multiple_bases,
            config=configure(config, device, dtype, max_slots),
            trust=trust,
            engine=engine,
            cache_dir=Path(cache_dir) if cache_dir else None,
            models_dir=Path(models_dir) if models_dir else None,
        )
        self._core = core
        self._loop = Loop()
        self._finalizer = weakref.finalize(self, shut, self._loop, core)

    @staticmethod
    def builder() -> ManagerBuilder:
        """A typed way to the same arguments, whose mistakes a type checker finds."""
        return ManagerBuilder()

    def load_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        pin: bool = False,
        checksum: str | None = None,
        checkpoint: str | None = None,
        cache: bool = True,
    ) -> ExpertInfo:
        """Reads, verifies and registers an expert; the engine starts at the first generation.

        Args:
            name: What requests call it.
            path: A `.expert` file or an unpacked folder.
            pin: Never evict it.
            checksum: The archive's SHA-256, beside the sidecar's.
            checkpoint: One of the package's other checkpoints.
            cache: False unpacks into a temporary folder.

        Raises:
            LoadError, ConfigError.
        """
        return self._loop.run(
            self._core.load_expert(
                name, path, pin=pin, checksum=checksum, checkpoint=checkpoint, cache=cache
            )
        )

    def unload_expert(self, name: str, *, force: bool = False) -> None:
        """Frees the expert's adapter once its requests have ended; later ones raise ExpertNotLoadedError. The base model stays.

        Args:
            force: Abort its requests instead, with a clear error.

        Raises:
            ExpertNotLoadedError.
        """
        self._loop.run(self._core.unload_expert(name, force=force))

    def replace_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        """Exchanges an expert under its name: requests begun before finish on the old weights, those begun after use the new.

        Args:
            name: What requests call it.
            path, checksum, checkpoint: As in `load_expert`.

        Raises:
            ExpertNotLoadedError, LoadError; the old one then stays.
        """
        return self._loop.run(
            self._core.replace_expert(name, path, checksum=checksum, checkpoint=checkpoint)
        )

    def pin_expert(self, name: str, pinned: bool = True) -> ExpertInfo:
        """A pinned expert is never evicted."""
        return self._loop.run(self._core.pin_expert(name, pinned))

    def route(self, prompt: str, context: str = "") -> list[Route]:
        """The experts whose manifests fit a prompt, best first, each with why; none where none fits.

        Args:
            context: What goes with the prompt, such as a schema; its shape counts, not its words.
        """
        return self._core.route(prompt, context)

    def info(self) -> ManagerInfo:
        """What is served, and what was started for it."""
        return self._core.info()

    def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        return self._loop.run(self._core.list_loaded_experts())

    def start(self) -> EngineInfo:
        """Starts the engine now instead of at the first generation (about half a minute for vLLM on a CPU)."""
        return self._loop.run(self._core.start())

    def generate(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> InferenceResult:
        """One answer of one expert.

        Raises:
            ExpertNotLoadedError, ConfigError, InferenceError, EngineDeadError.
        """
        return self._loop.run(self._core.generate(name, prompt, args))

    def generate_stream(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> Stream:
        """Chunks of one answer as they come; see `Stream`."""
        return Stream(
            lambda collect, deliver: self._core.generate(
                name, prompt, args, collect=collect, deliver=deliver
            ),
            self._loop.submit,
        )

    @overload
    def generate_many(
        self,
        jobs: Iterable[Job],
        *,
        return_exceptions: Literal[False] = False,
        progress: bool = False,
    ) -> list[InferenceResult]: ...
    @overload
    def generate_many(
        self, jobs: Iterable[Job], *, return_exceptions: bool, progress: bool = False
    ) -> list[InferenceResult | ExpertError]: ...
    def generate_many(
        self, jobs: Iterable[Job], *, return_exceptions: bool = False, progress: bool = False
    ) -> list[InferenceResult] | list[InferenceResult | ExpertError]:
        """One continuous batch over several experts; results in the order of the jobs.

        Args:
            jobs: `(name, prompt, options)` each; read as the engine gets through them.
            return_exceptions: Failures stand in the list; else the first one aborts the others and is raised.
            progress: Show a bar on standard error.
        """
        with shown(jobs, progress) as done:
            return self._loop.run(
                self._core.generate_many(jobs, return_exceptions=return_exceptions, done=done)
            )

    def generate_batch(
        self, name: str, prompts: Iterable[str], **args: Unpack[GenerateArgs]
    ) -> list[InferenceResult]:
        """One answer each, in the order of the prompts, from one continuous batch; the first failure is raised."""
        check_prompts(prompts)
        return self.generate_many(jobs_of(name, prompts, args))

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


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
        trust: TrustPolicy | None = None,
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
            trust: What is demanded of its signature; by default only that a signed package was not changed.

        Raises:
            LoadError: The package can't be read (ManifestError, IntegrityError) or served here (IncompatibleError).
            OutOfMemoryError, DeviceError, EngineDeadError: The engine can't start.
        """
        manager = ExpertManager(
            base_model,
            device=device,
            dtype=dtype,
            config=config,
            trust=trust,
            cache_dir=cache_dir,
            models_dir=models_dir,
            engine=engine,
        )
        try:
            name = manager.load_expert(
                "expert", path, checksum=checksum, checkpoint=checkpoint, cache=cache
            ).name
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

    def generate_stream(self, prompt: str | None = None, **args: Unpack[GenerateArgs]) -> Stream:
        """Chunks of one answer as they come; `stream.result` is the whole of it afterwards. See `Stream`."""
        return self._manager.generate_stream(self._name, prompt, **args)

    @overload
    def generate_batch(
        self,
        prompts: Iterable[str],
        *,
        return_exceptions: Literal[False] = False,
        progress: bool = False,
        **args: Unpack[GenerateArgs],
    ) -> list[InferenceResult]: ...
    @overload
    def generate_batch(
        self,
        prompts: Iterable[str],
        *,
        return_exceptions: bool,
        progress: bool = False,
        **args: Unpack[GenerateArgs],
    ) -> list[InferenceResult | ExpertError]: ...
    def generate_batch(
        self,
        prompts: Iterable[str],
        *,
        return_exceptions: bool = False,
        progress: bool = False,
        **args: Unpack[GenerateArgs],
    ) -> list[InferenceResult] | list[InferenceResult | ExpertError]:
        """One answer each, in the order of the prompts, from one continuous batch.

        Args:
            return_exceptions: Failures stand in the list; else the first one aborts the others and is raised.
            progress: Show a bar on standard error.
        """
        check_prompts(prompts)
        return self._manager.generate_many(
            jobs_of(self._name, prompts, args),
            return_exceptions=return_exceptions,
            progress=progress,
        )

    def close(self) -> None:
        """Ends the engine and its processes. Again is no error."""
        self._manager.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
