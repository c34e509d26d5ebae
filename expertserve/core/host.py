"""One base model's engine: started when it is needed, restarted wider or after it died, adapters made resident and freed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.errors import ConfigError, EngineDeadError, IncompatibleError
from expertserve.models import LocalModel

log = logging.getLogger("expertserve")
MAX_DEATHS, WITHIN_SECONDS = 3, 600.0
"""An engine that dies so often in so short a time is not started again."""


class EngineHost:
    """An engine and what it holds. Every method runs on one event loop.

    Args:
        make: Makes the engine; called again when it has to be restarted.
        adapters: The serving forms of the experts that are loaded now; they fix the width of slots, and are loaded again after a restart.
    """

    def __init__(
        self,
        base: LocalModel,
        config: EngineConfig,
        make: Callable[[], Engine],
        adapters: Callable[[], Iterable[ServingAdapter]],
    ) -> None:
        self.base = base
        self.config = config
        self.info: EngineInfo | None = None
        self.running = 0
        self._make = make
        self._adapters = adapters
        self._engine: Engine | None = None
        self._coming: asyncio.Task[None] | None = None
        self._users: Counter[str] = Counter()
        self._unwanted: set[str] = set()
        self._deaths: list[float] = []
        self._closed = False

    async def start(self, width: int = 0) -> EngineInfo:
        """Starts the engine, unless it runs and its slots are wide enough. All callers wait for one start; it goes on where one gives up.

        Args:
            width: Of the adapter that is wanted. An engine that has to be started suits those that are loaded, too.

        Raises:
            OutOfMemoryError, DeviceError, EngineDeadError.
            IncompatibleError: `rank_too_large`, where wider slots are needed while requests run.
            ConfigError: `closed`.
        """
        while not (info := self._suiting(width)):
            coming = self._coming
            if self._closed:
                raise ConfigError("this manager was closed", hint="make a new one", code="closed")
            if coming is None:
                coming = self._coming = asyncio.create_task(self._start(width))
                coming.add_done_callback(self._came)
            await asyncio.wait([coming])
            if not coming.cancelled():
                coming.result()
        return info

    def _suiting(self, width: int) -> EngineInfo | None:
        """What runs, where it runs and is wide enough."""
        info = self.info if self.started else None
        fits = info and (info.max_lora_rank is None or width <= info.max_lora_rank)
        return info if fits else None

    def _came(self, start: asyncio.Task[None]) -> None:
        self._coming = None
        if not start.cancelled():
            start.exception()  # those who waited have it; where nobody did, the next one tries again

    async def _start(self, width: int) -> None:
        if self._engine and not self._engine.alive:
            await self._bury()
        if len(self._deaths) > MAX_DEATHS:
            raise EngineDeadError(
                f"the engine died {len(self._deaths)} times in {WITHIN_SECONDS / 60:.0f} minutes and is not started again",
                hint="its log says why",
                code="engine_stopped",
            )
        width = max(width, self._width())
        await self._make_room(width)
        engine = await asyncio.to_thread(self._make)
        try:
            info = await engine.start(self.base, self.config, width)
            if info.max_lora_rank is not None and width > info.max_lora_rank:
                raise IncompatibleError(
                    f"the engine's slots hold {info.max_lora_rank}, {width} are needed",
                    code="rank_too_large",
                )
        except BaseException:
            await engine.close()
            raise
        self._engine, self.info = engine, info

    def _width(self) -> int:
        return max((a.width for a in self._adapters()), default=0)

    async def _make_room(self, width: int) -> None:
        """Closes an idle engine whose slots are too narrow."""
        if self._engine is None:
            return
        if self.running and self.info:
            raise IncompatibleError(
                f"an adapter of width {width} doesn't fit slots of {self.info.max_lora_rank}, and {self.running} requests are running",
                hint=f"start with max_lora_rank={width}, or load it while nothing runs",
                code="rank_too_large",
            )
        engine, self._engine = self._engine, None
        await engine.close()

    async def _bury(self) -> None:
        """Clears away an engine whose processes ended, and waits a while before the next one; after the last one there is none."""
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()
        now = time.monotonic()
        self._deaths = [t for t in self._deaths if now - t < WITHIN_SECONDS] + [now]
        if len(self._deaths) <= MAX_DEATHS:
            pause = 2.0 ** (len(self._deaths) - 1) - 1
            log.error("the engine died; starting it again in %.0f s", pause)
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def use(self, adapter: ServingAdapter | None) -> AsyncIterator[Engine]:
        """The running engine, with the adapter resident for as long as the block lasts."""
        await self.start(adapter.width if adapter else 0)
        engine = self._engine
        assert engine
        self.running += 1
        digest = adapter.digest if adapter else ""
        self._users[digest] += 1
        self._unwanted.discard(digest)
        try:
            if adapter:
                await engine.add(adapter)
            yield engine
        finally:
            self.running -= 1
            self._users[digest] -= 1
            if not self._users[digest]:
                del self._users[digest]
                if digest in self._unwanted:
                    await asyncio.shield(self._remove(digest))

    async def free(self, adapter: ServingAdapter) -> None:
        """Takes an adapter out of the engine: now, or when the last request that uses it ends."""
        self._unwanted.add(adapter.digest)
        if adapter.digest not in self._users:
            await self._remove(adapter.digest)

    async def _remove(self, digest: str) -> None:
        if digest not in self._unwanted or digest in self._users:
            return  # somebody came who needs it
        self._unwanted.discard(digest)
        if self._engine and self._engine.alive:
            with suppress(EngineDeadError):  # what died holds nothing
                await self._engine.remove(digest)

    async def resident(self) -> Mapping[str, Resident]:
        """What the engine holds, asked of it; nothing where it doesn't run."""
        if self._engine is None or not self._engine.alive:
            return {}
        return await self._engine.resident()

    @property
    def context_length(self) -> int:
        """Tokens of prompt and answer: the engine's where it runs, else what it will be started with."""
        chosen = self.info.max_model_len if self.info else self.config.max_model_len
        return min(chosen or self.base.context_length, self.base.context_length)

    @property
    def started(self) -> bool:
        return self._engine is not None and self._engine.alive

    async def close(self) -> None:
        """Ends the engine. Again is no error."""
        self._closed = True
        if self._coming:
            self._coming.cancel()
            await asyncio.wait([self._coming])
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()
