"""Two replicas over HTTP: the same server, requests near their experts, one list of experts for
all.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import httpx
import openai
import psutil
import pytest

from tests.ray import stand_ins
from tests.ray.conftest import App, Deploy, body, events, make_experts, until

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]


@pytest.fixture(scope="module")
def experts(fifty: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of fifty experts that tests may add to."""
    folder = tmp_path_factory.mktemp("experts")
    for file in fifty:
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def app(deploy: Deploy, experts: Path) -> App:
    return deploy(
        "main",
        experts=[str(experts)],
        max_loaded_experts=32,
        max_ongoing_requests=16,
        spill=4,
        engine_args={"answer": "SELECT COUNT(*) FROM lighthouses", "delay": 0.005, "load": 0.01},
        server={"open_admin": True, "experts_folder": str(experts)},
    )


def ask_evenly(app: App, requests: int, experts: int, together: int = 8) -> None:
    """Requests over all experts in a random order, a few at a time."""
    names = [f"e{i % experts:02}" for i in range(requests)]
    random.Random(7).shuffle(names)

    async def run() -> None:
        gate = asyncio.Semaphore(together)
        async with httpx.AsyncClient(base_url=app.url, timeout=60) as client:

            async def one(name: str) -> None:
                async with gate:
                    answer = await client.post(
                        "/v1/chat/completions", json=body(name, max_tokens=2)
                    )
                    assert (
                        answer.status_code == 200 and answer.headers["x-expertserve-expert"] == name
                    ), answer.text

            await asyncio.gather(*(one(n) for n in names))

    asyncio.run(run())


def test_an_unmodified_openai_client_gets_its_answer_whole_and_streamed(app: App) -> None:
    with app.openai() as client:
        whole = client.chat.completions.create(
            model="e01", messages=[{"role": "user", "content": "One?"}]
        )
        stream = client.chat.completions.create(
            model="e01", messages=[{"role": "user", "content": "One?"}], stream=True
        )
        pieces = [c.choices[0].delta.content or "" for c in stream if c.choices]
    assert whole.choices[0].message.content == "".join(pieces) == "SELECT COUNT(*) FROM lighthouses"
    assert sum(map(bool, pieces)) > 3 and whole.usage.completion_tokens > 3  # type: ignore[union-attr]


def test_errors_are_the_servers_own(app: App) -> None:
    with app.openai() as client:
        with pytest.raises(openai.NotFoundError, match="the model 'nobody' is not loaded"):
            client.chat.completions.create(
                model="nobody", messages=[{"role": "user", "content": "One?"}]
            )
        with pytest.raises(
            openai.BadRequestError
        ) as refused:  # found in the replica, told by the front
            client.chat.completions.create(
                model="e01", messages=[{"role": "user", "content": "One?"}], max_tokens=100_000
            )
    assert refused.value.code == "context_length_exceeded"


def test_a_client_that_goes_away_frees_the_replica(app: App) -> None:
    with (
        app.http() as client,
        client.stream("POST", "/v1/chat/completions", json=body("e02", stream=True)) as response,
    ):
        next(response.iter_lines())
    until(lambda: sum(r.running for r in app.reports()) == 0, 10)
    assert all(i.in_flight == 0 for r in app.reports() for i in r.experts)


@pytest.mark.long
def test_requests_go_where_their_expert_is_warm(app: App, deploy: Deploy) -> None:
    warm = app.warm_share(lambda: ask_evenly(app, 1000, 50))
    other = deploy("random", prefix="random", **{**app.args, "routing": stand_ins.ROUTER})
    cold = other.warm_share(lambda: ask_evenly(other, 500, 50))
    other.delete()
    print(f"warm hits: {warm:.1%} by affinity, {cold:.1%} at random")
    assert warm >= 0.9
    assert cold < warm - 0.15


@pytest.mark.long
def test_a_hot_expert_spreads_over_the_replicas(app: App, deploy: Deploy) -> None:
    """An answer takes half a second, so that requests meet in the replicas however fast or slow the
    front is.
    """
    slow = {"answer": "SELECT COUNT(*) FROM lighthouses", "delay": 0.1}
    hot = deploy("hot", prefix="hot", **{**app.args, "engine_args": slow})
    before = {r.replica: sum(i.uses for i in r.experts if i.name == "e07") for r in hot.reports()}

    async def run() -> None:
        async with httpx.AsyncClient(
            base_url=hot.url, timeout=60, limits=httpx.Limits(max_connections=32)
        ) as client:
            answers = await asyncio.gather(
                *(client.post("/v1/chat/completions", json=body("e07")) for _ in range(200))
            )
        assert all(a.status_code == 200 for a in answers)

    asyncio.run(run())
    after = {r.replica: sum(i.uses for i in r.experts if i.name == "e07") for r in hot.reports()}
    hot.delete()
    shares = [after[r] - before[r] for r in after]
    print(f"200 requests for one expert: {shares} by replica")
    assert len(shares) == 2 and sum(shares) == 200 and min(shares) >= 30, shares


def test_models_tell_what_each_replica_has(app: App) -> None:
    with app.http() as client:
        model = client.get("/v1/models/e03").json()["expertserve"]
        assert client.get("/ready").status_code == 200
    assert len(model["replicas"]) == 2 and {r["digest"] for r in model["replicas"]} == {
        model["digest"]
    }


