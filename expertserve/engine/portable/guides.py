"""Compiled grammars: each is read once, and gives a state for each completion."""

from __future__ import annotations

from pathlib import Path

from expertserve.decoding.kept import KeptMasks
from expertserve.decoding.mask import MaskState
from expertserve.request import Constraint

KEPT = 16
"""Compiled grammars in memory."""


class Guides:
    """An engine's compiled grammars. Thread-safe.

    Args:
        tokenizer: The base model's folder.
        size: How many logits the model gives for a token.
    """

    def __init__(self, tokenizer: Path, size: int) -> None:
        self._masks = KeptMasks(tokenizer, size, KEPT)

    def __call__(self, constraint: Constraint) -> MaskState:
        """A completion's state, where its sentence goes on.

        Raises:
            GrammarError: The compiled grammar is damaged, or can't be read.
        """
        state = self._masks.mask(constraint).start()
        for token in constraint.begun:
            state.commit(token)
        return state
