"""Writes the pinned requirements files for the CPU install, from what pip resolves for the extras in pyproject.toml.

    python scripts/lock.py

`requirements/cpu.txt` is what serving and training need; `requirements/dev.txt` holds the rest (tools, Ray). Both are installed with
`pip install --no-deps`: torchvision, torchaudio and torchcodec must stay out, since their public wheels don't match a CPU build of
torch and importing transformers then fails; vLLM asks for them, but serves text without. Triton stays out too: it has no CPU backend.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEFT_OUT = {"expertserve", "torchvision", "torchaudio", "torchcodec", "triton", "pip"}


def resolve(extras: str) -> dict[str, str]:
    """Package → version, for the project with these extras."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", report.name]
        subprocess.run([*command, f"{ROOT}[{extras}]"], check=True)
        found = json.loads(Path(report.name).read_text())["install"]
    pins = {p["metadata"]["name"].lower().replace("_", "-"): p["metadata"]["version"].split("+")[0] for p in found}
    return {name: version for name, version in sorted(pins.items()) if name not in LEFT_OUT}


def write(name: str, pins: dict[str, str], about: str) -> None:
    lines = [f"# {about}", "# Made by scripts/lock.py; install with: pip install --no-deps -r " + f"requirements/{name}", ""]
    (ROOT / "requirements" / name).write_text("\n".join([*lines, *(f"{n}=={v}" for n, v in pins.items()), ""]))


def main() -> None:
    """Resolves twice: what runs, and everything."""
    run = resolve("cpu,transformers")
    everything = resolve("cpu,transformers,ray,parsers,dev,docs")
    build = {n: everything[n] for n in ("hatchling", "editables", "pathspec", "pluggy", "trove-classifiers", "gguf") if n in everything}
    run = dict(sorted((run | build).items()))
    write("cpu.txt", {n: everything.get(n, v) for n, v in run.items()}, "What expertserve needs to serve and train on a CPU.")
    write("dev.txt", {n: v for n, v in everything.items() if n not in run}, "What tests, checks and Ray need beside cpu.txt.")


if __name__ == "__main__":
    main()
