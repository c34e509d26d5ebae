"""The thread that owns the model and runs its steps; requests join between steps.

A step reads: drop what was cancelled, prefill what waits, decode one token for every row, hand out
chunks. Prompts are prefilled one by one, without padding; decoding is one batch.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TypeVar

import tokenizers
import torch
from torch import nn

from expertserve.decoding.text import TextStream
from expertserve.engine.machine import Sizes
from expertserve.engine.portable.adapters import AdaptedLinear, Current, Plan
from expertserve.engine.portable.cache import BatchCache
from expertserve.engine.portable.drafting import Drafting
from expertserve.engine.portable.kinds import STATES
from expertserve.engine.portable.rows import Job, Row
from expertserve.engine.portable.sampling import Choosing, choose, generator, score
from expertserve.errors import EngineDeadError, ExpertError, InferenceError, OutOfMemoryError
from expertserve.request import Request
from expertserve.result import Chunk, FinishReason, TokenLogprob

log = logging.getLogger("expertserve")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory.

    Args:
        layers: Its modules by name, those that adapters change wrapped.
        decoder: Its tokenizer.
        end: The model's own end of text; None where it has none.
        kinds: What each layer remembers by, as in `layer_types`.
        size: Logits for each token.
    """

    model: nn.Module
    layers: dict[str, nn.Module]
    current: Current
    decoder: tokenizers.Tokenizer
    end: int | None
    kinds: tuple[str, ...]
    size: int
    device: torch.device
    dtype: torch.dtype

    def ends(self, request: Request) -> frozenset[int]:
        """Tokens that end an answer."""
        return frozenset(
            {*request.sampling.stop_token_ids, *([] if self.end is None else [self.end])}
        )


