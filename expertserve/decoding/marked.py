"""Masks of grammars with marks: spans of a source, and tokens.

The mask engine compiles the grammar with a character for each mark, over a vocabulary with tokens
of ours that write these characters, alone or behind signs such as `"`. So where its mask has such a
token, a span or that token may come next; which tokens write a span, the source says. The engine
never sees the source, so there is nothing to compile for it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from expertserve.decoding.mask import Mask, MaskState, Row
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.marks import MOST, SourceMark, TokenMark
from expertserve.grammar.spans import Places, Spans, spans_of
from expertserve.grammar.tree import MARKS

MOST_LEADING = 400
"""Signs that a token may write before a span begins in it."""
MOST_SOURCES = 8
"""Marks that such a token may have."""
LONGEST = 24
"""Bytes of a token that a span is compared with; no longer one is offered inside a span."""
MOST_WAYS = 32
"""How many ways a text is read at once."""
MOST_CROSSED = 12
"""Places from which tokens are looked up that end a span and go on."""
MOST_CROSSINGS = 20_000
_RESERVED = chr(MARKS[0]).encode()[0]
Meanings = Mapping[int, SourceMark | TokenMark]
"""A mark's number → what it means."""
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
        lengths = (self._folded_lengths if any_case else self._lengths).get(text[:2], (1,))
        parts = [text[:n] for n in lengths if n <= len(text)]
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
    """The first two bytes → the lengths of texts that begin so, up to a bound; and one."""
    found: dict[bytes, set[int]] = {}
    for text in texts:
        if 1 < len(text) <= LONGEST:
            found.setdefault(text[:2], {1}).add(len(text))
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


class SourceRows:
    """Which tokens may begin a span of a source, as rows of masks; shared by requests."""

    def __init__(self, spans: Spans, vocabulary: MarkedVocabulary) -> None:
        self.spans = spans
        self._vocabulary = vocabulary
        self._first: dict[tuple[bytes, int], Row] = {}
        self._at: dict[int, list[tuple[int, int]]] = {}

    def first(self, lead: bytes, words: int) -> Row:
        """Tokens that write what leads, and then the beginning of a span; a row of so many words.

        Milliseconds for the first of a source.
        """
        known = self._first.get((lead, words))
        if known is None:
            known = self._first[lead, words] = packed(self._beginning(lead), words)
        return known

    def _beginning(self, lead: bytes) -> set[int]:
        """The same as ids: by the source's beginnings or by the tokens, what there are fewer of."""
        spans, behind = self.spans, self._vocabulary.behind
        if lead and len(behind[lead]) < LONGEST * len(spans.starts):
            return {i for rest, i in behind[lead] if spans.begins(rest)}
        key, beginning = spans.key, self._vocabulary.beginning
        size, tokens = len(lead), self._vocabulary.own.tokens
        found = {
            token
            for part in {key[p : p + LONGEST].partition(b"\0")[0] for p in spans.starts}
            for token, length in beginning(lead + part, spans.any_case)
            if length > size
        }
        return {i for i in found if spans.begins(tokens[i][size:])}

    def inside(self, places: Places, written: int) -> Iterable[int]:
        """Tokens that go on with a span."""
        go_on, key = self.spans.go_on, self.spans.key
        return {
            token
            for place in places
            for token, size in self._from(place)
            if go_on((place,), written, key[place : place + size])
        }

    def _from(self, place: int) -> list[tuple[int, int]]:
        """Tokens that the source goes on with from a place, and their lengths."""
        known = self._at.get(place)
        if known is None:
            part = self.spans.key[place : place + LONGEST]
            known = self._vocabulary.beginning(part, self.spans.any_case)
            self._at[place] = known
        return known


@lru_cache(maxsize=32)
def _rows(source: str, mark: SourceMark, vocabulary: MarkedVocabulary) -> SourceRows:
    return SourceRows(spans_of(source, mark), vocabulary)


