"""Writes the pinned and hashed requirements files, from what uv resolves for the extras in
pyproject.toml.

    python scripts/lock.py

`requirements/cpu.txt` is what serving and training need on a CPU; `requirements/ray.txt` what Ray
Serve needs beside it, and `requirements/dev.txt` the rest. `requirements/cuda.txt` is what serving
needs on NVIDIA GPUs, with Ray: vLLM's own pins, which differ. What is pinned stays pinned where it
still fits; delete a file to have newer versions. uv looks where its UV_* variables say.

The first three are installed with `pip install --no-deps`: torchvision, torchaudio and torchcodec
must stay out, since their public wheels don't match a CPU build of torch and importing transformers
then fails; vLLM asks for them, but serves text without. Triton stays out too: it has no CPU
backend. torch is held to the CPU build that vLLM asks for by that build's hashes, so the files are
for the Python and the platform they were made on (CPython 3.11, Linux on x86-64); for others, run
this there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = {
    "cpu.txt": "What expertserve needs to serve and train on a CPU.",
    "ray.txt": "What Ray Serve needs beside cpu.txt.",
    "dev.txt": "What tests and checks need beside cpu.txt and ray.txt.",
}
CUDA = "What expertserve needs to serve on NVIDIA GPUs, with Ray Serve."
LEFT_OUT = {"torchvision", "torchaudio", "torchcodec", "triton"}
BUILD = {"hatchling", "editables", "pathspec", "pluggy", "trove-classifiers", "gguf"}
PIN = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==[^\\]*((?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s*)+)", re.MULTILINE
)
Pins = dict[str, str]
"""Name → its requirement, with the hashes of all files of that version."""


def compiled(*extras: str, held: Iterable[str] = FILES, cuda: bool = False) -> Pins:
    """What uv resolves for a project file, held to what these files pin now.

    Args:
        cuda: Look only where torch's usual build is, not where the CPU build is.
    """
    places = ("UV_FIND_LINKS", "UV_EXTRA_INDEX_URL", "UV_INDEX")
    environment = {k: v for k, v in os.environ.items() if not (cuda and k in places)}
    fixed = [
        f"--constraint={ROOT / 'requirements' / name}"
        for name in held
        if (ROOT / "requirements" / name).is_file()
    ]
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *extras, *fixed]
    command += ["--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
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
    everything["torch"] = torch(everything["torch"])
    run = {*compiled(*extras[:2]), *BUILD}
    ray = compiled(*extras[:3]).keys() - run
    names = {"cpu.txt": run, "ray.txt": ray, "dev.txt": everything.keys() - run - ray}
    for name, about in FILES.items():
        write(name, about, [everything[n] for n in sorted(names[name] - LEFT_OUT)])
    extras = [f"--extra={name}" for name in ("cuda", "transformers", "ray")]
    cuda = compiled(*extras, held=["cuda.txt"], cuda=True)
    cuda |= {name: everything[name] for name in BUILD - cuda.keys() - {"editables"}}
    write("cuda.txt", CUDA, [cuda[n] for n in sorted(cuda)])


def write(name: str, about: str, pins: list[str]) -> None:
    """One requirements file."""
    head = (
        f"# {about}\n# Made by scripts/lock.py; install with: pip install --no-deps -r"
        f" requirements/{name}\n\n"
    )
    (ROOT / "requirements" / name).write_text(head + "\n".join(pins) + "\n")
    print(f"requirements/{name}: {len(pins)} packages")


if __name__ == "__main__":
    main()
