"""Times every callback of a process's event loops; the longest are written when it ends."""

from __future__ import annotations

import atexit
import heapq
import json
import sys
import time
from asyncio import events
from pathlib import Path

KEPT = 20


def watch(file: Path) -> None:
    """From now on, on asyncio's own loops: those of uvloop tell nobody what they run.

    Writes [seconds, seconds of the thread's own, when, what] of the longest. What takes a thread
    longer than its own time is Python's lock, other processes or a hypervisor.
    """
    sys.modules["uvloop"] = None  # type: ignore[assignment]  (its import fails; uvicorn goes on)
    theirs = events.Handle._run
    longest: list[tuple[float, float, float, str]] = []

    def run(handle: events.Handle) -> None:
        began, used = time.perf_counter(), time.thread_time()
        theirs(handle)
        took = time.perf_counter() - began
        if len(longest) < KEPT or took > longest[0][0]:
            found = (took, time.thread_time() - used, time.time(), repr(handle)[:300])
            (heapq.heappush if len(longest) < KEPT else heapq.heapreplace)(longest, found)

    events.Handle._run = run  # type: ignore[method-assign]
    atexit.register(lambda: file.write_text(json.dumps(sorted(longest, reverse=True))))
