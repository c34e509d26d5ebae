"""Masks of grammars with marks: spans of a source, names of a schema, and tokens.

The mask engine compiles the grammar with a character for each mark, over a vocabulary with tokens
of ours that write these characters, alone or behind signs such as `"`. So where its mask has such a
token, a span or that token may come next; which tokens write a span, the source says. The engine
never sees the source or the schema, so there is nothing to compile for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from expertserve.decoding.marked_vocabulary import LONGEST, MarkedVocabulary
from expertserve.decoding.mask import Mask, MaskState, Row
from expertserve.decoding.named import NameRows, ScopedState, packed
from expertserve.grammar.marks import Meaning, NameMark, SourceMark, TokenMark
from expertserve.grammar.names.choices import Naming
from expertserve.grammar.names.scope import Scope
from expertserve.grammar.spans import Places, Spans, spans_of

MOST_WAYS = 32
"""How many ways a text is read at once."""
MOST_CROSSED = 12
"""Places from which tokens are looked up that end a span and go on."""
Meanings = Mapping[int, Meaning]
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
        return {i for i in found if spans.begins(tokens[i][size:])} if spans.is_bounded else found

    def inside(self, places: Places, written: int) -> Iterable[int]:
        """Tokens that go on with a span."""
        alive = self.spans.alive
        return {
            token
            for place in places
            for token, size in self._from(place)
            if alive(place + size, written + size)
        }

    def _from(self, place: int) -> list[tuple[int, int]]:
        """Tokens that the source goes on with from a place, and their lengths."""
        known = self._at.get(place)
        if known is None:
            part = self.spans.key[place : place + LONGEST].partition(b"\0")[0]
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


@dataclass(slots=True)
class _Written:
    """A name that is open, and what stands behind it, before it is known."""

    naming: Naming
    behind: _Outside

    @property
    def scope(self) -> ScopedState:
        assert isinstance(self.behind.state, ScopedState)
        return self.behind.state

    def ended(self, naming: Naming, *, shared: bool) -> Iterator[_Outside]:
        """The ways behind it, where it may end so.

        Args:
            shared: Whether it goes on as well.
        """
        shared = shared or self.behind.shared or len(naming.ends) > 1
        for known in naming.ends:
            state = self.scope.knowing(known)
            yield _Outside(state, shared, self.behind.row, self.behind.marks)


class MarkedMask:
    """A mask whose marks have meanings.

    Args:
        mask: Compiled over `vocabulary.whole`.
        meanings: By the marks' numbers.
        source: What spans are taken from.
        names: What names are taken from, before the first word.
    """

    def __init__(
        self,
        mask: Mask,
        vocabulary: MarkedVocabulary,
        meanings: Meanings,
        source: str,
        names: Scope | None = None,
    ) -> None:
        self.mask, self.vocabulary, self.meanings = mask, vocabulary, meanings
        self._names = names
        self.named = _name_rows(vocabulary)
        self.rows = {
            number: _rows(source, mark, vocabulary)
            for number, mark in meanings.items()
            if isinstance(mark, SourceMark)
        }
        self.first_word = vocabulary.base // 32
        self._tokens: dict[tuple[TokenMark, int], Row] = {}

    def start(self) -> MarkedState:
        state = self.mask.start()
        if self._names:
            state = ScopedState(state, self._names, self.vocabulary)
        return MarkedState(self, [_Outside(state)], [], [])

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

    def __init__(
        self,
        mask: MarkedMask,
        outside: list[_Outside],
        inside: list[_Inside],
        named: list[_Written],
    ) -> None:
        self._mask, self._outside, self._inside, self._named = mask, outside, inside, named

    @property
    def accepting(self) -> bool:
        return any(way.state.accepting for way in self._outside)

    def copy(self) -> MarkedState:
        for behind in self._behind(self._inside, self._named):
            behind.shared = True
        return MarkedState(
            self._mask,
            [_Outside(w.state.copy(), False, w.row, w.marks) for w in self._outside],
            list(self._inside),
            list(self._named),
        )

    def _behind(self, inside: list[_Inside], named: list[_Written]) -> list[_Outside]:
        return [span.behind for span in inside] + [name.behind for name in named]

    def fill(self, row: Row) -> None:
        row.fill(0)
        for way in self._outside:
            self._fill_outside(row, way)
        for span in self._inside:
            goes_on = span.rows.inside(span.places, span.written)
            _allow(row, np.fromiter(goes_on, dtype=np.int64))
            self._fill_crossing(row, span)
        for name in self._named:
            for found in self._mask.named.at(name.naming, b"", len(row)):
                row |= found.row
                for begin in found.crossed:
                    self._fill_behind(row, begin, name.behind)

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
            elif isinstance(what, SourceMark):
                lead = self._mask.vocabulary.leading[leading]
                row |= self._mask.rows[number].first(lead, len(row))
            elif what is not None:
                lead = self._mask.vocabulary.leading[leading]
                for names in self._mask.named.at(_opened(way, lead, what), lead, len(row)):
                    row |= names.row

    def _fill_crossing(self, row: Row, span: _Inside) -> None:
        """Tokens that end the span and go on behind it."""
        spans, known = span.rows.spans, dict[bytes, bool]()
        for place in span.places[:MOST_CROSSED]:
            for size in spans.ends_within(place, span.written, LONGEST):
                begin = spans.data[place : place + size]
                if begin not in known:
                    known[begin] = self._fill_behind(row, begin, span.behind)
                if not known[begin]:
                    break

    def _fill_behind(self, row: Row, begin: bytes, behind: _Outside) -> bool:
        """Tokens that begin so and go on with what may come behind; False where there are none."""
        found = self._mask.vocabulary.crossing(begin)
        if found is None:
            return False
        ids, rests = found
        if len(ids):
            allowed = self._row(behind)
            _allow(row, ids[(allowed[rests >> 5] >> (rests & 31) & 1).astype(bool)])
        return True

    def commit(self, token: int) -> bool:
        outside: list[_Outside] = []
        inside: list[_Inside] = []
        named: list[_Written] = []
        for span in self._inside:
            self._step_inside(span, token, outside, inside)
        for name in self._named:
            self._step_named(name, token, outside, named)
        held = {id(behind) for behind in self._behind(inside, named)}
        begun: list[_Inside | _Written] = []
        for way in self._outside:
            self._step_outside(way, token, way.shared or id(way) in held, outside, begun)
        for new in begun:
            if isinstance(new, _Inside):
                inside.append(new)
                continue
            goes_on = any(c.beginning(b) for c, b in new.naming.threads)
            if goes_on:
                named.append(new)
            outside += new.ended(new.naming, shared=goes_on)
        for span in inside:
            if span.rows.spans.may_end(span.places, span.written):
                outside.append(span.behind)
        self._outside, self._inside = outside[:MOST_WAYS], inside[:MOST_WAYS]
        self._named = named[:MOST_WAYS]
        return bool(outside or inside or named)

    def _step_named(
        self, name: _Written, token: int, outside: list[_Outside], named: list[_Written]
    ) -> None:
        """Takes a token that goes on with a name, or ends it and goes on behind it."""
        data = self._mask.vocabulary.own.tokens.get(token, b"")
        naming = name.naming.step(data) if data else None
        if naming is not None:
            goes_on = any(c.beginning(b) for c, b in naming.threads)
            if goes_on:
                named.append(_Written(naming, name.behind))
            outside += name.ended(naming, shared=goes_on)
        for cut in range(1, len(data)):
            rest = self._mask.vocabulary.ids.get(data[cut:])
            if rest is None or not self._row(name.behind)[rest >> 5] >> (rest & 31) & 1:
                continue
            reached = name.naming.step(data[:cut])
            for known in reached.ends if reached else ():
                outside.append(_Outside(_after(name.scope.knowing(known).copy(), rest)))

    def _step_outside(
        self,
        way: _Outside,
        token: int,
        held: bool,
        outside: list[_Outside],
        begun: list[_Inside | _Written],
    ) -> None:
        """Takes a token outside of spans. Copying a state costs more than all the rest.

        Args:
            held: Whether something else has the way's state.
        """
        found = self._row(way)
        steps: list[tuple[int, _Inside | _Written | None]] = []
        for leading, number in way.marks:
            span = self._begun(way, leading, number, token)
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
                begun.append(replace(span, behind=after))

    def _begun(
        self, way: _Outside, leading: int, number: int, token: int
    ) -> _Inside | _Written | Literal[False] | None:
        """What a token begins where a mark may come; None: it is the mark's token."""
        what = self._mask.meanings.get(number)
        if what is None:
            return False
        if isinstance(what, TokenMark):
            return None if (token == what.id) != what.other else False
        lead = self._mask.vocabulary.leading[leading]
        data = self._mask.vocabulary.own.tokens.get(token, b"")
        rest = data[len(lead) :]
        if not rest or not data.startswith(lead):
            return False
        if isinstance(what, NameMark):
            naming = _opened(way, lead, what).step(rest)
            return _Written(naming, way) if naming else False
        rows = self._mask.rows[number]
        places = rows.spans.begin(rest)
        return _Inside(rows, way, places, len(rest)) if places else False

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


@lru_cache(maxsize=4)
def _name_rows(vocabulary: MarkedVocabulary) -> NameRows:
    return NameRows(vocabulary)


def _opened(way: _Outside, lead: bytes, what: NameMark) -> Naming:
    """The names that may stand at a mark, behind what a token writes before it."""
    assert isinstance(way.state, ScopedState)
    return way.state.scope.feed(lead).open(what.role)


def _allow(row: Row, ids: npt.NDArray[np.int64]) -> None:
    """Sets tokens' bits in a row."""
    bits = np.uint32(1) << (ids & 31).astype(np.uint32)
    np.bitwise_or.at(row.view(np.uint32), ids >> 5, bits)


def _after(state: MaskState, token: int) -> MaskState:
    state.commit(token)
    return state
