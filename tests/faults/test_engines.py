"""Engines that die at every stage: waiting callers get an error, and the next request is served by a
new engine that holds what was loaded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from expertserve import AsyncExpertManager
from expertserve.adapters.serving import ServingAdapter
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.config import EngineConfig
from expertserve.engine.base import EngineInfo
from expertserve.engine.fake import FakeEngine
from expertserve.errors import (
    DeviceError,
    EngineDeadError,
    ExpertError,
    IncompatibleError,
    InferenceError,
    LoadError,
    OutOfMemoryError,
)
from expertserve.models import LocalModel
from expertserve.request import Request
from expertserve.result import Chunk
from tests.server.conftest import Running, Serve, package, serve, until  # noqa: F401  (fixtures)

STAGES = ("start", "load", "prefill", "decode", "drain")
ASK: Any = {"model": "sql", "messages": [{"role": "user", "content": "How many lighthouses?"}]}
ANSWER = "SELECT COUNT(*) FROM lighthouses"


class FailingEngines:
    """A factory whose first engines die at a stage.

    Args:
        deaths: How many of them.
    """

    def __init__(self, stage: str, deaths: int = 1) -> None:
        self.stage, self.deaths = stage, deaths
        self.made: list[_FailingEngine] = []

    def __call__(self) -> FakeEngine:
        self.made.append(_FailingEngine(self))
        return self.made[-1]

    def dies(self, stage: str) -> bool:
        if stage != self.stage or self.deaths <= 0:
            return False
        self.deaths -= 1
        return True


class _FailingEngine(FakeEngine):
    def __init__(self, engines: FailingEngines) -> None:
        super().__init__(lambda prompt: ANSWER)
        self.engines = engines
        self.dead = self.closed = False

    def _reach(self, stage: str) -> None:
        if self.dead or self.engines.dies(stage):
            self.dead = True
            raise EngineDeadError(f"the engine ended at {stage}")

    @property
    def alive(self) -> bool:
        return super().alive and not self.dead

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        self._reach("start")
        return await super().start(base, config, rank)

    async def add(self, adapter: ServingAdapter) -> None:
        self._reach("load")
        await super().add(adapter)

    async def remove(self, digest: str) -> None:
        self._reach("drain")
        await super().remove(digest)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self._reach("prefill")
        async for chunk in super().stream(request):
            yield chunk
            self._reach("decode")

    async def close(self) -> None:
        self.closed = True
        await super().close()


@pytest.mark.parametrize("stage", STAGES)
def test_after_a_death_at_any_stage_the_next_request_is_served(
    stage: str, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    engines = FailingEngines(stage)

    async def run() -> None:
        async with AsyncExpertManager(
            engine=engines, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        ) as manager:
            await manager.load_expert("sql", tiny_package, pin=True)
            if stage == "drain":
                await manager.load_expert("spare", tiny_package)
                assert (await manager.generate("spare", "Hello")).text == ANSWER
                await manager.unload_expert("spare")
                await manager.unload_expert("sql")  # what died holds nothing
                await manager.load_expert("sql", tiny_package)
            else:
                with pytest.raises(EngineDeadError):
                    await manager.generate("sql", "Hello")
            for _ in range(3):
                assert (await asyncio.wait_for(manager.generate("sql", "Hello"), 10)).text == ANSWER
            (info,) = await manager.list_loaded_experts()
            assert info.state == "slot" and manager.info().running == 0

    asyncio.run(run())
    assert len(engines.made) == 2 and all(engine.closed for engine in engines.made)


def test_all_waiting_callers_get_the_error_at_once(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    engines = FailingEngines("decode")

    async def run() -> list[Any]:
        async with AsyncExpertManager(
            engine=engines, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        ) as manager:
            await manager.load_expert("sql", tiny_package)
            work = (manager.generate("sql", f"question {i}") for i in range(30))
            return await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), 20)

    outcomes = asyncio.run(run())
    assert all(isinstance(o, EngineDeadError) or o.text == ANSWER for o in outcomes)
    assert any(isinstance(o, EngineDeadError) for o in outcomes)


def test_the_fourth_death_in_ten_minutes_is_final(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    engines = FailingEngines("decode", deaths=99)

    async def run() -> list[str]:
        async with AsyncExpertManager(
            engine=engines, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        ) as manager:
            await manager.load_expert("sql", tiny_package)
            codes = []
            for _ in range(6):
                with pytest.raises(EngineDeadError) as caught:
                    await manager.generate("sql", "Hello")
                codes.append(caught.value.code)
            return codes

    codes = asyncio.run(run())
    assert codes == ["engine_dead"] * 4 + ["engine_stopped"] * 2
    assert len(engines.made) == 4 and all(engine.closed for engine in engines.made)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LoadError, 3),
        (IncompatibleError, 6),
        (InferenceError, 7),
        (OutOfMemoryError, 8),
        (DeviceError, 11),
        (EngineDeadError, 12),
    ],
)
def test_the_exit_code_says_why_there_is_no_answer(
    error: type[ExpertError], status: int, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    class Failing(FakeEngine):
        async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
            raise error("the engine can't start", hint="do something")

    places = ["--cache-dir", str(tmp_path / "cache"), "--models-dir", str(tiny_base.parent)]
    done = CliRunner().invoke(
        app, ["generate", str(tiny_package), "Hello", *places], obj=Seams(engine=Failing)
    )
    assert (
        done.exit_code == status and "can't start" in done.stderr and "do something" in done.stderr
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("error", "status"), [(EngineDeadError("it can't start"), 12), (RuntimeError("a bug"), 1)]
)
def test_a_server_whose_engine_can_not_start_ends(
    error: Exception, status: int, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    class Failing(FakeEngine):
        async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
            raise error

    places = ["--cache-dir", str(tmp_path / "cache"), "--models-dir", str(tiny_base.parent)]
    command = ["serve", f"one={tiny_package}", "--port", "0", *places]
    done = CliRunner().invoke(app, command, obj=Seams(engine=Failing))
    assert done.exit_code == status
    assert "can't start" in done.stderr or done.exception is error


def test_an_engine_that_never_starts_has_its_own_exit_code(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    arguments = [
        "generate",
        str(tiny_package),
        "Hello",
        "--cache-dir",
        str(tmp_path / "cache"),
        "--models-dir",
        str(tiny_base.parent),
    ]
    done = CliRunner().invoke(app, arguments, obj=Seams(engine=FailingEngines("start", 99)))
    assert done.exit_code == 12 and "ended at start" in done.stderr


def test_over_http_a_death_is_a_503_with_retry_after_and_service_resumes(
    serve: Serve,
    package: Any,
) -> None:
    engines = FailingEngines("decode", deaths=0)
    server: Running = serve({"sql": package("sql")}, engine=_Shared(engines))  # type: ignore[arg-type]
    http = server.http()
    assert http.post("/v1/chat/completions", json=ASK).status_code == 200
    engines.deaths = 1
    refused = http.post("/v1/chat/completions", json=ASK)
    assert (
        refused.status_code == 503
        and refused.json()["error"]["code"] == "engine_dead"
        and int(refused.headers["retry-after"]) >= 1
    )
    until(lambda: http.post("/v1/chat/completions", json=ASK).status_code == 200, 20)
    assert http.get("/ready").status_code == 200 and server.parts.limits.pending == 0


def test_the_readiness_probe_restarts_an_engine_that_died_while_idle(
    serve: Serve,
    package: Any,
) -> None:
    engines = FailingEngines("decode", deaths=0)
    server: Running = serve({"sql": package("sql")}, engine=_Shared(engines))  # type: ignore[arg-type]
    http = server.http()
    assert http.get("/ready").status_code == 200
    engines.made[-1].dead = True
    assert http.get("/ready").status_code == 503
    until(lambda: http.get("/ready").status_code == 200, 20)
    assert len(engines.made) == 2


def test_a_failed_start_is_forgotten_once_the_engine_runs(
    serve: Serve,
    package: Any,
    tmp_path: Path,
) -> None:
    engines = FailingEngines("start", deaths=1)
    (tmp_path / "packages").mkdir(exist_ok=True)
    options = {"experts_folder": tmp_path / "packages", "open_admin": True}
    server: Running = serve({}, engine=_Shared(engines), **options)  # type: ignore[arg-type]
    http = server.http()
    package("sql")
    assert http.post("/v1/experts", json={"name": "sql", "path": "sql"}).status_code == 201
    until(lambda: server.parts.failure is not None)
    assert "engine_dead" in http.get("/ready").text
    assert http.post("/v1/chat/completions", json=ASK).status_code == 200
    assert http.get("/ready").status_code == 200


class _Shared:
    """The one engine that `serve` starts, recreated after each death."""

    def __init__(self, engines: FailingEngines) -> None:
        self._engines = engines
        self._engine: FakeEngine | None = None

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        self._engine = self._engines()
        return await self._engine.start(base, config, rank)

    @property
    def alive(self) -> bool:
        return self._engine is not None and self._engine.alive

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)
