"""A fleet of experts at once: registered by what the index knows, prepared when there is time."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from expertserve.core.entry import Entry
from expertserve.core.experts import LoadedExperts, check_new_name
from expertserve.core.options import Options
from expertserve.errors import ConfigError, ExpertError, LoadError
from expertserve.models import LocalModel, find_first
from expertserve.package.archive import compare_digest
from expertserve.package.constraints import load_order
from expertserve.package.index import KnownPackage
from expertserve.package.source import is_address
from expertserve.register import RegisteredExpert, check_trust, register

log = logging.getLogger("expertserve")
Bases = dict[tuple[str, ...], LocalModel | ExpertError]
SLICE = 500
"""Experts that are registered between two turns of the event loop."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A package that is to be served.

    Args:
        name: By default the manifest's.
        found: A folder holds it, and nobody named it: it is prepared when it is asked, and where
            it is broken, it is listed and the others are served.
        pin, checksum, checkpoint: As of `ExpertManager.load_expert`.
    """

    path: str | os.PathLike[str]
    name: str | None = None
    found: bool = False
    pin: bool = False
    checksum: str | None = None
    checkpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of one: under which name it is served, or why it isn't."""

    wanted: Registration
    name: str | None
    error: ExpertError | None = None


Settle = Callable[[str, Registration], Registration | None]


def same(name: str, wanted: Registration) -> Registration:
    """Changes nothing."""
    return wanted


async def register_all(
    experts: LoadedExperts,
    options: Options,
    wanted: Sequence[Registration],
    settle: Settle,
    *,
    strict: bool,
) -> list[Registered]:
    """Registers packages, in the order of their manifests' `load_order`.

    Those that were found cost about 50 µs each where the index knows them. Prepared at once are
    those that were named or pinned, those whose signature or slot's width the index doesn't know,
    and addresses.

    Args:
        settle: Told each expert's name; gives what is wanted instead, or None to leave it out.
        strict: Raise what is wrong with those that were found, too.

    Returns:
        What became of each, in the order of loading.

    Raises:
        ExpertError: What is wrong with one that was named.
    """
    fleet = _Fleet(experts, options, settle, strict)
    local = [w for w in wanted if not is_address(w.path)]
    paths = [Path(w.path) for w in local]
    known = await asyncio.to_thread(register, paths, cache_dir=options.cache_dir)
    found = dict(zip(map(id, local), known, strict=True))
    readable = []
    for one in wanted:
        package = found.get(id(one))
        if isinstance(package, ExpertError):
            fleet.refuse(one, one.name, package)
        else:
            readable.append((one, package))
    return await fleet.take_all(readable)


class _Fleet:
    """The packages of one call."""

    def __init__(
        self, experts: LoadedExperts, options: Options, settle: Settle, strict: bool
    ) -> None:
        self._experts, self._options, self._strict = experts, options, strict
        self._settle = settle
        self._bases: Bases = {}
        self._names: set[str] = set()
        self.outcomes: list[Registered] = []
        self.look()

    async def take_all(
        self, readable: list[tuple[Registration, KnownPackage | None]]
    ) -> list[Registered]:
        """Registers them, requirements first."""
        known = [package for _, package in readable if package is not None]
        self._bases = await asyncio.to_thread(_bases_of, known, self._options)
        for at, (one, package) in enumerate(self._ordered(readable)):
            await self._take(one, package)
            if at % SLICE == SLICE - 1:
                await asyncio.sleep(0)
                self.look()
        return self.outcomes

    def look(self) -> None:
        """Who is loaded by now: others may load, too, while this waits."""
        self._beside = self._experts.neighbours()

    def _ordered(
        self, found: list[tuple[Registration, KnownPackage | None]]
    ) -> list[tuple[Registration, KnownPackage | None]]:
        """Requirements first; addresses, of which nothing is known yet, at the end."""
        there = [(w, k) for w, k in found if k is not None]
        rest = [(w, k) for w, k in found if k is None]
        try:
            order = load_order([k for _, k in there])
        except ExpertError as error:
            if self._strict or any(not w.found for w, _ in there):
                raise
            log.error("packages are loaded in the order of their paths: %s", error.message)
            order = list(range(len(there)))
        return [*(there[i] for i in order), *rest]

    def refuse(self, one: Registration, name: str | None, error: ExpertError) -> None:
        """Lists it, or raises the error."""
        if not one.found or self._strict:
            raise error
        self._experts.refuse(str(one.path), name, error)
        facts = {"path": str(one.path), "code": error.code, "error": error.message}
        log.error("package_broken", extra={"facts": facts})
        self.outcomes.append(Registered(one, name, error))

    async def _take(self, one: Registration, known: KnownPackage | None) -> None:
        """Registers one, or prepares it where that is needed."""
        name = one.name or (known.name if known else None)
        try:
            if name is None:
                raise LoadError(f"{one.path} has no name", hint="NAME=PATH", code="bad_name")
            settled = self._settle(name, one)
            if settled is None:
                return
            one = settled
            if name in self._names:
                raise ConfigError(
                    f"two packages are called {name!r}",
                    hint="name one yourself: NAME=PATH",
                    code="name_taken",
                )
            if known is not None and self._waits(one, known):
                self._register(name, one, known)
            else:
                await self._experts.load(
                    name,
                    one.path,
                    pin=one.pin,
                    checksum=one.checksum,
                    checkpoint=one.checkpoint,
                )
                self.look()
        except ExpertError as error:
            self.refuse(one, name, error)
            return
        self._names.add(name)
        self.outcomes.append(Registered(one, name))

    def _waits(self, one: Registration, known: KnownPackage) -> bool:
        """Whether it may wait until it is asked."""
        if not one.found or one.pin or known.width is None or one.checkpoint:
            return False
        return check_trust(known, self._options.trust)

    def _register(self, name: str, one: Registration, known: KnownPackage) -> None:
        check_new_name(name)
        if one.checksum:
            compare_digest(
                Path(one.path).name, known.digest, one.checksum, "the checksum that was passed"
            )
        base = self._bases[known.bases]
        if isinstance(base, ExpertError):
            raise copy(base)
        expert = RegisteredExpert(known, base, self._experts.index)
        if self._experts.has(name, known.digest):
            return
        self._beside.check_name(name, expert)
        self._beside.check(expert)
        self._experts.add(Entry(name, one.path, expert, checkpoint=one.checkpoint))
        self._beside.add(expert)


