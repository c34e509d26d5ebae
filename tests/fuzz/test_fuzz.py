"""A short run of every target: what was kept, and a handful of new inputs. `make fuzz` runs 10,000 of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.guard import Broken, watched
from tests.fuzz.targets import TARGETS, Target

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def warmed(name: str, root: Path) -> tuple[Target, Path]:
    target, folder = TARGETS[name], root / name
    if not folder.exists():
        target.begin(folder)
    return target, folder


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_kept_breaks_nothing(name: str, root: Path) -> None:
    target, folder = warmed(name, root)
    for data in (*target.seeds, *(f.read_bytes() for f in sorted((CORPUS / name).glob("*")))):
        target.check(data, folder)


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"tar", "zip", "signature", "keys", "template"}))
def test_the_seeds_are_sound(name: str, root: Path) -> None:
    """Else mutating them would only ever reach the first check."""
    target, folder = warmed(name, root)
    for data in target.seeds:
        target.tidy(folder)
        target.run(data, folder)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_nearly_sound_breaks_nothing(name: str, root: Path) -> None:
    target, folder = warmed(name, root)

    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(target.drawn)
    def run(data: bytes) -> None:
        target.check(data, folder)

    run()


def test_the_guard_sees_what_it_should(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    import socket
    import subprocess
    import sys

    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def connect() -> None:
        with socket.socket() as s:
            s.connect_ex(("127.0.0.1", 9))

    wrong = {
        "writes elsewhere": lambda: (elsewhere / "x").write_text("x"),
        "removes elsewhere": lambda: (elsewhere / "x").unlink(),
        "starts a process": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "asks the network": connect,
        "leaves a part": lambda: (tmp_path / "cache" / ".part-x").mkdir(parents=True),
    }
    for name, act in wrong.items():
        with pytest.raises(Broken), watched(tmp_path):
            act()
        assert name
