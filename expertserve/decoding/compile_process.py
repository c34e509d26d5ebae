"""Runs in a process of its own: compiles masks, a line of JSON each, see `compiler.Compiler`."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from expertserve.decoding.compile import write_mask
from expertserve.decoding.compiler import MEMORY
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Strategy
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import GrammarError
from expertserve.grammar.gbnf import parse
from expertserve.grammar.marks import MARKED


def serve(strategy: Strategy, idle: float, *, nice: bool) -> None:
    """Compiles requests, a line of JSON each, from standard input until it ends or is idle."""
    _bound(strategy, nice)
    for line in iter(lambda: _next(idle), ""):
        job = json.loads(line)
        try:
            marked = job["gbnf"].startswith(MARKED)
            vocabulary, began = _loaded(job["tokenizer"], marked), time.monotonic()
            rules = parse(job["gbnf"], bounded=False)
            if job["words"] is not None:
                rules = replace(rules, words=frozenset(job["words"]))
            mask = GlrMask.compile(rules, vocabulary, strategy)
            answer: dict[str, object] = {"seconds": round(time.monotonic() - began, 3)}
            write_mask(Path(job["out"]), mask)
        except GrammarError as error:
            answer = {"refused": error.message}
        except OSError as error:
            answer = {"unwritable": str(error)}
        print(json.dumps(answer), flush=True)


def _next(idle: float) -> str:
    """The next line; empty at the end or when idle. Requests wait for answers: none is buffered."""
    if sys.platform != "win32" and not select.select([sys.stdin], [], [], idle)[0]:
        return ""
    return sys.stdin.readline()


@lru_cache(maxsize=4)
def _loaded(tokenizer: str, marked: bool) -> GlrVocabulary:
    vocabulary = Vocabulary.read(Path(tokenizer))
    return GlrVocabulary(MarkedVocabulary(vocabulary).whole if marked else vocabulary)


def _bound(strategy: Strategy, nice: bool) -> None:
    if sys.platform == "linux":  # macOS refuses the limit, Windows has none
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY[strategy], MEMORY[strategy]))
    if nice and sys.platform != "win32":
        os.nice(10)


if __name__ == "__main__":
    serve(sys.argv[1], float(sys.argv[2]), nice=sys.argv[3] == "nice")  # type: ignore[arg-type]
