"""Runs every fuzz target, each in a process of its own with 8 GiB of address space, and writes
`benchmarks/results/fuzz.json`.

    python scripts/fuzz.py [--inputs 10000] [--target NAME]… [--folder build/fuzz] [--keep]

Ends with 1 where an invariant was broken; the inputs that did it then lie in FOLDER/TARGET/found.
`--keep` adds what reached new code to the corpus that `make test` replays.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
KEPT, LARGEST = 24, 6000
"""Files of a target's corpus that are kept, and how large they may be."""
TARGETS = (
    "tar",
    "zip",
    "manifest",
    "adapter",
    "package",
    "signature",
    "keys",
    "grammar",
    "constraint",
    "template",
    "http",
)


def run(target: str, inputs: int, folder: Path) -> dict[str, object]:
    """One target's figures; a process that ended otherwise than by itself counts as broken."""
    command = [sys.executable, "-m", "tests.fuzz.guided", target, str(inputs), str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
    )
    for line in reversed(done.stdout.splitlines()):
        if line.startswith('{"target"') and done.returncode == 0:
            figures: dict[str, object] = json.loads(line)
            return figures
    ending = (done.stdout + done.stderr)[-2000:]
    return {
        "target": target,
        "broken": 1,
        "findings": [f"the process ended with {done.returncode}: {ending}"],
    }


def keep(target: str, folder: Path) -> None:
    """The smallest inputs that reached code which nothing had reached before."""
    found = sorted(
        (f for f in (folder / target / "corpus").iterdir() if f.stat().st_size <= LARGEST),
        key=lambda f: f.stat().st_size,
    )
    step = max(1, len(found) // KEPT)
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    for file in found[::step][:KEPT]:
        shutil.copy(file, CORPUS / target / file.name)


def main() -> None:
    """Runs them one after the other."""
    from benchmarks.measure import save

    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    rows = []
    for target in given.target or TARGETS:
        shutil.rmtree(given.folder / target, ignore_errors=True)
        row = run(target, given.inputs, given.folder.resolve())
        rows.append(row)
        print(json.dumps(row), flush=True)
        if given.keep and not row["broken"]:
            keep(target, given.folder)
    if not given.target:
        save("fuzz", inputs=given.inputs, targets=rows)
    sys.exit(any(row["broken"] for row in rows))


if __name__ == "__main__":
    main()
