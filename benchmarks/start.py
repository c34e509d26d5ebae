"""How long until an answer, how fast is one prompt, and what does one expert hold?

    python -m benchmarks.start [ROUNDS] [FOLDER]

A LoRA of rank 8 on the demo base, no drafts, else default settings, a warm disk and a prepared
package; each start is a process of its own. With a folder, another checkout of this repository
takes turns with this one, such as `git worktree add FOLDER COMMIT`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.large import TOLD
from benchmarks.manager import ROOT, packages
from benchmarks.measure import BASE, ROUNDS, Answer, alternate, judge, save
from benchmarks.server import start
from expertserve.package.build import pack

PORT = 8463
LOAD = """
import sys
from expertserve import EngineConfig, Expert
package, base, cache = sys.argv[1:]
options = {"drafts": False} if "drafts" in EngineConfig.__dataclass_fields__ else {}
config = EngineConfig(engine="vllm", **options)
with Expert.load(package, base_model=base, config=config, cache_dir=cache) as expert:
    expert.generate("How many?", max_tokens=16, stop=[])
    answered()
    began, tokens = time.perf_counter(), 0
    for number in range(6):
        answer = expert.generate(f"How many are {number}?", max_tokens=64, stop=[])
        tokens += answer.usage.completion_tokens
    print("DECODED", tokens / (time.perf_counter() - began))
"""


def child(checkout: Path, folder: Path, package: Path) -> tuple[float, float, float]:
    """Seconds to the first answer, the GB of all processes, and one prompt's tokens a second."""
    script = folder / "load.py"
    script.write_text(TOLD + LOAD)
    cache = folder / f"cache-{checkout.name}"
    done = subprocess.run(
        [sys.executable, script, package, BASE, cache],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line.count(" "))
    seconds, held = json.loads(said["ANSWERED"])
    return float(seconds), float(held), float(said["DECODED"])


def loading(folder: Path, package: Path, before: Path | None, rounds: int) -> list[Answer]:
    """`Expert.load` and one prompt, here and in another checkout."""
    checkouts = {"here": ROOT} | ({} if before is None else {"before": before})
    rates: dict[str, list[float]] = {side: [] for side in checkouts}
    memory: dict[str, list[float]] = {side: [] for side in checkouts}

    def first(side: str) -> float:
        seconds, held, rate = child(checkouts[side], folder, package)
        memory[side].append(held)
        rates[side].append(rate)
        return seconds

    found = alternate({side: partial(first, side) for side in checkouts}, rounds)
    firsts, rate, held = (
        {side: statistics.median(values[-rounds:]) for side, values in figures.items()}
        for figures in (found, rates, memory)
    )
    answers = [
        Answer("Expert.load to the first answer, vLLM, seconds", firsts["here"]),
        Answer("memory of all processes, one expert, GB", held["here"], most=3.2),
        Answer("one prompt, no drafts, tokens a second", rate["here"]),
    ]
    if before is not None:
        answers += [
            Answer(
                "Expert.load to the first answer ÷ before",
                firsts["here"] / firsts["before"],
                most=0.5,
            ),
            Answer("one prompt, no drafts ÷ before", rate["here"] / rate["before"], least=1.6),
            Answer("memory of all processes before, GB", held["before"]),
        ]
    return answers


def asking(folder: Path, package: Path, rounds: int) -> list[Answer]:
    """`expertserve generate`, without a server and with one on this machine."""
    command = [sys.executable, "-m", "expertserve.cli"]
    common = ["--cache-dir", str(folder / "cache-cli")]
    archive = pack(package, folder / "e0.expert")  # a folder has no digest to find a server by

    def ask(*more: str) -> float:
        began = time.perf_counter()
        subprocess.run(
            [*command, "generate", archive, "How many?", "--max-tokens", "16", *common, *more],
            check=True,
            capture_output=True,
            cwd=ROOT,
        )
        return time.perf_counter() - began

    alone = alternate({"generate, no server": lambda: ask("--no-server")}, rounds)
    with ExitStack() as stack:
        start(stack, [*command, "serve", f"e0={archive}", "--port", str(PORT), *common], PORT, {})
        served = alternate({"generate, with a server": ask}, rounds)
    return [
        Answer("generate, one question, no server, seconds", middle_of(alone), most=6),
        Answer("… with a server on this machine", middle_of(served), most=1.5),
    ]


def middle_of(figures: dict[str, list[float]]) -> float:
    """The median of the only side."""
    (values,) = figures.values()
    return statistics.median(values)


def main(rounds: int = ROUNDS, before: Path | None = None) -> None:
    """Prints the answers, and writes them to the results."""
    with tempfile.TemporaryDirectory(prefix="start-") as name:
        folder = Path(name)
        (package,) = packages(folder, 1)
        answers = loading(folder, package, before, rounds) + asking(folder, package, rounds)
    notes = {} if before is None else {"before": commit(before)}
    save("start", rounds=rounds, notes=notes, answers=judge("start", answers))


def commit(checkout: Path) -> str:
    """A checkout's commit and its day."""
    command = ["git", "log", "-1", "--format=%h of %as"]
    return subprocess.check_output(command, cwd=checkout, text=True).strip()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROUNDS, *map(Path, sys.argv[2:3]))
