"""What this machine's index lacks of packages, asked of the catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from expertserve.package.index import IndexRow, PackageIndex

SLICE = 500
"""Packages that are asked for at once; a row has some kilobytes."""


class RowReader:
    """An index that is filled from the catalogue's.

    Args:
        index: Of this machine's cache.
        ask: Asks the catalogue for what its index has.
    """

    def __init__(
        self, index: PackageIndex, ask: Callable[[Sequence[str]], Awaitable[list[IndexRow]]]
    ) -> None:
        self._index, self._ask = index, ask

    async def learn(self, digests: Sequence[str]) -> set[str]:
        """Gets what the index lacks; returns what the catalogue doesn't know either."""
        there = await asyncio.to_thread(self._index.packages, digests)
        new = [digest for digest in dict.fromkeys(digests) if digest not in there]
        unknown: set[str] = set()
        for at in range(0, len(new), SLICE):
            part = new[at : at + SLICE]
            rows = await self._ask(part)
            await asyncio.to_thread(self._index.put, rows)
            unknown |= set(part) - {row.known.digest for row in rows}
        return unknown
