"""Regular languages as automata: what two patterns both match, what one matches and not the other.

Source: Hopcroft and Ullman, *Introduction to automata theory* (1979), 2.5 and 3.4.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from expertserve.errors import GrammarError
from expertserve.grammar.minimal import DEAD, minimal
from expertserve.grammar.tree import (
    MAX_CODE,
    SURROGATES,
    Alt,
    Class,
    Literal,
    Node,
    Ref,
    Repeat,
    Seq,
)

MAX_STATES, MAX_PIECES = 20_000, 40_000
"""Bounds of an automaton, and of what it is made from."""

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Language:
    """A deterministic automaton without states that no text ends in; state 0 begins.

    Args:
        starts: Where each segment of the code points begins.
        kinds: The kind of each segment.
        table: State → kind → state, or `DEAD`.
        ends: Whether a text may end in each state.

    Example:
        >>> from expertserve.grammar.regex import matched
        >>> both = Language.of(matched("[a-z]+")) & Language.of(matched(".b."))
        >>> both.accepts("abc"), both.accepts("a1c"), both.is_empty
        (True, False, False)
    """

    starts: tuple[int, ...]
    kinds: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]
    ends: tuple[bool, ...]

    @classmethod
    def of(cls, node: Node) -> Language:
        """The texts of a node without references.

        Raises:
            GrammarError: `pattern_too_large`, where the automaton would exceed `MAX_STATES`.
        """
        pieces = _Pieces()
        start = pieces.add(node, pieces.end)
        return pieces.determined(start)

    @classmethod
    def made(
        cls,
        first: tuple[int, int],
        moves: Callable[[tuple[int, int]], Iterable[tuple[str, tuple[int, int]]]],
        ends: Callable[[tuple[int, int]], bool],
    ) -> Language:
        """An automaton over ASCII, given by its moves: a character, and the state after it."""
        starts = tuple(range(129))
        kinds = (*range(128), 128)

        def coded(state: tuple[int, int]) -> Iterator[tuple[int, tuple[int, int]]]:
            return ((ord(char), after) for char, after in moves(state))

        return cls._explored(first, coded, ends, starts, kinds)

    def __and__(self, other: Language) -> Language:
        return self._product(other, lambda mine, theirs: mine and theirs, needs_other=True)

    def __sub__(self, other: Language) -> Language:
        return self._product(other, lambda mine, theirs: mine and not theirs, needs_other=False)

    def __or__(self, other: Language) -> Language:
        if self.is_empty:
            return other
        everything = any_but(())
        return everything - ((everything - self) - other)

    @property
    def is_empty(self) -> bool:
        """Whether no text is in it."""
        return not any(self.ends)

    def accepts(self, text: str) -> bool:
        """Whether a text is in it."""
        state = 0
        for char in text:
            kind = self.kinds[bisect_right(self.starts, ord(char)) - 1]
            state = self.table[state][kind]
            if state == DEAD:
                return False
        return self.ends[state]

    def limited(self, low: int, high: int | None) -> Language:
        """Its texts of `low` to `high` characters."""
        most = low if high is None else high

        def moves(state: tuple[int, int]) -> Iterator[tuple[int, tuple[int, int]]]:
            place, count = state
            if count == most and high is not None:
                return
            for kind, after in enumerate(self.table[place]):
                if after != DEAD:
                    yield kind, (after, min(count + 1, most))

        return self._explored(
            (0, 0), moves, lambda s: self.ends[s[0]] and s[1] >= low, self.starts, self.kinds
        )

    def lengths(self) -> tuple[int, int | None]:
        """Characters of the shortest and longest text; None is without bound."""
        layer, count, shortest, longest = {0}, 0, -1, 0
        while layer:
            if any(self.ends[state] for state in layer):
                shortest = count if shortest < 0 else shortest
                longest = count
            if count > len(self.table):
                return shortest, None
            layer = {after for state in layer for after in self.table[state] if after != DEAD}
            count += 1
        return max(shortest, 0), longest

    def rules(self, name: str, spelt: Callable[[Node], Node], end: Node) -> dict[str, Node]:
        """Right-linear rules of it, a state that leads to itself as a loop; the first is `name`.

        Args:
            spelt: How a class of characters is written.
            end: What follows the text.
        """
        names = [name, *(f"{name}-{state}" for state in range(1, len(self.table)))]
        pieces = self._pieces()
        classes: dict[tuple[int, ...], Node] = {}

        def label(kinds: list[int]) -> Node:
            found = classes.get(key := tuple(kinds))
            if found is None:
                ranges = sorted(piece for kind in kinds for piece in pieces[kind])
                found = classes[key] = spelt(_class(ranges))
            return found

        made: dict[str, Node] = {}
        for state, row in enumerate(self.table):
            to: dict[int, list[int]] = {}
            for kind, after in enumerate(row):
                if after != DEAD:
                    to.setdefault(after, []).append(kind)
            loop = to.pop(state, None)
            options: list[Node] = [
                Seq((label(kinds), Ref(names[after]))) for after, kinds in to.items()
            ]
            options += [end] if self.ends[state] else []
            onward = options[0] if len(options) == 1 else Alt(tuple(options))
            made[names[state]] = Seq((Repeat(label(loop), 0, None), onward)) if loop else onward
        return made

    def _pieces(self) -> list[list[tuple[int, int]]]:
        """The ranges of each kind."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.table[0]]
        ends = [*(start - 1 for start in self.starts[1:]), MAX_CODE]
        for low, high, kind in zip(self.starts, ends, self.kinds, strict=True):
            found[kind].append((low, high))
        return found

    def _product(
        self, other: Language, wanted: Callable[[bool, bool], bool], *, needs_other: bool
    ) -> Language:
        starts = tuple(sorted({*self.starts, *other.starts}))
        pairs: dict[tuple[int, int], int] = {}
        kinds = tuple(
            pairs.setdefault(
                (
                    self.kinds[bisect_right(self.starts, start) - 1],
                    other.kinds[bisect_right(other.starts, start) - 1],
                ),
                len(pairs),
            )
            for start in starts
        )
        listed = list(pairs)

        def moves(state: tuple[int, int]) -> Iterator[tuple[int, tuple[int, int]]]:
            mine, theirs = state
            for kind, (left, right) in enumerate(listed):
                after = self.table[mine][left]
                there = DEAD if theirs == DEAD else other.table[theirs][right]
                if after != DEAD and (there != DEAD or not needs_other):
                    yield kind, (after, there)

        def ends(state: tuple[int, int]) -> bool:
            mine, theirs = state
            return wanted(self.ends[mine], theirs != DEAD and other.ends[theirs])

        return self._explored((0, 0), moves, ends, starts, kinds)

    @staticmethod
    def _explored(
        first: tuple[int, int],
        moves: Callable[[tuple[int, int]], Iterable[tuple[int, tuple[int, int]]]],
        ends: Callable[[tuple[int, int]], bool],
        starts: tuple[int, ...],
        kinds: tuple[int, ...],
    ) -> Language:
        numbers, order = {first: 0}, [first]
        rows: list[dict[int, int]] = []
        for state in order:  # grows as states are found
            row: dict[int, int] = {}
            for kind, after in moves(state):
                if after not in numbers:
                    numbers[after] = len(order)
                    order.append(after)
                    _check(len(order))
                row[kind] = numbers[after]
            rows.append(row)
        width = max(kinds) + 1
        table = [[row.get(kind, DEAD) for kind in range(width)] for row in rows]
        return _minimal(starts, kinds, table, [ends(state) for state in order])


