"""Names → experts → engine: the async core that the library, the server and Ray all drive.

All state lives on one event loop, in a thread of its own, so that nothing here needs a lock but starting the engine does. The faces in
`expertserve.facade` hand their calls over to that loop.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from expertserve.config import EngineConfig
from expertserve.engine.base import Engine, EngineInfo
from expertserve.errors import ConfigError, ExpertError, ExpertNotLoadedError, IncompatibleError
from expertserve.expert import PreparedExpert, prepare, split_args
from expertserve.prompt import build_messages
from expertserve.request import GenerateArgs, Request, resolve_sampling
from expertserve.result import Chunk, Completion, InferenceResult, Timing, TokenLogprob, Usage

Job = tuple[str, str | None, GenerateArgs]
"""An expert's name, a prompt (None with `messages`), and the call's arguments."""


def default_engine() -> Engine:
    """vLLM, where it is installed."""
    from expertserve.engine.vllm import VLLMEngine

    return VLLMEngine()


@dataclass(slots=True)
class Loaded:
    """An expert under a name, and what it is doing."""

    name: str
    expert: PreparedExpert
    in_flight: int = 0
    uses: int = 0
    last_used: float | None = None
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()


@dataclass(frozen=True, slots=True)
class ExpertInfo:
    """A loaded expert, as `list_loaded_experts` shows it.

    Args:
        adapter_bytes: What its serving form takes on disk, and about what it takes in the engine in float32.
        last_used: Seconds since the epoch; None before the first use.
    """

    name: str
    expert: str
    version: str
    digest: str
    base_model: str
    adapter_type: str | None
    adapter_rank: int | None
    adapter_bytes: int
    resident: bool
    in_flight: int
    uses: int
    last_used: float | None
    warnings: tuple[str, ...] = ()


class Core:
    """Experts by name on one base model and one engine. Every method runs on the core's event loop.

    Args:
        base_model: A folder, name or hub id; by default what the first expert's manifest names.
        engine: Makes the engine; called again when it has to be restarted with wider slots.
    """

    def __init__(
        self,
        *,
        base_model: str | os.PathLike[str] | None = None,
        config: EngineConfig | None = None,
        engine: Callable[[], Engine] | None = None,
        cache_dir: Path | None = None,
        models_dir: Path | None = None,
    ) -> None:
        self.base_model = base_model
        self.config = config or EngineConfig()
        self.cache_dir = cache_dir
        self.models_dir = models_dir
        self.info: EngineInfo | None = None
        self._make = engine or default_engine
        self._engine: Engine | None = None
        self._experts: dict[str, Loaded] = {}
        self._starting = asyncio.Lock()
        self._running = 0
        self._closed = False

    # ── experts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def load_expert(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        checkpoint: str | None = None,
        cache: bool = True,
    ) -> ExpertInfo:
        """Reads, verifies and registers an expert. The engine starts at the first generation, or by `start`.

        Raises:
            LoadError: And everything below it; IncompatibleError `other_base` where its base is not the one that is served.
            ConfigError: The name is taken by another package, or is no name.
        """
        if not name or name != name.strip():
            raise ConfigError(f"{name!r} is no name for an expert", code="bad_name")
        expert = await asyncio.to_thread(
            prepare,
            path,
            base_model=self.base_model,
            checkpoint=checkpoint,
            checksum=checksum,
            cache_dir=self.cache_dir,
            models_dir=self.models_dir,
            cache=cache,
        )
        try:
            self._check_base(expert)
            taken = self._experts.get(name)
            if taken and taken.expert.package.digest != expert.package.digest:
                raise ConfigError(
                    f"another package is loaded as {name!r}", hint="unload it first, or load this one under another name", code="name_taken"
                )
        except ExpertError:
            expert.package.close()
            raise
        if not taken:
            self._experts[name] = Loaded(name, expert)
        return await self._describe(self._experts[name])

    async def unload_expert(self, name: str) -> None:
        """Waits for the expert's requests to end, then frees its adapter. The base model stays.

        Raises:
            ExpertNotLoadedError.
        """
        loaded = self._get(name)
        del self._experts[name]
        await loaded.idle.wait()
        adapter = loaded.expert.adapter
        if (
            adapter
            and self._engine
            and not any(e.expert.adapter and e.expert.adapter.digest == adapter.digest for e in self._experts.values())
        ):
            await self._engine.remove(adapter.digest)
        if not any(e.expert.package.folder == loaded.expert.package.folder for e in self._experts.values()):
            loaded.expert.package.close()

    async def list_loaded_experts(self) -> list[ExpertInfo]:
        """What is loaded, in the order of loading."""
        return [await self._describe(loaded) for loaded in list(self._experts.values())]

    def expert(self, name: str) -> PreparedExpert:
        """The expert behind a name.

        Raises:
            ExpertNotLoadedError: Naming those that are loaded.
        """
        return self._get(name).expert

    def _get(self, name: str) -> Loaded:
        found = self._experts.get(name)
        if found is None:
            known = ", ".join(sorted(self._experts)) or "none"
            raise ExpertNotLoadedError(f"no expert is loaded as {name!r}; loaded: {known}", hint="load_expert(name, path) loads one")
        return found

    def _check_base(self, expert: PreparedExpert) -> None:
        served = next(iter(self._experts.values()), None)
        if served and served.expert.base.digest != expert.base.digest:
            raise IncompatibleError(
                f"{expert.manifest.name} is for the base model {expert.base.name}; {served.expert.base.name} is served here",
                hint="one manager serves the experts of one base model; use a second manager",
                code="other_base",
            )

    async def _describe(self, loaded: Loaded) -> ExpertInfo:
        adapter, manifest = loaded.expert.adapter, loaded.expert.manifest
        resident = bool(self._engine and adapter and adapter.digest in await self._engine.resident())
        size = sum(f.stat().st_size for f in adapter.folder.glob("*.safetensors")) if adapter else 0
        return ExpertInfo(
            loaded.name,
            manifest.name,
            manifest.version,
            loaded.expert.package.digest,
            loaded.expert.base.name,
            adapter.type if adapter else None,
            adapter.rank if adapter else None,
            size,
            resident,
            loaded.in_flight,
            loaded.uses,
            loaded.last_used,
            loaded.expert.warnings,
        )

    # ── the engine ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> EngineInfo:
        """Starts the engine for what is loaded, unless it runs.

        Raises:
            ExpertNotLoadedError: Nothing is loaded, so there is no base model to start.
            OutOfMemoryError, DeviceError, EngineDeadError.
        """
        if self._closed:
            raise ConfigError("this manager was closed", hint="make a new one", code="closed")
        if not self._experts:
            raise ExpertNotLoadedError("no expert is loaded", hint="load_expert(name, path) loads one")
        async with self._starting:
            if self._engine and self.info and (self.info.max_lora_rank is None or self._width() <= self.info.max_lora_rank):
                return self.info
            if self._engine:
                await self._make_room()
            engine = self._make()
            base = next(iter(self._experts.values())).expert.base
            try:
                self.info = await engine.start(base, self.config, self._width())
            except BaseException:
                await engine.close()
                raise
            self._engine = engine
            return self.info

    def _width(self) -> int:
        """The widest adapter that is loaded."""
        return max((e.expert.adapter.width for e in self._experts.values() if e.expert.adapter), default=0)

    async def _make_room(self) -> None:
        """Closes an idle engine whose slots are too narrow; it is started again wider.

        Raises:
            IncompatibleError: `rank_too_large`, while requests are running.
        """
        if self._running and self.info:
            slots = self.info.max_lora_rank
            raise IncompatibleError(
                f"an adapter of width {self._width()} doesn't fit slots of {slots}, and {self._running} requests are running",
                hint=f"start with max_lora_rank={self._width()}, or load it while nothing runs",
                code="rank_too_large",
            )
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()

    async def close(self) -> None:
        """Ends the engine; calls after it raise ConfigError. Again is no error."""
        self._closed = True
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()
        for loaded in self._experts.values():
            loaded.expert.package.close()
        self._experts.clear()

    # ── generation ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def stream(self, name: str, prompt: str | None, args: GenerateArgs, collect: Collector) -> AsyncGenerator[Chunk, None]:
        """Chunks as they come, noted in `collect` too. Closing the iterator aborts the request."""
        accepted = time.monotonic()
        loaded = self._get(name)
        loaded.in_flight += 1
        loaded.idle.clear()
        try:
            request = self._resolve(loaded.expert, prompt, args)
            info = await self.start()
            if len(request.prompt_token_ids) + request.sampling.max_tokens > info.max_model_len:
                request = self._resolve(loaded.expert, prompt, args, info.max_model_len)
            engine = self._engine
            assert engine
            self._running += 1
            try:
                if loaded.expert.adapter:
                    await engine.add(loaded.expert.adapter)
                collect.begin(request, loaded.expert, accepted)
                async with aclosing(engine.stream(request)) as chunks:
                    async for chunk in chunks:
                        collect.add(chunk)
                        yield chunk
            finally:
                self._running -= 1
            loaded.uses += 1
            loaded.last_used = time.time()
        finally:
            loaded.in_flight -= 1
            if not loaded.in_flight:
                loaded.idle.set()

    async def generate(self, name: str, prompt: str | None, args: GenerateArgs) -> InferenceResult:
        """One answer, whole."""
        collect = Collector()
        async with aclosing(self.stream(name, prompt, args, collect)) as chunks:
            async for _ in chunks:
                pass
        return collect.result()

    async def generate_many(self, jobs: Iterable[Job]) -> list[InferenceResult]:
        """One continuous batch over any experts; results in the order of the jobs. The first failure aborts the others and is raised."""
        results: dict[int, InferenceResult] = {}
        queue = iter(enumerate(jobs))

        async def work() -> None:
            for place, (name, prompt, args) in queue:
                results[place] = await self.generate(name, prompt, args)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(2 * self.config.max_requests):
                    group.create_task(work())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [results[i] for i in range(len(results))]

    def _resolve(self, expert: PreparedExpert, prompt: str | None, args: GenerateArgs, context: int | None = None) -> Request:
        """A caller's words and wishes → tokens and sampling."""
        words, wishes = split_args(args)
        messages = build_messages(
            prompt,
            system=words.get("system"),
            schema=words.get("schema"),
            dialect=words.get("dialect") or (expert.dialect if words.get("schema") else None),
            messages=words.get("messages"),
        )
        ids = expert.prompt.render(messages, thinking=words.get("thinking"))
        limit = context or min(self.config.max_model_len or expert.base.context_length, expert.base.context_length)
        sampling = resolve_sampling(
            wishes, expert.manifest.decoding, prompt_tokens=len(ids), context_length=limit, stop_token_ids=expert.prompt.stop_token_ids()
        )
        return Request(
            id=uuid.uuid4().hex, prompt_token_ids=tuple(ids), sampling=sampling, adapter=expert.adapter.digest if expert.adapter else None
        )


