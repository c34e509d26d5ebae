"""Unpacking an archive: every member's name, kind and size is checked before it is written."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Literal, NoReturn, Protocol

from expertserve.errors import ExpertError, LoadError
from expertserve.files import check_not_pointer
from expertserve.package.members import Limits, Members

BLOCK = 1 << 20


MAX_EXTENSION = 256 << 10
"""A member's name has 240 bytes at most, but macOS writes a file's attributes there, too."""
MACOS = ("__MACOSX/", ".DS_Store")
ROOM, RATIO = 256 << 20, 100
"""Bounds on the unpacked size: bytes, and a multiple of the archive's size."""


def corrupt(source: Path, error: Exception) -> LoadError:
    return LoadError(
        f"{source} is corrupt or truncated: {str(error) or type(error).__name__}",
        hint="download it again and compare its SHA-256 with the publisher's",
        code="corrupt_archive",
    )


def unpack(source: Path, folder: Path, limits: Limits) -> dict[str, str]:
    """Writes an archive's regular files below `folder`; returns paths and SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = _Writer(folder, Members(_allowed(source, limits)))
    with _translated(source):
        _unpack(source, writer)
    return writer.files


def read_members(source: Path, wanted: Mapping[str, int], limits: Limits) -> dict[str, bytes]:
    """Some of an archive's members, read no further than the last of them. Writes nothing.

    Args:
        wanted: Names, and how many bytes each may have at most.

    Raises:
        LoadError: As `unpack`, of what was read.
    """
    writer = _Finder(Members(_allowed(source, limits)), wanted)
    with _translated(source):
        _unpack(source, writer)
    return writer.found


def looks_whole(source: Path) -> bool:
    """Whether an archive ends as a sound one does: all but one in 500 truncated ones don't.

    A tar has whole blocks, and gzip ends with how many bytes it had. A zip ends with its directory,
    which is read anyway.
    """
    if archive_kind(source) == "zip":
        return True
    with source.open("rb") as file:
        file.seek(-4, io.SEEK_END)
        (length,) = struct.unpack("<I", file.read(4))
    return bool(length) and length % tarfile.BLOCKSIZE == 0


def _allowed(source: Path, limits: Limits) -> Limits:
    allowed = min(limits.total_bytes, ROOM + RATIO * source.stat().st_size)
    return replace(limits, total_bytes=allowed)


def _unpack(source: Path, writer: _Sink) -> None:
    if archive_kind(source) == "zip":
        _unpack_zip(source, writer)
    else:
        _unpack_tar(source, writer)


@contextmanager
def _translated(source: Path) -> Iterator[None]:
    """What the archive libraries raise becomes LoadError `corrupt_archive`."""
    try:
        yield
    except gzip.BadGzipFile as error:  # an OSError by descent, not by meaning
        raise corrupt(source, error) from error
    except ExpertError:
        raise
    except OSError as error:
        if (
            error.errno == errno.EINVAL
        ):  # a place that no file has, where a damaged archive says that something lies
            raise corrupt(source, error) from error
        raise
    except (
        Exception
    ) as error:  # what the archive libraries make of hostile bytes has no closed list
        raise corrupt(source, error) from error


def archive_kind(source: Path) -> Literal["tar.gz", "zip"]:
    """Told by the first bytes; LoadError for anything else."""
    check_not_pointer(source)
    with source.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"\x1f\x8b":
        return "tar.gz"
    if start in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    what = "empty" if not start else "neither a gzip'd tar nor a zip archive"
    raise LoadError(
        f"{source} is {what}",
        hint="a .expert file is made by `expertserve pack`",
        code="corrupt_archive",
    )


class _Sink(Protocol):
    """Takes an archive's members, one after the other, until it has what it wants."""

    members: Members
    done: bool

    def file(self, name: str, size: int, source: IO[bytes]) -> None: ...


class _Finder:
    """Keeps some members in memory, and passes the others by."""

    def __init__(self, members: Members, wanted: Mapping[str, int]) -> None:
        self.members, self.done = members, False
        self.found: dict[str, bytes] = {}
        self._wanted = wanted

    def file(self, name: str, size: int, source: IO[bytes]) -> None:
        path = str(self.members.claim(name))
        self.members.count(name, size, 0)
        if path in self._wanted:
            most = self._wanted[path]
            if size > most:
                raise LoadError(
                    f"{name} has {size:,} bytes; at most {most:,} are read", code="member_too_large"
                )
            self.found[path] = source.read(size)
            self.done = len(self.found) == len(self._wanted)


