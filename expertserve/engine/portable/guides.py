"""Compiled grammars: each is read once, and gives a state for each completion."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from expertserve.decoding.block import AnyText, Blocks
from expertserve.decoding.compile import read_mask
from expertserve.decoding.mask import GlrVocabulary, Mask, MaskState, fallback_mask
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.gbnf import parse
from expertserve.request import FREE, Constraint

KEPT = 16
"""Compiled grammars in memory."""


class Guides:
    """An engine's compiled grammars. Thread-safe; reading takes ms, xgrammar seconds.

    Args:
        tokenizer: The base model's folder.
        size: How many logits the model gives for a token.
    """

    def __init__(self, tokenizer: Path, size: int) -> None:
        self._tokenizer = tokenizer
        self._size = size
        self._vocabulary: Vocabulary | None = None
        self._blocks: Blocks | None = None
        self._own: GlrVocabulary | None = None
        self._masks: OrderedDict[str, Mask] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, constraint: Constraint) -> MaskState:
        """A completion's state, where its sentence goes on.

        Raises:
            GrammarError: The compiled grammar is damaged, or can't be read.
        """
        name = str(constraint.mask or constraint.digest)
        with self._lock:
            mask = self._masks.get(name) or self._load(constraint)
            self._masks[name] = mask
            self._masks.move_to_end(name)
            while len(self._masks) > KEPT:
                self._masks.popitem(last=False)
            if constraint.reasoning:
                self._blocks = self._blocks or Blocks(self._read().tokens)
                mask = self._blocks.before(mask, constraint.reasoning)
        state = mask.start()
        for token in constraint.begun:
            state.commit(token)
        return state

    def _read(self) -> Vocabulary:
        self._vocabulary = self._vocabulary or Vocabulary.read(self._tokenizer)
        return self._vocabulary

    def _load(self, constraint: Constraint) -> Mask:
        if constraint.engine == FREE:
            return AnyText()
        vocabulary = self._read()
        if constraint.mask is None:
            rules = parse(constraint.gbnf, bounded=False)
            return fallback_mask(constraint.engine, rules, vocabulary, self._size)
        self._own = self._own or GlrVocabulary(vocabulary)
        return read_mask(constraint.mask, self._own)
