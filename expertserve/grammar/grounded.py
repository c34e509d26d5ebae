"""The recogniser of grammars with marks: spans of a source, names of a schema, and tokens.

What a text may be so far is a set of ways: the grammar's own cursor outside the marks; inside a
span the cursor behind it with the places in the source; inside a name the cursor behind it with the
names that begin so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar.earley import Automaton
from expertserve.grammar.marks import (
    Meaning,
    NameMark,
    SourceMark,
    TokenMark,
    meaning,
    without,
)
from expertserve.grammar.names.choices import Key, Naming
from expertserve.grammar.names.cursor import ScopedCursor, scope_at
from expertserve.grammar.names.scope import Scope
from expertserve.grammar.recognise import Cursor, Grammar
from expertserve.grammar.spans import Places, spans_of
from expertserve.grammar.tree import MARKS

RESERVED = chr(MARKS[0]).encode()[0]
"""The byte with which a mark's character begins."""
MOST_WAYS = 64
"""How many ways a text is read; only very ambiguous grammars get there."""
Meanings = Mapping[str, Meaning]
"""A mark's character → what it means, tokens by their ids."""


class GroundedGrammar(Grammar):
    """A grammar with marks, over a source.

    Args:
        grammar: Its rules are shared.
        meanings: Of its marks.
        source: What spans are taken from.
        spelt: What an ordinary token writes, by its id.
        names: What names are taken from, before the first word.

    Raises:
        GrammarError: `derives_nothing`: every sentence needs a span, and the source has none.

    Example:
        >>> grammar = Grammar.from_gbnf('root ::= "name: " <source>')
        >>> grounded = GroundedGrammar.over(grammar, "I am Ana Gil.")
        >>> grounded.accepts("name: Ana Gil"), grounded.accepts("name: Anna")
        (True, False)
    """

    def __init__(
        self,
        grammar: Grammar,
        meanings: Meanings,
        source: str,
        spelt: Mapping[int, bytes],
        names: Scope | None = None,
    ) -> None:
        self.rules, self.program = grammar.rules, grammar.program
        self.digest, self.marks = grammar.digest, grammar.marks  # of large rules in milliseconds
        self._automaton = grammar._automaton
        self.meanings = meanings
        self.source = source
        self.spelt = spelt
        self.names = names
        self.spans = {
            char: spans_of(source, mark)
            for char, mark in meanings.items()
            if isinstance(mark, SourceMark)
        }

    @classmethod
    def over(
        cls,
        grammar: Grammar,
        source: str,
        *,
        ids: Mapping[str, int] | None = None,
        spelt: Mapping[int, bytes] | None = None,
        names: Scope | None = None,
    ) -> Grammar:
        """The grammar over a source; itself where it has no marks.

        Args:
            ids: Of the tokens that it names.
            names: See the class.

        Raises:
            ConfigError: `no_schema`: it names a schema's names, and there is no schema.
        """
        if not grammar.marks:
            return grammar
        found: dict[str, Meaning] = {}
        empty: dict[str, Meaning] = {}
        for mark in grammar.marks:
            what = meaning(mark.what)
            assert what is not None
            if isinstance(what, TokenMark) and what.id is None:
                what = TokenMark((ids or {})[what.name], what.name, what.other)
            found[mark.text] = what
            if isinstance(what, NameMark) and names is None:
                raise ConfigError(f"{what} needs schema=", code="no_schema")
            if isinstance(what, SourceMark) and not spans_of(source, what).starts:
                empty[mark.what] = what
        if empty:
            try:
                grammar = Grammar(without(grammar.rules, empty))
            except GrammarError as error:
                raise GrammarError(
                    f"the source has nothing for {', '.join(empty)}, and every sentence needs it",
                    hint="let the value be null, too, or leave ground out",
                    code="nothing_to_ground",
                ) from error
        return cls(grammar, found, source, spelt or {}, names)

    @property
    def numbered(self) -> dict[int, Meaning]:
        """What marks mean, by their numbers."""
        return {ord(char) - MARKS[0]: what for char, what in self.meanings.items()}

    @property
    def min_chars(self) -> int:
        return len(self.shortest_completion("") or "")

    def start(self) -> GroundedCursor:
        first = super().start()
        if self.names:
            first = ScopedCursor(self._automaton, self._automaton.first, b"", self.names)
        return GroundedCursor(self, self._automaton, [first], {}, [])

    def accepts(self, text: str) -> bool:
        cursor = self.start()
        return cursor.feed(text.encode()) and cursor.complete

    def is_prefix(self, text: str) -> bool:
        return self.start().feed(text.encode())

    def some_token(self, what: TokenMark) -> int | bytes:
        """A token that the mark stands for."""
        if not what.other:
            assert what.id is not None
            return what.id
        return next((i for i, data in self.spelt.items() if data.isalnum() and i != what.id), b"a")

    def shortest_completion(self, prefix: str) -> str | None:
        cursor = self.start()
        return cursor.ending() if cursor.feed(prefix.encode()) else None


_Key = tuple[int, str, int]
_Inside = tuple[Cursor, Places]
_Named = tuple[Cursor, Naming]
_Ways = dict[_Key, _Inside]
"""(the set behind the span, its mark, bytes written of it) → the cursor there, and the places."""


