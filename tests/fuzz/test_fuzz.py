"""A short run of every target: the saved corpus, and a handful of new inputs. `make fuzz` runs 10,000
of each.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.guard import Broken, watched
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

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
def test_the_saved_corpus_breaks_nothing(name: str, root: Path) -> None:
    target, folder = warmed(name, root)
    for data in (*target.seeds, *(f.read_bytes() for f in sorted((CORPUS / name).glob("*")))):
        target.check(data, folder)


@pytest.mark.parametrize(
    "name", sorted(set(TARGETS) - {"tar", "zip", "signature", "keys", "template"})
)
def test_the_seeds_are_valid(name: str, root: Path) -> None:
    """Otherwise mutations would never get past the first check."""
    target, folder = warmed(name, root)
    for data in target.seeds:
        target.tidy(folder)
        target.run(data, folder)


@pytest.mark.parametrize("name", TARGETS)
def test_almost_valid_inputs_break_nothing(name: str, root: Path) -> None:
    target, folder = warmed(name, root)

    @settings(
        max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(target.drawn)
    def run(data: bytes) -> None:
        target.check(data, folder)

    run()


def test_the_guard_sees_what_it_should(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pickle
    import resource
    import socket
    import subprocess
    import sys
    import time

    from tests.fuzz import guard

    elsewhere, cache = tmp_path_factory.mktemp("elsewhere"), tmp_path / "cache"
    cache.mkdir()
    (tmp_path / "models").mkdir()
    inside = [cache / str(i) for i in range(3)]
    for file in inside:
        file.write_text("x")

    def connect() -> None:
        with socket.socket() as s:
            s.connect_ex(("127.0.0.1", 9))

    def work() -> None:
        while time.process_time() < busy_until:
            pass

    def fill() -> None:  # simulated: the real peak depends on the tests that ran before
        monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=1 << 40))

    def wait() -> None:
        monkeypatch.setattr(guard, "WALL", 0.2)
        time.sleep(0.3)

    wrong = {
        "open .*elsewhere": lambda: (elsewhere / "x").write_text("x"),
        "open .*models": lambda: (tmp_path / "models" / "x").write_text("x"),
        "open .*cache2": lambda: (tmp_path / "cache2").write_text("x"),
        "os.remove": lambda: (elsewhere / "x").unlink(),
        "os.rename .*elsewhere": lambda: inside[0].rename(elsewhere / "y"),
        "os.link .*elsewhere": lambda: (elsewhere / "z").hardlink_to(inside[1]),
        "os.symlink .*elsewhere": lambda: (elsewhere / "l").symlink_to(inside[2]),
        "subprocess.Popen": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "socket.connect": connect,
        "pickle.find_class": lambda: pickle.loads(pickle.dumps(Path)),
        "MiB": fill,
        "most of them waiting": wait,
        "it left .*part-x": lambda: (cache / ".part-x").mkdir(),
    }
    for what, act in wrong.items():
        with pytest.raises(Broken, match=what), watched(tmp_path, kept=("models",)):
            act()
        monkeypatch.undo()
        (tmp_path / "cache2").unlink(missing_ok=True)
    (cache / ".part-x").rmdir()
    monkeypatch.setattr(guard, "SECONDS", 0.1)
    busy_until = time.process_time() + 0.2
    with pytest.raises(Broken, match=r"it took 0\.\d s$"), watched(tmp_path):
        work()
    with watched(tmp_path, kept=("models",)):
        (cache / "fine").write_text("x")
