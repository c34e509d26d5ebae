"""Compiles masks in bounded child processes and caches them as files that engines load.

Quickly, for the request that waits; statically, which takes seconds and makes masks that are
hundreds of times faster, in the background; by another engine, where glrmask refuses. A hostile
grammar that ends such a process takes nothing else with it. Schemas are lowered there as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache, partial
from importlib import metadata
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from weakref import WeakValueDictionary

from expertserve import config
from expertserve._version import __version__
from expertserve.decoding.compiler import Compiler, CompilerPool, refusal, unwritable
from expertserve.decoding.mask import (
    FORMAT,
    XGRAMMAR,
    GlrMask,
    GlrVocabulary,
    XMask,
    XVocabulary,
    fallback_engine,
)
from expertserve.decoding.spare import is_read_only, room_in, spare_folder
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.decoding.writable import writable
from expertserve.errors import ConfigError, GrammarError, LoadError
from expertserve.files import read_bounded, write_whole
from expertserve.grammar.marks import machine_text
from expertserve.grammar.packed import pack, unpack
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.shape import Grounding
from expertserve.grammar.tree import Rules
from expertserve.request import Constraint

T = TypeVar("T")
AT_ONCE = 3
"""Grammars that requests wait for, compiled side by side, each in a process of its own."""
OWN_SECONDS = 120.0
"""The bound on an expert's own grammar, which its requests wait for once, and nobody else. The
published SQL grammar can take half a minute on a slow CPU that others use, too."""
MAX_MASK = 256 << 20
MAX_NOTE = 1 << 16
HASH = 32
"""A mask's file begins with the SHA-256 of the rest."""
WORTH = 2
"""A call's own grammar is compiled statically once it comes again; an expert's, at its first use.
"""
MOST_BYTES = 1 << 30
"""What masks may take on disk: a caller may send a schema of its own with each request."""
MOST_COUNTED = 10_000
MOST_LOWERED = 64
"""Schemas whose grammars are kept in memory."""


def vocabulary_of(folder: Path) -> Vocabulary:
    """A base model's vocabulary; read once.

    Several threads that read it at once would take longer, and the event loop waits for them.
    """
    with _reading:
        return _vocabulary(folder)


@lru_cache(maxsize=8)
def _vocabulary(folder: Path) -> Vocabulary:
    found = Vocabulary.read(folder)
    found.digest  # noqa: B018  (remembered by it)
    return found


_reading = threading.Lock()


