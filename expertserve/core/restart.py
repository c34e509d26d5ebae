"""When an engine that crashed is started again, and when it is not."""

from __future__ import annotations

import asyncio
import logging
import time

from expertserve.errors import EngineDeadError

log = logging.getLogger("expertserve")
MAX_DEATHS, WITHIN_SECONDS = 3, 600.0
"""More crashes than this within so many seconds end the restarts."""


class RestartPolicy:
    """Counts crashes; each restart waits longer than the one before."""

    def __init__(self) -> None:
        self._deaths: list[float] = []

    def check(self) -> None:
        """Raises EngineDeadError `engine_stopped` after too many crashes."""
        if len(self._deaths) > MAX_DEATHS:
            minutes = WITHIN_SECONDS / 60
            raise EngineDeadError(
                f"the engine died {len(self._deaths)} times in {minutes:.0f} minutes"
                " and is not started again",
                hint="its log says why",
                code="engine_stopped",
            )

    async def record_crash(self) -> None:
        """Notes a crash, and waits before the next start, if there is to be one."""
        now = time.monotonic()
        self._deaths = [t for t in self._deaths if now - t < WITHIN_SECONDS] + [now]
        if len(self._deaths) <= MAX_DEATHS:
            pause = 2.0 ** (len(self._deaths) - 1) - 1
            log.error("the engine died; restarting it in %.0f s", pause)
            await asyncio.sleep(pause)
