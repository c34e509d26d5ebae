"""ExpertManager: several experts on shared base models; and its typed builder."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self, Unpack, overload

from expertserve.config import DType, EngineConfig
from expertserve.core.core import Core
from expertserve.core.entry import ExpertInfo, ManagerInfo
from expertserve.core.jobs import Job, jobs_of, progress_bar
from expertserve.core.loop import Loop
from expertserve.core.options import OptionArgs, Options
from expertserve.core.router import Route
from expertserve.core.streams import Stream
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.errors import ExpertError
from expertserve.expert import PreparedExpert
from expertserve.manager import AsyncExpertManager, close_core
from expertserve.package.signature import TrustPolicy
from expertserve.request import GenerateArgs
from expertserve.result import InferenceResult

Cuda = Literal[
    "cuda", "cuda:0", "cuda:1", "cuda:2", "cuda:3", "cuda:4", "cuda:5", "cuda:6", "cuda:7"
]
Device = Cuda | Literal["cpu", "mps"]


class ExpertManager:
    """Several experts on shared base models. Thread-safe.

    Args:
        base_model: A folder, a known name or a hub id; by default what each manifest names.
        options: Options as one value; the keywords override it.
        max_loaded_experts: Adapters resident in the engine; the least recently used is evicted, and
            loaded again at its next use.
        max_slots: Adapters that one batch may mix; more are swapped in and out.
        device: ``"cpu"``, ``"cuda:1"``; by default the best one present.
        dtype: Of the base weights.
        allow_multiple_bases: Start an engine for each base model instead of refusing a second one.
        config: Everything else about the engine; `device`, `dtype`, `max_slots` override it.
        trust: Signature policy; by default only a package changed after signing is refused.
        cache_dir, models_dir: Instead of the user's folders.
        engine: Makes the engine; by default the one that suits the machine.

    Example:
        >>> def engine():
        ...     return FakeEngine(lambda prompt: "SELECT 1")
        >>> with ExpertManager(base_model=base, engine=engine) as manager:
        ...     info = manager.load_expert("sql", demo)
        ...     manager.generate("sql", "One?").text
        'SELECT 1'
    """

    def __init__(
        self,
        base_model: str | os.PathLike[str] | None = None,
        *,
        options: Options | None = None,
        **args: Unpack[OptionArgs],
    ) -> None:
        core = Core(Options.of(base_model, options, args))
        self._core = core
        self._loop = Loop()
        self._finalizer = weakref.finalize(self, close_core, self._loop, core)

    @staticmethod
    def builder() -> ManagerBuilder:
        """The same options, step by step: a type checker finds what an engine can't do."""
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
            checksum: The archive's SHA-256; a sidecar is checked as well.
            checkpoint: One of the package's other checkpoints.
            cache: False unpacks into a temporary folder.

        Raises:
            LoadError, ConfigError.
        """
        return self._loop.run(
            self._core.experts.load(
                name, path, pin=pin, checksum=checksum, checkpoint=checkpoint, cache=cache
            )
        )

    def unload_expert(self, name: str, *, force: bool = False) -> None:
        """Frees the expert's adapter once its requests have ended. The base model stays loaded.

        Args:
            force: Abort its requests instead, with a clear error.

        Raises:
            ExpertNotLoadedError.
        """
        self._loop.run(self._core.experts.unload(name, force=force))

    def replace_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        """Replaces an expert: requests in flight finish on the old weights, later ones use the new.

        Args:
            name: What requests call it.
            path, checksum, checkpoint: As in `load_expert`.

        Raises:
            ExpertNotLoadedError, LoadError; the old one then stays.
        """
        return self._loop.run(
            self._core.experts.replace(name, path, checksum=checksum, checkpoint=checkpoint)
        )

    def pin_expert(self, name: str, pinned: bool = True) -> ExpertInfo:
        """A pinned expert is never evicted."""
        return self._loop.run(self._core.experts.pin(name, pinned))

    def route(self, prompt: str, context: str = "") -> list[Route]:
        """The experts whose manifests fit a prompt, best first, each with the reason.

        Args:
            context: What goes with the prompt, such as a schema; its features count, not its words.
        """
        return self._core.experts.route(prompt, context)

    def info(self) -> ManagerInfo:
        """What is served, and what was started for it."""
        return self._core.info()

    def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        return self._loop.run(self._core.experts.infos())

    def resident_adapters(self) -> Mapping[str, Mapping[str, Resident]]:
        """The adapters in each engine's memory, asked of the engines.

        Returns:
            By base model's digest, then by adapter's digest.
        """
        return self._loop.run(self._core.engines.resident())

    def for_asyncio(self) -> AsyncExpertManager:
        """The same experts and engines for asyncio, for as long as this manager is open."""
        return AsyncExpertManager.over(self._loop, self._core)

    def start(self) -> EngineInfo:
        """Starts the engine now (vLLM on a CPU: about 20 s), not at the first generation."""
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
            jobs: `(name, prompt, arguments)` each; an iterator is read as they are answered.
            return_exceptions: Failures stand in the list; else the first aborts the others.
            progress: Show a bar on standard error.
        """
        with progress_bar(jobs, progress) as done:
            return self._loop.run(
                self._core.generate_many(jobs, return_exceptions=return_exceptions, done=done)
            )

    def generate_batch(
        self, name: str, prompts: Iterable[str], **args: Unpack[GenerateArgs]
    ) -> list[InferenceResult]:
        """One answer for each of the prompts, in order; the first failure is raised."""
        return self.generate_many(jobs_of(name, prompts, args))

    def get(self, name: str) -> PreparedExpert:
        """The expert behind a name: manifest, adapter, prompt format.

        Raises:
            ExpertNotLoadedError.
        """
        entry = self._core.experts.find(name)
        return entry.expert or self._loop.run(self._core.experts.prepared(entry))

    def close(self) -> None:
        """Ends the engine and its processes. Idempotent."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


@dataclass(frozen=True)
class _Builder:
    """Steps that every engine has. Each returns a new builder."""

    _options: Options = field(default_factory=Options)

    def base_model(self, model: str | os.PathLike[str]) -> Self:
        """A folder, a known name or a hub id."""
        return replace(self, _options=replace(self._options, base_model=model))

    def max_loaded_experts(self, count: int) -> Self:
        """Adapters resident in the engine; the least recently used is evicted."""
        return replace(self, _options=replace(self._options, max_loaded_experts=count))

    def allow_multiple_bases(self) -> Self:
        """An engine for each base model."""
        return replace(self, _options=replace(self._options, allow_multiple_bases=True))

    def trust(self, policy: TrustPolicy) -> Self:
        """Signature policy."""
        return replace(self, _options=replace(self._options, trust=policy))

    def cache_dir(self, folder: str | Path) -> Self:
        return replace(self, _options=replace(self._options, cache_dir=Path(folder)))

    def models_dir(self, folder: str | Path) -> Self:
        return replace(self, _options=replace(self._options, models_dir=Path(folder)))

    def dtype(self, dtype: DType) -> Self:
        """Of the base weights."""
        return self._configured(replace(self._options.config, dtype=dtype))

    def max_model_len(self, tokens: int) -> Self:
        """Longest prompt and answer together."""
        return self._configured(replace(self._options.config, max_model_len=tokens))

    def max_requests(self, count: int) -> Self:
        """Requests decoded concurrently."""
        return self._configured(replace(self._options.config, max_requests=count))

    def kv_cache_bytes(self, count: int) -> Self:
        """Memory for keys and values."""
        return self._configured(replace(self._options.config, kv_cache_bytes=count))

    def threads(self, count: int) -> Self:
        """CPU cores that compute."""
        return self._configured(replace(self._options.config, threads=count))

    def build(self) -> ExpertManager:
        """The manager; its engine starts at the first generation."""
        return ExpertManager(options=self._options)

    def build_async(self) -> AsyncExpertManager:
        """The same for asyncio."""
        return AsyncExpertManager(options=self._options)

    def _configured(self, config: EngineConfig) -> Self:
        return replace(self, _options=replace(self._options, config=config))


class PortableBuilder(_Builder):
    """Steps on the portable engine: any device, and none of vLLM's settings."""

    def device(self, device: Device) -> PortableBuilder:
        """By default the best one present."""
        return self._configured(replace(self._options.config, device=device))


