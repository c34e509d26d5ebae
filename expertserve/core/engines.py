"""The engines of all base models, and the adapters in their memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from expertserve import plugins
from expertserve.config import EngineConfig
from expertserve.core.entry import Entry
from expertserve.core.eviction import Residency
from expertserve.core.host import EngineHost, SlotNeed
from expertserve.core.options import Options
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.errors import ConfigError, ExpertError
from expertserve.expert import PreparedExpert
from expertserve.models import LocalModel

if TYPE_CHECKING:
    from expertserve.engine.vllm.early import EarlyCore

log = logging.getLogger("expertserve")


def default_engine(config: EngineConfig) -> Engine:
    """The engine asked for, or the one that suits the machine. Imports torch: a second or two.

    Raises:
        DeviceError, ConfigError: See `expertserve.engine.device.choose`.
    """
    from expertserve.engine.device import ENGINES, choose, probe

    if config.engine not in ENGINES and config.engine in plugins.names("engines"):
        return _offered_engine(config.engine)
    with _hastened(config) as hastened:  # its process imports while torch is imported here
        if choose(probe(), config.device, config.engine).engine == "vllm":
            from expertserve.engine.vllm.engine import VLLMEngine

            return VLLMEngine(hastened.pop() if hastened else None)
    from expertserve.engine.portable.engine import TransformersEngine

    return TransformersEngine()


def suited(config: EngineConfig, base: LocalModel) -> EngineConfig:
    """Names the portable engine where questions come one at a time, on a CPU, and it will do."""
    from expertserve.engine.device import transformers_installed, vllm_build
    from expertserve.engine.portable.engine import serves

    if (
        config.single
        and config.engine is None
        and not config.vllm
        and config.device in (None, "cpu")
        and vllm_build() == "cpu"  # vLLM would run on the CPU, so there is no GPU to use
        and transformers_installed()
        and serves(base)
    ):
        return replace(config, engine="transformers")
    return config


@contextmanager
def _hastened(config: EngineConfig) -> Iterator[list[EarlyCore]]:
    """A process for vLLM's core on a CPU, where it will probably be wanted; ended if it isn't."""
    from expertserve.engine.device import vllm_build

    started: list[EarlyCore] = []
    if vllm_build() == "cpu" and config.engine in (None, "vllm") and config.device in (None, "cpu"):
        from expertserve.engine.vllm.launch import begin
        from expertserve.engine.vllm.options import parallel
        from expertserve.engine.vllm.sizes import cpu_environment

        started.append(begin(cpu_environment(config, parallel(config.vllm))))
    try:
        yield started
    finally:
        for early in started:
            early.end()


def _offered_engine(name: str) -> Engine:
    """An engine of another package: an entry point in ``expertserve.engines``.

    Raises:
        ConfigError: `bad_plugin`: there is none, or it makes no engine.
    """
    make = plugins.load("engines", name)
    engine = make() if callable(make) else make
    if not isinstance(engine, Engine):
        raise ConfigError(
            f"the entry point {name!r} in expertserve.engines makes no engine",
            hint="it has to be callable and return an expertserve.engine.base.Engine",
            code="bad_plugin",
        )
    return engine


class Engines:
    """An engine for each base model. Every method runs on the core's event loop.

    Args:
        entries: Everything loaded now.
    """

    def __init__(self, options: Options, entries: Callable[[], Iterable[Entry]]) -> None:
        self._config = options.config
        self._make = options.engine
        self._entries = entries
        self._hosts: dict[str, EngineHost] = {}
        self._residency = Residency(options.max_loaded_experts)
        self._restarts: dict[str, asyncio.Task[None]] = {}

    def of(self, base: LocalModel) -> EngineHost:
        """A base model's engine, started or not."""
        host = self._hosts.get(base.digest)
        if host is None:
            needs = partial(self._needs, base.digest)
            config = suited(self._config, base)
            make = self._make or partial(default_engine, config)
            host = EngineHost(base, config, make, needs)
            self._hosts[base.digest] = host
        return host

    def _needs(self, base: str) -> Iterator[SlotNeed]:
        return (e.need for e in self._entries() if e.base.digest == base)

    async def load(self, entry: Entry) -> None:
        """Records a use, and makes the entry's adapter resident where its engine runs."""
        await self.use(entry)
        if entry.expert:
            await self.warm(entry.expert)

    async def use(self, entry: Entry) -> None:
        """Records a use, which may evict others."""
        for evicted in self._residency.use(entry):
            if evicted.expert:
                await self.free(evicted.expert)

    async def warm(self, expert: PreparedExpert) -> None:
        """Puts an adapter into a running engine before anybody asks for it."""
        host = self.of(expert.base)
        if expert.adapter and host.started:
            async with host.use(expert.adapter):
                pass

    def restart(self, base: LocalModel) -> None:
        """Restarts a crashed engine in the background, with the adapters that it held.

        A failure is logged; the next request tries again.
        """
        if base.digest not in self._restarts:
            task = self._restarts[base.digest] = asyncio.create_task(self._restart(base))
            task.add_done_callback(lambda _: self._restarts.pop(base.digest))

    async def _restart(self, base: LocalModel) -> None:
        try:
            await self.of(base).start()
            for entry in self._residency.by_last_use():
                if entry.expert and entry.base.digest == base.digest:
                    await self.warm(entry.expert)
        except ExpertError as error:
            log.error("the engine could not be restarted: %s", error.message)

    async def free(self, expert: PreparedExpert) -> None:
        """Removes an adapter from its engine, unless a resident expert shares it."""
        if expert.adapter and not self._residency.holds(expert.adapter.digest):
            await self.of(expert.base).free(expert.adapter)

    def forget(self, entry: Entry) -> None:
        """Forgets an entry that is no longer loaded."""
        self._residency.discard(entry)

    async def resident(self) -> Mapping[str, Mapping[str, Resident]]:
        """What each engine holds, by its base model's digest."""
        return {base: await host.resident() for base, host in list(self._hosts.items())}

    def infos(self) -> tuple[EngineInfo, ...]:
        """Those that run. Safe from other threads."""
        return tuple(h.info for h in list(self._hosts.values()) if h.started and h.info)

    @property
    def running(self) -> int:
        """Requests in flight."""
        return sum(h.running for h in list(self._hosts.values()))

    async def close(self) -> None:
        """Ends them all. Idempotent."""
        for host in list(self._hosts.values()):
            await host.close()