@dataclass(slots=True)
class _Outside:
    """A way of reading the text that is in no span.

    Args:
        shared: Whether a copy of the request's place has the same state.
    """

    state: MaskState
    shared: bool = False
    row: Row | None = None
    """What may come next, where it is known."""
    marks: Sequence[tuple[int, int]] = ()
    """What leads and the mark of each of our tokens in it."""


@dataclass(slots=True)
class _Inside:
    """A span that is open, and what stands behind it."""

    rows: SourceRows
    behind: _Outside
    places: Places
    written: int


class MarkedMask:
    """A mask whose marks have meanings.

    Args:
        mask: Compiled over `vocabulary.whole`.
        meanings: By the marks' numbers.
        source: What spans are taken from.
    """

    def __init__(
        self, mask: Mask, vocabulary: MarkedVocabulary, meanings: Meanings, source: str
    ) -> None:
        self.mask, self.vocabulary, self.meanings = mask, vocabulary, meanings
        self.rows = {
            number: _rows(source, mark, vocabulary)
            for number, mark in meanings.items()
            if isinstance(mark, SourceMark)
        }
        self.first_word = vocabulary.base // 32
        self._tokens: dict[tuple[TokenMark, int], Row] = {}

    def start(self) -> MarkedState:
        return MarkedState(self, [_Outside(self.mask.start())], [])

    def tokens(self, what: TokenMark, words: int) -> Row:
        """The token that a mark names, or all others."""
        known = self._tokens.get((what, words))
        if known is None:
            own = self.vocabulary.own
            others = ({*own.tokens, *own.specials} - {what.id}) if what.other else {what.id}
            ids = [i for i in others if i is not None]
            known = self._tokens[what, words] = packed(ids, words)
        return known

    def marks(self, row: Row) -> list[tuple[int, int]]:
        """What leads and the mark of each of our tokens that a row has."""
        words = row[self.first_word :].view(np.uint32)
        return [
            self.vocabulary.read((self.first_word + int(word)) * 32 + bit)
            for word in np.flatnonzero(words)
            for bit in range(32)
            if int(words[word]) >> bit & 1
        ]


