"""A replica's packages, each brought to its machine at its first use.

In this order: from the machine's own cache; from the path that the list names, where this machine
has it; from another replica that has the package; from where the list says that it comes from.
Whatever its origin, its digest is compared before anything of it is read. What was fetched lies in
the cache, within the cache's bound.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from expertserve.errors import ExpertError, IntegrityError
from expertserve.package.source import MAX_BYTES, too_large
from expertserve.ray.source import (
    copied,
    fetch,
    fetched_folder,
    is_remote,
    keep,
    local_file,
    part_in,
)

T = TypeVar("T")
FETCHES = 16
"""Packages that a replica fetches at once; more wait, and requests for others don't."""
PIECE = 4 << 20
PIECE_SECONDS = 10.0
"""A neighbour that is silent for so long isn't waited for."""
NEIGHBOURS = 3
log = logging.getLogger("expertserve.ray")


class Neighbourhood(Protocol):
    """The other replicas."""

    async def holders(self, digest: str) -> Sequence[str]:
        """Who has a package at hand, latest first."""
        ...

    async def hold(self, who: str, digests: Sequence[str]) -> None:
        """Notes that a replica has packages at hand."""
        ...

    def pieces(self, who: str, digest: str) -> AsyncGenerator[bytes, None]:
        """A package's bytes from another replica; none where it no longer has it."""
        ...


class Holders:
    """Which replicas have a package at hand: the last few that said so.

    Example:
        >>> holders = Holders()
        >>> holders.note("a", ["0" * 64])
        >>> holders.note("b", ["0" * 64])
        >>> holders.of("0" * 64)
        ['b', 'a']
    """

    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[str, None]] = {}

    def note(self, who: str, digests: Sequence[str]) -> None:
        for digest in digests:
            known = self._of.setdefault(digest, OrderedDict())
            known[who] = None
            known.move_to_end(who)
            while len(known) > NEIGHBOURS:
                known.popitem(last=False)

    def of(self, digest: str) -> list[str]:
        return list(reversed(self._of.get(digest, ())))


class Supply:
    """Packages for one replica.

    Args:
        who: Its unique name.
    """

    def __init__(self, who: str, cache_dir: Path | None, neighbours: Neighbourhood) -> None:
        self._who, self._cache, self._neighbours = who, cache_dir, neighbours
        self._threads = ThreadPoolExecutor(FETCHES, thread_name_prefix="fetch")
        self._under_way: dict[str, asyncio.Task[Path]] = {}
        self._places: dict[str, Path] = {}
        self._unsaid: set[str] = set()
        self._saying: asyncio.Task[None] | None = None

    async def get(self, source: str, digest: str) -> Path:
        """A package as a path of this machine. Who asks while it is fetched waits for the same.

        Raises:
            LoadError: It is nowhere to be had.
            IntegrityError: Its source has another one.
        """
        task = self._under_way.get(digest)
        if task is None:
            task = self._under_way[digest] = asyncio.create_task(self._get(source, digest))
            task.add_done_callback(partial(self._got, digest))
        return await asyncio.shield(task)

    def _got(self, digest: str, task: asyncio.Task[Path]) -> None:
        del self._under_way[digest]
        if not task.cancelled() and task.exception() is None:
            self._places[digest] = task.result()
            self._unsaid.add(digest)
            if self._saying is None or self._saying.done():
                self._saying = asyncio.create_task(self.say())

    async def _get(self, source: str, digest: str) -> Path:
        there = await self._in_thread(partial(self._here, source, digest))
        if there is None:
            there = await self._from_neighbours(digest)
        if there is None:
            there = await self._in_thread(partial(fetch, source, self._cache, digest))
        return there

    def _here(self, source: str, digest: str) -> Path | None:
        """What lies on this machine; whoever prepares what isn't ours compares its digest."""
        if known := copied(digest, self._cache):
            return known
        path = None if is_remote(source) else local_file(source)
        return path if path is not None and path.exists() else None

    async def _from_neighbours(self, digest: str) -> Path | None:
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                holders = await self._neighbours.holders(digest)
        except Exception as error:  # Ray's own, too: its source has it
            text, said = "nobody says who has %s: %s", error or "no answer"
            log.warning(text, digest[:12], said, exc_info=_trace(error))
            return None
        for who in holders:
            if who == self._who:
                continue
            try:
                return await self._from(who, digest)
            except Exception as error:  # it ended, or the disk is full: another one is asked
                text, said = "%s can't be had from %s: %s", error or "no answer"
                log.warning(text, digest[:12], who, said, exc_info=_trace(error))
        return None

    async def _from(self, who: str, digest: str) -> Path:
        part = await self._in_thread(partial(part_in, fetched_folder(self._cache)))
        hashed, done = hashlib.sha256(), 0
        try:
            with part.open("wb") as file:
                async with aclosing(self._neighbours.pieces(who, digest)) as pieces:
                    async for piece in _in_time(pieces):
                        done += len(piece)
                        if done > MAX_BYTES:
                            raise too_large(who)
                        await self._in_thread(partial(file.write, piece))
                        await self._in_thread(partial(hashed.update, piece))
            if (found := hashed.hexdigest()) != digest:
                raise IntegrityError(f"it has the digest {found[:12]}…", code="digest")
            return keep(part, digest)
        finally:
            part.unlink(missing_ok=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def say(self, *, all_of_it: bool = False) -> None:
        """Tells the others what is at hand here since it was last told; they may be silent.

        Args:
            all_of_it: Nobody remembers what was told.
        """
        if all_of_it:
            self._unsaid |= self._places.keys()
        told, self._unsaid = self._unsaid, set()
        if not told:
            return
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                await self._neighbours.hold(self._who, sorted(told))
        except Exception as error:
            self._unsaid |= told
            log.warning("nobody hears what is at hand here: %s", error, exc_info=_trace(error))

    async def pieces(self, digest: str) -> AsyncGenerator[bytes, None]:
        """A package's bytes for another replica; none where it isn't at hand any more."""
        path = self._places.get(digest)
        if path is None or not path.is_file():
            return
        with path.open("rb") as file:
            while piece := await self._in_thread(partial(file.read, PIECE)):
                yield piece

    def close(self) -> None:
        """Fetches nothing more."""
        for task in [*self._under_way.values(), *([self._saying] if self._saying else [])]:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _trace(error: Exception) -> Exception | None:
    return None if isinstance(error, ExpertError | TimeoutError) else error


async def _in_time(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Raises TimeoutError where the next one doesn't come."""
    while True:
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        yield piece
