"""Clients that go away, shutdown, restarts, metrics, logs."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from expertserve.server.logs import JsonLines, Plain
from expertserve.server.state import ServerState, StateEntry
from tests.server.conftest import Running, Serve, until

ASK: Any = {"model": "sql", "messages": [{"role": "user", "content": "How many lighthouses?"}]}
LONG = "SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z FROM t"


@pytest.fixture
def slow(serve: Serve, package: Any) -> Running:
    return serve({"sql": package("sql")}, lambda prompt: LONG, delay=0.05)


def test_a_client_that_hangs_up_on_a_stream_aborts_its_request(slow: Running) -> None:
    with slow.http().stream(
        "POST", "/v1/chat/completions", json={**ASK, "stream": True}
    ) as response:
        next(response.iter_lines())
    until(lambda: len(slow.engine.aborted) == 1)
    until(lambda: slow.parts.limits.pending == 0)


def test_a_client_that_hangs_up_while_waiting_aborts_its_request(slow: Running) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{slow.url}/v1/chat/completions", json=ASK, timeout=0.4)
    until(lambda: len(slow.engine.aborted) == 1)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{slow.url}/v1/completions",
            json={"model": "sql", "prompt": ["a", "b", "c"]},
            timeout=0.4,
        )
    until(lambda: len(slow.engine.aborted) == 4)
    until(lambda: slow.parts.limits.pending == 0)


def test_closing_an_openai_stream_aborts(slow: Running) -> None:
    stream = slow.openai().chat.completions.create(**ASK, stream=True)
    next(iter(stream))
    stream.close()
    until(lambda: len(slow.engine.aborted) == 1)


def test_curl_streams(server: Running) -> None:
    body = json.dumps({**ASK, "stream": True})
    command = [
        "curl",
        "-sN",
        f"{server.url}/v1/chat/completions",
        "-H",
        "Content-Type: application/json",
        "-d",
        body,
    ]
    lines = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=True
    ).stdout.splitlines()
    assert lines[0].startswith("data: {") and [line for line in lines if line][-1] == "data: [DONE]"


def test_draining_lets_requests_finish_and_accepts_none(slow: Running) -> None:
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(slow.http().post("/v1/chat/completions", json=ASK))
    )
    thread.start()
    until(lambda: len(slow.engine.requests) == 1)
    slow.stop()
    thread.join()
    assert (
        answers[0].status_code == 200
        and answers[0].json()["choices"][0]["message"]["content"] == LONG
    )
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{slow.url}/health")


def test_what_does_not_finish_in_time_is_aborted_and_told(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: LONG, delay=0.2, drain=0.3)
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(server.http().post("/v1/chat/completions", json=ASK))
    )
    thread.start()
    failures: list[Exception] = []

    def stream() -> None:
        try:
            list(server.openai().chat.completions.create(**ASK, stream=True))
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    other = threading.Thread(target=stream)
    other.start()
    until(lambda: len(server.engine.requests) == 2)
    time.sleep(0.3)
    server.stop()
    thread.join()
    other.join()
    assert answers[0].status_code == 503 and answers[0].json()["error"]["code"] == "shutting_down"
    assert isinstance(failures[0], openai.APIError) and "shutting down" in str(failures[0])
    assert len(server.engine.aborted) == 2


PROGRAM = """
import sys, asyncio
from pathlib import Path
from expertserve.engine.fake import FakeEngine
from expertserve.manager import AsyncExpertManager
from expertserve.package.source import NamedPackage
from expertserve.server.run import serve
from expertserve.server.settings import ServerSettings
base, cache, state, folder, delay, *packages = sys.argv[1:]
fake = lambda: FakeEngine(lambda prompt: "SELECT 1 FROM t WHERE a = b", delay=float(delay))
make = lambda: AsyncExpertManager(engine=fake, cache_dir=cache, models_dir=base)
settings = ServerSettings(port=0, open_admin=True, state_folder=Path(state), experts_folder=Path(folder), drain=5)
named = [NamedPackage(p.split("=")[0], Path(p.split("=")[1])) for p in packages]
serve(make, settings, named, listening=lambda url, parts: print(url, flush=True), ready=lambda url, parts: print("ready", flush=True))
"""


class Process:
    """A server in a process of its own, as the command starts it."""

    def __init__(self, base: Path, tmp_path: Path, *packages: str, delay: float = 0.0) -> None:
        (tmp_path / "served").mkdir(exist_ok=True)
        places = [base.parent, tmp_path / "cache", tmp_path / "state", tmp_path / "served"]
        command = [sys.executable, "-c", PROGRAM, *map(str, places), str(delay), *packages]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http"), self.process.communicate(timeout=10)[1]

    def models(self) -> set[str]:
        return {m["id"] for m in httpx.get(f"{self.url}/v1/models").json()["data"]}

    def end(self, *signals: int) -> int:
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.2)
        try:
            self.process.communicate(timeout=15)
        finally:
            self.process.kill()
        return self.process.returncode


def test_a_killed_server_serves_again_what_it_served(
    tiny_base: Path, package: Any, tmp_path: Path
) -> None:
    sql, other = package("sql"), package("json", tmp_path / "served")
    server = Process(tiny_base, tmp_path, f"sql={sql}")
    loaded = httpx.post(
        f"{server.url}/v1/experts", json={"name": "other", "path": "json", "pin": True}
    )
    assert loaded.status_code == 201, loaded.text
    assert other.exists() and server.models() == {"sql", "other", "tiny", "auto"}
    server.end(signal.SIGKILL)
    again = Process(tiny_base, tmp_path, f"sql={sql}")
    assert again.models() == {"sql", "other", "tiny", "auto"}
    assert httpx.get(f"{again.url}/v1/experts/other").json()["expertserve"]["pinned"] is True
    assert again.end(signal.SIGTERM) == 0


def test_sigterm_drains_and_a_second_signal_ends_at_once(
    tiny_base: Path, package: Any, tmp_path: Path
) -> None:
    sql = package("sql")
    server = Process(tiny_base, tmp_path, f"sql={sql}", delay=0.1)
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(
            httpx.post(f"{server.url}/v1/chat/completions", json=ASK, timeout=30)
        )
    )
    thread.start()
    time.sleep(0.3)
    assert server.end(signal.SIGTERM) == 0
    thread.join()
    assert answers[0].status_code == 200

    server = Process(tiny_base, tmp_path, f"sql={sql}", delay=3)
    thread = threading.Thread(
        target=lambda: _try(
            lambda: httpx.post(f"{server.url}/v1/chat/completions", json=ASK, timeout=30)
        )
    )
    thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    server.end(signal.SIGINT, signal.SIGINT)
    assert time.monotonic() - began < 3
    thread.join()


def _try(work: Any) -> None:
    with contextlib.suppress(httpx.HTTPError):
        work()


def test_a_taken_port_is_told_before_anything_is_loaded() -> None:
    from expertserve.errors import ConfigError
    from expertserve.server.run import serve
    from expertserve.server.settings import ServerSettings

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError) as caught:
        serve(lambda: pytest.fail("made"), ServerSettings(port=taken.getsockname()[1]))
    assert caught.value.code == "cannot_listen"


# ── state ───────────────────────────────────────────────────────────────────────────────────────


def test_state_is_replaced_in_one_step(tmp_path: Path) -> None:
    state = ServerState(tmp_path / "state")
    state.note(StateEntry(name="given", path="/x"))
    state.put(StateEntry(name="a", path="/a", pin=True))
    assert [e.name for e in ServerState(tmp_path / "state").entries] == ["a"]
    state.put(StateEntry(name="given", path="/y"))
    state.drop("a")
    assert [(e.name, e.path) for e in ServerState(tmp_path / "state").entries] == [("given", "/y")]
    assert [p.name for p in (tmp_path / "state").iterdir()] == ["experts.json"]


def test_state_that_is_in_place_counts_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, sync = ServerState(tmp_path / "state"), os.fsync

    def fails_for_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        sync(handle)

    monkeypatch.setattr(os, "fsync", fails_for_folders)
    state.put(StateEntry(name="a", path="/a"))
    assert (
        [e.name for e in state.entries]
        == [e.name for e in ServerState(tmp_path / "state").entries]
        == ["a"]
    )


# ── metrics and logs ────────────────────────────────────────────────────────────────────────────


def _metric(text: str, name: str, **labels: str) -> float:
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (.+)", line)
        if match and dict(re.findall(r'(\w+)="([^"]*)"', match[1] or "")) == labels:
            return float(match[2])
    raise AssertionError(f"no {name} {labels} in\n{text}")


def test_metrics_count_requests_tokens_and_states(slow: Running) -> None:
    http = slow.http()
    done = http.post("/v1/chat/completions", json={**ASK, "max_tokens": 3}).json()
    http.post("/v1/chat/completions", json={**ASK, "temperature": 9})
    http.post("/v1/chat/completions", json={**ASK, "model": "x" * 50})
    with http.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as response:
        next(response.iter_lines())
    until(lambda: len(slow.engine.aborted) == 1)
    time.sleep(0.1)
    text = http.get("/metrics").text
    assert _metric(text, "expertserve_requests_total", expert="sql", outcome="length") == 1
    assert _metric(text, "expertserve_requests_total", expert="sql", outcome="cancelled") == 1
    assert _metric(text, "expertserve_requests_total", expert="sql", outcome="refused") == 1
    assert _metric(text, "expertserve_refused_total", status="404") == 1
    assert (
        _metric(text, "expertserve_completion_tokens_total", expert="sql")
        >= done["usage"]["completion_tokens"]
        == 3
    )
    assert _metric(text, "expertserve_time_to_first_token_seconds_count", expert="sql") == 2
    assert _metric(text, "expertserve_loads_total", expert="sql", action="load") == 1
    assert _metric(text, "expertserve_ready") == 1 and _metric(text, "expertserve_pending") == 0
    assert (
        sum(
            _metric(text, "expertserve_experts", state=s)
            for s in ("registered", "resident", "slot")
        )
        == 1
    )
    assert "x" * 50 not in text


def test_logs_have_ids_and_digests_but_no_prompts(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("expertserve")
    logger.propagate = True
    caplog.set_level(logging.INFO, "expertserve")
    server.http().post("/v1/chat/completions", json=ASK, headers={"x-request-id": "abc-12345"})
    until(lambda: any(r.getMessage() == "request" for r in caplog.records))
    record = next(r for r in caplog.records if r.getMessage() == "request")
    line = json.loads(JsonLines().format(record))
    assert (
        line["request_id"] == "abc-12345"
        and line["expert"] == "sql"
        and len(line["digest"]) == 64
        and line["outcome"] == "stop"
    )
    assert "lighthouses" not in json.dumps(line)


def test_prompts_are_logged_where_that_is_asked_for(
    serve: Serve, package: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve({"sql": package("sql")}, log_prompts=True)
    caplog.set_level(logging.INFO, "expertserve")
    server.http().post("/v1/chat/completions", json=ASK)
    until(lambda: "How many lighthouses?" in "".join(JsonLines().format(r) for r in caplog.records))


@pytest.mark.parametrize("formatter", [JsonLines(), Plain()])
def test_nobody_can_forge_a_log_line(formatter: logging.Formatter) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "request", (), None)
    record.facts = {"path": '/v1\n{"event": "forged"}\x1b[2J', "expert": "a\r\nb"}
    assert formatter.format(record).isprintable()


def test_headers_can_not_be_injected(server: Running) -> None:
    http = server.http()
    for given in ("short", "x" * 100, "a b c d e f", "abc\tdefgh", "évilévil"):
        response = http.get("/health", headers={"x-request-id": given.encode()})
        assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])
    for model in ("a\r\nSet-Cookie: x=1", "név", "a\x00b", "‮"):
        response = http.post("/v1/chat/completions", json={**ASK, "model": model})
        assert response.status_code == 404 and "set-cookie" not in response.headers


def test_an_expert_of_any_name_is_served_with_sound_headers(serve: Serve, package: Any) -> None:
    server = serve({"név ❤": package("sql")})
    response = server.http().post("/v1/chat/completions", json={**ASK, "model": "név ❤"})
    assert (
        response.status_code == 200
        and response.headers["x-expertserve-expert"] == "n%C3%A9v %E2%9D%A4"
    )


def test_a_bug_is_a_plain_500_with_its_trace_in_the_log(
    serve: Serve, package: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def script(prompt: str) -> str:
        raise ZeroDivisionError("secret detail")

    server = serve({"sql": package("sql")}, script)
    for stream in (False, True):
        response = server.http().post("/v1/chat/completions", json={**ASK, "stream": stream})
        assert (
            response.status_code == 500
            and response.json()["error"]["code"] == "internal"
            and "secret" not in response.text
        )


def test_two_hundred_requests_at_once_are_all_answered_by_the_right_expert(
    serve: Serve, package: Any
) -> None:
    server = serve(
        {"sql": package("sql"), "json": package("json")},
        lambda prompt: "SELECT " + re.findall(r"question (\d+)", prompt)[-1],
        delay=0.001,
    )

    async def one(client: httpx.AsyncClient, number: int) -> None:
        model, stream = ("sql", "json")[number % 2], number % 3 == 0
        body = {
            "model": model,
            "messages": [{"role": "user", "content": f"question {number}"}],
            "stream": stream,
        }
        if number % 10 == 7:
            async with client.stream(
                "POST", "/v1/chat/completions", json={**body, "stream": True}
            ) as response:
                await anext(response.aiter_lines())
            return
        if number % 5 == 1:
            response = await client.post(
                "/v1/chat/completions", json={**body, "temperature": "hot"}
            )
            assert response.status_code == 400
            return
        response = await client.post("/v1/chat/completions", json=body)
        assert response.status_code == 200 and response.headers["x-expertserve-expert"] == model
        if stream:
            events = [
                json.loads(line[6:])
                for line in response.text.splitlines()
                if line.startswith("data: {")
            ]
            text = "".join(e["choices"][0]["delta"].get("content") or "" for e in events)
        else:
            text = response.json()["choices"][0]["message"]["content"]
        assert text == f"SELECT {number}"

    async def all_of_them() -> None:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=60) as client:
            await asyncio.gather(*(one(client, i) for i in range(200)))

    asyncio.run(all_of_them())
    until(lambda: server.parts.limits.pending == 0)
    assert server.parts.service.info().running == 0
