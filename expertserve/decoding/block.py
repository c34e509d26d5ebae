"""The block of reasoning that may stand before an answer: where it begins, ends, and is cut.

It is a state in front of the grammar's: before the block and behind it the grammar's mask holds,
inside any text does. When its tokens are spent, the closing tag is the only way on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cached_property
from typing import Literal

import numpy as np

from expertserve.decoding.mask import Mask, MaskState, Row
from expertserve.request import ReasoningRule

NEWLINES = 2
"""Newlines behind the closing tag that are the block's, not the answer's."""
Phase = Literal["start", "opening", "inside", "after", "answer"]


class Block:
    """One completion's tokens, as far as they are its block's.

    Where a tag is one token of the tokenizer's, that token alone counts, and not the same
    characters spelled by others; else its bytes do, however they are spelled.

    Attributes:
        spent: Tokens of the block.
        tail: Bytes of the closing tag that stand at the end.
        newlines: How many may still follow the closing tag.
        begin, end: Bytes of the block before its thought, and up to the closing tag.
        size: Bytes of the block, tags included.
    """

    def __init__(self, rule: ReasoningRule, tokens: Mapping[int, bytes]) -> None:
        self.rule = rule
        self._tokens = tokens
        self._open, self._close = rule.open.encode(), rule.close.encode()
        self.phase: Phase = "inside" if rule.begun else "start"
        self.held = b""
        self.spent = self.tail = self.newlines = self.begin = self.size = 0
        self.end: int | None = None

    def take(self, token: int) -> bool:
        """Whether the token is the block's, or may be; from the first that isn't, none is."""
        if self.phase == "answer":
            return False
        data = self._tokens.get(token, b"")
        if self.phase == "inside":
            self._think(token, data)
        elif not (self._skip(data) if self.phase == "after" else self._begin(token, data)):
            self.phase = "answer"
            return False
        self.spent += 1
        return True

    def written(self, token: int) -> bytes:
        """What a token of the block writes, a tag included that is one token."""
        if token == self.rule.open_id:
            return self._open
        return self._close if token == self.rule.close_id else self._tokens.get(token, b"")

    def _begin(self, token: int, data: bytes) -> bool:
        if self.rule.open_id is not None:
            if token != self.rule.open_id:
                return False
            self.phase, self.begin, self.size = "inside", len(self._open), len(self._open)
            return True
        whole = self.held + data
        if not data or not (self._open.startswith(whole) or whole.startswith(self._open)):
            return False
        if len(whole) < len(self._open):
            self.phase, self.held = "opening", whole
            self.size += len(data)
            return True
        self.phase, self.begin, self.size = "inside", len(self._open), len(self._open)
        self._think(-1, whole[len(self._open) :])
        return True

    def _think(self, token: int, data: bytes) -> None:
        if self.rule.close_id is not None:
            if token == self.rule.close_id:
                self.phase, self.end, self.newlines = "after", self.size, NEWLINES
            self.size += len(self.written(token)) if token >= 0 else len(data)
            return
        window = self._close[: self.tail] + data
        self.size += len(data)
        rest = closed(window, self._close)
        if rest is None:
            self.tail = _overlap(window, self._close)
            return
        self.phase, self.tail, self.newlines = "after", 0, NEWLINES - rest
        self.end = self.size - rest - len(self._close)

    def _skip(self, data: bytes) -> bool:
        if not data or data.strip(b"\n") or len(data) > self.newlines:
            return False
        self.newlines -= len(data)
        self.size += len(data)
        return True


def closed(window: bytes, close: bytes) -> int | None:
    """How many newlines follow the closing tag that ends a text; None where none ends it."""
    bare = window.rstrip(b"\n")
    rest = len(window) - len(bare)
    return rest if rest <= NEWLINES and bare.endswith(close) else None


def _overlap(window: bytes, close: bytes) -> int:
    return next(
        n for n in range(min(len(close) - 1, len(window)), -1, -1) if window.endswith(close[:n])
    )


class BlockRows:
    """What a block's tags allow of a vocabulary, as rows of masks; shared by all requests."""

    def __init__(self, rule: ReasoningRule, tokens: Mapping[int, bytes]) -> None:
        self._rule, self._tokens = rule, tokens
        self._open, self._close = rule.open.encode(), rule.close.encode()
        self._rows: dict[tuple[object, ...], Row] = {}
        self._barred: dict[int, frozenset[int]] = {}

    @cached_property
    def _ending(self) -> list[tuple[int, bytes]]:
        """Tokens in which the closing tag may end."""
        return [(i, data) for i, data in self._tokens.items() if self._close[-1:] in data]

    def barred(self, tail: int) -> frozenset[int]:
        """Tokens that would end the closing tag and go on with something else than newlines."""
        if self._rule.close_id is not None:
            return frozenset()
        if tail not in self._barred:
            head = self._close[:tail]
            self._barred[tail] = frozenset(
                i
                for i, data in self._ending
                if self._close in head + data and closed(head + data, self._close) is None
            )
        return self._barred[tail]

    def thinks(self, token: int, tail: int) -> bool:
        """Whether a token may stand in the thought."""
        if token == self._rule.close_id:
            return True
        return bool(self._tokens.get(token)) and token not in self.barred(tail)

    def inside(self, tail: int, words: int) -> Row:
        own = () if self._rule.close_id is None else (self._rule.close_id,)
        return self._row(
            ("inside", tail, words),
            lambda: [
                *(i for i, data in self._tokens.items() if data and i not in self.barred(tail)),
                *own,
            ],
        )

    def opening(self, held: bytes, words: int) -> Row:
        if self._rule.open_id is not None:
            found = [] if held else [self._rule.open_id]
            return self._row(("opening", held, words), lambda: found)
        left = self._open[len(held) :]
        return self._row(
            ("opening", held, words),
            lambda: [
                i
                for i, data in self._tokens.items()
                if data and (left.startswith(data) or data.startswith(left))
            ],
        )

    def newlines(self, count: int, words: int) -> Row:
        wanted = [b"\n" * n for n in range(1, count + 1)]
        return self._row(
            ("newlines", count, words),
            lambda: [i for i, data in self._tokens.items() if data in wanted],
        )

    def _row(self, key: tuple[object, ...], ids: Callable[[], Iterable[int]]) -> Row:
        if key not in self._rows:
            words = key[-1]
            assert isinstance(words, int)
            bits = np.zeros(words * 32, dtype=bool)
            bits[[i for i in ids() if i < len(bits)]] = True
            self._rows[key] = np.packbits(bits, bitorder="little").view(np.int32)
        return self._rows[key]