def any_but(names: Iterable[str]) -> Language:
    """All texts but these."""
    written = {name for name in names if not any("\ud800" <= c <= "\udfff" for c in name)}
    return _any_but(tuple(sorted(written)))


@lru_cache(maxsize=64)
def _any_but(names: tuple[str, ...]) -> Language:
    """Built as the tree of their beginnings, which any other text leaves for a state of its own."""
    letters = sorted({char for name in names for char in name})
    kind_of = {char: kind for kind, char in enumerate(letters, start=2)}
    segments = {0: 1, SURROGATES[0]: 0, SURROGATES[1] + 1: 1}
    for char in letters:
        if ord(char) < MAX_CODE:
            segments.setdefault(ord(char) + 1, 1)
    segments |= {ord(char): kind for char, kind in kind_of.items()}
    away = 1
    row = [DEAD, *[away] * (len(letters) + 1)]
    table, ends = [list(row), list(row)], [True, True]
    for name in names:
        state = 0
        for char in name:
            if table[state][kind_of[char]] == away:
                table[state][kind_of[char]] = len(table)
                table.append(list(row))
                ends.append(True)
                _check(len(table))
            state = table[state][kind_of[char]]
        ends[state] = False
    starts = tuple(sorted(segments))
    return _minimal(starts, tuple(segments[start] for start in starts), table, ends)


