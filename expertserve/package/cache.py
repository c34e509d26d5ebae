"""The cache's bound: what it holds, what is in use, and what goes when it grows too large.

An entry is a file or folder in one of the cache's folders. A process notes what it uses in a file
of its own in `in-use/`, locked for as long as it lives, so that another one never takes a package
from under it. What nobody uses goes in the order of its last use.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TypeVar

from expertserve.files import PREFIX, file_digest, move_file, part_path, set_aside

if sys.platform != "win32":  # which doesn't delete what is open
    import fcntl

T = TypeVar("T")
KINDS = ("packages", "adapters", "masks", "downloads", "fetched", "git", "hub", "oci", "members")
"""The folders whose contents can be made or fetched again."""
MEMBERS = "members"
"""What packages share, by digest: hard links, each counted here and nowhere else."""
SHARED_BYTES = 16 << 10
"""Smaller members are kept with their packages."""
NOTES = "in-use"
MOST_BYTES, SHARE = 20 << 30, 0.1
"""The default bound: so much, or this share of the disk if that is less."""
ROOM = 0.9
"""Of the bound, what is left after an eviction, so that not every load is followed by one."""
YOUNG = 60.0
"""Seconds for which an entry stays that was used just now."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """What one package, adapter or download takes.

    Args:
        kind: The folder that it is in.
        used: Seconds since the epoch.
        in_use: By a process that runs; of a member, by a package.
        shares: Files that it shares with others, as the disk numbers them.
    """

    kind: str
    name: str
    bytes: int
    used: float
    in_use: bool
    shares: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Its path below the cache."""
        return f"{self.kind}/{self.name}"


class CacheUse:
    """Keeps an entry while it is referenced. Pickled, it keeps it in the other process."""

    def __init__(self, entry: Path) -> None:
        self.entry = entry
        book = _book(entry.parent.parent)
        key = f"{entry.parent.name}/{entry.name}"
        book.add(key)
        self._finalizer = weakref.finalize(self, book.remove, key)
        self._finalizer.atexit = False
        with suppress(OSError):  # not there yet, or somebody else's cache
            os.utime(entry)

    def close(self) -> None:
        """Lets it go. Idempotent."""
        self._finalizer()

    def __reduce__(self) -> tuple[object, ...]:
        return CacheUse, (self.entry,)

    def __deepcopy__(self, memo: object) -> CacheUse:
        return self


def use_of(path: Path, root: Path) -> CacheUse | None:
    """Keeps the entry of a cache that a path lies in; None for a path elsewhere."""
    with suppress(ValueError):
        parts = path.absolute().relative_to(root.absolute()).parts
        if len(parts) > 1 and parts[0] in KINDS:
            return CacheUse(root / parts[0] / parts[1])
    return None


class _Book:
    """What this process uses of one cache, noted where other processes read it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._uses: Counter[str] = Counter()
        self._released: deque[str] = deque()
        self._lock = threading.Lock()
        self._file: IO[str] | None = None
        self._path = root / NOTES
        self._lines = 0
        self.total = -1
        """Bytes of all entries when they were last counted; -1 before."""
        self.grown = 0
        """Bytes written since then."""

    def add(self, key: str) -> None:
        with self._lock:
            self._uses[key] += 1
            if self._uses[key] == 1:
                self._note("+", key, wait=True)
        self.settle()

    def remove(self, key: str) -> None:
        """Never waits: the garbage collector calls it, in a thread that may hold a lock."""
        self._released.append(key)
        self.settle()

    def settle(self) -> None:
        """Notes what was released, unless somebody who holds the lock will do it right after."""
        while self._released and self._lock.acquire(blocking=False):
            try:
                while self._released:
                    key = self._released.popleft()
                    self._uses[key] -= 1
                    if self._uses[key]:
                        continue
                    del self._uses[key]
                    if not self._note("-", key, wait=False):
                        self._uses[key] += 1
                        self._released.append(key)
                        return
            finally:
                self._lock.release()

    def _note(self, sign: str, key: str, *, wait: bool) -> bool:
        """Whether it was written down, or can't be; without waiting it may be neither."""
        try:
            with _guarded(self._root, exclusive=False, wait=wait):
                self._write(sign, key)
        except BlockingIOError:
            return False
        except OSError:  # a cache that can't be written to, or a full disk
            self._end()
        return True

    def _write(self, sign: str, key: str) -> None:
        if not self._uses:
            self._end()
            return
        if self._file is None:
            self._path = self._root / NOTES / f"{os.getpid()}-{secrets.token_hex(4)}"
            self._file, self._lines = self._path.open("w", encoding="utf-8"), sys.maxsize
            _flock(self._file, exclusive=True)
        if self._lines > 4 * len(self._uses) + 1000:  # a server's notes would grow for ever
            self._file.seek(0)
            self._file.truncate()
            self._file.writelines(f"+{k}\n" for k in self._uses)
            self._lines = len(self._uses)
        else:
            self._file.write(f"{sign}{key}\n")
            self._lines += 1
        self._file.flush()

    def _end(self) -> None:
        """Nothing is used any more, or can be noted."""
        if self._file is not None:
            with suppress(OSError):  # what it hasn't written finds no room
                self._file.close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._file, self._lines = None, 0


