"""One engine of many: a manager that follows the catalogue, and answers what the ingress sends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig, cache_dir
from expertserve.core.engines import default_engine
from expertserve.core.entry import ExpertInfo
from expertserve.core.options import Locate, Options
from expertserve.core.streams import AsyncStream
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.errors import ConfigError, ExpertError, ExpertNotLoadedError
from expertserve.manager import AsyncExpertManager
from expertserve.models import LocalModel
from expertserve.package.index import IndexRow, index_of
from expertserve.ray.config import RayConfig
from expertserve.ray.following import Following, ServedExperts
from expertserve.ray.rows import RowReader
from expertserve.ray.streams import Item
from expertserve.ray.supply import Neighbourhood, Supply
from expertserve.ray.versions import Update
from expertserve.request import GenerateArgs, PromptArgs, Request
from expertserve.result import Chunk, InferenceResult, Written

log = logging.getLogger("expertserve.ray")
BATCH_SECONDS = 0.01
"""Chunks within this time of a request's first travel together: a message costs 1 ms."""


class Meter(Protocol):
    """Where figures of this replica go."""

    def answered(
        self, expert: str, outcome: str, *, warm: bool, result: InferenceResult | None
    ) -> None: ...

    def running(self, requests: int, resident: int) -> None: ...


