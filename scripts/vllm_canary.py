"""Runs the compatibility tests on another version of vLLM: `make vllm-canary VERSION=0.33.0`.

The wheel's Python is unpacked and put first on the path; its compiled parts are left out, since the
tests look at signatures and sources alone. A new version is a build for GPUs at first, so that what
needs the CPU build is known to fail here, and doesn't matter.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "canary"
TESTS = "tests/engine/test_vllm_compatibility.py"
HARMLESS: dict[str, str] = {
    "test_the_version_is_one_that_is_known": "the version is new, which is why this runs",
}
"""Tests that may fail on a version that isn't served yet, and why that says nothing."""


def main() -> int:
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+\S*", sys.argv[1]):
        print("usage: make vllm-canary VERSION=0.33.0", file=sys.stderr)
        return 2
    version = sys.argv[1]
    tree = FOLDER / version
    if not (tree / "vllm").is_dir():
        unpack(fetch(version), tree)
    failed, passed = run(tree)
    moved = [name for name in failed if name not in HARMLESS]
    for name in failed:
        print(f"{'harmless' if name in HARMLESS else 'MOVED':9} {name}", HARMLESS.get(name, ""))
    print(
        f"vLLM {version}: {passed} assumptions hold, {len(moved)} moved,"
        f" {len(failed) - len(moved)} can't be seen on this build"
    )
    return bool(moved)


def fetch(version: str) -> Path:
    """The wheel, downloaded once."""
    found = list(FOLDER.glob(f"vllm-{version}-*.whl"))
    if not found:
        print(f"downloading vllm=={version} (several hundred MB) …")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, f"vllm=={version}", "-d", str(FOLDER)], check=True)
        found = list(FOLDER.glob(f"vllm-{version}-*.whl"))
    return found[0]


def unpack(wheel: Path, tree: Path) -> None:
    """Everything but compiled parts."""
    with zipfile.ZipFile(wheel) as archive:
        members = [m for m in archive.namelist() if not m.endswith((".so", ".cubin", ".a"))]
        archive.extractall(tree, members)


def run(tree: Path) -> tuple[list[str], int]:
    """The names of the tests that failed, and how many passed."""
    path = os.pathsep.join([str(tree), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", TESTS, "-q", "--no-header", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", done.stdout, re.M)
    count = re.search(r"(\d+) passed", done.stdout)
    if not count and not failed:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    (tree / "report.txt").write_text(done.stdout)
    return failed, int(count[1]) if count else 0


if __name__ == "__main__":
    sys.exit(main())
