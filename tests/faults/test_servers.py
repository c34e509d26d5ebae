"""Servers that are killed at every stage and started again; and ends that say why."""

from __future__ import annotations

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


def _try(work: Any) -> None:
    try:
        work()
    except httpx.HTTPError:
        return


@pytest.mark.parametrize("stage", ["start", "load", "decode", "drain"])
def test_a_server_that_is_killed_at_any_stage_serves_again(stage: str, tiny_base: Path, package: Any, tmp_path: Path) -> None:  # noqa: F811
    sql, other = package("sql"), package("other", tmp_path / "served")
    archive = tiny.tar_gz(tmp_path / "served" / "big.expert", {**tiny.members(other), "padding": bytes(range(256)) * (1 << 16)})
    if stage == "start":
        (tmp_path / "served").mkdir(exist_ok=True)
        places = [tiny_base.parent, tmp_path / "cache", tmp_path / "state", tmp_path / "served"]
        begun = subprocess.Popen([sys.executable, "-c", PROGRAM, *map(str, places), "0", f"sql={sql}"], stdout=subprocess.PIPE)
        until(lambda: (tmp_path / "cache").exists() or begun.poll() is not None, 60)
        begun.kill()
        begun.communicate()
    else:
        server = Process(tiny_base, tmp_path, f"sql={sql}", delay=0.2 if stage in ("decode", "drain") else 0)
        work = {
            "load": lambda: httpx.post(f"{server.url}/v1/experts", json={"name": "big", "path": archive.name}, timeout=30),
            "decode": lambda: _ask(server),
            "drain": lambda: _ask(server),
        }[stage]
        thread = threading.Thread(target=lambda: _try(work))
        thread.start()
        time.sleep(0.05 if stage == "load" else 0.5)
        server.end(*([signal.SIGTERM] if stage == "drain" else []), signal.SIGKILL)
        thread.join()
    again = Process(tiny_base, tmp_path, f"sql={sql}")
    assert again.models() >= {"sql", "tiny", "auto"}
    assert _ask(again).status_code == 200
    loaded = httpx.put(f"{again.url}/v1/experts/big", json={"path": archive.name}, timeout=30)
    assert loaded.status_code in (200, 201), loaded.text
    assert again.end(signal.SIGTERM) == 0


def test_a_server_without_file_handles_comes_back_when_there_are_some(tiny_base: Path, package: Any, tmp_path: Path) -> None:  # noqa: F811
    server = Process(tiny_base, tmp_path, f"sql={package('sql')}")
    assert _ask(server).status_code == 200
    threading.Thread(target=lambda: list(server.process.stderr or ()), daemon=True).start()  # asyncio complains at length
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
            return httpx.post(f"{server.url}/v1/chat/completions", json=ASK, timeout=5).status_code == 200
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
def test_a_server_that_can_not_start_says_why_by_its_exit_code(arguments: list[str], status: int, tmp_path: Path) -> None:
    (tmp_path / "broken.expert").write_bytes(b"no archive")
    (tmp_path / "manifest").mkdir()
    (tmp_path / "manifest" / "manifest.json").write_text("{")
    command = [sys.executable, "-m", "expertserve.cli", "serve", *arguments, "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
