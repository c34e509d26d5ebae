"""A Ray of the tests' own, small, and gone afterwards with everything that it started."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest

from tests import tiny
from tests.ray import stand_ins

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
LITTLE = {"num_cpus": 0.01}
MARK = "EXPERTSERVE_TESTS_RAY"


def until(condition: Callable[[], object], seconds: float = 30.0, every: float = 0.1) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def started(mark: str) -> list[str]:
    """The processes that came, directly or not, from one whose environment had this mark; others'
    Ray may run here too.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.pid != os.getpid()
                and process.environ().get(MARK) == mark
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
        except psutil.Error:
            continue  # ended in this very moment, or is not ours
    return found


@pytest.fixture(scope="package")
def ray_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Serve listens. Afterwards no process of Ray's is left."""
    from ray import serve

    from expertserve.ray.serve import cluster

    os.environ[MARK] = mark = uuid.uuid4().hex
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])  # replicas import the stand-ins
    port = free_port()
    with cluster(
        None, {"host": "127.0.0.1", "port": port}, num_cpus=4, object_store_memory=80 << 20
    ):
        yield f"http://127.0.0.1:{port}"
        serve.shutdown()

    del os.environ[MARK], os.environ["PYTHONPATH"]
    until(lambda: not started(mark), 30)


@dataclass
class App:
    """A running application."""

    name: str
    url: str
    args: dict[str, Any]

    def http(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, **options)

    def openai(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0, timeout=60)

    def reports(self) -> list[Any]:
        """What every engine replica says of itself."""
        from ray import serve
        from ray.serve.exceptions import DeploymentUnavailableError

        try:
            return list(
                serve.get_deployment_handle("engine", self.name)
                .broadcast("report")
                .results(timeout_s=20, return_exceptions=True)
            )
        except DeploymentUnavailableError:
            return []

    def warm_share(self, ask: Callable[[], None]) -> float:
        """Which part of the requests found their adapter there."""
        before = self.reports()
        ask()
        after = self.reports()
        warm = sum(r.warm for r in after) - sum(r.warm for r in before)
        cold = sum(r.cold for r in after) - sum(r.cold for r in before)
        return warm / (warm + cold)

    def update(self, **changes: Any) -> None:
        """Deploys it anew; Serve replaces its replicas one after the other."""
        from expertserve.ray.serve import deploy

        self.args = {**self.args, **changes}
        deploy(
            self.args,
            name=self.name,
            route_prefix="/" if self.url.count("/") == 2 else "/" + self.url.rsplit("/", 1)[1],
        )

    def delete(self) -> None:
        from ray import serve

        serve.delete(self.name)


Deploy = Callable[..., App]


@pytest.fixture(scope="package")
def deploy(
    ray_url: str, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deploy]:
    """Runs applications with fake engines: `deploy("name", experts=[…], …)`, one at a time in a
    place.
    """
    running: list[App] = []
    cache = tmp_path_factory.mktemp("ray-cache")

    def run(name: str, *, prefix: str | None = None, **args: Any) -> App:
        from expertserve.ray.serve import deploy

        fake = {
            "engine": stand_ins.ENGINE,
            "base_model": str(tiny_base),
            "models_dir": str(tiny_base.parent),
            "cache_dir": str(cache),
            "replicas": {"number": 2, "resources": LITTLE},
            "ingress": {"resources": LITTLE},
            "health_period": 1.0,
            "drain": 10.0,
        }
        made = {**fake, **args}
        for other in [
            a for a in running if a.url == (f"{ray_url}/{prefix}" if prefix else ray_url)
        ]:  # one that a failed test left
            other.delete()
            running.remove(other)
        deploy(made, name=name, route_prefix=f"/{prefix}" if prefix else "/")
        running.append(App(name, f"{ray_url}/{prefix}" if prefix else ray_url, made))
        return running[-1]

    yield run
    for app in running:
        app.delete()


def make_experts(
    folder: Path, base: Path, lora: Path, names: list[str], version: str = "0.1.0", seed: int = 0
) -> list[Path]:
    """Packages that differ in their weights, so that each takes a place of its own in an engine."""
    import safetensors.torch

    made = []
    for i, name in enumerate(names):
        adapter = folder / ".adapters" / name
        adapter.mkdir(parents=True, exist_ok=True)
        shutil.copy(lora / "adapter_config.json", adapter)
        tensors = safetensors.torch.load_file(lora / "adapter_model.safetensors")
        first = sorted(tensors)[0]
        tensors[first] = tensors[first] + 1e-3 * (i + 1 + 1000 * seed)
        safetensors.torch.save_file(tensors, adapter / "adapter_model.safetensors")
        package = tiny.package(
            folder / f"{name}.{version}",
            adapter,
            base,
            name=name,
            version=version,
            training={"decoding": {"temperature": 0}},
        )
        target = folder / f"{name}-{version}.expert"
        tiny.tar_gz(target, tiny.members(package))
        shutil.rmtree(package)
        made.append(target)
    shutil.rmtree(folder / ".adapters")
    return made


@pytest.fixture(scope="package")
def fifty(tiny_base: Path, tiny_lora: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Fifty experts, `e00` to `e49`."""
    return make_experts(
        tmp_path_factory.mktemp("fifty"), tiny_base, tiny_lora, [f"e{i:02}" for i in range(50)]
    )


def body(model: str, **options: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "One?"}], **options}


def events(text: str) -> list[Any]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
