"""A place in a sentence that drafts move on and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expertserve.decoding.drafts.desk import WIDEST
from expertserve.decoding.mask import Mask, MaskState, Row


class GrammarLine:
    """A completion's place in its sentence. Tokens that end it are allowed where it is complete.

    Args:
        ends: Those tokens.
        begun: Tokens of the sentence that the prompt ends with already.
        size: Of the logits.
    """

    def __init__(
        self, mask: Mask, ends: Sequence[int], begun: Sequence[int] = (), *, size: int
    ) -> None:
        self._mask = mask
        self._words = (size + 31) // 32
        self._begun = begun
        self._ends = frozenset(ends)
        self._bits = [(e >> 5, np.uint32(1 << (e & 31))) for e in ends]
        self.reset()

    def reset(self) -> None:
        self._start()
        self.length = 0
        """Tokens of the text. Those behind them were drafted, and may come again."""
        self._rows: dict[int, Row] = {}

    def _start(self) -> None:
        self._state: MaskState = self._mask.start()
        for token in self._begun:
            self._state.commit(token)
        self._taken: list[int] = []

    def accept(self, tokens: Sequence[int]) -> bool:
        """Takes tokens of the text. False at one that may not come."""
        for token in tokens:
            if self.is_terminated():
                return True
            if self.length == len(self._taken) or self._taken[self.length] != token:
                self._stand()
                if not self._commit(token):
                    return False
                self._taken.append(token)
            self.length += 1
        return True

    def _commit(self, token: int) -> bool:
        return self._state.accepting if token in self._ends else self._state.commit(token)

    def _stand(self) -> None:
        """Moves the state to where the text ends.

        A rollback alone moves nothing: mostly the same tokens come again. Copies of the state would
        cost more than replaying some fifty tokens.
        """
        if len(self._taken) == self.length:
            return
        kept = self._taken[: self.length]
        self._rows = {place: row for place, row in self._rows.items() if place <= self.length}
        self._start()
        for token in kept:
            self._commit(token)
        self._taken = kept

    def rollback(self, num_tokens: int) -> None:
        self.length -= num_tokens

    def take(self, token: int) -> bool:
        """Takes a drafted token where the mask has it."""
        row = self.row()
        allowed = bool(row.view(np.uint32)[token >> 5] >> np.uint32(token & 31) & 1)
        return allowed and self.accept([token])

    def row(self) -> Row:
        """The mask of what may come next; kept until the state moves on from its place."""
        row = self._rows.get(self.length)
        if row is None:
            row = np.zeros(self._words, dtype=np.int32)
            self._fill(row)
            if len(self._rows) > 2 * WIDEST:
                oldest = self.length - WIDEST
                self._rows = {p: row for p, row in self._rows.items() if p > oldest}
            self._rows[self.length] = row
        return row

    def fill(self, row: Row) -> None:
        """Writes that mask."""
        known = self._rows.get(self.length)
        if known is None:
            self._fill(row)
        else:
            row[:] = known

    def forced(self) -> list[int]:
        """Tokens of the text that is the only way on. Takes as long as a hundred tokens."""
        self._stand()
        find = getattr(self._state, "forced", None)  # not every mask engine tells
        return find() if find else []

    def _fill(self, row: Row) -> None:
        self._stand()
        self._state.fill(row)
        words = row.view(np.uint32)
        accepting = self._state.accepting
        for word, bit in self._bits:
            words[word] = words[word] | bit if accepting else words[word] & ~bit

    def is_terminated(self) -> bool:
        return self.length > 0 and self._taken[self.length - 1] in self._ends