def test_replacing_reaches_every_replica_before_it_is_answered(
    app: App, experts: Path, tiny_base: Path, tiny_lora: Path
) -> None:
    (new,) = make_experts(experts, tiny_base, tiny_lora, ["e04"], version="0.2.0", seed=1)
    stop, seen, failed = threading.Event(), Counter[str](), []

    def load() -> None:
        with app.http() as client:
            while not stop.is_set():
                answer = client.post("/v1/chat/completions", json=body("e04"))
                seen[answer.headers.get("x-expertserve-version", "?")] += 1
                failed.extend([answer.text] if answer.status_code != 200 else [])

    thread = threading.Thread(target=load)
    thread.start()
    try:
        with app.http() as client:
            told = client.put("/v1/experts/e04", json={"path": new.name})
            assert told.status_code == 200, told.text
            has = told.json()["expertserve"]
            assert has["version"] == "0.2.0" and [r["version"] for r in has["replicas"]] == [
                "0.2.0",
                "0.2.0",
            ]
            for _ in range(20):
                answer = client.post("/v1/chat/completions", json=body("e04"))
                assert answer.headers["x-expertserve-digest"] == has["digest"]
    finally:
        stop.set()
        thread.join()
    assert not failed and seen["0.2.0"] and set(seen) <= {"0.1.0", "0.2.0"}


def test_an_expert_that_can_not_be_served_changes_nothing(app: App, experts: Path) -> None:
    (experts / "broken.expert").write_bytes(b"not an archive")
    with app.http() as client:
        before = [r.number for r in app.reports()]
        answer = client.post("/v1/experts", json={"name": "broken", "path": "broken.expert"})
        assert answer.status_code == 422, answer.text
        assert client.put("/v1/experts/e05", json={"path": "broken.expert"}).status_code == 422
        assert (
            client.post("/v1/chat/completions", json=body("e05")).headers["x-expertserve-version"]
            == "0.1.0"
        )
    (experts / "broken.expert").unlink()
    assert [r.number for r in app.reports()] == before


def test_an_expert_comes_and_goes_on_all_replicas(app: App, experts: Path) -> None:
    path = next(p.name for p in experts.glob("e06-*"))
    with app.http() as client:
        came = client.post("/v1/experts", json={"name": "guest", "path": path})
        assert came.status_code == 201, came.text
        assert (
            client.post(
                "/v1/experts",
                json={"name": "guest", "path": next(p.name for p in experts.glob("e08-*"))},
            ).status_code
            == 409
        )
        assert all("guest" in [i.name for i in r.experts] for r in app.reports())
        assert (
            client.post("/v1/chat/completions", json=body("guest", stream=True)).status_code == 200
        )
        assert client.delete("/v1/experts/guest").status_code == 200
        assert client.post("/v1/chat/completions", json=body("guest")).status_code == 404
    assert not any("guest" in [i.name for i in r.experts] for r in app.reports())


def test_a_lost_replica_costs_no_request_and_no_stream(
    app: App, experts: Path, tiny_base: Path, tiny_lora: Path
) -> None:
    """A replica's process is killed under load; what was replaced before is replaced in the one
    that comes for it.
    """
    (new,) = make_experts(experts, tiny_base, tiny_lora, ["e09"], version="0.2.0", seed=2)
    with app.http() as client:
        assert client.put("/v1/experts/e09", json={"path": new.name}).status_code == 200
    before = {r.replica for r in app.reports()}
    app_load = Load(app, clients=16)
    with app_load:
        until(lambda: app_load.answered > 20)
        kill("main:engine")
        until(lambda: app_load.answered > 200)
        until(lambda: len(now := {r.replica for r in app.reports()}) == 2 and now != before, 60)
    assert not app_load.unclean and not app_load.retryable, (
        app_load.unclean[:3],
        app_load.retryable[:3],
    )
    print(f"a replica killed: {app_load.answered} answered")
    with app.http() as client:
        assert (
            client.post("/v1/chat/completions", json=body("e09")).headers["x-expertserve-version"]
            == "0.2.0"
        )  # the new one knows, too
        assert len(client.get("/v1/models/e09").json()["expertserve"]["replicas"]) == 2


class Load:
    """Clients that ask without a pause, half of them for streams.

    Args:
        says: The answers that are right; by default the engine's.
    """

    def __init__(self, app: App, clients: int, says: Collection[str] = ()) -> None:
        self.app = app
        self.says = says or [app.args["engine_args"]["answer"]]
        self.answered = 0
        self.retryable: list[str] = []
        self.unclean: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _run(self, number: int) -> None:
        rng = random.Random(number)
        with self.app.http() as client:
            while not self._stop.is_set():
                stream = number % 2 == 0
                try:
                    self._judge(
                        client.post(
                            "/v1/chat/completions",
                            json=body(f"e{rng.randrange(50):02}", stream=stream),
                        ),
                        stream,
                    )
                except httpx.HTTPError as error:
                    self.unclean.append(repr(error))

    def _judge(self, answer: httpx.Response, stream: bool) -> None:
        text = answer.text
        if answer.status_code == 503 and "retry-after" in answer.headers:
            self.retryable.append(text)
        elif answer.status_code != 200:
            self.unclean.append(f"{answer.status_code} {text[:300]}")
        elif stream and not text.endswith("data: [DONE]\n\n"):
            self.unclean.append(text[-300:])
        elif (said := told(answer, stream)) not in self.says:
            self.unclean.append(f"it said {said}")
        else:
            self.answered += 1


def told(answer: httpx.Response, stream: bool) -> str:
    """What an answer says."""
    if not stream:
        return str(answer.json()["choices"][0]["message"]["content"])
    parts = (e["choices"][0]["delta"].get("content") for e in events(answer.text) if e["choices"])
    return "".join(part or "" for part in parts)


def kill(part: str) -> None:
    """Kills one process of a deployment, `app:deployment`, without a warning."""
    victim = next(
        p
        for p in psutil.process_iter()
        if p.name().startswith("ray::ServeRepli") and part in " ".join(p.cmdline())
    )
    victim.kill()
