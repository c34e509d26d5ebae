"""Masks of names: which tokens may write what a schema has at a mark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from expertserve.decoding.marked_vocabulary import LONGEST, MarkedVocabulary
from expertserve.decoding.mask import MaskState, Row
from expertserve.grammar.names.choices import Key, NamePlace, Naming
from expertserve.grammar.names.scope import Scope

MOST_ROWS = 500
"""Rows that are kept; each takes some kilobytes."""


class ScopedState:
    """A mask's state with what the query named beside it; see `MaskState`."""

    def __init__(self, state: MaskState, scope: Scope, vocabulary: MarkedVocabulary) -> None:
        self._state, self.scope, self._vocabulary = state, scope, vocabulary

    def fill(self, row: Row) -> None:
        self._state.fill(row)

    def commit(self, token: int) -> bool:
        self.scope = self.scope.feed(self._vocabulary.whole.tokens.get(token, b""))
        return self._state.commit(token)

    @property
    def accepting(self) -> bool:
        return self._state.accepting

    def copy(self) -> Self:
        return type(self)(self._state.copy(), self.scope, self._vocabulary)

    def knowing(self, known: Key) -> Self:
        """The same place behind a name; the two share the mask's state."""
        return type(self)(self._state, self.scope.after(known), self._vocabulary)


@dataclass(frozen=True, slots=True)
class NameRow:
    """Tokens at a place of the graph of names.

    Args:
        row: Those that write names, or parts of them.
        crossed: What a name ends with, where tokens go on behind it.
    """

    row: Row
    crossed: tuple[bytes, ...]


class NameRows:
    """The tokens at places of a graph of names, kept."""

    def __init__(self, vocabulary: MarkedVocabulary) -> None:
        self._vocabulary = vocabulary
        self._known: dict[tuple[NamePlace, bytes, bytes, int], NameRow] = {}

    def at(self, naming: Naming, lead: bytes, words: int) -> list[NameRow]:
        """By each way of reading what is written of the name.

        Args:
            lead: What tokens write before it.
            words: Of a row.
        """
        return [self._row(naming, c, begun, lead, words) for c, begun in naming.threads]

    def _row(
        self, naming: Naming, choice: NamePlace, begun: bytes, lead: bytes, words: int
    ) -> NameRow:
        key = (choice, begun, lead, words)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST_ROWS:
                self._known.clear()
            found: set[int] = set()
            crossed: list[bytes] = []
            self._collect(naming, choice, begun, lead, found, crossed)
            known = self._known[key] = NameRow(packed(found, words), tuple(crossed))
        return known

    def _collect(
        self,
        naming: Naming,
        choice: NamePlace,
        begun: bytes,
        lead: bytes,
        found: set[int],
        crossed: list[bytes],
    ) -> None:
        size = len(lead)
        for option in choice.beginning(begun):
            text = lead + option[len(begun) :]
            for token, length in self._vocabulary.beginning(text[:LONGEST], False):
                if length > size:
                    found.add(token)
            if len(text) < LONGEST and self._vocabulary.crossing(text) is not None:
                behind = naming.find(choice.options[option])
                if behind.ends is not None:
                    crossed.append(text)
                self._collect(naming, behind, b"", text, found, crossed)


def packed(ids: Iterable[int], words: int) -> Row:
    """A row of so many words in which these tokens are allowed."""
    bits = np.zeros(words * 32, dtype=bool)
    bits[[i for i in ids if i < len(bits)]] = True
    return np.packbits(bits, bitorder="little").view(np.int32)
