"""The texts that a mark may be, as a graph that is made as far as it is walked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

Key = tuple[Hashable, ...]
"""Names a place in the graph."""
MOST_OPTIONS = 100_000
"""Texts of places that a graph remembers."""
Thread = tuple["NamePlace", bytes]


class NamePlace:
    """A place in the graph: the texts that may come next, and where each leads.

    Args:
        options: Texts, none of them empty, and the keys of the places behind them.
        ends: What is known where the mark ends here; None where it may not.
        short: The text on a short way to an end; by default the shortest.
    """

    __slots__ = ("_lengths", "_sorted", "ends", "options", "short")

    def __init__(
        self, options: Mapping[bytes, Key], *, ends: Key | None = None, short: bytes | None = None
    ) -> None:
        self.options = options
        self.ends = ends
        self._sorted = sorted(options)
        self._lengths = sorted({len(text) for text in options})
        self.short = short
        if short is None and options:
            self.short = min(options, key=lambda text: (len(text), text))

    def beginning(self, begun: bytes) -> list[bytes]:
        """The options that begin so and go on."""
        first = bisect_left(self._sorted, begun + b"\0")
        last = bisect_left(self._sorted, begun + b"\xff", lo=first)
        return self._sorted[first:last]

    def passed(self, text: bytes) -> list[tuple[int, Key]]:
        """The options that a text begins with: their lengths, and where they lead."""
        return [
            (size, self.options[text[:size]])
            for size in self._lengths
            if size <= len(text) and text[:size] in self.options
        ]


class NameGraph(ABC):
    """The graph of texts over one schema; see `NamePlace`. Made as it is walked."""

    def __init__(self) -> None:
        self._known: dict[Key, NamePlace] = {}
        self._options = 0

    def find(self, key: Key) -> NamePlace:
        """The place of a key."""
        found = self._known.get(key)
        if found is None:
            if self._options > MOST_OPTIONS:
                self._known.clear()
                self._options = 0
            found = self._known[key] = self._made(key)
            self._options += 1 + len(found.options)
        return found

    @abstractmethod
    def _made(self, key: Key) -> NamePlace:
        """The same, made now."""

    def _end(self, *known: Hashable) -> NamePlace:
        return NamePlace({}, ends=known)


@dataclass(frozen=True, slots=True)
class Naming:
    """A mark that is being written: all ways of reading what stands there.

    Args:
        find: The place of a key.
        threads: Places, and what is written of an option at each.
    """

    find: Callable[[Key], NamePlace]
    threads: tuple[Thread, ...]

    @classmethod
    def begun(cls, find: Callable[[Key], NamePlace], key: Key) -> Naming:
        """Before its first byte."""
        return cls(find, ((find(key), b""),))

    def step(self, data: bytes) -> Naming | None:
        """After some more bytes; None where no option goes on so."""
        found: list[Thread] = []
        for choice, begun in self.threads:
            self._follow(choice, begun + data, found)
        return Naming(self.find, tuple(found)) if found else None

    def _follow(self, choice: NamePlace, text: bytes, found: list[Thread]) -> None:
        if not text or choice.beginning(text):
            found.append((choice, text))
        for size, key in choice.passed(text):
            self._follow(self.find(key), text[size:], found)

    @property
    def ends(self) -> list[Key]:
        """What is known where the mark ends here."""
        return [c.ends for c, begun in self.threads if not begun and c.ends is not None]

    def rest(self) -> tuple[bytes, Key]:
        """A short way to its end, and what is known there."""
        ways = [self._way(choice, begun) for choice, begun in self.threads]
        return min(ways, key=lambda way: len(way[0]))

    def _way(self, choice: NamePlace, begun: bytes) -> tuple[bytes, Key]:
        way = b""
        if begun:
            option = min(choice.beginning(begun), key=lambda text: (len(text), text))
            way, choice = option[len(begun) :], self.find(choice.options[option])
        while choice.ends is None:
            assert choice.short is not None
            way, choice = way + choice.short, self.find(choice.options[choice.short])
        return way, choice.ends