def _check(states: int) -> None:
    if states > MAX_STATES:
        raise GrammarError(
            f"an automaton of more than {MAX_STATES:,} states would be needed",
            hint="bound it less tightly, or make the pattern simpler",
            code="pattern_too_large",
        )


def _class(ranges: list[tuple[int, int]]) -> Class:
    merged: list[tuple[int, int]] = []
    for low, high in ranges:
        if merged and low == merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return Class(tuple(merged))


def _minimal(
    starts: tuple[int, ...], kinds: tuple[int, ...], table: list[list[int]], ends: list[bool]
) -> Language:
    return Language(starts, kinds, *minimal(table, ends))


class _Pieces:
    """A nondeterministic automaton, built backwards: each piece knows what follows it."""

    def __init__(self) -> None:
        self.classes: list[Ranges | None] = [None]
        self.after: list[tuple[int, ...]] = [()]
        self.end = 0

    def _piece(self, ranges: Ranges | None, *after: int) -> int:
        if len(self.classes) > MAX_PIECES:
            _check(MAX_STATES + 1)
        self.classes.append(ranges)
        self.after.append(after)
        return len(self.classes) - 1

    def add(self, node: Node, after: int) -> int:
        match node:
            case Literal(text):
                for char in reversed(text):
                    after = self._piece(((ord(char), ord(char)),), after)
                return after
            case Class(ranges):
                return self._piece(ranges, after)
            case Seq(items):
                for item in reversed(items):
                    after = self.add(item, after)
                return after
            case Alt(options):
                return self._piece(None, *(self.add(option, after) for option in options))
            case Repeat(item, low, high):
                return self._repeat(item, low, high, after)
        raise AssertionError(node)

    def _repeat(self, item: Node, low: int, high: int | None, after: int) -> int:
        start = after
        if high is None:
            start = self._piece(None)
            self.after[start] = (self.add(item, start), after)
        for _ in range(0 if high is None else high - low):
            start = self._piece(None, self.add(item, start), after)
        for _ in range(low):
            start = self.add(item, start)
        return start

    def determined(self, start: int) -> Language:
        starts, kinds, of_class = _segments({r for r in self.classes if r is not None})
        closures: dict[int, frozenset[int]] = {}

        def closure(piece: int) -> frozenset[int]:
            found = closures.get(piece)
            if found is None:
                seen, todo = {piece}, [piece]
                while todo:
                    at = todo.pop()
                    for after in self.after[at] if self.classes[at] is None else ():
                        if after not in seen:
                            seen.add(after)
                            todo.append(after)
                found = closures[piece] = frozenset(
                    p for p in seen if self.classes[p] is not None or p == self.end
                )
            return found

        first = closure(start)
        numbers, order = {first: 0}, [first]
        table: list[list[int]] = []
        for state in order:  # grows as states are found
            row: list[set[int]] = [set() for _ in range(max(kinds) + 1)]
            for piece in state:
                ranges = self.classes[piece]
                for kind in of_class[ranges] if ranges is not None else ():
                    row[kind] |= closure(self.after[piece][0])
            listed = []
            for reached in map(frozenset, row):
                if reached and reached not in numbers:
                    numbers[reached] = len(order)
                    order.append(reached)
                    _check(len(order))
                listed.append(numbers[reached] if reached else DEAD)
            table.append(listed)
        return _minimal(starts, kinds, table, [self.end in state for state in order])


def _segments(
    classes: Iterable[Ranges],
) -> tuple[tuple[int, ...], tuple[int, ...], Mapping[Ranges, list[int]]]:
    """The code points in segments that no class tells apart, and the kinds that each class has."""
    listed = list(classes)
    events: dict[int, set[int]] = {0: set()}
    for number, ranges in enumerate(listed):
        for low, high in ranges:
            events.setdefault(low, set()).symmetric_difference_update({number})
            events.setdefault(high + 1, set()).symmetric_difference_update({number})
    events.pop(MAX_CODE + 1, None)
    inside: set[int] = set()
    names: dict[frozenset[int], int] = {}
    kinds = []
    for start in sorted(events):
        inside ^= events[start]
        kinds.append(names.setdefault(frozenset(inside), len(names)))
    of_class: dict[Ranges, list[int]] = {ranges: [] for ranges in listed}
    for members, kind in names.items():
        for number in members:
            of_class[listed[number]].append(kind)
    return tuple(sorted(events)), tuple(kinds), of_class
