"""The wheel: the same bytes from the same sources, with metadata that an index accepts, and
nothing in it that doesn't belong there.
"""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path

import pytest

from expertserve import __version__

ROOT = Path(__file__).parent.parent
SOURCES = ("expertserve", "grammars", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


def build(work: Path, name: str) -> Path:
    """A wheel of a copy of the sources, made in a folder of another name, in another time zone,
    with another hash seed.
    """
    copy = work / name / "src"
    copy.mkdir(parents=True)
    for source in SOURCES:
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(
                path,
                copy / source,
                ignore=shutil.ignore_patterns("__pycache__"),
                copy_function=shutil.copyfile,
            )
        else:
            shutil.copyfile(path, copy / source)
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": "1700000000",
        "TZ": {"a": "UTC", "b": "Asia/Tokyo"}[name],
        "PYTHONHASHSEED": {"a": "1", "b": "2"}[name],
    }
    out = work / name / "dist"
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    work = tmp_path_factory.mktemp("wheel")
    return [build(work, name) for name in ("a", "b")]


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def test_two_builds_are_the_same_bytes(wheels: list[Path]) -> None:
    one, other = wheels
    assert one.name == other.name == f"expertserve-{__version__}-py3-none-any.whl"
    assert one.read_bytes() == other.read_bytes()


def test_it_holds_the_package_and_nothing_else(wheels: list[Path]) -> None:
    with zipfile.ZipFile(wheels[0]) as archive:
        names = archive.namelist()
    sources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "expertserve").rglob("*.py")}
    assert sources <= set(names)
    assert {n.split("/")[0].removesuffix(".dist-info").split("-")[0] for n in names} == {
        "expertserve"
    }
    assert not [
        n
        for n in names
        if "__pycache__" in n or n.endswith((".pyc", ".so", ".expert", ".safetensors"))
    ]
    assert [n for n in names if n.endswith("licenses/LICENSE")]


def test_its_metadata_are_what_an_index_takes(wheels: list[Path]) -> None:
    facts = metadata_of(wheels[0])
    assert (
        facts["Name"] == "expertserve"
        and facts["Version"] == __version__
        and facts["License-Expression"] == "Apache-2.0"
    )
    assert (
        facts["Description-Content-Type"] == "text/markdown"
        and facts["Requires-Python"] == ">=3.11"
    )
    assert "\n" not in facts["Summary"] and 20 < len(facts["Summary"]) < 512
    body = facts.get_payload()
    assert isinstance(body, str) and body.startswith("# ") and len(body) > 500
    assert not [
        c for c in facts.get_all("Classifier", []) if c.startswith("License ::")
    ]  # refused beside a license expression


def test_twine_finds_no_fault(wheels: list[Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", str(wheels[0])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 and "PASSED" in done.stdout, done.stdout + done.stderr
