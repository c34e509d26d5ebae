"""How much a caller may ask, and how much the server takes on.

Where several processes count a key's limits together (`expertserve.ray.shares`), each has a share
of them: `uses` says what became of it, `take_over` sets the next one.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from expertserve.server.auth import Key
from expertserve.server.problems import Refusal

Clock = Callable[[], float]


class Bucket:
    """A token bucket of one minute, which may be overdrawn by costs known later.

    Args:
        per_minute: Its size, and what flows in each minute.
        part: Of both, what is here; others have the rest.

    Attributes:
        taken: What was taken since it was made.

    Example:
        >>> now = [0.0]
        >>> bucket = Bucket(60, lambda: now[0])
        >>> bucket.take(60), bucket.wait(1)
        (None, 1.0)
    """

    def __init__(self, per_minute: float, clock: Clock = time.monotonic, part: float = 1.0) -> None:
        self.per_minute = per_minute
        self.taken = 0.0
        self._clock = clock
        self._part = part
        self._level = per_minute * part
        self._at = clock()

    def wait(self, amount: float) -> float:
        """Seconds until so much is there, were all of the flow here; 0 where it is."""
        return max(0.0, (min(amount, self.per_minute) - self.level) * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        self._level = self.level - amount
        self.taken += amount

    def lease(self, part: float, level: float, taken: float) -> None:
        """Another part, with a level that was set when so much had been taken."""
        self._refill()
        self._part, self._level = part, level - (self.taken - taken)

    @property
    def level(self) -> float:
        self._refill()
        return self._level

    def _refill(self) -> None:
        now, flow = self._clock(), self.per_minute * self._part
        most = max(flow, min(1.0, self.per_minute))  # less than one request is of no use
        self._level = min(most, self._level + (now - self._at) * flow / 60)
        self._at = now


@dataclass(frozen=True, slots=True)
class Spent:
    """What was taken from a bucket since it was made, and its level."""

    taken: float
    level: float


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What one process had of a key's limits, and has.

    Args:
        wanted: Requests that came since it began, refused ones, too.
        waiting: Requests that its share has no room for, and that wait for a larger one.
        leased: Whether it had a share before.
    """

    key: Key
    wanted: int
    waiting: int
    running: int
    leased: bool
    requests: Spent | None
    tokens: Spent | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one process may use of a key's limits until it is told anew.

    Args:
        part: Of what flows.
        requests, tokens: Of what is there now; below 0 its part of a debt.
        concurrent: Requests at once.
    """

    part: float
    requests: float
    tokens: float
    concurrent: int


@dataclass(slots=True)
class Account:
    """What one key has used."""

    requests: Bucket | None = None
    tokens: Bucket | None = None
    concurrent: int | None = None
    running: int = 0
    wanted: int = 0
    waiting: int = 0
    leased: bool = False


@dataclass(slots=True)
class Ticket:
    """An admitted request; its holder says what it cost."""

    account: Account

    def charge(self, tokens: int) -> None:
        """Counts tokens read and written against the key's minute."""
        if self.account.tokens:
            self.account.tokens.take(tokens)


