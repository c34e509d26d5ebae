"""The engines of all base models, and which experts' adapters stay in their memory."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.core.entry import Entry
from expertserve.core.host import EngineHost
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.errors import ExpertError
from expertserve.expert import PreparedExpert
from expertserve.models import LocalModel

log = logging.getLogger("expertserve")


class Engines:
    """An engine for each base model. Every method runs on the core's event loop.

    Args:
        make: Makes an engine.
        limit: Adapters kept in them; the least recently used makes room, and comes back at its next use.
        entries: Everything that is loaded now.
    """

    def __init__(
        self,
        config: EngineConfig,
        make: Callable[[], Engine],
        limit: int | None,
        entries: Callable[[], Iterable[Entry]],
    ) -> None:
        self._config = config
        self._make = make
        self._limit = limit
        self._entries = entries
        self._hosts: dict[str, EngineHost] = {}
        self._resident: set[Entry] = set()
        self._reviving: dict[str, asyncio.Task[None]] = {}
        self._clock = itertools.count(1)

    def of(self, base: LocalModel) -> EngineHost:
        """A base model's engine, which may not have been started."""
        host = self._hosts.get(base.digest)
        if host is None:
            host = self._hosts[base.digest] = EngineHost(
                base, self._config, self._make, partial(self._adapters, base.digest)
            )
        return host

    def _adapters(self, base: str) -> Iterator[ServingAdapter]:
        return (
            e.expert.adapter
            for e in self._entries()
            if e.expert.adapter and e.expert.base.digest == base
        )

    async def settle(self, entry: Entry) -> None:
        """Notes a use, and puts the entry's adapter into the engine where that runs."""
        await self.touch(entry)
        await self.warm(entry.expert)

    async def touch(self, entry: Entry) -> None:
        """Notes a use, and evicts the least recently used until the limit holds. Pinned ones stay, and so do those that are answering."""
        entry.order = next(self._clock)
        if entry.expert.adapter is None:
            self._resident.discard(entry)
            return
        self._resident.add(entry)
        while self._limit is not None and len(self._resident) > self._limit:
            newest = max(e.order for e in self._resident)
            idle = [
                e for e in self._resident if not e.pinned and not e.running and e.order != newest
            ]
            if not idle:
                return  # over the limit for as long as all of them are pinned or busy
            gone = min(idle, key=lambda e: e.order)
            self._resident.remove(gone)
            gone.evictions += 1
            await self.free(gone.expert)

    async def warm(self, expert: PreparedExpert) -> None:
        """Puts an adapter into a running engine before anybody asks for it."""
        host = self.of(expert.base)
        if expert.adapter and host.started:
            async with host.use(expert.adapter):
                pass

    def revive(self, base: LocalModel) -> None:
        """Begins to start an engine that died, and to load what it held. Failing is logged; the next request tries again."""
        if base.digest not in self._reviving:
            task = self._reviving[base.digest] = asyncio.create_task(self._revive(base))
            task.add_done_callback(lambda _: self._reviving.pop(base.digest))

    async def _revive(self, base: LocalModel) -> None:
        try:
            await self.of(base).start()
            for entry in sorted(self._resident, key=lambda e: e.order):
                if entry.expert.base.digest == base.digest:
                    await self.warm(entry.expert)
        except ExpertError as error:
            log.error("the engine could not be started again: %s", error.message)

    async def free(self, expert: PreparedExpert) -> None:
        """Takes an adapter out of its engine, unless one that stays has the same."""
        adapter = expert.adapter
        staying = (e.expert.adapter for e in self._resident)
        if adapter and not any(o and o.digest == adapter.digest for o in staying):
            await self.of(expert.base).free(adapter)

    def forget(self, entry: Entry) -> None:
        """An entry that is no longer loaded."""
        self._resident.discard(entry)

    async def resident(self) -> Mapping[str, Mapping[str, Resident]]:
        """What each engine holds, by its base model's digest."""
        return {base: await host.resident() for base, host in list(self._hosts.items())}

    def infos(self) -> tuple[EngineInfo, ...]:
        """Those that run."""
        return tuple(
            h.info for h in list(self._hosts.values()) if h.started and h.info
        )  # faces ask from other threads

    @property
    def running(self) -> int:
        """Requests under way."""
        return sum(h.running for h in list(self._hosts.values()))

    async def close(self) -> None:
        """Ends them all. Again is no error."""
        for host in list(self._hosts.values()):
            await host.close()
