"""The main path: permit, admit, ask, answer; and abort for a client that goes away."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Sequence,
)
from contextlib import AbstractContextManager, AsyncExitStack, aclosing, suppress
from dataclasses import replace
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from expertserve.decoding.fair import caller
from expertserve.errors import ConfigError, ExpertError, ExpertNotLoadedError
from expertserve.request import check_fallback, nearest, routed_by
from expertserve.result import Chunk, InferenceResult
from expertserve.server.ask import Ask
from expertserve.server.auth import Key
from expertserve.server.edge import Facts
from expertserve.server.event_stream import EventStream, gone
from expertserve.server.fields import Fields
from expertserve.server.limits import Ticket
from expertserve.server.parts import Parts, facts_of, parts_of
from expertserve.server.problems import (
    Refusal,
    RequestTimeout,
    status_of,
    unexpected,
)
from expertserve.server.service import ServiceStream
from expertserve.server.settle import note_ignored, settle
from expertserve.server.shape import Shape
from expertserve.server.tokens import TokenTexts, token_texts

T = TypeVar("T")
AUTO = "auto"
log = logging.getLogger("expertserve.server")
MakeShape = Callable[[str, str, Callable[[], TokenTexts]], Shape]
"""An id, the model that answers, and where token texts come from → how the endpoint writes."""


class ClientGone(Exception):
    """Nobody reads the answer any more. Never leaves this module but to end the request."""


async def answer(
    request: Request, key: Key, asks: Sequence[Ask], make: MakeShape, *, body: Fields
) -> Response:
    """One request of any endpoint, whole or as a stream.

    Args:
        body: What was sent, for what it has beside the asks.

    Raises:
        ExpertError: Before anything was sent.
    """
    parts = parts_of(request)
    if parts.keys.required:
        caller.set(key.name)  # inherited by everything that is done for this request
    _check_length(parts, asks)
    name = choose(parts, key, asks[0])
    expert = await parts.service.front(name)
    asks, others = await settle(asks, expert)
    note_ignored(request, body, others)
    run = _Run(request, parts, key, name, asks)
    folder = expert.tokenizer.folder  # also when another one has the name by then, or none
    shape = make(run.facts.request_id, name, lambda: token_texts(folder))
    return await (run.stream(shape) if body.stream else run.whole(shape))


def _check_length(parts: Parts, asks: Sequence[Ask]) -> None:
    chars, limit = sum(a.chars for a in asks), parts.settings.max_prompt_chars
    if chars > limit:
        raise Refusal(
            f"the request has {chars:,} characters; this server reads {limit:,}",
            status=413,
            code="prompt_too_long",
        )


def choose(parts: Parts, key: Key, ask: Ask) -> str:
    """The expert of a request: by its name, its base model's, or by routing.

    Raises:
        Refusal: 403, for one that the key may not use; the same whether it is there or not.
        ConfigError: `no_expert_fits`.
    """
    if ask.model == AUTO:
        allowed = [
            r.name
            for r in parts.service.route(*routed_by(ask.prompt, ask.args))
            if key.allows(r.name)
        ]
        if not allowed and check_fallback(ask.args):
            allowed = [b for b in parts.service.info().base_models if key.allows(b)]
        if not allowed:
            raise ConfigError(
                "no expert that you may use fits this prompt",
                hint="name one; GET /v1/models lists them",
                code="no_expert_fits",
            )
        return allowed[0]
    found = None
    with suppress(ExpertNotLoadedError):
        found = parts.service.registered(ask.model)
    name = (
        found.base.name if found and found.is_base else ask.model
    )  # what is checked is what is asked for
    if not key.allows(name):
        raise Refusal(
            "this key may not use that model",
            status=403,
            hint="GET /v1/models lists those it may",
            code="model_not_allowed",
        )
    if found is None:
        raise not_found(parts, key, name)
    return name


def not_found(parts: Parts, key: Key, name: str) -> Refusal:
    """An error with what was asked for, and what the key may ask for instead."""
    there = [e.name for e in parts.state.entries if parts.has(e.name)]
    there += parts.service.info().base_models
    names = [n for n in dict.fromkeys(there) if key.allows(n)]
    near = nearest(name, names)
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return Refusal(
        f"the model {name[:100]!a} is not loaded here; there are {shown or 'none yet'}",
        status=404,
        hint=f"did you mean {near}?" if near else "GET /v1/models lists those that are",
        code="expert_not_loaded",
        param="model",
    )


class _Run:
    """One admitted request: who, which expert, what for; and what became of it."""

    def __init__(
        self, request: Request, parts: Parts, key: Key, name: str, asks: Sequence[Ask]
    ) -> None:
        self.request, self.parts, self.key, self.name, self.asks = request, parts, key, name, asks
        self.facts: Facts = facts_of(request)
        self.began = time.monotonic()
        self.facts.log |= {"model": asks[0].model, "expert": name}
        self.facts.tell("expert", name)

    async def whole(self, shape: Shape) -> Response:
        """Every answer at once."""
        await self.parts.limits.ready(self.key)
        with self._admitted() as ticket:
            try:
                results = await self._guarded(
                    _all(
                        self.parts.service.generate(self.name, a.prompt, **a.args)
                        for a in self.asks
                    )
                )
            except ClientGone:
                self._finish("cancelled", (), ticket)
                return Response(status_code=499)
            except BaseException as error:
                self._finish(_outcome(error), (), ticket)
                raise
            self._finish(results[0].finish_reason, results, ticket)
            return Response(
                json.dumps(shape.whole(results), ensure_ascii=False).encode(),
                media_type="application/json",
            )

    async def stream(self, shape: Shape) -> Response:
        """Server-sent events. An error before the first token has its own status."""
        await self.parts.limits.ready(self.key)
        async with AsyncExitStack() as stack:
            ticket = stack.enter_context(self._admitted())
            streams = [
                self.parts.service.generate_stream(self.name, a.prompt, **a.args) for a in self.asks
            ]
            for one in streams:
                stack.push_async_callback(one.aclose)
            batches = streams[0].batches() if len(streams) == 1 else self._numbered(streams)
            waiting = asyncio.ensure_future(_next(batches))
            stack.push_async_callback(_stopped, waiting)
            try:
                await self._guarded(_until(waiting, self.parts.settings.beat))
            except ClientGone:
                self._finish("cancelled", (), ticket)
                return Response(status_code=499)
            except BaseException as error:
                self._finish(_outcome(error), (), ticket)
                raise
            if waiting.done():
                self._tell_proof(streams[0].result)
            events = self._events(shape, streams, waiting, batches, ticket)
            return EventStream(events, shape, stack.pop_all())
        raise AssertionError("unreachable")

    async def _numbered(self, streams: Sequence[ServiceStream]) -> AsyncIterator[list[Chunk]]:
        """The chunks of all prompts, their answers numbered through."""
        answers = self.asks[0].answers
        async with aclosing(_merged(streams)) as merged:
            async for number, chunks in merged:
                yield [replace(c, index=number * answers + c.index) for c in chunks]

    async def _events(
        self,
        shape: Shape,
        streams: Sequence[ServiceStream],
        waiting: asyncio.Future[list[Chunk]],
        batches: AsyncIterator[list[Chunk]],
        ticket: Ticket,
    ) -> AsyncIterator[bytes]:
        outcome = "cancelled"
        try:
            try:
                async with asyncio.timeout(self._left()):
                    while not (await asyncio.wait({waiting}, timeout=self.parts.settings.beat))[0]:
                        yield shape.beat
                    chunks = waiting.result()
                    yield shape.encode(shape.begin(streams[0].result))
                    while chunks:
                        if events := [event for c in chunks for event in shape.delta(c)]:
                            yield shape.encode(events)
                        chunks = await _next(batches)
                results = [s.result for s in streams]
                yield shape.encode(shape.end(results)) + shape.done()
                outcome = results[0].finish_reason
            except TimeoutError:
                outcome = "timeout"
                yield shape.failed(self._late())
            except ExpertError as error:
                outcome = _outcome(error)
                self.facts.log["error"] = error.message
                yield shape.failed(error)
            except Exception:  # a bug: the client learns that there is one, the log has its trace
                outcome = "error"
                log.exception("bug", extra={"facts": {"request_id": self.facts.request_id}})
                yield shape.failed(unexpected())
        finally:
            for stream in streams:
                await stream.aclose()
            self._finish(outcome, _partial(streams), ticket)

    def _admitted(self) -> AbstractContextManager[Ticket]:
        return self.parts.limits.admit(self.key, sum(a.answers for a in self.asks))

    def _left(self) -> float:
        return max(0.0, self.parts.settings.request_timeout - (time.monotonic() - self.began))

    def _late(self) -> RequestTimeout:
        limit = self.parts.settings.request_timeout
        return RequestTimeout(
            f"the answer took longer than {limit:g} s",
            hint="ask for fewer tokens, or try again later",
        )

    async def _guarded(self, work: Coroutine[object, object, T]) -> T:
        """The work's value; cancels it if the client disconnects or time runs out.

        Raises:
            ClientGone, RequestTimeout.
        """
        task = asyncio.create_task(work)
        left = asyncio.create_task(gone(self.request.receive))
        try:
            await asyncio.wait(
                {task, left}, timeout=self._left(), return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                return task.result()
            raise ClientGone if left.done() else self._late()
        finally:
            for pending in (task, left):
                pending.cancel()
            await asyncio.gather(task, left, return_exceptions=True)

    def _tell_proof(self, result: InferenceResult) -> None:
        self.facts.log |= {"digest": result.expert.digest, "answer_id": result.request_id}
        self.facts.tell("digest", result.expert.digest)
        self.facts.tell("version", result.expert.version)
        self.facts.tell("base-model", result.base_model.name)
        self.facts.tell("base-digest", result.base_model.digest)
        self.facts.tell("answer-id", result.request_id)
        self.facts.tell("queue-seconds", f"{result.timing.queue:.4f}")
        self.facts.tell("first-token-seconds", f"{result.timing.first_token:.4f}")

    def _finish(self, outcome: str, results: Sequence[InferenceResult], ticket: Ticket) -> None:
        """Counts, charges and notes, once."""
        self.facts.log["outcome"] = outcome
        self.parts.metrics.finished(self.name, outcome, results)
        if not results:
            return
        self._tell_proof(results[0])
        self.facts.tell("total-seconds", f"{results[0].timing.total:.4f}")
        ticket.charge(sum(r.usage.total_tokens for r in results))
        timing = results[0].timing
        self.facts.log |= {
            "prompt_tokens": sum(r.usage.prompt_tokens for r in results),
            "completion_tokens": sum(r.usage.completion_tokens for r in results),
            "queue": round(timing.queue, 4),
            "first_token": round(timing.first_token, 4),
        }
        if self.parts.settings.log_prompts:
            self.facts.log["prompts"] = [a.prompt or a.args.get("messages") for a in self.asks]
            self.facts.log["answers"] = [c.text for r in results for c in r.completions]


async def _all(work: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """All the values; the first failure cancels the others."""
    tasks = [asyncio.create_task(w) for w in work]
    try:
        return [await task for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _next(batches: AsyncIterator[list[Chunk]]) -> list[Chunk]:
    """The chunks that came; empty at the end."""
    return await anext(batches, [])


async def _stopped(work: asyncio.Future[T]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def _until(work: asyncio.Future[T], seconds: float) -> None:
    """Waits for the work, but no longer; raises what it raises."""
    if (await asyncio.wait({work}, timeout=seconds))[0]:
        work.result()


async def _merged(
    streams: Sequence[ServiceStream],
) -> AsyncGenerator[tuple[int, list[Chunk]], None]:
    """The chunks of several streams as they come, with their streams' numbers."""
    found: asyncio.Queue[tuple[int, list[Chunk]] | BaseException | None] = asyncio.Queue()

    async def read(number: int, stream: ServiceStream) -> None:
        try:
            async for chunks in stream.batches():
                found.put_nowait((number, chunks))
            found.put_nowait(None)
        except Exception as error:  # noqa: BLE001  (raised again where they are read)
            found.put_nowait(error)

    tasks = [asyncio.create_task(read(i, s)) for i, s in enumerate(streams)]
    try:
        left = len(tasks)
        while left:
            item = await found.get()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                left -= 1
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _partial(streams: Sequence[ServiceStream]) -> Sequence[InferenceResult]:
    found = []
    for stream in streams:
        with suppress(ExpertError):  # nothing came
            found.append(stream.result)
    return found


def _outcome(error: BaseException) -> str:
    if isinstance(error, RequestTimeout):
        return "timeout"
    if isinstance(error, ExpertError):
        return "refused" if status_of(error) < 500 else "error"
    return "cancelled" if isinstance(error, asyncio.CancelledError | GeneratorExit) else "error"
