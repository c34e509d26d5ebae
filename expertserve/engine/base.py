"""The seam between experts and what runs them: start, add, remove, stream, close."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.models import LocalModel
from expertserve.request import Request
from expertserve.result import Chunk


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was started.

    Args:
        max_model_len: Longest prompt and answer together, in tokens.
        max_lora_rank: Width of an adapter slot; None where adapters can have any.
        reason: Why this engine on this device.
        soft_prompts: Whether requests may bring a soft prompt.
        max_slots: Adapters that one batch may mix; None where that has no bound.
    """

    name: str
    device: str
    dtype: str
    max_model_len: int
    max_lora_rank: int | None = None
    reason: str = ""
    soft_prompts: bool = False
    max_slots: int | None = None


@dataclass(frozen=True, slots=True)
class Resident:
    """An adapter that an engine holds.

    Args:
        bytes: What its tensors take, measured by the engine.
        in_slot: Whether it is where the next step can use it; else it is in memory beside the
            slots.
    """

    bytes: int
    in_slot: bool


@runtime_checkable
class Engine(Protocol):
    """A base model in memory with its adapters. All calls come from one event loop."""

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        """Loads the base model; `rank` is the widest adapter to be served.

        Raises:
            OutOfMemoryError, DeviceError, EngineDeadError, ConfigError.
        """
        ...

    async def add(self, adapter: ServingAdapter) -> None:
        """Makes an adapter resident, and verifies what the engine then holds. Idempotent.

        Raises:
            IncompatibleError: This engine can't serve it exactly.
        """
        ...

    async def remove(self, digest: str) -> None:
        """Frees an adapter. Idempotent."""
        ...

    async def resident(self) -> Mapping[str, Resident]:
        """The adapters that the engine holds, by digest, asked of the engine itself."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it was started and its processes run."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Generates. Closing the iterator or cancelling its task aborts the request at once.

        Raises:
            InferenceError, EngineDeadError.
        """
        ...

    async def close(self) -> None:
        """Ends every process and frees all memory. Idempotent."""
        ...
