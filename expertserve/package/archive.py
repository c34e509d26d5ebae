"""A `.expert` file or folder → a verified, unpacked, content-addressed folder.

The archive's SHA-256 names its place in the cache. An entry is written beside its place and moved
there in one step, so that two processes may load the same file at once and one that is killed
leaves nothing that could be taken for an entry. On every load an entry is checked against the
digests recorded with it; a damaged one is rebuilt.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from expertserve import config
from expertserve.errors import ExpertError, IntegrityError, LoadError
from expertserve.files import (
    decode_text,
    file_digest,
    move_file,
    move_into_place,
    part_path,
    remove_stale,
)
from expertserve.package.cache import CacheUse, discard, grew, read_entry, share, use_of
from expertserve.package.members import Limits, Members, is_inside
from expertserve.package.source import local_path
from expertserve.package.unpack import _not_a_file, looks_whole, read_members, unpack

NOTE = "entry.json"
LEFT_OUT = "left-out.json"
EMPTY = hashlib.sha256().hexdigest()
LeaveOut = Callable[[Path], Collection[str]]
SHA256 = re.compile(r"(sha256:)?[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Package:
    """An unpacked package.

    Args:
        folder: Holds the members. In the cache it is shared: read only.
        digest: SHA-256 of the archive, or of the list of a folder's files.
        files: Every member's path and SHA-256.
        source: What was loaded.
        temporary: Whether `close` removes the folder.
        uses: Keep what it needs of the cache from being removed.
        left_out: Members that are empty in the folder; `members` has them.
        aside: Where they still are from unpacking; removed once they were read.
    """

    folder: Path
    digest: str
    files: dict[str, str] = field(repr=False)
    source: Path
    temporary: bool = False
    uses: tuple[CacheUse, ...] = field(default=(), repr=False, compare=False)
    left_out: tuple[str, ...] = ()
    aside: Path | None = None

    @contextmanager
    def members(self) -> Iterator[Path]:
        """A folder with those that were left out; they are unpacked again where they are gone.

        Raises:
            LoadError: The archive isn't what it was.
        """
        if not self.left_out:
            yield self.folder
            return
        if self.aside is not None and self.aside.is_dir():
            folder = self.aside
        else:
            with _reading(self.source):
                folder = part_path(self.folder.parent.parent)
                if unpack(self.source, folder, Limits()) != self.files:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise _changed(self.source)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def forget_members(self) -> None:
        """Removes what was set aside: nobody reads it any more."""
        if self.aside:
            shutil.rmtree(self.aside, ignore_errors=True)

    def close(self) -> None:
        """Lets the cache remove it; removes the folder of one that was loaded without the cache."""
        for use in self.uses:
            use.close()
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.forget_members()

    def refuse(self) -> None:
        """Closes it, and removes from the cache what nobody else uses of it."""
        self.close()
        for use in self.uses:
            discard(use.entry)

    @contextmanager
    def judged(self) -> Iterator[None]:
        """A package that is refused in this block leaves nothing in the cache."""
        try:
            yield
        except ExpertError:
            self.refuse()
            raise
        except BaseException:
            self.close()
            raise


def open_package(
    path: str | os.PathLike[str],
    *,
    checksum: str | None = None,
    cache_dir: Path | None = None,
    cache: bool = True,
    limits: Limits | None = None,
    leave_out: LeaveOut | None = None,
) -> Package:
    """Verifies and unpacks a package.

    Args:
        path: A `.expert` file (tar.gz or zip, recognised by its first bytes) or an unpacked folder.
        checksum: The archive's SHA-256 in hex, with or without ``sha256:``. A sidecar
            ``FILE.sha256`` is checked too.
        cache_dir: Instead of the user's cache folder.
        cache: False unpacks into a temporary folder that `Package.close` removes.
        limits: Bounds on members and sizes.
        leave_out: Names the members of an unpacked folder that the cache needn't keep, since they
            are read once. They are empty files there; see `Package.members`.

    Raises:
        LoadError: Missing, corrupt, truncated, or unsafe; nothing is left behind.
        IntegrityError: A checksum doesn't match; the message names both.
    """
    source = local_path(path, cache_dir=cache_dir)
    limits = limits or Limits()
    with _reading(source):
        if source.exists() and not source.is_dir() and not source.is_file():
            raise LoadError(f"{source} is neither a file nor a folder", code="not_found")
        root = cache_dir or config.cache_dir()
        fetched = use_of(source, root)  # what was fetched lies in the cache
        uses = (fetched,) if fetched else ()
        if source.is_dir():
            return replace(_open_folder(source, checksum, limits), uses=uses)
        digest = file_digest(source)
        _check_sums(source, digest, checksum)
        if not cache:
            return _unpack_temporarily(source, digest, limits)
        whole = root / "packages" / digest
        entry = whole.with_name(f"{digest}-lean") if leave_out and not whole.exists() else whole
        uses = (*uses, CacheUse(entry))
        try:
            found = read_entry(entry, _cached) or _fill(entry, source, digest, limits, leave_out)
        except BaseException:
            for use in uses:
                use.close()
            raise
        return replace(found, digest=digest, source=source, uses=uses)


def glance(source: Path, wanted: Mapping[str, int]) -> tuple[str, dict[str, bytes]]:
    """An archive's digest, its checksum verified, and some of its members. Unpacks nothing.

    Reads the file once, and unpacks in memory no further than the last member that is wanted, if
    the archive ends as a whole one does; one that doesn't is unpacked to its end, to say why.

    Args:
        wanted: Names, and how many bytes each may have at most.

    Raises:
        LoadError, IntegrityError: As `open_package`, of what was read.
    """
    with _reading(source):
        digest = file_digest(source)
        _check_sums(source, digest, None)
        if not looks_whole(source):
            open_package(source, cache=False).close()
        return digest, read_members(source, wanted, Limits())


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


# ── checksums ───────────────────────────────────────────────────────────────────────────────────


def _check_sums(source: Path, digest: str, checksum: str | None) -> None:
    if checksum is not None:
        compare_digest(source.name, digest, checksum, "the checksum that was passed")
    sidecar = source.with_name(source.name + ".sha256")
    if sidecar.is_file():
        compare_digest(source.name, digest, _digest_in(sidecar, source.name), sidecar.name)


def _digest_in(sidecar: Path, name: str) -> str:
    """The SHA-256 that a sidecar gives for a file, as sha256sum, BSD and PowerShell write it."""
    with sidecar.open("rb") as file:
        text = decode_text(file.read(4096))
    lines = [line for line in text.splitlines() if name in line] or text.splitlines()
    found = [word for line in lines for word in line.split() if SHA256.fullmatch(word)]
    return found[0] if found else text.strip()[:80]


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
    """Regular files below `folder`, and links to such; refuses devices, skips hidden ones."""
    members, files = Members(limits), {}
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(folders + [n for n in names if not n.startswith(".")]):
            path = Path(root) / name
            relative = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            linked = stat.S_ISLNK(mode) and path.is_file() and is_inside(folder, path)
            if not stat.S_ISREG(mode) and not linked:
                raise _not_a_file(relative)
            members.claim(relative)
            members.count(relative, path.stat().st_size, 0)
            files[relative] = file_digest(path)
    return files


# ── the cache ───────────────────────────────────────────────────────────────────────────────────


def _cached(entry: Path) -> Package | None:
    """A cache entry, without digest and source; None if absent or damaged."""
    left: list[str] = []
    try:
        files: dict[str, str] = json.loads((entry / NOTE).read_bytes())
        if (entry / LEFT_OUT).is_file():
            left = json.loads((entry / LEFT_OUT).read_bytes())
        found = {
            p.relative_to(entry / "files").as_posix(): file_digest(p)
            for p in (entry / "files").rglob("*")
            if p.is_file()
        }
        if found == files | dict.fromkeys(left, EMPTY):
            return Package(entry / "files", "", files, entry, left_out=tuple(left))
    except (OSError, ValueError, TypeError, RecursionError):
        pass  # a part of it is gone, or isn't what was written
    return None


def _fill(
    entry: Path, source: Path, digest: str, limits: Limits, leave_out: LeaveOut | None
) -> Package:
    """Unpacks beside the entry's place and moves it there; the first process wins."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(entry.parent)
    part, aside = part_path(entry.parent), None
    part.mkdir()
    try:
        files = unpack(source, part / "files", limits)
        if file_digest(source) != digest:
            raise _changed(source)
        (part / NOTE).write_text(json.dumps(files))
        left, aside = _leave_out(part, leave_out) if leave_out else ((), None)
        kept = {name: digest for name, digest in files.items() if name not in left}
        share(part / "files", kept, entry.parent.parent)
        move_into_place(part, entry)
        grew(entry)
    except BaseException:
        if aside:
            shutil.rmtree(aside, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Package(entry / "files", "", files, entry, left_out=left, aside=aside)


def _leave_out(part: Path, names: LeaveOut) -> tuple[tuple[str, ...], Path | None]:
    """Sets members aside, and leaves empty files in their places."""
    left = tuple(names(part / "files"))
    if not left:
        return (), None
    aside = part_path(part.parent)
    try:
        for name in left:
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            move_file(part / "files" / name, aside / name)
            (part / "files" / name).touch()
        (part / LEFT_OUT).write_text(json.dumps(left))
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return left, aside


def _changed(source: Path) -> LoadError:
    return LoadError(f"{source} was changed while it was read", hint="load it again", code="io")


def _unpack_temporarily(source: Path, digest: str, limits: Limits) -> Package:
    part = Path(tempfile.mkdtemp(prefix="expertserve-"))
    try:
        return Package(part, digest, unpack(source, part, limits), source, temporary=True)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


# ── archives ────────────────────────────────────────────────────────────────────────────────────


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