class GroundedCursor(Cursor):
    """A position in a growing text, see `Cursor`.

    Args:
        outside: Cursors of the grammar's own, none of them inside a span.
        inside: Spans that are open.
        named: Names that are.
    """

    __slots__ = ("_grammar", "_inside", "_named", "_outside")

    def __init__(
        self,
        grammar: GroundedGrammar,
        automaton: Automaton,
        outside: list[Cursor],
        inside: _Ways,
        named: list[_Named],
    ) -> None:
        super().__init__(automaton, automaton.first)
        self._grammar, self._outside = grammar, outside
        self._inside, self._named = inside, named

    def copy(self) -> GroundedCursor:
        outside = [c.copy() for c in self._outside]
        return GroundedCursor(self._grammar, self._automaton, outside, self._inside, self._named)

    @property
    def dead(self) -> bool:
        return not self._outside and not self._inside and not self._named

    @property
    def complete(self) -> bool:
        return any(cursor.complete for cursor in self._outside)

    def feed(self, data: bytes) -> bool:
        if RESERVED in data:
            self._outside, self._inside, self._named = [], {}, []
        for place in range(len(data)):
            if self.dead:
                return False
            self._feed_byte(data[place : place + 1])
        return not self.dead

    def take(self, token: int, data: bytes | None) -> bool:
        behind = [
            after
            for cursor in self._outside
            for char, after in self._marks(cursor)
            if _is_token(self._grammar.meanings[char], token)
        ]
        if data is None:
            self._outside, self._inside, self._named = [], {}, []
        else:
            self.feed(data)
        self._outside = _distinct([*self._outside, *behind])
        return not self.dead

    def _marks(self, cursor: Cursor) -> Iterator[tuple[str, Cursor]]:
        """The marks that may come next, with the cursor behind each."""
        if cursor._pending:
            return
        for char in self._grammar.meanings:
            after = cursor.copy()
            if after.feed(char.encode()):
                yield char, after

    def _feed_byte(self, byte: bytes) -> None:
        outside: list[Cursor] = []
        inside: _Ways = {}
        named = list(self._named)
        for cursor in self._outside:
            for char, after in self._marks(cursor):
                what = self._grammar.meanings[char]
                if isinstance(what, SourceMark):
                    _add(inside, char, 1, after, self._grammar.spans[char].begin(byte))
                elif isinstance(what, NameMark):
                    named.append((after, scope_at(after).open(what.role)))
            if cursor.feed(byte):
                outside.append(cursor)
        for (_, char, written), (after, places) in self._inside.items():
            found = self._grammar.spans[char].go_on(places, written, byte)
            _add(inside, char, written + 1, after, found)
        for (_, char, written), (after, places) in inside.items():
            if self._grammar.spans[char].may_end(places, written):
                outside.append(after.copy())
        self._named = []
        for after, naming in named:
            stepped = naming.step(byte)
            if stepped is not None:
                self._named.append((after, stepped))
                outside += (_behind(after, known) for known in stepped.ends)
        self._outside, self._inside = _distinct(outside)[:MOST_WAYS], inside

    # Endings

    def ending_pieces(self) -> list[bytes | int] | None:
        ways = [
            self._filled(ending, c)
            for c in self._outside
            if (ending := c.ending_bytes()) is not None
        ]
        for (_, char, written), (after, places) in self._inside.items():
            rest = self._grammar.spans[char].rest(places, written)
            ways.append([rest, *self._filled(after.ending_bytes() or b"", after)])
        for after, naming in self._named:
            rest, known = naming.rest()
            behind = _behind(after, known)
            ways.append([rest, *self._filled(behind.ending_bytes() or b"", behind)])
        return min(ways, key=self._size, default=None)

    def _size(self, pieces: list[bytes | int]) -> int:
        return sum(len(p) if isinstance(p, bytes) else 1 for p in pieces)

    def _filled(self, ending: bytes, cursor: Cursor) -> list[bytes | int]:
        """An ending with something in the place of each mark.

        Args:
            cursor: Where it begins.
        """
        if RESERVED not in ending:
            return [ending]
        scope = scope_at(cursor) if self._grammar.names else None
        pieces: list[bytes | int] = []
        for char in ending.decode(errors="surrogateescape"):
            piece: bytes | int = char.encode(errors="surrogateescape")
            what = self._grammar.meanings.get(char)
            if isinstance(what, TokenMark):
                piece = self._grammar.some_token(what)
            elif isinstance(what, NameMark):
                assert scope is not None
                piece, known = scope.open(what.role).rest()
                scope = scope.after(known)
            elif what is not None:
                piece = self._grammar.spans[char].shortest
            elif scope is not None:
                scope = scope.feed(char.encode(errors="surrogateescape"))
            if pieces and isinstance(piece, bytes) and isinstance(pieces[-1], bytes):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        return pieces

    def ending_bytes(self) -> bytes | None:
        pieces = self.ending_pieces()
        if pieces is None:
            return None
        spelt = self._grammar.spelt
        return b"".join(p if isinstance(p, bytes) else spelt.get(p, b"") for p in pieces)

    def ending(self) -> str | None:
        found = self.ending_bytes()
        return None if found is None else found.decode(errors="replace")

    def ending_chars(self) -> int | None:
        found = self.ending()
        return None if found is None else len(found)


def _add(ways: _Ways, char: str, written: int, after: Cursor, places: Places) -> None:
    if not places or len(ways) >= MOST_WAYS:
        return
    key = (id(after._set), char, written)
    known = ways.get(key)
    both = places if known is None else tuple(dict.fromkeys((*known[1], *places)))
    ways[key] = after, both


def _distinct(cursors: list[Cursor]) -> list[Cursor]:
    return list({(id(c._set), c._pending, *c.beside): c for c in cursors}.values())


def _behind(cursor: Cursor, known: Key) -> Cursor:
    """Behind a name, where more is known."""
    found = cursor.copy()
    assert isinstance(found, ScopedCursor)
    found.scope = found.scope.after(known)
    return found


def _is_token(what: Meaning, token: int) -> bool:
    return isinstance(what, TokenMark) and (token == what.id) != what.other
