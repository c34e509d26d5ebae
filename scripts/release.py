"""Makes a release's files in dist/: `make release`.

Wheel and source archive, the Helm chart, a software bill of materials (CycloneDX) for each set of
pinned requirements, the version's part of the change log, and SHA256SUMS over all of them. The same
commit gives the same bytes: times are the commit's. Publishes nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from expertserve import __version__

ROOT = Path(__file__).parent.parent
CHART = ROOT / "charts" / "expertserve"
CYCLONEDX = ROOT / "build" / "release" / "bin" / "cyclonedx-py"
SUMS = "SHA256SUMS"


def main() -> None:
    """Makes everything anew."""
    import helm_python

    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    made = run("git", "log", "-1", "--format=%ct")
    os.environ["SOURCE_DATE_EPOCH"] = made
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(ROOT))
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, sorted(dist.iterdir())))
    with tempfile.TemporaryDirectory() as scratch:  # Helm takes the files' own times
        copy = Path(shutil.copytree(CHART, Path(scratch) / CHART.name))
        for path in copy.rglob("*"):
            os.utime(path, (int(made), int(made)))
        helm_python.package(str(copy), destination=str(dist))
    (chart,) = dist.glob("expertserve-*.tgz")
    chart.rename(dist / f"expertserve-chart-{__version__}.tgz")
    for name in ("cpu", "ray", "cuda"):
        bill(name, dist / f"expertserve-{__version__}-{name}.cdx.json")
    text = changes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), __version__)
    (dist / f"CHANGES-{__version__}.md").write_text(text, encoding="utf-8")
    (dist / SUMS).write_text(sums(dist), encoding="utf-8")
    print((dist / SUMS).read_text(encoding="utf-8"), end="")


def run(*command: str) -> str:
    """A command's output.

    Raises:
        SystemExit: It failed.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def bill(name: str, target: Path) -> None:
    """What an installation from requirements/NAME.txt consists of, with hashes."""
    command = [str(CYCLONEDX), "requirements", str(ROOT / "requirements" / f"{name}.txt")]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    run(*command, "--output-format", "JSON", "--output-file", str(target))


def changes(log: str, version: str) -> str:
    """The part of a change log about one version, without its heading.

    Raises:
        SystemExit: There is none, or nothing in it.

    Example:
        >>> changes("# C\\n## 0.2.0\\n- b\\n## 0.1.0 (unreleased)\\n- a\\n", "0.1.0")
        '- a\\n'
    """
    heading = rf"^## {re.escape(version)}(?: \([^)\n]*\))?\n(.*?)(?=^## |\Z)"
    found = re.search(heading, log, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise SystemExit(f"CHANGELOG.md says nothing about {version}")
    return found[1].strip() + "\n"


def sums(folder: Path) -> str:
    """A folder's files as `sha256sum -c` reads them, the sums' own file left out."""
    files = sorted(p for p in folder.iterdir() if p.is_file() and p.name != SUMS)
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files]
    return "".join(lines)


if __name__ == "__main__":
    main()