class _Writer:
    """Writes members, counting and hashing as the bytes pass."""

    done = False

    def __init__(self, folder: Path, members: Members) -> None:
        self.folder = folder
        self.members = members
        self.files: dict[str, str] = {}

    def file(self, name: str, size: int, source: IO[bytes]) -> None:
        path = self.members.claim(name)
        if not path.parts:
            raise LoadError(f"unsafe member name {name!r}: it names no file", code="unsafe_member")
        if path.name.startswith("._") or str(path).startswith(MACOS):
            return  # a Mac's notes about another member
        self.members.count(name, size, 0)  # what the header says, before anything is written
        self.members.total -= size
        target, digest, written = self.folder / path, hashlib.sha256(), 0
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as sink:
            while block := source.read(BLOCK):
                self.members.count(name, len(block), written)
                written += len(block)
                digest.update(block)
                sink.write(block)
        if written != size:
            raise LoadError(
                f"{name!r} has {written:,} bytes, its header says {size:,}", code="corrupt_archive"
            )
        self.files[str(path)] = digest.hexdigest()


def _not_a_file(name: str) -> LoadError:
    return LoadError(
        f"{name!r} is neither a file nor a folder",
        hint="links, devices and pipes are not allowed in packages",
        code="unsafe_member",
    )


class _BoundedTarInfo(tarfile.TarInfo):
    """Refuses extension headers that tarfile would read into memory whole."""

    HEADERS = (
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    )

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _BoundedTarInfo:
        try:
            member = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise  # the end mark
        except tarfile.HeaderError as error:  # tarfile would take a damaged header for the end
            raise LoadError(
                f"the archive is damaged between two members: {error}", code="corrupt_archive"
            ) from error
        if member.type in cls.HEADERS and member.size > MAX_EXTENSION:
            raise LoadError(
                f"the archive has an extension header of {member.size:,} bytes",
                code="member_too_large",
            )
        if member.type == tarfile.GNUTYPE_SPARSE:
            raise _not_a_file(member.name)
        return member

    def _refuse_sparse(self, *_: object) -> NoReturn:
        raise _not_a_file(self.name)

    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse_sparse


class _Counted:
    """A stream that refuses to give more than `limit` bytes: no header is a bomb."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._read: Callable[[int], bytes] = stream.read
        self._left = limit

    def read(self, size: int) -> bytes:
        block = self._read(size)
        self._left -= len(block)
        if self._left < 0:
            raise LoadError("the archive unpacks to more than it may", code="archive_too_large")
        return block


def _unpack_tar(source: Path, writer: _Sink) -> None:
    limits = writer.members.limits
    with gzip.open(source, "rb") as stream:
        counted = _Counted(stream, limits.total_bytes + 2048 * limits.members + (1 << 20))
        with tarfile.open(fileobj=counted, mode="r|", tarinfo=_BoundedTarInfo) as archive:  # type: ignore[call-overload]
            for member in archive:
                if member.isdir():
                    writer.members.claim(member.name.rstrip("/"), folder=True)
                elif not member.isreg() or member.issparse():
                    raise _not_a_file(member.name)
                else:
                    writer.file(member.name, member.size, archive.extractfile(member))
                    if writer.done:
                        return
        while rest := counted.read(BLOCK):  # to the end, so that gzip's own checksum is verified
            if rest.strip(b"\0"):
                raise LoadError("the archive goes on behind its end mark", code="corrupt_archive")


class _SmallReads(io.FileIO):
    """A file that reads at most 8 MB at once: zipfile reads the directory whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > 8 << 20:
            raise LoadError(
                f"the archive's list of members has {size:,} bytes", code="too_many_members"
            )
        return super().read(size)


def _unpack_zip(source: Path, writer: _Sink) -> None:
    with _SmallReads(source) as file, zipfile.ZipFile(file) as archive:
        from_windows = not any("/" in name for name in archive.namelist())
        for member in archive.infolist():
            mode = member.external_attr >> 16
            # PowerShell separates folders by backslashes; they can't be both in one archive
            name = member.filename.replace("\\", "/") if from_windows else member.filename
            if name.endswith("/"):
                writer.members.claim(name.rstrip("/"), folder=True)
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise _not_a_file(member.filename)
            elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise LoadError(
                    f"{member.filename!r} is neither stored nor deflated",
                    hint="pack it with `expertserve pack`",
                    code="corrupt_archive",
                )
            elif member.flag_bits & 1:
                raise LoadError(
                    f"{member.filename!r} is encrypted",
                    hint="packages are signed, not encrypted",
                    code="corrupt_archive",
                )
            else:
                with archive.open(member) as stream:
                    writer.file(name, member.file_size, stream)
                if writer.done:
                    return
