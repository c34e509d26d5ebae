"""Expert: one expert, loaded and ready."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Literal, Self, Unpack, overload

from expertserve.core.entry import ExpertInfo
from expertserve.core.jobs import jobs_of
from expertserve.core.options import OptionArgs, Options
from expertserve.core.streams import Stream
from expertserve.engine.base import EngineInfo
from expertserve.errors import ExpertError
from expertserve.facade.manager import ExpertManager
from expertserve.package.manifest import Manifest
from expertserve.request import GenerateArgs
from expertserve.result import InferenceResult


class Expert:
    """One expert, loaded and ready. Made by `Expert.load`; a context manager.

    Example:
        >>> def engine():
        ...     return FakeEngine(lambda prompt: "SELECT 2")
        >>> with Expert.load(demo, base_model=base, engine=engine) as expert:
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
        base_model: str | os.PathLike[str] | None = None,
        checksum: str | None = None,
        checkpoint: str | None = None,
        cache: bool = True,
        start: bool = True,
        options: Options | None = None,
        **args: Unpack[OptionArgs],
    ) -> Expert:
        """Reads, verifies and converts a package, then starts its engine.

        Args:
            path: A `.expert` file (tar.gz or zip) or an unpacked folder.
            base_model: A folder, a known name or a hub id, instead of what the manifest names.
            checksum: The archive's SHA-256; a sidecar `FILE.sha256` is checked anyway.
            checkpoint: One of the package's other checkpoints.
            cache: False unpacks into a temporary folder, removed by `close`.
            start: False starts the engine at the first generation.
            options, **args: As for `ExpertManager`: `device`, `dtype`, `config`, `trust` …

        Raises:
            LoadError: The package can't be read (ManifestError, IntegrityError) or served here
                (IncompatibleError).
            OutOfMemoryError, DeviceError, EngineDeadError: The engine can't start.
        """
        manager = ExpertManager(base_model, options=options, **args)
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
        """Its manager, which can load more experts of the same base model."""
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
        """Starts the engine, unless it runs."""
        return self._manager.start()

    @property
    def info(self) -> ExpertInfo:
        """Digests, adapter, use."""
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
        """Chunks of one answer as they come; then `stream.result` is whole. See `Stream`."""
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
        """One answer for each of the prompts, in order, from one continuous batch.

        Args:
            return_exceptions: Failures stand in the list; else the first aborts the others.
            progress: Show a bar on standard error.
        """
        return self._manager.generate_many(
            jobs_of(self._name, prompts, args),
            return_exceptions=return_exceptions,
            progress=progress,
        )

    def close(self) -> None:
        """Ends the engine and its processes. Idempotent."""
        self._manager.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()
