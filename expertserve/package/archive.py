"""A `.expert` file or folder → a verified, unpacked, content-addressed folder.

The archive's SHA-256 names its place in the cache. An entry is written beside its place and moved
there in one step, so that two processes may load the same file at once and one that is killed
leaves nothing that could be taken for an entry. On every load an entry is checked against the
digests recorded with it; a damaged one is rebuilt.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal, NoReturn

from expertserve import config
from expertserve.errors import ExpertError, IntegrityError, LoadError
from expertserve.files import file_digest, move_into_place, part_path, remove_stale
from expertserve.package.members import Limits, Members
from expertserve.package.source import local_path

BLOCK = 1 << 20
ROOM, RATIO = 256 << 20, 100
"""Bounds on the unpacked size: bytes, and a multiple of the archive's size."""
NOTE = "entry.json"


@dataclass(frozen=True, slots=True)
class Package:
    """An unpacked package.

    Args:
        folder: Holds the members. In the cache it is shared: read only.
        digest: SHA-256 of the archive, or of the list of a folder's files.
        files: Every member's path and SHA-256.
        source: What was loaded.
        temporary: Whether `close` removes the folder.
    """

    folder: Path
    digest: str
    files: dict[str, str] = field(repr=False)
    source: Path
    temporary: bool = False

    def close(self) -> None:
        """Removes the folder of a package that was loaded without the cache; else does nothing."""
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)


def open_package(
    path: str | os.PathLike[str],
    *,
    checksum: str | None = None,
    cache_dir: Path | None = None,
    cache: bool = True,
    limits: Limits | None = None,
) -> Package:
    """Verifies and unpacks a package.

    Args:
        path: A `.expert` file (tar.gz or zip, recognised by its first bytes) or an unpacked folder.
        checksum: The archive's SHA-256 in hex, with or without ``sha256:``. A sidecar
            ``FILE.sha256`` is checked too.
        cache_dir: Instead of the user's cache folder.
        cache: False unpacks into a temporary folder that `Package.close` removes.
        limits: Bounds on members and sizes.

    Raises:
        LoadError: Missing, corrupt, truncated, or unsafe; nothing is left behind.
        IntegrityError: A checksum doesn't match; the message names both.
    """
    source = local_path(path)
    limits = limits or Limits()
    with _reading(source):
        if source.exists() and not source.is_dir() and not source.is_file():
            raise LoadError(f"{source} is neither a file nor a folder", code="not_found")
        if source.is_dir():
            return _open_folder(source, checksum, limits)
        digest = file_digest(source)
        _check_sums(source, digest, checksum)
        if not cache:
            return _unpack_temporarily(source, digest, limits)
        entry = (cache_dir or config.cache_dir()) / "packages" / digest
        files = _cached(entry)
        if files is None:
            files = _fill(entry, source, digest, limits)
        return Package(entry / "files", digest, files, source)


@contextmanager
def _reading(source: Path) -> Iterator[None]:
    """Translates what the operating system and the archive libraries raise."""
    try:
        yield
    except FileNotFoundError as error:
        missing = Path(str(error.filename or source))
        if missing == source:
            hint = "check the path; relative ones start at the current folder, " + str(Path.cwd())
            raise LoadError(
                f"there is no package at {source}", hint=hint, code="not_found"
            ) from error
        raise LoadError(f"{source}: {missing} vanished while it was read", code="io") from error
    except ValueError as error:
        raise LoadError(f"{source} is no path: {error}", code="not_found") from error
    except OSError as error:
        where = (
            f" ({error.filename})" if error.filename and str(error.filename) != str(source) else ""
        )
        raise LoadError(
            f"{source} can't be read or unpacked: {error.strerror or error}{where}", code="io"
        ) from error


def _corrupt(source: Path, error: Exception) -> LoadError:
    return LoadError(
        f"{source} is corrupt or truncated: {str(error) or type(error).__name__}",
        hint="download it again and compare its SHA-256 with the publisher's",
        code="corrupt_archive",
    )


# ── checksums ───────────────────────────────────────────────────────────────────────────────────


def _check_sums(source: Path, digest: str, checksum: str | None) -> None:
    if checksum is not None:
        compare_digest(source.name, digest, checksum, "the checksum that was passed")
    sidecar = source.with_name(source.name + ".sha256")
    if sidecar.is_file():
        words = sidecar.read_bytes()[:4096].decode("utf-8", "replace").split()
        compare_digest(source.name, digest, words[0] if words else "", sidecar.name)


def compare_digest(name: str, found: str, expected: str, where: str) -> None:
    """Raises IntegrityError unless `expected` (hex, ``sha256:`` allowed) is `found`."""
    wanted = str(expected).strip().lower().removeprefix("sha256:")
    if len(wanted) != 64 or any(c not in "0123456789abcdef" for c in wanted):
        raise IntegrityError(
            f"{where} is not a SHA-256: {expected[:80]!r}",
            hint="64 hexadecimal digits are expected",
            code="bad_checksum",
        )
    if wanted != found:
        raise IntegrityError(
            f"{name}: its SHA-256 is {found}, but {where} says {wanted}",
            hint="the file was changed or damaged after it was published; get it again",
            code="checksum_mismatch",
        )


