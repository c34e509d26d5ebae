"""A manager, built step by step: every step is typed, so what an engine can't do fails in mypy and pyright before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypedDict, overload

from expertserve.config import DType, EngineConfig
from expertserve.package.signature import TrustPolicy

if TYPE_CHECKING:
    from expertserve.engine.base import Engine
    from expertserve.facade import ExpertManager
    from expertserve.manager import AsyncExpertManager

Cuda = Literal[
    "cuda", "cuda:0", "cuda:1", "cuda:2", "cuda:3", "cuda:4", "cuda:5", "cuda:6", "cuda:7"
]
Device = Cuda | Literal["cpu", "mps"]


class _Options(TypedDict, total=False):
    """Arguments of a manager's constructor."""

    max_loaded_experts: int
    allow_multiple_bases: bool
    trust: TrustPolicy
    cache_dir: str | os.PathLike[str]
    models_dir: str | os.PathLike[str]
    engine: Callable[[], Engine]


@dataclass(frozen=True)
class _Builder:
    """Steps that every engine has. Each gives a new builder; none changes the one it is called on."""

    _base: str | os.PathLike[str] | None = None
    _config: EngineConfig = field(default_factory=EngineConfig)
    _options: _Options = field(default_factory=_Options)

    def base_model(self, model: str | os.PathLike[str]) -> Self:
        """A folder, a known name or a hub id."""
        return replace(self, _base=model)

    def max_loaded_experts(self, count: int) -> Self:
        """Adapters kept in the engine; the least recently used makes room."""
        return self._with({"max_loaded_experts": count})

    def allow_multiple_bases(self) -> Self:
        """An engine of its own for each base model."""
        return self._with({"allow_multiple_bases": True})

    def trust(self, policy: TrustPolicy) -> Self:
        """What is demanded of signatures."""
        return self._with({"trust": policy})

    def cache_dir(self, folder: str | Path) -> Self:
        return self._with({"cache_dir": folder})

    def models_dir(self, folder: str | Path) -> Self:
        return self._with({"models_dir": folder})

    def dtype(self, dtype: DType) -> Self:
        """Of the base weights."""
        return self._configured(replace(self._config, dtype=dtype))

    def max_model_len(self, tokens: int) -> Self:
        """Longest prompt and answer together."""
        return self._configured(replace(self._config, max_model_len=tokens))

    def max_requests(self, count: int) -> Self:
        """Requests decoded at the same time."""
        return self._configured(replace(self._config, max_requests=count))

    def kv_cache_bytes(self, count: int) -> Self:
        """Memory for keys and values."""
        return self._configured(replace(self._config, kv_cache_bytes=count))

    def threads(self, count: int) -> Self:
        """CPU cores that compute."""
        return self._configured(replace(self._config, threads=count))

    def build(self) -> ExpertManager:
        """The manager; its engine starts at the first generation."""
        from expertserve.facade import ExpertManager

        return ExpertManager(self._base, config=self._config, **self._options)

    def build_async(self) -> AsyncExpertManager:
        """The same for asyncio."""
        from expertserve.manager import AsyncExpertManager

        return AsyncExpertManager(self._base, config=self._config, **self._options)

    def _with(self, options: _Options) -> Self:
        return replace(self, _options={**self._options, **options})

    def _configured(self, config: EngineConfig) -> Self:
        return replace(self, _config=config)


class PortableBuilder(_Builder):
    """Steps on the portable engine: any device, and none of vLLM's settings."""

    def device(self, device: Device) -> PortableBuilder:
        """Where it runs; by default the best that is there."""
        return self._configured(replace(self._config, device=device))


class VLLMBuilder(_Builder):
    """Steps on vLLM: CPU or CUDA, and slots."""

    def device(self, device: Cuda | Literal["cpu"]) -> VLLMBuilder:
        """Where it runs; by default the best that is there."""
        return self._configured(replace(self._config, device=device))

    def max_slots(self, count: int) -> VLLMBuilder:
        """Adapters that one batch may mix; more are swapped in and out."""
        return self._configured(replace(self._config, max_slots=count))

    def max_lora_rank(self, rank: int) -> VLLMBuilder:
        """The largest adapter rank, fixed when the engine starts."""
        return self._configured(replace(self._config, max_lora_rank=rank))

    def prefix_caching(self, on: bool) -> VLLMBuilder:
        """Reuse the keys and values of prompts' common beginnings."""
        return self._configured(replace(self._config, prefix_caching=on))


class ManagerBuilder(_Builder):
    """The first steps, the engine still open: by default it is the one that suits the machine.

    Example:
        >>> builder = ManagerBuilder().base_model(base).max_loaded_experts(3).dtype("float32").portable().device("cpu")
        >>> with builder.build() as manager:
        ...     manager.load_expert("sql", demo).name
        'sql'
    """

    @overload
    def device(self, device: Literal["mps"]) -> PortableBuilder: ...
    @overload
    def device(self, device: Cuda | Literal["cpu"]) -> ManagerBuilder: ...
    def device(self, device: Device) -> ManagerBuilder | PortableBuilder:
        """Where it runs; by default the best that is there. Only the portable engine runs on ``"mps"``."""
        return (self.portable() if device == "mps" else self)._configured(
            replace(self._config, device=device)
        )

    def vllm(self) -> VLLMBuilder:
        """vLLM and no other engine."""
        return VLLMBuilder(self._base, self._config, {**self._options, "engine": _vllm})

    def portable(self) -> PortableBuilder:
        """The portable engine on transformers."""
        return PortableBuilder(self._base, self._config, {**self._options, "engine": _portable})

    def engine(self, make: Callable[[], Engine]) -> ManagerBuilder:
        """An engine of your own, such as the fake one in tests."""
        return self._with({"engine": make})


def _vllm() -> Engine:
    from expertserve.engine.vllm.engine import VLLMEngine

    return VLLMEngine()


def _portable() -> Engine:
    from expertserve.engine.portable.engine import TransformersEngine

    return TransformersEngine()
