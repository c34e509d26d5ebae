"""Many requests at once: read as the engine gets through them, answered in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from expertserve.errors import ExpertError

if TYPE_CHECKING:  # the command line reads this module at its start
    from expertserve.request import GenerateArgs
    from expertserve.result import InferenceResult

Job: TypeAlias = "tuple[str, str | None, GenerateArgs]"
"""An expert's name, a prompt (None with `messages`), and the call's arguments."""
Answer: TypeAlias = "Callable[[str, str | None, GenerateArgs], Awaitable[InferenceResult]]"


async def run(
    jobs: Iterable[Job],
    answer: Answer,
    at_once: int,
    *,
    return_exceptions: bool = False,
    done: Callable[[], None] | None = None,
) -> list[InferenceResult | ExpertError]:
    """Results in the order of the jobs.

    Args:
        jobs: Read as they are answered, so any number takes bounded memory beside the results.
        at_once: How many are under way at a time.
        return_exceptions: Failures stand in the list; else the first one aborts the others and is raised.
        done: Called after each.
    """
    results: dict[int, InferenceResult | ExpertError] = {}
    queue = enumerate(jobs)
    lazy = not isinstance(jobs, Sequence)
    reading = asyncio.Lock()

    async def following() -> tuple[int, Job] | None:
        if not lazy:
            return next(queue, None)
        async with reading:  # somebody's generator may block or be slow: not on this loop
            return await asyncio.to_thread(next, queue, None)

    async def work() -> None:
        while (job := await following()) is not None:
            place, (name, prompt, args) = job
            try:
                results[place] = await answer(name, prompt, args)
            except ExpertError as error:
                if not return_exceptions:
                    raise
                results[place] = error
            if done:
                done()

    await workers(work, min(at_once, len(jobs)) if isinstance(jobs, Sequence) else at_once)
    return [results[i] for i in range(len(results))]


async def workers(work: Callable[[], Coroutine[object, object, None]], count: int) -> None:
    """So many of the same at once; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(work())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
