"""`expertserve bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
from tests.cli.conftest import run


def test_bench_measures_a_package_in_this_process(ask: Any, tiny_package: Path) -> None:
    engine = FakeEngine(lambda prompt: "SELECT COUNT(*) FROM lighthouses", delay=0.002)
    facts = json.loads(
        ask(
            "bench", tiny_package, "-n", 10, "-c", 3, "--max-tokens", 5, "--json", engine=engine
        ).stdout
    )
    assert len(engine.requests) == 11 and (facts["failed"], facts["completion_tokens"]) == (0, 50)
    assert facts["tokens_per_step"] == 1.0
    assert (
        0 < facts["first_token_p50"] <= facts["first_token_p99"] < facts["total_p99"]
        and facts["tokens_per_second"] > 0
    )


def server(request: httpx.Request) -> httpx.Response:
    """An OpenAI-compatible server of one model and two tokens."""
    if request.headers.get("authorization") != "Bearer secret":
        return httpx.Response(401, text="no key")
    if request.url.path == "/v1/models":
        return httpx.Response(200, json={"data": [{"id": "m"}]})
    assert json.loads(request.content)["model"] == "m"
    events: list[dict[str, Any]] = [{"choices": [{"delta": {"content": w}}]} for w in ("a", "b")]
    drafts = [{"source": "habits", "drafted": 3, "accepted": 1}]
    events += [
        {"choices": [], "usage": {"completion_tokens": 2}, "expertserve": {"drafts": drafts}}
    ]
    lines = "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"
    return httpx.Response(200, text=lines, headers={"content-type": "text/event-stream"})


def test_bench_measures_a_server() -> None:
    seams = Seams(transport=httpx.MockTransport(server))
    done = run(
        "bench",
        "http://host:1/v1/",
        "-n",
        4,
        "-c",
        2,
        "--json",
        seams=seams,
        env={"EXPERTSERVE_API_KEY": "secret"},
    )
    facts = json.loads(done.stdout)
    assert (facts["completion_tokens"], facts["failed"], facts["tokens_per_step"]) == (8, 0, 2.0)
    done = run("bench", "http://host:1", "-n", 4, "--json", seams=seams)
    assert done.exit_code == 7 and "401" in json.loads(done.stdout)["error"]["message"]
    odd = Seams(transport=httpx.MockTransport(lambda request: httpx.Response(200, text="<html>")))
    assert run("bench", "http://host:1", seams=odd).exit_code == 7