# ── folders ─────────────────────────────────────────────────────────────────────────────────────


def _open_folder(source: Path, checksum: str | None, limits: Limits) -> Package:
    files = _digests(source, limits)
    digest = hashlib.sha256(
        "\n".join(f"{name}:{found}" for name, found in sorted(files.items())).encode()
    ).hexdigest()
    if checksum is not None:
        compare_digest(source.name, digest, checksum, "the checksum that was passed")
    return Package(source.resolve(), digest, files, source)


def _digests(folder: Path, limits: Limits) -> dict[str, str]:
    """Regular files below `folder`; refuses links and devices, skips hidden ones."""
    members, files = Members(limits), {}
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(folders + [n for n in names if not n.startswith(".")]):
            path = Path(root) / name
            relative = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise _not_a_file(relative)
            members.claim(relative)
            members.count(relative, path.stat().st_size, 0)
            files[relative] = file_digest(path)
    return files


# ── the cache ───────────────────────────────────────────────────────────────────────────────────


def _cached(entry: Path) -> dict[str, str] | None:
    """The files of a cache entry; None if absent or damaged (then removed)."""
    try:
        files: dict[str, str] = json.loads((entry / NOTE).read_bytes())
        found = {
            p.relative_to(entry / "files").as_posix(): file_digest(p)
            for p in (entry / "files").rglob("*")
            if p.is_file()
        }
    except FileNotFoundError:
        if not entry.exists():
            return None
        found, files = {}, {"": ""}  # a part of it is gone
    except (OSError, ValueError, RecursionError):
        found, files = {}, {"": ""}
    if found == files:
        return files
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
    return None


def _fill(entry: Path, source: Path, digest: str, limits: Limits) -> dict[str, str]:
    """Unpacks beside the entry's place and moves it there; the first process wins."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(entry.parent)
    part = part_path(entry.parent)
    part.mkdir()
    try:
        files = unpack(source, part / "files", limits)
        if file_digest(source) != digest:
            raise LoadError(
                f"{source} was changed while it was read", hint="load it again", code="io"
            )
        (part / NOTE).write_text(json.dumps(files))
        move_into_place(part, entry)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return files


def _unpack_temporarily(source: Path, digest: str, limits: Limits) -> Package:
    part = Path(tempfile.mkdtemp(prefix="expertserve-"))
    try:
        return Package(part, digest, unpack(source, part, limits), source, temporary=True)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


# ── archives ────────────────────────────────────────────────────────────────────────────────────


def unpack(source: Path, folder: Path, limits: Limits) -> dict[str, str]:
    """Writes an archive's regular files below `folder`; returns paths and SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = archive_kind(source)
    allowed = min(limits.total_bytes, ROOM + RATIO * source.stat().st_size)
    writer = _Writer(folder, Members(replace(limits, total_bytes=allowed)))
    try:
        if kind == "zip":
            _unpack_zip(source, writer)
        else:
            _unpack_tar(source, writer)
    except gzip.BadGzipFile as error:  # an OSError by descent, not by meaning
        raise _corrupt(source, error) from error
    except ExpertError:
        raise
    except OSError as error:
        if (
            error.errno == errno.EINVAL
        ):  # a place that no file has, where a damaged archive says that something lies
            raise _corrupt(source, error) from error
        raise
    except (
        Exception
    ) as error:  # what the archive libraries make of hostile bytes has no closed list
        raise _corrupt(source, error) from error
    return writer.files


def archive_kind(source: Path) -> Literal["tar.gz", "zip"]:
    """Told by the first bytes; LoadError for anything else."""
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


class _Writer:
    """Writes members, counting and hashing as the bytes pass."""

    def __init__(self, folder: Path, members: Members) -> None:
        self.folder = folder
        self.members = members
        self.files: dict[str, str] = {}

    def file(self, name: str, size: int, source: IO[bytes]) -> None:
        path = self.members.claim(name)
        if not path.parts:
            raise LoadError(f"unsafe member name {name!r}: it names no file", code="unsafe_member")
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
        if member.type in cls.HEADERS and member.size > 4096:  # a name has 240 characters at most
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


def _unpack_tar(source: Path, writer: _Writer) -> None:
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


def _unpack_zip(source: Path, writer: _Writer) -> None:
    with _SmallReads(source) as file, zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            mode = member.external_attr >> 16
            if member.is_dir():
                writer.members.claim(member.filename.rstrip("/"), folder=True)
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
                    writer.file(member.filename, member.file_size, stream)


def verify_files(package: Package, expected: dict[str, str], where: str) -> list[str]:
    """Verifies members against listed hashes. Returns entries that can't be verified.

    Raises:
        IntegrityError: A listed file is missing or differs.
    """
    uncovered = []
    for name, digest in sorted(expected.items()):
        if name == "manifest.json":
            uncovered.append(name)  # the hash stands inside the file that it is the hash of
        elif name not in package.files:
            raise IntegrityError(
                f"{where} lists {name!r}, which the package doesn't have", code="file_missing"
            )
        else:
            compare_digest(name, package.files[name], digest, where)
    return uncovered
