"""Compiles masks in bounded child processes and caches them as files that engines load.

There are two: one compiles quickly, for the request that waits; one compiles the static masks,
which take seconds and are hundreds of times faster, in the background. A hostile grammar that ends
either takes nothing else with it.
"""

from __future__ import annotations

import hashlib
import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from expertserve import config
from expertserve.decoding.compiler import Compiler, CompilerPool, unwritable
from expertserve.decoding.mask import FORMAT, GlrMask, GlrVocabulary, fallback_engine
from expertserve.decoding.spare import is_read_only, room_in, spare_folder
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.decoding.writable import writable
from expertserve.errors import GrammarError, LoadError
from expertserve.files import read_bounded, write_whole
from expertserve.grammar.marks import machine_text
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Rules
from expertserve.request import Constraint

AT_ONCE = 3
"""Grammars that requests wait for, compiled side by side, each in a process of its own."""
OWN_SECONDS = 30.0
"""The bound on an expert's own grammar, which its requests wait for once, and nobody else."""
MAX_MASK = 256 << 20
HASH = 32
"""A mask's file begins with the SHA-256 of the rest."""
WORTH = 2
"""A call's own grammar is compiled statically once it comes again; an expert's, at its first use.
"""
MOST_BYTES = 1 << 30
"""What masks may take on disk: a caller may send a schema of its own with each request."""
MOST_COUNTED = 10_000


@lru_cache(maxsize=8)
def vocabulary_of(folder: Path) -> Vocabulary:
    """A base model's vocabulary; read once."""
    return Vocabulary.read(folder)


class Masks:
    """Where masks are, and who makes the missing ones."""

    def __init__(self) -> None:
        self._quick = CompilerPool("quick", AT_ONCE)
        self._own = CompilerPool("quick", 1, nice=False, seconds=OWN_SECONDS)
        self._walk = CompilerPool("walk", AT_ONCE)
        self._static = Compiler("static")
        self._uses: dict[Path, int] = {}
        self._jobs: queue.SimpleQueue[tuple[Rules, Path, Path]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._lock = threading.Lock()
        self._under_way: dict[Path, tuple[threading.Lock, int]] = {}

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
        quick = static.with_suffix(".quick")
        if _used(static):
            return Constraint(gbnf="", digest=grammar.digest, mask=static)
        refused = static.with_suffix(".refused")
        rules = writable(grammar.rules, vocabulary_of(tokenizer))
        with self._alone(static):
            if not _used(quick) and not refused.exists():
                self._make_quickly(rules, tokenizer, static, own)
        if refused.exists():
            gbnf = machine_text(rules)
            return Constraint(gbnf=gbnf, digest=grammar.digest, engine=fallback_engine())
        self._later(rules, tokenizer, static, own)
        return Constraint(gbnf="", digest=grammar.digest, mask=quick)

    @contextmanager
    def _alone(self, static: Path) -> Iterator[None]:
        """One at a time for each grammar: who comes second finds what the first made."""
        with self._lock:
            lock, users = self._under_way.get(static, (threading.Lock(), 0))
            self._under_way[static] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._under_way.pop(static)
                if users > 1:
                    self._under_way[static] = lock, users - 1

    def _make_quickly(self, rules: Rules, tokenizer: Path, static: Path, own: bool) -> None:
        """Compiles the quick mask, or leaves a note that there is none: what was too costly is."""
        costly = static.with_suffix(".costly")
        if _used(costly):
            message, _, hint = costly.read_text(encoding="utf-8").partition("\n")
            raise GrammarError(message, hint=hint, code="grammar_too_costly")
        _make(static.parent)
        try:
            self._compile_quickly(rules, tokenizer, static.with_suffix(".quick"), own)
            prune(static.parent, room_in(static.parent, MOST_BYTES))
        except GrammarError as error:
            if error.code == "mask_refused":
                static.with_suffix(".refused").touch()
                return
            write_whole(costly, f"{error.message}\n{error.hint}".encode())
            raise

    def _compile_quickly(self, rules: Rules, tokenizer: Path, out: Path, own: bool) -> None:
        """By the quick strategy or, where that is too costly, by walking the vocabulary.

        Experts' own grammars have a process that callers' never wait in.
        """
        gbnf = machine_text(rules)
        try:
            (self._own if own else self._quick).compile(gbnf, tokenizer, out, rules.words)
        except GrammarError as error:
            if error.code != "grammar_too_costly":
                raise
            self._walk.compile(gbnf, tokenizer, out, rules.words)

    def expect(self, grammar: Grammar, tokenizer: Path, cache_dir: Path | None) -> None:
        """Begins to compile an expert's static mask in the background, for its first request."""
        static = self._place(cache_dir, grammar, tokenizer)
        if not static.exists() and not static.with_suffix(".refused").exists():
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
        return self._static.compile(machine_text(rules), tokenizer, static, rules.words)

    def _place(self, cache_dir: Path | None, grammar: Grammar, tokenizer: Path) -> Path:
        """A static mask's file: in the cache or, where that is read-only without it, in memory."""
        static = self.path(cache_dir, grammar.digest, vocabulary_of(tokenizer))
        known = any(static.with_suffix(s).exists() for s in (".mask", ".quick", ".refused"))
        if known or not is_read_only(static.parent):
            return static
        return spare_folder() / static.name

    def path(self, cache_dir: Path | None, grammar: str, vocabulary: Vocabulary) -> Path:
        """A static mask's file: named by digests of grammar and vocabulary, and both versions."""
        name = (
            f"{grammar[:32]}-{vocabulary.digest[:16]}-{metadata.version('glrmask')}-{FORMAT}.mask"
        )
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
                self._static.compile(machine_text(rules), tokenizer, static, rules.words)
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
            seconds = compiler.compile(machine_text(rules), tokenizer, out, rules.words)
            return seconds, out.stat().st_size
        finally:
            compiler.end()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, str(error)) from error


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
    try:
        data = read_bounded(path, MAX_MASK)
        if hashlib.sha256(data[HASH:]).digest() == data[:HASH]:
            return GlrMask.load(data[HASH:], vocabulary)
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


def write_mask(path: Path, mask: GlrMask) -> None:
    """Puts a mask's file into its place, in one step."""
    data = mask.save()
    write_whole(path, hashlib.sha256(data).digest() + data)
