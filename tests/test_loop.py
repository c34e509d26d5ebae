"""The core's event loop: what is submitted is answered, or refused."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from expertserve import ConfigError
from expertserve.core.loop import Loop


def test_work_submitted_while_the_loop_ends_is_answered_or_refused() -> None:
    for _ in range(20):
        loop, begun = Loop(), threading.Event()
        futures: list[Future[None]] = []

        def submit(loop: Loop = loop, begun: threading.Event = begun) -> None:
            while True:
                try:
                    futures.append(loop.submit(asyncio.sleep(0.001)))  # noqa: B023
                except ConfigError:
                    return
                begun.set()

        submitter = threading.Thread(target=submit)
        submitter.start()
        begun.wait(5)
        loop.stop()
        submitter.join(5)
        assert not submitter.is_alive() and futures
        for future in futures:
            error = future.exception(timeout=5)  # a lost one would time out
            assert error is None or isinstance(error, ConfigError)


def test_a_loop_refuses_to_wait_for_itself() -> None:
    loop = Loop()

    async def nested() -> None:
        loop.run(asyncio.sleep(0))

    with pytest.raises(ConfigError, match="its own event loop"):
        loop.run(nested())
    loop.stop()
    loop.stop()  # idempotent
