"""The spans of a text, word by word: what a grounded value may be.

A place in the text stands for every span that reads the same up to it, so a value that is being
written is a set of places, and a step of it a comparison at each. Building the index takes some
milliseconds for a thousand words; nothing is compiled.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

from expertserve.grammar.marks import SourceMark

KEY = 48
"""Bytes by which starts are sorted; longer than a token."""
BETWEEN = "\0"
"""Stands between parts of the text that no span crosses."""
_WORDS = re.compile(r"\w+|[^\w\s]", re.ASCII)
_TAIL = re.compile(r"\s+(?=\0|\Z)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[,'\u2019\u202f ][0-9]{3})+(?:\.[0-9]+)?")
UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Scripts without blanks between words: there each character is one."""
Places = tuple[int, ...]


class Spans:
    """Where values may begin, go on and end in a text as it is spelt in an answer.

    Args:
        text: The source.
        mark: How it is spelt, and how long a span may be.

    Example:
        >>> spans = Spans("Ms Delgado's flat", SourceMark("json"))
        >>> places = spans.begin(b"Del")
        >>> spans.may_end(places, 3), spans.rest(places, 3)
        (False, b'gado')
    """

    def __init__(self, text: str, mark: SourceMark) -> None:
        self.any_case = mark.any_case
        self.data, starts, self._ends, counts = _laid_out(text, mark)
        self._key = self.folded(self.data)
        self._last = self._ends[-1] if self._ends else 0
        self._end_set = frozenset(self._ends)
        self._counts = counts
        bounded = mark.form not in ("number", "integer")
        self._low = int(mark.low or 0) if bounded else 0
        self._high = int(mark.high) if bounded and mark.high else None
        self.starts = starts if counts is None else [p for p in starts if self.alive(p, 0)]
        self._sorted = sorted((self._key[p : p + KEY], p) for p in self.starts)

    def folded(self, data: bytes) -> bytes:
        """As places are compared."""
        return data.lower() if self.any_case else data

    @property
    def key(self) -> bytes:
        """The text, folded."""
        return self._key

    @property
    def is_bounded(self) -> bool:
        """Whether spans have a least or greatest length."""
        return self._counts is not None

    def begin(self, data: bytes) -> Places:
        """The places after what a span begins with."""
        if b"\0" in data:  # stands between parts of the text
            return ()
        data = self.folded(data)
        first = bisect_left(self._sorted, (data[:KEY], -1))
        last = bisect_right(self._sorted, (data[:KEY] + b"\xff" * KEY, 0))
        size = len(data)
        found = (p for _, p in self._sorted[first:last])
        return tuple(
            p + size for p in found if self._key.startswith(data, p) and self.alive(p + size, size)
        )

    def begins(self, data: bytes) -> bool:
        """Whether a span begins so."""
        if self._counts is not None:
            return bool(self.begin(data))
        data = self.folded(data)
        at = bisect_left(self._sorted, (data, -1))
        return at < len(self._sorted) and self._sorted[at][0].startswith(data)

    def go_on(self, places: Places, written: int, data: bytes) -> Places:
        """The places after some more bytes.

        Args:
            written: Bytes of the span before them.
        """
        data, size = self.folded(data), len(data)
        if b"\0" in data:
            return ()
        return tuple(
            p + size
            for p in places
            if self._key.startswith(data, p) and self.alive(p + size, written + size)
        )

    def may_end(self, places: Places, written: int) -> bool:
        """Whether a span ends at one of the places."""
        return any(self.ends_at(p, written) for p in places)

    def ends_at(self, place: int, written: int) -> bool:
        if place not in self._end_set:
            return False
        if self._counts is None:
            return True
        length = self._counts[place] - self._counts[place - written]
        return self._low <= length and (self._high is None or length <= self._high)

    def ends_within(self, place: int, written: int, most: int) -> Iterator[int]:
        """How many bytes on a span may end, from one byte on, at most so many."""
        at = bisect_right(self._ends, place)
        while at < len(self._ends) and self._ends[at] - place <= most:
            size = self._ends[at] - place
            if b"\0" in self.data[place : place + size]:
                return
            if self.ends_at(self._ends[at], written + size):
                yield size
            at += 1

    def rest(self, places: Places, written: int) -> bytes:
        """The shortest way to end a span that is open."""
        ways = (self.data[p : self._end(p, written)] for p in places)
        return min(ways, key=len)

    @property
    def shortest(self) -> bytes:
        """The shortest span; None has to be asked for where there is none."""
        return min((self.data[p : self._end(p, 0)] for p in self.starts), key=len)

    def _end(self, place: int, written: int) -> int:
        """The first place from here on where a span may end."""
        found = self._next_end(place, written)
        assert found is not None
        return found

    def alive(self, place: int, written: int) -> bool:
        """Whether a span may still end."""
        if self._counts is None:  # each part of the text ends where a word does
            return place <= self._last
        return self._next_end(place, written) is not None

    def _next_end(self, place: int, written: int) -> int | None:
        """The same; None where there is none."""
        if written and place in self._end_set and self.ends_at(place, written):
            return place
        first = place if written else place + 1
        if self._counts is not None:
            least = self._counts[place - written] + self._low
            first = max(first, bisect_left(self._counts, least))
        at = bisect_left(self._ends, first)
        if at == len(self._ends) or b"\0" in self.data[place : self._ends[at]]:
            return None
        end = self._ends[at]
        return end if self.ends_at(end, written + end - place) else None


