"""The server's `Service` over many engines: what the HTTP front calls, answered by replicas.

Its own manager lists what the index has of every expert. It reads no package and starts no engine;
what only a package tells, a replica that serves it is asked for, once.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol, TypeVar, Unpack

from expertserve.config import cache_dir
from expertserve.core.entry import BrokenPackage, ExpertInfo, ManagerInfo
from expertserve.core.registering import Registered, Registration, Settle, same
from expertserve.core.router import Route
from expertserve.engine.base import Engine, EngineInfo
from expertserve.errors import ConfigError, EngineDeadError, ExpertError, ExpertNotLoadedError
from expertserve.package.index import IndexRow, index_of
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.ray.catalogue import Change
from expertserve.ray.config import RayConfig
from expertserve.ray.following import Following
from expertserve.ray.listing import ListedExperts
from expertserve.ray.replica import FrontFacts, Report, make_manager
from expertserve.ray.rows import RowReader
from expertserve.ray.shares import Lessee
from expertserve.ray.source import publish
from expertserve.ray.streams import ATTEMPTS, Items, Near, RemoteStream, ReplicaLostError
from expertserve.ray.versions import Update
from expertserve.register import FrontExpert, RegisteredExpert
from expertserve.request import GenerateArgs, PromptArgs
from expertserve.result import InferenceResult, Written
from expertserve.server.limits import KeyUse, Share
from expertserve.server.parts import Parts
from expertserve.server.state import StateEntry
from expertserve.server.watch import name_of

STATES = ("registered", "resident", "slot")
WATCH_SECONDS = 1.0
MOST_FACTS = 20_000
T = TypeVar("T")
log = logging.getLogger("expertserve.ray")


class ReplicaEngines(Protocol):
    """The engine replicas. Calls raise what they raise, or ReplicaLostError."""

    async def facts(self, near: Near, number: int, name: str) -> FrontFacts: ...

    async def prompt_tokens(
        self, near: Near, number: int, name: str, prompt: str | None, words: PromptArgs
    ) -> list[int]: ...

    async def generate(
        self, near: Near, number: int, name: str, prompt: str | None, args: GenerateArgs
    ) -> InferenceResult: ...

    def stream(
        self,
        near: Near,
        number: int,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        written: Written | None,
    ) -> Items:
        """An answer's chunks; with `written` the rest of it."""
        ...

    async def reports(self) -> list[Report]:
        """Of all that run."""
        ...


class Changes(Protocol):
    """The catalogue."""

    async def since(self, number: int) -> Update: ...

    async def change(self, change: Change) -> Update: ...

    async def rows(self, digests: Sequence[str]) -> list[IndexRow]: ...

    async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]: ...


@dataclass(frozen=True, slots=True)
class Holding:
    """What one replica has under an expert's name."""

    replica: str
    digest: str
    version: str
    state: str
    uses: int


@dataclass(frozen=True, slots=True)
class SharedExpertInfo(ExpertInfo):
    """An expert over all replicas: sums, the best state, and what each of them has."""

    replicas: tuple[Holding, ...] = ()


