"""Files and folders that are made beside their place and moved there once they are whole.

A file made under a name of `part_path` has the permissions that the user's umask gives. Those of
`tempfile` are for their maker alone and would stay so after the rename, and what root prepares in
an image has to be readable by whoever serves it.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from expertserve.errors import LoadError

PREFIX = ".part-"
STALE_SECONDS = 3600.0


def part_path(folder: Path) -> Path:
    """A path in `folder` that nobody has."""
    return folder / f"{PREFIX}{secrets.token_hex(8)}"


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yields a path beside the target, which replaces it in one step when the block ends.

    A failure leaves the old file, and nothing else.

    Args:
        durable: Flush file and folder to the disk before returning.
    """
    part = part_path(path.parent)
    try:
        yield part
        if durable:
            with part.open("rb+") as file:
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if durable:
        with suppress(OSError):  # the file is in place; this only hastens it to the disk
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replaces a file's content in one step; see `replacing`."""
    with replacing(path, durable=durable) as part:
        part.write_bytes(data)


def move_file(part: Path, path: Path) -> None:
    """Renames a finished file, whose name depends on its content, into its place."""
    part.replace(path)


def move_into_place(part: Path, entry: Path) -> None:
    """Renames a finished folder into its content-addressed place, unless one is there."""
    try:
        part.rename(entry)
    except OSError:
        if not entry.is_dir():
            raise


def replace_folder(part: Path, target: Path) -> None:
    """Renames a finished folder into its place; one that is there is removed afterwards."""
    old = set_aside(target) if target.exists() else None
    try:
        part.rename(target)
    except OSError:
        if old:
            old.rename(target)
        raise
    if old:
        shutil.rmtree(old, ignore_errors=True)


def set_aside(entry: Path) -> Path:
    """Renames what is to be removed, so that nobody finds it half gone; gives where it is now."""
    part = part_path(entry.parent)
    entry.rename(part)
    return part


def remove_stale(folder: Path) -> None:
    """Removes what killed processes left: parts that nobody has touched for an hour."""
    for left in folder.glob(f"{PREFIX}*"):
        try:
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()
        except OSError:
            continue


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex; reads it once, a megabyte at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_ahead(path: Path) -> None:
    """Has the system read a file into its cache, for whoever must not wait for a disk."""
    block = bytearray(1 << 20)
    with suppress(OSError), path.open("rb", buffering=0) as file:  # who needs it will tell
        while file.readinto(block):
            pass


LFS = b"version https://git-lfs.github.com/spec/"


def check_not_pointer(file: Path) -> None:
    """Refuses what Git LFS leaves in a clone for a file that it didn't fetch.

    Raises:
        LoadError: `git_lfs_pointer`.
    """
    with file.open("rb") as opened:
        _check_start(file, opened.read(len(LFS)))


def _check_start(file: Path, data: bytes) -> None:
    if data.startswith(LFS):
        raise LoadError(
            f"{file.name} is a Git LFS pointer: the file itself wasn't fetched",
            hint="run `git lfs pull` where it was cloned, or download the file",
            code="git_lfs_pointer",
        )


def decode_text(data: bytes) -> str:
    """UTF-8, with a byte order mark or without one, or UTF-16 with one, as PowerShell writes."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf16 else "utf-8-sig", "replace")


def read_bounded(file: Path, limit: int) -> bytes:
    """A file's bytes, if within `limit`: a kilobyte in an archive may unpack to gigabytes.

    Raises:
        LoadError: `member_too_large`, `git_lfs_pointer`.
    """
    if file.stat().st_size > limit:
        raise LoadError(
            f"{file.name} has {file.stat().st_size:,} bytes; at most {limit:,} are read",
            code="member_too_large",
        )
    data = file.read_bytes()
    _check_start(file, data)
    return data
