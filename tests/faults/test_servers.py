"""Servers that are killed at every stage and started again; and ends that say why."""

from __future__ import annotations

import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests import tiny
from tests.server.conftest import package, until  # noqa: F401  (fixtures)
from tests.server.test_lifecycle import ASK, PROGRAM, Process


def _ask(server: Process) -> httpx.Response:
    return httpx.post(f"{server.url}/v1/chat/completions", json=ASK, timeout=30)


def _pending(server: Process) -> bool:
    return "expertserve_pending 1.0" in httpx.get(f"{server.url}/metrics", timeout=10).text


def _killed_at(stage: str, server: Process, archive: Path, cache: Path) -> None:
    """Kills it while that is under way; whoever waited learns that the connection broke."""
    begun, told = threading.Event(), list[str]()

    def work() -> None:
        try:
            if stage == "load":
                httpx.post(
                    f"{server.url}/v1/experts",
                    json={"name": "big", "path": archive.name},
                    timeout=30,
                )
            elif stage == "prefill":
                _ask(server)
            else:
                with httpx.stream(
                    "POST",
                    f"{server.url}/v1/chat/completions",
                    json={**ASK, "stream": True},
                    timeout=30,
                ) as answer:
                    for line in answer.iter_lines():
                        if '"content"' in line:
                            begun.set()
                        if line == "data: [DONE]":
                            return
        except httpx.TransportError as error:
            told.append(type(error).__name__)

    thread = threading.Thread(target=work)
    thread.start()
    if stage == "load":
        until(lambda: any((cache / "packages").glob(".part-*")), 30)
    elif stage == "prefill":
        until(lambda: _pending(server), 30)
    else:
        assert begun.wait(30)
    if stage == "drain":
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    assert server.process.poll() is None
    server.end(signal.SIGKILL)
    thread.join()
    assert told, "it was answered before the kill"


@pytest.mark.parametrize("stage", ["start", "load", "prefill", "decode", "drain"])
def test_a_server_that_is_killed_at_any_stage_serves_again(
    stage: str,
    tiny_base: Path,
    package: Any,
    tmp_path: Path,
) -> None:
    sql, other = package("sql"), package("other", tmp_path / "served")
    archive = tiny.tar_gz(
        tmp_path / "served" / "big.expert",
        {**tiny.members(other), "padding": random.Random(0).randbytes(48 << 20)},
    )
    cache, kept = tmp_path / "cache", set[str]()
    if stage == "start":
        places = [tiny_base.parent, cache, tmp_path / "state", tmp_path / "served"]
        begun = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, places), "0", f"sql={sql}"],
            stdout=subprocess.PIPE,
        )
        until(cache.exists, 60)
        assert begun.poll() is None
        begun.kill()
        begun.communicate()
    else:
        server = Process(
            tiny_base,
            tmp_path,
            f"sql={sql}",
            delay={"prefill": 60.0, "decode": 1.0, "drain": 1.0}.get(stage, 0),
        )
        assert (
            httpx.post(
                f"{server.url}/v1/experts", json={"name": "kept", "path": other.name}, timeout=30
            ).status_code
            == 201
        )
        kept = {"kept"}
        _killed_at(stage, server, archive, cache)
    again = Process(tiny_base, tmp_path, f"sql={sql}")
    assert again.models() == {"sql", "tiny", "auto"} | kept
    assert _ask(again).status_code == 200
    loaded = httpx.put(f"{again.url}/v1/experts/big", json={"path": archive.name}, timeout=30)
    assert loaded.status_code in (200, 201), loaded.text
    assert again.end(signal.SIGTERM) == 0


def test_a_server_without_file_handles_comes_back_when_there_are_some(
    tiny_base: Path,
    package: Any,
    tmp_path: Path,
) -> None:
    server = Process(tiny_base, tmp_path, f"sql={package('sql')}")
    assert _ask(server).status_code == 200
    threading.Thread(
        target=lambda: list(server.process.stderr or ()), daemon=True
    ).start()  # asyncio complains at length
    soft = psutil.Process(server.process.pid).num_fds() + 20
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (soft, soft))
    host, port = httpx.URL(server.url).host, httpx.URL(server.url).port or 0
    connections = []
    for _ in range(60):
        connection = socket.socket()
        connection.settimeout(0.5)
        if connection.connect_ex((host, port)) == 0:
            connections.append(connection)
    time.sleep(1)
    for connection in connections:
        connection.close()

    def answers() -> bool:
        try:
            return (
                httpx.post(f"{server.url}/v1/chat/completions", json=ASK, timeout=5).status_code
                == 200
            )
        except httpx.HTTPError:
            return False

    until(answers, 20)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=15) == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["missing.expert"], 3),
        (["broken.expert"], 3),
        (["manifest"], 4),
        ([], 2),
        (["--host", "0.0.0.0", "manifest"], 2),
        (["--port", "99999", "manifest"], 2),
    ],
)
def test_a_server_that_can_not_start_says_why_by_its_exit_code(
    arguments: list[str], status: int, tmp_path: Path
) -> None:
    (tmp_path / "broken.expert").write_bytes(b"no archive")
    (tmp_path / "manifest").mkdir()
    (tmp_path / "manifest" / "manifest.json").write_text("{")
    command = [
        sys.executable,
        "-m",
        "expertserve.cli",
        "serve",
        *arguments,
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
