"""Threads for costly steps, shared fairly: what one caller sends never delays another's."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar, cast

T = TypeVar("T")


class FairThreads:
    """Runs steps in threads of its own, in turn for each owner.

    Args:
        threads: How many steps run at once.
        each: How many of them may be one owner's; less, so that a thread is left for others.

    Example:
        >>> import asyncio
        >>> asyncio.run(FairThreads(2, 1).run("me", lambda: 7))
        7
    """

    def __init__(self, threads: int, each: int) -> None:
        self._most, self._each = threads, each
        self._waiting: dict[str, deque[tuple[Future[object], Callable[[], object]]]] = {}
        self._running: dict[str, int] = {}
        self._threads = 0
        self._idle = 0
        self._changed = threading.Condition()

    async def run(self, owner: str, step: Callable[[], T], *, first: bool = False) -> T:
        """The step's result; what it raises is raised here.

        Args:
            first: Before the owner's other steps.
        """
        future: Future[object] = Future()
        with self._changed:
            queue = self._waiting.setdefault(owner, deque())
            if first:
                queue.appendleft((future, step))
            else:
                queue.append((future, step))
            if not self._idle and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name="expertserve-fair", daemon=True).start()
            self._changed.notify()
        return cast(T, await asyncio.wrap_future(future))

    def _work(self) -> None:
        while True:
            with self._changed:
                while (job := self._next()) is None:
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                owner, (future, step) = job
                self._running[owner] = self._running.get(owner, 0) + 1
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(step())
                except Exception as error:  # noqa: BLE001  (it is raised where it is waited for)
                    future.set_exception(error)
            with self._changed:
                self._running[owner] -= 1
                if not self._running[owner]:
                    del self._running[owner]
                self._changed.notify()

    def _next(self) -> tuple[str, tuple[Future[object], Callable[[], object]]] | None:
        """The next step of the owner who has waited longest, if it has fewer than it may."""
        for owner in list(self._waiting):
            if self._running.get(owner, 0) >= self._each:
                continue
            queue = self._waiting.pop(owner)
            job = queue.popleft()
            if queue:
                self._waiting[owner] = queue  # to the end: others come first
            return owner, job
        return None