class VLLMBuilder(_Builder):
    """Steps on vLLM: CPU or CUDA, and slots."""

    def device(self, device: Cuda | Literal["cpu"]) -> VLLMBuilder:
        """By default the best one present."""
        return self._configured(replace(self._options.config, device=device))

    def max_slots(self, count: int) -> VLLMBuilder:
        """Adapters that one batch may mix; more are swapped in and out."""
        return self._configured(replace(self._options.config, max_slots=count))

    def max_lora_rank(self, rank: int) -> VLLMBuilder:
        """The largest adapter rank, fixed when the engine starts."""
        return self._configured(replace(self._options.config, max_lora_rank=rank))

    def drafts(self, on: bool) -> VLLMBuilder:
        """Draft what an expert probably says next; the same answers in fewer steps."""
        return self._configured(replace(self._options.config, drafts=on))

    def prefix_caching(self, on: bool) -> VLLMBuilder:
        """Reuse the keys and values of prompts' common prefixes."""
        return self._configured(replace(self._options.config, prefix_caching=on))


class ManagerBuilder(_Builder):
    """The first steps, before an engine is chosen; by default the one that suits the machine is.

    Every step is typed, so what an engine can't do is an error in mypy and pyright.

    Example:
        >>> builder = ManagerBuilder().base_model(base).max_loaded_experts(3).dtype("float32")
        >>> with builder.portable().device("cpu").build() as manager:
        ...     manager.load_expert("sql", demo).name
        'sql'
    """

    @overload
    def device(self, device: Literal["mps"]) -> PortableBuilder: ...
    @overload
    def device(self, device: Cuda | Literal["cpu"]) -> ManagerBuilder: ...
    def device(self, device: Device) -> ManagerBuilder | PortableBuilder:
        """By default the best one present. Only the portable engine runs on ``"mps"``."""
        builder = self.portable() if device == "mps" else self
        return builder._configured(replace(builder._options.config, device=device))

    def vllm(self) -> VLLMBuilder:
        """vLLM and no other engine."""
        config = replace(self._options.config, engine="vllm")
        return VLLMBuilder(replace(self._options, config=config))

    def portable(self) -> PortableBuilder:
        """The portable engine on transformers."""
        config = replace(self._options.config, engine="transformers")
        return PortableBuilder(replace(self._options, config=config))

    def engine(self, make: Callable[[], Engine]) -> ManagerBuilder:
        """An engine of your own, such as the fake one in tests."""
        return replace(self, _options=replace(self._options, engine=make))
