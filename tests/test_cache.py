"""The cache's bound: what goes, what stays, and what a refused package leaves."""

from __future__ import annotations

import gc
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve import ExpertError, ExpertManager, LoadError
from expertserve.engine.fake import FakeEngine
from expertserve.package import cache
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.cache import CacheUse
from tests import tiny
from tests.cli.conftest import run

HOUR = 3600.0


def entry(root: Path, key: str, size: int, age: float) -> Path:
    made = root / key
    made.mkdir(parents=True)
    (made / "file").write_bytes(b"x" * size)
    when = time.time() - age
    os.utime(made, (when, when))
    return made


def keys(root: Path) -> list[str]:
    return [e.key for e in cache.entries(root)]


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    for name, age in (("b", 3), ("a", 2), ("c", 1)):
        entry(tmp_path, f"packages/{name}", 1000, age * HOUR)
    entry(tmp_path, "adapters/d", 1000, 2.5 * HOUR)
    assert keys(tmp_path) == ["packages/b", "adapters/d", "packages/a", "packages/c"]
    removed = cache.prune(tmp_path, 2500)
    assert [e.key for e in removed] == ["packages/b", "adapters/d"]
    assert keys(tmp_path) == ["packages/a", "packages/c"]
    assert {p.name for p in (tmp_path / "packages").iterdir()} == {"a", "c"}, "nothing is left"


def test_what_is_in_use_or_was_a_moment_ago_stays(tmp_path: Path) -> None:
    held = CacheUse(entry(tmp_path, "packages/held", 1000, HOUR))
    os.utime(tmp_path / "packages/held", (0, 0))
    entry(tmp_path, "packages/young", 1000, 0)
    entry(tmp_path, "packages/old", 1000, HOUR)
    assert [e.key for e in cache.prune(tmp_path, 0)] == ["packages/old"]
    cache.discard(tmp_path / "packages/held")
    assert keys(tmp_path) == ["packages/held", "packages/young"]
    again = CacheUse(tmp_path / "packages/held")
    held.close()
    held.close()  # idempotent
    cache.discard(tmp_path / "packages/held")
    assert "packages/held" in keys(tmp_path), "somebody else here uses it"
    del again
    cache.discard(tmp_path / "packages/held")
    assert keys(tmp_path) == ["packages/young"]


