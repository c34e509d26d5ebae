"""Two hundred clients at once, from another process: no lost answer, no wrong expert, no leak."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import psutil
import pytest

from tests.server.conftest import Serve, until

CLIENTS = """
import asyncio, json, random, re, sys, httpx
url, rounds = sys.argv[1], int(sys.argv[2])
count = {"answered": 0, "hung_up": 0, "refused": 0, "wrong": 0, "lost": 0}

async def one(client, number):
    rng = random.Random(number)
    model, kind = ("sql", "json", "cypher")[number % 3], rng.random()
    body = {"model": model, "messages": [{"role": "user", "content": f"question {number}"}], "stream": True}
    key = {"authorization": "Bearer me-secret"}
    if kind < 0.1:
        response = await client.post("/v1/chat/completions", json=body, headers={"authorization": "Bearer no"})
        count["refused" if response.status_code == 401 else "wrong"] += 1
        return
    if kind < 0.2:
        bad = rng.choice([b"{", b"[]", json.dumps({**body, "temperature": "hot"}).encode(), json.dumps({**body, "model": "x"}).encode()])
        response = await client.post("/v1/chat/completions", content=bad, headers={**key, "content-type": "application/json"})
        count["refused" if response.status_code in (400, 404) else "wrong"] += 1
        return
    leave, text, ended, seen = kind < 0.3, "", False, 0
    async with client.stream("POST", "/v1/chat/completions", json=body, headers=key) as response:
        good = response.status_code == 200 and response.headers["x-expertserve-expert"] == model
        async for line in response.aiter_lines():
            seen += bool(line)
            if leave and seen > rng.randrange(1, 5):
                count["hung_up"] += 1
                return
            if line == "data: [DONE]":
                ended = True
            elif line.startswith("data: "):
                event = json.loads(line[6:])
                good = good and event.get("model") == model
                text += "".join(c["delta"].get("content") or "" for c in event.get("choices", ()))
    if not ended:
        count["lost"] += 1
    else:
        count["answered" if good and text == f"SELECT {number} FROM t" else "wrong"] += 1

async def main():
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=httpx.Limits(max_connections=200)) as client:
        for r in range(rounds):
            await asyncio.gather(*(one(client, r * 200 + i) for i in range(200)))
    print(json.dumps(count))

asyncio.run(main())
"""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_hundred_clients_lose_nothing_and_leave_nothing(
    serve: Serve, package: Any, tmp_path: Any
) -> None:
    import re

    from tests.server.conftest import keys_file

    packages = {name: package(name) for name in ("sql", "json", "cypher")}
    script = lambda prompt: f"SELECT {re.findall(r'question ([0-9]+)', prompt)[-1]} FROM t"  # noqa: E731
    server = serve(packages, script, delay=0.005, keys=keys_file(tmp_path / "keys.toml", me={}))
    process = psutil.Process()
    sizes, files = [], []
    total: dict[str, int] = {}
    for _ in range(4):
        done = subprocess.run(
            [sys.executable, "-c", CLIENTS, server.url, "3"],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        for name, value in json.loads(done.stdout).items():
            total[name] = total.get(name, 0) + value
        until(lambda: server.parts.limits.pending == 0 and server.parts.service.info().running == 0)
        server.engine.requests.clear()
        server.engine.aborted.clear()
        sizes.append(process.memory_info().rss)
        files.append(process.num_fds())
    assert total["lost"] == total["wrong"] == 0, total
    assert (
        sum(total.values()) == 2400
        and total["hung_up"] > 100
        and total["refused"] > 300
        and total["answered"] > 1500
    ), total
    assert sizes[-1] - sizes[1] < 16 << 20, sizes
    assert files[-1] <= files[1] + 5, files
