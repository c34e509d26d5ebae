"""Archives, sound and hostile: what opens, what is refused with which code, and that nothing is
left behind.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import multiprocessing
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expertserve.errors import ConfigError, ExpertError, IntegrityError, LoadError
from expertserve.files import part_path, remove_stale
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.cache import NOTES
from expertserve.package.members import Limits, inside, safe_path
from tests import tiny

SOUND = {
    "manifest.json": json.dumps(tiny.manifest()).encode(),
    "adapter_model.safetensors": b"x" * 500,
    "docs/README.md": b"hello",
}


def leftovers(cache: Path) -> list[Path]:
    """What a failed load left in the cache, but for the folder that processes lock."""
    return [p for p in cache.rglob("*") if p != cache / NOTES]


def header(name: str, kind: bytes, link: str = "", size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, size
    return member


def _pax(name: str, attributes: dict[str, str]) -> tarfile.TarInfo:
    member = header(name, tarfile.REGTYPE)
    member.pax_headers = attributes
    return member


def hostile_tar(*extra: tarfile.TarInfo) -> Callable[[Path], Path]:
    return lambda target: tiny.tar_gz(target, SOUND, list(extra))


def named(*names: str) -> Callable[[Path], Path]:
    """A tar with extra members of these names."""
    return lambda target: tiny.tar_gz(target, SOUND, [header(n, tarfile.REGTYPE) for n in names])


def raw(data: bytes) -> Callable[[Path], Path]:
    def write(target: Path) -> Path:
        target.write_bytes(data)
        return target

    return write


def sound_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in SOUND.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def pax_bomb(target: Path) -> Path:
    """A header that asks for 8 MB of extended attributes."""
    tar = header("x", tarfile.XHDTYPE, size=8 << 20).tobuf(tarfile.PAX_FORMAT) + b"\0" * (8 << 20)
    target.write_bytes(gzip.compress(tar))
    return target


def zip_link(target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return target


def zip_crc(target: Path) -> Path:
    tiny.zipped(target, SOUND)
    data = bytearray(target.read_bytes())
    data[data.index(b"x" * 100) + 10] ^= 0xFF
    target.write_bytes(bytes(data))
    return target


def plain_tar() -> bytes:
    return gzip.decompress(sound_bytes())


def second_header() -> int:
    """Where the second member's header begins."""
    return 512 + (len(SOUND["manifest.json"]) + 511) // 512 * 512


