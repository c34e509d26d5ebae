"""Compiles masks in bounded child processes and caches them as files that engines load.

There are two: one compiles quickly, for the request that waits; one compiles the static masks,
which take seconds and are hundreds of times faster, in the background. A hostile grammar that ends
either takes nothing else with it.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import queue
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from expertserve import config
from expertserve.decoding.mask import FORMAT, GlrMask, GlrVocabulary, Strategy, fallback_engine
from expertserve.decoding.spare import is_read_only, room_in, spare_folder
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.decoding.writable import writable
from expertserve.errors import GrammarError, LoadError
from expertserve.files import read_bounded, write_whole
from expertserve.grammar.marks import machine_text
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Rules
from expertserve.request import Constraint

SECONDS: dict[Strategy, float] = {"quick": 10.0, "walk": 6.0, "static": 300.0}
AT_ONCE = 3
"""Grammars that requests wait for, compiled side by side, each in a process of its own."""
MEMORY: dict[Strategy, int] = {"quick": 3 << 30, "walk": 3 << 30, "static": 5 << 30}
IDLE = 60.0
"""Seconds after which a process that compiles nothing ends, and gives its memory back."""
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


class Compiler:
    """A process that compiles masks, started when it is needed and again after it ended."""

    def __init__(self, strategy: Strategy, idle: float = IDLE) -> None:
        self._strategy: Strategy = strategy
        self._idle = idle
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def compile(
        self, gbnf: str, tokenizer: Path, out: Path, words: frozenset[str] | None = None
    ) -> float:
        """Writes a mask's file; waits for it. Gives the seconds that compiling took.

        Args:
            words: As in `Rules`.

        Raises:
            GrammarError: `mask_refused`: the engine can't; `grammar_too_costly`: not within the
                bounds of memory and time.
            LoadError: `io`: there is no place for it.
        """
        listed = None if words is None else sorted(words)
        job = json.dumps(
            {"gbnf": gbnf, "tokenizer": str(tokenizer), "out": str(out), "words": listed}
        )
        with self._lock:
            process = self._running()
            answer = _ask(process, job, SECONDS[self._strategy])
            if not answer and _left(process):
                answer = _ask(self._running(), job, SECONDS[self._strategy])
            if not answer:
                raise self._too_costly(process)
        outcome = json.loads(answer)
        if "unwritable" in outcome:
            raise _unwritable(out.parent, outcome["unwritable"])
        if "refused" in outcome:
            raise GrammarError(outcome["refused"], code="mask_refused")
        return float(outcome["seconds"])

    def _too_costly(self, process: subprocess.Popen[str]) -> GrammarError:
        """Ends the process, and says which bound it met."""
        ended = process.poll() is not None
        self.end()
        bound = f"{SECONDS[self._strategy]:g} s"
        return GrammarError(
            "compiling the grammar "
            + (f"needed more than {MEMORY[self._strategy] >> 30} GiB" if ended else f"took {bound}")
            + (" of memory" if ended else ", which is the bound"),
            hint=(
                "bound its repetitions, and have no two ways to read the same text;"
                " `expertserve check` shows where"
            ),
            code="grammar_too_costly",
        )

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self.end()
            atexit.register(self.end)  # what it is at work on would outlive us
            self._process = start_process(self._strategy, self._idle)
        return self._process

    def end(self) -> None:
        """Ends the process, at work or not."""
        atexit.unregister(self.end)
        process, self._process = self._process, None
        if process:
            process.kill()
            process.communicate()


def start_process(strategy: Strategy, idle: float) -> subprocess.Popen[str]:
    """A process that compiles what it reads from its standard input, see `serve`."""
    return subprocess.Popen(
        [sys.executable, "-m", "expertserve.decoding.compile_process", strategy, str(idle)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # a terminal's Ctrl-C is for us alone
        process_group=None if sys.platform == "win32" else 0,
    )


def _ask(process: subprocess.Popen[str], job: str, seconds: float) -> str:
    """A process's answer to a line; empty where it ended or took too long."""
    assert process.stdin
    try:
        process.stdin.write(job + "\n")
        process.stdin.flush()
        return _line(process, seconds)
    except (OSError, ValueError):  # it has ended, or is being ended as the interpreter exits
        return ""


def _left(process: subprocess.Popen[str]) -> bool:
    """Whether a process that gave no answer was just ending of itself, having had nothing to do."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(timeout=1) == 0
    return False


def _line(process: subprocess.Popen[str], seconds: float) -> str:
    assert process.stdout
    if sys.platform == "win32":
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            return process.stdout.readline()
        finally:
            timer.cancel()
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return process.stdout.readline() if ready else ""


class CompilerPool:
    """Compilers side by side: who asks gets one that is free, started when it is needed.

    Args:
        size: As many at most; who comes after waits.
    """

    def __init__(self, strategy: Strategy, size: int) -> None:
        self._free: queue.LifoQueue[Compiler] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(Compiler(strategy))

    def compile(
        self, gbnf: str, tokenizer: Path, out: Path, words: frozenset[str] | None = None
    ) -> float:
        """See `Compiler.compile`."""
        compiler = self._free.get()
        try:
            return compiler.compile(gbnf, tokenizer, out, words)
        finally:
            self._free.put(compiler)


class Masks:
    """Where masks are, and who makes the missing ones."""

    def __init__(self) -> None:
        self._quick = CompilerPool("quick", AT_ONCE)
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
                self._make_quickly(rules, tokenizer, static)
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

    def _make_quickly(self, rules: Rules, tokenizer: Path, static: Path) -> None:
        """Compiles the quick mask, or leaves a note that there is none: what was too costly is."""
        costly = static.with_suffix(".costly")
        if _used(costly):
            message, _, hint = costly.read_text(encoding="utf-8").partition("\n")
            raise GrammarError(message, hint=hint, code="grammar_too_costly")
        _make(static.parent)
        try:
            self._compile_quickly(rules, tokenizer, static.with_suffix(".quick"))
            prune(static.parent, room_in(static.parent, MOST_BYTES))
        except GrammarError as error:
            if error.code == "mask_refused":
                static.with_suffix(".refused").touch()
                return
            write_whole(costly, f"{error.message}\n{error.hint}".encode())
            raise

    def _compile_quickly(self, rules: Rules, tokenizer: Path, out: Path) -> None:
        """By the quick strategy or, where that is too costly, by walking the vocabulary."""
        gbnf = machine_text(rules)
        try:
            self._quick.compile(gbnf, tokenizer, out, rules.words)
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
        raise _unwritable(folder, str(error)) from error


def _unwritable(folder: Path, reason: str) -> LoadError:
    return LoadError(
        f"the compiled grammar can't be written to {folder}: {reason}",
        hint="make room, or pass another cache_dir",
        code="io",
    )


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
