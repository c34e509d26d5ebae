"""How much a caller may ask, and how much the server takes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from expertserve.server.auth import Key
from expertserve.server.problems import Refusal

Clock = Callable[[], float]


class Bucket:
    """A token bucket of one minute, which may be overdrawn by costs known later.

    Args:
        per_minute: Its size, and what flows in each minute.

    Example:
        >>> now = [0.0]
        >>> bucket = Bucket(60, lambda: now[0])
        >>> bucket.take(60), bucket.wait(1)
        (None, 1.0)
    """

    def __init__(self, per_minute: float, clock: Clock = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._level = per_minute
        self._at = clock()

    def wait(self, amount: float) -> float:
        """Seconds until so much is there; 0 where it is."""
        self._refill()
        return max(0.0, (min(amount, self.per_minute) - self._level) * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        self._refill()
        self._level -= amount

    def _refill(self) -> None:
        now = self._clock()
        self._level = min(self.per_minute, self._level + (now - self._at) * self.per_minute / 60)
        self._at = now


@dataclass(slots=True)
class Account:
    """What one key has used."""

    requests: Bucket | None = None
    tokens: Bucket | None = None
    running: int = 0


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
    """

    max_pending: int
    clock: Clock = time.monotonic
    pending: int = 0
    _accounts: dict[str, tuple[Key, Account]] = field(default_factory=dict)

    @contextmanager
    def admit(self, key: Key, answers: int = 1) -> Iterator[Ticket]:
        """Lets a request of so many answers in, for as long as the context lasts.

        Raises:
            Refusal: 429 `rate_limit_exceeded`, `token_limit_exceeded` or `too_many_concurrent`; 503
                `queue_full`. Nothing was counted then.
        """
        account = self._account(key)
        self._check(key, account, answers)
        if account.requests:
            account.requests.take(1)
        account.running += 1
        self.pending += answers
        try:
            yield Ticket(account)
        finally:
            account.running -= 1
            self.pending -= answers

    def _check(self, key: Key, account: Account, answers: int) -> None:
        if key.concurrent is not None and account.running >= key.concurrent:
            raise Refusal(
                f"the key {key.name} has {account.running} requests running, as many as it may",
                status=429,
                hint="wait for one of them to end",
                code="too_many_concurrent",
                retry_after=1,
            )
        if account.requests and (wait := account.requests.wait(1)):
            raise Refusal(
                f"the key {key.name} may ask {account.requests.per_minute:g} times a minute",
                status=429,
                code="rate_limit_exceeded",
                retry_after=wait,
            )
        if account.tokens and (wait := account.tokens.wait(1)):
            raise Refusal(
                f"the key {key.name} may use {account.tokens.per_minute:g} tokens a minute",
                status=429,
                code="token_limit_exceeded",
                retry_after=wait,
            )
        if self.pending + answers > self.max_pending:
            raise Refusal(
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
            account.requests, account.tokens = (
                self._bucket(key.requests_per_minute),
                self._bucket(key.tokens_per_minute),
            )
            self._accounts[key.name] = (key, account)
        return account

    def _bucket(self, per_minute: float | None) -> Bucket | None:
        return Bucket(per_minute, self.clock) if per_minute else None