def zip_bz2(target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("manifest.json", b"\0" * 1_000_000)
    return target


def zip_encrypted(target: Path) -> Path:
    tiny.zipped(target, SOUND)
    data = bytearray(target.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    target.write_bytes(bytes(data))
    return target


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty file": (raw(b""), "corrupt_archive"),
    "text": (raw(b"hello, I am not an archive"), "corrupt_archive"),
    "gzip of text": (raw(gzip.compress(b"hello" * 200)), "corrupt_archive"),
    "gzip header alone": (raw(b"\x1f\x8b\x08\0\0\0\0\0\0\xff"), "corrupt_archive"),
    "truncated at a half": (raw(sound_bytes()[: len(sound_bytes()) // 2]), "corrupt_archive"),
    "truncated by its checksum": (raw(sound_bytes()[:-4]), "corrupt_archive"),
    "damaged checksum": (raw(sound_bytes()[:-6] + b"\0\0" + sound_bytes()[-4:]), "corrupt_archive"),
    "damaged in the middle": (
        raw(sound_bytes()[:60] + b"\xff\0\xff" + sound_bytes()[63:]),
        "corrupt_archive",
    ),
    "absolute path": (named("/etc/x"), "unsafe_member"),
    "leaves the folder": (named("../x"), "unsafe_member"),
    "leaves it from within": (named("a/../../x"), "unsafe_member"),
    "drive letter": (named("C:/x"), "unsafe_member"),
    "backslashes": (named("..\\x"), "unsafe_member"),
    "unc path": (named("\\\\host\\x"), "unsafe_member"),
    "device name": (named("con"), "unsafe_member"),
    "device name with an extension": (named("a/NUL.txt"), "unsafe_member"),
    "alternate stream": (named("x.txt:hidden"), "unsafe_member"),
    "trailing dot": (named("x."), "unsafe_member"),
    "trailing blank": (named("x /y"), "unsafe_member"),
    "newline in the name": (named("a\nb"), "unsafe_member"),
    "right-to-left mark": (named("a\u202eb"), "unsafe_member"),
    "endless name": (named("n" * 300), "unsafe_member"),
    "wildcard": (named("a*"), "unsafe_member"),
    "symbolic link": (hostile_tar(header("l", tarfile.SYMTYPE, "/etc/passwd")), "unsafe_member"),
    "link inside": (hostile_tar(header("l", tarfile.SYMTYPE, "manifest.json")), "unsafe_member"),
    "hard link": (hostile_tar(header("l", tarfile.LNKTYPE, "manifest.json")), "unsafe_member"),
    "chained links": (
        hostile_tar(header("a", tarfile.SYMTYPE, "."), header("a/b", tarfile.SYMTYPE, "..")),
        "unsafe_member",
    ),
    "character device": (hostile_tar(header("d", tarfile.CHRTYPE)), "unsafe_member"),
    "block device": (hostile_tar(header("d", tarfile.BLKTYPE)), "unsafe_member"),
    "pipe": (hostile_tar(header("p", tarfile.FIFOTYPE)), "unsafe_member"),
    "sparse file": (hostile_tar(header("s", tarfile.GNUTYPE_SPARSE)), "unsafe_member"),
    "a member twice": (named("manifest.json"), "duplicate_member"),
    "a member twice but for a dot": (named("./manifest.json"), "duplicate_member"),
    "names that differ by case": (named("MANIFEST.json"), "duplicate_member"),
    "names that differ by composition": (named("caf\u00e9", "cafe\u0301"), "duplicate_member"),
    "folders that differ by case": (named("DOCS/x"), "duplicate_member"),
    "a file as a folder": (named("docs/README.md/x"), "duplicate_member"),
    "a folder as a file": (named("docs"), "duplicate_member"),
    "pax bomb": (pax_bomb, "member_too_large"),
    "a Git LFS pointer": (raw(b"version https://git-lfs.github.com/spec/v1\n"), "git_lfs_pointer"),
    "a damaged header between members": (
        raw(
            gzip.compress(
                plain_tar()[: second_header()]
                + b"\xff" * 512
                + plain_tar()[second_header() + 512 :]
            )
        ),
        "corrupt_archive",
    ),
    "cut behind the first member": (
        raw(gzip.compress(plain_tar()[: second_header()])),
        "corrupt_archive",
    ),
    "a second archive behind the first": (
        raw(gzip.compress(plain_tar() + plain_tar())),
        "corrupt_archive",
    ),
    "sparse by extended attributes": (
        lambda t: tiny.tar_gz(
            t, SOUND, [_pax("s", {"GNU.sparse.map": "abc", "GNU.sparse.size": "x"})]
        ),
        "unsafe_member",
    ),
    "endless folders": (hostile_tar(*[header("a", tarfile.DIRTYPE)] * 5000), "too_many_members"),
    "zip: bzip2": (zip_bz2, "corrupt_archive"),
    "zip: link": (zip_link, "unsafe_member"),
    "zip: wrong checksum": (zip_crc, "corrupt_archive"),
    "zip: encrypted": (zip_encrypted, "corrupt_archive"),
    "zip: leaves the folder": (lambda t: tiny.zipped(t, {**SOUND, "../x": b""}), "unsafe_member"),
    "zip: absolute": (lambda t: tiny.zipped(t, {**SOUND, "/x": b""}), "unsafe_member"),
    "zip: case": (lambda t: tiny.zipped(t, {**SOUND, "Manifest.json": b""}), "duplicate_member"),
    "zip: backslashes that leave the folder": (
        lambda t: tiny.zipped(t, {"manifest.json": b"", "..\\x": b""}),
        "unsafe_member",
    ),
    "zip: a backslash beside a slash": (
        lambda t: tiny.zipped(t, {**SOUND, "a\\b": b""}),
        "unsafe_member",
    ),
    "zip: two that backslashes make one": (
        lambda t: tiny.zipped(t, {"a\\b": b"1", "A\\b": b"2"}),
        "duplicate_member",
    ),
    "zip: a drive": (lambda t: tiny.zipped(t, {"C:\\x": b""}), "unsafe_member"),
    "zip: truncated": (
        lambda t: raw(tiny.zipped(t, SOUND).read_bytes()[:-30])(t),
        "corrupt_archive",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    make, code = HOSTILE[name]
    archive = make(tmp_path / "hostile.expert")
    with pytest.raises(LoadError) as caught:
        open_package(archive, cache_dir=tmp_path / "cache")
    assert caught.value.code == code
    assert [p for p in leftovers(tmp_path / "cache") if p.name != "packages"] == []
    assert sorted(p.name for p in tmp_path.iterdir()) in (
        ["cache", "hostile.expert"],
        ["hostile.expert"],
    )


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(members=2), "too_many_members"),
        (Limits(member_bytes=400), "member_too_large"),
        (Limits(total_bytes=700), "archive_too_large"),
    ],
)
@pytest.mark.parametrize("write", [tiny.tar_gz, tiny.zipped])
def test_limits_hold_for_both_formats(
    write: Callable[..., Path], limits: Limits, code: str, tmp_path: Path
) -> None:
    archive = write(tmp_path / "large.expert", SOUND)
    with pytest.raises(LoadError) as caught:
        open_package(archive, cache_dir=tmp_path / "cache", limits=limits)
    assert caught.value.code == code


def test_a_bomb_is_refused_before_it_is_written(tmp_path: Path) -> None:
    archive = tiny.tar_gz(tmp_path / "bomb.expert", {**SOUND, "zeros": b"\0" * (30 << 20)})
    assert archive.stat().st_size < 1 << 20
    with pytest.raises(LoadError, match="larger than"):
        open_package(archive, cache_dir=tmp_path / "cache", limits=Limits(member_bytes=1 << 20))
    assert [p for p in leftovers(tmp_path / "cache") if p.is_file()] == []


@pytest.mark.parametrize("write", [tiny.tar_gz, tiny.zipped])
def test_both_formats_and_a_folder_give_the_same_files(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    archive = write(tmp_path / "sound.expert", SOUND)
    opened = open_package(archive, cache_dir=tmp_path / "cache")
    assert {p: (opened.folder / p).read_bytes() for p in opened.files} == SOUND
    assert opened.digest == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert open_package(opened.folder).files == opened.files


def test_the_cache_is_keyed_by_content_and_mended_when_damaged(tmp_path: Path) -> None:
    archive = tiny.tar_gz(tmp_path / "sound.expert", SOUND)
    first = open_package(archive, cache_dir=tmp_path / "cache")
    copy = tmp_path / "other-name.expert"
    copy.write_bytes(archive.read_bytes())
    assert open_package(copy, cache_dir=tmp_path / "cache").folder == first.folder
    (first.folder / "docs" / "README.md").write_text("changed")
    assert (
        open_package(archive, cache_dir=tmp_path / "cache").folder / "docs" / "README.md"
    ).read_bytes() == b"hello"
    (first.folder.parent / "entry.json").write_text("not json")
    assert (
        open_package(archive, cache_dir=tmp_path / "cache").folder / "docs" / "README.md"
    ).read_bytes() == b"hello"


def test_without_the_cache_the_temporary_folder_goes_with_close(tmp_path: Path) -> None:
    opened = open_package(
        tiny.tar_gz(tmp_path / "sound.expert", SOUND), cache_dir=tmp_path / "cache", cache=False
    )
    assert (opened.folder / "manifest.json").exists()
    opened.close()
    assert not opened.folder.exists() and not (tmp_path / "cache").exists()


def _open(arguments: tuple[Path, Path]) -> str:
    return open_package(arguments[0], cache_dir=arguments[1]).digest


def test_several_processes_may_load_the_same_file_at_once(tmp_path: Path) -> None:
    archive = tiny.tar_gz(tmp_path / "sound.expert", {**SOUND, "weights": b"w" * (1 << 20)})
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        digests = pool.map(_open, [(archive, tmp_path / "cache")] * 6)
    assert len(set(digests)) == 1
    assert [p.name for p in (tmp_path / "cache" / "packages").iterdir()] == digests[:1]


def test_checksums_from_sidecar_and_argument(tmp_path: Path) -> None:
    archive = tiny.tar_gz(tmp_path / "sound.expert", SOUND)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    sidecar = tmp_path / "sound.expert.sha256"
    sidecar.write_text(f"{digest}  sound.expert\n")
    open_package(archive, checksum=f"sha256:{digest.upper()}", cache_dir=tmp_path / "cache")
    with pytest.raises(IntegrityError, match="checksum that was passed") as caught:
        open_package(archive, checksum="0" * 64, cache_dir=tmp_path / "cache")
    assert digest in str(caught.value) and "0" * 64 in str(caught.value)
    sidecar.write_text(f"{'1' * 64}  sound.expert\n")
    with pytest.raises(IntegrityError, match=r"sound\.expert\.sha256"):
        open_package(archive, cache_dir=tmp_path / "cache")
    for nonsense in ("", "zz", "1" * 63):
        with pytest.raises(IntegrityError, match="not a SHA-256"):
            open_package(archive, checksum=nonsense, cache_dir=tmp_path / "cache")


def test_a_missing_package_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no package at") as caught:
        open_package(tmp_path / "missing.expert", cache_dir=tmp_path / "cache")
    assert caught.value.code == "not_found" and str(Path.cwd()) in caught.value.hint


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(LoadError) as caught:
        open_package(folder)
    assert caught.value.code == "unsafe_member"


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(LoadError) as caught:
        open_package(tiny.tar_gz(tmp_path / "sound.expert", SOUND), cache_dir=tmp_path / "cache")
    assert caught.value.code == "io"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cut=st.integers(0, len(sound_bytes())),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), max_size=4),
)
def test_no_damage_brings_another_error_than_ours(
    cut: int, flips: list[tuple[int, int]], tmp_path: Path
) -> None:
    data = bytearray(sound_bytes()[:cut])
    for at, bits in flips:
        if data:
            data[at % len(data)] ^= bits
    archive = raw(bytes(data))(tmp_path / "damaged.expert")
    try:
        open_package(archive, cache_dir=tmp_path / "cache")
    except ExpertError:
        assert not list((tmp_path / "cache").rglob(".part-*"))


@given(st.text(max_size=30))
def test_a_safe_path_never_leaves_its_folder(name: str) -> None:
    try:
        path = safe_path(name)
    except LoadError:
        return
    assert not path.is_absolute() and ".." not in path.parts
    assert inside(Path("/folder"), name).is_relative_to("/folder")


def test_packing_is_reproducible_and_writes_checksums(tiny_package: Path, tmp_path: Path) -> None:
    first = pack(tiny_package, tmp_path / "a.expert").read_bytes()
    (tiny_package / "manifest.json").touch()
    assert pack(tiny_package, tmp_path / "b.expert").read_bytes() == first
    opened = open_package(tmp_path / "b.expert", cache_dir=tmp_path / "cache")
    listed = json.loads((opened.folder / "manifest.json").read_text())["integrity"]["files"]
    assert listed == {n: d for n, d in opened.files.items() if n != "manifest.json"}


def test_a_folder_is_not_packed_into_itself(
    tiny_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_package)
    for target in (None, tiny_package / "new" / "x.expert"):
        with pytest.raises(ConfigError) as caught:
            pack(Path(), target)
        assert caught.value.code == "bad_target" and not list(tiny_package.glob("*.expert*"))


def test_what_is_cached_has_the_rights_that_any_new_file_has(
    tiny_package: Path, tmp_path: Path
) -> None:
    archive, before = pack(tiny_package, tmp_path / "a.expert"), os.umask(0o027)
    try:
        folder = open_package(archive, cache_dir=tmp_path / "cache").folder
    finally:
        os.umask(before)
    rights = {
        p: stat.S_IMODE(p.stat().st_mode) for p in (folder.parent, folder, folder / "manifest.json")
    }
    assert list(rights.values()) == [0o750, 0o750, 0o640]


def test_parts_that_nobody_touched_for_an_hour_go(tmp_path: Path) -> None:
    old, file, new = (part_path(tmp_path) for _ in range(3))
    for path in (old, new):
        path.mkdir()
    (old / "x").touch()
    file.touch()
    for path in (old, file):
        os.utime(path, (0, 0))
    remove_stale(tmp_path)
    assert list(tmp_path.iterdir()) == [new]


def test_packing_nonsense_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, code in (
        (tmp_path / "missing", "not_found"),
        (tmp_path / "empty", "manifest_missing"),
    ):
        with pytest.raises(LoadError) as caught:
            pack(folder, tmp_path / "out.expert")
        assert caught.value.code == code
    assert not list(tmp_path.glob("*.expert*"))
