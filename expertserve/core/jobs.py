"""Many requests at once: read as they are answered, returned in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from expertserve.errors import ConfigError, ExpertError

if TYPE_CHECKING:  # the command line reads this module at its start
    from rich.console import Console

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
        jobs: An iterator is read lazily; memory grows with the results alone.
        at_once: Requests in flight.
        return_exceptions: Failures stand in the list; else the first aborts the others.
        done: Called after each.
    """
    results: dict[int, InferenceResult | ExpertError] = {}
    queue = enumerate(jobs)
    lazy = not isinstance(jobs, Sequence)
    reading = asyncio.Lock()

    async def next_job() -> tuple[int, Job] | None:
        if not lazy:
            return next(queue, None)
        async with reading:  # a caller's generator may block
            return await asyncio.to_thread(next, queue, None)

    async def work() -> None:
        while (job := await next_job()) is not None:
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
    """Runs `count` workers; the first failure cancels the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(work())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def jobs_of(name: str, prompts: Iterable[str], args: GenerateArgs) -> Iterable[Job]:
    """The same expert and arguments for every prompt; a list stays one, so its length is known.

    Raises:
        ConfigError: `bad_prompt`, for one text instead of several.
    """
    if isinstance(prompts, str):
        raise ConfigError(
            "generate_batch takes several prompts, not one text",
            hint="generate(prompt) takes one",
            code="bad_prompt",
        )
    if isinstance(prompts, list | tuple):
        return [(name, prompt, args) for prompt in prompts]
    return ((name, prompt, args) for prompt in prompts)


@contextmanager
def progress_bar(jobs: Iterable[object], wanted: bool) -> Iterator[Callable[[], None] | None]:
    """A progress bar on standard error; yields the callback that advances it."""
    if not wanted:
        yield None
        return
    from rich.console import Console

    with bar(len(jobs) if isinstance(jobs, list | tuple) else None, Console(stderr=True)) as done:
        yield done


@contextmanager
def bar(
    total: int | None, console: Console, *, completed: int = 0, transient: bool = False
) -> Iterator[Callable[[], None]]:
    """A progress bar; yields what advances it. A transient one leaves nothing on the screen."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=transient) as shown:
        yield partial(shown.advance, shown.add_task("", total=total, completed=completed))
