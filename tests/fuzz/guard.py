"""What no input may make us do: watched through Python's audit events, the clock, and what lies on
the disk afterwards.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS, WALL = 8.0, 60.0
"""Of processor time for one input: templates get two seconds, and reading them twice is not much;
and by the clock, waiting and all.
"""
GROWTH = 768 << 20
"""By which one input may raise the process's peak of memory."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = {
    "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.chmod": (0,), "os.truncate": (0,), "shutil.rmtree": (0,),
    "os.rename": (0, 1), "os.link": (0, 1), "os.symlink": (1,),
}  # fmt: skip
"""Events, and which of their arguments are changed places: a rename changes two."""
PROCESSES = (
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
)
NETWORK = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "urllib.Request",
)
CODE = ("pickle.find_class", "ctypes.dlopen")
COMPILER = "expertserve.decoding.compile"
"""The one process that we start on purpose: it compiles masks, bounded."""
NOTES = "in-use"
"""Where a cache notes what is used: other tests' packages end whenever the collector finds them."""
TEMPORARY = (".part-", ".incoming-", "expertserve-")


class Broken(AssertionError):
    """An invariant doesn't hold."""


class Watch:
    """Notes forbidden events while it is on. One for the whole process: audit hooks can't be taken
    away.
    """

    def __init__(self) -> None:
        self.writable: tuple[str, ...] | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[object, ...]) -> None:
        if self.writable is None:
            return
        if event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & WRITES and not isinstance(path, int):
                self._check_path(event, path)
        elif event in PATHS:
            handle = args[-1] if event in ("os.remove", "os.rmdir", "shutil.rmtree") else -1
            if handle in (-1, None):  # else relative to a folder that was opened, which rmtree does
                for place in PATHS[event]:
                    self._check_path(event, args[place])
        elif (
            (event in PROCESSES and COMPILER not in str(args)) or event in NETWORK or event in CODE
        ):
            self.seen.append(f"{event} {str(args)[:200]}")

    def _check_path(self, event: str, path: object) -> None:
        text = os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type]  # noqa: PTH100  (no links are followed here)
        inside = any(
            text == folder or text.startswith(folder + os.sep) for folder in self.writable or ()
        )
        own = "__pycache__" in text or NOTES in Path(text).parts
        if not inside and not own and text != os.devnull:
            self.seen.append(f"{event} {text[:200]}")


_watch = Watch()


@contextmanager
def watched(
    root: Path, *, writable: tuple[str, ...] = ("cache", "input"), kept: tuple[str, ...] = ()
) -> Iterator[None]:
    """One input: it may write to `writable` below `root` and to a temporary folder alone; leaves no
    half-finished part and nothing but what was `kept` there; and ends soon.

    Raises:
        Broken: With what happened.
    """
    temporary = root / "tmp"
    temporary.mkdir(exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(temporary)
    peak, began, at = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        time.process_time(),
        time.monotonic(),
    )
    _watch.seen.clear()
    _watch.writable = tuple(str(root / name) for name in (*writable, "tmp"))
    try:
        yield
    finally:
        _watch.writable = None
        tempfile.tempdir = before
    if _watch.seen:
        raise Broken(f"it did what it must not: {_watch.seen[:5]}")
    seconds = time.process_time() - began
    if seconds > SECONDS:
        raise Broken(f"it took {seconds:.1f} s")
    if time.monotonic() - at > WALL:
        raise Broken(f"it took {time.monotonic() - at:.1f} s, most of them waiting")
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) << 10
    if growth > GROWTH:
        raise Broken(f"it took {growth >> 20} MiB")
    left = [p.name for p in root.iterdir() if p.name not in (*writable, *kept, "tmp")] + [
        str(p) for p in temporary.iterdir()
    ]
    left += [str(p) for p in root.rglob(".*") if p.name.startswith(TEMPORARY)]
    if left:
        raise Broken(f"it left {left[:5]}")
