"""Runs every benchmark, one after the other, each in a process of its own.

python benchmarks/run.py [ROUNDS]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent / "scripts" / "benchmark_page.py"
ALTERNATING = (
    "adapters",
    "grammar",
    "manager",
    "thousand",
    "parity",
    "server",
    "many",
    "llama_cpp",
    "reasoning",
    "names",
    "soft_prompts",
    "drafts",
    "large",
    "start",
    "neighbours",
)
COUNTING = (
    "routing",
    "routing_simulation",
    "routing_day",
    "schemas",
    "grounded",
    "fleet",
    "people",
)
"""These have no rounds."""


def main() -> None:
    """One that fails doesn't keep the others from running; the exit status is 1, then."""
    commands = [(name, sys.argv[1:]) for name in ALTERNATING] + [(name, []) for name in COUNTING]
    failed = []
    for name, arguments in commands:
        print(f"── {name}", flush=True)
        if subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False
        ).returncode:
            failed.append(name)
    subprocess.run([sys.executable, PAGE], check=True)
    if failed:
        raise SystemExit(f"failed, and left as they were: {', '.join(failed)}")


if __name__ == "__main__":
    main()