class RayService:
    """`Service` for one ingress process.

    Args:
        name: Its unique name.
    """

    def __init__(
        self, config: RayConfig, engines: ReplicaEngines, changes: Changes, name: str
    ) -> None:
        self._config, self._engines, self._changes = config, engines, changes
        self._name = name
        self._manager = make_manager(config, _no_engine)
        index = index_of(config.cache_dir or cache_dir())
        listed = ListedExperts(self._manager, RowReader(index, changes.rows), self._told)
        self._list = Following(changes.since, listed.apply)
        self._facts: dict[str, FrontFacts] = {}
        self._parts: Parts | None = None
        self._lessee: Lessee | None = None
        self._running: tuple[EngineInfo, ...] = (
            (EngineInfo("asleep", "none", "none", 0),) if config.can_sleep else ()
        )
        self._requests = 0
        self._watching: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Lists what the catalogue does, and keeps looking.

        Raises:
            ExpertError: The catalogue doesn't answer.
        """
        await self._list.look()
        self._watching = asyncio.create_task(self._watch())

    def show(self, parts: Parts) -> None:
        """The front: its list of places is kept like the catalogue's, its limits are shared."""
        self._parts = parts
        most = self._config.ingress.most
        self._lessee = Lessee(parts.limits, self._changes, self._name, most)
        now = self._list.snapshot
        self._told(Update(0, now.number, now.experts))

    def _told(self, update: Update) -> None:
        if self._parts is None:
            return
        state = self._parts.state
        stay = {one.name for one in update.put}
        others = [e.name for e in state.entries if e.name not in stay]
        for name in others if update.whole else update.gone:
            state.drop(name)
        for one in update.put:
            state.note(
                StateEntry(
                    name=one.name,
                    path=one.source,
                    pin=one.pin,
                    checksum=one.digest,
                    checkpoint=one.checkpoint,
                )
            )

    async def adopt(self, update: Update) -> int:
        return await self._list.adopt(update)

    async def _watch(self) -> None:
        """Follows the catalogue where a broadcast was missed, and notes which engines run."""
        while True:
            try:
                async with asyncio.timeout(10 * WATCH_SECONDS):
                    self._note(await self._engines.reports())
                    await self._list.look()
            except Exception as error:  # Ray's own, too: the next look may go better
                log.warning(
                    "looking at the replicas failed: %s",
                    error,
                    exc_info=None if isinstance(error, ExpertError) else error,
                )
            await asyncio.sleep(WATCH_SECONDS if not self._running else 5 * WATCH_SECONDS)

    def _note(self, reports: list[Report]) -> None:
        found = tuple(r.engine for r in reports if r.engine)
        if found or not self._config.can_sleep:
            self._running = found
        self._requests = sum(r.running for r in reports)

    # ── what is served ──────────────────────────────────────────────────────────────────────────

    async def start(self) -> EngineInfo:
        """Looks for a running engine: replicas start theirs themselves."""
        self._note(await self._engines.reports())
        if not self._running:
            raise EngineDeadError(
                "no replica has an engine that runs",
                hint="`serve status` says why",
                code="engine_dead",
            )
        return self._running[0]

    async def front(self, name: str) -> FrontExpert:
        """See `FrontExpert`. A replica that serves it is asked, once for each package."""
        known = await asyncio.to_thread(self._manager.registered, name)
        if known.is_base:
            return await self._manager.front(name)
        facts = self._facts.get(known.package.digest)
        if facts is None:
            near, number = self._near(name), self._list.snapshot.number
            facts = await _elsewhere(partial(self._engines.facts, near, number, name))
            if len(self._facts) >= MOST_FACTS:
                self._facts.clear()
            self._facts[facts.digest] = facts
        return FrontExpert(known, _tokenizer(known.base.path), facts.template, facts.constrained)

    async def prompt_tokens(self, name: str, prompt: str | None, words: PromptArgs) -> list[int]:
        near, number = self._near(name), self._list.snapshot.number
        ask = self._engines.prompt_tokens
        return await _elsewhere(partial(ask, near, number, name, prompt, words))

    def registered(self, name: str) -> RegisteredExpert:
        return self._manager.registered(name)

    def manifest_facts(self, digests: Sequence[str]) -> Mapping[str, str]:
        return self._manager.manifest_facts(digests)

    def broken_packages(self) -> list[BrokenPackage]:
        return self._manager.broken_packages()

    async def register_experts(
        self, packages: Sequence[Registration], *, settle: Settle = same, strict: bool = False
    ) -> list[Registered]:
        """Loads them one after the other, everywhere: the catalogue knows what a folder holds."""
        done = []
        for one in packages:
            name = one.name
            if name is None:
                name = await asyncio.to_thread(name_of, Path(one.path))
            if (wanted := settle(name, one)) is not None:
                await self.load_expert(
                    name,
                    wanted.path,
                    pin=wanted.pin,
                    checksum=wanted.checksum,
                    checkpoint=wanted.checkpoint,
                )
                done.append(Registered(wanted, name))
        return done

    async def preload(self, most: int | None = None) -> None:
        """Replicas prepare experts as they are asked."""

    def route(self, prompt: str, context: str = "") -> list[Route]:
        return self._manager.route(prompt, context)

    def info(self) -> ManagerInfo:
        return replace(self._manager.info(), engines=self._running, running=self._requests)

    async def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, over all replicas.

        Raises:
            EngineDeadError: No replica answers, though some should.
        """
        reports = await self._engines.reports()
        self._note(reports)
        if not reports and not self._config.can_sleep:
            raise EngineDeadError("no replica answers", hint="`serve status` says why")
        there: dict[str, list[tuple[str, ExpertInfo]]] = defaultdict(list)
        for report in reports:
            for one in report.experts:
                there[one.name].append((report.replica, one))
        infos = await self._manager.list_loaded_experts()
        return [_shared(info, there.get(info.name, [])) for info in infos]

    async def check(self) -> None:
        """Asks the replicas; raises what `list_loaded_experts` raises."""
        await self.list_loaded_experts()

    async def load_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        pin: bool = False,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        source = await self._published(path)
        return await self._change(
            Change(
                kind="load",
                name=name,
                source=source,
                digest=checksum,
                pin=pin,
                checkpoint=checkpoint,
            )
        )

    async def replace_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        source = await self._published(path)
        return await self._change(
            Change(kind="replace", name=name, source=source, digest=checksum, checkpoint=checkpoint)
        )

    async def pin_expert(self, name: str, pinned: bool = True) -> ExpertInfo:
        return await self._change(Change(kind="pin", name=name, pin=pinned))

    async def unload_expert(self, name: str, *, force: bool = False) -> None:
        change = Change(kind="unload", name=name, force=force)
        await self._list.adopt(await self._changes.change(change))

    async def _published(self, path: str | os.PathLike[str]) -> str:
        if self._config.store is None:
            return os.fspath(path)
        return await asyncio.to_thread(publish, Path(path), self._config.store)

    async def _change(self, change: Change) -> ExpertInfo:
        """One answer when all replicas have it."""
        await self._list.adopt(await self._changes.change(change))
        found = next((i for i in await self.list_loaded_experts() if i.name == change.name), None)
        if found is None:
            raise ExpertNotLoadedError(f"{change.name!r} was unloaded in the meantime")
        return found

    # ── generation ──────────────────────────────────────────────────────────────────────────────

    async def generate(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> InferenceResult:
        near = self._near(name)
        return await _elsewhere(
            lambda: self._engines.generate(near, self._list.snapshot.number, name, prompt, args)
        )

    def generate_stream(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> RemoteStream:
        near = self._near(name)
        return RemoteStream(
            lambda written: self._engines.stream(
                near, self._list.snapshot.number, name, prompt, args, written
            )
        )

    def _near(self, name: str) -> Near:
        """Where a request has to go: to its base model's engines, near its expert's adapter."""
        known = self._manager.registered(name)
        base = self._config.base_of((*known.package.bases, known.base.name))
        return Near(base or "", name if known.package.adapter else "")

    async def close(self) -> None:
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._lessee:
            await self._lessee.close()
        await self._manager.close()


async def _elsewhere(ask: Callable[[], Awaitable[T]]) -> T:
    """An answer; where a replica is lost, another one is asked."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await ask()
        except ReplicaLostError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@lru_cache(maxsize=16)
def _tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer(folder)


def _no_engine() -> Engine:
    raise ConfigError("the HTTP front has no engine", code="no_engine")


def _shared(info: ExpertInfo, mine: Sequence[tuple[str, ExpertInfo]]) -> SharedExpertInfo:
    """One expert over the replicas that have it; what doesn't vary is this process's own."""
    there = [e for _, e in mine]
    facts = {f.name: getattr(info, f.name) for f in dataclasses.fields(ExpertInfo)}
    facts |= {
        "adapter_bytes": max((e.adapter_bytes for e in there), default=info.adapter_bytes),
        "state": max((e.state for e in there), key=STATES.index, default=info.state),
        "in_flight": sum(e.in_flight for e in there),
        "uses": sum(e.uses for e in there),
        "last_used": max((e.last_used for e in there if e.last_used), default=None),
    }
    return SharedExpertInfo(
        **facts, replicas=tuple(Holding(r, e.digest, e.version, e.state, e.uses) for r, e in mine)
    )
