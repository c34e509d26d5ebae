"""What no input may make us do: watched through Python's audit events, the clock, and what lies on the disk afterwards."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 8.0
"""Of processor time for one input. Templates get two seconds, and reading them twice is not much."""
GROWTH = 768 << 20
"""By which one input may raise the process's peak of memory."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate", "shutil.rmtree")
PROCESSES = ("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn")
NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request")
CODE = ("pickle.find_class", "ctypes.dlopen")
COMPILER = "expertserve.grammar.compile"
"""The one process that we start on purpose: it compiles masks, bounded."""
TEMPORARY = (".part-", ".incoming-", "expertserve-")


class Broken(AssertionError):
    """An invariant doesn't hold."""


class Watch:
    """Notes forbidden events while it is on. One for the whole process: audit hooks can't be taken away."""

    def __init__(self) -> None:
        self.root: Path | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[object, ...]) -> None:
        if self.root is None:
            return
        if event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & WRITES and not isinstance(path, int):
                self._check_path(event, path)
        elif event in PATHS:
            handle = args[-1] if event in ("os.remove", "os.rmdir", "shutil.rmtree") else -1
            if handle in (-1, None):  # else relative to a folder that was opened, which rmtree does
                self._check_path(event, args[0])
        elif (event in PROCESSES and COMPILER not in str(args)) or event in NETWORK or event in CODE:
            self.seen.append(f"{event} {str(args)[:200]}")

    def _check_path(self, event: str, path: object) -> None:
        text = os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type]  # noqa: PTH100  (no links are followed here)
        inside = self.root is not None and text.startswith(str(self.root))
        if not inside and text != os.devnull and "__pycache__" not in text:
            self.seen.append(f"{event} {text[:200]}")


_watch = Watch()


@contextmanager
def watched(root: Path, *, allowed: tuple[str, ...] = ("cache", "input")) -> Iterator[None]:
    """One input: may write below `root` alone, leaves there only what `allowed` names and no half-finished part, and ends soon.

    Raises:
        Broken: With what happened.
    """
    temporary = root / "tmp"
    temporary.mkdir(exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(temporary)
    peak, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    _watch.seen.clear()
    _watch.root = root
    try:
        yield
    finally:
        _watch.root = None
        tempfile.tempdir = before
    if _watch.seen:
        raise Broken(f"it did what it must not: {_watch.seen[:5]}")
    seconds = time.process_time() - began
    if seconds > SECONDS:
        raise Broken(f"it took {seconds:.1f} s")
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) << 10
    if growth > GROWTH:
        raise Broken(f"it took {growth >> 20} MiB")
    left = [p.name for p in root.iterdir() if p.name not in (*allowed, "tmp")] + [str(p) for p in temporary.iterdir()]
    left += [str(p) for p in root.rglob(".*") if p.name.startswith(TEMPORARY)]
    if left:
        raise Broken(f"it left {left[:5]}")
