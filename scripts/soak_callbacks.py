"""Times every callback of a process's event loops; the longest are written when it ends."""

from __future__ import annotations

import atexit
import gc
import heapq
import json
import sys
import time
import traceback
from asyncio import events
from pathlib import Path
from threading import Thread, get_ident

KEPT = 20
OFTEN, LONG, DEEP = 0.02, 0.04, 6
"""Seconds between looks, seconds that a callback may take unseen, frames that are noted."""
Timed = tuple[float, float, float, str]
"""Seconds that it was for, seconds since the epoch, the other kind of seconds, and what."""


class Longest:
    """The longest few, by one kind of seconds."""

    def __init__(self) -> None:
        self.found: list[Timed] = []

    def note(self, seconds: float, other: float, what: str) -> None:
        if len(self.found) < KEPT or seconds > self.found[0][0]:
            add = heapq.heappush if len(self.found) < KEPT else heapq.heapreplace
            add(self.found, (seconds, time.time(), other, what))


class Onlooker(Thread):
    """Looks at what a callback does that has been running for a while, and times collections."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="onlooker")
        self._running: tuple[int, float] | None = None
        self._seen: list[str] = []
        self._collected, self._began = 0.0, 0.0
        gc.callbacks.append(self._collects)

    def run(self) -> None:
        while True:
            time.sleep(OFTEN)
            if (now := self._running) and time.perf_counter() - now[1] > LONG:
                frame = sys._current_frames().get(now[0])
                stack = traceback.extract_stack(frame)[-DEEP:]
                self._seen.append(" < ".join(f"{f.name}:{f.lineno}" for f in reversed(stack)))

    def begin(self) -> None:
        self._seen, self._collected = [], 0.0
        self._running = get_ident(), time.perf_counter()

    def end(self) -> str:
        """What was seen of the callback that ends."""
        self._running = None
        collected = f"collected for {1000 * self._collected:.0f} ms; " if self._collected else ""
        return collected + " | ".join(self._seen[:3])

    def _collects(self, phase: str, _: dict[str, int]) -> None:
        if not self._running or get_ident() != self._running[0]:
            return
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self._collected += time.perf_counter() - self._began


def watch(file: Path) -> None:
    """From now on, on asyncio's own loops, which a server's are.

    Writes the longest by the clock, and by what their threads used of a processor. What takes
    longer than that waits for Python's lock, for other processes or for a hypervisor.
    """
    theirs = events.Handle._run
    took, used, onlooker = Longest(), Longest(), Onlooker()
    onlooker.start()

    def run(handle: events.Handle) -> None:
        onlooker.begin()
        began, before = time.perf_counter(), time.thread_time()
        theirs(handle)
        own, whole = time.thread_time() - before, time.perf_counter() - began
        seen = onlooker.end()
        what = f"{repr(handle)[:200]} {seen}"
        took.note(whole, own, what)
        used.note(own, whole, what)

    def end() -> None:
        lists = {"took": took.found, "used": used.found}
        file.write_text(json.dumps({k: sorted(v, reverse=True) for k, v in lists.items()}))

    events.Handle._run = run  # type: ignore[method-assign,assignment]
    atexit.register(end)
