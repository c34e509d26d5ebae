"""A request's grammar → what narrows each completion's tokens, compiled once for each grammar and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from expertserve.errors import GrammarError
from expertserve.grammar.compile import read_mask
from expertserve.grammar.gbnf import parse
from expertserve.grammar.mask import GlrMask, GlrVocabulary, Mask, State, XMask
from expertserve.grammar.vocabulary import Vocabulary
from expertserve.request import Constraint

KEPT = 16
"""Compiled grammars in memory."""


class Guides:
    """The compiled grammars of one engine. Thread-safe; compiling takes from milliseconds (found in the cache) to seconds.

    Args:
        tokenizer: The base model's folder.
        size: How many logits the model gives for a token.
    """

    def __init__(self, tokenizer: Path, size: int) -> None:
        self._tokenizer = tokenizer
        self._size = size
        self._vocabulary: tuple[Vocabulary, GlrVocabulary] | None = None
        self._masks: OrderedDict[str, tuple[Mask, bool]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, constraint: Constraint) -> State:
        """A completion's state, at the beginning of its sentence.

        Raises:
            GrammarError: No mask engine can compile the grammar.
        """
        with self._lock:
            held = self._masks.get(constraint.digest)
            better = constraint.mask is not None and constraint.mask.exists()
            if held is None or (better and not held[1]):
                held = self._masks[constraint.digest] = self._compile(constraint)
            self._masks.move_to_end(constraint.digest)
            while len(self._masks) > KEPT:
                self._masks.popitem(last=False)
            return held[0].start()

    def _compile(self, constraint: Constraint) -> tuple[Mask, bool]:
        """A mask, and whether it is the best there can be: from the cache, else made quickly."""
        if self._vocabulary is None:
            read = Vocabulary.read(self._tokenizer)
            self._vocabulary = (read, GlrVocabulary(read))
        vocabulary, own = self._vocabulary
        cached = read_mask(constraint.mask, own) if constraint.mask is not None else None
        if cached is not None:
            return cached, True
        rules = parse(constraint.gbnf)
        try:
            return GlrMask.compile(rules, own, "quick"), False
        except GrammarError:
            return XMask(rules, vocabulary, self._size), True
