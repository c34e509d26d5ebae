"""The systemd unit starts a command that there is, and gives it time to drain."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.test_blocks import parsed

UNIT = ROOT / "systemd" / "expertserve.service"


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\\\n\s*", "", UNIT.read_text()).splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_it_starts_a_command_that_there_is() -> None:
    program, *arguments = shlex.split(settings()["ExecStart"][0])
    assert Path(program).name == "expertserve"
    parsed(arguments)


def test_what_it_writes_is_writable_and_nothing_else() -> None:
    told = settings()
    words = shlex.split(told["ExecStart"][0])
    state = Path(words[words.index("--state-dir") + 1])
    assert state.parent == Path("/var/lib") / told["StateDirectory"][0]
    cache = Path("/var/cache") / told["CacheDirectory"][0]
    assert f"EXPERTSERVE_CACHE_DIR={cache}" in told["Environment"]
    assert told["ProtectSystem"] == ["strict"] and told["NoNewPrivileges"] == ["yes"]


def test_a_server_has_time_to_drain() -> None:
    told = settings()
    words = shlex.split(told["ExecStart"][0])
    assert float(told["TimeoutStopSec"][0]) > float(words[words.index("--drain") + 1])
    assert told["KillMode"] == ["mixed"], "engines end after the requests"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd isn't installed")
def test_systemd_understands_it(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/expertserve/bin/expertserve", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert done.returncode == 0 and not said, done.stderr
