"""Masks of grammars with marks: spans of a source, and tokens.

The mask engine compiles the grammar with a character for each mark, over a vocabulary with tokens
of ours that write these characters, alone or behind signs such as `"`. So where its mask has such a
token, a span or that token may come next; which tokens write a span, the source says. The engine
never sees the source, so there is nothing to compile for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from expertserve.decoding.marked_vocabulary import LONGEST, MarkedVocabulary
from expertserve.decoding.mask import Mask, MaskState, Row
from expertserve.grammar.marks import SourceMark, TokenMark
from expertserve.grammar.spans import Places, Spans, spans_of

MOST_WAYS = 32
"""How many ways a text is read at once."""
MOST_CROSSED = 12
"""Places from which tokens are looked up that end a span and go on."""
Meanings = Mapping[int, SourceMark | TokenMark]
"""A mark's number → what it means."""


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
