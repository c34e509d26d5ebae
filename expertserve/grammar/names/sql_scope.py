"""Where a query stands: which SELECT is open, what it named, what its FROM has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from expertserve.grammar.marks import Role
from expertserve.grammar.names.choices import Key, Naming
from expertserve.grammar.names.fit import Chosen, Fit, Quals
from expertserve.grammar.names.relations import Relations
from expertserve.grammar.names.sql_choices import SqlChoices, with_column

_QUOTE, _OPEN, _CLOSE = b"'()"


@dataclass(frozen=True, slots=True)
class _Query:
    """One SELECT.

    Args:
        sets: The sets of tables that FROM may still have.
        quals: What the SELECT list named behind dots.
        entries: What FROM has; None before it.
        outputs: What AS named.
        depth: Parentheses that are open in it.
        where: Whether it stands in WHERE, where it sees the queries around it.
        shut: Whether it stands in GROUP BY or ORDER BY, where nothing sees them.
    """

    sets: int
    quals: Quals = ()
    entries: Chosen | None = None
    outputs: tuple[str, ...] = ()
    depth: int = 0
    where: bool = False
    shut: bool = False


@dataclass(frozen=True, slots=True)
class SqlScope:
    """Reads a query byte by byte, but for the names at marks, which it is told.

    Args:
        choices: The schema's names.
        queries: Those that are open, the innermost last.
        quoted: Whether a string is open.
        word: The word that is being written.
        last: The word before.
    """

    choices: SqlChoices
    queries: tuple[_Query, ...] = ()
    quoted: bool = False
    word: bytes = b""
    last: bytes = b""

    @classmethod
    def over(cls, schema: Relations) -> SqlScope:
        """Before the first word of a query over a schema."""
        return cls(SqlChoices(Fit(schema)))

    def feed(self, data: bytes) -> SqlScope:
        """After some more bytes of what isn't a name."""
        at = self
        for byte in data:
            at = at._fed(byte)
        return at

    def _fed(self, byte: int) -> SqlScope:
        if self.quoted:
            return replace(self, quoted=False) if byte == _QUOTE else self
        if byte == 0x5F or (byte < 0x80 and chr(byte).isalnum()):
            return replace(self, word=self.word + bytes((byte,)))
        at = self._read() if self.word else self
        if byte == _QUOTE:
            return replace(at, quoted=True)
        if byte in (_OPEN, _CLOSE) and at.queries:
            return at._parenthesis(1 if byte == _OPEN else -1)
        return at

    def _parenthesis(self, step: int) -> SqlScope:
        *outer, query = self.queries
        if step < 0 and not query.depth and outer:
            query = outer.pop()
        return replace(self, queries=(*outer, replace(query, depth=query.depth + step)))

    def _read(self) -> SqlScope:
        """After a whole word."""
        word, name = self.word.upper(), self.word.decode()
        at = replace(self, word=b"", last=word)
        if word == b"SELECT":
            fresh = _Query(self.choices.fit.every)
            nested = not at.queries or at.queries[-1].depth
            return replace(at, queries=(*(at.queries if nested else at.queries[:-1]), fresh))
        if not at.queries or at.queries[-1].depth:
            return at
        query = at.queries[-1]
        if self.last == b"AS" and query.entries is None:
            return at._with(replace(query, outputs=(*query.outputs, name)))
        if word in (b"WHERE", b"GROUP", b"ORDER", b"HAVING"):
            shut = word in (b"GROUP", b"ORDER")
            return at._with(replace(query, where=word == b"WHERE", shut=shut))
        return at

    def _with(self, query: _Query) -> SqlScope:
        return replace(self, queries=(*self.queries[:-1], query))

    def open(self, role: Role) -> Naming:
        """The names that may stand at a mark."""
        return Naming.begun(self.choices.find, self._key(role))

    def _key(self, role: Role) -> Key:
        query = self.queries[-1]
        if role == "from":
            return "table", query.sets, query.quals, ()
        if query.entries is None:
            return "star" if role == "star" else "before", query.sets, query.quals
        if role == "sort":
            return "sort", query.entries, query.outputs
        outer: Chosen = ()
        if query.where:
            inner = {name.lower() for name, _ in query.entries}
            for other in self.queries[-2::-1]:
                seen = [e for e in other.entries or () if e[0].lower() not in inner]
                outer, inner = (*outer, *seen), inner | {name.lower() for name, _ in seen}
                if other.shut:
                    break
        return "after", query.entries, outer

    def after(self, known: Key) -> SqlScope:
        """After a name at a mark.

        Args:
            known: As `Naming.ends` has it.
        """
        at = replace(self, word=b"", last=b"")
        query = self.queries[-1]
        kind, *what = cast("tuple[Any, ...]", known or ("",))
        if kind == "from":
            return at._with(replace(query, entries=what[0]))
        if kind == "column":
            return at._with(replace(query, sets=query.sets & self.choices.fit.alone[what[0]]))
        if kind == "qualified":
            return at._with(replace(query, quals=with_column(query.quals, *what)))
        return at