class ReplicaCatalogue(Neighbourhood, Protocol):
    """What a replica asks of the catalogue and of the other replicas."""

    async def since(self, number: int) -> Update: ...

    async def rows(self, digests: Sequence[str]) -> list[IndexRow]: ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a replica says of itself."""

    replica: str
    number: int
    engine: EngineInfo | None
    experts: tuple[ExpertInfo, ...]
    running: int
    warm: int
    cold: int


@dataclass(frozen=True, slots=True)
class FrontFacts:
    """What only a package tells, for whoever reads requests: see `FrontExpert`."""

    digest: str
    template: str
    constrained: bool


class Watched:
    """An engine, and which adapters it holds right now, to be read from any thread."""

    def __init__(self, engine: Engine, held: set[str]) -> None:
        self._engine, self._held = engine, held

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        self._held.clear()
        return await self._engine.start(base, config, rank)

    async def add(self, adapter: ServingAdapter) -> None:
        await self._engine.add(adapter)
        self._held.add(adapter.digest)

    async def remove(self, digest: str) -> None:
        self._held.discard(digest)
        await self._engine.remove(digest)

    async def resident(self) -> Mapping[str, Resident]:
        return await self._engine.resident()

    @property
    def alive(self) -> bool:
        return self._engine.alive

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        return self._engine.stream(request)

    async def close(self) -> None:
        await self._engine.close()


def make_engine(config: RayConfig) -> Engine:
    """The engine that a configuration names.

    Raises:
        ConfigError: `bad_plugin`: it can't be imported, or makes no engine.
    """
    if ":" not in config.engine:
        return default_engine(replace(config.engine_settings(), engine=config.engine))
    engine = imported(config.engine)(**config.engine_args)
    if not isinstance(engine, Engine):
        raise ConfigError(f"{config.engine} makes no engine", code="bad_plugin")
    return engine


def imported(name: str) -> Callable[..., object]:
    """`MODULE:CALLABLE`, imported.

    Raises:
        ConfigError: `bad_plugin`.
    """
    try:
        found: object = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"{name} can't be imported: {error}",
            hint="write MODULE:CALLABLE, and install the module on every machine",
            code="bad_plugin",
        ) from error
    if not callable(found):
        raise ConfigError(f"{name} can't be called", code="bad_plugin")
    return found


def make_manager(
    config: RayConfig, engine: Callable[[], Engine], locate: Locate | None = None
) -> AsyncExpertManager:
    options = Options(
        base_model=config.base_model,
        max_loaded_experts=config.max_loaded_experts,
        allow_multiple_bases=True,
        config=config.engine_settings(),
        trust=config.trust_policy(),
        cache_dir=config.cache_dir,
        models_dir=config.models_dir,
        cache_size=config.cache_size,
        engine=engine,
        locate=locate,
    )
    return AsyncExpertManager(options=options)


class Replica:
    """Made in the event loop that calls it.

    Args:
        catalogue: Has the list, and tells which other replicas have a package.
        name: Its unique name.
        base: Which of the application's base models it serves; "" where there is one deployment.
    """

    def __init__(
        self,
        config: RayConfig,
        catalogue: ReplicaCatalogue,
        name: str,
        meter: Meter,
        base: str = "",
    ) -> None:
        self._config, self._catalogue, self.name, self._meter = config, catalogue, name, meter
        self._base = base
        self._held: set[str] = set()
        self._supply = Supply(name, config.cache_dir, catalogue)
        self._loop = asyncio.get_running_loop()
        self._manager = make_manager(
            config, lambda: Watched(make_engine(config), self._held), self._locate
        )
        index = index_of(config.cache_dir or cache_dir())
        self._served = ServedExperts(self._manager, RowReader(index, catalogue.rows))
        self._list = Following(self._since, self._apply)
        self._warm = self._cold = self._running = 0

    async def begin(self) -> None:
        """Registers what the catalogue lists, and starts the engine.

        Raises:
            ExpertError: An expert can't be served here, or the engine can't start; the replica is
                then of no use.
        """
        await self._list.look()
        if self._list.snapshot.experts or self._config.base_model:
            await self._manager.start()

    async def adopt(self, update: Update) -> int:
        """See `Following.adopt`. The first expert starts the engine."""
        return await self._list.adopt(update.of(self._base))

    async def _since(self, number: int) -> Update:
        return (await self._catalogue.since(number)).of(self._base)

    async def _apply(self, update: Update) -> None:
        first = self._list.snapshot.number == 0
        await self._served.apply(update)
        if update.put and not first and not self._manager.info().engines:
            await self._manager.start()
        if update.whole and not first:  # who tells which replica has a package began anew
            await self._supply.say(all_of_it=True)

    async def _locate(self, source: str, digest: str) -> Path:
        """Called in the manager's loop."""
        work = self._supply.get(source, digest)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def pieces(self, digest: str) -> AsyncGenerator[bytes, None]:
        """See `Supply.pieces`."""
        return self._supply.pieces(digest)

    async def facts(self, number: int, name: str) -> FrontFacts:
        """What an ingress reads requests for an expert with; the expert is prepared."""
        await self._list.look(number)
        found = await self._manager.front(name)
        return FrontFacts(found.known.package.digest, found.template, found.constrained)

    async def prompt_tokens(
        self, number: int, name: str, prompt: str | None, words: PromptArgs
    ) -> list[int]:
        """A call's prompt as the model would read it."""
        await self._list.look(number)
        return await self._manager.prompt_tokens(name, prompt, words)

    async def generate(
        self, number: int, name: str, prompt: str | None, args: GenerateArgs
    ) -> InferenceResult:
        """One answer. A replica whose list is older than `number` catches up first."""
        await self._list.look(number)
        with self._noted(name) as note:
            note.result = await self._manager.generate(name, prompt, **args)
            return note.result

    async def stream(
        self,
        number: int,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        written: Written | None = None,
    ) -> AsyncGenerator[Item, None]:
        """Chunks as they come, then the whole result. Closing it aborts the request.

        Args:
            written: What another replica had sent.
        """
        await self._list.look(number)
        with self._noted(name) as note:
            async with (
                self._manager.resume_stream(name, prompt, args, written)
                if written
                else self._manager.generate_stream(name, prompt, **args)
            ) as stream:
                try:
                    first = True
                    async for chunks in _batched(stream):
                        yield chunks, stream.result if first else None
                        first = False
                    note.result = stream.result
                    yield [], note.result
                except BaseException:
                    note.result = _so_far(stream)
                    raise

    async def report(self) -> Report:
        """What it serves, asked of the engine."""
        experts = tuple(await self._manager.list_loaded_experts())
        engines = self._manager.info().engines
        engine = engines[0] if engines else None
        return Report(
            self.name,
            self._list.snapshot.number,
            engine,
            experts,
            self._running,
            self._warm,
            self._cold,
        )

    async def warm_experts(self) -> list[str]:
        """The experts whose adapters are at hand, least recently used first."""
        wanted = ("slot", "resident") if self._config.max_loaded_experts else ("slot",)
        infos = await self._manager.list_loaded_experts()
        warm = sorted((i for i in infos if i.state in wanted), key=lambda i: i.last_used or 0)
        self._meter.running(self._running, len(warm))
        return [i.name for i in warm]

    async def check_health(self) -> None:
        """Asks the engine; and the catalogue, which may be silent.

        Raises:
            EngineDeadError: The engine doesn't answer, and can't be started again.
        """
        try:
            async with asyncio.timeout(
                self._config.health_timeout / 3
            ):  # Ray's own limit is for all of this
                await self._list.look()
                await self._supply.say()
        except Exception as error:
            log.warning(
                "the catalogue can't be followed: %s",
                error,
                exc_info=None if isinstance(error, ExpertError) else error,
            )
        if not self._list.snapshot.experts and not self._config.base_model:
            return
        if not self._manager.info().engines:
            await self._manager.start()
        await self._manager.list_loaded_experts()

    async def close(self) -> None:
        """Aborts what runs, ends the engine."""
        self._supply.close()
        await self._manager.close()

    @contextmanager
    def _noted(self, name: str) -> Iterator[_Note]:
        """Counts a request, how it ended, and whether its adapter was there when it came."""
        note, warm = _Note(), self._is_warm(name)
        self._running += 1
        self._warm += warm
        self._cold += not warm
        outcome = "cancelled"
        try:
            yield note
            outcome = note.result.finish_reason if note.result else "error"
        except ExpertError:
            outcome = "error"
            raise
        finally:
            self._running -= 1
            self._meter.answered(name, outcome, warm=warm, result=note.result)

    def _is_warm(self, name: str) -> bool:
        try:
            return self._manager.registered(name).package.adapter is None or bool(
                self._held & {self._manager.adapter_of(name)}
            )
        except ExpertNotLoadedError:
            return False


@dataclass(slots=True)
class _Note:
    result: InferenceResult | None = None


def _so_far(stream: AsyncStream) -> InferenceResult | None:
    try:
        return stream.result
    except ExpertError:
        return None


async def _batched(stream: AsyncStream) -> AsyncIterator[list[Chunk]]:
    """The first chunk at once, the others in batches of what came within `BATCH_SECONDS`."""
    ready: list[Chunk] = []
    wake = asyncio.Event()
    ended = False

    async def read() -> None:
        nonlocal ended
        try:
            async for chunk in stream:
                ready.append(chunk)
                wake.set()
        finally:
            ended = True
            wake.set()

    reader = asyncio.create_task(read())
    sent = time.monotonic() - BATCH_SECONDS
    try:
        while not ended or ready:
            await wake.wait()
            if not ended:
                await asyncio.sleep(max(0.0, sent + BATCH_SECONDS - time.monotonic()))
            wake.clear()
            batch, ready[:] = ready[:], []
            if batch:
                sent = time.monotonic()
                yield batch
            if ended:
                wake.set()
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