@cache
def _book(root: Path) -> _Book:
    return _Book(root)


def _flock(file: IO[str] | int, *, exclusive: bool, wait: bool = True) -> None:
    """Raises OSError where it is locked and not to be waited for."""
    if sys.platform != "win32":
        how = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        fcntl.flock(file, how | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def _guarded(root: Path, *, exclusive: bool, wait: bool = True) -> Iterator[None]:
    """Between processes: notes are written, or entries are taken away.

    Raises:
        BlockingIOError: Where it would have to wait and must not.
    """
    folder = root / NOTES
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield
        return
    guard = os.open(folder, os.O_RDONLY)
    try:
        _flock(guard, exclusive=exclusive, wait=wait)
        yield
    finally:
        os.close(guard)


def _in_use(root: Path) -> set[str]:
    """What processes that live have noted; the notes of others are removed."""
    found: set[str] = set()
    for path in (root / NOTES).glob("*-*"):
        if sys.platform == "win32":
            with suppress(OSError):  # Windows refuses while its writer has it open
                path.unlink()
        with suppress(OSError), path.open(encoding="utf-8") as file:
            with suppress(BlockingIOError):
                if sys.platform != "win32":
                    _flock(file, exclusive=True, wait=False)
                    path.unlink()
                    continue
            uses: set[str] = set()
            for line in file:
                (uses.add if line[0] == "+" else uses.discard)(line[1:].strip())
            found |= uses
    return found


def entries(root: Path) -> list[CacheEntry]:
    """What a cache holds, least recently used first. Looks at every file's size."""
    used, found = _in_use(root), list[CacheEntry]()
    for kind in KINDS:
        with suppress(OSError):
            for entry in os.scandir(root / kind):
                if entry.name.startswith((PREFIX, ".")):
                    continue
                with suppress(OSError):  # gone meanwhile
                    at = entry.stat(follow_symlinks=False).st_mtime
                    facts: tuple[int, float, bool, tuple[int, ...]]
                    if kind == MEMBERS:
                        stat = Path(entry.path).lstat()
                        facts = stat.st_size, at, stat.st_nlink > 1, (stat.st_ino,)
                    else:
                        size, shares = _size(Path(entry.path))
                        facts = size, at, f"{kind}/{entry.name}" in used, shares
                    found.append(CacheEntry(kind, entry.name, *facts))
    return sorted(found, key=lambda e: e.used)


def _size(path: Path) -> tuple[int, tuple[int, ...]]:
    """Bytes of its own, and which files it shares with others."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size, ()
    total, shared = 0, []
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                stat = (Path(folder) / name).lstat()
                if stat.st_nlink > 1:
                    shared.append(stat.st_ino)
                else:
                    total += stat.st_size
    return total, tuple(shared)


def prune(root: Path, most: int) -> list[CacheEntry]:
    """Removes the least recently used entries while all of them exceed `most` bytes.

    What a process uses stays, and so does what was used within the last minute. A member that
    packages share goes with the last of them.

    Returns:
        What was removed.
    """
    removed: list[CacheEntry] = []
    book = _book(root)
    book.settle()
    with _guarded(root, exclusive=True):
        found = entries(root)
        total, parts = sum(e.bytes for e in found), list[Path]()
        left = Counter(file for e in found if e.kind != MEMBERS for file in e.shares)
        members = {e.shares[0]: e for e in found if e.kind == MEMBERS}
        for entry in found:
            if total <= most:
                break
            if entry.in_use or time.time() - entry.used <= YOUNG:
                continue
            left.subtract(entry.shares)
            last = [members[file] for file in entry.shares if left[file] == 0 and file in members]
            for gone in (entry, *last):
                with suppress(OSError):
                    parts.append(set_aside(root / gone.kind / gone.name))
                    removed.append(gone)
                    total -= gone.bytes
    book.total, book.grown = total, 0
    for part in parts:
        _remove(part)
    return removed


def discard(entry: Path) -> None:
    """Removes an entry, unless a process uses it."""
    root = entry.parent.parent
    _book(root).settle()
    part = None
    with suppress(OSError), _guarded(root, exclusive=True):
        if f"{entry.parent.name}/{entry.name}" not in _in_use(root):
            part = set_aside(entry)
    if part:
        _remove(part)
        _forget_unshared(root)


def read_entry(entry: Path, read: Callable[[Path], T | None]) -> T | None:
    """What a cache's entry holds; None where there is none, or a damaged one, which is removed.

    Another process may have put it there since `read` looked: it is read again, while nobody else
    removes anything, before it counts as damaged.
    """
    found = read(entry)
    if found is not None or not entry.exists():
        return found
    part = None
    with suppress(OSError), _guarded(entry.parent.parent, exclusive=True):
        found = read(entry)
        if found is None:
            part = set_aside(entry)
    if part:
        _remove(part)
    return found


def share(folder: Path, files: Mapping[str, str], root: Path) -> None:
    """Stores members once in a cache: those that it has become hard links to what is there.

    Files that the disk can't link stay as they are.

    Args:
        files: Members and their digests, as unpacked below `folder`.
    """
    store = root / MEMBERS
    for name, digest in files.items():
        path, place = folder / name, store / digest
        with suppress(OSError):
            if path.stat().st_size < SHARED_BYTES:
                continue
            store.mkdir(exist_ok=True)
            if place.is_file() and file_digest(place) == digest:
                part = part_path(store)
                part.hardlink_to(place)
                move_file(part, path)
            else:
                place.unlink(missing_ok=True)
                place.hardlink_to(path)
                _book(root).grown += path.stat().st_size


def _forget_unshared(root: Path) -> None:
    """Removes members that no package has any more; looks at all of them."""
    with suppress(OSError), _guarded(root, exclusive=True):
        for entry in os.scandir(root / MEMBERS):
            if Path(entry.path).lstat().st_nlink == 1:
                Path(entry.path).unlink(missing_ok=True)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


def grew(entry: Path) -> None:
    """Counts what was written for a new entry."""
    with suppress(OSError):
        _book(entry.parent.parent).grown += _size(entry)[0]


def keep_within(root: Path, most: int | None) -> None:
    """Prunes where what was written since the last look may exceed the bound. Else costs nothing.

    Args:
        most: Bytes; None is the default bound.
    """
    with suppress(OSError):  # a cache that can't be written to doesn't grow
        bound = default_bound(root) if most is None else most
        book = _book(root)
        if book.total < 0 or (book.grown and book.total + book.grown > bound):
            book.total, book.grown = sum(e.bytes for e in entries(root)), 0
            if book.total > bound:
                prune(root, int(ROOM * bound))


def default_bound(root: Path) -> int:
    """20 GB, or a tenth of the disk that the cache is on."""
    place = root
    while not place.exists() and place != place.parent:
        place = place.parent
    return min(MOST_BYTES, int(SHARE * shutil.disk_usage(place).total))
