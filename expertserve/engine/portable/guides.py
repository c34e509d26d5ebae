"""Compiled grammars: each is read once, and gives a state for each completion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expertserve.decoding.kept import KeptMasks
from expertserve.decoding.line import GrammarLine
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
        self._size = size

    def __call__(self, constraint: Constraint, ends: Sequence[int]) -> GrammarLine:
        """A completion's place in its sentence.

        Raises:
            GrammarError: The compiled grammar is damaged, or can't be read.
        """
        mask = self._masks.mask(constraint)
        return GrammarLine(mask, ends, constraint.begun, size=self._size)
