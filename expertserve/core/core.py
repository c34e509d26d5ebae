"""Names → experts → engines: the state that every face drives.

All of it lives on one event loop, in a thread of its own, so that nothing here needs a lock. The faces in `expertserve.manager` and
`expertserve.facade` hand their calls over to that loop.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path

from expertserve.config import EngineConfig
from expertserve.core.collect import Collector
from expertserve.core.engines import Engines
from expertserve.core.entry import Entry, ExpertInfo, ManagerInfo, info_of
from expertserve.core.jobs import Job, run
from expertserve.core.resolve import check_fits, resolve_request
from expertserve.core.router import Route, Router
from expertserve.decoding.compile import masks
from expertserve.engine.base import Engine, EngineInfo
from expertserve.errors import (
    ConfigError,
    EngineDeadError,
    ExpertError,
    ExpertNotLoadedError,
    IncompatibleError,
)
from expertserve.expert import PreparedExpert, bare, prepare
from expertserve.models import LocalModel, find_given, last_component
from expertserve.package.constraints import check_constraints
from expertserve.package.signature import TrustPolicy
from expertserve.request import GenerateArgs, routed_by
from expertserve.result import Chunk, InferenceResult

AUTO = "auto"
Deliver = Callable[[Chunk], None]


def default_engine(config: EngineConfig) -> Engine:
    """The one that is asked for, or suits the machine. Looking at the machine imports torch, which takes a second or two.

    Raises:
        DeviceError, ConfigError: See `expertserve.engine.device.choose`.
    """
    from expertserve.engine.device import choose, probe

    if choose(probe(), config.device, config.engine).engine == "vllm":
        from expertserve.engine.vllm.engine import VLLMEngine

        return VLLMEngine()
    from expertserve.engine.portable.engine import TransformersEngine

    return TransformersEngine()


class Core:
    """Experts by name, an engine for each base model. Every method runs on the core's event loop.

    Args:
        base_model: A folder, name or hub id; by default what each expert's manifest names.
        max_loaded_experts: Adapters kept in the engine; the least recently used makes room, and comes back at its next use.
        allow_multiple_bases: Start an engine of its own for each base model, instead of refusing a second one.
        trust: What is demanded of signatures.
        engine: Makes an engine.
    """

    def __init__(
        self,
        *,
        base_model: str | os.PathLike[str] | None = None,
        max_loaded_experts: int | None = None,
        allow_multiple_bases: bool = False,
        config: EngineConfig | None = None,
        trust: TrustPolicy | None = None,
        engine: Callable[[], Engine] | None = None,
        cache_dir: Path | None = None,
        models_dir: Path | None = None,
    ) -> None:
        if max_loaded_experts is not None and max_loaded_experts < 1:
            raise ConfigError(
                f"max_loaded_experts must be at least 1, not {max_loaded_experts}",
                code="bad_setting",
            )
        self.base_model = base_model
        self.allow_multiple_bases = allow_multiple_bases
        self.config = config or EngineConfig()
        self.trust = trust
        self.cache_dir = cache_dir
        self.models_dir = models_dir
        self._entries: dict[str, Entry] = {}
        self._bases: dict[str, Entry] = {}
        self._router: tuple[int, Router] | None = None
        self._changes = 0
        self._loading: dict[str, asyncio.Lock] = {}
        self._closed = False
        self.engines = Engines(
            self.config,
            engine or partial(default_engine, self.config),
            max_loaded_experts,
            self._loaded,
        )

    def _loaded(self) -> list[Entry]:
        return list(self._entries.values())  # faces ask from other threads

    # ── experts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def load_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        pin: bool = False,
        checksum: str | None = None,
        checkpoint: str | None = None,
        cache: bool = True,
    ) -> ExpertInfo:
        """Reads, verifies and registers an expert; where the engine runs, its adapter goes there at once.

        Raises:
            LoadError: And everything below it; IncompatibleError `other_base` where its base is not the one that is served.
            ConfigError: The name is taken by another package, or is no name.
        """
        if not name or name != name.strip() or name == AUTO:
            raise ConfigError(f"{name!r} is no name for an expert", code="bad_name")
        async with self._lock(name):
            expert = await self._read(path, checksum=checksum, checkpoint=checkpoint, cache=cache)
            taken = self._entries.get(name)
            try:
                if taken and taken.expert.identity != expert.identity:
                    raise ConfigError(
                        f"another package is loaded as {name!r}",
                        hint="replace_expert(name, path) exchanges it; unload_expert(name) frees the name",
                        code="name_taken",
                    )
                if taken:
                    expert.package.close()
                else:
                    self._check_base(expert)
                    check_constraints(
                        expert.manifest, (e.expert.manifest for e in self._entries.values())
                    )
            except ExpertError:
                expert.package.close()
                raise
            entry = taken or Entry(name, path, expert)
            entry.pinned = entry.pinned or pin
            self._entries[name] = entry
            self._changes += 1
            try:
                await self.engines.settle(entry)
            except BaseException:
                if not taken:
                    del self._entries[name]
                    self.engines.forget(entry)
                    self._changes += 1
                    expert.package.close()
                raise
        return await self._describe(entry)

    async def replace_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        """Exchanges an expert under its name: requests begun before finish on the old weights, those begun after use the new.

        Raises:
            ExpertNotLoadedError, LoadError; the old one then stays.
        """
        async with self._lock(name):
            entry = self._entry(name)
            new = await self._read(path, checksum=checksum, checkpoint=checkpoint, cache=True)
            others = [e for e in self._entries.values() if e is not entry]
            try:
                self._check_base(new, others)
                check_constraints(new.manifest, (e.expert.manifest for e in others))
                await self.engines.warm(new)
            except BaseException:
                new.package.close()
                raise
            old, entry.expert, entry.path = entry.expert, new, path
            self._changes += 1
            await self.engines.touch(entry)
            await self._drop(old)
        return await self._describe(entry)

    async def unload_expert(self, name: str, *, force: bool = False) -> None:
        """Frees an expert's adapter, once its requests have ended or, with `force`, after aborting them. The base model stays.

        Raises:
            ExpertNotLoadedError.
        """
        async with self._lock(name):
            entry = self._entry(name)
            del self._entries[name]
            self._changes += 1
        if force:
            reason = ExpertNotLoadedError(
                f"{name!r} was unloaded by force while it answered",
                hint="load it again",
                code="unloaded",
            )
            entry.kill(reason)
        await asyncio.shield(
            asyncio.create_task(self._leave(entry))
        )  # also where nobody waits for it any more

    async def _leave(self, entry: Entry) -> None:
        await entry.idle.wait()
        self.engines.forget(entry)
        await self._drop(entry.expert)

    async def _drop(self, expert: PreparedExpert) -> None:
        """Frees what no other entry shares."""
        others = [e.expert for e in self._entries.values()]
        await self.engines.free(expert)
        if not any(o.package.folder == expert.package.folder for o in others):
            expert.package.close()

    async def pin_expert(self, name: str, pinned: bool = True) -> ExpertInfo:
        """A pinned expert is never evicted."""
        entry = self._entry(name)
        entry.pinned = pinned
        if pinned:
            await self.engines.settle(entry)
        return await self._describe(entry)

    async def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        held = await self.engines.resident()
        return [info_of(entry, held.get(entry.expert.base.digest, {})) for entry in self._loaded()]

    async def _describe(self, entry: Entry) -> ExpertInfo:
        try:
            held = await self.engines.of(entry.expert.base).resident()
        except EngineDeadError:  # what was asked for is done, and the next request starts a new one
            held = {}
        return info_of(entry, held)

    def expert(self, name: str) -> PreparedExpert:
        """The expert behind a name, or the base model where it is the base model's name.

        Raises:
            ExpertNotLoadedError: Naming those that are loaded.
        """
        return self._find(name).expert

    def route(self, prompt: str, context: str = "") -> list[Route]:
        """The experts whose manifests fit a prompt, best first.

        Args:
            context: What goes with the prompt, such as a schema; its shape counts, not its words.
        """
        known, changes = (
            self._router,
            self._changes,
        )  # faces ask from other threads, while this one loads
        if known is None or known[0] != changes:
            known = self._router = (
                changes,
                Router([(e.name, e.expert.manifest) for e in self._loaded()]),
            )
        return known[1].route(prompt, context)

    def info(self) -> ManagerInfo:
        """What is served."""
        entries = self._loaded()
        bases = dict.fromkeys(e.expert.base.name for e in (*entries, *list(self._bases.values())))
        return ManagerInfo(tuple(bases), self.engines.infos(), len(entries), self.engines.running)

    async def _read(
        self,
        path: str | os.PathLike[str],
        *,
        checksum: str | None,
        checkpoint: str | None,
        cache: bool,
    ) -> PreparedExpert:
        expert = await asyncio.to_thread(
            prepare,
            path,
            base_model=self.base_model,
            checkpoint=checkpoint,
            checksum=checksum,
            cache_dir=self.cache_dir,
            models_dir=self.models_dir,
            cache=cache,
            trust=self.trust,
        )
        try:
            if expert.grammar:
                await asyncio.to_thread(
                    masks.expect, expert.grammar, expert.base.path, self.cache_dir
                )
        except BaseException:
            expert.package.close()
            raise
        return expert

    def _lock(self, name: str) -> asyncio.Lock:
        """Loading and replacing one name come one after the other."""
        return self._loading.setdefault(name, asyncio.Lock())

    def _entry(self, name: str) -> Entry:
        found = self._entries.get(name)
        if found is None:
            known = ", ".join(sorted(self._entries)) or "none"
            raise ExpertNotLoadedError(
                f"no expert is loaded as {name!r}; loaded: {known}",
                hint="load_expert(name, path) loads one",
            )
        return found

    def _find(
        self, name: str, prompt: str | None = None, args: GenerateArgs | None = None
    ) -> Entry:
        """An entry by its name, by routing, or for the bare base model by its name."""
        if name in self._entries:
            return self._entries[name]
        if name == AUTO:
            return self._entry(self._choose(prompt, args or {}))
        return self._base_entry(name) or self._entry(name)

    def _choose(self, prompt: str | None, args: GenerateArgs) -> str:
        routes = self.route(*routed_by(prompt, args))
        if not routes:
            known = ", ".join(sorted(self._entries)) or "none"
            raise ConfigError(
                "no loaded expert fits this prompt",
                hint=f"name one of: {known}",
                code="no_expert_fits",
            )
        return routes[0].name

    def _base_entry(self, name: str) -> Entry | None:
        wanted = last_component(name).casefold()
        if wanted not in self._bases:
            bases = [e.expert.base for e in self._loaded()]
            if (
                not bases
                and self.base_model is not None
                and last_component(str(self.base_model)).casefold() == wanted
            ):
                bases.append(
                    self._given_base()
                )  # which may look in many places, so not for any name
            found = next((b for b in bases if last_component(b.name).casefold() == wanted), None)
            if found is None:
                return None
            self._bases[wanted] = Entry(found.name, None, bare(found))
        return self._bases[wanted]

    def _given_base(self) -> LocalModel:
        assert self.base_model is not None
        return find_given(self.base_model, models_dir=self.models_dir, cache_dir=self.cache_dir)

    def _check_base(self, expert: PreparedExpert, beside: Sequence[Entry] | None = None) -> None:
        served = next(iter(self._entries.values() if beside is None else beside), None)
        if (
            served
            and not self.allow_multiple_bases
            and served.expert.base.digest != expert.base.digest
        ):
            raise IncompatibleError(
                f"{expert.manifest.name} is for the base model {expert.base.name}; {served.expert.base.name} is served here",
                hint="allow_multiple_bases=True starts a second engine for it",
                code="other_base",
            )

    async def start(self) -> EngineInfo:
        """Starts the engine for what is loaded, unless it runs.

        Raises:
            ExpertNotLoadedError: Nothing is loaded, so there is no base model to start.
            OutOfMemoryError, DeviceError, EngineDeadError.
        """
        self._open()
        bases = [e.expert.base for e in self._entries.values()]
        if not bases and self.base_model is not None:
            bases = [self._given_base()]
            self._base_entry(bases[0].name)
        if not bases:
            raise ExpertNotLoadedError(
                "no expert is loaded", hint="load_expert(name, path) loads one"
            )
        infos = [
            await self.engines.of(base).start() for base in {b.digest: b for b in bases}.values()
        ]
        return infos[0]

    async def close(self) -> None:
        """Aborts what runs and ends the engines; calls after it raise ConfigError. Again is no error."""
        self._closed = True
        reason = ConfigError("this manager was closed", hint="make a new one", code="closed")
        for entry in (*self._entries.values(), *self._bases.values()):
            entry.kill(reason)
        await self.engines.close()
        for entry in self._entries.values():
            entry.expert.package.close()
        self._entries.clear()

    def _open(self) -> None:
        if self._closed:
            raise ConfigError("this manager was closed", hint="make a new one", code="closed")

    # ── generation ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def generate(
        self,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        *,
        collect: Collector | None = None,
        deliver: Deliver | None = None,
    ) -> InferenceResult:
        """One answer; its chunks go to `deliver` as they come. Cancelling the task aborts the request in the engine.

        Args:
            collect: Has the result so far, also after a cancellation.
        """
        self._open()
        collect = collect or Collector()
        entry = self._find(name, prompt, args)
        with entry.noted():
            await self._run(entry, entry.expert, prompt, args, collect, deliver)
        collect.end()
        return collect.result()

    async def _run(
        self,
        entry: Entry,
        expert: PreparedExpert,
        prompt: str | None,
        args: GenerateArgs,
        collect: Collector,
        deliver: Deliver | None,
    ) -> None:
        host = self.engines.of(expert.base)
        request, applied = await resolve_request(
            expert, prompt, args, context_length=host.context_length
        )
        check_fits(request, await host.start(expert.adapter.width if expert.adapter else 0))
        begun = time.monotonic()
        if entry.path is not None:  # not the bare base model
            await self.engines.touch(entry)
        try:
            async with host.use(expert.adapter) as engine:
                collect.load = time.monotonic() - begun
                collect.begin(request, expert)
                if applied:
                    collect.verdict, collect.parse = applied.verdict, applied.parse
                async with aclosing(engine.stream(request)) as chunks:
                    async for chunk in chunks:
                        out = await applied.follow(chunk) if applied else chunk
                        if out:
                            collect.add(out)
                        if out and deliver:
                            deliver(out)
                        if applied and applied.ended:
                            break
        except EngineDeadError:
            if not host.started and not self._closed:
                self.engines.revive(expert.base)
            raise
        finally:
            if (
                entry.expert is not expert
            ):  # replaced meanwhile, perhaps before its adapter came into the engine
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
        """One continuous batch over any experts; see `expertserve.core.jobs.run`."""
        return await run(
            jobs,
            self.generate,
            2 * self.config.max_requests,
            return_exceptions=return_exceptions,
            done=done,
        )
