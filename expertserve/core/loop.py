"""The event loop that the core lives on, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TypeVar

from expertserve.errors import ConfigError

T = TypeVar("T")


class Loop:
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._ending = False
        self._lock = threading.Lock()
        started = threading.Event()
        self.loop.call_soon(started.set)
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="expertserve", daemon=True
        )
        self._thread.start()
        started.wait()

    def submit(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Runs a coroutine there.

        Raises:
            ConfigError: The loop has ended.
        """
        with self._lock:  # what is scheduled before the end is cancelled by it, and so answered
            if not self._ending:
                return asyncio.run_coroutine_threadsafe(self._guarded(work), self.loop)
        work.close()
        raise _closed()

    async def _guarded(self, work: Coroutine[object, object, T]) -> T:
        """Work that ends with the loop raises why: its caller has not cancelled it."""
        try:
            return await work
        except asyncio.CancelledError:
            if self._ending:
                raise _closed() from None
            raise

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Runs a coroutine there and waits for it; Ctrl-C cancels it.

        Raises:
            ConfigError: Called from the loop itself, which would deadlock; or the loop has ended.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise ConfigError(
                "this manager was called from its own event loop",
                hint="use another thread",
                code="closed",
            )
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """Cancels what still runs there, and ends the loop. Idempotent."""
        with self._lock:
            if self._ending:
                return
            self._ending = True
        asyncio.run_coroutine_threadsafe(_cancel_others(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self.loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=5)


def _closed() -> ConfigError:
    return ConfigError("this expert or manager was closed", hint="load it again", code="closed")
