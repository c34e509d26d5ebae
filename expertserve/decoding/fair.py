"""Threads for costly steps, shared fairly: what one caller sends never delays another's."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TypeVar, cast

from expertserve.errors import InferenceError

T = TypeVar("T")
caller: ContextVar[str] = ContextVar("caller", default="")
"""Who asks, such as a key's name: a server sets it, and tasks on other loops inherit it."""
Job = tuple[Future[object], Callable[[], object]]


class FairThreads:
    """Runs steps in threads of its own, in turn for each caller, and for each of its owners.

    Args:
        threads: How many steps run at once.
        each: How many of them may be one caller's, or one owner's; less, so that a thread is left
            for others.
        waiting: How many of one caller's may wait.

    Example:
        >>> import asyncio
        >>> asyncio.run(FairThreads(2, 1).run("me", lambda: 7))
        7
    """

    def __init__(self, threads: int, each: int, waiting: int = 1024) -> None:
        self._most, self._each, self._most_waiting = threads, each, waiting
        self._waiting: dict[tuple[str, str], deque[Job]] = {}
        self._running: Counter[tuple[str, str]] = Counter()
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._threads = 0
        self._idle = 0
        self._changed = threading.Condition()

    async def run(self, owner: str, step: Callable[[], T]) -> T:
        """The step's result; what it raises is raised here.

        Args:
            owner: Such as an expert. Where nobody says who asks, it is the caller as well.

        Raises:
            InferenceError: `too_many_waiting`.
        """
        future: Future[object] = Future()
        who = caller.get() or owner
        with self._changed:
            if sum(len(q) for (c, _), q in self._waiting.items() if c == who) >= self._most_waiting:
                raise InferenceError(
                    f"{self._most_waiting:,} steps of this caller wait already",
                    hint="wait for answers before you ask more",
                    code="too_many_waiting",
                )
            self._waiting.setdefault((who, owner), deque()).append((future, step))
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
                place, (future, step) = job
                self._running[place] += 1
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(step())
                except Exception as error:  # noqa: BLE001  (it is raised where it is waited for)
                    future.set_exception(error)
            with self._changed:
                self._running[place] -= 1
                self._running += Counter()  # forgets those of whom nothing runs
                self._changed.notify()

    def _next(self) -> tuple[tuple[str, str], Job] | None:
        """The next step: of the caller whose turn is longest ago, and there of the first owner."""
        busy = Counter[str]()
        for (who, _), count in self._running.items():
            busy[who] += count
        free = [
            place
            for place in self._waiting
            if self._running[place] < self._each and busy[place[0]] < self._each
        ]
        if not free:
            return None
        place = min(free, key=lambda p: self._turns.get(p[0], 0))
        queue = self._waiting.pop(place)
        job = queue.popleft()
        if queue:
            self._waiting[place] = queue  # to the end: others come first
        self._turn += 1
        known = {who for who, _ in self._waiting} | set(busy) | {place[0]}
        self._turns = {c: t for c, t in self._turns.items() if c in known} | {place[0]: self._turn}
        return place, job
