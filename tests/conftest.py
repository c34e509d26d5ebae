"""Fixtures: tiny models for fast tests, one vLLM engine for the others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from expertserve import EngineConfig, Expert, ExpertManager
from expertserve.adapters.serving import ServingAdapter
from expertserve.config import models_dir
from expertserve.core.engines import default_engine
from expertserve.engine.base import Engine, EngineInfo, Resident
from expertserve.engine.fake import FakeEngine
from expertserve.models import LocalModel
from expertserve.request import Request
from expertserve.result import Chunk
from tests import tiny

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
EXPERTS = ROOT / "examples" / "experts"
DEMO_BASE = "SmolLM2-135M-Instruct"
SCHEMA = (
    "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);"
)

os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks tests that use the session's engine; the others run in parallel, one file per process."""
    if "engine" in getattr(item, "fixturenames", ()):
        item.add_marker("engine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Runs engine tests last and together, so that their engine starts late and once, and long ones
    only on request.
    """
    wanted = str(config.getoption("-m") or "")
    left_out = [mark for mark in ("long", "soak") if mark not in wanted]
    kept = [i for i in items if not any(i.get_closest_marker(mark) for mark in left_out)]
    config.hook.pytest_deselected(items=[i for i in items if i not in kept])
    items[:] = sorted(kept, key=lambda i: bool(i.get_closest_marker("engine")))


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers, in a models folder under the name `tiny`."""
    return tiny.base_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny_lora(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.peft_adapter(tiny_base, tmp_path_factory.mktemp("lora"), "lora")


@pytest.fixture
def tiny_package(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Path:
    """An unpacked, valid package on the tiny base."""
    return tiny.package(tmp_path / "package", tiny_lora, tiny_base)


@pytest.fixture
def load(tiny_base: Path, tmp_path: Path) -> Iterator[Callable[..., Expert]]:
    """`Expert.load` on the tiny models, with a fake engine and a separate cache."""
    loaded: list[Expert] = []

    def load(
        path: Path, script: Callable[[str], str] = lambda prompt: "SELECT 1", **options: object
    ) -> Expert:
        defaults = {
            "engine": lambda: FakeEngine(script),
            "cache_dir": tmp_path / "cache",
            "models_dir": tiny_base.parent,
        }
        loaded.append(Expert.load(path, **{**defaults, **options}))  # type: ignore[arg-type]
        return loaded[-1]

    yield load
    for expert in loaded:
        expert.close()


@pytest.fixture(scope="session")
def demo_base() -> Path:
    """The demo base model, which `make test` puts into the models folder first."""
    path = models_dir() / DEMO_BASE
    assert path.is_dir(), "run `make base` first"
    return path


@pytest.fixture(scope="session")
def sql_package() -> Path:
    return next(EXPERTS.glob("expert-sql-*.expert"))


@pytest.fixture(scope="session")
def engine(demo_base: Path, sql_package: Path) -> Iterator[Expert]:
    """The one vLLM engine of the tests, in float32: the demo SQL expert, loaded as a user would."""
    config = EngineConfig(
        max_lora_rank=32,
        max_slots=12,
        max_model_len=2048,
        max_requests=32,
        kv_cache_bytes=512 << 20,
    )
    config = replace(config, dtype="float32")
    with Expert.load(sql_package, config=config, engine=lambda: Shared(config)) as expert:
        yield expert


@pytest.fixture(scope="session")
def manager(engine: Expert) -> ExpertManager:
    """The manager behind that engine, to load other experts beside it."""
    return engine.manager


class Borrowed:
    """The session's running engine, for another manager: never closed by it.

    vLLM's client belongs to the loop that started it, so calls from other loops cross over.
    """

    def __init__(self, shared: Shared) -> None:
        self.shared = shared

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        assert self.shared.info
        return self.shared.info

    async def add(self, adapter: ServingAdapter) -> None:
        await self.shared.call(self.shared.engine.add(adapter))

    async def remove(self, digest: str) -> None:
        await self.shared.call(self.shared.engine.remove(digest))

    async def resident(self) -> Mapping[str, Resident]:
        return await self.shared.call(self.shared.engine.resident())

    @property
    def alive(self) -> bool:
        return self.shared.engine.alive

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        here, chunks = asyncio.get_running_loop(), asyncio.Queue[Chunk | None]()

        async def pump() -> None:
            try:
                async with aclosing(self.shared.engine.stream(request)) as stream:
                    async for chunk in stream:
                        here.call_soon_threadsafe(chunks.put_nowait, chunk)
            finally:
                here.call_soon_threadsafe(chunks.put_nowait, None)

        pumping = asyncio.run_coroutine_threadsafe(pump(), self.shared.loop)
        try:
            while (chunk := await chunks.get()) is not None:
                yield chunk
            await asyncio.wrap_future(pumping)
        finally:
            pumping.cancel()

    async def close(self) -> None:
        pass


class Shared:
    """The session's engine: the default one, with the loop that it was started on."""

    latest: ClassVar[Shared]

    def __init__(self, config: EngineConfig) -> None:
        self.engine: Engine = default_engine(config)
        self.info: EngineInfo | None = None
        Shared.latest = self

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        self.loop = asyncio.get_running_loop()
        self.info = await self.engine.start(base, config, rank)
        return self.info

    async def call(self, work: Coroutine[object, object, T]) -> T:
        """Awaits on the engine's loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


@pytest.fixture
def another(engine: Expert, manager: ExpertManager) -> Iterator[Callable[..., ExpertManager]]:
    """More managers, with their own settings, over the one running engine."""
    engine.start()
    made: list[ExpertManager] = []

    def another(**options: object) -> ExpertManager:
        new = ExpertManager(engine=lambda: Borrowed(Shared.latest), **options)  # type: ignore[arg-type]
        made.append(new)
        return new

    yield another
    for one in made:
        for expert in one.list_loaded_experts():
            one.unload_expert(expert.name)
        one.close()


@pytest.fixture(scope="session")
def variants(demo_base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four packages on the demo base whose random adapters give different answers to anything."""
    packages = []
    for seed in range(4):
        folder = tmp_path_factory.mktemp(f"variant-{seed}")
        targets = ["q_proj", "v_proj", "down_proj"]
        adapter = tiny.peft_adapter(
            demo_base,
            folder / "adapter",
            "lora",
            rank=4,
            seed=seed,
            strength=0.05,
            target_modules=targets,
        )
        entry = tiny.base_entry(name=DEMO_BASE, targets=targets)
        packages.append(
            tiny.package(
                folder / "package",
                adapter,
                None,
                name=f"expert-{seed}",
                base_models=entry,
                training={},
                capabilities=[],
            )
        )
    return packages


@pytest.fixture
def beside(manager: ExpertManager) -> Iterator[Callable[..., Expert]]:
    """Loads a package into the one engine under its own name, and unloads it afterwards."""
    names: list[str] = []

    def beside(path: Path, **options: object) -> Expert:
        name = f"test-{len(names)}"
        manager.load_expert(name, path, **options)  # type: ignore[arg-type]
        names.append(name)
        return Expert(manager, name)

    yield beside
    for name in names:
        manager.unload_expert(name)
