"""One base model's engine: started on demand, restarted wider or after a crash."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from copy import copy
from dataclasses import dataclass, replace

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.core.restart import RestartPolicy
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.errors import ConfigError, EngineDeadError, IncompatibleError
from expertserve.models import LocalModel


@dataclass(frozen=True, slots=True)
class SlotNeed:
    """What an expert needs of an engine.

    Args:
        width: Ranks of a slot.
        soft: Whether it brings soft prompts.
    """

    width: int
    soft: bool


class EngineHost:
    """An engine and the adapters in use. Every method runs on one event loop.

    Args:
        make: Makes the engine; called again for a restart.
        needs: Of those loaded for it: their adapters' widths decide the slots', and soft prompts
            whether the engine is ready for some.
    """

    def __init__(
        self,
        base: LocalModel,
        config: EngineConfig,
        make: Callable[[], Engine],
        needs: Callable[[], Iterable[SlotNeed]],
    ) -> None:
        self.base = base
        self.config = config
        self.info: EngineInfo | None = None
        self.running = 0
        self._make = make
        self._needs = needs
        self._engine: Engine | None = None
        self._starting: asyncio.Task[None] | None = None
        self._users: Counter[str] = Counter()
        self._to_free: set[str] = set()
        self._held: set[str] = set()
        self._soft = False
        self._restarts = RestartPolicy()
        self._unfit: EngineDeadError | None = None
        self._closed = False

    async def start(self, width: int = 0, *, soft: bool = False) -> EngineInfo:
        """Starts the engine, unless it runs and can serve what is wanted.

        Concurrent callers wait for one start, which goes on when one of them gives up.

        Args:
            width: Of the adapter that is wanted; a new engine also suits all loaded ones.
            soft: Whether a soft prompt is wanted.

        Raises:
            OutOfMemoryError, DeviceError, EngineDeadError.
            IncompatibleError: `rank_too_large`, `soft_prompts_off`, where another engine is needed
                while requests run; `engine_refused`, where it serves no soft prompts.
            ConfigError: `closed`.
        """
        while not (info := self._info_if_fit(width, soft)):
            if self._closed:
                raise closed()
            starting = self._starting
            if starting is None:
                starting = self._starting = asyncio.create_task(self._start(width, soft))
                starting.add_done_callback(self._start_ended)
            await asyncio.wait([starting])
            if not starting.cancelled():
                starting.result()
        return info

    def _info_if_fit(self, width: int, soft: bool) -> EngineInfo | None:
        info = self.info if self.started else None
        if info is None:
            return None
        if soft and not info.soft_prompts and self._soft:
            raise IncompatibleError(
                f"the {info.name} engine serves no soft prompts here",
                hint='ask without, soft_prompt="", or serve on vLLM or transformers',
                code="engine_refused",
            )
        wide = info.max_lora_rank is None or width <= info.max_lora_rank
        return info if wide and (info.soft_prompts or not soft) else None

    def _start_ended(self, start: asyncio.Task[None]) -> None:
        self._starting = None
        if not start.cancelled():
            start.exception()  # marks it as retrieved: its waiters have it, if there are any

    async def _start(self, width: int, soft: bool) -> None:
        if self._engine and not self._engine.alive:
            await self._close_engine()
            await self._restarts.record_crash()
        self._restarts.check()
        if self._unfit:
            raise copy(self._unfit)  # each caller's traceback is its own
        needs = list(self._needs())
        width = max([width, *(n.width for n in needs)])
        soft = soft or self.config.soft_prompts or any(n.soft for n in needs)
        if self._engine:
            await self._close_unfit_engine(width)
        engine = await asyncio.to_thread(self._make)
        experts = self.config.experts or max(1, len(needs))
        config = replace(self.config, soft_prompts=soft, experts=experts)
        try:
            info = await engine.start(self.base, config, width)
            if info.max_lora_rank is not None and width > info.max_lora_rank:
                raise IncompatibleError(
                    f"the engine's slots hold {info.max_lora_rank}, {width} are needed",
                    code="rank_too_large",
                )
        except BaseException as error:
            await engine.close()
            if isinstance(error, EngineDeadError) and error.code == "engine_unfit":
                self._unfit = error
            raise
        self._engine, self.info, self._soft = engine, info, soft
        self._held.clear()

    async def _close_unfit_engine(self, width: int) -> None:
        slots = self.info.max_lora_rank if self.info else None
        if self.running and slots is not None and width > slots:
            raise IncompatibleError(
                f"an adapter of width {width} doesn't fit slots of {slots}, and"
                f" {self.running} requests are running",
                hint=f"start with max_lora_rank={width}, or load it while nothing runs",
                code="rank_too_large",
            )
        if self.running:
            raise IncompatibleError(
                f"the engine was started without soft prompts, and {self.running} requests are"
                " running",
                hint="start with soft_prompts=True, or load it while nothing runs",
                code="soft_prompts_off",
            )
        await self._close_engine()

    async def _close_engine(self) -> None:
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()

    @asynccontextmanager
    async def use(
        self, adapter: ServingAdapter | None, *, soft: bool = False
    ) -> AsyncIterator[Engine]:
        """The running engine, with the adapter resident for as long as the block lasts."""
        await self.start(adapter.width if adapter else 0, soft=soft)
        engine = self._engine
        assert engine
        self.running += 1
        digest = adapter.digest if adapter else ""
        self._users[digest] += 1
        self._to_free.discard(digest)
        try:
            if adapter:
                await engine.add(adapter)
                self._held.add(digest)
            yield engine
        finally:
            self.running -= 1
            self._users[digest] -= 1
            if not self._users[digest]:
                del self._users[digest]
                if digest in self._to_free:
                    await asyncio.shield(self._remove(digest))

    def holds(self, adapter: ServingAdapter) -> bool:
        """Whether the engine has it, as far as is known without asking."""
        return adapter.digest in self._held

    async def free(self, adapter: ServingAdapter) -> None:
        """Removes an adapter from the engine: now, or when the last request that uses it ends."""
        self._to_free.add(adapter.digest)
        if adapter.digest not in self._users:
            await self._remove(adapter.digest)

    async def _remove(self, digest: str) -> None:
        if digest not in self._to_free or digest in self._users:
            return  # a new request needs it
        self._to_free.discard(digest)
        self._held.discard(digest)
        if self._engine and self._engine.alive:
            with suppress(EngineDeadError):  # a dead engine holds nothing
                await self._engine.remove(digest)

    async def resident(self) -> Mapping[str, Resident]:
        """What the engine holds, asked of the engine; nothing where it doesn't run."""
        if self._engine is None or not self._engine.alive:
            return {}
        return await self._engine.resident()

    @property
    def context_length(self) -> int:
        """Tokens of prompt and answer, as the engine runs or will be started."""
        chosen = self.info.max_model_len if self.info else self.config.max_model_len
        return min(chosen or self.base.context_length, self.base.context_length)

    @property
    def started(self) -> bool:
        return self._engine is not None and self._engine.alive

    async def close(self) -> None:
        """Ends the engine. Idempotent."""
        self._closed = True
        if self._starting:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        await self._close_engine()


def closed() -> ConfigError:
    """What a call gets after `close`."""
    return ConfigError("this manager was closed", hint="make a new one", code="closed")
