"""The seam between experts and what runs them: start, add, remove, stream, close."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.models import BaseModel
from expertserve.request import Request
from expertserve.result import Chunk


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was started.

    Args:
        max_model_len: Longest prompt and answer together, in tokens.
        max_lora_rank: Width of an adapter slot; None where adapters can have any.
    """

    name: str
    device: str
    dtype: str
    max_model_len: int
    max_lora_rank: int | None = None


class Engine(Protocol):
    """One base model in memory, and the adapters that it can apply. All calls come from one event loop."""

    async def start(self, base: BaseModel, config: EngineConfig, rank: int) -> EngineInfo:
        """Loads the base model; `rank` is the widest adapter to be served.

        Raises:
            OutOfMemoryError, DeviceError, EngineDeadError, ConfigError.
        """
        ...

    async def add(self, adapter: ServingAdapter) -> None:
        """Makes an adapter resident, and checks that what the engine holds is what was added. Again is no error.

        Raises:
            IncompatibleError: This engine can't serve it exactly.
        """
        ...

    async def remove(self, digest: str) -> None:
        """Frees an adapter. One that isn't there is no error."""
        ...

    async def resident(self) -> set[str]:
        """The digests of the adapters that the engine holds, asked of the engine itself."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Generates. Closing the iterator, or cancelling the task in it, aborts the request in the engine at once.

        Raises:
            InferenceError, EngineDeadError.
        """
        ...

    async def close(self) -> None:
        """Ends every process and frees all memory. Again is no error."""
        ...
