"""What is known of packages, in one SQLite file of the cache: a start reads it and not them.

A package is known by its digest, a file by its path, size and time of change. Everything in it can
be read from the packages again, so a damaged index is made anew, and one that can't be written is
kept in memory. WAL lets processes read while one writes.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Final, TypeVar

from expertserve.package.manifest import Constraints, Manifest, Routing, parse_manifest

T = TypeVar("T")
Words = tuple[Routing, tuple[str, ...], tuple[str, ...]]
Row = tuple[Any, ...]
"""As SQLite gives it: the columns have the types of the fields that they are for."""
FILE: Final = "index.sqlite"
VERSION: Final = 1
FORGOTTEN: Final = 180 * 86400.0
"""Seconds after which a package that no start has seen is forgotten."""
DAY: Final = 86400.0
MANY: Final = 500
"""Packages that are asked for by name; of more, all are read."""
# What a start doesn't read comes last, so that its pages stay unread.
TABLES: Final = """
CREATE TABLE IF NOT EXISTS packages (
    digest TEXT PRIMARY KEY, name TEXT, version TEXT, bases TEXT, bytes INTEGER, adapter TEXT,
    rank INTEGER, width INTEGER, soft TEXT, dialect TEXT, constraints TEXT, grammar TEXT,
    verdict TEXT, uses INTEGER DEFAULT 0, used REAL, seen REAL,
    words TEXT, facts TEXT, manifest BLOB);
CREATE TABLE IF NOT EXISTS sources (
    path TEXT PRIMARY KEY, stamp TEXT, digest TEXT) WITHOUT ROWID;
"""
COLUMNS: Final = (
    *("digest", "name", "version", "bases", "bytes", "adapter", "rank", "width", "soft"),
    *("dialect", "constraints", "grammar", "verdict", "uses", "used"),
)
UNCONSTRAINED: Final = Constraints()


@dataclass(frozen=True, slots=True)
class KnownPackage:
    """A package as the index knows it. About a kilobyte of memory.

    Args:
        bases: What its manifest calls its base models.
        bytes: The archive's size.
        adapter: The first adapter's type.
        width: Ranks that its adapter takes in a slot; None where only its conversion tells.
        soft: Names of its soft prompts.
        dialect: Of its system message, once it is known.
        grammar: The digest of its grammar, once it was prepared.
        verdict: Of its signature, as JSON, once it was verified.
        uses, used: How often it has answered, and when last, in seconds since the epoch.
    """

    digest: str
    name: str
    version: str
    bases: tuple[str, ...]
    bytes: int = 0
    adapter: str | None = None
    rank: int | None = None
    width: int | None = None
    soft: tuple[str, ...] = ()
    dialect: str | None = None
    constraints: Constraints = UNCONSTRAINED
    grammar: str | None = None
    verdict: str | None = None
    uses: int = 0
    used: float | None = None


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What is written of a package.

    Args:
        facts: What lists say of it, as JSON.
        manifest: The text of `manifest.json`.
        source: Where it was found, and the stamp of the file there.
    """

    known: KnownPackage
    routing: Routing
    capabilities: tuple[str, ...]
    tags: tuple[str, ...]
    facts: str
    manifest: bytes
    source: tuple[str, str] | None = field(default=None)


