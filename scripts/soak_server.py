"""The server of a soak run: started, looked at, ended."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.variations import write
from expertserve.package.archive import open_package
from expertserve.package.cache import entries

ROOT = Path(__file__).resolve().parents[1]
EXPERTS = ROOT / "examples" / "experts"
WATCHED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
from soak_callbacks import watch
watch(Path(sys.argv.pop(1)))
"""
REAL = """
from expertserve.cli import main
main()
"""
FAKE = """
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
answer = "SELECT COUNT(*) FROM lighthouses WHERE height > 3"
app(sys.argv[1:], obj=Seams(engine=lambda: FakeEngine(lambda prompt: answer, delay=0.005)))
"""
CACHE_SIZE = "100MB"
"""Less than what is loaded within a minute, for which the cache keeps what was used."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the server: its processes together, and the memory of each."""

    second: float
    rss_mib: float
    rss_by_process: dict[str, float]
    handles: int
    processes: int
    pending: float
    kv_share: float
    answered: int
    evicted: int


class Server:
    """`expertserve serve` in a process of its own, whose cache has room for little.

    Args:
        engine: `real` or `fake`.
        variations: Packages in its folder besides the demo experts, each with other weights.

    Attributes:
        packages: The names of all of them.
        evicted: Entries that have left the cache between two looks.
        callbacks: The longest callbacks of its event loops once it was ready, known at its end:
            those that `took` the longest, as seconds, what they used of a processor, and what; and
            those that `used` most, with the two the other way around.
    """

    def __init__(self, engine: str, work: Path, log: Path, variations: int) -> None:
        experts, self._cache = work / "experts", work / "cache"
        first = sorted(EXPERTS.glob("*.expert"))[-1]
        source = open_package(first, cache_dir=work / "unpacked").folder
        self.packages = [
            p.name for p in sorted(write(source, experts, variations).glob("*.expert"))
        ]
        for package in EXPERTS.glob("*.expert"):
            if "cypher" in package.name:  # which refuses a schema of SQL, as it should
                continue
            shutil.copy(package, experts)
            self.packages.append(package.name)
        self.evicted = 0
        self.callbacks: dict[str, list[tuple[float, float, str]]] = {}
        self._cached: set[str] = set()
        self._callbacks = work / "callbacks.json"
        program = ["-c", WATCHED + (REAL if engine == "real" else FAKE)]
        program += [str(Path(__file__).parent), str(self._callbacks)]
        options = [
            "--port",
            "0",
            "--open-admin",
            "--drain",
            "10",
            "--experts-folder",
            str(experts),
            "--state-dir",
            str(work / "state"),
        ]
        options += ["--cache-dir", str(self._cache), "--cache-size", CACHE_SIZE]
        command = [
            sys.executable,
            *program,
            "serve",
            f"sql={experts / first.name}",
            *options,
        ]
        self._log = log.open("w")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self.tree = psutil.Process(self.process.pid)
        self.url = self._ready()

    def _ready(self) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            if match := re.match(r"ready at (\S+)", line):
                self._ready_at = time.time()
                return match[1]
        raise SystemExit(
            f"the server ended with {self.process.wait()}; see its log {self._log.name}"
        )

    def processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [self.tree, *self.tree.children(recursive=True)]
        return []

    def look(self, second: float, pending: float, kv_share: float, answered: int) -> Sample:
        rss, handles = dict[str, float](), 0
        found, cached = self.processes(), {f"{e.kind}/{e.name}" for e in entries(self._cache)}
        self.evicted += len(self._cached - cached)
        self._cached = cached
        for process in found:
            with contextlib.suppress(psutil.Error):
                rss[f"{role(process)} {process.pid}"] = round(process.memory_info().rss / 2**20, 1)
                handles += process.num_fds()
        return Sample(
            round(second, 1),
            round(sum(rss.values()), 1),
            rss,
            handles,
            len(found),
            pending,
            kv_share,
            answered,
            self.evicted,
        )

    def end(self) -> tuple[int, int]:
        """Its exit code, and how many of its processes live on."""
        family = self.processes()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = -9
        self._log.close()
        if self._callbacks.exists():
            for kind, found in json.loads(self._callbacks.read_text()).items():
                self.callbacks[kind] = [
                    (seconds, other, what)
                    for seconds, when, other, what in found
                    if when - max(seconds, other) > self._ready_at
                ]
        _, alive = psutil.wait_procs(family, timeout=10)
        return code, len(alive)


def role(process: psutil.Process) -> str:
    """What a process of the server is for."""
    line = " ".join(process.cmdline())
    if compiles := re.search(r"grammar\.compile (\w+)", line):
        return f"masks, {compiles[1]}"
    named = re.search(r"VLLM::\w+", line)
    return named[0] if named else "server" if " serve " in line else "other"