class Masks:
    """Where masks are, and who makes the missing ones."""

    def __init__(self) -> None:
        self._quick = CompilerPool("quick", AT_ONCE)
        self._own = CompilerPool("quick", 1, nice=False, seconds=OWN_SECONDS)
        self._walk = CompilerPool("walk", AT_ONCE)
        self._fallback = CompilerPool("fallback", AT_ONCE)
        self._own_fallback = CompilerPool("fallback", 1, nice=False, seconds=OWN_SECONDS)
        self._static = Compiler("static")
        self._uses: dict[Path, int] = {}
        self._jobs: queue.SimpleQueue[tuple[Rules, Path, Path]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._lock = threading.Lock()
        self._under_way: WeakValueDictionary[Path, threading.Lock] = WeakValueDictionary()
        self._lowered: OrderedDict[str, Grammar | ConfigError] = OrderedDict()

    def lower(
        self, schema: str, cache_dir: Path | None, *, strict: bool, ground: Grounding
    ) -> Grammar:
        """A JSON schema's grammar: remembered, also on disk, else made in a bounded process.

        Args:
            schema: Its text.

        Raises:
            ConfigError, GrammarError: As `Compiler.lower` does.
        """
        said = json.dumps([schema, strict, ground, __version__, FORMAT]).encode()
        name = f"{hashlib.sha256(said).hexdigest()[:48]}.rules"
        make = partial(self._quick.lower, schema, strict=strict, ground=ground)
        with self._alone(Path(name)):
            found = self._lowered.get(name) or self._lower(make, self._writable(cache_dir) / name)
        with self._lock:
            self._lowered[name] = found
            self._lowered.move_to_end(name)
            while len(self._lowered) > MOST_LOWERED:
                self._lowered.popitem(last=False)
        if isinstance(found, ConfigError):
            raise ConfigError(found.message, hint=found.hint, code=found.code) from found
        return found

    def _lower(self, make: Callable[[], Rules], file: Path) -> Grammar | ConfigError:
        if _used(file):
            with suppress(GrammarError, ValueError, TypeError, LookupError):
                return Grammar(unpack(_checked(file).decode()))
        try:
            rules = self._noted(file, make)
        except ConfigError as error:
            return error
        with suppress(OSError):  # it is made again, then
            write_checked(file, pack(rules).encode())
        return Grammar(rules)

    def ready(
        self, grammar: Grammar, tokenizer: Path, cache_dir: Path | None, *, own: bool
    ) -> Constraint:
        """A grammar with its cached mask: the static one if present, else a quick one, made now.

        Args:
            own: It is the expert's, and will come again.

        Raises:
            GrammarError: See `Compiler.compile`.
        """
        static = self._place(cache_dir, grammar, tokenizer)
        if _used(static):
            return Constraint(gbnf="", digest=grammar.digest, mask=static)
        quick, engine = static.with_suffix(".quick"), fallback_engine()
        version = _version(XGRAMMAR) if engine == XGRAMMAR else ""
        handed = static.with_name(f"{static.stem}.{quote(engine, safe='')}{version}")
        rules = writable(grammar.rules, vocabulary_of(tokenizer))
        make = partial(self._make, rules, tokenizer, quick, handed, engine, own)
        with self._alone(static):
            made = next(filter(_used, (quick, handed)), None) or self._noted(static, make)
        if made == quick:
            self._later(rules, tokenizer, static, own)
            return Constraint(gbnf="", digest=grammar.digest, mask=quick)
        if engine == XGRAMMAR:
            return Constraint(gbnf="", digest=grammar.digest, mask=handed, engine=engine)
        return Constraint(gbnf=machine_text(rules), digest=grammar.digest, engine=engine)

    def _alone(self, place: Path) -> threading.Lock:
        """One at a time for each grammar: who comes second finds what the first made."""
        with self._lock:
            return self._under_way.setdefault(place, threading.Lock())

    def _noted(self, place: Path, make: Callable[[], T]) -> T:
        """Makes something, and remembers on disk that it is too costly, or that no engine can."""
        note = place.with_suffix(".declined")
        if said := _note(note):
            raise refusal(*said)
        _make(place.parent)
        try:
            made = make()
        except GrammarError as error:
            said = error.code, error.message, error.hint
            with suppress(OSError):
                write_whole(note, json.dumps(said).encode())
            raise
        prune(place.parent, room_in(place.parent, MOST_BYTES))
        return made

    def _make(
        self, rules: Rules, tokenizer: Path, quick: Path, handed: Path, engine: str, own: bool
    ) -> Path:
        """A mask by the quick strategy or, where that is too costly, by walking the vocabulary or,
        where glrmask refuses, by another engine.

        Experts' own grammars have processes that callers' never wait in.
        """
        try:
            (self._own if own else self._quick).compile(rules, tokenizer, quick)
        except GrammarError as error:
            if error.code == "mask_refused":
                pool = self._own_fallback if own else self._fallback
                pool.compile_fallback(rules, tokenizer, handed, engine)
                return handed
            self._walk.compile(rules, tokenizer, quick)
        return quick

    def expect(self, grammar: Grammar, tokenizer: Path, cache_dir: Path | None) -> None:
        """Begins to compile an expert's static mask in the background, for its first request."""
        static = self._place(cache_dir, grammar, tokenizer)
        if not static.exists():
            with suppress(LoadError):  # the first request will tell
                _make(static.parent)
            self._later(grammar.rules, tokenizer, static, True)

    def prepare(self, grammar: Grammar, tokenizer: Path, cache_dir: Path | None) -> float:
        """Compiles the static mask now, unless it is there; gives the seconds that it took.

        Raises:
            GrammarError: See `Compiler.compile`.
        """
        static = self.path(cache_dir, grammar.digest, vocabulary_of(tokenizer))
        if static.exists():
            return 0.0
        _make(static.parent)
        rules = writable(grammar.rules, vocabulary_of(tokenizer))
        return self._static.compile(rules, tokenizer, static)

    def _place(self, cache_dir: Path | None, grammar: Grammar, tokenizer: Path) -> Path:
        """A static mask's file: in the cache or, where that is read-only without it, in memory."""
        static = self.path(cache_dir, grammar.digest, vocabulary_of(tokenizer))
        known = any(static.with_suffix(s).exists() for s in (".mask", ".quick"))
        return static if known else self._writable(cache_dir) / static.name

    def _writable(self, cache_dir: Path | None) -> Path:
        folder = (cache_dir or config.cache_dir()) / "masks"
        return spare_folder() if is_read_only(folder) else folder

    def path(self, cache_dir: Path | None, grammar: str, vocabulary: Vocabulary) -> Path:
        """A static mask's file: named by digests of grammar and vocabulary, and both versions."""
        name = f"{grammar[:32]}-{vocabulary.digest[:16]}-{_version('glrmask')}-{FORMAT}.mask"
        return (cache_dir or config.cache_dir()) / "masks" / name

    def _later(self, rules: Rules, tokenizer: Path, static: Path, own: bool) -> None:
        """Has the static mask compiled in the background, where that is worth it."""
        with self._lock:
            if len(self._uses) >= MOST_COUNTED:
                self._uses.clear()
            uses = self._uses[static] = self._uses.get(static, 0) + 1
            if uses != (1 if own else WORTH):
                return
            self._jobs.put((rules, tokenizer, static))
            if self._worker is None:
                self._worker = threading.Thread(
                    target=self._work, name="expertserve-masks", daemon=True
                )
                self._worker.start()

    def _work(self) -> None:
        while True:
            rules, tokenizer, static = self._jobs.get()
            try:
                rules = writable(rules, vocabulary_of(tokenizer))
                self._static.compile(rules, tokenizer, static)
            except (GrammarError, LoadError, OSError):
                continue  # the quick one goes on serving
            except RuntimeError:
                return  # the interpreter is ending, and starts nothing more


masks = Masks()


def measure(grammar: Grammar, tokenizer: Path) -> tuple[float, int]:
    """Seconds and bytes of a grammar's static mask, compiled in a child process, not kept.

    Raises:
        GrammarError: See `Compiler.compile`.
    """
    compiler = Compiler("static")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "mask"
        try:
            rules = writable(grammar.rules, vocabulary_of(tokenizer))
            seconds = compiler.compile(rules, tokenizer, out)
            return seconds, out.stat().st_size
        finally:
            compiler.end()


@cache
def _version(package: str) -> str:
    """Of an installed package; reading it takes half a millisecond."""
    return metadata.version(package)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, str(error)) from error


