"""What the routes of one server share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from expertserve.errors import ExpertError, ExpertNotLoadedError
from expertserve.server.auth import Key, Keyring
from expertserve.server.edge import Facts
from expertserve.server.kept import KeptAnswers
from expertserve.server.limits import RateLimits
from expertserve.server.metrics import Metrics
from expertserve.server.problems import Refusal
from expertserve.server.service import Service
from expertserve.server.settings import ServerSettings
from expertserve.server.state import ServerState

Limit = Annotated[
    int | None, Query(ge=1, le=100_000, description="At most so many; by default all.")
]
After = Annotated[
    str | None, Query(max_length=1000, description="The last id of the page before this one.")
]
RETRY_SECONDS = 30.0
MAX_TOLD = 256
log = logging.getLogger("expertserve.server")


@dataclass(slots=True)
class Parts:
    """One server's parts, at `app.state.parts`."""

    service: Service
    settings: ServerSettings
    keys: Keyring
    limits: RateLimits
    metrics: Metrics
    state: ServerState
    kept: KeptAnswers = field(default_factory=KeptAnswers)
    started: int = field(default_factory=lambda: int(time.time()))
    draining: bool = False
    running: int = 0
    """Requests in flight but for those of machines that watch."""
    failure: ExpertError | None = None
    """Why the engine did not start."""
    _waking: asyncio.Task[None] | None = None
    _tries_again: float = 0.0
    _ignored: set[str] = field(default_factory=set)
    _names: dict[str, asyncio.Lock] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether an expert is loaded under that name."""
        try:
            self.service.registered(name)
        except ExpertNotLoadedError:
            return False
        return True

    def tell_ignored(self, names: Sequence[str]) -> None:
        """Logs each name once; strangers choose them, so only so many."""
        for name in names:
            if name not in self._ignored and len(self._ignored) < MAX_TOLD:
                self._ignored.add(name)
                log.warning("field_ignored", extra={"facts": {"field": name}})

    def changing(self, name: str) -> asyncio.Lock:
        """Held while an expert changes: what is loaded and the state file agree."""
        return self._names.setdefault(name, asyncio.Lock())

    def wake(self) -> None:
        """Starts the engine in the background; after a failure only some time later."""
        if (
            self._waking is None
            and not self.service.info().engines
            and time.monotonic() >= self._tries_again
        ):
            self._waking = asyncio.create_task(self._wake())

    async def _wake(self) -> None:
        try:
            await self.service.start()
            self.failure = None
        except ExpertNotLoadedError:
            pass  # nothing to start yet
        except ExpertError as error:
            self.failure = error  # `/ready` tells it, and so does every request
            self._tries_again = time.monotonic() + RETRY_SECONDS
        finally:
            self._waking = None


def parts_of(request: Request) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


def facts_of(request: Request) -> Facts:
    facts = request.scope["state"]["facts"]
    assert isinstance(facts, Facts)
    return facts


def caller(request: Request) -> Key:
    """Who asks, as a dependency of every route under /v1.

    Raises:
        Refusal: 401.
    """
    given = request.headers.get("authorization")
    if given is None and (theirs := request.headers.get("x-api-key")):  # Anthropic's clients
        given = f"Bearer {theirs}"
    key = parts_of(request).keys.authenticate(given)
    facts_of(request).log["key"] = key.name
    return key


def administrator(request: Request) -> Key:
    """A caller who may administrate.

    Raises:
        Refusal: 401, 403.
    """
    key = caller(request)
    if not key.admin:
        without = parts_of(request).keys.required
        raise Refusal(
            (
                "administration needs an administrator's key"
                if without
                else "administration is off where there are no keys"
            ),
            status=403,
            hint=(
                "a key with admin = true"
                if without
                else "start the server with --keys FILE that has a key with admin = true"
            ),
            code="admin_needed",
        )
    return key
