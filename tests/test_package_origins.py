"""Packages as people's systems make them: macOS, PowerShell, the Hugging Face hub's cache."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from expertserve.errors import IntegrityError, LoadError
from expertserve.files import file_digest
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from tests import tiny

SOUND = {"manifest.json": b"{}", "adapter_model.safetensors": b"x" * 500, "docs/README.md": b"hi"}


def test_a_zip_from_powershell_has_folders(tmp_path: Path) -> None:
    """Its Compress-Archive separates names by backslashes."""
    names = {name.replace("/", "\\"): content for name, content in SOUND.items()}
    archive = tiny.zipped(tmp_path / "sound.expert", {"docs\\": b"", **names})
    opened = open_package(archive, cache_dir=tmp_path / "cache")
    assert {p: (opened.folder / p).read_bytes() for p in opened.files} == SOUND


def test_a_macs_attributes_and_notes_are_passed_over(tmp_path: Path) -> None:
    noted = tarfile.TarInfo("notes.txt")
    noted.pax_headers = {"LIBARCHIVE.xattr.com.apple.quarantine": "x" * 20_000}
    notes = {
        "._manifest.json": b"\0",
        "docs/._README.md": b"\0",
        "__MACOSX/x": b"",
        ".DS_Store": b"",
    }
    archive = tiny.tar_gz(tmp_path / "sound.expert", {**SOUND, **notes}, [noted])
    opened = open_package(archive, cache_dir=tmp_path / "cache")
    assert opened.files.keys() == SOUND.keys() | {"notes.txt"}


@pytest.mark.parametrize(
    "written",
    [
        "{digest}  sound.expert\n",
        "{DIGEST} *sound.expert\r\n",
        "sha256:{digest}",
        "SHA256 (sound.expert) = {digest}\n",
        "{other}  other.expert\n{digest}  sound.expert\n",
        "Algorithm Hash Path\n--------- ---- ----\nSHA256    {DIGEST} C:\\sound.expert\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_sidecar_is_read_as_people_write_it(written: str, encoding: str, tmp_path: Path) -> None:
    archive = tiny.tar_gz(tmp_path / "sound.expert", SOUND)
    sidecar, digest = tmp_path / "sound.expert.sha256", file_digest(archive)
    for found, sound in ((digest, True), ("0" * 64, False)):
        text = written.format(digest=found, DIGEST=found.upper(), other="f" * 64)
        sidecar.write_bytes(text.encode(encoding))
        if sound:
            assert open_package(archive, cache_dir=tmp_path / "cache").digest == digest
        else:
            with pytest.raises(IntegrityError, match="0" * 64):
                open_package(archive, cache_dir=tmp_path / "cache")


def snapshot(root: Path) -> Path:
    """SOUND as the Hugging Face hub's cache holds it: links into `blobs`."""
    folder = root / "models--x--y" / "snapshots" / "0a1b"
    blobs = root / "models--x--y" / "blobs"
    blobs.mkdir(parents=True)
    for i, (name, content) in enumerate(SOUND.items()):
        (blobs / f"{i}").write_bytes(content)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(os.path.relpath(blobs / f"{i}", (folder / name).parent))
    return folder


def test_a_hub_snapshots_links_are_followed_into_its_blobs(tmp_path: Path) -> None:
    folder = snapshot(tmp_path)
    opened = open_package(folder)
    assert {p: (opened.folder / p).read_bytes() for p in opened.files} == SOUND
    (folder / "again").symlink_to("manifest.json")
    assert open_package(folder).files["again"] == opened.files["manifest.json"]


@pytest.mark.parametrize(
    "target", ["/etc/hostname", "../../../secret", "../../../blobs2/x", "docs"]
)
def test_a_link_that_leaves_the_snapshot_is_refused(target: str, tmp_path: Path) -> None:
    folder = snapshot(tmp_path)
    (tmp_path / "secret").write_text("x")
    (tmp_path / "blobs2").mkdir()
    (tmp_path / "blobs2" / "x").write_text("x")
    (folder / "link").symlink_to(target)
    with pytest.raises(LoadError) as caught:
        open_package(folder)
    assert caught.value.code == "unsafe_member"


def test_links_lead_into_blobs_only_out_of_snapshots(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "x").write_text("x")
    folder = tmp_path / "packages" / "mine"
    folder.mkdir(parents=True)
    (folder / "link").symlink_to("../../blobs/x")
    with pytest.raises(LoadError, match="link"):
        open_package(folder)


def test_a_pointer_of_git_lfs_is_not_packed(tiny_package: Path, tmp_path: Path) -> None:
    (tiny_package / "tokenizer.json").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(LoadError) as caught:
        pack(tiny_package, tmp_path / "x.expert")
    assert caught.value.code == "git_lfs_pointer" and not (tmp_path / "x.expert").exists()
