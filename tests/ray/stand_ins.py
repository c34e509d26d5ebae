"""What Ray's tests put in the place of an engine and of a router, imported by the replicas."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator

from ray.serve.request_router import (
    FIFOMixin,
    MultiplexMixin,
    PendingRequest,
    RequestRouter,
    RunningReplica,
)

from expertserve.adapters.serving import ServingAdapter
from expertserve.engine.fake import FakeEngine
from expertserve.request import Request
from expertserve.result import Chunk

ENGINE = f"{__name__}:SlowFake"
TELLING = f"{__name__}:Telling"
ROUTER = f"{__name__}:RandomRouter"


class SlowFake(FakeEngine):
    """The fake engine, with adapters that take `load` seconds to become resident."""

    def __init__(self, answer: str = "SELECT 1", delay: float = 0.0, load: float = 0.0) -> None:
        super().__init__(lambda prompt: answer, delay=delay)
        self._load = load

    async def add(self, adapter: ServingAdapter) -> None:
        if adapter.digest not in await self.resident():
            await asyncio.sleep(self._load)
        await super().add(adapter)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self.requests.clear()  # a record for other tests, which would grow
        async for chunk in super().stream(request):
            yield chunk


class Telling(SlowFake):
    """Says again and again which adapter it was asked with, so that a mixture shows."""

    def __init__(self, words: int = 24, delay: float = 0.0) -> None:
        super().__init__(delay=delay)
        self._words = words

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        said = " ".join([f"w{(request.adapter or 'base')[:8]}"] * self._words)
        self.script = lambda prompt: said  # read before the first pause
        async for chunk in super().stream(request):
            yield chunk


class RandomRouter(FIFOMixin, MultiplexMixin, RequestRouter):  # type: ignore[misc]
    """Any replica that has room, to compare with."""

    async def choose_replicas(
        self,
        candidate_replicas: list[RunningReplica],
        pending_request: PendingRequest | None = None,
    ) -> list[list[RunningReplica]]:
        if pending_request is not None:
            pending_request.routing_context.should_backoff = True
        return [[r] for r in random.sample(candidate_replicas, len(candidate_replicas))]
