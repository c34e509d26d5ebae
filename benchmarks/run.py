"""Runs every benchmark, one after the other, each in a process of its own.

python benchmarks/run.py [ROUNDS]
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = ("adapters", "grammar", "manager", "parity", "server")


def main() -> None:
    """Ends with the exit status of the first that fails."""
    for name in BENCHMARKS:
        print(f"── {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
