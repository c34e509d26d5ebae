"""A generation on a replica, as the ingress reads it; when the replica dies, another goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from expertserve.errors import ConfigError, EngineDeadError
from expertserve.result import Chunk, Completion, InferenceResult, Usage, Written

ATTEMPTS = 3
log = logging.getLogger("expertserve.ray")
Item = tuple[list[Chunk], InferenceResult | None]
"""Chunks, with the first the result so far; in the end none, and the whole result."""


@dataclass(frozen=True, slots=True)
class Near:
    """Where a request has to go.

    Args:
        base: Whose engines; "" where there is one deployment.
        expert: Whose adapter it needs; "" where it brings none.
    """

    base: str
    expert: str


class ReplicaLostError(EngineDeadError):
    """The replica that worked on a request ended before the answer did. Asking again is safe."""

    default_code = "replica_lost"


class Items(Protocol):
    """A stream from a replica."""

    def __aiter__(self) -> AsyncIterator[Item]: ...

    async def cancel(self) -> None:
        """Aborts it in the replica. Idempotent."""
        ...


class RemoteStream:
    """A generation on a replica; where that is lost, another one goes on with it.

    Args:
        open: Begins it, or goes on with what was written.
    """

    def __init__(self, open: Callable[[Written | None], Items]) -> None:
        self._open = open
        self._items: Items | None = None
        self._head: InferenceResult | None = None
        self._whole: InferenceResult | None = None
        self._chunks: list[Chunk] = []
        self._resumed = 0
        self._began = time.monotonic()

    async def batches(self) -> AsyncGenerator[list[Chunk], None]:
        """The chunks, as many at once as a replica sent."""
        written: Written | None = None
        ended = False
        try:
            for attempt in range(1, ATTEMPTS + 1):
                self._items = self._open(written)
                try:
                    async for chunks, result in self._items:
                        self._head = self._head or result
                        if result is not None and not chunks:
                            self._whole = self._as_one(result)
                        if chunks and not ended:
                            self._chunks += chunks
                            yield list(chunks)
                            ended = any(c.finish_reason for c in chunks)
                    return
                except ReplicaLostError as error:
                    if attempt == ATTEMPTS:
                        raise
                    written = self._written(error)
        finally:
            await self.aclose()

    def _written(self, error: ReplicaLostError) -> Written | None:
        """What another replica is to go on from; None where nothing was sent yet.

        Raises:
            ReplicaLostError: Several answers were under way at once.
        """
        head = self._head
        if head is None:
            return None
        if len(head.completions) > 1:
            raise error
        written = Written.of(head.expert.digest, self._chunks, self._resumed)
        self._resumed += 1
        facts = {"expert": head.expert.name, "answer_id": head.request_id}
        log.warning("stream_resumed", extra={"facts": facts | {"tokens": len(written.token_ids)}})
        return written

    def _as_one(self, result: InferenceResult) -> InferenceResult:
        """The whole result: an answer that went on elsewhere keeps its id and its beginning."""
        assert self._head is not None
        if not result.resumed:
            return result
        timing = replace(self._head.timing, total=time.monotonic() - self._began)
        return replace(result, request_id=self._head.request_id, timing=timing)

    async def aclose(self) -> None:
        if self._items is not None and self._whole is None:
            await self._items.cancel()

    @property
    def result(self) -> InferenceResult:
        if self._whole is not None:
            return self._whole
        if self._head is None:
            raise ConfigError("the stream has no result: nothing came yet", code="no_result")
        return _partial(self._head, self._chunks, time.monotonic() - self._began)


def _partial(head: InferenceResult, chunks: Iterable[Chunk], seconds: float) -> InferenceResult:
    """The result of a stream that was left: what came of it."""
    parts: dict[int, list[Chunk]] = {}
    for chunk in chunks:
        parts.setdefault(chunk.index, []).append(chunk)
    completions = tuple(
        Completion(
            "".join(c.text for c in mine),
            tuple(t for c in mine for t in c.token_ids),
            next((c.finish_reason for c in mine if c.finish_reason), "cancelled"),
        )
        for mine in (parts.get(i, []) for i in range(len(head.completions)))
    )
    written = sum(len(c.token_ids) for c in completions)
    return replace(
        head,
        completions=completions,
        usage=Usage(head.usage.prompt_tokens, written),
        timing=replace(head.timing, total=seconds),
        parsed=None,
    )