@dataclass(slots=True)
class RateLimits:
    """The gate in front of the engine.

    Args:
        max_pending: Answers that may be pending over all keys.
        part: Of a key's limits, what it has here before it was told a share.
        ask: Brings new shares for all keys, where processes count together.
        freed: Told when a request ends that took the last place of its key's share.
    """

    max_pending: int
    clock: Clock = time.monotonic
    pending: int = 0
    part: float = 1.0
    ask: Callable[[], Awaitable[None]] | None = None
    freed: Callable[[], None] = lambda: None
    _accounts: dict[str, tuple[Key, Account]] = field(default_factory=dict)

    async def ready(self, key: Key) -> None:
        """Asks for a larger share before `admit` refuses for want of one."""
        if self.ask is None or not _limited(key):
            return
        account = self._account(key)
        if account.leased and self._refusal(key, account) is None:
            return
        account.waiting += 1
        try:
            await self.ask()
        finally:
            account.waiting -= 1

    @contextmanager
    def admit(self, key: Key, answers: int = 1) -> Iterator[Ticket]:
        """Lets a request of so many answers in, for as long as the context lasts.

        Raises:
            Refusal: 429 `rate_limit_exceeded`, `token_limit_exceeded` or `too_many_concurrent`; 503
                `queue_full`. Nothing was counted then.
        """
        account = self._account(key)
        account.wanted += 1
        if refusal := self._refusal(key, account) or self._full(answers):
            raise refusal
        if account.requests:
            account.requests.take(1)
        account.running += 1
        self.pending += answers
        try:
            yield Ticket(account)
        finally:
            last = account.running == account.concurrent
            account.running -= 1
            self.pending -= answers
            if last:
                self.freed()

    def _refusal(self, key: Key, account: Account) -> Refusal | None:
        if account.concurrent is not None and account.running >= account.concurrent:
            return Refusal(
                f"the key {key.name} has {key.concurrent} requests running, as many as it may",
                status=429,
                hint="wait for one of them to end",
                code="too_many_concurrent",
                retry_after=1,
            )
        if account.requests and (wait := account.requests.wait(1)):
            return Refusal(
                f"the key {key.name} may ask {account.requests.per_minute:g} times a minute",
                status=429,
                code="rate_limit_exceeded",
                retry_after=wait,
            )
        if account.tokens and (wait := account.tokens.wait(1)):
            return Refusal(
                f"the key {key.name} may use {account.tokens.per_minute:g} tokens a minute",
                status=429,
                code="token_limit_exceeded",
                retry_after=wait,
            )
        return None

    def _full(self, answers: int) -> Refusal | None:
        if self.pending + answers <= self.max_pending:
            return None
        return Refusal(
            f"{self.pending} answers are pending; this server takes on {self.max_pending}",
            status=503,
            hint="try again later",
            code="queue_full",
            retry_after=2,
        )

    def _account(self, key: Key) -> Account:
        """The key's account; a key whose rights changed starts afresh, but for what still runs."""
        known, account = self._accounts.get(key.name, (None, None))
        if account is None or known != key:
            account = account or Account()  # the same one: tickets that run count it down
            account.requests, account.tokens, account.leased = (
                self._bucket(key.requests_per_minute),
                self._bucket(key.tokens_per_minute),
                False,
            )
            whole = key.concurrent
            account.concurrent = whole if whole is None else max(1, int(whole * self.part))
            self._accounts[key.name] = (key, account)
        return account

    def _bucket(self, per_minute: float | None) -> Bucket | None:
        return Bucket(per_minute, self.clock, self.part) if per_minute else None

    def uses(self) -> list[KeyUse]:
        """What became of the limited keys that asked here."""
        return [
            KeyUse(
                key,
                account.wanted,
                account.waiting,
                account.running,
                account.leased,
                _spent(account.requests),
                _spent(account.tokens),
            )
            for key, account in self._accounts.values()
            if _limited(key)
        ]

    def take_over(self, uses: list[KeyUse], shares: Mapping[str, Share]) -> None:
        """Sets the shares that were given for what `uses` said."""
        for use in uses:
            key, account = self._accounts[use.key.name]
            share = shares.get(key.name)
            if share is None or key != use.key:
                continue
            if account.requests and use.requests:
                account.requests.lease(share.part, share.requests, use.requests.taken)
            if account.tokens and use.tokens:
                account.tokens.lease(share.part, share.tokens, use.tokens.taken)
            if key.concurrent is not None:
                account.concurrent = share.concurrent
            account.leased = True


def _limited(key: Key) -> bool:
    return (key.requests_per_minute or key.tokens_per_minute or key.concurrent) is not None


def _spent(bucket: Bucket | None) -> Spent | None:
    return Spent(bucket.taken, bucket.level) if bucket else None
