"""An engine's masks: each is read once, and put together with what a request asks for beside it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from weakref import WeakValueDictionary

from expertserve.decoding.block import AnyText, Blocks
from expertserve.decoding.compile import read_fallback, read_mask, vocabulary_of
from expertserve.decoding.marked import MarkedMask
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import XGRAMMAR, GlrVocabulary, Mask, fallback_mask
from expertserve.grammar.gbnf import parse
from expertserve.grammar.names.scope import scope_of
from expertserve.request import FREE, Constraint


class KeptMasks:
    """Masks in memory. Thread-safe: ms, xgrammar's up to a second, for which no other waits.

    Args:
        tokenizer: The base model's folder.
        size: How many logits the model gives for a token.
        kept: How many masks.
    """

    def __init__(self, tokenizer: Path, size: int, kept: int) -> None:
        self._tokenizer, self._size, self._kept = tokenizer, size, kept
        self._masks: OrderedDict[str, Mask] = OrderedDict()
        self._vocabularies: dict[bool, GlrVocabulary] = {}
        self._blocks: Blocks | None = None
        self._marked: MarkedVocabulary | None = None
        self._lock = threading.Lock()
        self._alone: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    def mask(self, constraint: Constraint) -> Mask:
        """A request's mask.

        Raises:
            GrammarError: The compiled grammar is damaged, or can't be read.
        """
        name = str(constraint.mask or constraint.digest or constraint.engine)
        with self._lock:
            alone = self._alone.setdefault(name, threading.Lock())
        with alone:
            mask = self._masks.get(name) or self._load(constraint)
        with self._lock:
            self._masks[name] = mask
            self._masks.move_to_end(name)
            while len(self._masks) > self._kept:
                self._masks.popitem(last=False)
            if constraint.marks:
                names = scope_of(constraint.names) if constraint.names else None
                ours, marks = self._with_marks(), dict(constraint.marks)
                mask = MarkedMask(mask, ours, marks, constraint.source, names)
            if constraint.reasoning:
                tokens = vocabulary_of(self._tokenizer).tokens
                self._blocks = self._blocks or Blocks(tokens)
                mask = self._blocks.before(mask, constraint.reasoning)
        return mask

    def clear(self) -> None:
        self._masks.clear()

    def _with_marks(self) -> MarkedVocabulary:
        self._marked = self._marked or MarkedVocabulary(vocabulary_of(self._tokenizer))
        return self._marked

    def _load(self, constraint: Constraint) -> Mask:
        if constraint.engine == FREE:
            return AnyText()
        vocabulary, size = vocabulary_of(self._tokenizer), self._size
        marked = bool(constraint.marks)
        if marked:
            ours = self._with_marks()
            vocabulary, size = ours.whole, max(size, ours.words * 32)
        if constraint.mask is None:
            rules = parse(constraint.gbnf, bounded=False)
            return fallback_mask(constraint.engine, rules, vocabulary, size)
        if constraint.engine == XGRAMMAR:
            return read_fallback(constraint.mask, vocabulary)
        with self._lock:
            if marked not in self._vocabularies:
                self._vocabularies[marked] = GlrVocabulary(vocabulary)
        return read_mask(constraint.mask, self._vocabularies[marked])
