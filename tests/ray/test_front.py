"""The HTTP front over two replicas in this process, without Ray: what it asks of them, and when
one is lost.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from expertserve.errors import ConfigError
from expertserve.package.index import IndexRow
from expertserve.ray.catalogue import Catalogue, Change
from expertserve.ray.config import RayConfig, read_config
from expertserve.ray.replica import FrontFacts, Replica, Report
from expertserve.ray.service import RayService
from expertserve.ray.shares import Shares
from expertserve.ray.streams import Item, Near, ReplicaLostError
from expertserve.ray.supply import Holders
from expertserve.ray.versions import Update
from expertserve.request import GenerateArgs, PromptArgs
from expertserve.result import InferenceResult, Written
from expertserve.server.app import create_app
from expertserve.server.limits import KeyUse, Share
from tests import tiny
from tests.ray.conftest import body, events

ANSWER = "SELECT " + ", ".join(f"c{i}" for i in range(12)) + " FROM größe"


class Quiet:
    """A meter that nobody reads."""

    def answered(
        self, expert: str, outcome: str, *, warm: bool, result: InferenceResult | None
    ) -> None: ...

    def running(self, requests: int, resident: int) -> None: ...


class Site:
    """All processes of an application in one.

    Args:
        dies: After so many chunks a stream's replica is lost, each time once.
    """

    def __init__(self, config: RayConfig, dies: Sequence[int] = ()) -> None:
        self.catalogue = Catalogue(config.experts, None, config.cache_dir, self, config.base_of)
        self.shares, self.holding = Shares(), Holders()
        self.of = {
            base: [Replica(one, self, base + name, Quiet(), base) for name in "ab"]
            for base, one in config.engines().items()
        }
        self.replicas = [replica for mine in self.of.values() for replica in mine]
        self.dies = list(dies)
        self.turn = 0
        self.asked: list[str] = []
        self.written: list[Written | None] = []

    async def adopt(self, update: Update) -> None:
        for replica in self.replicas:
            await replica.adopt(update)

    async def since(self, number: int) -> Update:
        return self.catalogue.since(number)

    async def holders(self, digest: str) -> list[str]:
        return self.holding.of(digest)

    async def hold(self, who: str, digests: Sequence[str]) -> None:
        self.holding.note(who, digests)

    def pieces(self, who: str, digest: str) -> AsyncGenerator[bytes, None]:
        return next(r for r in self.replicas if r.name == who).pieces(digest)

    async def change(self, change: Change) -> Update:
        return await self.catalogue.change(change)

    async def rows(self, digests: Sequence[str]) -> list[IndexRow]:
        self.asked.append("rows")
        return self.catalogue.rows(digests)

    async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]:
        return self.shares.lease(who, uses)

    def _next(self, near: Near, method: str) -> Replica:
        self.asked.append(method)
        self.turn += 1
        return self.of[near.base][self.turn % 2]

    async def facts(self, near: Near, number: int, name: str) -> FrontFacts:
        return await self._next(near, "facts").facts(number, name)

    async def prompt_tokens(
        self, near: Near, number: int, name: str, prompt: str | None, words: PromptArgs
    ) -> list[int]:
        return await self._next(near, "prompt_tokens").prompt_tokens(number, name, prompt, words)

    async def generate(
        self, near: Near, number: int, name: str, prompt: str | None, args: GenerateArgs
    ) -> InferenceResult:
        return await self._next(near, "generate").generate(number, name, prompt, args)

    def stream(
        self,
        near: Near,
        number: int,
        name: str,
        prompt: str | None,
        args: GenerateArgs,
        written: Written | None,
    ) -> Lossy:
        self.written.append(written)
        replica = self._next(near, "stream")
        ends = self.dies.pop(0) if self.dies else None
        return Lossy(replica.stream(number, name, prompt, args, written), ends)

    async def reports(self) -> list[Report]:
        return [await replica.report() for replica in self.replicas]


class Lossy:
    """A stream whose replica is lost after so many items."""

    def __init__(self, items: Any, ends: int | None) -> None:
        self._items, self._ends = items, ends

    async def __aiter__(self) -> AsyncIterator[Item]:
        async with aclosing(self._items) as items:
            place = 0
            async for item in items:
                if place == self._ends:
                    raise ReplicaLostError("the replica that worked on this ended")
                place += 1
                yield item

    async def cancel(self) -> None:
        await self._items.aclose()


Work = Callable[[httpx.AsyncClient, Site], Awaitable[None]]


@pytest.fixture
def run(
    tiny_base: Path, tiny_package: Path, tmp_path: Path
) -> Callable[[Work, Sequence[int]], None]:
    """Runs a front whose cache is not the replicas'."""
    archive = tiny.tar_gz(tmp_path / "one.expert", tiny.members(tiny_package))
    given = {
        "experts": [f"one={archive}"],
        "engine": "tests.ray.stand_ins:SlowFake",
        "engine_args": {"answer": ANSWER, "delay": 0.011},
        "models_dir": str(tiny_base.parent),
        "cache_dir": str(tmp_path / "there"),
        "server": {"open_admin": True, "experts_folder": str(tmp_path)},
    }

    def run(work: Work, dies: Sequence[int] = (), **changes: Any) -> None:
        config = read_config(given | changes)
        mine = read_config(given | changes | {"cache_dir": str(tmp_path / "here")})

        async def whole() -> None:
            site = Site(config, dies)
            for replica in site.replicas:
                await replica.begin()
            service = RayService(mine, site, site, "front")
            await service.begin()
            app = create_app(service, mine.server_settings())
            service.show(app.state.parts)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                await work(http, site)
            await service.close()
            for replica in site.replicas:
                await replica.close()

        asyncio.run(whole())
        assert not (tmp_path / "here" / "packages").exists(), "the front unpacked a package"

    return run


