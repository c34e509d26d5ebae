"""What the server needs: `AsyncExpertManager` in one process, Ray Serve over many."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol, Unpack

from expertserve.core.entry import BrokenPackage, ExpertInfo, ManagerInfo
from expertserve.core.registering import Registered, Registration, Settle, same
from expertserve.core.router import Route
from expertserve.engine.base import EngineInfo
from expertserve.register import FrontExpert, RegisteredExpert
from expertserve.request import GenerateArgs, PromptArgs
from expertserve.result import Chunk, InferenceResult


class ServiceStream(Protocol):
    """A running generation. Closing it aborts the request in the engine."""

    def batches(self) -> AsyncGenerator[list[Chunk], None]:
        """The chunks, all that have come by now at once."""
        ...

    async def aclose(self) -> None: ...

    @property
    def result(self) -> InferenceResult:
        """The answer so far; whole once the iterator ended. There from the first chunk on."""
        ...


class Service(Protocol):
    """The async core's verbs, with picklable values; `registered` is local."""

    async def start(self) -> EngineInfo: ...

    async def load_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        pin: bool = False,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo: ...

    async def register_experts(
        self, packages: Sequence[Registration], *, settle: Settle = same, strict: bool = False
    ) -> list[Registered]: ...

    async def preload(self, most: int | None = None) -> None: ...

    async def unload_expert(self, name: str, *, force: bool = False) -> None: ...

    async def replace_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo: ...

    async def pin_expert(self, name: str, pinned: bool = True) -> ExpertInfo: ...

    async def check(self) -> None: ...

    async def list_loaded_experts(self) -> list[ExpertInfo]: ...

    async def generate(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> InferenceResult: ...

    def generate_stream(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> ServiceStream: ...

    async def front(self, name: str) -> FrontExpert: ...

    async def prompt_tokens(
        self, name: str, prompt: str | None, words: PromptArgs
    ) -> list[int]: ...

    def registered(self, name: str) -> RegisteredExpert: ...

    def manifest_facts(self, digests: Sequence[str]) -> Mapping[str, str]: ...

    def broken_packages(self) -> list[BrokenPackage]: ...

    def route(self, prompt: str, context: str = "") -> Sequence[Route]: ...

    def info(self) -> ManagerInfo: ...

    async def close(self) -> None: ...
