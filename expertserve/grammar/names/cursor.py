"""A recogniser's cursor with what a query named beside it."""

from __future__ import annotations

from collections.abc import Hashable

from expertserve.grammar.earley import Automaton, Set
from expertserve.grammar.names.scope import Scope
from expertserve.grammar.recognise import Cursor


class ScopedCursor(Cursor):
    """See `Cursor`; names at marks aren't fed but told to its scope.

    Args:
        scope: What is known before the next byte.
    """

    __slots__ = ("scope",)

    def __init__(self, automaton: Automaton, at: Set | None, pending: bytes, scope: Scope) -> None:
        super().__init__(automaton, at, pending)
        self.scope = scope

    def copy(self) -> ScopedCursor:
        return ScopedCursor(self._automaton, self._set, self._pending, self.scope)

    def feed(self, data: bytes) -> bool:
        if data.isascii():  # a mark is none of the text
            self.scope = self.scope.feed(data)
        return super().feed(data)

    @property
    def beside(self) -> tuple[Hashable, ...]:
        return (self.scope,)


def scope_at(cursor: Cursor) -> Scope:
    """What is known at a cursor that has a scope."""
    assert isinstance(cursor, ScopedCursor)
    return cursor.scope