@pytest.mark.skipif(sys.platform == "win32", reason="locks are POSIX's")
def test_another_process_keeps_what_it_uses_until_it_is_killed(tmp_path: Path) -> None:
    place = entry(tmp_path, "adapters/x", 1000, HOUR)
    script = (
        "import sys, os, pathlib\nfrom expertserve.package.cache import CacheUse\n"
        "place = pathlib.Path(sys.argv[1]); use = CacheUse(place); os.utime(place, (0, 0))\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout and other.stdout.readline()
    assert cache.entries(tmp_path)[0].in_use
    assert cache.prune(tmp_path, 0) == []
    other.kill()
    other.communicate()
    assert [e.key for e in cache.prune(tmp_path, 0)] == ["adapters/x"]


def test_a_use_goes_along_with_what_is_pickled(tmp_path: Path) -> None:
    use = CacheUse(entry(tmp_path, "adapters/x", 10, HOUR))
    copy = pickle.loads(pickle.dumps(use))
    use.close()
    cache.discard(tmp_path / "adapters/x")
    assert keys(tmp_path) == ["adapters/x"]
    copy.close()


def test_many_uses_take_a_file_of_bounded_size(tmp_path: Path) -> None:
    place = entry(tmp_path, "adapters/x", 10, HOUR)
    held = CacheUse(entry(tmp_path, "adapters/y", 10, HOUR))
    for _ in range(5000):
        CacheUse(place).close()
    (notes,) = (tmp_path / cache.NOTES).glob("*-*")
    assert notes.stat().st_size < 50_000
    os.utime(place, (0, 0))
    os.utime(held.entry, (0, 0))
    assert [e.key for e in cache.prune(tmp_path, 0)] == ["adapters/x"]


class Cycle:
    """Whose use ends whenever the garbage collector finds it."""

    def __init__(self, use: CacheUse) -> None:
        self.use, self.me = use, self


@pytest.mark.skipif(sys.platform == "win32", reason="locks are POSIX's")
def test_the_garbage_collector_ends_a_use_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the same thread looks through the cache, or writes a note: nothing waits for itself."""
    for name in "abcde":
        entry(tmp_path, f"adapters/{name}", 10, HOUR)
    place = tmp_path / "adapters"
    entries, flock = cache.entries, cache.fcntl.flock

    def looked(root: Path) -> list[cache.CacheEntry]:
        gc.collect()
        return entries(root)

    def locked(file: Any, how: int) -> None:
        gc.collect()
        flock(file, how)

    gc.collect()
    gc.freeze()  # what other tests left would be looked through each time
    kept = CacheUse(place / "d")
    Cycle(CacheUse(place / "a"))
    monkeypatch.setattr(cache, "entries", looked)
    os.utime(place / "a", (0, 0))
    assert [e.key for e in cache.prune(tmp_path, 40)] == ["adapters/b"]
    assert [e.key for e in cache.prune(tmp_path, 30)] == ["adapters/a"], "noted afterwards"
    monkeypatch.setattr(cache.fcntl, "flock", locked)
    Cycle(CacheUse(place / "c"))
    other = CacheUse(place / "e")
    os.utime(place / "c", (0, 0))
    assert [e.key for e in cache.prune(tmp_path, 0)] == ["adapters/c"]
    gc.unfreeze()
    assert keys(tmp_path) == ["adapters/d", "adapters/e"], [kept.entry, other.entry]


@pytest.fixture
def archives(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Callable[[int], list[Path]]:
    def make(count: int) -> list[Path]:
        return [
            pack(
                tiny.package(tmp_path / f"p{i}", tiny_lora, tiny_base, name=f"expert-{i}"),
                tmp_path / f"{i}.expert",
            )
            for i in range(count)
        ]

    return make


def test_a_bound_small_enough_evicts_what_is_unloaded_and_nothing_that_is_loaded(
    archives: Callable[[int], list[Path]],
    tiny_base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "YOUNG", 0.0)
    root = tmp_path / "cache"
    with ExpertManager(
        models_dir=tiny_base.parent,
        cache_dir=root,
        cache_size=1,
        engine=lambda: FakeEngine(lambda prompt: "x"),
    ) as manager:
        packages = archives(4)
        digests = []
        for i, package in enumerate(packages):
            manager.load_expert(f"e{i}", package)
            digests.append(manager.get(f"e{i}").package.digest)
            if i:
                manager.unload_expert(f"e{i}")
        found = (e for e in cache.entries(root) if e.kind == "packages")
        kept = {e.name.removesuffix("-lean") for e in found}
        assert digests[0] in kept, "it is loaded"
        assert not {digests[1], digests[2]} & kept
        assert manager.generate("e0", "q").text == "x"


def test_within_the_bound_the_cache_is_not_looked_at_again(
    archives: Callable[[int], list[Path]], tiny_base: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    looks = []
    entries = cache.entries
    monkeypatch.setattr(cache, "entries", lambda root: looks.append(root) or entries(root))
    with ExpertManager(
        models_dir=tiny_base.parent,
        cache_dir=tmp_path / "cache",
        engine=lambda: FakeEngine(lambda prompt: "x"),
    ) as manager:
        for i, package in enumerate(archives(3)):
            manager.load_expert(f"e{i}", package)
    assert len(looks) == 1


def test_a_refused_package_leaves_nothing(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    sound = tiny.package(tmp_path / "p", tiny_lora, tiny_base)
    archive = pack(sound, tmp_path / "sound.expert")
    (sound / "manifest.json").write_text("{}")
    import tarfile

    with tarfile.open(tmp_path / "bad.expert", "w:gz") as tar:
        tar.add(sound, arcname=".")
    root = tmp_path / "cache"
    with ExpertManager(models_dir=tiny_base.parent, cache_dir=root, engine=FakeEngine) as manager:
        with pytest.raises(ExpertError):
            manager.load_expert("bad", tmp_path / "bad.expert")
        assert keys(root) == []
        for command in ("check", "inspect", "verify"):
            run(command, tmp_path / "bad.expert", "--cache-dir", root)
            assert keys(root) == [], command
        manager.load_expert("sound", archive)
        with pytest.raises(LoadError):
            manager.load_expert("other", archive, checksum="0" * 64)
        assert keys(root), "another use of the same package keeps it"
    opened = open_package(archive, cache_dir=root)
    opened.refuse()
    assert not (root / "packages" / opened.digest).exists()


def test_the_commands_list_and_prune(tmp_path: Path) -> None:
    entry(tmp_path, "packages/a", 5000, 2 * HOUR)
    entry(tmp_path, "downloads/b", 3000, HOUR)
    where = ("--cache-dir", tmp_path)
    assert run("cache", "path", *where).stdout.strip() == str(tmp_path)
    listed = json.loads(run("cache", "list", "--json", *where).stdout)
    assert [e["entry"] for e in listed["entries"]] == ["packages/a", "downloads/b"]
    assert listed["bytes"] == 8000 and not listed["entries"][0]["in_use"]
    assert "packages/a" in run("cache", "list", *where).stdout
    done = run("cache", "prune", "--cache-size", "4kB", "--json", *where)
    assert json.loads(done.stdout) == {"removed": ["packages/a"], "bytes": 5000}
    assert "removed 0 entries" in run("cache", "prune", *where).stdout
    assert run("cache", "prune", "--cache-size", "much", *where).exit_code == 2


def test_what_another_process_has_just_put_there_is_not_damaged(tmp_path: Path) -> None:
    """It looks, sees nothing, and the other one's entry comes right then."""
    place, looks = tmp_path / "packages" / "one", []

    def read(found: Path) -> str | None:
        looks.append(found)
        if len(looks) == 1:
            place.mkdir(parents=True)
            (place / "file").write_text("whole")
            return None
        return (found / "file").read_text()

    assert cache.read_entry(place, read) == "whole" == (place / "file").read_text()


def test_a_damaged_entry_goes(tmp_path: Path) -> None:
    place = entry(tmp_path, "packages/one", 1, HOUR)
    assert cache.read_entry(place, lambda found: None) is None
    assert not place.exists() and not keys(tmp_path)
    assert cache.read_entry(place, lambda found: None) is None
