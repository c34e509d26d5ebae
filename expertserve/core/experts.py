"""Experts by name: loaded, replaced, unloaded, pinned, found and routed to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from expertserve import config
from expertserve.core.engines import Engines
from expertserve.core.entry import Entry, ExpertInfo, info_of
from expertserve.core.options import Options
from expertserve.core.router import Route, Router
from expertserve.decoding.compile import masks
from expertserve.decoding.restrict import own_grammars
from expertserve.errors import (
    ConfigError,
    EngineDeadError,
    ExpertNotLoadedError,
    IncompatibleError,
)
from expertserve.expert import PreparedExpert, bare, prepare
from expertserve.models import LocalModel, find_given, last_component
from expertserve.package.cache import keep_within
from expertserve.package.constraints import check_constraints
from expertserve.request import GenerateArgs, check_fallback, routed_by

AUTO = "auto"


class LoadedExperts:
    """What is loaded, and under which names. Changes happen on the core's event loop alone."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._entries: dict[str, Entry] = {}
        self._bases: dict[str, Entry] = {}
        self._router: tuple[int, Router] | None = None
        self._changes = 0
        self._locks: dict[str, asyncio.Lock] = {}
        self.engines = Engines(options, self.entries)

    def entries(self) -> list[Entry]:
        """What is loaded, in the order of loading: a copy, since other threads ask, too."""
        return list(self._entries.values())

    def bases(self) -> list[Entry]:
        """The bare base models that were asked for by name."""
        return list(self._bases.values())

    async def load(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        pin: bool = False,
        checksum: str | None = None,
        checkpoint: str | None = None,
        cache: bool = True,
    ) -> ExpertInfo:
        """Reads, verifies and registers an expert, and loads its adapter if the engine runs.

        Raises:
            LoadError: And its subclasses; IncompatibleError `other_base` for another base model.
            ConfigError: `bad_name`; `name_taken` by another package.
        """
        if not name or name != name.strip() or name == AUTO:
            raise ConfigError(f"{name!r} is not a valid name for an expert", code="bad_name")
        async with self._lock(name):
            expert = await self._read(path, checksum, checkpoint, cache)
            taken = self._entries.get(name)
            try:
                self._check_name(name, expert)
                entry = taken or Entry(name, path, expert)
                if taken:
                    _check_same(taken, expert)
                else:
                    self._check_beside(expert, self.entries())
                    self._entries[name] = entry
                    self._changes += 1
                entry.pinned = entry.pinned or pin
                await self.engines.load(entry)
            except BaseException:
                if not taken and self._entries.pop(name, None) is not None:
                    self.engines.forget(entry)
                    self._changes += 1
                expert.package.close()
                raise
            if taken:
                expert.package.close()
        return await self._describe(entry)

    async def replace(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        """Replaces an expert: requests in flight finish on the old weights, later ones use the new.

        Raises:
            ExpertNotLoadedError, LoadError: The old one stays.
        """
        async with self._lock(name):
            entry = self.get(name)
            new = await self._read(path, checksum, checkpoint, cache=True)
            try:
                self._check_beside(new, [e for e in self.entries() if e is not entry])
                await self.engines.warm(new)
            except BaseException:
                new.package.close()
                raise
            old, entry.expert, entry.path = entry.expert, new, path
            self._changes += 1
            await self.engines.use(entry)
            await self._release(old)
        return await self._describe(entry)

    async def unload(self, name: str, *, force: bool = False) -> None:
        """Frees an expert's adapter when its requests have ended; `force` aborts them.

        Raises:
            ExpertNotLoadedError.
        """
        async with self._lock(name):
            entry = self.get(name)
            del self._entries[name]
            self._changes += 1
        if force:
            message = f"{name!r} was unloaded by force while it answered"
            entry.abort(ExpertNotLoadedError(message, hint="load it again", code="unloaded"))
        leaving = asyncio.create_task(self._leave(entry))
        await asyncio.shield(leaving)  # goes on where the caller gives up

    async def _leave(self, entry: Entry) -> None:
        await entry.idle.wait()
        self.engines.forget(entry)
        await self._release(entry.expert)

    async def _release(self, expert: PreparedExpert) -> None:
        """Frees what no other entry shares."""
        folders = {e.expert.package.folder for e in self._entries.values()}
        await self.engines.free(expert)
        if expert.package.folder not in folders:
            expert.package.close()

    async def pin(self, name: str, pinned: bool = True) -> ExpertInfo:
        """A pinned expert is never evicted."""
        entry = self.get(name)
        entry.pinned = pinned
        if pinned:
            await self.engines.load(entry)
        return await self._describe(entry)

    async def infos(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        held = await self.engines.resident()
        return [info_of(e, held.get(e.expert.base.digest, {})) for e in self.entries()]

    async def _describe(self, entry: Entry) -> ExpertInfo:
        try:
            held = await self.engines.of(entry.expert.base).resident()
        except EngineDeadError:  # the change is made, and the next request restarts the engine
            held = {}
        return info_of(entry, held)

    def route(self, prompt: str, context: str = "") -> list[Route]:
        """The experts whose manifests fit a prompt, best first. Safe from other threads.

        Args:
            context: What goes with the prompt; its features count, not its words.
        """
        known, changes = self._router, self._changes  # read once: other threads ask, too
        if known is None or known[0] != changes:
            router = Router([(e.name, e.expert.manifest) for e in self.entries()])
            known = self._router = changes, router
        return known[1].route(prompt, context)

    def get(self, name: str) -> Entry:
        """The entry of a loaded expert.

        Raises:
            ExpertNotLoadedError: Naming those that are loaded.
        """
        found = self._entries.get(name)
        if found is None:
            raise ExpertNotLoadedError(
                f"no expert is loaded as {name!r}; loaded: {self._names()}",
                hint="load_expert(name, path) loads one",
            )
        return found

    async def entry_of(
        self, name: str, prompt: str | None = None, args: GenerateArgs | None = None
    ) -> Entry:
        """As `find`, off the event loop where that may read a base model's files.

        Raises:
            ExpertNotLoadedError. ConfigError: `no_expert_fits`.
        """
        if name in self._entries:
            return self._entries[name]
        return await asyncio.to_thread(self.find, name, prompt, args)

    def find(self, name: str, prompt: str | None = None, args: GenerateArgs | None = None) -> Entry:
        """An entry by name, by routing (`auto`), or the bare base model by its name.

        Safe from other threads. May read a base model's files.

        Raises:
            ExpertNotLoadedError. ConfigError: `no_expert_fits`.
        """
        if found := self._entries.get(name):
            return found
        if name != AUTO:
            return self._base(name) or self.get(name)
        routes = self.route(*routed_by(prompt, args or {}))
        if not routes and check_fallback(args or {}):
            base = self._base(self.served_bases()[0].name)
            assert base
            return base
        if not routes:
            raise ConfigError(
                "no loaded expert fits this prompt",
                hint=f"name one of: {self._names()}",
                code="no_expert_fits",
            )
        return self.get(routes[0].name)

    def _names(self) -> str:
        return ", ".join(sorted(self._entries)) or "none"

    def _base(self, name: str) -> Entry | None:
        wanted = last_component(name).casefold()
        if wanted not in self._bases:
            bases = [e.expert.base for e in self.entries()]
            given = last_component(str(self._options.base_model or "")).casefold()
            if (
                not bases and given and given == wanted
            ):  # looking for a model is slow: not for any name
                bases = [self._given_base()]
            found = next((b for b in bases if last_component(b.name).casefold() == wanted), None)
            if found is None:
                return None
            found.digest  # noqa: B018  (reads every weight the first time, so not on a loop)
            # two threads that ask at once get one entry, which knows all of its requests
            self._bases.setdefault(wanted, Entry(found.name, None, bare(found)))
        return self._bases[wanted]

    def served_bases(self) -> list[LocalModel]:
        """The base models to start engines for.

        Raises:
            ExpertNotLoadedError: Nothing is loaded, and no base model was given.
        """
        bases = {e.expert.base.digest: e.expert.base for e in self.entries()}
        if not bases and self._options.base_model is not None:
            base = self._given_base()
            self._base(base.name)
            return [base]
        if not bases:
            raise ExpertNotLoadedError(
                "no expert is loaded", hint="load_expert(name, path) loads one"
            )
        return list(bases.values())

    def _given_base(self) -> LocalModel:
        options = self._options
        assert options.base_model is not None
        return find_given(
            options.base_model, models_dir=options.models_dir, cache_dir=options.cache_dir
        )

    async def _read(
        self,
        path: str | os.PathLike[str],
        checksum: str | None,
        checkpoint: str | None,
        cache: bool,
    ) -> PreparedExpert:
        """Prepares an expert off the loop, and begins to compile its grammar."""
        options = self._options

        def read() -> PreparedExpert:
            expert = prepare(
                path,
                base_model=options.base_model,
                checkpoint=checkpoint,
                checksum=checksum,
                cache_dir=options.cache_dir,
                models_dir=options.models_dir,
                cache=cache,
                trust=options.trust,
            )
            expert.base.digest  # noqa: B018  (reads every weight the first time)
            return expert

        expert = await asyncio.to_thread(read)
        try:
            root = options.cache_dir or config.cache_dir()
            await asyncio.to_thread(keep_within, root, options.cache_size)
            base, folder = expert.base.path, options.cache_dir
            for grammar in await asyncio.to_thread(own_grammars, expert):
                await asyncio.to_thread(masks.expect, grammar, base, folder)
        except BaseException:
            expert.package.close()
            raise
        return expert

    def _lock(self, name: str) -> asyncio.Lock:
        """Serialises loading, replacing and unloading of one name."""
        return self._locks.setdefault(name, asyncio.Lock())

    def _check_name(self, name: str, expert: PreparedExpert) -> None:
        """Raises ConfigError `name_taken` where a base model answers by that name."""
        bases = [expert.base.name, str(self._options.base_model or "")]
        bases += [e.expert.base.name for e in self.entries()]
        if last_component(name).casefold() in {last_component(b).casefold() for b in bases if b}:
            raise ConfigError(
                f"{name!r} is the base model's name, which the base model answers by",
                hint="load the expert under another name",
                code="name_taken",
            )

    def _check_beside(self, expert: PreparedExpert, others: Sequence[Entry]) -> None:
        """Whether it may be served beside the others.

        Raises:
            IncompatibleError: `other_base`, or its manifest's constraints.
        """
        served = others[0].expert.base if others else expert.base
        if not self._options.allow_multiple_bases and served.digest != expert.base.digest:
            raise IncompatibleError(
                f"{expert.manifest.name} is for the base model {expert.base.name};"
                f" {served.name} is served here",
                hint="allow_multiple_bases=True starts a second engine for it",
                code="other_base",
            )
        check_constraints(expert.manifest, (e.expert.manifest for e in others))

    def clear(self) -> None:
        """Closes every package and forgets all entries."""
        for entry in self._entries.values():
            entry.expert.package.close()
        self._entries.clear()


def _check_same(entry: Entry, expert: PreparedExpert) -> None:
    """Loading the same package again under its name is idempotent.

    Raises:
        ConfigError: `name_taken`, for another package.
    """
    if entry.expert.identity != expert.identity:
        raise ConfigError(
            f"another package is loaded as {entry.name!r}",
            hint="replace_expert(name, path) replaces it; unload_expert(name) frees the name",
            code="name_taken",
        )
