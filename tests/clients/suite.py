"""The clients' table, and how one of them is run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "clients"
PINS = ROOT / "requirements" / "clients.txt"
SECONDS = 600


@dataclass(frozen=True)
class Client:
    """A client: the package that is tried, where it is installed, and its script."""

    name: str
    package: str
    environment: str
    run: str

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        if self.environment == "main":
            return Path(sys.executable)
        return BUILD / self.environment / "bin" / "python"

    @property
    def command(self) -> list[str]:
        script, *arguments = self.run.split()
        if script.endswith(".mjs"):
            return ["node", str(BUILD / "node" / script), *arguments]
        return [str(self.python), str(HERE / "scripts" / script), *arguments]


@dataclass(frozen=True)
class Check:
    """What one check of a client came to."""

    name: str
    ok: bool
    why: str = ""


def clients() -> list[Client]:
    """The table."""
    rows = tomllib.loads((HERE / "table.toml").read_text())["clients"]
    return [Client(**row) for row in rows]


def pins(environment: str) -> str:
    """The part of the pinned requirements that is for one environment."""
    parts = re.split(r"^# environment: (\w+)$", PINS.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[environment]


@contextmanager
def server(folder: Path, *, real: bool = False) -> Iterator[dict[str, str]]:
    """A server in a process of its own; gives the variables that clients read.

    Args:
        real: On vLLM instead of the fake engine.
    """
    log = (folder / "server.log").open("w")
    command = [sys.executable, "-m", "tests.clients.server", str(folder)]
    command += ["vllm"] if real else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=environment
    )
    assert process.stdout
    try:
        url, _, tokenizer = process.stdout.readline().strip().partition(" ")
        assert url, (folder / "server.log").read_text()[-2000:]
        yield {"EXPERTSERVE_URL": url, "EXPERTSERVE_TOKENIZER": tokenizer}
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def run(client: Client, variables: dict[str, str], folder: Path) -> list[Check]:
    """Runs a client's script; a script that tells nothing is a failed check."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    made = subprocess.run(
        client.command, capture_output=True, text=True, timeout=SECONDS, cwd=folder,
        env={**kept, **variables, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    lines = [json.loads(x) for x in made.stdout.splitlines() if x.startswith('{"check"')]
    found = [Check(x["check"], x["ok"], x.get("why", "")) for x in lines]
    return found or [Check("start", False, made.stderr.strip()[-300:])]
