"""Runs in a process of its own: a line of JSON is a job, another its answer, see `compiler`.

{"do": "schema", "schema", "strict", "ground"}                 -> {"rules"}
{"do": "mask", "rules", "tokenizer", "out"}                    -> {"seconds"}
{"do": "fallback", "rules", "tokenizer", "out", "engine"}      -> {}
any                                                            -> {"refused"} | {"unwritable"}
"""

from __future__ import annotations

import gc
import json
import os
import select
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from expertserve.decoding.compile import write_checked
from expertserve.decoding.compiler import MEMORY
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Strategy, XMask, fallback_mask
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import ExpertError
from expertserve.grammar import schema
from expertserve.grammar.marks import machine_rules, marks_of
from expertserve.grammar.packed import pack, unpack
from expertserve.grammar.tree import Rules

DEPTH = 20_000
"""Of Python's stack, which is this process's alone."""


def serve(strategy: Strategy, idle: float, *, nice: bool) -> None:
    """Does jobs from standard input until it ends or is idle."""
    _bound(strategy, nice)
    sys.setrecursionlimit(DEPTH)
    gc.freeze()
    gc.disable()  # its passes over a job's trees find nothing, and take a fifth of the time
    for line in iter(lambda: _next(idle), ""):
        job = json.loads(line)
        try:
            answer = _answer(job, strategy)
        except ExpertError as error:
            answer = {"refused": [error.code, error.message, error.hint]}
        except OSError as error:
            answer = {"unwritable": str(error)}
        print(json.dumps(answer), flush=True)
        gc.collect()


def _answer(job: Mapping[str, Any], strategy: Strategy) -> dict[str, object]:
    if job["do"] == "schema":
        given = json.loads(job["schema"])
        return {"rules": pack(schema.rules(given, strict=job["strict"], ground=job["ground"]))}
    rules, out = unpack(job["rules"]), Path(job["out"])
    marked = bool(marks_of(rules))
    rules = machine_rules(rules)
    if job["do"] == "fallback":
        _make_fallback(job["engine"], rules, _read(job["tokenizer"], marked), out)
        return {}
    vocabulary, began = _loaded(job["tokenizer"], marked), time.monotonic()
    mask = GlrMask.compile(rules, vocabulary, strategy)
    took = round(time.monotonic() - began, 3)
    write_checked(out, mask.save())
    return {"seconds": took}


def _make_fallback(engine: str, rules: Rules, vocabulary: Vocabulary, out: Path) -> None:
    """A plugin's mask can't be handed over: that it could be made within the bounds is all."""
    mask = fallback_mask(engine, rules, vocabulary, max(vocabulary.tokens) + 1)
    write_checked(out, mask.save() if isinstance(mask, XMask) else b"")


def _next(idle: float) -> str:
    """The next line; empty at the end or when idle. Requests wait for answers: none is buffered."""
    if sys.platform != "win32" and not select.select([sys.stdin], [], [], idle)[0]:
        return ""
    return sys.stdin.readline()


@lru_cache(maxsize=4)
def _loaded(tokenizer: str, marked: bool) -> GlrVocabulary:
    return GlrVocabulary(_read(tokenizer, marked))


@lru_cache(maxsize=4)
def _read(tokenizer: str, marked: bool) -> Vocabulary:
    vocabulary = Vocabulary.read(Path(tokenizer))
    return MarkedVocabulary(vocabulary).whole if marked else vocabulary


def _bound(strategy: Strategy, nice: bool) -> None:
    if sys.platform == "linux":  # macOS refuses the limit, Windows has none
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY[strategy], MEMORY[strategy]))
    if nice and sys.platform != "win32":
        os.nice(10)


if __name__ == "__main__":
    serve(sys.argv[1], float(sys.argv[2]), nice=sys.argv[3] == "nice")  # type: ignore[arg-type]
