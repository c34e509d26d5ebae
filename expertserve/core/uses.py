"""How often experts answered, and when last: written to the index, for the next start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from expertserve.package.index import PackageIndex

WRITE_SECONDS = 30.0
"""Between two writes."""


class Uses:
    """Counts answers by package. Every method runs on the core's event loop."""

    def __init__(self, index: Callable[[], PackageIndex]) -> None:
        self._index = index
        self._counted: dict[str, tuple[int, float]] = {}
        self._written = time.monotonic()
        self._writing: asyncio.Task[None] | None = None

    def count(self, digest: str) -> None:
        """Counts one. Now and then, what was counted is written in the background."""
        self._counted[digest] = self._counted.get(digest, (0, 0.0))[0] + 1, time.time()
        if time.monotonic() - self._written > WRITE_SECONDS and self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Writes what is left: here, since no thread can be started while Python ends."""
        if self._writing:
            await asyncio.wait([self._writing])
        if self._counted:
            self._index().used(self._counted)

    async def _write(self) -> None:
        counted, self._counted, self._written = self._counted, {}, time.monotonic()
        try:
            await asyncio.to_thread(self._index().used, counted)
        finally:
            self._writing = None
