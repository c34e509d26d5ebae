"""The list of experts as it was at one time, and what makes a later one of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

CHANGES = 1000
"""Changes that are remembered; a reader who missed more gets the whole list."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An expert that every replica serves.

    Args:
        source: A path, or an address.
        digest: Of the package; every replica checks it.
        base: Which of the configuration's `bases` serves it; "" where it has none.
    """

    name: str
    source: str
    digest: str
    pin: bool = False
    checkpoint: str | None = None
    base: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """What makes one list of another.

    Args:
        since: The list that it can be applied to; 0 where it is the whole list.
        number: Of the list that comes of it; grows with every change, also over restarts.
        put: Experts that are new or were changed since then; all of them in a whole list.
        gone: Names that left.
        forced: Of those, the ones whose requests are to be aborted.

    Example:
        >>> sql, text = Wanted("sql", "/a.expert", "0" * 64), Wanted("text", "/b.expert", "1" * 64)
        >>> first = Snapshot(0).updated(Update(0, 7, (sql,)))
        >>> first.updated(Update(7, 8, (text,), ("sql",))).experts == (text,)
        True
    """

    since: int
    number: int
    put: tuple[Wanted, ...] = ()
    gone: tuple[str, ...] = ()
    forced: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        return self.since == 0

    def of(self, base: str) -> Update:
        """What it means to one base model's engines."""
        mine = tuple(one for one in self.put if one.base == base)
        others = () if self.whole else (one.name for one in self.put if one.base != base)
        return replace(self, put=mine, gone=(*self.gone, *others))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The list as it was at one time."""

    number: int
    experts: tuple[Wanted, ...] = ()

    def find(self, name: str) -> Wanted | None:
        return next((e for e in self.experts if e.name == name), None)

    def updated(self, update: Update) -> Snapshot:
        """The list after an update."""
        found = {} if update.whole else {e.name: e for e in self.experts}
        for name in update.gone:
            found.pop(name, None)
        return Snapshot(update.number, tuple((found | {e.name: e for e in update.put}).values()))


class History:
    """Which names changed with which list, as far back as `CHANGES` of them.

    A number that it doesn't remember may be another catalogue's.

    Args:
        start: The first list's number.
    """

    def __init__(self, start: int) -> None:
        self.latest = start
        """The highest number that was given out."""
        self._oldest = start
        self._steps: deque[tuple[int, str, bool]] = deque()

    def note(self, number: int, name: str, *, forced: bool = False) -> None:
        """A list that may differ from the one before in this name."""
        self._steps.append((number, name, forced))
        self.latest = number
        if len(self._steps) > CHANGES:
            self._oldest = self._steps.popleft()[0]

    def forget(self, number: int) -> None:
        """Goes on from there, as if nothing had been before."""
        self._steps.clear()
        self._oldest = self.latest = number

    def update(self, since: int, now: Snapshot) -> Update:
        """What a reader of list `since` needs; the whole list where that isn't remembered."""
        if since >= now.number:
            return Update(since, now.number)
        if since != self._oldest and all(number != since for number, _, _ in self._steps):
            return Update(0, now.number, now.experts)
        steps = [step for step in self._steps if step[0] > since]
        touched = {name for _, name, _ in steps}
        put = tuple(one for one in now.experts if one.name in touched)
        gone = touched - {one.name for one in put}
        forced = gone.intersection(name for _, name, forced in steps if forced)
        return Update(since, now.number, put, tuple(sorted(gone)), frozenset(forced))