def _note(file: Path) -> tuple[str, str, str] | None:
    """A refusal's code, message and hint, if it is there."""
    if not _used(file):
        return None
    try:
        code, message, hint = json.loads(read_bounded(file, MAX_NOTE))
    except (OSError, ValueError):
        return None
    return str(code), str(message), str(hint)


def _used(mask: Path) -> bool:
    """Whether it is there; then it counts as used now."""
    try:
        os.utime(mask)
    except FileNotFoundError:
        return False
    except OSError:  # somebody else's cache
        return mask.exists()
    return True


def prune(folder: Path, most: int = MOST_BYTES) -> None:
    """Evicts the least recently used masks while all of them exceed the limit."""
    found: list[tuple[float, int, Path]] = []
    for file in folder.iterdir():
        with suppress(OSError):
            status = file.stat()
            found.append((status.st_mtime, status.st_size, file))
    over = sum(size for _, size, _ in found) - most
    for _, size, file in sorted(found):
        if over <= 0:
            return
        with suppress(OSError):
            file.unlink()
        over -= size


def read_mask(path: Path, vocabulary: GlrVocabulary) -> GlrMask:
    """A mask from its file, in milliseconds.

    Raises:
        GrammarError: `mask_damaged`; the file is then gone, and the next request makes it anew.
    """
    return GlrMask.load(_checked(path), vocabulary)


def read_fallback(path: Path, vocabulary: XVocabulary) -> XMask:
    """The same of a mask by xgrammar, in up to half a second."""
    return XMask.load(_checked(path), vocabulary)


def _checked(path: Path) -> bytes:
    try:
        data = read_bounded(path, MAX_MASK)
        if hashlib.sha256(data[HASH:]).digest() == data[:HASH]:
            return data[HASH:]
    except OSError as error:
        raise GrammarError(
            f"the compiled grammar {path.name} can't be read: {error}", code="mask_damaged"
        ) from error
    with suppress(OSError):
        path.unlink()
    raise GrammarError(
        f"the compiled grammar {path.name} was damaged",
        hint="try again: it is made anew",
        code="mask_damaged",
    )


def write_checked(path: Path, data: bytes) -> None:
    """Puts a mask's file, or a schema's rules, into its place, in one step."""
    write_whole(path, hashlib.sha256(data).digest() + data)
