"""Streams of chunks: handed from the core's loop to a reader on another loop or thread."""

from __future__ import annotations

import asyncio
import queue
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import aclosing
from typing import Self

from expertserve.core.collect import Collector
from expertserve.errors import ConfigError
from expertserve.result import Chunk, InferenceResult

Begin = Callable[[Collector, Callable[[Chunk], None]], Coroutine[object, object, InferenceResult]]
Submit = Callable[[Coroutine[object, object, InferenceResult]], "Future[InferenceResult]"]


class _BaseStream:
    """The request's future, and its result so far.

    The request, a task on the core's loop, refers to the stream through `put` alone: a stream that
    is no longer referenced is collected, which cancels the request.
    """

    def __init__(self, begin: Begin, submit: Submit, put: Callable[[Chunk | None], None]) -> None:
        self._collect = Collector()
        self._future = submit(begin(self._collect, put))
        self._future.add_done_callback(lambda future: put(None))
        self._ended = False
        self._finalizer = weakref.finalize(self, self._future.cancel)

    @property
    def result(self) -> InferenceResult:
        """What `generate` returns; after an early end, the part so far, `cancelled`.

        Raises:
            ConfigError: `no_result`, before the request reached the engine.
        """
        if (
            self._future.done()
            and not self._future.cancelled()
            and self._future.exception() is None
        ):
            return self._future.result()
        if not self._collect.begun:
            raise ConfigError(
                "the stream has no result: its request never reached the engine", code="no_result"
            )
        return self._collect.result()

    def _cancel(self) -> None:
        self._ended = True
        self._collect.end(left=True)
        self._finalizer()

    def _failure(self) -> BaseException | None:
        return None if self._future.cancelled() else self._future.exception()


class Stream(_BaseStream):
    """Chunks of one answer as they come: an iterator and a context manager.

    Leaving it early aborts the request in the engine.

    Example:
        >>> with expert.generate_stream("One?") as stream:
        ...     text = "".join(chunk.text for chunk in stream)
        >>> text == stream.result.text
        True
    """

    def __init__(self, begin: Begin, submit: Submit) -> None:
        items: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
        self._items = items
        super().__init__(begin, submit, items.put)

    def __iter__(self) -> Iterator[Chunk]:
        """Leaving the loop early closes this generator, which aborts the request."""
        try:
            while not self._ended:
                chunk = self._items.get()
                if chunk is None:
                    self._ended = True
                    failure = self._failure()
                    if failure:
                        raise failure
                    return
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        """Aborts the request, unless it has ended."""
        self._cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


class _Waker:
    """Wakes the readers of one loop from other threads.

    Once for all chunks of an engine's step: each wake is a system call.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._lock = threading.Lock()
        self._pending: list[asyncio.Event] = []

    def wake(self, event: asyncio.Event) -> None:
        with self._lock:
            self._pending.append(event)
            first = len(self._pending) == 1
        loop = self._loop()
        if first and loop and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        with self._lock:
            events, self._pending = self._pending, []
        for event in events:
            event.set()


_wakers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Waker] = weakref.WeakKeyDictionary()


class _Mailbox:
    """Chunks from another thread for one loop; a reader takes all that have come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waker = _wakers.setdefault(loop, _Waker(loop))
        self._items: deque[Chunk | None] = deque()
        self._ready = asyncio.Event()

    def put(self, item: Chunk | None) -> None:
        self._items.append(item)
        self._waker.wake(self._ready)

    async def take(self) -> list[Chunk | None]:
        await self._ready.wait()
        self._ready.clear()  # before reading: what comes meanwhile sets it again
        return [self._items.popleft() for _ in range(len(self._items))]


class AsyncStream(_BaseStream):
    """Chunks of one answer as they come, for `async for`. Make it on the loop that reads it.

    Leaving it early, `aclose()` and a cancelled task abort the request.
    """

    def __init__(self, begin: Begin, submit: Submit) -> None:
        self._box = _Mailbox(asyncio.get_running_loop())
        super().__init__(begin, submit, self._box.put)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        async with aclosing(self.batches()) as batches:
            async for chunks in batches:
                for chunk in chunks:
                    yield chunk

    async def batches(self) -> AsyncGenerator[list[Chunk], None]:
        """The same, all that have come by now at once: more than one where the reader is slow."""
        try:
            while not self._ended:
                items = await self._box.take()
                if chunks := [c for c in items if c is not None]:
                    yield chunks
                if len(chunks) < len(items):
                    self._ended = True
                    if failure := self._failure():
                        raise failure
        finally:
            self._cancel()

    async def aclose(self) -> None:
        """Aborts the request, unless it has ended."""
        self._cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.aclose()
