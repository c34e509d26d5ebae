"""The processes that compile masks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from expertserve.decoding.compile import Compiler, read_mask, vocabulary_of
from expertserve.decoding.mask import GlrVocabulary
from expertserve.errors import GrammarError

GRAMMAR = 'root ::= "yes" | "no"\n'


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="a pipe can't be waited for with a limit there: the process stays",
)
def test_a_compiler_with_nothing_to_do_ends_and_comes_back(tiny_base: Path, tmp_path: Path) -> None:
    compiler = Compiler("quick", idle=0.25)
    compiler.compile(GRAMMAR, tiny_base, tmp_path / "first")
    process = compiler._process
    assert process and process.wait(timeout=30) == 0  # of itself
    compiler.compile(GRAMMAR, tiny_base, tmp_path / "second")
    assert read_mask(tmp_path / "second", GlrVocabulary(vocabulary_of(tiny_base)))
    compiler.end()


def instead(compiler: Compiler, program: str) -> None:
    """Puts another process into a compiler's place."""
    compiler._process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_job_that_meets_an_ending_compiler_is_done_by_the_next(
    tiny_base: Path, tmp_path: Path
) -> None:
    compiler = Compiler("quick")
    instead(
        compiler, "input()"
    )  # ends without an answer, as one does whose patience ended while it was asked
    compiler.compile(GRAMMAR, tiny_base, tmp_path / "mask")
    compiler.end()
    assert (tmp_path / "mask").exists()


def test_a_compiler_that_breaks_is_not_asked_again(tiny_base: Path, tmp_path: Path) -> None:
    compiler = Compiler("quick")
    instead(compiler, "input(); raise SystemExit(1)")
    with pytest.raises(GrammarError) as caught:
        compiler.compile(GRAMMAR, tiny_base, tmp_path / "mask")
    assert caught.value.code == "grammar_too_costly" and not (tmp_path / "mask").exists()
