"""Which experts' adapters stay resident: the least recently used is evicted."""

from __future__ import annotations

import itertools

from expertserve.core.entry import Entry


class Residency:
    """The entries whose adapters are resident.

    Args:
        limit: Entries at most; None is unbounded. Pinned and busy ones are never evicted, so the
            limit may be exceeded while all of them are.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._entries: set[Entry] = set()
        self._clock = itertools.count(1)

    def use(self, entry: Entry) -> list[Entry]:
        """Records a use. Returns the entries that it evicts."""
        entry.order = next(self._clock)
        if entry.adapter is None:
            self._entries.discard(entry)
            return []
        self._entries.add(entry)
        excess = len(self._entries) - self._limit if self._limit is not None else 0
        idle = [e for e in self._entries if not e.pinned and not e.running and e is not entry]
        evicted = sorted(idle, key=lambda e: e.order)[: max(0, excess)]
        for one in evicted:
            self._entries.remove(one)
            one.evictions += 1
        return evicted

    def discard(self, entry: Entry) -> None:
        """Forgets an entry that is no longer loaded."""
        self._entries.discard(entry)

    def holds(self, digest: str) -> bool:
        """Whether a resident entry has this adapter."""
        return any(e.adapter == digest for e in self._entries)

    def by_last_use(self) -> list[Entry]:
        """The resident entries, least recently used first."""
        return sorted(self._entries, key=lambda e: e.order)
