"""The processes that compile masks."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from expertserve.grammar.compile import Compiler, read_mask, vocabulary_of
from expertserve.grammar.mask import GlrVocabulary

GRAMMAR = 'root ::= "yes" | "no"\n'


def compilers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child.cmdline()[-1:] == ["0.25"]]


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe can't be waited for with a limit there: the process stays")
def test_a_compiler_with_nothing_to_do_ends_and_comes_back(tiny_base: Path, tmp_path: Path) -> None:
    compiler = Compiler("quick", idle=0.25)
    compiler.compile(GRAMMAR, tiny_base, tmp_path / "first")
    (process,) = compilers()
    assert process.wait(timeout=30) == 0  # of itself
    compiler.compile(GRAMMAR, tiny_base, tmp_path / "second")
    assert read_mask(tmp_path / "second", GlrVocabulary(vocabulary_of(tiny_base)))
    compiler.end()
    assert not compilers()


def test_a_job_that_meets_an_ending_compiler_is_done_all_the_same(tiny_base: Path, tmp_path: Path) -> None:
    """It is asked just as its patience ends, again and again."""
    compiler = Compiler("quick", idle=0.25)
    for number in range(8):
        compiler.compile(GRAMMAR, tiny_base, tmp_path / str(number))
        time.sleep(0.23 + 0.006 * number)
    compiler.end()
    assert len(list(tmp_path.iterdir())) == 8
