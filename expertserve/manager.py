"""The asynchronous face: the core's verbs, awaited from any event loop."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Literal, Self, TypeVar, Unpack, overload

from expertserve.core.core import Core
from expertserve.core.entry import BrokenPackage, ExpertInfo, ManagerInfo
from expertserve.core.jobs import Job, jobs_of, progress_bar
from expertserve.core.loop import Loop
from expertserve.core.options import OptionArgs, Options
from expertserve.core.registering import (
    Listed,
    Registered,
    Registration,
    Settle,
    list_known,
    preload,
    register_all,
    register_listed,
    same,
)
from expertserve.core.resolve import prompt_tokens
from expertserve.core.router import Route
from expertserve.core.streams import AsyncStream
from expertserve.engine.base import EngineInfo, Resident
from expertserve.errors import ExpertError
from expertserve.expert import PreparedExpert
from expertserve.register import FrontExpert, RegisteredExpert
from expertserve.request import GenerateArgs, PromptArgs
from expertserve.result import InferenceResult, Written

T = TypeVar("T")


def close_core(loop: Loop, core: Core) -> None:
    """Closes a core and its loop: by `close`, at exit, or when its face is collected."""
    loop.run(core.close())
    loop.stop()


class AsyncExpertManager:
    """Several experts on shared base models, for asyncio. Safe from any event loop and thread.

    Args: those of `ExpertManager`.

    Example:
        >>> def engine():
        ...     return FakeEngine(lambda prompt: "SELECT 1")
        >>> async def ask():
        ...     async with AsyncExpertManager(base_model=base, engine=engine) as manager:
        ...         await manager.load_expert("sql", demo)
        ...         return (await manager.generate("sql", "One?")).text
        >>> asyncio.run(ask())
        'SELECT 1'
    """

    def __init__(
        self,
        base_model: str | os.PathLike[str] | None = None,
        *,
        options: Options | None = None,
        **args: Unpack[OptionArgs],
    ) -> None:
        self._serve(Loop(), Core(Options.of(base_model, options, args)))

    def _serve(self, loop: Loop, core: Core) -> None:
        self._core, self._loop = core, loop
        self._finalizer = weakref.finalize(self, close_core, loop, core)

    @classmethod
    def over(cls, loop: Loop, core: Core) -> Self:
        """The face of a core that another face closes; see `ExpertManager.for_asyncio`."""
        face = cls.__new__(cls)
        face._serve(loop, core)
        face._finalizer.detach()
        return face

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
            self._core.experts.load(
                name, path, pin=pin, checksum=checksum, checkpoint=checkpoint, cache=cache
            )
        )

    async def unload_expert(self, name: str, *, force: bool = False) -> None:
        """See `ExpertManager.unload_expert`."""
        await self._call(self._core.experts.unload(name, force=force))

    async def replace_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
    ) -> ExpertInfo:
        """See `ExpertManager.replace_expert`."""
        replacing = self._core.experts.replace(name, path, checksum=checksum, checkpoint=checkpoint)
        return await self._call(replacing)

    async def pin_expert(self, name: str, pinned: bool = True) -> ExpertInfo:
        """A pinned expert is never evicted."""
        return await self._call(self._core.experts.pin(name, pinned))

    async def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        return await self._call(self._core.experts.infos())

    async def check(self) -> None:
        """Asks the engines whether they answer.

        Raises:
            EngineDeadError: One doesn't.
        """
        await self._call(self._core.engines.resident())

    async def resident_adapters(self) -> Mapping[str, Mapping[str, Resident]]:
        """See `ExpertManager.resident_adapters`."""
        return await self._call(self._core.engines.resident())

    async def register_experts(
        self, packages: Sequence[Registration], *, settle: Settle = same, strict: bool = False
    ) -> list[Registered]:
        """Registers many packages at once, to be prepared when they are asked.

        Args:
            packages: What is wanted; those that nobody named may be broken.
            settle: Told each expert's name; gives what is wanted instead, or None for nothing.
            strict: Raise what is wrong with those that nobody named, too.

        Returns:
            What became of each, in the order of loading.

        Raises:
            ExpertError: What is wrong with one that was named.
        """
        return await self._call(
            register_all(self._core.experts, self._core.options, packages, settle, strict=strict)
        )

    async def preload(self, most: int | None = None) -> None:
        """Prepares registered experts in the background, those used most first.

        Args:
            most: How many; None is all.
        """
        await self._call(preload(self._core.experts, most))

    async def prepared(self, name: str) -> PreparedExpert:
        """As `get`, for a registered expert as well, which is prepared now if it isn't yet.

        Raises:
            ExpertNotLoadedError, LoadError.
        """
        entry = self._core.experts.at_hand(name)
        if entry is not None and entry.expert is not None:
            return entry.expert
        return await self._call(self._core.experts.prepared_by_name(name))

    def registered(self, name: str) -> RegisteredExpert:
        """What is known of an expert, whether it is prepared or not. Safe from other threads.

        Raises:
            ExpertNotLoadedError.
        """
        return self._core.experts.find(name).known

    async def front(self, name: str) -> FrontExpert:
        """What requests for an expert are read with; it is prepared now if it isn't yet.

        Raises:
            ExpertNotLoadedError, LoadError.
        """
        expert = await self.prepared(name)
        return FrontExpert.of(self.registered(name), expert)

    async def prompt_tokens(self, name: str, prompt: str | None, words: PromptArgs) -> list[int]:
        """A call's prompt as the expert's model would read it.

        Args:
            words: The call's other arguments that shape it.

        Raises:
            ExpertNotLoadedError, LoadError, ConfigError.
        """
        expert = await self.prepared(name)
        ids, _ = await asyncio.to_thread(prompt_tokens, expert, prompt, words)
        return ids

    async def register_listed(self, listed: Sequence[Listed]) -> list[Registered]:
        """Registers packages that may be elsewhere, by what the index knows of their digests.

        Args:
            listed: What is wanted, to be fetched by `Options.locate` and prepared when it is asked.

        Returns:
            What became of each, in the order of loading.
        """
        return await self._call(register_listed(self._core.experts, self._core.options, listed))

    async def list_known(
        self, listed: Sequence[Listed], gone: Collection[str] | None = None
    ) -> None:
        """Lists packages that the index knows; reads none of them.

        For a front whose experts are served elsewhere.

        Args:
            listed: New ones, and those that others take the place of.
            gone: Names that leave; by default all others.
        """
        await self._call(list_known(self._core.experts, self._core.options, listed, gone))

    def adapter_of(self, name: str) -> str | None:
        """The digest of an expert's adapter, where it is prepared and has one."""
        entry = self._core.experts.at_hand(name)
        return entry.adapter if entry else None

    def manifest_facts(self, digests: Sequence[str]) -> Mapping[str, str]:
        """What lists say of packages' manifests, as JSON, by digest. Reads the index.

        Args:
            digests: Of the packages.
        """
        return self._core.experts.index.facts(digests)

    def broken_packages(self) -> list[BrokenPackage]:
        """What of the folders' packages isn't served, and why."""
        return self._core.experts.broken()

    def get(self, name: str) -> PreparedExpert:
        """See `ExpertManager.get`."""
        entry = self._core.experts.find(name)
        return entry.expert or self._loop.run(self._core.experts.prepared(entry))

    def route(self, prompt: str, context: str = "") -> list[Route]:
        """See `ExpertManager.route`."""
        return self._core.experts.route(prompt, context)

    def info(self) -> ManagerInfo:
        """What is served, and what was started for it."""
        return self._core.info()

    async def start(self) -> EngineInfo:
        """Starts the engine now instead of at the first generation."""
        return await self._call(self._core.start())

    def generate_stream(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> AsyncStream:
        """Chunks of one answer as they come; see `AsyncStream`."""
        generate = self._core.generate
        return AsyncStream(
            lambda collect, deliver: generate(name, prompt, args, collect=collect, deliver=deliver),
            self._loop.submit,
        )

    def resume_stream(
        self, name: str, prompt: str | None, args: GenerateArgs, written: Written
    ) -> AsyncStream:
        """Goes on with an answer that another manager's engine began: what it had given is not
        given again, and the result is that of the whole.

        Args:
            args: Those of `generate_stream`.
            written: What the reader has.

        Raises:
            EngineDeadError: While it is read: the expert is another one here.
        """
        generate = partial(self._core.generate, name, prompt, args, written=written)
        return AsyncStream(
            lambda collect, deliver: generate(collect=collect, deliver=deliver), self._loop.submit
        )

    async def generate(
        self, name: str, prompt: str | None = None, **args: Unpack[GenerateArgs]
    ) -> InferenceResult:
        """One answer of an expert, of the base model by its name, or of what fits (`auto`).

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
        with progress_bar(jobs, progress) as done:
            return await self._call(
                self._core.generate_many(jobs, return_exceptions=return_exceptions, done=done)
            )

    async def generate_batch(
        self, name: str, prompts: Iterable[str], **args: Unpack[GenerateArgs]
    ) -> list[InferenceResult]:
        """One answer for each of the prompts, in order; the first failure is raised."""
        return await self.generate_many(jobs_of(name, prompts, args))

    async def close(self) -> None:
        """Aborts what runs, ends the engines and their processes. Idempotent."""
        await asyncio.to_thread(self._finalizer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()
