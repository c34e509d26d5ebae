"""The cache stores content once: shared members, and adapters as their serving forms alone."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from expertserve.errors import ExpertError, LoadError
from expertserve.expert import PreparedExpert, prepare
from expertserve.package import cache
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from tests import tiny

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def archives(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> list[Path]:
    """Three packages that differ in their names alone, with a tokenizer of 100 kB."""
    made = []
    for i in range(3):
        folder = tiny.package(tmp_path / f"p{i}", tiny_lora, tiny_base, name=f"expert-{i}")
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer, indent=9))
        (folder / "notes.txt").write_text("long " * 20_000)
        made.append(pack(folder, tmp_path / f"{i}.expert"))
    return made


def age(root: Path) -> None:
    for kind in cache.KINDS:
        for entry in (root / kind).glob("*"):
            os.utime(entry, (time.time() - 3600,) * 2)


def ready(path: Path, base: Path, root: Path) -> PreparedExpert:
    return prepare(path, models_dir=base.parent, cache_dir=root)


def test_what_packages_share_is_one_file_and_counts_once(
    archives: list[Path], tmp_path: Path
) -> None:
    root = tmp_path / "cache"
    opened = [open_package(path, cache_dir=root) for path in archives]
    inodes = {(p.folder / "notes.txt").stat().st_ino for p in opened}
    assert len(inodes) == 1
    size = (opened[0].folder / "notes.txt").stat().st_size
    found = {e.key: e for e in cache.entries(root)}
    shared = [e for e in found.values() if e.kind == "members" and e.bytes == size]
    assert len(shared) == 1 and shared[0].in_use
    assert all(e.bytes < size for e in found.values() if e.kind == "packages")
    blocks = {p.stat().st_ino: p.stat().st_size for p in root.rglob("*") if p.is_file()}
    notes = sum(p.stat().st_size for p in (root / cache.NOTES).rglob("*") if p.is_file())
    assert sum(e.bytes for e in found.values()) == sum(blocks.values()) - notes


def test_a_member_goes_with_the_last_package_that_has_it(
    archives: list[Path], tmp_path: Path
) -> None:
    root = tmp_path / "cache"
    held = [open_package(path, cache_dir=root) for path in archives]
    held.pop(0).close()
    age(root)
    before = sum(e.bytes for e in cache.entries(root))
    removed = cache.prune(root, 0)
    assert [e.kind for e in removed] == ["packages"], "what is loaded keeps what it shares"
    assert sum(e.bytes for e in cache.entries(root)) == before - removed[0].bytes
    for package in held:
        assert (package.folder / "notes.txt").stat().st_size == 100_000
        package.close()
    age(root)
    cache.prune(root, 0)
    assert cache.entries(root) == []
    assert list((root / "members").iterdir()) == []


def test_pruning_stops_when_enough_has_gone(archives: list[Path], tmp_path: Path) -> None:
    root = tmp_path / "cache"
    for i, path in enumerate(archives):
        package = open_package(path, cache_dir=root)
        package.close()
        os.utime(package.folder.parent, (time.time() - 7200 + i,) * 2)
    total = sum(e.bytes for e in cache.entries(root))
    removed = cache.prune(root, total - 1)
    assert [e.kind for e in removed] == ["packages"]


def test_a_refused_package_leaves_no_members(
    tiny_base: Path, archives: list[Path], tmp_path: Path
) -> None:
    root, empty = tmp_path / "cache", tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(LoadError):
        prepare(archives[0], models_dir=empty, cache_dir=root)
    assert cache.entries(root) == []


def test_a_damaged_member_is_not_shared(archives: list[Path], tmp_path: Path) -> None:
    root = tmp_path / "cache"
    first = open_package(archives[0], cache_dir=root)
    good = (first.folder / "notes.txt").read_bytes()
    (first.folder / "notes.txt").write_bytes(b"x" * len(good))
    assert (open_package(archives[1], cache_dir=root).folder / "notes.txt").read_bytes() == good
    assert (open_package(archives[0], cache_dir=root).folder / "notes.txt").read_bytes() == good


def test_weights_are_kept_as_their_serving_form_alone(
    archives: list[Path], tiny_base: Path, tmp_path: Path
) -> None:
    root = tmp_path / "cache"
    made = ready(archives[0], tiny_base, root)
    assert (made.package.folder / WEIGHTS).stat().st_size == 0
    assert made.adapter
    assert [p for p in root.rglob(WEIGHTS) if p.stat().st_size] == [made.adapter.folder / WEIGHTS]
    assert not list((root / "packages").glob(".part-*"))
    again = ready(archives[0], tiny_base, root)
    assert again.identity == made.identity and again.package.files == made.package.files
    made.package.close()
    again.package.close()
    shutil.rmtree(made.package.folder.parent)
    assert ready(archives[0], tiny_base, root).identity == made.identity, "its form was there"
    assert not list((root / "packages").glob(".part-*"))
    shutil.rmtree(root / "adapters")
    assert ready(archives[0], tiny_base, root).identity == made.identity, "unpacked again"
    assert not list((root / "packages").glob(".part-*"))


def test_whoever_wants_all_of_a_package_gets_it(
    archives: list[Path], tiny_base: Path, tmp_path: Path
) -> None:
    root = tmp_path / "cache"
    ready(archives[0], tiny_base, root)
    whole = open_package(archives[0], cache_dir=root)
    assert (whole.folder / WEIGHTS).stat().st_size > 1000
    assert ready(archives[0], tiny_base, root).package.folder == whole.folder, "and shares it"


def test_weights_that_are_gone_and_changed_are_refused(
    archives: list[Path], tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expertserve import expert

    root, take = tmp_path / "cache", expert.find_adapter
    ready(archives[0], tiny_base, root)
    shutil.rmtree(root / "adapters")

    def late(*given: object) -> object:
        archives[0].write_bytes(archives[1].read_bytes())
        return take(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(expert, "find_adapter", late)
    with pytest.raises(ExpertError) as caught:
        ready(archives[0], tiny_base, root)
    assert caught.value.code == "io"