def _bases_of(packages: Iterable[KnownPackage], options: Options) -> Bases:
    """The packages' base models, each looked for once. Reads their weights the first time."""
    found: Bases = {}
    for names in {p.bases for p in packages}:
        try:
            _, base = find_first(
                names,
                options.base_model,
                models_dir=options.models_dir,
                cache_dir=options.cache_dir,
            )
            base.digest  # noqa: B018  (remembered by the model)
            found[names] = base
        except ExpertError as error:
            found[names] = error
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """An expert that is served elsewhere.

    Args:
        source: Where its package lies; nothing is read there.
    """

    name: str
    digest: str
    source: str
    pin: bool = False
    checkpoint: str | None = None


async def register_listed(
    experts: LoadedExperts, options: Options, listed: Sequence[Listed]
) -> list[Registered]:
    """See `AsyncExpertManager.register_listed`."""
    fleet = _Fleet(experts, options, same, strict=False)
    packages = await asyncio.to_thread(experts.index.packages, [one.digest for one in listed])
    readable: list[tuple[Registration, KnownPackage | None]] = []
    for one in listed:
        wanted = Registration(one.source, one.name, True, one.pin, one.digest, one.checkpoint)
        if package := packages.get(one.digest):
            readable.append((wanted, package))
        else:
            message = f"nothing is known of the package {one.digest[:12]}… at {one.source}"
            fleet.refuse(wanted, one.name, LoadError(message, code="not_found"))
    return await fleet.take_all(readable)


async def list_known(
    experts: LoadedExperts,
    options: Options,
    listed: Sequence[Listed],
    gone: Collection[str] | None = None,
) -> None:
    """See `AsyncExpertManager.list_known`."""
    packages = await asyncio.to_thread(experts.index.packages, [one.digest for one in listed])
    known = [(one, packages[one.digest]) for one in listed if one.digest in packages]
    bases = await asyncio.to_thread(_bases_of, [package for _, package in known], options)
    entries = {} if gone is None else {e.name: e for e in experts.entries() if e.name not in gone}
    for one, package in known:
        base = bases[package.bases]
        if isinstance(base, ExpertError):
            log.error("%s can't be listed: %s", one.name, base.message)
            continue
        expert = RegisteredExpert(package, base, experts.index)
        entry = Entry(one.name, one.source, expert, checkpoint=one.checkpoint, pinned=one.pin)
        entries[one.name] = entry
    experts.become(entries.values())


async def preload(experts: LoadedExperts, most: int | None) -> None:
    """Prepares what was used most, one after the other, in the background.

    A request never waits for it: other threads are left for those. What is broken is listed.

    Args:
        most: How many; None is all.
    """
    await asyncio.to_thread(experts.route, "")  # builds the router, before somebody waits for it
    waiting = [e for e in experts.entries() if e.expert is None]
    used = [(-e.known.package.uses, -(e.known.package.used or 0.0)) for e in waiting]
    order = sorted(range(len(waiting)), key=lambda i: used[i])
    for i in order[:most]:
        entry = waiting[i]
        if experts.at_hand(entry.name) is entry:
            try:
                await experts.prepared(entry)
            except ExpertError:
                continue  # it is listed, and was logged
