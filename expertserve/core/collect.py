"""Chunks → a result, with their timing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from expertserve.expert import PreparedExpert
from expertserve.request import Request
from expertserve.result import (
    Chunk,
    Completion,
    DraftCount,
    GrammarVerdict,
    InferenceResult,
    Thought,
    Timing,
    TokenLogprob,
    Usage,
    Written,
)


class Judge(Protocol):
    """See `Applied.verdict`."""

    def __call__(self, index: int, answer: str, *, judged: bool) -> GrammarVerdict | None: ...


class Collector:
    """Joins one request's chunks, and measures."""

    def __init__(self) -> None:
        self._request: Request | None = None
        self._parts: dict[int, list[Chunk]] = {}
        self._first: float | None = None
        self._cached = 0
        self._drafts: tuple[DraftCount, ...] = ()
        self._prompt: tuple[TokenLogprob, ...] = ()
        self._accepted = self._handed = time.monotonic()
        self._ended: float | None = None
        self._left = False
        self.resumed = 0
        self.load = 0.0
        self.hit: bool | None = None
        self.verdict: Judge | None = None
        self.thought: Callable[[int], Thought | None] | None = None
        self.parse: Callable[[str], object] | None = None

    def begin(self, request: Request, expert: PreparedExpert) -> None:
        """The request goes to the engine, or to another one, which goes on with the answer."""
        if self._request is None:
            self._request, self._handed = request, time.monotonic()
        self._expert = expert

    def begin_again(self, beginning: Chunk) -> None:
        """All that was written stands in one chunk."""
        self._parts.clear()
        self.add(beginning)

    def written(self) -> Written | None:
        """What another engine would go on from; None where it can't, or may as well begin."""
        chunks = self._parts.get(0, [])
        if self._request is None or self._request.sampling.n > 1 or not chunks:
            return None
        return Written.of(self._expert.package.digest, chunks, self.resumed)

    def read(self, chunk: Chunk) -> None:
        """What an engine's chunk says of the prompt and of drafts."""
        self._cached = max(self._cached, chunk.cached_tokens)
        self._prompt = self._prompt or chunk.prompt_logprobs
        self._drafts = chunk.drafts or self._drafts

    def add(self, chunk: Chunk) -> None:
        if self._first is None and chunk.token_ids:
            self._first = time.monotonic()
        self._parts.setdefault(chunk.index, []).append(chunk)

    def end(self, *, left: bool = False) -> None:
        """The engine has given all, or nobody wants more of it.

        Args:
            left: There will be no whole result, so what is known of the verdict is shown.
        """
        self._ended = self._ended or time.monotonic()
        self._left = left

    @property
    def begun(self) -> bool:
        return self._request is not None

    @property
    def costly(self) -> bool:
        """Whether a whole result takes a parser, or has an object."""
        return self.verdict is not None or self.parse is not None

    def result(self, *, whole: bool = False) -> InferenceResult:
        """The result so far: `cancelled` without an end, and without a verdict unless it was left.

        Args:
            whole: Also parse and judge it, which may take seconds: not on an event loop.
        """
        assert self._request is not None
        end, first = self._ended or time.monotonic(), self._first
        completions = tuple(self._join(i, whole) for i in range(self._request.sampling.n))
        whole = (
            whole
            and completions[0].finish_reason != "cancelled"
            and (completions[0].grammar is None or completions[0].grammar.complete)
        )
        return InferenceResult(
            completions,
            Usage(
                self._request.prompt_length,
                sum(len(c.token_ids) for c in completions),
                sum(c.reasoning_tokens for c in completions),
                min(self._cached, self._request.prompt_length),
                self._drafts,
            ),
            self._expert.proof(self._request.soft_prompt),
            self._expert.base_proof(),
            Timing(
                self._handed - self._accepted,
                (first or end) - self._accepted,
                end - self._accepted,
                self.load,
                self.hit,
            ),
            self._request.id,
            self.parse(completions[0].answer) if self.parse and whole else None,
            self._request.prompt_token_ids,
            self._scored(),
            self.resumed,
        )

    def _scored(self) -> tuple[TokenLogprob, ...] | None:
        """The prompt's log-probabilities; an engine that goes on scores what was written, too."""
        assert self._request is not None
        if self._request.sampling.prompt_logprobs is None:
            return None
        return self._prompt[: len(self._request.prompt_token_ids) - 1]

    def _join(self, index: int, judged: bool) -> Completion:
        chunks: Sequence[Chunk] = self._parts.get(index, ())
        logprobs: tuple[TokenLogprob, ...] = tuple(
            itertools.chain.from_iterable(c.logprobs for c in chunks)
        )
        text = "".join(c.text for c in chunks)
        thought = self.thought(index) if self.thought else None
        kept = thought.kept if thought else ""
        verdict = self.verdict if judged or self._left else None
        return Completion(
            text,
            tuple(itertools.chain.from_iterable(c.token_ids for c in chunks)),
            next((c.finish_reason for c in chunks if c.finish_reason), "cancelled"),
            logprobs or None,
            verdict(index, text[len(kept) :], judged=judged) if verdict else None,
            thought.text if thought else None,
            kept,
            thought.tokens if thought else 0,
            next((c.stop for c in chunks if c.stop), None),
        )