class MarkedState:
    """Where one request stands: all ways of reading what it has written."""

    def __init__(self, mask: MarkedMask, outside: list[_Outside], inside: list[_Inside]) -> None:
        self._mask, self._outside, self._inside = mask, outside, inside

    @property
    def accepting(self) -> bool:
        return any(way.state.accepting for way in self._outside)

    def copy(self) -> MarkedState:
        for span in self._inside:
            span.behind.shared = True
        return MarkedState(
            self._mask,
            [_Outside(w.state.copy(), False, w.row, w.marks) for w in self._outside],
            list(self._inside),
        )

    def fill(self, row: Row) -> None:
        row.fill(0)
        for way in self._outside:
            self._fill_outside(row, way)
        for span in self._inside:
            words = row.view(np.uint32)
            for token in span.rows.inside(span.places, span.written):
                words[token >> 5] |= np.uint32(1 << (token & 31))
            self._fill_crossing(row, span)

    def _row(self, way: _Outside) -> Row:
        if way.row is None:
            way.row = np.zeros(self._mask.vocabulary.words, dtype=np.int32)
            way.state.fill(way.row)
            way.marks = self._mask.marks(way.row)
        return way.row

    def _fill_outside(self, row: Row, way: _Outside) -> None:
        found = self._row(way)
        own = min(self._mask.first_word, len(row))
        row[:own] |= found[:own]
        for leading, number in way.marks:
            what = self._mask.meanings.get(number)
            if isinstance(what, TokenMark):
                row |= self._mask.tokens(what, len(row))
            elif what is not None:
                lead = self._mask.vocabulary.leading[leading]
                row |= self._mask.rows[number].first(lead, len(row))

    def _fill_crossing(self, row: Row, span: _Inside) -> None:
        """Tokens that end the span and go on behind it."""
        spans = span.rows.spans
        for place in span.places[:MOST_CROSSED]:
            for size in spans.ends_within(place, span.written, LONGEST):
                begin = spans.data[place : place + size]
                found = self._mask.vocabulary.crossing(begin)
                if found is None:
                    break
                ids, rests = found
                if len(ids):
                    allowed = self._row(span.behind)
                    kept = ids[(allowed[rests >> 5] >> (rests & 31) & 1).astype(bool)]
                    np.bitwise_or.at(
                        row.view(np.uint32),
                        kept >> 5,
                        np.uint32(1) << (kept & 31).astype(np.uint32),
                    )

    def commit(self, token: int) -> bool:
        outside: list[_Outside] = []
        inside: list[_Inside] = []
        for span in self._inside:
            self._step_inside(span, token, outside, inside)
        held = {id(span.behind) for span in inside}
        for way in self._outside:
            self._step_outside(way, token, way.shared or id(way) in held, outside, inside)
        for span in inside:
            if span.rows.spans.may_end(span.places, span.written):
                outside.append(span.behind)
        self._outside, self._inside = outside[:MOST_WAYS], inside[:MOST_WAYS]
        return bool(outside or inside)

    def _step_outside(
        self, way: _Outside, token: int, held: bool, outside: list[_Outside], inside: list[_Inside]
    ) -> None:
        """Takes a token outside of spans. Copying a state costs more than all the rest.

        Args:
            held: Whether something else has the way's state.
        """
        found = self._row(way)
        steps: list[tuple[int, _Inside | None]] = []
        for leading, number in way.marks:
            span = self._begun(leading, number, token)
            if span is not False:
                steps.append((self._mask.vocabulary.id(leading, number), span))
        if token < self._mask.vocabulary.base and found[token >> 5] >> (token & 31) & 1:
            steps.append((token, None))
        for place, (step, span) in enumerate(steps):
            last = place == len(steps) - 1 and not held
            after = _Outside(_after(way.state if last else way.state.copy(), step))
            if span is None:
                outside.append(after)
            else:
                inside.append(replace(span, behind=after))

    def _begun(self, leading: int, number: int, token: int) -> _Inside | Literal[False] | None:
        """The span that a token begins where a mark may come; None: it is the mark's token."""
        what = self._mask.meanings.get(number)
        if what is None:
            return False
        if isinstance(what, TokenMark):
            return None if (token == what.id) != what.other else False
        lead, rows = self._mask.vocabulary.leading[leading], self._mask.rows[number]
        data = self._mask.vocabulary.own.tokens.get(token, b"")
        rest = data[len(lead) :]
        places = rows.spans.begin(rest) if rest and data.startswith(lead) else ()
        return _Inside(rows, self._outside[0], places, len(rest)) if places else False

    def _step_inside(
        self, span: _Inside, token: int, outside: list[_Outside], inside: list[_Inside]
    ) -> None:
        data = self._mask.vocabulary.own.tokens.get(token, b"")
        spans, size = span.rows.spans, len(data)
        if not data:
            return
        places = spans.go_on(span.places, span.written, data)
        if places:
            inside.append(_Inside(span.rows, span.behind, places, span.written + size))
        for cut in range(1, size):
            rest = self._mask.vocabulary.ids.get(data[cut:])
            if rest is None or not self._row(span.behind)[rest >> 5] >> (rest & 31) & 1:
                continue
            reached = spans.go_on(span.places[:MOST_CROSSED], span.written, data[:cut])
            if reached and spans.may_end(reached, span.written + cut):
                outside.append(_Outside(_after(span.behind.state.copy(), rest)))


def _after(state: MaskState, token: int) -> MaskState:
    state.commit(token)
    return state


def packed(ids: Iterable[int], words: int) -> Row:
    """A row of so many words in which these tokens are allowed."""
    bits = np.zeros(words * 32, dtype=bool)
    bits[[i for i in ids if i < len(bits)]] = True
    return np.packbits(bits, bitorder="little").view(np.int32)
