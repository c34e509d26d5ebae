"""Tries a server with the clients of tests/clients/table.toml, and writes docs/clients.md.

python scripts/clients.py           # installs what isn't there into build/clients, and runs all
python scripts/clients.py curl llm  # only these
python scripts/clients.py --fake    # on the fake engine
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.clients.suite import BUILD, HERE, Check, Client, clients, pins, run, server  # noqa: E402

PAGE = ROOT / "docs" / "clients.md"
HEAD = """# Clients

Other people's clients, unchanged and in their default mode, against a server on {engine}.
`make clients` installs them at these versions, runs their checks on vLLM, where a grammar holds
each answer to a known sentence, and writes this page; `scripts/clients.py --fake` does
the same on the fake engine.

| client | version | what works |
|---|---|---|
"""


def install(environment: str) -> None:
    """Makes an environment, unless it is there as pinned."""
    if environment == "main":
        return
    place = BUILD / environment
    if environment == "node":
        place.mkdir(parents=True, exist_ok=True)
        for file in (HERE / "node").iterdir():
            if file.is_file():
                shutil.copy(file, place)
        if not (place / "node_modules").is_dir():
            command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
            subprocess.run(command, cwd=place, check=True)
        return
    wanted, pinned = pins(environment), BUILD / f"{environment}.txt"
    if pinned.is_file() and pinned.read_text() == wanted:
        return
    print(f"installing {environment} …", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    asked = BUILD / f"{environment}.asked"
    asked.write_text(wanted)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "-r", str(asked)], check=True)
    asked.rename(pinned)


def version(client: Client) -> str:
    """Which version is tried."""
    if client.package == "curl":
        found = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
        return found.stdout.split()[1]
    if client.environment == "main":
        return metadata.version(client.package)
    if client.environment == "node":
        package = BUILD / "node" / "node_modules" / client.package / "package.json"
        return str(json.loads(package.read_text())["version"])
    lines = dict(x.split("==") for x in pins(client.environment).split() if "==" in x)
    return lines[client.package]


def row(client: Client, checks: list[Check]) -> str:
    works = ", ".join(c.name for c in checks if c.ok)
    fails = ", ".join(c.name for c in checks if not c.ok)
    return f"| {client.name} | {version(client)} | {works}{f'; **not {fails}**' if fails else ''} |"


def main(wanted: list[str]) -> int:
    """Runs the clients; 1 where a check failed."""
    real = "--fake" not in wanted
    wanted = [w for w in wanted if w != "--fake"]
    chosen = [c for c in clients() if not wanted or c.name in wanted]
    BUILD.mkdir(parents=True, exist_ok=True)
    for environment in dict.fromkeys(c.environment for c in chosen):
        install(environment)
    rows, failed = [], 0
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), real=real) as variables:
        for client in chosen:
            checks = run(client, variables, Path(folder))
            rows.append(row(client, checks))
            print(rows[-1], flush=True)
            for check in checks:
                if not check.ok:
                    failed += 1
                    print(f"  {client.name}: {check.name}: {check.why}", file=sys.stderr)
    if not wanted:
        engine = "vLLM and the demo base model" if real else "the fake engine"
        PAGE.write_text(HEAD.format(engine=engine) + "\n".join(rows) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
