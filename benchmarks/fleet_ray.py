"""What very many experts cost an application on Ray Serve; parts of `benchmarks.fleet`.

Each part has a Ray of its own, on this machine, with fake engines.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.measure import Answer
from expertserve.ray.serve import cluster, deploy

ROOT = Path(__file__).parents[1]
ENGINE = "tests.ray.stand_ins:SlowFake"
LITTLE = {"num_cpus": 0.01}
REPLICAS, CLIENTS = 4, 16
RATE, MEASURED = 10, 20.0
"""Requests a second of a key, and for how many seconds it is asked for more."""
SECRET = "secret"
REQUESTS = 2000
Figures = dict[str, float]


def ready(packages: Path, base: Path, cache: Path, most: float) -> list[Answer]:
    """Seconds until four replicas on a folder are ready, with what the first start left."""
    count = len(list(packages.glob("*.expert")))
    first, again = (run("ready", packages, base, cache) for _ in range(2))
    print(f"  {count:,} on Ray: {first}, {again}", flush=True)
    name = f"Ray, {REPLICAS} fake replicas, {count:,} experts, to ready, seconds"
    return [
        Answer(f"{name}, first start", first["ready"]),
        Answer(name, again["ready"], most=most),
        Answer(f"{name}, and the first answer", again["answered"]),
    ]


def limits(packages: Path, base: Path, cache: Path) -> list[Answer]:
    """What a key gets of three ingresses that are asked for more than it may have."""
    found = run("limits", packages, base, cache)
    question = f"a key of {RATE} requests/s against three ingresses, requests/s"
    return [Answer(question, found["rate"], most=1.1 * RATE)]


def ingress(packages: Path, base: Path, cache: Path) -> list[Answer]:
    """What one ingress process can do with a core, wherever engines and clients are."""
    found = run("ingress", packages, base, cache)
    print(f"  {found['seen']:.0f} requests/s with everything on this machine", flush=True)
    return [
        Answer("requests a second of an ingress' CPU", found["ingress"], least=150),
        Answer("… and of Serve's proxy before it, together", found["both"]),
    ]


def run(part: str, packages: Path, base: Path, cache: Path) -> Figures:
    """A part in a process of its own."""
    command = [sys.executable, "-m", __name__, part, packages, base, cache]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True
    )
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def serving(packages: Path, base: Path, cache: Path, **changes: Any) -> Iterator[tuple[str, float]]:
    """An application's address, and the seconds that it took to be ready."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    args = {
        "experts": [str(packages)],
        "engine": ENGINE,
        "base_model": str(base),
        "models_dir": str(base.parent),
        "cache_dir": str(cache),
        "replicas": {"number": REPLICAS, "resources": LITTLE},
        "ingress": {"resources": LITTLE},
        **changes,
    }
    with cluster(
        None, {"host": "127.0.0.1", "port": port}, num_cpus=8, object_store_memory=200 << 20
    ):
        began = time.perf_counter()
        deploy(args, name="fleet", route_prefix="/")
        url = f"http://127.0.0.1:{port}"
        while httpx.get(f"{url}/ready", timeout=60).status_code != 200:
            time.sleep(0.05)
        yield url, time.perf_counter() - began


def _ready(packages: Path, base: Path, cache: Path) -> Figures:
    with serving(packages, base, cache) as (url, seconds):
        began = time.perf_counter()
        asyncio.run(asked(url, ["expert-00000"], 1))
        return {"ready": seconds, "answered": time.perf_counter() - began}


def _limits(packages: Path, base: Path, cache: Path) -> Figures:
    keys = cache.parent / "keys.toml"
    secret = hashlib.sha256(SECRET.encode()).hexdigest()
    keys.write_text(
        f'[[keys]]\nname = "one"\nsha256 = "{secret}"\nrequests_per_minute = {60 * RATE}\n'
    )
    changes: dict[str, Any] = {
        "ingress": {"number": 3, "resources": LITTLE},
        "replicas": {"number": 2, "resources": LITTLE},
        "server": {"keys": str(keys)},
    }
    with serving(packages, base, cache, **changes) as (url, _):
        while not asyncio.run(asked(url, ["expert-00000"], 200))[429]:
            pass  # its minute may be had at once
        began, let = time.perf_counter(), 0
        while time.perf_counter() - began < MEASURED:
            let += asyncio.run(asked(url, ["expert-00000"], 4 * CLIENTS))[200]
        return {"rate": let / (time.perf_counter() - began)}


def _ingress(packages: Path, base: Path, cache: Path) -> Figures:
    names = [f"expert-{i:05}" for i in range(min(50, len(list(packages.glob("*.expert")))))]
    with serving(packages, base, cache) as (url, _):
        asyncio.run(asked(url, names, 4 * len(names)))  # prepared, and their facts known
        doors, before = [process(":ingress"), process("ProxyActor")], []
        before = [cpu(door) for door in doors]
        began = time.perf_counter()
        counts = asyncio.run(asked(url, names, REQUESTS))
        seconds = time.perf_counter() - began
        assert counts[200] == REQUESTS, counts
        spent = [cpu(door) - at for door, at in zip(doors, before, strict=True)]
    return {
        "ingress": REQUESTS / spent[0],
        "both": REQUESTS / sum(spent),
        "seen": REQUESTS / seconds,
    }


async def asked(url: str, names: list[str], requests: int) -> Counter[int]:
    """Asks some clients at once; counts statuses."""
    counts: Counter[int] = Counter()
    left = iter([name for name, _ in zip(itertools.cycle(names), range(requests), strict=False)])
    headers = {"authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(base_url=url, timeout=120, headers=headers) as http:

        async def client() -> None:
            for name in left:
                words = {"role": "user", "content": "How many?"}
                wanted = {"model": name, "messages": [words], "max_tokens": 8}
                answer = await http.post("/v1/chat/completions", json=wanted)
                counts[answer.status_code] += 1

        await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return counts


def process(part: str) -> psutil.Process:
    """The one of Ray's processes that is called so."""
    (found,) = [p for p in psutil.process_iter() if part in " ".join(_line(p))]
    return found


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()[:1] if process.cmdline()[0].startswith("ray::") else []
    except (psutil.Error, IndexError):
        return []


def cpu(process: psutil.Process) -> float:
    """Seconds of a core that it has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


PARTS = {"ready": _ready, "limits": _limits, "ingress": _ingress}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](*map(Path, sys.argv[2:5]))))
