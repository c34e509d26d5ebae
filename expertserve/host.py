"""One base model's engine: started when it is needed, restarted wider or after it died, adapters made resident and freed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.errors import ConfigError, EngineDeadError, IncompatibleError
from expertserve.models import BaseModel

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
        self, base: BaseModel, config: EngineConfig, make: Callable[[], Engine], adapters: Callable[[], Iterable[ServingAdapter]]
    ) -> None:
        self.base = base
        self.config = config
        self.info: EngineInfo | None = None
        self.running = 0
        self._make = make
        self._adapters = adapters
        self._engine: Engine | None = None
        self._starting = asyncio.Lock()
        self._users: Counter[str] = Counter()
        self._unwanted: set[str] = set()
        self._deaths: list[float] = []
        self._closed = False

    async def start(self) -> EngineInfo:
        """Starts the engine, unless it runs and its slots are wide enough.

        Raises:
            OutOfMemoryError, DeviceError, EngineDeadError.
            IncompatibleError: `rank_too_large`, where wider slots are needed while requests run.
        """
        async with self._starting:
            if self._closed:
                raise ConfigError("this manager was closed", hint="make a new one", code="closed")
            if self._engine and not self._engine.alive:
                await self._bury()
            if len(self._deaths) > MAX_DEATHS:
                raise EngineDeadError(
                    f"the engine died {len(self._deaths)} times in {WITHIN_SECONDS / 60:.0f} minutes and is not started again",
                    hint="its log says why",
                    code="engine_stopped",
                )
            if self._engine and self.info and (self.info.max_lora_rank is None or self._width() <= self.info.max_lora_rank):
                return self.info
            await self._make_room()
            engine = await asyncio.to_thread(self._make)
            try:
                self.info = await engine.start(self.base, self.config, self._width())
            except BaseException:
                await engine.close()
                raise
            self._engine = engine
            return self.info

    def _width(self) -> int:
        return max((a.width for a in self._adapters()), default=0)

    async def _make_room(self) -> None:
        """Closes an idle engine whose slots are too narrow."""
        if self._engine is None:
            return
        if self.running and self.info:
            raise IncompatibleError(
                f"an adapter of width {self._width()} doesn't fit slots of {self.info.max_lora_rank}, "
                f"and {self.running} requests are running",
                hint=f"start with max_lora_rank={self._width()}, or load it while nothing runs",
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

    async def revive(self) -> None:
        """After a death: starts again and loads what was loaded. Failing is logged; the next request tries again."""
        try:
            await self.start()
            for adapter in list(self._adapters()):
                async with self.use(adapter):
                    pass
        except (EngineDeadError, IncompatibleError) as error:
            log.error("the engine could not be started again: %s", error.message)

    @asynccontextmanager
    async def use(self, adapter: ServingAdapter | None) -> AsyncIterator[Engine]:
        """The running engine, with the adapter resident for as long as the block lasts."""
        await self.start()
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
        self._unwanted.discard(digest)
        if self._engine and self._engine.alive:
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
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()
