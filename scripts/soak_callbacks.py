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
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread, get_ident

KEPT = 20
OFTEN, LONG, DEEP = 0.02, 0.04, 6
"""Seconds between looks, seconds that a callback may take unseen, frames that are noted."""
Timed = tuple[float, float, float, str]
"""Seconds that it was for, seconds since the epoch, the other kind of seconds, and what."""


@dataclass(slots=True)
class Running:
    """A thread's callback: since when, what it was seen doing, and seconds of collections."""

    began: float
    seen: list[str] = field(default_factory=list)
    collected: float = 0.0

    def __str__(self) -> str:
        collected = f"collected for {1000 * self.collected:.0f} ms; " if self.collected else ""
        return collected + " | ".join(self.seen[:3])


class Longest:
    """The longest few, by one kind of seconds."""

    def __init__(self) -> None:
        self.found: list[Timed] = []

    def note(self, seconds: float, other: float, handle: events.Handle, now: Running) -> None:
        if len(self.found) < KEPT or seconds > self.found[0][0]:
            add = heapq.heappush if len(self.found) < KEPT else heapq.heapreplace
            add(self.found, (seconds, time.time(), other, f"{repr(handle)[:200]} {now}"))


class Onlooker(Thread):
    """Looks at what callbacks do that have been running for a while, and times collections.

    Attributes:
        running: By thread: a server has several loops.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True, name="onlooker")
        self.running: dict[int, Running] = {}
        self._began = 0.0
        gc.callbacks.append(self._collects)

    def run(self) -> None:
        while True:
            time.sleep(OFTEN)
            for thread, now in list(self.running.items()):
                if time.perf_counter() - now.began > LONG:
                    stack = traceback.extract_stack(sys._current_frames().get(thread))[-DEEP:]
                    now.seen.append(" < ".join(f"{f.name}:{f.lineno}" for f in reversed(stack)))

    def _collects(self, phase: str, _: dict[str, int]) -> None:
        """Python's lock is held from a collection's start to its end, so that there is one."""
        if phase == "start":
            self._began = time.perf_counter()
        elif now := self.running.get(get_ident()):
            now.collected += time.perf_counter() - self._began


def watch(file: Path) -> None:
    """From now on, on asyncio's own loops, which a server's are.

    Writes the longest by the clock, and by what their threads used of a processor. What takes
    longer than that waits for Python's lock, for other processes or for a hypervisor.
    """
    theirs = events.Handle._run
    took, used, onlooker = Longest(), Longest(), Onlooker()
    onlooker.start()

    def run(handle: events.Handle) -> None:
        began, before = time.perf_counter(), time.thread_time()
        now = onlooker.running[get_ident()] = Running(began)
        theirs(handle)
        own, whole = time.thread_time() - before, time.perf_counter() - began
        onlooker.running.pop(get_ident(), None)
        took.note(whole, own, handle, now)
        used.note(own, whole, handle, now)

    def end() -> None:
        lists = {"took": took.found, "used": used.found}
        file.write_text(json.dumps({k: sorted(v, reverse=True) for k, v in lists.items()}))

    events.Handle._run = run  # type: ignore[method-assign,assignment]
    atexit.register(end)
