"""The list of experts that every replica of an application serves."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter

from expertserve import config
from expertserve.errors import ConfigError, ExpertError, ExpertNotLoadedError, IntegrityError
from expertserve.files import file_digest
from expertserve.package.archive import compare_digest
from expertserve.package.constraints import load_order
from expertserve.package.index import IndexRow, KnownPackage, index_of
from expertserve.package.source import split_name
from expertserve.ray.source import absolute, fetch, packages_at, read_text, write_text
from expertserve.ray.versions import History, Snapshot, Update, Wanted
from expertserve.register import register
from expertserve.server.state import FORMAT, check_format

FILE = "experts.json"
log = logging.getLogger("expertserve.ray")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an administrator asks for.

    Args:
        kind: `load`, `replace`, `unload` or `pin`.
        digest: That the package must have, where it was given.
    """

    kind: str
    name: str
    source: str = ""
    digest: str | None = None
    pin: bool | None = None
    checkpoint: str | None = None
    force: bool = False


class Followers(Protocol):
    """All processes that serve an application."""

    async def adopt(self, update: Update) -> None:
        """Returns when all that run have it.

        Raises:
            ExpertError: One of them can't.
        """
        ...


class Catalogue:
    """The list: one change at a time, durable before the change is answered.

    Args:
        sources: What the configuration names; the state goes before where both have a name.
        state: A folder or URL; None forgets changes when this process ends.
        base_of: Which deployment serves a package that names these base models; None: none does.

    Raises:
        ExpertError: A package that the configuration names can't be read.
    """

    def __init__(
        self,
        sources: Sequence[str],
        state: str | None,
        cache_dir: Path | None,
        followers: Followers,
        base_of: Callable[[Sequence[str]], str | None] = lambda names: "",
    ) -> None:
        self._cache, self._followers = cache_dir, followers
        self._base_of = base_of
        self._file = f"{state.rstrip('/')}/{FILE}" if state else None
        self._changed = self._stored()
        found: dict[str, Wanted] = {}
        listed = self._expanded(sources)
        for place in load_order([package for _, package in listed]):
            one, _ = listed[place]
            if one.name in found:
                raise ConfigError(
                    f"two packages are called {one.name!r}",
                    hint="name one yourself: NAME=SOURCE",
                    code="name_taken",
                )
            found[one.name] = one
        kept = [(one, self._readable(one)) for one in self._changed.values()]
        found |= {one.name: replace(one, base=base) for one, base in kept if base is not None}
        self._now = Snapshot(_clock(), tuple(found.values()))
        self._history = History(self._now.number)
        self._lock = asyncio.Lock()

    def snapshot(self) -> Snapshot:
        return self._now

    def since(self, number: int) -> Update:
        """What a reader who has list `number` needs, 0 for none; nothing where that is current."""
        # A higher number was given out before this process began, by a clock ahead of this one.
        if number > self._history.latest and not self._lock.locked():
            self._now = replace(self._now, number=number + 1)
            self._history.forget(number + 1)
        return self._history.update(number, self._now)

    def rows(self, digests: Sequence[str]) -> list[IndexRow]:
        """What the index has of packages."""
        return index_of(self._cache or config.cache_dir()).rows(digests)

    async def change(self, change: Change) -> Update:
        """Makes a change everywhere, or rolls all replicas back.

        Returns:
            What all replicas have applied.

        Raises:
            ExpertError: What the follower said, or that the change makes no sense.
        """
        async with self._lock:
            before = self._now
            after = await asyncio.to_thread(self._changed_by, change, before)
            self._history.note(after.number, change.name, forced=change.force)
            update = self._history.update(before.number, after)
            try:
                await self._followers.adopt(update)
                await asyncio.to_thread(self._note, change, after)
            except BaseException:
                self._now = replace(before, number=after.number + 1)
                self._history.note(self._now.number, change.name)
                back = self._history.update(before.number, self._now)
                await self._tell(back, "going back failed somewhere")
                raise
            self._now = after
            await self._tell(update, "a replica that started meanwhile could not follow")
            return update

    async def _tell(self, update: Update, failed: str) -> None:
        """What is the case now, to all; health checks repair what fails."""
        try:
            await self._followers.adopt(update)
        except Exception as error:
            log.error(
                "%s: %s", failed, error, exc_info=None if isinstance(error, ExpertError) else error
            )

    def _changed_by(self, change: Change, before: Snapshot) -> Snapshot:
        known = before.find(change.name)
        others = tuple(e for e in before.experts if e.name != change.name)
        number = max(self._history.latest + 1, _clock())
        if known is None and change.kind != "load":
            names = ", ".join(sorted(e.name for e in others)) or "none"
            raise ExpertNotLoadedError(f"no expert is loaded as {change.name!r}; loaded: {names}")
        if change.kind == "unload":
            return Snapshot(number, others)
        if change.kind == "pin":
            assert known
            new = replace(known, pin=bool(change.pin))
        else:
            package = self._package(change.source, change.digest)
            digest, base = package.digest, self._served_by(package)
            if (
                change.kind == "load"
                and known
                and (known.digest, known.checkpoint) != (digest, change.checkpoint)
            ):
                hint = "PUT exchanges it, DELETE frees the name"
                raise ConfigError(
                    f"another package is loaded as {change.name!r}", hint=hint, code="name_taken"
                )
            pin = bool(change.pin) if change.pin is not None else bool(known and known.pin)
            new = Wanted(change.name, change.source, digest, pin, change.checkpoint, base)
            if known and known.base != base:
                raise ConfigError(
                    f"{change.name!r} is served on {known.base}, and that package is for {base}",
                    hint="unload it first, then load the other one",
                    code="other_base",
                )
        return Snapshot(
            number,
            (
                tuple(new if e.name == change.name else e for e in before.experts)
                if known
                else (*others, new)
            ),
        )

    def _package(self, source: str, declared: str | None) -> KnownPackage:
        path = fetch(source, self._cache, declared)
        (found,) = register([path], cache_dir=self._cache)
        digest = found.digest if not isinstance(found, ExpertError) else ""
        if declared is not None and (digest or path.is_file()):
            digest = digest or file_digest(path)
            compare_digest(path.name, digest, declared, "the checksum that was passed")
        if isinstance(found, ExpertError):
            raise found
        return found

    def _served_by(self, package: KnownPackage) -> str:
        """Which base model's engines serve it.

        Raises:
            ConfigError: `other_base`: none do.
        """
        base = self._base_of(package.bases)
        if base is None:
            raise ConfigError(
                f"{package.name} is for {package.bases[0]}, which no deployment serves",
                hint="add it to bases",
                code="other_base",
            )
        return base

    def _readable(self, one: Wanted) -> str | None:
        """Who serves it; None drops packages that are gone or changed, so the rest is served."""
        try:
            return self._served_by(self._package(one.source, one.digest))
        except ExpertError as error:
            gone = isinstance(error, IntegrityError) or error.code in ("not_found", "other_base")
            if not gone:
                raise
            log.error("%s is left out, it can't be served: %s", one.name, error.message)
            return None

    def _expanded(self, sources: Sequence[str]) -> list[tuple[Wanted, KnownPackage]]:
        """The packages that the configuration means; a folder's broken ones are left out."""
        places = []
        for given in sources:
            name, place = split_name(given)
            whole = absolute(place)
            places += [(name, source, source == whole) for source in packages_at(whole)]
        paths = [fetch(source, self._cache) for _, source, _ in places]
        found = []
        read = register(paths, cache_dir=self._cache)
        for (name, source, named), package in zip(places, read, strict=True):
            try:
                if isinstance(package, ExpertError):
                    raise package
                base = self._served_by(package)
                one = Wanted(name or package.name, source, package.digest, base=base)
                found.append((one, package))
            except ExpertError as error:
                if named:
                    raise
                log.error("%s is left out: %s", source, error.message)
        return found

    def _note(self, change: Change, after: Snapshot) -> None:
        new = after.find(change.name)
        changed = {n: w for n, w in self._changed.items() if n != change.name} | (
            {change.name: new} if new else {}
        )
        if self._file:
            facts = {"format": FORMAT, "experts": _LIST.dump_python(list(changed.values()))}
            write_text(self._file, json.dumps(facts, indent=2) + "\n")
        self._changed = changed

    def _stored(self) -> dict[str, Wanted]:
        text = read_text(self._file) if self._file else None
        try:
            found = json.loads(text or "[]")
            if isinstance(found, dict):
                check_format(found.get("format"), self._file)
                found = found.get("experts")
            return {w.name: w for w in _LIST.validate_python(found)}
        except ValueError as error:
            raise ConfigError(
                f"{self._file} can't be read: {error}", hint="repair or remove it", code="bad_state"
            ) from error


def _clock() -> int:
    """Microseconds since the epoch: no two catalogues give out the same."""
    return int(time.time() * 1e6)


_LIST = TypeAdapter(list[Wanted])