class Worker:
    """The thread. Its methods may be called from any other.

    Args:
        loop: Where chunks are delivered.
        max_requests: Rows decoded at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, max_requests: int) -> None:
        self._loop = loop
        self._max_rows = max_requests
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._batch: Batch | None = None
        self._thread = threading.Thread(target=self._run, name="expertserve-model", daemon=True)
        self._thread.start()

    async def call(self, work: Callable[[], T]) -> T:
        """Runs `work` between two steps and gives what it gives."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001  (it is the caller's to handle)
                done.set_exception(error)

        self._inbox.put(run)
        return await asyncio.wrap_future(done)

    def serve(self, loaded: Loaded, sizes: Sizes, drafting: Drafting | None) -> None:
        """Takes the model, and what makes drafts; called through `call`."""
        self._batch = Batch(loaded, sizes, self._max_rows, drafting)

    def submit(self, job: Job) -> None:
        def add() -> None:
            if self._batch:
                self._batch.waiting.append(job)

        self._inbox.put(add)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ends the thread after the step that runs, fails what is running, and frees the model."""
        self._inbox.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while self._read():
            if self._batch and self._batch.busy:
                self._batch.step()
                self._deliver(self._batch.outbox)
                self._batch.outbox = []
        if self._batch:
            self._batch.fail(
                EngineDeadError(
                    "the engine was closed", hint="load the expert again", code="engine_closed"
                )
            )
            self._deliver(self._batch.outbox)
            self._batch = None

    def _read(self) -> bool:
        """Does what others asked for; waits while there is nothing to compute. False at the end."""
        idle = self._batch is None or not self._batch.busy
        while idle or not self._inbox.empty():
            work = self._inbox.get()
            if work is None:
                return False
            work()
            idle = self._batch is None or not self._batch.busy
        return True

    def _deliver(self, outbox: Sequence[tuple[Job, Chunk | ExpertError | None]]) -> None:
        def put() -> None:
            for job, item in outbox:
                job.chunks.put_nowait(item)

        if outbox and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(put)


@dataclass(slots=True)
class Batch:
    """What runs and what waits, on one thread."""

    loaded: Loaded
    sizes: Sizes
    max_rows: int
    drafting: Drafting | None = None
    waiting: deque[Job] = field(default_factory=deque)
    rows: list[Row] = field(default_factory=list)
    outbox: list[tuple[Job, Chunk | ExpertError | None]] = field(default_factory=list)
    _cache: BatchCache | None = None
    _plan: Plan | None = None
    _mixed: bool = False

    @property
    def busy(self) -> bool:
        return bool(self.rows or self.waiting)

    @property
    def _rewinds(self) -> bool:
        """Whether what was read can be taken back: states can't."""
        return STATES.isdisjoint(self.loaded.kinds)

    @torch.inference_mode()
    def step(self) -> None:
        """One token for every row, after the first one of those that join."""
        try:
            self._drop_cancelled()
            self._admit()
            if self.rows:
                self._decode()
        except (
            Exception
        ) as error:  # whatever failed in the model, those who wait for it must hear of it
            log.debug("a step failed", exc_info=error)
            self.fail(translated(error))

    def fail(self, error: ExpertError) -> None:
        """Ends every request with an error; the model is unharmed."""
        jobs = dict.fromkeys([*(row.job for row in self.rows), *self.waiting])
        self.outbox += [(job, error) for job in jobs]
        self._forget(self.rows)
        self.rows, self._cache, self._plan = [], None, None
        self.waiting.clear()

    def _drop_cancelled(self) -> None:
        self.waiting = deque(job for job in self.waiting if not job.cancelled)
        for i in reversed(range(len(self.rows))):
            if self.rows[i].job.cancelled:
                self._leave(i)

    def _forget(self, rows: Sequence[Row]) -> None:
        if self.drafting:
            self.drafting.end(rows)

    def _admit(self) -> None:
        """Prefills what waits, as long as there is room, and lets it join the batch together."""
        joining: list[tuple[Row, BatchCache]] = []
        while self.waiting and self._fits(self.waiting[0], [row for row, _ in joining]):
            job = self.waiting.popleft()
            try:
                cache, logits = self._prefill(job)
                rows = [self._begin(job, i) for i in range(job.request.sampling.n)]
                going = self._take(rows, logits.repeat(len(rows), 1))
            except Exception as error:  # as in `step`; the others go on
                log.debug("a prompt failed", exc_info=error)
                self.outbox.append((job, translated(error)))
                continue
            joining += [(row, cache) for row, goes in zip(rows, going, strict=True) if goes]
        if joining:
            self._cache = self._cache or BatchCache(self.loaded.kinds)
            self.rows += [
                row for row, _ in joining
            ]  # first: if joining fails, they get the error, too
            self._plan = None
            self._cache.join([(cache, row.job.request.prompt_length) for row, cache in joining])

    def _fits(self, job: Job, joining: Sequence[Row]) -> bool:
        """Whether one more request fits at its longest. A request alone is always tried."""
        jobs = [row.job for row in (*self.rows, *joining)]
        rows = len(jobs) + job.request.sampling.n
        longest = max(j.request.prompt_length + j.request.sampling.max_tokens for j in (*jobs, job))
        return not jobs or (
            rows <= self.max_rows
            and rows * longest * self.sizes.token_bytes <= self.sizes.kv_cache_bytes
        )

    def _prefill(self, job: Job) -> tuple[BatchCache, torch.Tensor]:
        cache, wanted = BatchCache(self.loaded.kinds), job.request.sampling.prompt_logprobs
        self.loaded.current.plan = Plan.of([job.adapter], self.loaded.device)
        positions = torch.arange(job.request.prompt_length, device=self.loaded.device)[None]
        out = self.loaded.model(
            **self._inputs(job.request),
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=0 if wanted is not None else 1,
            return_dict=True,
        )
        if wanted is not None:
            job.scored = score(out.logits[0].float(), job.request.prompt_token_ids, wanted)
        return cache, out.logits[:, -1].float()

    def _inputs(self, request: Request) -> dict[str, torch.Tensor]:
        """A prompt's ids; behind a soft prompt, its embeddings [1, places, width]."""
        ids = torch.tensor([request.prompt_token_ids], device=self.loaded.device)
        if request.soft_prompt is None:
            return {"input_ids": ids}
        tokens = self.loaded.model.get_input_embeddings()(ids)  # type: ignore[operator]
        soft = request.soft_prompt.vectors().to(tokens)[None]
        return {"inputs_embeds": torch.cat([soft, tokens], dim=1)}

    def _begin(self, job: Job, index: int) -> Row:
        request = job.request
        ids = list(request.prompt_token_ids)
        text = TextStream(self.loaded.decoder, ids, request.sampling)
        job.rows += 1
        choosing = Choosing(
            request.sampling,
            ids,
            len(ids),
            generator(request.sampling, index, drawn=request.written, size=self.loaded.size),
            job.guides[index],
            self.loaded.ends(request),
            request.written,
        )
        row = Row(job, index, ids, text, choosing)
        if self.drafting:
            self.drafting.begin(row)
        return row

    def _decode(self) -> None:
        """One token for every row; for a row alone, its drafts' right beginning, too."""
        device, cache, began = self.loaded.device, self._cache, time.perf_counter()
        assert cache is not None
        draft = self._draft()
        if self._plan is None:
            self._plan = Plan.of([row.job.adapter for row in self.rows], device)
            if self._mixed and self._plan.row is None:
                for layer in self.loaded.layers.values():
                    if isinstance(layer, AdaptedLinear):
                        layer.forget()
            self._mixed = self._plan.row is not None
        self.loaded.current.plan = self._plan
        out = self.loaded.model(
            input_ids=torch.tensor([[row.ids[-1], *draft] for row in self.rows], device=device),
            position_ids=torch.tensor(
                [list(range(n, n + 1 + len(draft))) for n in cache.lengths], device=device
            ),
            attention_mask=cache.mask(device, 1 + len(draft)),
            past_key_values=cache,
            use_cache=True,
            return_dict=True,
        )
        for place in range(1 + len(draft)):
            going = self._take(self.rows, out.logits[:, place].float())
            if not all(going) or (place < len(draft) and self.rows[0].ids[-1] != draft[place]):
                break
        cache.step(1 + place, len(draft) - place)
        self._settle(len(draft), time.perf_counter() - began)
        for i in reversed(range(len(going))):
            if not going[i]:
                self._leave(i)

    def _draft(self) -> list[int]:
        if self.drafting is None or len(self.rows) > 1 or not self._rewinds:
            return []
        return self.drafting.draft(self.rows[0])

    def _settle(self, drafted: int, seconds: float) -> None:
        """Tells what became of a step's drafts, with its last chunks."""
        if self.drafting is None:
            return
        self.drafting.measure(len(self.rows), drafted, seconds)
        for row in self.rows:
            counts = self.drafting.settle(row, drafted)
            for i in reversed(range(len(self.outbox) if counts else 0)):
                job, item = self.outbox[i]
                if job is row.job and isinstance(item, Chunk) and item.index == row.index:
                    self.outbox[i] = job, replace(item, drafts=counts)
                    break

    def _take(self, rows: Sequence[Row], logits: torch.Tensor) -> list[bool]:
        """Chooses every row's next token and hands it out; False for rows that end with it."""
        chosen = choose(logits, [row.choosing for row in rows])
        return [
            self._write(row, token, logprob)
            for row, (token, logprob) in zip(rows, chosen, strict=True)
        ]

    def _write(self, row: Row, token: int, logprob: TokenLogprob | None) -> bool:
        sampling = row.job.request.sampling
        row.ids.append(token)
        row.written += 1
        guide = row.choosing.guide
        ended = token in sampling.stop_token_ids or (
            token == self.loaded.end and (guide is not None or not sampling.ignore_eos)
        )
        if guide is not None and not ended and not guide.accept([token]):
            error = InferenceError(
                "the mask allowed a token that the grammar refuses", code="grammar_broken"
            )
            self.outbox.append((row.job, error))
            row.job.cancelled = True
            return False
        text, stopped = ("", False) if ended else row.text.feed(token)
        reason: FinishReason | None = (
            "stop" if ended or stopped else "length" if row.written >= sampling.max_tokens else None
        )
        if reason and not stopped:
            text += row.text.rest()
        scored, row.job.scored = row.job.scored, ()
        stop = row.text.stop if stopped else None
        chunk = Chunk(
            text,
            (token,),
            row.index,
            (logprob,) if logprob else (),
            reason,
            prompt_logprobs=scored,
            stop=stop,
        )
        self.outbox.append((row.job, chunk))
        if reason:
            row.job.rows -= 1
            if not row.job.rows:
                self.outbox.append((row.job, None))
        return reason is None

    def _leave(self, i: int) -> None:
        """Takes a row out; the last one takes its place."""
        assert self._cache is not None
        self._forget([self.rows[i]])
        self._cache.drop(i)
        self.rows[i] = self.rows[-1]
        self.rows.pop()
        self._plan = None
        if not self.rows:
            self._cache = None


def translated(error: Exception) -> ExpertError:
    """torch's and transformers' exceptions → ours, by type, keeping the cause."""
    if isinstance(error, ExpertError):
        return error
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        made: ExpertError = OutOfMemoryError(
            f"the request doesn't fit into memory: {error}",
            hint="send fewer requests at once (max_requests), or shorten prompt and answer",
        )
    else:
        made = InferenceError(
            f"the model failed on the request: {type(error).__name__}: {error}",
            code="request_failed",
        )
    made.__cause__ = error
    return made