class BlockState:
    """Where one request stands: in its block, or in the sentence behind it.

    Args:
        start: Makes a state at the beginning of the sentence.
    """

    def __init__(
        self,
        rule: ReasoningRule,
        tokens: Mapping[int, bytes],
        rows: BlockRows,
        start: Callable[[], MaskState],
    ) -> None:
        self._rule, self._rows, self._start = rule, rows, start
        self._block = Block(rule, tokens)
        self._sentence: MaskState | None = start()
        self._forced: tuple[int, ...] = ()

    def fill(self, row: Row) -> None:
        block = self._block
        if block.phase == "inside":
            self._fill_inside(row)
            return
        if self._sentence is None:
            row.fill(0)
        else:
            self._sentence.fill(row)
        if block.phase in ("start", "opening"):
            row |= self._rows.opening(block.held, len(row))
        elif block.phase == "after":
            row |= self._rows.newlines(block.newlines, len(row))

    def _fill_inside(self, row: Row) -> None:
        if forced := self._due():
            row.fill(0)
            row.view(np.uint32)[forced[0] >> 5] = np.uint32(1 << (forced[0] & 31))
        else:
            row[:] = self._rows.inside(self._block.tail, len(row))

    def _due(self) -> tuple[int, ...]:
        """The tokens that close the block, once no others fit into its budget."""
        left = self._rule.budget - self._block.spent
        if not self._forced and left <= self._rule.reserve:
            self._forced = self._rule.closings[self._block.tail]
        return self._forced

    def commit(self, token: int) -> bool:
        block = self._block
        if block.phase == "inside":
            forced = self._due()
            if token != forced[0] if forced else not self._rows.thinks(token, block.tail):
                return False
            self._forced = forced[1:]
            return block.take(token)
        before = block.phase
        belongs = block.take(token)
        if before in ("start", "opening"):
            if belongs and block.phase not in ("start", "opening"):
                self._sentence = self._start()
                return True
            if self._sentence is not None and not self._sentence.commit(token):
                self._sentence = None
            return belongs or self._sentence is not None
        return belongs or (self._sentence is not None and self._sentence.commit(token))

    @property
    def accepting(self) -> bool:
        return (
            self._block.phase != "inside"
            and self._sentence is not None
            and self._sentence.accepting
        )

    def copy(self) -> BlockState:
        made = copy(self)
        made._block = copy(self._block)
        made._sentence = self._sentence.copy() if self._sentence else None
        return made


class BlockMask:
    """A mask with a block of reasoning before its sentences."""

    def __init__(
        self, rule: ReasoningRule, tokens: Mapping[int, bytes], rows: BlockRows, mask: Mask
    ) -> None:
        self._rule, self._tokens, self._rows, self._mask = rule, tokens, rows, mask

    def start(self) -> BlockState:
        return BlockState(self._rule, self._tokens, self._rows, self._mask.start)


class Blocks:
    """Puts blocks before an engine's masks; the rows of each pair of tags are made once."""

    def __init__(self, tokens: Mapping[int, bytes]) -> None:
        self._tokens = tokens
        self._rows: dict[tuple[object, ...], BlockRows] = {}

    def before(self, mask: Mask, rule: ReasoningRule | None) -> Mask:
        if rule is None:
            return mask
        tags = (rule.open, rule.close, rule.open_id, rule.close_id)
        if tags not in self._rows:
            if len(self._rows) >= KEPT:
                self._rows.clear()
            self._rows[tags] = BlockRows(rule, self._tokens)
        return BlockMask(rule, self._tokens, self._rows[tags], mask)


KEPT = 16
"""Pairs of tags whose rows are kept."""


class AnyText:
    """The mask of no grammar: everything is a sentence, special tokens included."""

    def start(self) -> AnyText:
        return self

    def fill(self, row: Row) -> None:
        row.fill(-1)

    def commit(self, token: int) -> bool:
        return True

    accepting = True

    def copy(self) -> AnyText:
        return self
