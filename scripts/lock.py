"""Writes the pinned and hashed requirements files for the CPU install, from what uv resolves for the extras in pyproject.toml.

    python scripts/lock.py

`requirements/cpu.txt` is what serving and training need; `requirements/dev.txt` holds the rest (tools, Ray). What is pinned stays
pinned where it still fits; delete a file to have newer versions. uv looks where its UV_* variables say.

Both are installed with `pip install --no-deps`: torchvision, torchaudio and torchcodec must stay out, since their public wheels don't
match a CPU build of torch and importing transformers then fails; vLLM asks for them, but serves text without. Triton stays out too: it
has no CPU backend. torch is pinned to its public version with the hashes of that one's wheels and of the CPU build that vLLM asks for,
so that pip may take either.
"""

from __future__ import annotations

import os
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
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==[^\\]*((?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s*)+)", re.MULTILINE)
Pins = dict[str, str]
"""Name → its requirement, with the hashes of all files of that version."""


def compiled(*extras: str) -> Pins:
    """What uv resolves for a project file, held to what the files pin now."""
    fixed = [f"--constraint={ROOT / 'requirements' / name}" for name in FILES if (ROOT / "requirements" / name).is_file()]
    found = uv(["pyproject.toml", *extras, *fixed])
    return {one[1]: one[0].strip() for one in PIN.finditer(found)}


def uv(arguments: list[str], requirement: str | None = None, environment: dict[str, str] | None = None) -> str:
    """What `uv pip compile` prints."""
    command = [sys.executable, "-m", "uv", "pip", "compile", *arguments, "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    done = subprocess.run(command, cwd=ROOT, input=requirement, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def torch(found: str) -> str:
    """The public version's requirement, with the hashes of its own wheels and of those that were found."""
    elsewhere = {name: value for name, value in os.environ.items() if name != "UV_FIND_LINKS"}
    public = uv(["-", "--no-deps"], re.sub(r"\+\w+", "", found.split()[0]), elsewhere)
    hashes = sorted({*re.findall(r"sha256:[0-9a-f]{64}", public), *re.findall(r"sha256:[0-9a-f]{64}", found)})
    return " \\\n".join([public.split()[0], *(f"    --hash={one}" for one in hashes)])


def main() -> None:
    """Resolves twice: everything, and what runs."""
    extras = [f"--extra={name}" for name in ("cpu", "transformers", "ray", "parsers", "dev", "docs")]
    everything = compiled(*extras)
    run = {*compiled(*extras[:2]), *BUILD}
    everything["torch"] = torch(everything["torch"])
    for name, about in FILES.items():
        wanted = [everything[n] for n in sorted(everything) if (n in run) == (name == "cpu.txt") and n not in LEFT_OUT]
        head = f"# {about}\n# Made by scripts/lock.py; install with: pip install --no-deps -r requirements/{name}\n\n"
        (ROOT / "requirements" / name).write_text(head + "\n".join(wanted) + "\n")
        print(f"requirements/{name}: {len(wanted)} packages")


if __name__ == "__main__":
    main()
