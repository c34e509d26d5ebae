"""The processes that compile masks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expertserve.decoding import compiler as compile_module
from expertserve.decoding.compile import Masks, read_mask, vocabulary_of
from expertserve.decoding.compiler import Compiler, start_process
from expertserve.decoding.mask import GlrVocabulary, Strategy
from expertserve.errors import GrammarError
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar

GRAMMAR = 'root ::= "yes" | "no"\n'


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="a pipe can't be waited for with a limit there: the process stays",
)
def test_a_compiler_with_nothing_to_do_ends_and_comes_back(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []

    def start(strategy: Strategy, idle: float, *, nice: bool = True) -> subprocess.Popen[str]:
        started.append(start_process(strategy, idle, nice=nice))
        return started[-1]

    monkeypatch.setattr(compile_module, "start_process", start)
    compiler = Compiler("quick", idle=0.25)
    compiler.compile(parse(GRAMMAR), tiny_base, tmp_path / "first")
    assert started[0].wait(timeout=30) == 0  # of itself
    compiler.compile(parse(GRAMMAR), tiny_base, tmp_path / "second")
    assert len(started) == 2
    assert read_mask(tmp_path / "second", GlrVocabulary(vocabulary_of(tiny_base)))
    compiler.end()


def test_a_process_with_very_many_handles_compiles_too(tiny_base: Path, tmp_path: Path) -> None:
    """As a server with a thousand connections has."""
    held = [os.dup(0) for _ in range(1100)]
    try:
        compiler = Compiler("quick")
        compiler.compile(parse(GRAMMAR), tiny_base, tmp_path / "mask")
        compiler.end()
    finally:
        for handle in held:
            os.close(handle)


def first_runs(program: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets the first process be another program. What was started is added to the list."""
    started: list[str] = []

    def start(strategy: Strategy, idle: float, *, nice: bool = True) -> subprocess.Popen[str]:
        started.append(strategy if started else program)
        if len(started) > 1:
            return start_process(strategy, idle, nice=nice)
        command = [sys.executable, "-c", program]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(compile_module, "start_process", start)
    return started


def test_a_job_that_meets_an_ending_compiler_is_done_by_the_next(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # ends without an answer, as one does whose patience ended while it was asked
    started = first_runs("input()", monkeypatch)
    compiler = Compiler("quick")
    compiler.compile(parse(GRAMMAR), tiny_base, tmp_path / "mask")
    compiler.end()
    assert (tmp_path / "mask").exists() and started == ["input()", "quick"]


def test_a_compiler_that_breaks_is_not_asked_again(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = first_runs("input(); raise SystemExit(1)", monkeypatch)
    compiler = Compiler("quick")
    with pytest.raises(GrammarError) as caught:
        compiler.compile(parse(GRAMMAR), tiny_base, tmp_path / "mask")
    assert caught.value.code == "grammar_too_costly" and not (tmp_path / "mask").exists()
    assert len(started) == 1


def test_a_refused_grammar_asked_again_is_refused_from_memory(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def start(strategy: Strategy, idle: float, *, nice: bool = True) -> subprocess.Popen[str]:
        started.append(strategy)
        command = [sys.executable, "-c", "input(); raise SystemExit(1)"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(compile_module, "start_process", start)
    grammar, said, took = Grammar.from_gbnf(GRAMMAR), [], []
    for masks in (Masks(), Masks(), Masks()):  # others, as after a restart
        for _ in range(5):
            began = time.perf_counter()
            with pytest.raises(GrammarError) as caught:
                masks.ready(grammar, tiny_base, tmp_path, own=False)
            took.append(time.perf_counter() - began)
            said.append((caught.value.code, caught.value.message, caught.value.hint))
    assert started == ["quick", "walk"]
    assert len(set(said)) == 1 and said[0][0] == "grammar_too_costly"
    assert min(took[1:]) < 0.005
