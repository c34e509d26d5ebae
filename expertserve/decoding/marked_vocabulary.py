"""A vocabulary with tokens of ours that write marks, and which of its tokens spans are made of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.marks import MOST
from expertserve.grammar.tree import MARKS

MOST_LEADING = 400
"""Signs that a token may write before a span begins in it."""
MOST_SOURCES = 8
"""Marks that such a token may have."""
LONGEST = 24
"""Bytes of a token that a span is compared with; no longer one is offered inside a span."""
MOST_CROSSINGS = 20_000
_RESERVED = chr(MARKS[0]).encode()[0]
_Ids = npt.NDArray[np.int64]


class MarkedVocabulary:
    """A vocabulary with tokens of ours behind its own.

    Args:
        own: What tokens write.

    Attributes:
        base: The first id of ours.
        leading: What stands before a mark in ours: nothing first.
    """

    def __init__(self, own: Vocabulary) -> None:
        self.own = own
        self.base = (max(own.tokens, default=0) // 32 + 1) * 32
        self.leading = [b"", *_leading(own)]

    @cached_property
    def whole(self) -> Vocabulary:
        """What a mask engine gets. What begins like a mark's character is left out."""
        tokens = {i: t for i, t in self.own.tokens.items() if _RESERVED not in t}
        for number in range(MOST):
            tokens[self.id(0, number)] = _char(number)
        for place, lead in enumerate(self.leading[1:], 1):
            for number in range(MOST_SOURCES):
                tokens[self.id(place, number)] = lead + _char(number)
        return Vocabulary(tokens)

    @property
    def words(self) -> int:
        """Of a mask over it."""
        last = self.id(len(self.leading) - 1, MOST_SOURCES - 1) if self.leading[1:] else 0
        return max(last, self.base + MOST) // 32 + 1

    def id(self, leading: int, number: int) -> int:
        """The token of ours for what leads and a mark."""
        if leading == 0:
            return self.base + number
        return self.base + MOST + (leading - 1) * MOST_SOURCES + number

    def read(self, token: int) -> tuple[int, int]:
        """The opposite of `id`."""
        at = token - self.base
        if at < MOST:
            return 0, at
        return 1 + (at - MOST) // MOST_SOURCES, (at - MOST) % MOST_SOURCES

    @cached_property
    def ids(self) -> dict[bytes, int]:
        """By what they write; the first of several."""
        return {
            data: i
            for i, data in sorted(self.own.tokens.items(), reverse=True)
            if data and _RESERVED not in data
        }

    @cached_property
    def _folded(self) -> dict[bytes, list[int]]:
        """The same without regard to case."""
        found: dict[bytes, list[int]] = {}
        for data, i in self.ids.items():
            found.setdefault(data.lower(), []).append(i)
        return found

    def beginning(self, text: bytes, any_case: bool) -> list[tuple[int, int]]:
        """Tokens that a text begins with, and their lengths."""
        lengths = self._folded_lengths if any_case else self._lengths
        sizes = lengths.get(text[:3], (1, 2))
        parts = [text[:n] for n in sizes if n <= len(text)]
        if any_case:
            folded = self._folded
            return [(i, len(part)) for part in parts for i in folded.get(part, ())]
        ids = self.ids
        return [(ids[part], len(part)) for part in parts if part in ids]

    @cached_property
    def _lengths(self) -> dict[bytes, list[int]]:
        return _lengths(self.ids)

    @cached_property
    def _folded_lengths(self) -> dict[bytes, list[int]]:
        return _lengths(self._folded)

    @cached_property
    def _sorted(self) -> list[bytes]:
        return sorted(self.ids)

    def _from(self, begin: bytes) -> Sequence[bytes]:
        """What tokens write that begin so and go on."""
        first = bisect_right(self._sorted, begin)
        return self._sorted[first : bisect_left(self._sorted, begin + b"\xff", lo=first)]

    @cached_property
    def _crossings(self) -> dict[bytes, tuple[_Ids, _Ids] | None]:
        return {}

    def crossing(self, begin: bytes) -> tuple[_Ids, _Ids] | None:
        """Tokens that begin so and go on with what is a token, too; and those tokens.

        None where no token goes on so at all.
        """
        if begin not in self._crossings:
            if len(self._crossings) > MOST_CROSSINGS:
                self._crossings.clear()
            size, ids, found = len(begin), self.ids, self._from(begin)
            pairs = [(ids[data], ids[data[size:]]) for data in found if data[size:] in ids]
            both = np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy()
            self._crossings[begin] = (both[0], both[1]) if found else None
        return self._crossings[begin]

    @cached_property
    def behind(self) -> dict[bytes, list[tuple[bytes, int]]]:
        """What leads → what tokens write behind it, and the tokens."""
        return {
            lead: [(data[len(lead) :], self.ids[data]) for data in self._from(lead)]
            for lead in self.leading[1:]
        }


def _lengths(texts: Iterable[bytes]) -> dict[bytes, list[int]]:
    """The first three bytes → the lengths of texts that begin so, up to a bound; and 1 and 2."""
    found: dict[bytes, set[int]] = {}
    for text in texts:
        if 2 < len(text) <= LONGEST:
            found.setdefault(text[:3], {1, 2}).add(len(text))
    return {begin: sorted(sizes) for begin, sizes in found.items()}


def _leading(own: Vocabulary) -> list[bytes]:
    """Signs and blanks before a letter or a digit in tokens, the most frequent first."""
    counts: dict[bytes, int] = {}
    for data in own.tokens.values():
        size = next((i for i, b in enumerate(data) if chr(b).isalnum() or b > 0x7F), 0)
        if 0 < size <= 4:
            counts[data[:size]] = counts.get(data[:size], 0) + 1
    return sorted(counts, key=lambda lead: (-counts[lead], lead))[:MOST_LEADING]


def _char(number: int) -> bytes:
    return chr(MARKS[0] + number).encode()
