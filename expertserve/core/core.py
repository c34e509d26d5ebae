"""Names → experts → engines: the state behind the library, the server and Ray.

It lives on one event loop (`core.loop`), so it needs no locks. `expertserve.manager` and
`expertserve.facade` submit their calls to that loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing
from functools import partial

from expertserve.core.collect import Collector
from expertserve.core.entry import Entry, ManagerInfo
from expertserve.core.experts import LoadedExperts
from expertserve.core.host import closed
from expertserve.core.jobs import Job, run
from expertserve.core.options import Options
from expertserve.core.resolve import check_fits, resolve_request
from expertserve.core.resume import RESUMES, Continuation
from expertserve.decoding.apply import Applied
from expertserve.decoding.fair import FairThreads
from expertserve.engine.base import Engine, EngineInfo
from expertserve.errors import EngineDeadError, ExpertError
from expertserve.expert import PreparedExpert
from expertserve.request import GenerateArgs, Request
from expertserve.result import Chunk, InferenceResult, Written

log = logging.getLogger("expertserve")
Deliver = Callable[[Chunk], None]

MANY = 256
"""Requests at once where the engine chooses how many it decodes."""
judges = FairThreads(threads=2, each=1)
"""Where finished answers are parsed and judged."""


class Core:
    """Experts and the engines that serve them. Every coroutine runs on the core's event loop."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._closed = False
        self.experts = LoadedExperts(options)
        self.engines = self.experts.engines

    def info(self) -> ManagerInfo:
        """What is served. Safe from other threads."""
        engines = self.engines.infos()
        return ManagerInfo(
            tuple(self.experts.base_names()),
            engines,
            len(self.experts),
            self.engines.running,
            max((e.max_slots or 0 for e in engines), default=self.options.config.max_slots or 0),
        )

    async def start(self) -> EngineInfo:
        """Starts an engine for each base model, unless it runs.

        Raises:
            ExpertNotLoadedError: Nothing is loaded, so there is no base model to start.
            OutOfMemoryError, DeviceError, EngineDeadError.
        """
        self._check_open()
        bases = await asyncio.to_thread(self.experts.served_bases)  # a digest reads every weight
        infos = [await self.engines.of(base).start() for base in bases]
        return infos[0]

    async def close(self) -> None:
        """Aborts all requests and ends the engines; later calls raise ConfigError. Idempotent."""
        self._closed = True
        for entry in [*self.experts.entries(), *self.experts.bases()]:
            entry.abort(closed())
        await self.engines.close()
        await self.experts.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise closed()

    async def generate(
        self,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        *,
        collect: Collector | None = None,
        deliver: Deliver | None = None,
        written: Written | None = None,
    ) -> InferenceResult:
        """One answer. Cancelling the task aborts the request in the engine.

        Args:
            collect: Has the result so far, also after a cancellation.
            deliver: Called with each chunk. Where it was, and the engine dies, the next goes on.
            written: What was delivered elsewhere already.
        """
        self._check_open()
        collect = collect or Collector()
        collect.resumed = written.resumed + 1 if written else 0
        entry = await self.experts.entry_of(name, prompt, args)
        with entry.in_flight():
            expert = await self.experts.prepared(entry)
            while True:
                try:
                    await self._run(entry, expert, prompt, args, collect, deliver, written)
                    break
                except EngineDeadError as error:
                    written = collect.written() if deliver else None
                    if written is None or self._closed or collect.resumed >= RESUMES:
                        raise
                    log.warning("%s goes on in another engine: %s", name, error.message)
                    collect.resumed += 1
        self.experts.count(entry)
        collect.end()
        if not collect.costly:
            return collect.result()
        return await judges.run(expert.package.digest, partial(collect.result, whole=True))

    async def _run(
        self,
        entry: Entry,
        expert: PreparedExpert,
        prompt: str | None,
        args: GenerateArgs,
        collect: Collector,
        deliver: Deliver | None,
        written: Written | None,
    ) -> None:
        host = self.engines.of(expert.base)
        request, applied = await resolve_request(
            expert,
            prompt,
            args,
            context_length=host.context_length,
            config=self.options.config,
        )
        soft = request.soft_prompt is not None
        width = expert.adapter.width if expert.adapter else 0
        check_fits(request, await host.start(width, soft=soft))
        begun = time.monotonic()
        collect.hit = host.holds(expert.adapter) if expert.adapter else None
        if entry.path is not None:  # not the bare base model
            await self.engines.use(entry)
        try:
            async with host.use(expert.adapter, soft=soft) as engine:
                collect.load = time.monotonic() - begun
                collect.begin(request, expert)
                if applied:
                    collect.verdict, collect.parse = applied.verdict, applied.parse
                    collect.thought = applied.thought
                if written:
                    follower = Continuation(request, applied, expert, written)
                    await _go_on(engine, follower, collect, deliver)
                else:
                    await _read(engine, request, applied, collect, deliver)
        except EngineDeadError:
            if not host.started and not self._closed:
                self.engines.restart(expert.base)
            raise
        finally:
            if entry.expert is not expert:  # replaced meanwhile, maybe before it was resident
                await self.engines.free(expert)
        if applied:
            applied.check()

    async def generate_many(
        self,
        jobs: Iterable[Job],
        *,
        return_exceptions: bool = False,
        done: Callable[[], None] | None = None,
    ) -> list[InferenceResult | ExpertError]:
        """One continuous batch over any experts; see `core.jobs.run`."""
        at_once = 2 * (self.options.config.max_requests or MANY)
        return await run(
            jobs, self.generate, at_once, return_exceptions=return_exceptions, done=done
        )


async def _go_on(
    engine: Engine, follower: Continuation, collect: Collector, deliver: Deliver | None
) -> None:
    """The rest of an answer, behind what was written of it elsewhere."""
    whole, new = await follower.begin()
    collect.begin_again(whole)
    if new and deliver:
        deliver(new)
    if not follower.ended:
        await _read(engine, follower.rest(), follower, collect, deliver)


async def _read(
    engine: Engine,
    request: Request,
    follower: Applied | Continuation | None,
    collect: Collector,
    deliver: Deliver | None,
) -> None:
    """The engine's chunks, as far as what follows them lets them on."""
    async with aclosing(engine.stream(request)) as chunks:
        async for chunk in chunks:
            collect.read(chunk)
            out = await follower.follow(chunk) if follower else chunk
            if out:
                collect.add(out)
            if out and deliver:
                deliver(out)
            if follower and follower.ended:
                break
