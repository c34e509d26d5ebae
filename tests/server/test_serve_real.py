"""`expertserve serve` as users start it: the demo experts on the real engine, asked by OpenAI's
client, killed, and started again.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest

from tests.conftest import EXPERTS, SCHEMA

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.timeout(600)]
GRAPH = "(:Designer {name: STRING, city: STRING, age: INTEGER})"
SHAPE = '{"museum": "string", "exhibit": "string", "dated": "integer"}'
QUESTIONS = {
    "sql": ("How many lighthouses are in Norway?", SCHEMA, "SELECT"),
    "cypher": ("List the designers living in Dublin.", GRAPH, "MATCH"),
    "json": ("The tapestry in the Seville Museum is from the year 497.", SHAPE, "{"),
}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """What takes OpenTelemetry's spans: its address, and the bodies that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", bodies
        server.shutdown()


def start(folder: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """The command, once its engine answers; and where it listens."""
    packages = [f"{name}={next(EXPERTS.glob(f'expert-{name}-*.expert'))}" for name in QUESTIONS]
    command = [
        sys.executable,
        "-m",
        "expertserve.cli",
        "serve",
        *packages,
        "--port",
        "0",
        "--experts-folder",
        str(folder / "experts"),
    ]
    command += ["--state-dir", str(folder / "state"), "--open-admin", *options]
    environment = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        cwd=folder,
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("ready at "):
            return process, line.split()[2]
    raise AssertionError(f"it ended with {process.wait()}")


def answers(url: str) -> dict[str, str]:
    """What each expert says, asked by its name; and that `auto` finds the one that fits."""
    said: dict[str, str] = {}
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=120) as client:
        for name, (question, schema, begins) in QUESTIONS.items():
            ask: Any = {
                "messages": [{"role": "user", "content": question}],
                "extra_body": {"schema": schema},
            }
            answer = client.chat.completions.create(model=name, **ask)
            said[name] = answer.choices[0].message.content or ""
            assert said[name].startswith(begins) and answer.choices[0].finish_reason == "stop"
            routed = client.chat.completions.create(model="auto", **ask)
            twins = (
                {name, "more"} if name == "sql" else {name}
            )  # "more" is the SQL expert under a second name
            assert routed.choices[0].message.content == said[name] and routed.model in twins
    return said


def test_three_experts_and_auto_survive_sigkill(
    tmp_path: Path, collector: tuple[str, list[bytes]]
) -> None:
    (tmp_path / "experts").mkdir()
    shutil.copy(next(EXPERTS.glob("expert-sql-*.expert")), tmp_path / "experts" / "more.expert")
    endpoint, spans = collector
    process, url = start(tmp_path, "--otlp-traces-endpoint", endpoint)
    said = answers(url)
    loaded = httpx.post(
        f"{url}/v1/experts", json={"name": "more", "path": "more.expert"}, timeout=60
    )
    assert loaded.status_code == 201, loaded.text
    metrics = httpx.get(f"{url}/metrics").text
    assert (
        "vllm:generation_tokens_total" in metrics
        and 'expertserve_requests_total{expert="sql",outcome="stop"}' in metrics
    )

    children = psutil.Process(process.pid).children(recursive=True)
    threading.Thread(target=lambda: _try(url), daemon=True).start()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert any(b"llm_request" in body or b"gen_ai" in body for body in spans)
    psutil.wait_procs(children, timeout=30)
    assert not [p for p in children if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    process, url = start(tmp_path)
    try:
        assert {m["id"] for m in httpx.get(f"{url}/v1/models").json()["data"]} >= {
            *QUESTIONS,
            "more",
            "auto",
        }
        assert answers(url) == said
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def _try(url: str) -> None:
    """A load that is under way when the server is killed."""
    try:
        httpx.put(f"{url}/v1/experts/more", json={"path": "more.expert"}, timeout=30)
    except httpx.HTTPError:
        return
