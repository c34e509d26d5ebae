"""What is known of packages: registered without unpacking, remembered in one file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from expertserve.errors import ExpertError
from expertserve.package.build import pack
from expertserve.package.index import FILE, KnownPackage, PackageIndex, index_of
from expertserve.register import register
from tests import tiny

Make = Callable[..., Path]


@pytest.fixture
def archive(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Make:
    """Packs a package that differs in its name."""

    def make(name: str, **changes: object) -> Path:
        folder = tiny.package(tmp_path / f"made-{name}", tiny_lora, tiny_base, name=name, **changes)
        (tmp_path / "experts").mkdir(exist_ok=True)
        return pack(folder, tmp_path / "experts" / f"{name}.expert")

    return make


def known(found: KnownPackage | ExpertError) -> KnownPackage:
    assert isinstance(found, KnownPackage), found
    return found


def test_registering_unpacks_nothing_and_knows_what_a_start_needs(
    archive: Make, tmp_path: Path
) -> None:
    path, cache = archive("expert-a", capabilities=["database:sql"]), tmp_path / "cache"
    one = known(register([path], cache_dir=cache)[0])
    assert (one.name, one.version, one.adapter, one.rank) == ("expert-a", "0.1.0", "lora", 4)
    assert one.width == 4, "its rank"
    assert one.bytes == path.stat().st_size
    assert {p.name for p in cache.iterdir()} <= {FILE, f"{FILE}-wal", f"{FILE}-shm"}
    assert index_of(cache).manifest(one.digest).capabilities == ("database:sql",)
    assert index_of(cache).words()[one.digest][1] == ("database:sql",)


def test_a_file_that_did_not_change_is_not_read_again(archive: Make, tmp_path: Path) -> None:
    path, cache = archive("expert-a"), tmp_path / "cache"
    first = known(register([path], cache_dir=cache)[0])
    stat, size = path.stat(), path.stat().st_size
    path.write_bytes(b"x" * size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert known(register([path], cache_dir=cache)[0]).digest == first.digest
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    (broken,) = register([path], cache_dir=cache)
    assert isinstance(broken, ExpertError)


def test_a_checksum_beside_a_file_counts_when_it_changes(archive: Make, tmp_path: Path) -> None:
    path, cache = archive("expert-a"), tmp_path / "cache"
    known(register([path], cache_dir=cache)[0])
    path.with_name(f"{path.name}.sha256").write_text("0" * 64)
    (refused,) = register([path], cache_dir=cache)
    assert isinstance(refused, ExpertError) and refused.code == "checksum_mismatch"


def test_what_is_broken_is_told_beside_what_is_not(archive: Make, tmp_path: Path) -> None:
    whole, cut = archive("expert-a"), archive("expert-b")
    data = cut.read_bytes()
    cut.with_name(f"{cut.name}.sha256").unlink(missing_ok=True)
    cut.write_bytes(data[: len(data) // 2])
    empty, absent = tmp_path / "empty.expert", tmp_path / "absent.expert"
    empty.write_bytes(b"")
    bare = tiny.tar_gz(tmp_path / "bare.expert", {"readme.txt": b"x"})
    found = register([whole, cut, empty, absent, bare], cache_dir=tmp_path / "cache")
    assert known(found[0]).name == "expert-a"
    codes = [one.code for one in found[1:] if isinstance(one, ExpertError)]
    assert codes == ["corrupt_archive", "corrupt_archive", "not_found", "manifest_missing"]


def test_widths_that_only_a_conversion_tells_are_not_guessed(
    archive: Make, tiny_base: Path, tmp_path: Path
) -> None:
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "loha", "loha")
    folder = tiny.package(
        tmp_path / "wide", adapter, tiny_base, name="w", base_models=tiny.base_entry("loha")
    )
    wide = pack(folder, tmp_path / "wide.expert")
    assert known(register([wide], cache_dir=tmp_path / "cache")[0]).width is None


def test_a_damaged_index_is_made_anew(archive: Make, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / FILE).write_bytes(b"no database at all" * 1000)
    assert known(register([archive("expert-a")], cache_dir=cache)[0]).name == "expert-a"
    index_of(cache).close()
    assert [p.name for p in PackageIndex(cache).packages().values()] == ["expert-a"]


def test_an_index_that_cannot_be_written_is_kept_in_memory(archive: Make, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / FILE).mkdir(parents=True)
    one = known(register([archive("expert-a")], cache_dir=cache)[0])
    index = index_of(cache)
    assert index.manifest(one.digest).name == "expert-a"
    index.used({one.digest: (2, 5.0)})
    assert index.packages()[one.digest].uses == 2


def test_processes_write_one_index_at_a_time(archive: Make, tmp_path: Path) -> None:
    cache, paths = tmp_path / "cache", [archive(f"expert-{i}") for i in range(4)]
    code = (
        "import sys; from pathlib import Path; from expertserve.register import register\n"
        "found = register([Path(p) for p in sys.argv[2:]], cache_dir=Path(sys.argv[1]))\n"
        "assert all(hasattr(f, 'digest') for f in found), found"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(cache), *map(str, paths)])
        for _ in range(3)
    ]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    names = sorted(p.name for p in PackageIndex(cache).packages().values())
    assert names == [f"expert-{i}" for i in range(4)]
    (mode,) = sqlite3.connect(cache / FILE).execute("PRAGMA journal_mode").fetchone()
    assert mode == "wal"


def test_uses_are_added_up_and_survive(archive: Make, tmp_path: Path) -> None:
    path, cache = archive("expert-a"), tmp_path / "cache"
    one = known(register([path], cache_dir=cache)[0])
    index_of(cache).used({one.digest: (3, 10.0)})
    index_of(cache).used({one.digest: (2, 20.0)})
    os.utime(path, (1, 1))
    again = known(register([path], cache_dir=cache)[0])
    counted = PackageIndex(cache).packages()[one.digest]
    assert (again.uses, again.used) == (counted.uses, counted.used), "though it was read again"
    assert (counted.uses, counted.used) == (5, 20.0)