@lru_cache(maxsize=64)
def spans_of(text: str, mark: SourceMark) -> Spans:
    """The spans of a text; those of the last texts are kept."""
    return Spans(text, mark)


def _laid_out(text: str, mark: SourceMark) -> tuple[bytes, list[int], list[int], list[int] | None]:
    """The text as it is spelt, where spans begin and end, and characters up to each place."""
    if mark.form in ("number", "integer"):
        return _listed(list(dict.fromkeys(_numbers(text, mark))))
    if mark.form in ("sql", "cypher"):  # their strings have no such characters
        text = re.sub(r"[\x00-\x1f\x7f]", BETWEEN, text)
    text = _TAIL.sub("", text)
    found = [(a, b) for a, b in words(text) if text[a] != BETWEEN]
    spelt, size = _SPELT.get(mark.form), len(text)
    if spelt is None and text.isascii():
        places: range | list[int] = range(size + 1)
        data = text.encode()
    else:
        known = {c: spelt(c) if spelt else c.encode() for c in set(text)}
        parts = [known[c] for c in text]
        places = [0, *itertools.accumulate(map(len, parts))]
        data = b"".join(parts)
    counts = None
    if mark.low or mark.high:
        counts = [0] * (len(data) + 1)
        for number, (place, after) in enumerate(itertools.pairwise(places)):
            for at in range(place + 1, after + 1):
                counts[at] = number + 1
    return data, [places[a] for a, _ in found], [places[b] for _, b in found], counts


def _listed(texts: list[str]) -> tuple[bytes, list[int], list[int], list[int] | None]:
    """Texts that are spans as a whole alone."""
    starts, ends, at = list[int](), list[int](), 0
    for text in texts:
        starts.append(at)
        ends.append(at + len(text))
        at = ends[-1] + 1
    return BETWEEN.join(texts).encode(), starts, ends, None


def words(text: str) -> list[tuple[int, int]]:
    """Where words begin and end; every sign is a word, and in scripts without blanks every letter.

    Example:
        >>> words("Ana's 2 km")
        [(0, 3), (3, 4), (4, 5), (6, 7), (8, 10)]
    """
    if text.isascii():
        return [m.span() for m in _WORDS.finditer(text)]
    found: list[tuple[int, int]] = []
    begun: int | None = None
    for at, char in enumerate(text):
        category = unicodedata.category(char)
        inside = category[0] in "LN" or char == "_" or (category[0] == "M" and begun is not None)
        if inside and not _is_unspaced(char):
            begun = at if begun is None else begun
            continue
        if begun is not None:
            found.append((begun, at))
            begun = None
        if category[0] == "M" and found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1)
        elif not char.isspace():
            found.append((at, at + 1))
    return [*found, (begun, len(text))] if begun is not None else found


def _is_unspaced(char: str) -> bool:
    code = ord(char)
    return code >= 0x0E00 and any(low <= code <= high for low, high in UNSPACED)


def _numbers(text: str, mark: SourceMark) -> Iterator[str]:
    """Numbers of the text as JSON writes them: without separators and leading zeros."""
    low = Fraction(mark.low.strip("(")) if mark.low else None
    high = Fraction(mark.high.strip(")")) if mark.high else None
    for found in (*_GROUPED.finditer(text), *_NUMBER.finditer(text)):
        head, dot, tail = re.sub(r"[^0-9.]", "", found[0]).partition(".")
        if mark.form == "integer" and dot:
            continue
        shown = (head.lstrip("0") or "0") + dot + tail
        negative = found.start() and text[found.start() - 1] in "-\u2212"
        for each in (shown, "-" + shown) if negative else (shown,):
            value = Fraction(each)
            above = low is None or (low < value if mark.low[0] == "(" else low <= value)
            below = high is None or (value < high if mark.high[-1] == ")" else value <= high)
            if above and below:
                yield each


def _json(char: str) -> bytes:
    if char == BETWEEN:
        return char.encode()
    return json.dumps(char, ensure_ascii=False)[1:-1].encode()


def _cypher(char: str) -> bytes:
    return ("\\" + char if char in "\\'\"" else char).encode()


def _sql(char: str) -> bytes:
    return ("''" if char == "'" else char).encode()


_SPELT = {"json": _json, "sql": _sql, "cypher": _cypher}