class PackageIndex:
    """The index of one cache. Safe from several threads and processes.

    Example:
        >>> index = PackageIndex(tmp)
        >>> index.sources(), index.packages()
        ({}, {})
    """

    def __init__(self, root: Path) -> None:
        self._lock = threading.RLock()
        self._db = _opened(root)

    def sources(self) -> dict[str, tuple[str, str]]:
        """Path → stamp and digest, of every file that was read."""
        rows = self._read("SELECT path, stamp, digest FROM sources")
        return {path: (stamp, digest) for path, stamp, digest in rows}

    def packages(self, digests: Sequence[str] | None = None) -> dict[str, KnownPackage]:
        """What is known, by digest: of these packages, or of all; all where these are many."""
        query = f"SELECT {', '.join(COLUMNS)} FROM packages"
        few: tuple[str, ...] = ()
        if digests is not None and len(digests) <= MANY:
            query, few = f"{query} WHERE digest IN ({', '.join('?' * len(digests))})", (*digests,)
        return {row[0]: _package(row) for row in self._read(query, few)}

    def package(self, digest: str) -> KnownPackage | None:
        """One of them."""
        found = self._read(f"SELECT {', '.join(COLUMNS)} FROM packages WHERE digest = ?", (digest,))
        return _package(found[0]) if found else None

    def manifest(self, digest: str) -> Manifest:
        """A package's manifest, about 1 ms.

        Raises:
            KeyError: The index doesn't have it.
        """
        found = self._read("SELECT manifest FROM packages WHERE digest = ?", (digest,))
        if not found:
            raise KeyError(digest)
        return parse_manifest(found[0][0])

    def facts(self, digests: Sequence[str]) -> dict[str, str]:
        """By digest: what lists say of a package, as JSON."""
        if len(digests) > MANY:
            wanted = set(digests)
            rows = self._read("SELECT digest, facts FROM packages")
            return {digest: facts for digest, facts in rows if digest in wanted}
        marks = ", ".join("?" * len(digests))
        query = f"SELECT digest, facts FROM packages WHERE digest IN ({marks})"
        return dict(self._read(query, digests))

    def words(self) -> dict[str, Words]:
        """By digest: what the router reads, as routing, capabilities and tags."""
        found = {}
        for digest, text in self._read("SELECT digest, words FROM packages"):
            found[digest] = _words(text)
        return found

    def rows(self, digests: Sequence[str]) -> list[IndexRow]:
        """What is written of packages, for another machine's index; unknown ones are left out."""
        found: list[IndexRow] = []
        for at in range(0, len(digests), MANY):
            part = digests[at : at + MANY]
            marks = ", ".join("?" * len(part))
            query = f"SELECT {', '.join(COLUMNS)}, words, facts, manifest FROM packages"
            for *columns, words, facts, manifest in self._read(
                f"{query} WHERE digest IN ({marks})", part
            ):
                known = _package(tuple(columns))
                found.append(IndexRow(known, *_words(words), facts, manifest))
        return found

    def put(self, rows: Iterable[IndexRow]) -> None:
        """Adds packages, or what is newer of them. Uses that were counted stay."""
        now, values, places = time.time(), [], []
        for row in rows:
            values.append(_values(row, now))
            if row.source:
                places.append((*row.source, row.known.digest))
        names = (*COLUMNS[:13], "words", "facts", "manifest", "seen")
        marks = ", ".join("?" * len(names))
        renewed = ", ".join(f"{n} = coalesce(excluded.{n}, {n})" for n in names[1:])
        self._write(
            f"INSERT INTO packages ({', '.join(names)}) VALUES ({marks})"
            f" ON CONFLICT (digest) DO UPDATE SET {renewed}",
            values,
        )
        self.place(places)

    def place(self, places: Sequence[tuple[str, str, str]]) -> None:
        """Notes path, stamp and digest of files."""
        self._write("INSERT OR REPLACE INTO sources VALUES (?, ?, ?)", places)

    def saw(self, digests: Iterable[str]) -> None:
        """Notes that packages are still there; written once a day."""
        now = time.time()
        self._write(
            "UPDATE packages SET seen = ? WHERE digest = ? AND seen < ?",
            [(now, digest, now - DAY) for digest in digests],
        )

    def used(self, uses: Mapping[str, tuple[int, float]]) -> None:
        """Adds to what was counted: by digest, answers and the time of the last one."""
        self._write(
            "UPDATE packages SET uses = uses + ?, used = ? WHERE digest = ?",
            [(count, when, digest) for digest, (count, when) in uses.items()],
        )

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _read(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        return self._tried(lambda db: db.execute(query, values).fetchall())

    def _write(self, query: str, values: Sequence[Sequence[object]]) -> None:
        if values:
            self._tried(lambda db: db.executemany(query, values))

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """In one transaction; where the file can't be written, in memory from now on."""
        with self._lock:
            try:
                with self._db:
                    return work(self._db)
            except sqlite3.DatabaseError:
                self._db = _in_memory(self._db)
                with self._db:
                    return work(self._db)


@lru_cache(maxsize=8)
def index_of(root: Path) -> PackageIndex:
    """The index of a cache; one for the process, since an open one takes three handles."""
    return PackageIndex(root)


def _opened(root: Path) -> sqlite3.Connection:
    """The file, made anew where it is damaged or of another version; else one in memory."""
    for again in (False, True):
        try:
            root.mkdir(parents=True, exist_ok=True)
            db = _connected(str(root / FILE))
            try:
                _set_up(db)
            except BaseException:
                db.close()
                raise
            return db
        except sqlite3.OperationalError:  # read-only, or locked
            break
        except sqlite3.DatabaseError:
            if again:
                break
            for left in root.glob(f"{FILE}*"):
                with suppress(OSError):
                    left.unlink()
        except OSError:
            break
    with suppress(sqlite3.Error):
        place = (root / FILE).absolute().as_uri()
        with closing(_connected(f"{place}?mode=ro&immutable=1", uri=True)) as found:
            if found.execute("PRAGMA user_version").fetchone()[0] == VERSION:
                return _in_memory(found)
    return _in_memory(None)


def _connected(place: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(place, timeout=10.0, check_same_thread=False, uri=uri)


def _set_up(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    with db:
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            db.execute("DROP TABLE IF EXISTS packages")
            db.execute("DROP TABLE IF EXISTS sources")
            db.executescript(TABLES)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("DELETE FROM packages WHERE seen < ?", (time.time() - FORGOTTEN,))
        db.execute("DELETE FROM sources WHERE digest NOT IN (SELECT digest FROM packages)")


def _in_memory(old: sqlite3.Connection | None) -> sqlite3.Connection:
    """A copy of what can be read of another one."""
    db = _connected(":memory:")
    if old is not None:
        try:
            old.backup(db)
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("SELECT count(*) FROM packages, sources")
            return db
        except sqlite3.Error:
            db.close()
            db = _connected(":memory:")
        finally:
            with suppress(sqlite3.Error):
                old.close()
    db.executescript(TABLES)
    return db


def _values(row: IndexRow, now: float) -> tuple[object, ...]:
    known = row.known
    ruled = known.constraints != UNCONSTRAINED
    words = [row.routing.model_dump(mode="json"), row.capabilities, row.tags]
    return (
        known.digest,
        known.name,
        known.version,
        "\n".join(known.bases),
        known.bytes,
        known.adapter,
        known.rank,
        known.width,
        json.dumps(known.soft),
        known.dialect,
        known.constraints.model_dump_json() if ruled else "",
        known.grammar,
        known.verdict,
        json.dumps(words),
        row.facts,
        row.manifest,
        now,
    )


def _words(text: str) -> Words:
    routing, capabilities, tags = json.loads(text)
    return Routing.model_validate_json(json.dumps(routing)), tuple(capabilities), tuple(tags)


def _package(row: Row) -> KnownPackage:
    given = dict(zip(COLUMNS, row, strict=True))
    ruled, soft = given["constraints"], given["soft"]
    given |= {
        "bases": tuple(given["bases"].split("\n")),
        "soft": () if soft == "[]" else tuple(json.loads(soft)),
        "constraints": Constraints.model_validate_json(ruled) if ruled else UNCONSTRAINED,
    }
    return KnownPackage(**given)


def stamp_of(source: Path) -> str:
    """What changes when a file or folder does, or the checksum beside it: sizes and times.

    Raises:
        OSError: It isn't there.
    """
    stat = source.stat()
    if S_ISDIR(stat.st_mode):
        return ";".join(_stamps(source))
    with suppress(OSError):
        beside = source.with_name(f"{source.name}.sha256").stat()
        return f"{stat.st_size}:{stat.st_mtime_ns}:{beside.st_size}:{beside.st_mtime_ns}"
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _stamps(folder: Path) -> Iterator[str]:
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        stat = file.stat()
        yield f"{file.relative_to(folder).as_posix()}:{stat.st_size}:{stat.st_mtime_ns}"
