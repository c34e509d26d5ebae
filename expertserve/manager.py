"""The asynchronous face: the core's verbs, awaited from any event loop."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar, Unpack, overload

from expertserve.config import DType, EngineConfig
from expertserve.core.core import Core
from expertserve.core.entry import ExpertInfo, ManagerInfo
from expertserve.core.jobs import Job
from expertserve.core.router import Route
from expertserve.core.streams import AsyncStream
from expertserve.engine.base import Engine, EngineInfo
from expertserve.errors import ConfigError, ExpertError
from expertserve.expert import PreparedExpert
from expertserve.package.signature import TrustPolicy
from expertserve.request import GenerateArgs
from expertserve.result import InferenceResult

T = TypeVar("T")


class Loop:
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._ending = False
        started = threading.Event()
        self.loop.call_soon(started.set)
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="expertserve", daemon=True
        )
        self._thread.start()
        started.wait()

    def submit(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Runs a coroutine there.

        Raises:
            ConfigError: The loop has ended.
        """
        guarded = self._guarded(work)
        try:
            if self.loop.is_running():
                return asyncio.run_coroutine_threadsafe(guarded, self.loop)
        except RuntimeError:  # it ended in this very moment
            pass
        guarded.close()
        work.close()
        raise _closed()

    async def _guarded(self, work: Coroutine[object, object, T]) -> T:
        """What ends with the loop is told so; else a caller would think that it had cancelled it itself."""
        try:
            return await work
        except asyncio.CancelledError:
            if self._ending:
                raise _closed() from None
            raise

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Runs a coroutine there and waits for it; Ctrl-C cancels it.

        Raises:
            ConfigError: Called from the loop itself, which would wait for ever; or the loop has ended.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise ConfigError(
                "this manager was called from its own event loop",
                hint="use another thread",
                code="closed",
            )
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """Ends what still runs there, and the loop."""
        if not self.loop.is_running():
            return
        self._ending = True
        asyncio.run_coroutine_threadsafe(_cancel_others(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self.loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=5)


def _closed() -> ConfigError:
    return ConfigError("this expert or manager was closed", hint="load it again", code="closed")


def shut(loop: Loop, core: Core) -> None:
    """Closes a core that nobody closed: at exit, or when its face was garbage collected."""
    loop.run(core.close())
    loop.stop()


def configure(
    config: EngineConfig | None, device: str | None, dtype: DType | None, max_slots: int | None
) -> EngineConfig:
    """The single arguments go before `config`."""
    given: dict[str, str | int | None] = {"device": device, "dtype": dtype, "max_slots": max_slots}
    return replace(config or EngineConfig(), **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]


class AsyncExpertManager:
    """Several experts on shared base models, for asyncio. Safe from several event loops and threads.

    Args: those of `ExpertManager`.

    Example:
        >>> async def ask():
        ...     async with AsyncExpertManager(base_model=base, engine=lambda: FakeEngine(lambda prompt: "SELECT 1")) as manager:
        ...         await manager.load_expert("sql", demo)
        ...         return (await manager.generate("sql", "One?")).text
        >>> asyncio.run(ask())
        'SELECT 1'
    """

    def __init__(
        self,
        base_model: str | os.PathLike[str] | None = None,
        *,
        max_loaded_experts: int | None = None,
        max_slots: int | None = None,
        device: str | None = None,
        dtype: DType | None = None,
        allow_multiple_bases: bool = False,
        config: EngineConfig | None = None,
        trust: TrustPolicy | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        models_dir: str | os.PathLike[str] | None = None,
        engine: Callable[[], Engine] | None = None,
    ) -> None:
        core = Core(
            base_model=base_model,
            max_loaded_experts=max_loaded_experts,
            allow_multiple_bases=allow_multiple_bases,
            config=configure(config, device, dtype, max_slots),
            trust=trust,
            engine=engine,
            cache_dir=Path(cache_dir) if cache_dir else None,
            models_dir=Path(models_dir) if models_dir else None,
        )
        self._core = core
        self._loop = Loop()
        self._finalizer = weakref.finalize(self, shut, self._loop, core)

    def _call(self, work: Coroutine[object, object, T]) -> asyncio.Future[T]:
        return asyncio.wrap_future(self._loop.submit(work))

    async def load_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        pin: bool = False,
        checksum: str | None = None,
        checkpoint: str | None = None,
        cache: bool = True,
    ) -> ExpertInfo:
        """See `ExpertManager.load_expert`."""
        return await self._call(
            self._core.load_expert(
                name, path, pin=pin, checksum=checksum, checkpoint=checkpoint, cache=cache
            ),
        )

    async def unload_expert(self, name: str, *, force: bool = False) -> None:
        """See `ExpertManager.unload_expert`."""
        await self._call(self._core.unload_expert(name, force=force))

    async def replace_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        """See `ExpertManager.replace_expert`."""
        return await self._call(
            self._core.replace_expert(name, path, checksum=checksum, checkpoint=checkpoint)
        )

    async def pin_expert(self, name: str, pinned: bool = True) -> ExpertInfo:
        """A pinned expert is never evicted."""
        return await self._call(self._core.pin_expert(name, pinned))

    async def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        return await self._call(self._core.list_loaded_experts())

    def get(self, name: str) -> PreparedExpert:
        """The expert behind a name: manifest, adapter, prompt format, grammar.

        Raises:
            ExpertNotLoadedError.
        """
        return self._core.expert(name)

    def route(self, prompt: str, context: str = "") -> list[Route]:
        """The experts whose manifests fit a prompt, best first, each with why; none where none fits.

        Args:
            context: What goes with the prompt, such as a schema; its shape counts, not its words.
        """
        return self._core.route(prompt, context)

    def info(self) -> ManagerInfo:
        """What is served, and what was started for it."""
        return self._core.info()

    async def start(self) -> EngineInfo:
        """Starts the engine now instead of at the first generation."""
        return await self._call(self._core.start())

    def generate_stream(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> AsyncStream:
        """Chunks of one answer as they come; see `AsyncStream`. Call it on the loop that reads it."""
        return AsyncStream(
            lambda collect, deliver: self._core.generate(
                name, prompt, args, collect=collect, deliver=deliver
            ),
            self._loop.submit,
        )

    async def generate(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> InferenceResult:
        """One answer of one expert, of the base model by its name, or of the expert that fits (`auto`).

        Raises:
            ExpertNotLoadedError, ConfigError, GrammarError, InferenceError, EngineDeadError.
        """
        return await self._call(self._core.generate(name, prompt, args))

    @overload
    async def generate_many(
        self,
        jobs: Iterable[Job],
        *,
        return_exceptions: Literal[False] = False,
        progress: bool = False,
    ) -> list[InferenceResult]: ...
    @overload
    async def generate_many(
        self, jobs: Iterable[Job], *, return_exceptions: bool, progress: bool = False
    ) -> list[InferenceResult | ExpertError]: ...
    async def generate_many(
        self, jobs: Iterable[Job], *, return_exceptions: bool = False, progress: bool = False
    ) -> list[InferenceResult] | list[InferenceResult | ExpertError]:
        """See `ExpertManager.generate_many`."""
        with shown(jobs, progress) as done:
            return await self._call(
                self._core.generate_many(jobs, return_exceptions=return_exceptions, done=done)
            )

    async def generate_batch(
        self, name: str, prompts: Iterable[str], **args: Unpack[GenerateArgs]
    ) -> list[InferenceResult]:
        """One answer each, in the order of the prompts, from one continuous batch; the first failure is raised."""
        check_prompts(prompts)
        return await self.generate_many(jobs_of(name, prompts, args))

    async def close(self) -> None:
        """Aborts what runs, ends the engines and their processes. Again is no error."""
        await asyncio.to_thread(self._finalizer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def check_prompts(prompts: Iterable[str]) -> None:
    if isinstance(prompts, str):
        raise ConfigError(
            "generate_batch takes several prompts, not one text",
            hint="generate(prompt) takes one",
            code="bad_prompt",
        )


def jobs_of(name: str, prompts: Iterable[str], args: GenerateArgs) -> Iterable[Job]:
    """The same expert and options for every prompt; a list stays a list, so that its length is known."""
    if isinstance(prompts, list | tuple):
        return [(name, prompt, args) for prompt in prompts]
    return ((name, prompt, args) for prompt in prompts)


@contextmanager
def shown(jobs: Iterable[object], wanted: bool) -> Iterator[Callable[[], None] | None]:
    """A progress bar on standard error, where it is wanted; gives what is called after each answer."""
    if not wanted:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield partial(
            bar.advance,
            bar.add_task("", total=len(jobs) if isinstance(jobs, list | tuple) else None),
        )
