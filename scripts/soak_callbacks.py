"""Times every callback of a process's event loops; the longest are written when it ends."""

from __future__ import annotations

import atexit
import heapq
import json
import time
from asyncio import events
from pathlib import Path

KEPT = 20
Timed = tuple[float, float, float, str]
"""Seconds that it was for, seconds since the epoch, the other kind of seconds, and what."""


class Longest:
    """The longest few, by one kind of seconds."""

    def __init__(self) -> None:
        self.found: list[Timed] = []

    def note(self, seconds: float, other: float, handle: events.Handle) -> None:
        if len(self.found) < KEPT or seconds > self.found[0][0]:
            add = heapq.heappush if len(self.found) < KEPT else heapq.heapreplace
            add(self.found, (seconds, time.time(), other, repr(handle)[:300]))


def watch(file: Path) -> None:
    """From now on, on asyncio's own loops, which a server's are.

    Writes the longest by the clock, and by what their threads used of a processor. What takes
    longer than that waits for Python's lock, for other processes or for a hypervisor.
    """
    theirs = events.Handle._run
    took, used = Longest(), Longest()

    def run(handle: events.Handle) -> None:
        began, before = time.perf_counter(), time.thread_time()
        theirs(handle)
        own, whole = time.thread_time() - before, time.perf_counter() - began
        took.note(whole, own, handle)
        used.note(own, whole, handle)

    def end() -> None:
        lists = {"took": took.found, "used": used.found}
        file.write_text(json.dumps({k: sorted(v, reverse=True) for k, v in lists.items()}))

    events.Handle._run = run  # type: ignore[method-assign,assignment]
    atexit.register(end)
