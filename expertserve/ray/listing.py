"""An ingress's list of experts: what the catalogue says, by the index alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from expertserve.core.registering import Listed
from expertserve.errors import LoadError
from expertserve.manager import AsyncExpertManager
from expertserve.package.index import IndexRow, PackageIndex
from expertserve.ray.catalogue import Snapshot

SLICE = 500
"""Packages that are asked for at once; a row has some kilobytes."""


class IndexFollower:
    """A manager that lists what the catalogue says and reads no package.

    Args:
        index: Of this machine's cache.
        rows: Asks the catalogue for what its index has.
        adopted: Told of each list.
    """

    def __init__(
        self,
        manager: AsyncExpertManager,
        index: PackageIndex,
        rows: Callable[[Sequence[str]], Awaitable[list[IndexRow]]],
        adopted: Callable[[Snapshot], None],
    ) -> None:
        self.snapshot = Snapshot(0)
        self._manager, self._index = manager, index
        self._rows, self._adopted = rows, adopted
        self._known: set[str] = set()
        self._lock = asyncio.Lock()

    async def adopt(self, snapshot: Snapshot) -> int:
        """Lists what it says; an older list changes nothing.

        Returns:
            The number of the list that it has now.

        Raises:
            LoadError: The catalogue doesn't know one of the packages either.
        """
        async with self._lock:
            if snapshot.number <= self.snapshot.number:
                return self.snapshot.number
            await self._learn([one.digest for one in snapshot.experts])
            await self._manager.list_known(
                [
                    Listed(one.name, one.digest, one.source, one.pin, one.checkpoint)
                    for one in snapshot.experts
                ]
            )
            self.snapshot = snapshot
            self._adopted(snapshot)
            return snapshot.number

    async def _learn(self, digests: Sequence[str]) -> None:
        """Gets what this machine's index lacks."""
        if self._known.issuperset(digests):
            return
        there = (await asyncio.to_thread(self._index.packages)).keys()
        new = [digest for digest in dict.fromkeys(digests) if digest not in there]
        for at in range(0, len(new), SLICE):
            rows = await self._rows(new[at : at + SLICE])
            await asyncio.to_thread(self._index.put, rows)
            absent = set(new[at : at + SLICE]) - {row.known.digest for row in rows}
            if absent:
                raise LoadError(
                    f"the catalogue lists the package {min(absent)[:12]}… and doesn't know it",
                    hint="it may have been replaced just now; try again",
                    code="not_found",
                )
        self._known = set(digests)
