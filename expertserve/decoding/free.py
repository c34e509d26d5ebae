"""Follows an answer without a grammar whose engine leaves text and stops to us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from expertserve.decoding.text import TextStream
from expertserve.request import Sampling
from expertserve.result import Chunk, FinishReason, TokenLogprob

if TYPE_CHECKING:
    import tokenizers

LOOKED_BACK = 16
"""Tokens before the answer that decide how its first one is written."""


class FreeText:
    """One completion's tokens → its chunks.

    Args:
        before: The tokens of the prompt.
        ends: Tokens that end the answer.
        sampling: Texts that end it, and what of them is shown.
    """

    complete = True
    forced = ""

    def __init__(
        self,
        tokenizer: tokenizers.Tokenizer,
        before: Sequence[int],
        *,
        ends: frozenset[int],
        sampling: Sampling,
        index: int = 0,
    ) -> None:
        self._tokenizer = tokenizer
        self._before = list(before)
        self._ends, self._sampling, self._index = ends, sampling, index
        self._text: TextStream | None = None
        self.ended = False

    def spend(self, tokens: Sequence[int]) -> None:
        self._before += tokens

    def cut(self) -> Chunk:
        return self._end("length", "", [], [])

    def follow(self, chunk: Chunk) -> Chunk | None:
        """The part of an engine's chunk that goes on; None where nothing of it does."""
        if self.ended:
            return None
        self._text = self._text or TextStream(
            self._tokenizer, self._before[-LOOKED_BACK:], self._sampling
        )
        text, ids = "", list[int]()
        logprobs: list[TokenLogprob] = []
        for place, token in enumerate(chunk.token_ids):
            ids.append(token)
            logprobs += chunk.logprobs[place : place + 1]
            if token in self._ends:
                return self._end("stop", text + self._text.rest(), ids, logprobs)
            piece, stopped = self._text.feed(token)
            text += piece
            if stopped:
                return self._end("stop", text, ids, logprobs)
        if chunk.finish_reason:
            return self._end(chunk.finish_reason, text + self._text.rest(), ids, logprobs)
        return Chunk(text, tuple(ids), self._index, tuple(logprobs))

    def _end(
        self, reason: FinishReason, text: str, ids: list[int], logprobs: list[TokenLogprob]
    ) -> Chunk:
        self.ended = True
        stop = self._text.stop if self._text and reason == "stop" else None
        return Chunk(text, tuple(ids), self._index, tuple(logprobs), reason, stop=stop)
