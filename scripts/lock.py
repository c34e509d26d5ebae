"""Writes the pinned and hashed requirements files for the CPU install, from what uv resolves for
the extras in pyproject.toml.

    python scripts/lock.py

`requirements/cpu.txt` is what serving and training need; `requirements/dev.txt` holds the rest
(tools, Ray). What is pinned stays pinned where it still fits; delete a file to have newer versions.
uv looks where its UV_* variables say.

Both are installed with `pip install --no-deps`: torchvision, torchaudio and torchcodec must stay
out, since their public wheels don't match a CPU build of torch and importing transformers then
fails; vLLM asks for them, but serves text without. Triton stays out too: it has no CPU backend.
torch is held to the CPU build that vLLM asks for by that build's hashes, so the files are for the
Python and the platform they were made on (CPython 3.11, Linux on x86-64); for others, run this
there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = {
    "cpu.txt": "What expertserve needs to serve and train on a CPU.",
    "dev.txt": "What tests, checks and Ray need beside cpu.txt.",
}
LEFT_OUT = {"torchvision", "torchaudio", "torchcodec", "triton"}
BUILD = {"hatchling", "editables", "pathspec", "pluggy", "trove-classifiers", "gguf"}
PIN = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==[^\\]*((?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s*)+)", re.MULTILINE
)
Pins = dict[str, str]
"""Name → its requirement, with the hashes of all files of that version."""


def compiled(*extras: str) -> Pins:
    """What uv resolves for a project file, held to what the files pin now."""
    fixed = [
        f"--constraint={ROOT / 'requirements' / name}"
        for name in FILES
        if (ROOT / "requirements" / name).is_file()
    ]
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *extras, *fixed]
    command += ["--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return {one[1]: one[0].strip() for one in PIN.finditer(done.stdout)}


def torch(found: str) -> str:
    """The CPU build without its local version: pip would prefer the CUDA build's."""
    return re.sub(r"\+\w+", "", found, count=1)


def main() -> None:
    """Resolves twice: everything, and what runs."""
    extras = [
        f"--extra={name}" for name in ("cpu", "transformers", "ray", "parsers", "dev", "docs")
    ]
    everything = compiled(*extras)
    run = {*compiled(*extras[:2]), *BUILD}
    everything["torch"] = torch(everything["torch"])
    for name, about in FILES.items():
        wanted = [
            everything[n]
            for n in sorted(everything)
            if (n in run) == (name == "cpu.txt") and n not in LEFT_OUT
        ]
        head = (
            f"# {about}\n# Made by scripts/lock.py; install with: pip install --no-deps -r"
            f" requirements/{name}\n\n"
        )
        (ROOT / "requirements" / name).write_text(head + "\n".join(wanted) + "\n")
        print(f"requirements/{name}: {len(wanted)} packages")


if __name__ == "__main__":
    main()
