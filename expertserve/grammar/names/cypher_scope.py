"""Where a Cypher query stands: what its patterns bound, what WITH left, what is returned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from expertserve.grammar.marks import Role
from expertserve.grammar.names.choices import Key, Naming
from expertserve.grammar.names.cypher_choices import AGGREGATE, Bound, CypherChoices, Outputs
from expertserve.grammar.names.graph import Graph

_QUOTES, _ESCAPE = b"'\"", 0x5C


@dataclass(frozen=True, slots=True)
class CypherScope:
    """See `SqlScope`.

    Args:
        choices: The graph's names.
        bound: The variables.
        outputs: What the last WITH or RETURN has so far.
        clause: `WITH` or `RETURN` where one is under way.
        grouped: Whether it has an aggregate or DISTINCT, so that nothing else may be sorted by.
        quote: The quote of an open string; 0 outside of strings.
        escaped: Whether a backslash stands before.
        word: The word that is being written.
        last: The word before.
    """

    choices: CypherChoices
    bound: Bound = ()
    outputs: Outputs = ()
    clause: bytes = b""
    grouped: bool = False
    quote: int = 0
    escaped: bool = False
    word: bytes = b""
    last: bytes = b""

    @classmethod
    def over(cls, graph: Graph) -> CypherScope:
        """Before the first word of a query over a graph."""
        return cls(CypherChoices(graph))

    def feed(self, data: bytes) -> CypherScope:
        """After some more bytes of what isn't a name."""
        at = self
        for byte in data:
            at = at._fed(byte)
        return at

    def _fed(self, byte: int) -> CypherScope:
        if self.quote:
            if self.escaped or byte == _ESCAPE:
                return replace(self, escaped=not self.escaped)
            return replace(self, quote=0) if byte == self.quote else self
        if byte == 0x5F or (byte < 0x80 and chr(byte).isalnum()):
            return replace(self, word=self.word + bytes((byte,)))
        at = self._read() if self.word else self
        return replace(at, quote=byte) if byte in _QUOTES else at

    def _read(self) -> CypherScope:
        """After a whole word."""
        word = self.word.upper()
        at = replace(self, word=b"", last=word)
        if word == b"DISTINCT":
            return replace(at, grouped=True)
        if word == b"WITH" and self.last in (b"STARTS", b"ENDS"):
            return at
        if word in (b"WITH", b"RETURN", b"ORDER", b"LIMIT", b"WHERE") and at.clause == b"WITH":
            at = replace(at, bound=at.outputs, outputs=(), clause=b"", grouped=False)
        if word in (b"WITH", b"RETURN"):
            return replace(at, clause=word, outputs=(), grouped=False)
        return at

    def open(self, role: Role) -> Naming:
        """The names that may stand at a mark."""
        return Naming.begun(self.choices.find, self._key(role))

    def _key(self, role: Role) -> Key:
        if role == "item":
            return "item", self.bound, self.outputs, self.clause == b"WITH"
        if role == "sort":
            return "sort", self.bound, self.outputs, self.grouped
        if role in ("path", "any", "held"):
            return role, self.bound
        return "value", self.bound, role

    def after(self, known: Key) -> CypherScope:
        """After a name at a mark."""
        at = replace(self, word=b"", last=b"")
        kind, *what = cast("tuple[Any, ...]", known or ("",))
        if kind == "bound":
            return replace(at, bound=what[0])
        if kind == "item":
            outputs = (*at.outputs, (what[0], what[1], what[2]))
            return replace(at, outputs=outputs, grouped=at.grouped or what[2] == AGGREGATE)
        return at
