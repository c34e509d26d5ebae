"""Engines and experts that come and go while others wait for them, over fake engines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from expertserve import (
    AsyncExpertManager,
    ConfigError,
    EngineDeadError,
    ExpertError,
    ExpertManager,
    ExpertNotLoadedError,
    IncompatibleError,
    models,
)
from expertserve.config import EngineConfig
from expertserve.core import bases, core, experts
from expertserve.core.options import Options
from expertserve.engine.base import EngineInfo
from expertserve.engine.fake import FakeEngine
from expertserve.expert import PreparedExpert
from expertserve.models import LocalModel
from expertserve.request import Request
from expertserve.result import Chunk
from tests import tiny


class Slow(FakeEngine):
    """An engine that starts when `go` is set, with slots of the requested width."""

    def __init__(self) -> None:
        super().__init__(lambda prompt: "one two three")
        self.begun, self.go = threading.Event(), threading.Event()
        self.dying = self.dead = self.closed = False
        self.experts: int | None = None

    @property
    def alive(self) -> bool:
        return super().alive and not self.dead

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        self.begun.set()
        while not self.go.is_set():
            await asyncio.sleep(0.005)
        info = await super().start(base, config, rank)
        self.experts = config.experts
        return EngineInfo(info.name, info.device, info.dtype, info.max_model_len, rank)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        if self.dying:
            self.dead = True
            raise EngineDeadError("it died")
        async for chunk in super().stream(request):
            yield chunk

    async def close(self) -> None:
        self.closed = True
        await super().close()


class Made:
    """A factory that records its engines in order; all but the first start at once."""

    def __init__(self, at_once: bool = True) -> None:
        self.engines: list[Slow] = []
        self.at_once = at_once

    def __call__(self) -> Slow:
        engine = Slow()
        if self.at_once or self.engines:
            engine.go.set()
        self.engines.append(engine)
        return engine

    def first(self) -> Slow:
        """The first one, once its start has begun."""
        while not self.engines:
            pass
        assert self.engines[0].begun.wait(10)
        return self.engines[0]


@pytest.fixture
def places(tiny_base: Path, tmp_path: Path) -> dict[str, Path]:
    return {"cache_dir": tmp_path / "cache", "models_dir": tiny_base.parent}


@pytest.fixture
def wide(tiny_base: Path, tmp_path: Path) -> Path:
    """A package whose adapter needs wider slots than the tiny one."""
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "wide-adapter", "lora", rank=16)
    return tiny.package(tmp_path / "wide", adapter, tiny_base, base_models=tiny.base_entry(rank=16))


def test_an_engine_is_told_how_many_experts_share_it(
    tiny_package: Path, places: dict[str, Path]
) -> None:
    made = Made()
    with ExpertManager(engine=made, **places) as manager:
        for name in ("a", "b", "c"):
            manager.load_expert(name, tiny_package)
        manager.generate("a", "x")
    assert made.engines[0].experts == 3


def test_a_request_that_times_out_leaves_the_start_to_the_other_waiters(
    tiny_package: Path, places: dict[str, Path]
) -> None:
    made = Made(at_once=False)

    async def run() -> None:
        async with AsyncExpertManager(engine=made, **places) as manager:
            await manager.load_expert("a", tiny_package)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(manager.generate("a", "x"), 0.2)
            waiting = asyncio.create_task(manager.generate("a", "y"))
            made.first().go.set()
            assert (await waiting).text == "one two three"

    asyncio.run(run())
    assert len(made.engines) == 1


def test_closing_while_the_engine_starts_stops_it_and_fails_waiting_callers(
    tiny_package: Path, places: dict[str, Path]
) -> None:
    made = Made(at_once=False)
    manager = ExpertManager(engine=made, **places)
    manager.load_expert("a", tiny_package)
    told: list[ExpertError] = []

    def wait(call: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                call()
            except ExpertError as error:
                told.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    threads = [wait(manager.start), wait(lambda: manager.generate("a", "x"))]
    engine = made.first()
    manager.close()
    for thread in threads:
        thread.join(10)
    assert [e.code for e in told] == ["closed"] * 2
    assert engine.closed and not any(t.is_alive() for t in threads)
    with pytest.raises(ConfigError):
        manager.start()


def test_replacing_by_a_wider_adapter_restarts_an_idle_engine(
    tiny_package: Path, wide: Path, places: dict[str, Path]
) -> None:
    made = Made()
    with ExpertManager(engine=made, **places) as manager:
        manager.load_expert("a", tiny_package)
        narrow = manager.start().max_lora_rank
        manager.replace_expert("a", wide)
        after = manager.start().max_lora_rank
        assert narrow is not None and after is not None and after > narrow
        assert manager.generate("a", "x").expert.adapter.rank == 16  # type: ignore[union-attr]
    assert len(made.engines) == 2 and made.engines[0].closed


def test_what_replaces_an_evicted_expert_counts(
    tiny_package: Path, wide: Path, places: dict[str, Path]
) -> None:
    made = Made()
    with ExpertManager(
        engine=made, max_loaded_experts=1, config=EngineConfig(max_lora_rank=64), **places
    ) as manager:
        manager.load_expert("a", tiny_package)
        manager.start()
        manager.load_expert("b", wide)
        manager.replace_expert("a", wide)
        manager.replace_expert("a", tiny_package)
        assert sum(bool(i.resident) for i in manager.list_loaded_experts()) == 1


def test_an_expert_that_is_too_wide_for_a_busy_engine_disturbs_nobody(
    tiny_package: Path, wide: Path, tiny_base: Path, places: dict[str, Path], tmp_path: Path
) -> None:
    other = tiny.package(
        tmp_path / "other",
        tiny.peft_adapter(tiny_base, tmp_path / "other-adapter", "lora", rank=4, seed=9),
        tiny_base,
    )
    made = Made()

    async def run() -> None:
        async with AsyncExpertManager(engine=made, max_loaded_experts=2, **places) as manager:
            await manager.load_expert("a", tiny_package)
            await manager.load_expert("idle", other)
            await manager.start()
            engine = made.engines[0]
            engine.delay = 0.05
            remove, evicting = engine.remove, threading.Event()

            async def slowly(digest: str) -> None:
                evicting.set()
                await asyncio.sleep(0.2)
                await remove(digest)

            engine.remove = slowly  # type: ignore[method-assign]
            running = asyncio.create_task(manager.generate("a", "x"))
            while not engine.requests:
                await asyncio.sleep(0.005)
            coming = asyncio.create_task(manager.load_expert("b", wide))
            await asyncio.to_thread(evicting.wait, 10)
            assert (
                (await manager.generate("a", "y")).text == (await running).text == "one two three"
            )
            with pytest.raises(IncompatibleError):
                await coming

    asyncio.run(asyncio.wait_for(run(), 20))


def test_routing_knows_what_was_loaded_while_its_index_was_built(
    tiny_package: Path, wide: Path, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExpertManager(engine=Made(), **places) as manager:
        manager.load_expert("a", tiny_package)
        made = experts.Router

        def slow(entries: object) -> object:
            router = made(entries)  # type: ignore[arg-type]
            if len(manager.list_loaded_experts()) == 1:
                manager.load_expert("b", wide)
            return router

        monkeypatch.setattr(experts, "Router", slow)
        manager.route("x")
        built: list[int] = []
        monkeypatch.setattr(
            experts, "Router", lambda entries: built.append(len(entries)) or made(entries)
        )
        manager.route("x")
        assert built == [2]


def test_a_restarted_engine_keeps_to_the_limit_of_loaded_experts(
    tiny_package: Path, wide: Path, places: dict[str, Path]
) -> None:
    made = Made()
    with ExpertManager(engine=made, max_loaded_experts=1, **places) as manager:
        manager.load_expert("a", tiny_package)
        manager.load_expert("b", wide)
        manager.generate("a", "x")
        made.engines[0].dying = True
        with pytest.raises(EngineDeadError):
            manager.generate("a", "x")
        while not [i for i in manager.list_loaded_experts() if i.resident]:
            pass
        assert [i.name for i in manager.list_loaded_experts() if i.resident] == ["a"]


def test_an_adapter_replaced_before_its_request_ran_is_freed_with_it(
    tiny_package: Path, wide: Path, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, resolve = Made(), core.resolve_request

    async def run() -> None:
        async with AsyncExpertManager(
            engine=made, config=EngineConfig(max_lora_rank=64), **places
        ) as manager:
            await manager.load_expert("a", tiny_package)
            await manager.start()
            came, go = threading.Event(), threading.Event()

            async def held(*args: object, **options: object) -> object:
                came.set()
                await asyncio.to_thread(go.wait)
                return await resolve(*args, **options)  # type: ignore[arg-type]

            monkeypatch.setattr(core, "resolve_request", held)
            old = asyncio.create_task(manager.generate("a", "x"))
            await asyncio.to_thread(came.wait)
            await manager.replace_expert("a", wide)
            go.set()
            assert (await old).expert.adapter.rank == 4  # type: ignore[union-attr]
            assert [len(h) for h in (await manager.resident_adapters()).values()] == [1]

    asyncio.run(run())


def test_an_abandoned_unload_still_frees_the_adapter(
    tiny_package: Path, places: dict[str, Path]
) -> None:
    made = Made()

    async def run() -> None:
        async with AsyncExpertManager(engine=made, **places) as manager:
            await manager.load_expert("a", tiny_package)
            await manager.start()
            made.engines[0].delay = 0.5
            stream = manager.generate_stream("a", "x")
            chunks = aiter(stream)
            await anext(chunks)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(manager.unload_expert("a"), 0.05)
            await stream.aclose()
            while any((await manager.resident_adapters()).values()):
                await asyncio.sleep(0.01)
            with pytest.raises(ExpertNotLoadedError):
                await manager.unload_expert("a")

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_base_model_from_a_hub_is_asked_by_its_whole_name_and_the_last_part(
    tiny_package: Path, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        models, "hub_cache", lambda name: tiny_base if name == "someone/tiny" else None
    )
    with ExpertManager(
        "someone/tiny", engine=Made(), cache_dir=tmp_path / "cache", models_dir=tmp_path / "empty"
    ) as manager:
        manager.load_expert("a", tiny_package)
        assert manager.info().base_models == ("someone/tiny",)
        assert (
            manager.generate("someone/tiny", "x").text
            == manager.generate("tiny", "x").text
            == "one two three"
        )


class Unfit(FakeEngine):
    """An engine that can't compute its base model."""

    starts = 0

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        Unfit.starts += 1
        raise EngineDeadError("no kernel for head_dim=16", code="engine_unfit")


def test_an_engine_that_cant_compute_its_base_is_started_once(
    tiny_package: Path, places: dict[str, Path]
) -> None:
    Unfit.starts = 0
    caught: list[EngineDeadError] = []
    with ExpertManager(engine=lambda: Unfit(lambda prompt: ""), **places) as manager:
        manager.load_expert("a", tiny_package)
        for _ in range(3):
            with pytest.raises(EngineDeadError, match="head_dim=16") as error:
                manager.generate("a", "x")
            caught.append(error.value)
    assert Unfit.starts == 1 and {e.code for e in caught} == {"engine_unfit"}
    assert len({id(e) for e in caught}) == 3  # one that is raised again collects tracebacks


def test_a_base_model_that_two_threads_ask_for_at_once_is_one_entry(
    tiny_package: Path, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = experts.LoadedExperts(
        Options(base_model=tiny_base, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent)
    )
    both, made = threading.Barrier(2), bases.bare

    def slowly(base: LocalModel) -> PreparedExpert:
        both.wait(5)  # each of them has found that there is no entry yet
        return made(base)

    monkeypatch.setattr(bases, "bare", slowly)
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(loaded.find, [tiny_base.name] * 2))
    assert found[0] is found[1], "requests that one of them counts are unknown to the other"
