"""Processes that lower schemas and compile masks, bounded in memory and time.

A hostile grammar that ends one takes nothing else with it.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import selectors
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from expertserve.decoding.mask import Strategy
from expertserve.errors import ConfigError, ExpertError, GrammarError, LoadError
from expertserve.grammar.packed import pack, unpack
from expertserve.grammar.shape import Grounding
from expertserve.grammar.tree import Rules

SECONDS: dict[Strategy, float] = {"quick": 10.0, "walk": 6.0, "static": 300.0, "fallback": 15.0}
PATIENCE = 4
"""How many times as long a compiler is waited for whose cores are busy with something else."""
MEMORY: dict[Strategy, int] = {
    "quick": 3 << 30,
    "walk": 3 << 30,
    "static": 5 << 30,
    "fallback": 5 << 30,
}
"""Bytes of address space; xgrammar's libraries take two GiB of it before they begin."""
IDLE = 60.0
"""Seconds after which a process that compiles nothing ends, and gives its memory back."""


ONE_THREAD = {"RAYON_NUM_THREADS": "1"}
"""glrmask's threads cost a small grammar more than they give it, and compilers run side by side."""


class Bounded(ABC):
    """What such processes are asked for. Each call waits for its answer.

    Raises:
        GrammarError: `mask_refused`: the engine can't; `grammar_too_costly`: not within the
            bounds of memory, time and size. ConfigError: `bad_schema`.
        LoadError: `io`: there is no place for a mask.
    """

    @abstractmethod
    def ask(self, job: Mapping[str, object]) -> dict[str, Any]:
        """The process's answer to a job, see `compile_process`."""

    def compile(self, rules: Rules, tokenizer: Path, out: Path) -> float:
        """Writes a mask's file. Gives the seconds that compiling took."""
        job = {"do": "mask", "rules": pack(rules), "tokenizer": str(tokenizer), "out": str(out)}
        return float(self.ask(job)["seconds"])

    def compile_fallback(self, rules: Rules, tokenizer: Path, out: Path, engine: str) -> None:
        """Writes what `mask.read_fallback` reads; of a plugin's mask, that it could be made."""
        job = {"do": "fallback", "rules": pack(rules), "engine": engine}
        self.ask(job | {"tokenizer": str(tokenizer), "out": str(out)})

    def lower(self, schema: str, *, strict: bool, ground: Grounding) -> Rules:
        """The rules of a JSON schema's text."""
        job = {"do": "schema", "schema": schema, "strict": strict, "ground": ground}
        return unpack(self.ask(job)["rules"])


class Compiler(Bounded):
    """One such process, started when it is needed and again after it ended.

    Args:
        idle: Seconds after which it ends, having had nothing to do.
        nice: Engines go before it.
        seconds: The bound on one grammar; None is the strategy's.
    """

    def __init__(
        self,
        strategy: Strategy,
        idle: float = IDLE,
        *,
        nice: bool = True,
        seconds: float | None = None,
    ) -> None:
        self._strategy: Strategy = strategy
        self._bound = seconds
        self._idle = idle
        self._nice = nice
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @property
    def _seconds(self) -> float:
        return SECONDS[self._strategy] if self._bound is None else self._bound

    def ask(self, job: Mapping[str, object]) -> dict[str, Any]:
        line = json.dumps(job)
        with self._lock:
            process = self._running()
            answer = _ask(process, line, self._seconds)
            if not answer and _left(process):
                answer = _ask(self._running(), line, self._seconds)
            if not answer:
                raise self._too_costly(process)
        outcome: dict[str, Any] = json.loads(answer)
        if "unwritable" in outcome:
            raise unwritable(Path(str(job["out"])).parent, outcome["unwritable"])
        if "refused" in outcome:
            raise refusal(*outcome["refused"])
        return outcome

    def _too_costly(self, process: subprocess.Popen[str]) -> GrammarError:
        """Ends the process, and says which bound it met."""
        ended = process.poll() is not None
        self.end()
        bound = f"{self._seconds:g} s"
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
            self._process = start_process(self._strategy, self._idle, nice=self._nice)
        return self._process

    def end(self) -> None:
        """Ends the process, at work or not."""
        atexit.unregister(self.end)
        process, self._process = self._process, None
        if process:
            process.kill()
            process.communicate()


def start_process(strategy: Strategy, idle: float, *, nice: bool = True) -> subprocess.Popen[str]:
    """A process that compiles what it reads from its standard input, see `serve`.

    Args:
        nice: Engines go before it, so that callers' grammars cost others nothing.
    """
    module = "expertserve.decoding.compile_process"
    return subprocess.Popen(
        [sys.executable, "-m", module, strategy, str(idle), "nice" if nice else ""],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
            **({} if strategy == "static" else ONE_THREAD),
        },
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
    began, used = time.monotonic(), _cpu_seconds(process)
    while (waited := time.monotonic() - began) < PATIENCE * seconds:
        left = seconds - waited
        if _readable(process.stdout, max(left, min(0.2, seconds))):
            return process.stdout.readline()
        if _cpu_seconds(process) - used >= seconds / 2:
            break  # it had its time; on a busy machine it hasn't, through no fault of its own
    return ""


def _readable(stream: IO[str], seconds: float) -> bool:
    """Waits until there is something to read. `select.select` knows no handles above 1,023."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def _cpu_seconds(process: subprocess.Popen[str]) -> float:
    with suppress(psutil.Error):
        times = psutil.Process(process.pid).cpu_times()
        return float(times.user + times.system)
    return 0.0


class CompilerPool(Bounded):
    """Compilers side by side: who asks gets one that is free, started when it is needed.

    Args:
        size: As many at most; who comes after waits.
        seconds: The bound on one grammar; None is the strategy's.
    """

    def __init__(
        self, strategy: Strategy, size: int, *, nice: bool = True, seconds: float | None = None
    ) -> None:
        self._free: queue.LifoQueue[Compiler] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(Compiler(strategy, nice=nice, seconds=seconds))

    def ask(self, job: Mapping[str, object]) -> dict[str, Any]:
        compiler = self._free.get()
        try:
            return compiler.ask(job)
        finally:
            self._free.put(compiler)


def refusal(code: str, message: str, hint: str) -> ExpertError:
    """The error that a process or a note tells of."""
    kind = ConfigError if code == "bad_schema" else GrammarError
    return kind(message, hint=hint, code=code)


def unwritable(folder: Path, reason: str) -> LoadError:
    """What is raised where a compiled grammar finds no place."""
    return LoadError(
        f"the compiled grammar can't be written to {folder}: {reason}",
        hint="make room, or pass another cache_dir",
        code="io",
    )
