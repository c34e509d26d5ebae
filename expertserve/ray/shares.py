"""A key's limits over all ingress processes: how much of them each may use in the next second.

What a key has left is counted in one place, from what each process says once a second that it took.
Each is given a part of it, and of what flows in, by how much is asked of it. The parts together are
at most the whole, so a process that hears nothing new can go on with its last one. One whose part
has no room asks at once: what others don't hold is given to whoever asks first.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from expertserve.errors import ExpertError
from expertserve.server.limits import Bucket, Clock, KeyUse, RateLimits, Share, Spent

LEASE_SECONDS = 1.0
SILENT_SECONDS = 5.0
"""A process that said nothing for so long has ended, and holds nothing."""
ANSWER_SECONDS = 0.5
SMALLEST = 0.01
log = logging.getLogger("expertserve.ray")


class _Pool:
    """One bucket that several processes draw from."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._taken: dict[str, float] = {}
        self._out: dict[str, float] = {}

    def settle(self, who: str, spent: Spent, *, brings: bool) -> None:
        """Counts what was taken. A process unknown here brings what another count gave it."""
        if who in self._taken:
            self.bucket.take(max(0.0, spent.taken - self._taken[who]))
        else:
            self.bucket.take(-spent.level if brings else spent.taken)
        self._taken[who] = spent.taken

    def grant(self, who: str, part: float, waiting: int) -> float:
        level = self.bucket.level
        self.forget_grant(who)
        if level <= 0:
            return part * level
        free = max(0.0, level - sum(self._out.values()))
        mine = min(free, max(int(part * level), waiting))
        if mine < min(1.0, self.bucket.per_minute):
            return 0.0  # it stays where all can have it
        self._out[who] = mine
        return mine

    def forget_grant(self, who: str) -> None:
        self._out.pop(who, None)

    def forget(self, who: str) -> None:
        self.forget_grant(who)
        self._taken.pop(who, None)


@dataclass(slots=True)
class _Holder:
    """What one process last said, and was given."""

    seen: float
    wanted: int = 0
    demand: float = 0.0
    running: int = 0
    slots: int = 0
    part: float = 0.0


@dataclass(slots=True)
class _Tally:
    """One key's."""

    holders: dict[str, _Holder] = field(default_factory=dict)
    requests: _Pool | None = None
    tokens: _Pool | None = None


class Shares:
    """Counts for all processes of an application. Takes microseconds a key.

    Example:
        >>> from expertserve.server.auth import Key
        >>> limits, key = RateLimits(8), Key(name="a", sha256="0" * 64, requests_per_minute=60)
        >>> with limits.admit(key):
        ...     shares = Shares().lease("me", limits.uses())
        >>> shares["a"].part
        1.0
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._tallies: dict[str, _Tally] = {}

    def lease(self, who: str, uses: Sequence[KeyUse]) -> dict[str, Share]:
        """Shares for what a process says of its keys."""
        now = self._clock()
        self._seen[who] = now
        for gone in [w for w, seen in self._seen.items() if now - seen > SILENT_SECONDS]:
            del self._seen[gone]
            for tally in self._tallies.values():
                tally.holders.pop(gone, None)
                for pool in (tally.requests, tally.tokens):
                    if pool:
                        pool.forget(gone)
        return {use.key.name: self._share(who, use, now) for use in uses}

    def _share(self, who: str, use: KeyUse, now: float) -> Share:
        tally = self._tallies.setdefault(use.key.name, _Tally())
        tally.requests = self._settled(
            tally.requests, use.key.requests_per_minute, who, use, use.requests
        )
        tally.tokens = self._settled(tally.tokens, use.key.tokens_per_minute, who, use, use.tokens)
        holder = tally.holders.setdefault(who, _Holder(now, use.wanted))
        if elapsed := now - holder.seen:
            rate = max(0, use.wanted - holder.wanted) / elapsed
            holder.demand += min(1.0, elapsed / LEASE_SECONDS) * (rate - holder.demand)
        holder.seen, holder.wanted, holder.running = now, use.wanted, use.running
        others = [h for name, h in tally.holders.items() if name != who]
        asked = sum(h.demand for h in tally.holders.values())
        fair = (1 + holder.demand) / (len(self._seen) + asked)
        holder.part = max(SMALLEST, min(fair, 1 - sum(h.part for h in others)))
        ahead = min(holder.part, 1 / (len(self._seen) + 1))  # some is left for who comes next
        holder.slots = _slots(use, ahead, others)
        return Share(
            holder.part,
            tally.requests.grant(who, ahead, use.waiting) if tally.requests else 0.0,
            tally.tokens.grant(who, ahead, use.waiting) if tally.tokens else 0.0,
            holder.slots,
        )

    def _settled(
        self, pool: _Pool | None, limit: float | None, who: str, use: KeyUse, spent: Spent | None
    ) -> _Pool | None:
        """The pool of a limit, after what was taken; empty where shares were given before it."""
        if limit is None or spent is None:
            return None
        if pool is None:
            pool = _Pool(Bucket(limit, self._clock))
            if use.leased:
                pool.bucket.take(limit)
        pool.bucket.per_minute = limit
        pool.settle(who, spent, brings=use.leased)
        return pool


def _slots(use: KeyUse, part: float, others: Sequence[_Holder]) -> int:
    """Requests at once: those that run and wait here, and a part of what is idle."""
    limit = use.key.concurrent
    if limit is None:
        return 0
    busy = use.running + use.waiting
    idle = max(0, limit - busy - sum(h.running for h in others))
    left = limit - sum(max(h.running, h.slots) for h in others)
    return max(use.running, min(busy + int(part * idle), left))


class Office(Protocol):
    """Where shares are given out: `Shares`, behind a handle."""

    async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]: ...


class Lessee:
    """One process's limits, as a share of all processes' from the first limited request on.

    Args:
        processes: How many there probably are, until that is known.
    """

    def __init__(self, limits: RateLimits, office: Office, who: str, processes: int) -> None:
        self._limits, self._office, self._who = limits, office, who
        limits.ask, limits.freed, limits.part = self.ask, self._hurry, 1 / processes
        self._sent = 0
        self._silent_until = 0.0
        self._lock = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self._hurried: asyncio.Task[None] | None = None

    async def ask(self) -> None:
        """New shares. Who comes while others are asked for waits for the next, once for all."""
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew())
        if time.monotonic() < self._silent_until:
            return  # nobody answers: the last share holds
        before = self._sent
        async with self._lock:
            if self._sent == before:
                await self._lease()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS)
            await self.ask()

    def _hurry(self) -> None:
        if self._hurried is None or self._hurried.done():
            self._hurried = asyncio.create_task(self.ask())

    async def _lease(self) -> None:
        self._sent += 1
        uses = self._limits.uses()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                shares = await self._office.lease(self._who, uses)
        except Exception as error:  # Ray's own, too: the last share holds
            self._silent_until = time.monotonic() + LEASE_SECONDS / 2
            log.warning(
                "a key's limits stay at their last shares: %s",
                error or "no answer",
                exc_info=None if isinstance(error, ExpertError | TimeoutError) else error,
            )
        else:
            self._limits.take_over(uses, shares)

    async def close(self) -> None:
        tasks = [t for t in (self._renewing, self._hurried) if t]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
