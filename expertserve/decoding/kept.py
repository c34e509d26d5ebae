"""An engine's masks: each is read once, and put together with what a request asks for beside it."""

from __future__ import annotations

import os
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from expertserve.decoding.block import AnyText, Blocks
from expertserve.decoding.compile import read_fallback, read_mask, vocabulary_of
from expertserve.decoding.marked import MarkedMask
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import XGRAMMAR, GlrVocabulary, Mask, XVocabulary, fallback_mask
from expertserve.grammar.gbnf import parse
from expertserve.grammar.names.scope import scope_of
from expertserve.request import FREE, Constraint

MOST_BYTES = 512 << 20
"""Of masks in memory: callers may send grammars of their own."""
UNPACKED = 8
"""A mask by xgrammar is so many times its file."""
NICE = 10


class KeptMasks:
    """Masks in memory. Thread-safe: ms, xgrammar's up to a second, for which no other waits.

    Args:
        tokenizer: The base model's folder.
        size: How many logits the model gives for a token.
        kept: How many masks, and not more than `MOST_BYTES` of them.
    """

    def __init__(self, tokenizer: Path, size: int, kept: int) -> None:
        self._tokenizer, self._size, self._kept = tokenizer, size, kept
        self._masks: OrderedDict[str, tuple[Mask, int]] = OrderedDict()
        self._vocabularies: dict[bool, GlrVocabulary] = {}
        self._fallback: dict[bool, XVocabulary] = {}
        self._reader = ThreadPoolExecutor(1, "expertserve-reader", _step_back)
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
            kept = self._masks.get(name) or (self._load(constraint), _bytes(constraint))
        mask, _ = kept
        with self._lock:
            self._keep(name, kept)
            if constraint.marks:
                names = scope_of(constraint.names) if constraint.names else None
                ours, marks = self._with_marks(), dict(constraint.marks)
                mask = MarkedMask(mask, ours, marks, constraint.source, names)
            if constraint.reasoning:
                tokens = vocabulary_of(self._tokenizer).tokens
                self._blocks = self._blocks or Blocks(tokens)
                mask = self._blocks.before(mask, constraint.reasoning)
        return mask

    def _keep(self, name: str, kept: tuple[Mask, int]) -> None:
        """As the one that was used last; the others go in the order of their last use."""
        self._masks[name] = kept
        self._masks.move_to_end(name)
        total = sum(size for _, size in self._masks.values())
        while len(self._masks) > self._kept or (total > MOST_BYTES and len(self._masks) > 1):
            _, (_, size) = self._masks.popitem(last=False)
            total -= size

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
            with self._lock:
                if marked not in self._fallback:
                    self._fallback[marked] = XVocabulary(vocabulary)
            read = self._reader.submit(read_fallback, constraint.mask, self._fallback[marked])
            return read.result()
        with self._lock:
            if marked not in self._vocabularies:
                self._vocabularies[marked] = GlrVocabulary(vocabulary)
        return read_mask(constraint.mask, self._vocabularies[marked])


def _bytes(constraint: Constraint) -> int:
    """What its mask takes in memory, about; 0 of one that comes from no file."""
    if constraint.mask:
        with suppress(OSError):  # the cache was emptied right now
            size = constraint.mask.stat().st_size
            return size * UNPACKED if constraint.engine == XGRAMMAR else size
    return 0


def _step_back() -> None:
    """This thread runs where others leave time: what it reads takes a core for half a second."""
    if sys.platform == "linux":  # where priorities are a thread's own
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
