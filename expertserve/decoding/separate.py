"""Separates one completion's think block from its answer, token by token."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from expertserve.decoding.block import Block
from expertserve.request import ReasoningRule
from expertserve.result import Chunk, Thought, TokenLogprob


class AnswerFollower(Protocol):
    """What follows the answer itself: `follow.Follower`, or `free.FreeText`."""

    ended: bool
    complete: bool
    forced: str

    def follow(self, chunk: Chunk) -> Chunk | None: ...

    def spend(self, tokens: Sequence[int]) -> None:
        """Tokens that stand before the answer, out of the same `max_tokens`."""
        ...

    def cut(self) -> Chunk:
        """Ends the answer where it is."""
        ...


class Separator:
    """A completion's chunks: the block's go into `reasoning`, what follows to the answer.

    Args:
        ends: Tokens that end the answer, and so the block.
        keep: Leave the block in the text, too.
    """

    def __init__(
        self,
        rule: ReasoningRule,
        tokens: Mapping[int, bytes],
        answer: AnswerFollower,
        *,
        ends: frozenset[int],
        keep: bool,
        index: int = 0,
    ) -> None:
        self._rule, self._answer = rule, answer
        self._block = Block(rule, tokens)
        self._ends, self._keep, self._index = ends, keep, index
        self._pending: list[int] = []
        self._logprobs: list[TokenLogprob] = []
        self._raw = b""
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._shown = ""
        self._kept = ""
        self._count = 0

    @property
    def ended(self) -> bool:
        return self._answer.ended

    @property
    def complete(self) -> bool:
        return self._answer.complete

    @property
    def forced(self) -> str:
        return self._answer.forced

    @property
    def thought(self) -> Thought | None:
        """The block so far; None where the answer has none."""
        if not self._count and not self._rule.begun:
            return None
        return Thought(self._shown, self._kept, self._count)

    def follow(self, chunk: Chunk) -> Chunk | None:
        """The part of an engine's chunk that goes on; None where nothing of it does."""
        if self.ended:
            return None
        if self._block.phase == "answer":
            return self._answer.follow(chunk)
        block, mine, logprobs = self._block, list[int](), list[TokenLogprob]()
        for place, token in enumerate(chunk.token_ids):
            if token in self._ends or not block.take(token):
                return self._with(mine, logprobs, self._rest(chunk, place))
            self._pending.append(token)
            self._logprobs += chunk.logprobs[place : place + 1]
            if block.phase == "opening":
                continue
            mine += self._pending
            logprobs += self._logprobs
            self._pending, self._logprobs = [], []
            if block.phase == "inside" and block.spent > self._rule.budget:
                return self._with(mine, logprobs, None, cut=True)
        if chunk.finish_reason:
            return self._with(mine, logprobs, self._rest(chunk, len(chunk.token_ids)))
        return self._with(mine, logprobs, None) if mine else None

    def _rest(self, chunk: Chunk, place: int) -> Chunk:
        """What the answer gets: tokens that might have opened a block, and those from `place`."""
        self._block.phase = "answer"
        ids, self._pending = (*self._pending, *chunk.token_ids[place:]), []
        logprobs, self._logprobs = (*self._logprobs, *chunk.logprobs[place:]), []
        return replace(chunk, token_ids=ids, logprobs=logprobs)

    def _with(
        self,
        mine: list[int],
        logprobs: list[TokenLogprob],
        rest: Chunk | None,
        *,
        cut: bool = False,
    ) -> Chunk | None:
        """A chunk of the block's tokens and what becomes of the rest."""
        kept, piece = self._write(mine)
        self._answer.spend(mine)
        self._count += len(mine)
        after = self._answer.cut() if cut else self._answer.follow(rest) if rest else None
        if not mine:
            return after
        own = Chunk(
            kept,
            tuple(mine),
            self._index,
            tuple(logprobs),
            reasoning=piece,
            reasoning_tokens=len(mine),
            kept=len(kept),
        )
        if after is None:
            return own
        return replace(
            own,
            text=own.text + after.text,
            token_ids=own.token_ids + after.token_ids,
            logprobs=own.logprobs + after.logprobs,
            finish_reason=after.finish_reason,
            stop=after.stop,
        )

    def _write(self, mine: list[int]) -> tuple[str, str]:
        """What the tokens add to a kept text, and to the thought, which has no outer blanks."""
        block = self._block
        new = b"".join(block.written(token) for token in mine)
        self._raw += new
        kept = self._utf8.decode(new) if self._keep else ""
        self._kept += kept
        closed = block.end is not None
        end = block.end if closed else max(block.begin, len(self._raw) - block.tail)
        thought = self._raw[block.begin : end]
        text = thought.decode(errors="replace") if closed else _whole(thought)
        text = text.strip()
        piece = text[len(self._shown) :]
        self._shown = text
        return kept, piece


def _whole(data: bytes) -> str:
    """The text of the bytes, less a character that isn't whole yet."""
    return codecs.getincrementaldecoder("utf-8")("replace").decode(data)