def said(answer: httpx.Response) -> str:
    parts = (e["choices"][0]["delta"].get("content") for e in events(answer.text) if e["choices"])
    return "".join(part or "" for part in parts)


def test_a_front_reads_no_package_and_asks_once_what_only_one_tells(run: Any) -> None:
    async def work(http: httpx.AsyncClient, site: Site) -> None:
        assert site.asked == ["rows"]
        for _ in range(2):
            answer = await http.post("/v1/chat/completions", json=body("one"))
            assert answer.json()["choices"][0]["message"]["content"] == ANSWER
        assert site.asked.count("facts") == 1
        (model, *_) = (await http.get("/v1/models")).json()["data"]
        assert model["id"] == "one" and len(model["expertserve"]["replicas"]) == 2
        told = await http.post(
            "/tokenize", json={"model": "one", "messages": body("one")["messages"]}
        )
        assert told.json()["count"] > 3 and "prompt_tokens" in site.asked
        shown = await http.post("/api/show", json={"model": "one"})
        assert "messages" in shown.json()["template"]
        base = (await http.get("/v1/models")).json()["data"][1]["id"]
        assert (await http.post("/api/show", json={"model": base})).status_code == 200

    run(work)


@pytest.mark.parametrize("dies", [[1], [4], [3, 3], [0]], ids=str)
def test_a_stream_whose_replica_is_lost_has_no_seam(dies: list[int], run: Any) -> None:
    async def work(http: httpx.AsyncClient, site: Site) -> None:
        answer = await http.post("/v1/chat/completions", json=body("one", stream=True))
        assert said(answer) == ANSWER and answer.text.endswith("data: [DONE]\n\n")
        ends = [e["choices"][0].get("finish_reason") for e in events(answer.text) if e["choices"]]
        assert [end for end in ends if end] == ["stop"]
        assert len(site.written) == 1 + len(dies)
        assert all(written is None for written in site.written) == (dies == [0])
        counted = "expertserve_resumed_streams_total{" in (await http.get("/metrics")).text
        assert counted == (dies != [0])

    run(work, dies)


def test_the_third_loss_is_told(run: Any) -> None:
    async def work(http: httpx.AsyncClient, site: Site) -> None:
        answer = await http.post("/v1/chat/completions", json=body("one", stream=True))
        assert events(answer.text)[-1]["error"]["code"] == "replica_lost"

    run(work, [2, 2, 2])


def test_several_answers_at_once_are_not_taken_over(run: Any) -> None:
    async def work(http: httpx.AsyncClient, site: Site) -> None:
        wanted = body("one", stream=True, n=2, temperature=1)
        answer = await http.post("/v1/chat/completions", json=wanted)
        assert events(answer.text)[-1]["error"]["code"] == "replica_lost"

    run(work, [2])


def test_each_base_model_has_engines_of_its_own(
    run: Any, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(tiny_base, models / "tiny")
    tiny.base_model(models / "other", seed=3)
    files = {}
    for name, base in (("mine", "tiny"), ("theirs", "other"), ("nobodys", "third")):
        entry = tiny.base_entry(name=f"someone/{base}")
        folder = tiny.package(
            tmp_path / f"{name}-folder", tiny_lora, tiny_base, name=name, base_models=entry
        )
        files[name] = tiny.tar_gz(tmp_path / f"{name}.expert", tiny.members(folder))

    async def work(http: httpx.AsyncClient, site: Site) -> None:
        for name, base in (("mine", "tiny"), ("theirs", "other")):
            answer = await http.post("/v1/chat/completions", json=body(name, stream=True))
            assert said(answer) == ANSWER and answer.headers["x-expertserve-base-model"] == base
        listed = {m["id"]: m for m in (await http.get("/v1/models")).json()["data"]}
        assert {"mine", "theirs", "tiny", "other"} <= set(listed)
        where = [r["replica"] for r in listed["theirs"]["expertserve"]["replicas"]]
        assert where == ["othera", "otherb"]
        answer = await http.post("/v1/chat/completions", json=body("other"))
        assert answer.headers["x-expertserve-base-model"] == "other"
        refused = await http.post("/v1/experts", json={"path": files["nobodys"].name, "name": "n"})
        assert refused.status_code in (400, 422) and "third" in refused.text
        moved = await http.put("/v1/experts/mine", json={"path": files["theirs"].name})
        assert moved.json()["error"]["code"] == "other_base"

    run(
        work,
        experts=[str(files["mine"]), str(files["theirs"])],
        models_dir=str(models),
        bases={"tiny": {}, "other": {"max_loaded_experts": 3, "replicas": {"number": 2}}},
    )


def test_bases_that_can_not_be_are_refused() -> None:
    for wrong in (
        {"bases": {"a": {}}, "base_model": "a"},
        {"bases": {"one/a": {}, "two/A": {}}},
        {"bases": {"a": {"engine_config": {"slots": 3}}}},
        {"bases": {"a": {"gpus": 1}}},
    ):
        with pytest.raises(ConfigError):
            read_config(wrong)
    config = read_config({"bases": {"org/Big": {"engine_config": {"max_slots": 2}}}, "experts": []})
    assert config.base_of(["x/small", "other/big"]) == "org/Big" and config.base_of(["x"]) is None
    (one,) = config.engines().values()
    assert one.base_model == "org/Big" and one.capacity == 2
