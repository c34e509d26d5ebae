"""Runs inside vLLM's engine core: drafts, made where a request's tokens and its grammar are.

vLLM verifies them: its speculative config names a proposer, which proposes nothing, and the
scheduler puts ours in its place after each step.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vllm.v1.core.sched.scheduler import Scheduler as SyncScheduler

from expertserve.decoding.compile import vocabulary_of
from expertserve.decoding.drafts.desk import Desk
from expertserve.decoding.drafts.drafter import DraftTally
from expertserve.engine.vllm.grammar import Sentence, WithBackend
from expertserve.engine.vllm.options import DRAFTS
from expertserve.engine.vllm.turns import Turns
from expertserve.package.habits import DraftWish


class Proposer:
    """What vLLM asks in its worker, which knows neither experts nor grammars."""

    def __init__(self, config: Any) -> None:
        pass

    def load_model(self, model: Any) -> None:
        """There is none."""

    def propose(self, sampled: list[list[int]], *args: Any, **kwargs: Any) -> list[list[int]]:
        return [[] for _ in sampled]


class DraftingScheduler(Turns, WithBackend, SyncScheduler):  # type: ignore[misc]
    """vLLM's own, with our backend, slots in turn, and drafts for requests that wish for them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = Path(self.vllm_config.model_config.tokenizer)
        self._desk = Desk(folder, lambda: vocabulary_of(folder))
        self._own: dict[str, Any] = {}
        self._began = self._drafting = 0.0

    def add_request(self, request: Any) -> None:
        super().add_request(request)
        wish = wish_of(request)
        if wish is not None:
            params = request.sampling_params
            ends = [*params.stop_token_ids, *sorted(params.all_stop_token_ids)]
            prompt = request.prompt_token_ids or ()
            self._desk.begin(request.request_id, prompt, list(dict.fromkeys(ends)), wish)
            self._own[request.request_id] = request

    def schedule(self, *args: Any, **kwargs: Any) -> Any:
        self._began = time.perf_counter()
        return super().schedule(*args, **kwargs)

    def update_from_output(self, scheduled: Any, output: Any) -> Any:
        counts = scheduled.num_scheduled_tokens
        drafts = scheduled.scheduled_spec_decode_tokens
        outputs = super().update_from_output(scheduled, output)
        drafted = sum(map(len, drafts.values()))
        if scheduled.total_num_scheduled_tokens == len(counts) + drafted:  # no prompt was read
            seconds = time.perf_counter() - self._began + self._drafting
            self._desk.costs.measure(len(counts), drafted, seconds)
        told = {id: self._settle(id, len(drafts.get(id, ()))) for id in counts if id in self._own}
        for batch in outputs.values():
            for one in batch.outputs:
                if told.get(one.request_id):
                    one.kv_transfer_params = {
                        **(one.kv_transfer_params or {}),
                        DRAFTS: told[one.request_id],
                    }
        began = time.perf_counter()
        self._draft(counts)
        self._drafting = time.perf_counter() - began
        return outputs

    def _settle(self, request: str, verified: int) -> dict[str, list[int]]:
        """What became of a request's drafts so far, by source; nothing where that is no news."""
        own = self._own[request]
        tally = self._desk.settle(request, own.output_token_ids, verified)
        finished = own.is_finished()
        if finished:
            self._forget([request])
        elif not verified:
            return {}
        return {source: _pair(count) for source, count in tally.items()}

    def _draft(self, requests: Iterable[str]) -> None:
        going = [
            own
            for id in requests
            if (own := self._own.get(id)) and not own.is_finished() and not own.is_prefill_chunk
        ]
        bar = self._desk.costs.bar(len(self.running))
        for own in going:
            own.spec_token_ids = self._tokens(own, bar)

    def _tokens(self, own: Any, bar: float) -> list[int]:
        left = own.max_tokens - len(own.output_token_ids) - 1
        room = min(left, self.max_model_len - own.num_tokens - 2)
        line = None
        if own.use_structured_output:
            line = own.structured_output_request.grammar
            if not isinstance(line, Sentence) or line.is_terminated():
                return []
        return self._desk.draft(own.request_id, line, room, bar) if room > 0 else []

    def update_draft_token_ids(self, draft_token_ids: Any) -> None:
        """Ours are there already."""

    def finish_requests(self, request_ids: Any, *args: Any, **kwargs: Any) -> Any:
        found = super().finish_requests(request_ids, *args, **kwargs)
        self._forget([id for id, own in self._own.items() if own.is_finished()])
        return found

    def _forget(self, requests: Iterable[str]) -> None:
        for id in requests:
            self._own.pop(id, None)
            self._desk.end(id)


def _pair(tally: DraftTally) -> list[int]:
    return [tally.drafted, tally.accepted]


def wish_of(request: Any) -> DraftWish | None:
    """What a request's extra arguments say of drafts."""
    params = request.sampling_params
    given = (params.extra_args or {}).get(DRAFTS) if params is not None else None
    if given is None:
        return None
    package = Path(given["package"]) if given["package"] else None
    return DraftWish(**{**given, "package": package, "prediction": tuple(given["prediction"])})
