"""Experts by name: loaded, replaced, unloaded, pinned, found and routed to."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cached_property, partial

from expertserve import config
from expertserve.core.bases import BaseEntries
from expertserve.core.beside import Beside
from expertserve.core.engines import Engines
from expertserve.core.entry import BrokenPackage, Entry, ExpertInfo, info_of
from expertserve.core.options import Options
from expertserve.core.preparing import make_ready
from expertserve.core.router import Candidate, Route, Router
from expertserve.core.uses import Uses
from expertserve.errors import (
    ConfigError,
    EngineDeadError,
    ExpertError,
    ExpertNotLoadedError,
    InferenceError,
    IntegrityError,
)
from expertserve.expert import PreparedExpert
from expertserve.models import LocalModel
from expertserve.package.index import PackageIndex, index_of
from expertserve.register import RegisteredExpert
from expertserve.request import GenerateArgs, check_fallback, routed_by

AUTO = "auto"
MANY = 200
"""Experts that are described on the event loop; more are in a thread."""
log = logging.getLogger("expertserve")


class LoadedExperts:
    """What is loaded, and under which names. Changes happen on the core's event loop alone."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._entries: dict[str, Entry] = {}
        self._bases = BaseEntries(options, self.entries, lambda: self.index)
        self._router: tuple[int, Router] | None = None
        self._changes = 0
        self._base_names: tuple[int, list[str]] | None = None
        self._locks: dict[str, asyncio.Lock] = {}
        self._broken: dict[str, BrokenPackage] = {}
        self._uses = Uses(lambda: self.index)
        self._ready = partial(make_ready, options)
        self.engines = Engines(options, self.entries)

    @cached_property
    def index(self) -> PackageIndex:
        """What the cache knows of packages."""
        return index_of(self._options.cache_dir or config.cache_dir())

    def entries(self) -> list[Entry]:
        """What is loaded, in the order of loading: a copy, since other threads ask, too."""
        return list(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def bases(self) -> list[Entry]:
        """The bare base models that were asked for by name."""
        return self._bases.entries()

    def served_bases(self) -> list[LocalModel]:
        """See `BaseEntries.served`."""
        return self._bases.served()

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
        check_new_name(name)
        async with self._lock(name):
            expert, known = await self._ready(path, checksum, checkpoint, cache=cache)
            taken = self._entries.get(name)
            try:
                beside = self.neighbours()
                beside.check_name(name, known)
                entry = taken or Entry(name, path, known, expert, checkpoint)
                if taken:
                    _check_same(taken, expert)
                    self._take(taken, known, expert)
                else:
                    beside.check(known)
                    self.add(entry)
                entry.pinned = entry.pinned or pin
                await self.engines.load(entry)
            except BaseException:
                if not taken and self._entries.pop(name, None) is not None:
                    self.engines.forget(entry)
                    self._changes += 1
                if not taken or taken.expert is not expert:
                    expert.package.close()
                raise
            if taken and taken.expert is not expert:
                expert.package.close()
        return await self._describe(entry)

    def add(self, entry: Entry) -> None:
        """Registers an expert that was checked."""
        self._entries[entry.name] = entry
        if self._broken and entry.path is not None:
            self._broken.pop(os.path.realpath(entry.path), None)
        self._changes += 1

    def become(self, entries: Iterable[Entry]) -> None:
        """These are all; nothing that is prepared may be among those that were."""
        self._entries = {entry.name: entry for entry in entries}
        self._changes += 1

    def neighbours(self, without: Entry | None = None) -> Beside:
        """What a newcomer is loaded beside."""
        loaded = (e.known for e in self.entries() if e is not without)
        return Beside(self._options, loaded)

    async def prepared(self, entry: Entry) -> PreparedExpert:
        """An entry's expert. Prepared now where it isn't yet, once for all who wait for it.

        Raises:
            LoadError: And its subclasses; the entry is listed as broken, and the next call tries
                again.
        """
        if entry.expert is None:
            if entry.preparing is None:
                task = entry.preparing = asyncio.create_task(self._prepare(entry))
                task.add_done_callback(lambda t: t.cancelled() or t.exception())  # it was logged
            try:
                return await asyncio.shield(entry.preparing)
            except ExpertError as error:
                raise copy(error) from error  # each caller's traceback is its own
        return entry.expert

    async def _prepare(self, entry: Entry) -> PreparedExpert:
        path, digest = entry.path, entry.known.package.digest
        assert path is not None
        try:
            expert, known = await self._ready(path, None, entry.checkpoint, digest=digest)
            if entry.expert is None and known.package.digest == digest:
                self._take(entry, known, expert)
                return expert
            expert.package.close()
            if entry.expert is None:
                raise IntegrityError(
                    f"{path} was changed since it was registered: its digest is"
                    f" {known.package.digest}, not {digest}",
                    hint=f"replace the expert {entry.name!r}, or serve with --watch",
                    code="checksum_mismatch",
                )
            return entry.expert  # replaced meanwhile
        except InferenceError:  # too many wait, which says nothing about the package
            raise
        except ExpertError as error:
            entry.failure = error
            facts = {"expert": entry.name, "path": str(path), "code": error.code}
            log.error("%s can't be prepared: %s", path, error.message, extra={"facts": facts})
            raise
        finally:
            entry.preparing = None

    def _take(self, entry: Entry, known: RegisteredExpert, expert: PreparedExpert) -> None:
        """The entry is prepared."""
        if entry.expert is None:
            entry.known, entry.expert, entry.failure = known, expert, None

    def at_hand(self, name: str) -> Entry | None:
        """The entry of a name, where one is loaded. Safe from other threads."""
        return self._entries.get(name)

    async def prepared_by_name(self, name: str) -> PreparedExpert:
        """As `prepared`, for a base model's name as well.

        Raises:
            ExpertNotLoadedError, LoadError.
        """
        return await self.prepared(await self.entry_of(name))

    def refuse(self, path: str, name: str | None, error: ExpertError) -> None:
        """Lists a package that isn't loaded, and says why."""
        told = BrokenPackage(path, name, error.code, error.message)
        self._broken[os.path.realpath(path)] = told

    def broken(self) -> list[BrokenPackage]:
        """What of a folder's packages isn't served, or can't be. Safe from other threads."""
        failed = [
            BrokenPackage(str(e.path), e.name, e.failure.code, e.failure.message)
            for e in self.entries()
            if e.failure
        ]
        return [*self._broken.copy().values(), *failed]

    def count(self, entry: Entry) -> None:
        """Counts an answer."""
        if entry.path is not None:  # not the bare base model
            self._uses.count(entry.known.package.digest)

    def has(self, name: str, digest: str) -> bool:
        """Whether a package is loaded under a name.

        Raises:
            ConfigError: `name_taken` by another one.
        """
        entry = self._entries.get(name)
        if entry and entry.known.package.digest != digest:
            raise _taken(name)
        return entry is not None

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
            new, known = await self._ready(path, checksum, checkpoint)
            try:
                self.neighbours(without=entry).check(known)
                await self.engines.warm(new)
            except BaseException:
                new.package.close()
                raise
            old, entry.expert, entry.path = entry.expert, new, path
            entry.known, entry.checkpoint, entry.failure = known, checkpoint, None
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
        if entry.preparing:
            await asyncio.wait([entry.preparing])
        self.engines.forget(entry)
        await self._release(entry.expert)

    async def _release(self, expert: PreparedExpert | None) -> None:
        """Frees what no other entry shares."""
        if expert is None:
            return
        folders = {e.expert.package.folder for e in self._entries.values() if e.expert}
        await self.engines.free(expert)
        if expert.package.folder not in folders:
            expert.package.close()

    async def pin(self, name: str, pinned: bool = True) -> ExpertInfo:
        """A pinned expert is never evicted."""
        entry = self.get(name)
        entry.pinned = pinned
        if pinned:
            await self.prepared(entry)
            await self.engines.load(entry)
        return await self._describe(entry)

    async def infos(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        held = await self.engines.resident()

        def described() -> list[ExpertInfo]:
            return [info_of(e, held.get(e.base.digest, {})) for e in self.entries()]

        few = len(self._entries) < MANY
        return described() if few else await asyncio.to_thread(described)

    def base_names(self) -> list[str]:
        """Of the base models that are served. Safe from other threads."""
        if self._base_names is None or self._base_names[0] != self._changes:
            found = dict.fromkeys(e.base.name for e in self.entries())
            self._base_names = self._changes, list(found)
        return list(dict.fromkeys([*self._base_names[1], *(e.base.name for e in self.bases())]))

    async def _describe(self, entry: Entry) -> ExpertInfo:
        try:
            held = await self.engines.of(entry.base).resident()
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
            router = Router(list(self._candidates()))
            known = self._router = changes, router
        return known[1].route(prompt, context)

    def _candidates(self) -> Iterator[Candidate]:
        """What the router reads of each expert: of those not prepared, what the index has."""
        entries = self.entries()
        words = {} if all(e.expert for e in entries) else self.index.words()
        for entry in entries:
            if entry.expert:
                yield Candidate.of(entry.name, entry.expert.manifest)
            elif entry.known.package.digest in words:
                yield Candidate(entry.name, *words[entry.known.package.digest])

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
            return self._bases.find(name) or self.get(name)
        routes = self.route(*routed_by(prompt, args or {}))
        if not routes and check_fallback(args or {}):
            base = self._bases.find(self.served_bases()[0].name)
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

    def _lock(self, name: str) -> asyncio.Lock:
        """Serialises loading, replacing and unloading of one name."""
        return self._locks.setdefault(name, asyncio.Lock())

    async def clear(self) -> None:
        """Closes every package and forgets all entries."""
        await self._uses.close()
        preparing = [e.preparing for e in self._entries.values() if e.preparing]
        if preparing:
            await asyncio.wait(preparing, timeout=5)
        for entry in self._entries.values():
            if entry.expert:
                entry.expert.package.close()
        self._entries.clear()


def _check_same(entry: Entry, expert: PreparedExpert) -> None:
    """Loading the same package again under its name is idempotent.

    Raises:
        ConfigError: `name_taken`, for another package.
    """
    same = entry.known.package.digest == expert.package.digest
    if not same or (entry.expert and entry.expert.identity != expert.identity):
        raise _taken(entry.name)


def _taken(name: str) -> ConfigError:
    return ConfigError(
        f"another package is loaded as {name!r}",
        hint="replace_expert(name, path) replaces it; unload_expert(name) frees the name",
        code="name_taken",
    )


def check_new_name(name: str) -> None:
    """Raises ConfigError `bad_name`."""
    if not name or name != name.strip() or name == AUTO:
        raise ConfigError(f"{name!r} is not a valid name for an expert", code="bad_name")
