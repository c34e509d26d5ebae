"""Replicas that come and go, and a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import yaml

from expertserve.config import models_dir
from tests.conftest import EXPERTS, ROOT, SCHEMA
from tests.ray import stand_ins
from tests.ray.conftest import LITTLE, MARK, Deploy, body, free_port, started, until
from tests.ray.test_parts import YAML
from tests.ray.test_serving import Load

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]
SCALING = {
    "target_ongoing_requests": 2,
    "upscale_delay_s": 1,
    "downscale_delay_s": 3,
    "metrics_interval_s": 0.5,
    "look_back_period_s": 2,
}


def test_a_rolling_update_fails_no_request(deploy: Deploy, fifty: list[Path]) -> None:
    app = deploy(
        "rolling", experts=[str(fifty[0].parent)], engine_args={"answer": "SELECT 1", "delay": 0.01}
    )
    before = {r.replica for r in app.reports()}
    with Load(app, clients=4, says=["SELECT 1", "SELECT 2"]) as load:
        until(lambda: load.answered > 10)
        app.update(engine_args={"answer": "SELECT 2", "delay": 0.01})
        until(
            lambda: len(app.reports()) == 2 and not before & {r.replica for r in app.reports()}, 120
        )
        at = load.answered
        until(lambda: load.answered > at + 20)
    assert not load.unclean and not load.retryable, (load.unclean[:3], load.retryable[:3])
    with app.http() as client:
        assert (
            client.post("/v1/chat/completions", json=body("e00")).json()["choices"][0]["message"][
                "content"
            ]
            == "SELECT 2"
        )
    app.delete()


def test_replicas_follow_the_load_and_go_to_sleep(deploy: Deploy, fifty: list[Path]) -> None:
    replicas = {
        "resources": LITTLE,
        "autoscaling": {"min_replicas": 0, "max_replicas": 3, **SCALING},
    }
    app = deploy(
        "sleepy",
        experts=[str(fifty[0])],
        replicas=replicas,
        engine_args={"answer": "SELECT 1 FROM t", "delay": 0.05},
    )
    until(lambda: not app.reports(), 60)
    with app.http() as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/v1/models/e00").json()["expertserve"]["replicas"] == []
        began = time.monotonic()
        assert (
            client.post("/v1/chat/completions", json=body("e00")).status_code == 200
        )  # waits for one to wake
        print(f"woke up and answered in {time.monotonic() - began:.1f} s")
    with EvenLoad(app) as load:
        until(lambda: len(app.reports()) == 3, 90)
    assert not load.failed
    until(lambda: not app.reports(), 90)
    app.delete()


class EvenLoad:
    """Eight clients of one expert."""

    def __init__(self, app: Any) -> None:
        self.app, self.failed, self._stop = app, list[str](), threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(8)]

    def __enter__(self) -> EvenLoad:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _run(self) -> None:
        with self.app.http() as client:
            while not self._stop.is_set():
                answer = client.post("/v1/chat/completions", json=body("e00"))
                self.failed += [answer.text] if answer.status_code != 200 else []


def test_experts_that_came_over_http_survive_a_redeployment(
    deploy: Deploy, fifty: list[Path], tmp_path: Path
) -> None:
    settings = {"open_admin": True, "experts_folder": str(fifty[0].parent)}
    app = deploy(
        "lasting",
        experts=[str(fifty[0])],
        state=str(tmp_path / "state"),
        store=f"file://{tmp_path}/store",
        server=settings,
    )
    with app.http() as client:
        data = fifty[1].read_bytes()
        kind = {"content-type": "application/octet-stream"}
        assert client.post("/v1/experts?name=late", content=data, headers=kind).status_code == 201
    assert len(list((tmp_path / "store").glob("*.expert"))) == 1
    app.update(engine_args={"answer": "SELECT 3"})
    with app.http() as client:
        until(lambda: client.post("/v1/chat/completions", json=body("late")).status_code == 200, 30)
    app.delete()


@pytest.mark.parametrize(
    "command",
    [["expertserve", "ray", "--config"], ["serve", "run"]],
    ids=["expertserve ray", "serve run"],
)
def test_the_shipped_file_serves_an_unmodified_client(command: list[str], tmp_path: Path) -> None:
    """With the fake engine in it, and little of the machine."""
    file = yaml.safe_load(YAML.read_text())
    port = file["http_options"]["port"] = free_port()
    args = file["applications"][0]["args"]
    args |= {
        "engine": stand_ins.ENGINE,
        "cache_dir": str(tmp_path / "cache"),
        "models_dir": str(models_dir()),
    }
    args["replicas"]["resources"] = args["ingress"]["resources"] = LITTLE
    (tmp_path / "serve.yaml").write_text(yaml.safe_dump(file))
    program = [
        str(Path(sys.executable).parent / command[0]),
        *command[1:],
        str(tmp_path / "serve.yaml"),
    ]
    mark = uuid.uuid4().hex
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            program,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env=os.environ | {MARK: mark, "PYTHONPATH": str(ROOT)},
        ) as process,
    ):
        try:
            until(
                lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/ready"), 120
            )
            assert process.poll() is None, (tmp_path / "log").read_text()[-2000:]
            with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none") as client:
                *experts, base, auto = [m.id for m in client.models.list()]
                assert len(experts) == len(list(EXPERTS.glob("*.expert"))) and auto == "auto"
                answer = client.chat.completions.create(
                    model=base, messages=[{"role": "user", "content": "How many?"}], max_tokens=8
                )
                assert answer.usage and answer.usage.completion_tokens
            if command[0] == "expertserve":
                until(lambda: "ready at" in (tmp_path / "log").read_text(), 30)
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    until(lambda: not started(mark), 30)


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


GRAPH = "(:Lighthouse {name: STRING})-[:STANDS_IN]->(:Country {name: STRING})"


@pytest.mark.engine
def test_the_demo_experts_answer_from_the_real_engine(deploy: Deploy, demo_base: Path) -> None:
    config = {"max_slots": 4, "max_model_len": 2048, "kv_cache_bytes": 256 << 20, "max_requests": 8}
    app = deploy(
        "real",
        engine="vllm",
        experts=[str(EXPERTS)],
        base_model=str(demo_base),
        models_dir=str(demo_base.parent),
        engine_config=config,
        replicas={"number": 1, "resources": {"num_cpus": 1}},
        health_period=10.0,
    )
    ask: Any = [{"role": "user", "content": "How many lighthouses are in Norway?"}]
    with app.openai() as client:
        names = [m.id for m in client.models.list() if m.expertserve["kind"] == "expert"]  # type: ignore[attr-defined]
        assert len(names) == len(list(EXPERTS.glob("*.expert")))
        for name in names:
            options: Any = {
                "model": name,
                "messages": ask,
                "temperature": 0,
                "max_tokens": 48,
                "extra_body": {"schema": GRAPH if "cypher" in name else SCHEMA},
            }
            whole = client.chat.completions.create(**options)
            stream = client.chat.completions.create(**options, stream=True)
            text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
            assert text and text == whole.choices[0].message.content
            assert whole.expertserve["expert"]["name"]  # type: ignore[attr-defined]
            if "json" in name:
                json.loads(text)
    (report,) = app.reports()
    assert report.engine.name == "vllm" and report.cold <= len(names)
    app.delete()
