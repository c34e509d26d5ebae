"""Runs mypy and pyright over what users may and must not write (tests/types), and compares what
they find with what they should.

python scripts/check_types.py [mypy] [pyright]
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "types"
FILES = (FOLDER / "accepted.py", FOLDER / "rejected.py")
EXPECTED = re.compile(r"# mypy: (?P<mypy>[\w-]+) \| pyright: (?P<pyright>[\w, ]+)$")
FOUND = re.compile(r"^(?P<file>.+?):(?P<line>\d+): error: .*\[(?P<code>[\w-]+)\]$")
Place = tuple[str, int]
Findings = dict[Place, set[str]]


def expected(tool: str) -> Findings:
    """What the comments demand: file and line → codes."""
    wanted: Findings = {}
    for file in FILES:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if match := EXPECTED.search(line):
                wanted[file.name, number] = set(match[tool].split(", "))
    return wanted


def mypy() -> Findings:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--no-error-summary",
        "--hide-error-context",
        "--no-pretty",
        *map(str, FILES),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    found: Findings = defaultdict(set)
    for line in done.stdout.splitlines():
        if match := FOUND.match(line):
            found[Path(match["file"]).name, int(match["line"])].add(match["code"])
    return found


def pyright() -> Findings:
    command = [
        sys.executable,
        "-m",
        "pyright",
        "--pythonpath",
        sys.executable,
        "--outputjson",
        *map(str, FILES),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    found: Findings = defaultdict(set)
    for entry in json.loads(done.stdout)["generalDiagnostics"]:
        if entry["severity"] == "error":
            found[Path(entry["file"]).name, entry["range"]["start"]["line"] + 1].add(
                entry.get("rule", "syntax")
            )
    return found


TOOLS = {"mypy": mypy, "pyright": pyright}


def differences(tool: str, found: Mapping[Place, set[str]]) -> list[str]:
    """Where a tool found something else than it should."""
    wanted = expected(tool)
    return [
        f"{file}:{line}: {tool} should find"
        f" {', '.join(sorted(wanted.get((file, line), set()))) or 'nothing'}, found"
        f" {', '.join(sorted(found.get((file, line), set()))) or 'nothing'}"
        for file, line in sorted({*wanted, *found})
        if wanted.get((file, line), set()) != found.get((file, line), set())
    ]


def main(tools: list[str]) -> int:
    wrong = [line for tool in tools for line in differences(tool, TOOLS[tool]())]
    (
        print(*wrong, sep="\n")
        if wrong
        else print(f"{' and '.join(tools)}: {len(expected(tools[0]))} mistakes found, nothing else")
    )
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or list(TOOLS)))
