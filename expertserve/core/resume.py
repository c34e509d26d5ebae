"""An answer whose engine was lost goes on in another one, from what its reader has of it.

What was written stands at the end of the prompt, the grammar is taken past it, and what follows the
answer (grammar, think block, stops) reads it again before anything new. So the rest is what the
first engine would have written: the same tokens where it is greedy or seeded, the same bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from expertserve.decoding.apply import Applied
from expertserve.decoding.free import FreeText
from expertserve.errors import EngineDeadError
from expertserve.expert import PreparedExpert
from expertserve.request import Request
from expertserve.result import Chunk, Written

RESUMES = 2
"""So often an answer goes on in another engine."""


class Continuation:
    """Follows the whole of an answer that has begun elsewhere.

    Args:
        request: As if nothing had been written.
        applied: What its text follows; None where the engine would have made the text alone.

    Raises:
        EngineDeadError: `engine_dead`: another package is loaded under the name by now.
    """

    def __init__(
        self, request: Request, applied: Applied | None, expert: PreparedExpert, written: Written
    ) -> None:
        if expert.package.digest != written.digest:
            raise EngineDeadError(
                "the engine was lost, and the expert was replaced while it answered",
                hint="ask again",
            )
        self.request = request
        self._written = written
        self._applied = applied
        self._free = FreeText(
            expert.prompt.tokenizer.library,
            request.prompt_token_ids,
            ends=frozenset(request.sampling.stop_token_ids),
            sampling=request.sampling,
        )

    @property
    def ended(self) -> bool:
        return self._applied.ended if self._applied else self._free.ended

    async def follow(self, chunk: Chunk) -> Chunk | None:
        """See `Applied.follow`."""
        return await self._applied.follow(chunk) if self._applied else self._free.follow(chunk)

    async def begin(self) -> tuple[Chunk, Chunk | None]:
        """What was written as one chunk, and what of it is new to the reader.

        Raises:
            EngineDeadError: The text comes out otherwise than the reader has it.
        """
        written, ids = self._written, self._written.token_ids
        told = [
            await self.follow(Chunk("", (token,), logprobs=written.logprobs[place : place + 1]))
            for place, token in enumerate(ids)
        ]
        if len(ids) >= self.request.sampling.max_tokens and not self.ended:
            told.append(await self.follow(Chunk("", (), finish_reason="length")))
        whole = _joined([chunk for chunk in told if chunk])
        if not (
            whole.text.startswith(written.text) and whole.reasoning.startswith(written.reasoning)
        ):
            raise EngineDeadError(
                "the engine was lost, and what it wrote can't be taken up", hint="ask again"
            )
        new = replace(
            whole,
            text=whole.text[len(written.text) :],
            reasoning=whole.reasoning[len(written.reasoning) :],
            kept=max(0, whole.kept - len(written.text)),
            token_ids=(),
            logprobs=(),
            reasoning_tokens=0,
        )
        return whole, new if new.text or new.reasoning or new.finish_reason else None

    def rest(self) -> Request:
        """What an engine has to write; only where the answer hasn't ended."""
        request, ids = self.request, self._written.token_ids
        sampling, constraint = request.sampling, request.constraint
        return replace(
            request,
            prompt_token_ids=(*request.prompt_token_ids, *ids),
            written=len(ids),
            sampling=replace(
                sampling,
                max_tokens=sampling.max_tokens - len(ids),
                min_tokens=max(0, sampling.min_tokens - len(ids)),
                stop=(),  # one may have begun before
            ),
            constraint=constraint and replace(constraint, begun=(*constraint.begun, *ids)),
        )


def _joined(chunks: Sequence[Chunk]) -> Chunk:
    last = chunks[-1] if chunks else Chunk("", ())
    return Chunk(
        "".join(c.text for c in chunks),
        tuple(t for c in chunks for t in c.token_ids),
        logprobs=tuple(p for c in chunks for p in c.logprobs),
        finish_reason=last.finish_reason,
        reasoning="".join(c.reasoning for c in chunks),
        reasoning_tokens=sum(c.reasoning_tokens for c in chunks),
        kept=sum(c.kept for c in chunks),
        stop=last.stop,
    )