class Collector:
    """Puts chunks together into a result, and measures."""

    def __init__(self) -> None:
        self._request: Request | None = None
        self._parts: dict[int, list[Chunk]] = {}
        self._first: float | None = None

    def begin(self, request: Request, expert: PreparedExpert, accepted: float) -> None:
        self._request, self._expert, self._accepted = request, expert, accepted
        self._handed = time.monotonic()

    def add(self, chunk: Chunk) -> None:
        if self._first is None and chunk.token_ids:
            self._first = time.monotonic()
        self._parts.setdefault(chunk.index, []).append(chunk)

    def result(self) -> InferenceResult:
        """The result so far: `cancelled` where the end did not come."""
        assert self._request is not None
        now, first = time.monotonic(), self._first
        completions = tuple(_join(self._parts.get(i, ())) for i in range(self._request.sampling.n))
        return InferenceResult(
            completions,
            Usage(len(self._request.prompt_token_ids), sum(len(c.token_ids) for c in completions)),
            self._expert.proof(),
            self._expert.base_proof(),
            Timing(self._handed - self._accepted, (first or now) - self._accepted, now - self._accepted),
            self._request.id,
        )


def _join(chunks: Sequence[Chunk]) -> Completion:
    logprobs: tuple[TokenLogprob, ...] = tuple(itertools.chain.from_iterable(c.logprobs for c in chunks))
    return Completion(
        "".join(c.text for c in chunks),
        tuple(itertools.chain.from_iterable(c.token_ids for c in chunks)),
        next((c.finish_reason for c in chunks if c.finish_reason), "cancelled"),
        logprobs or None,
    )
