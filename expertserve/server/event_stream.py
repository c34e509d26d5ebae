"""Events sent as they come, for as long as the client reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from expertserve.server.problems import shutting_down
from expertserve.server.shape import Shape


async def gone(receive: Receive) -> None:
    """Ends when the client does. The body was read before, so that nothing else can come."""
    while (await receive())["type"] != "http.disconnect":
        pass


class EventStream(Response):
    """Sends events as they come, and stops them when the client goes away.

    Args:
        events: Closed in any case.
        shape: How they are written.
        held: What to give back afterwards.
    """

    def __init__(self, events: AsyncIterator[bytes], shape: Shape, held: AsyncExitStack) -> None:
        super().__init__(media_type=shape.media_type)
        self.background: BackgroundTask | None = None
        self._events, self._shape, self._held = events, shape, held
        del self.headers["content-length"]
        self.headers["x-accel-buffering"] = "no"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        left = asyncio.create_task(gone(receive))
        stopped = False
        try:
            await asyncio.wait({sending, left}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            stopped = True
            raise
        finally:
            for task in (sending, left):
                task.cancel()
            await asyncio.gather(sending, left, return_exceptions=True)
            await self._held.aclose()
            if stopped:
                await send(
                    {
                        "type": "http.response.body",
                        "body": self._shape.failed(shutting_down()),
                        "more_body": False,
                    }
                )

    async def _send(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for event in self._events:
                if event:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._events.aclose()  # type: ignore[attr-defined]
