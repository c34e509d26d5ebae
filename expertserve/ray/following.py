"""A process's own copy of the catalogue's list, kept by what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from expertserve.core.registering import Listed
from expertserve.errors import ExpertError
from expertserve.manager import AsyncExpertManager
from expertserve.ray.rows import RowReader
from expertserve.ray.versions import Snapshot, Update, Wanted

Ask = Callable[[int], Awaitable[Update]]
"""Asks the catalogue what changed since a list."""
Apply = Callable[[Update], Awaitable[None]]
"""Makes a process do what an update says. What fails is tried again with the next one."""


class Following:
    """The list, as this process has it.

    An update of another list than this one is preceded by what was missed; an older one changes
    nothing.
    """

    def __init__(self, ask: Ask, apply: Apply) -> None:
        self.snapshot = Snapshot(0)
        self._ask, self._apply = ask, apply
        self._lock = asyncio.Lock()

    async def adopt(self, update: Update) -> int:
        """Applies what the catalogue sends.

        Returns:
            The number of the list that it has now.

        Raises:
            ExpertError: It can't be applied here; the list stays what it was.
        """
        async with self._lock:
            if not update.whole and self.snapshot.number not in (update.since, update.number):
                await self._take(await self._ask(self.snapshot.number))
            await self._take(update)
            return self.snapshot.number

    async def look(self, number: int | None = None) -> None:
        """Asks the catalogue for what is missing.

        Args:
            number: Of a list that will do; it isn't asked where this one is as late.

        Raises:
            ExpertError: As of `adopt`; or the catalogue doesn't answer.
        """
        if number is not None and number <= self.snapshot.number:
            return
        async with self._lock:
            if number is None or number > self.snapshot.number:
                await self._take(await self._ask(self.snapshot.number))

    async def _take(self, update: Update) -> None:
        fits = update.whole or update.since == self.snapshot.number
        if fits and update.number > self.snapshot.number:
            await self._apply(update)
            self.snapshot = self.snapshot.updated(update)


class ServedExperts:
    """A manager that serves what the list says.

    Args:
        rows: Of packages that this machine's index doesn't know yet.
    """

    def __init__(self, manager: AsyncExpertManager, rows: RowReader) -> None:
        self._manager, self._rows = manager, rows
        self._has: dict[str, Wanted] = {}

    async def apply(self, update: Update) -> None:
        """Loads, replaces, pins and unloads.

        A whole list's new experts are registered, and prepared when they are asked. A change is
        prepared before it is answered: every replica has to be able to serve it.

        Raises:
            ExpertError: One of the packages can't be served here. The others are.
        """
        gone = set(update.gone)
        if update.whole:
            gone |= self._has.keys() - {one.name for one in update.put}
        for name in gone & self._has.keys():
            del self._has[name]
            await self._manager.unload_expert(name, force=name in update.forced)
        failed = await self._register(update) if update.whole else {}
        for one in update.put:
            if one.name in failed or self._has.get(one.name) == one:
                continue
            try:
                await self._take(one)
            except ExpertError as error:
                failed[one.name] = error
        if failed:
            raise next(iter(failed.values()))

    async def _register(self, update: Update) -> dict[str, ExpertError]:
        """Registers those that are new; gives why some can't be."""
        new = {one.name: one for one in update.put if one.name not in self._has}
        await self._rows.learn([one.digest for one in new.values()])
        done = await self._manager.register_listed(
            [
                Listed(one.name, one.digest, one.source, one.pin, one.checkpoint)
                for one in new.values()
            ]
        )
        failed = {one.name: one.error for one in done if one.name and one.error is not None}
        self._has |= {name: one for name, one in new.items() if name not in failed}
        return failed

    async def _take(self, new: Wanted) -> None:
        old = self._has.get(new.name)
        if old is None:
            await self._manager.load_expert(
                new.name,
                new.source,
                pin=new.pin,
                checksum=new.digest,
                checkpoint=new.checkpoint,
            )
        elif (old.digest, old.checkpoint) != (new.digest, new.checkpoint):
            await self._manager.replace_expert(
                new.name, new.source, checksum=new.digest, checkpoint=new.checkpoint
            )
        if old is not None and old.pin != new.pin:
            await self._manager.pin_expert(new.name, new.pin)
        self._has[new.name] = new
