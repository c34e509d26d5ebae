"""Follows an answer with the recogniser so that it ends complete, by a forced ending if need be.

Before a token is let through, the shortest ending of the sentence with it is known to fit into the
tokens that are left. One after which it would not fit is dropped, and the ending of the sentence
without it, which did fit, is appended. So whenever the shortest sentence fits at the start, the
result is complete, and nothing that was handed out is taken back.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from expertserve.grammar.recognise import Cursor, Grammar
from expertserve.result import Chunk, FinishReason, TokenLogprob

Spell = Callable[[bytes], list[int]]


class Follower:
    """One completion's tokens → its chunks.

    Args:
        tokens: What each token writes.
        spell: The tokens that write a text.
        ends: Tokens that end the answer.
        stops: Texts that end it where the sentence before them is complete; elsewhere they are part
            of it.
        begun: What the sentence begins with already; it is not part of the text.
    """

    def __init__(
        self,
        grammar: Grammar,
        tokens: Mapping[int, bytes],
        spell: Spell,
        *,
        max_tokens: int,
        ends: frozenset[int],
        stops: Sequence[str] = (),
        index: int = 0,
        begun: str = "",
    ) -> None:
        self._grammar = grammar
        self._tokens = tokens
        self._spell = spell
        self._left = max_tokens
        self._ends = ends
        self._stops = tuple(stops)
        self._index = index
        self._cursor: Cursor = grammar.start()
        self._cursor.feed(begun.encode())
        self._begun = begun
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._given = 0
        self.ended = False
        self.complete = False
        self.forced = ""

    def follow(self, chunk: Chunk) -> Chunk | None:
        """The part of an engine's chunk that goes on; None where nothing of it does."""
        if self.ended:
            return None
        ids: list[int] = []
        logprobs: list[TokenLogprob] = []
        for place, token in enumerate(chunk.token_ids):
            last = place == len(chunk.token_ids) - 1
            if token in self._ends or (
                last and chunk.finish_reason == "stop" and token not in self._tokens
            ):
                self._left -= 1
                ids.append(token)
                return self._end("stop", ids, logprobs)
            after = self._cursor.copy()
            if (
                not after.take(token, self._tokens.get(token))
                or self._needs(after, self._left - 1) > self._left - 1
            ):
                return self._force(ids, logprobs)
            self._cursor = after
            self._left -= 1
            self._text += self._decoder.decode(self._tokens.get(token, b""))
            ids.append(token)
            logprobs += chunk.logprobs[place : place + 1]
            stop = self._stop_at() if self._stops else None
            if stop is not None:
                said = next(s for s in self._stops if self._text.startswith(s, stop))
                self._text = self._text[:stop]
                ended = self._end("stop", ids, logprobs, complete=True)
                return replace(ended, stop=said)
        if chunk.finish_reason:
            return self._end(chunk.finish_reason, ids, logprobs)
        return self._chunk(len(self._text) - self._held_back(), ids, logprobs)

    def spend(self, tokens: Sequence[int]) -> None:
        """Tokens that stand before the answer, out of the same `max_tokens`."""
        self._left -= len(tokens)

    def cut(self) -> Chunk:
        """Ends the answer with the shortest ending, whatever the engine would write next."""
        return self._force([], [])

    def _needs(self, cursor: Cursor, left: int) -> int:
        """Tokens of the shortest ending, or an upper bound that is no more than what is left."""
        ending = cursor.ending_pieces()
        if ending is None:
            return left + 1
        most = sum(len(piece) if isinstance(piece, bytes) else 1 for piece in ending)
        if most <= left:  # no token writes less than a byte
            return most
        return len(self._spelt(ending))

    def _spelt(self, pieces: Sequence[bytes | int]) -> list[int]:
        """The tokens of an ending."""
        return [
            token
            for piece in pieces
            for token in (self._spell(piece) if isinstance(piece, bytes) else [piece])
        ]

    def _force(self, ids: list[int], logprobs: list[TokenLogprob]) -> Chunk:
        """Appends the ending that fits, in place of what the engine wrote next."""
        ending = self._cursor.ending_pieces() or []
        before = len(self._text)
        for piece in ending:
            data = piece if isinstance(piece, bytes) else self._tokens.get(piece)
            self._text += self._decoder.decode(data or b"")
            if isinstance(piece, bytes):
                self._cursor.feed(piece)
            else:
                self._cursor.take(piece, data)
        self.forced = self._text[before:]
        ids += self._spelt(ending)
        return self._end("length", ids, logprobs)

    def _end(
        self,
        reason: FinishReason,
        ids: list[int],
        logprobs: list[TokenLogprob],
        *,
        complete: bool | None = None,
    ) -> Chunk:
        self.ended = True
        self.complete = self._cursor.complete if complete is None else complete
        return self._chunk(len(self._text), ids, logprobs, reason)

    def _chunk(
        self,
        upto: int,
        ids: list[int],
        logprobs: list[TokenLogprob],
        reason: FinishReason | None = None,
    ) -> Chunk:
        piece, self._given = self._text[self._given : upto], max(self._given, upto)
        return Chunk(piece, tuple(ids), self._index, tuple(logprobs), reason)

    def _stop_at(self) -> int | None:
        """Where the first stop text begins that follows a complete sentence."""
        places = (
            p for p in range(self._given, len(self._text)) if self._text.startswith(self._stops, p)
        )
        return next((p for p in places if self._is_sentence(p)), None)

    def _held_back(self) -> int:
        """Characters at the end that may still become such a stop."""
        longest = max(map(len, self._stops), default=0) - 1
        for size in range(min(longest, len(self._text) - self._given), 0, -1):
            tail = self._text[-size:]
            if any(s.startswith(tail) for s in self._stops) and self._is_sentence(-size):
                return size
        return 0

    def _is_sentence(self, end: int) -> bool:
        """Whether the text up to there is one, with what it began with."""
        return self._grammar.accepts(self._begun + self._text[:end])
