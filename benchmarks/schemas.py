"""How many real JSON schemas are taken, whether they are held right, and what they cost.

Three engines in turn on the same schemas, in one process: ours, llguidance and xgrammar, where they
are installed. A file holds a schema, or `schema` with `tests` of `data` and `valid`, as in
JSONSchemaBench's maskbench and the JSON-Schema-Test-Suite. Compile times are cold: the vocabulary
is known, the schema isn't.

python -m benchmarks.schemas FOLDER [--count 300] [--seconds 330] [--base SmolLM2-135M-Instruct]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.measure import Answer, judge, save
from expertserve.config import models_dir
from expertserve.decoding.compile import read_mask
from expertserve.decoding.compiler import Compiler
from expertserve.decoding.mask import GlrMask, GlrVocabulary
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import ExpertError
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.schema import text_of

SUITE = Path(__file__).parent.parent.parent / "shared" / "data" / "json-schema-test-suite"
STEPS = 200
"""Masks that are timed, at most, for each instance."""


@dataclass(slots=True)
class Case:
    """A schema, and instances with whether each is valid."""

    name: str
    schema: dict[str, object]
    tests: list[tuple[object, bool]] = field(default_factory=list)


class Walk(Protocol):
    """A text's way through a schema's masks, token by token."""

    def fill(self) -> None: ...

    def take(self, token: int) -> bool: ...

    @property
    def complete(self) -> bool: ...


Compile = Callable[[dict[str, object]], Callable[[], Walk]]
"""A schema → walks through it. Raises where it isn't taken."""


@dataclass(slots=True)
class Tally:
    """What one engine did."""

    taken: int = 0
    right: int = 0
    lets: int = 0
    forbids: int = 0
    compile: list[float] = field(default_factory=list)
    masks: list[float] = field(default_factory=list)

    def report(self, cases: int) -> dict[str, float]:
        seconds = np.array(self.compile or [0.0])
        masks = np.array(self.masks or [0.0]) * 1e6
        return {
            "taken": round(self.taken / cases, 4),
            "right": round(self.right / cases, 4),
            "invalid_let_through": self.lets,
            "valid_forbidden": self.forbids,
            "compile_s_p50": round(float(np.percentile(seconds, 50)), 4),
            "compile_s_p99": round(float(np.percentile(seconds, 99)), 4),
            "mask_us_mean": round(float(masks.mean()), 1),
            "mask_us_p99": round(float(np.percentile(masks, 99)), 1),
        }


# ── engines ─────────────────────────────────────────────────────────────────────────────────────


class _OurWalk:
    def __init__(self, mask: GlrMask, size: int) -> None:
        self._state = mask.start()
        self._row = np.zeros((size + 31) // 32, dtype=np.int32)

    def fill(self) -> None:
        self._state.fill(self._row)

    def take(self, token: int) -> bool:
        return self._state.commit(token)

    @property
    def complete(self) -> bool:
        return self._state.accepting


def ours(vocabulary: Vocabulary, size: int, base: Path, folder: Path) -> Compile:
    """Lowering, recogniser and the quick mask, which the first request waits for, bounded."""
    known, compiler = GlrVocabulary(vocabulary), Compiler("quick")
    compiler.compile(parse('root ::= "a"'), base, folder / "mask")  # a vocabulary's cost, once

    def compile(schema: dict[str, object]) -> Callable[[], Walk]:
        made = Grammar(compiler.lower(text_of(schema), strict=False, ground="")).rules
        compiler.compile(made, base, folder / "mask")
        mask = read_mask(folder / "mask", known)
        return lambda: _OurWalk(mask, size)

    return compile


class _GuidanceWalk:
    def __init__(self, matcher: object) -> None:
        self._matcher = matcher

    def fill(self) -> None:
        self._matcher.compute_bitmask()  # type: ignore[attr-defined]

    def take(self, token: int) -> bool:
        return bool(self._matcher.consume_token(token))  # type: ignore[attr-defined]

    @property
    def complete(self) -> bool:
        return bool(self._matcher.is_accepting())  # type: ignore[attr-defined]


def llguidance(folder: Path) -> Compile:
    """With blanks as ours writes them, so that the same texts are judged."""
    import llguidance as engine

    tokenizer = engine.LLTokenizer(str(folder / "tokenizer.json"))
    blanks: Any = {"item_separator": ", ", "key_separator": ": ", "whitespace_flexible": False}

    def compile(schema: dict[str, object]) -> Callable[[], Walk]:
        grammar = engine.LLMatcher.grammar_from_json_schema(schema, defaults=blanks)
        matcher = engine.LLMatcher(tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise ValueError(matcher.get_error())
        return lambda: _GuidanceWalk(matcher.deep_copy())

    return compile


class _XgrammarWalk:
    def __init__(self, matcher: object, row: object) -> None:
        self._matcher, self._row = matcher, row

    def fill(self) -> None:
        self._matcher.fill_next_token_bitmask(self._row)  # type: ignore[attr-defined]

    def take(self, token: int) -> bool:
        return bool(self._matcher.accept_token(token))  # type: ignore[attr-defined]

    @property
    def complete(self) -> bool:
        return bool(self._matcher.is_completed())  # type: ignore[attr-defined]


def xgrammar(vocabulary: Vocabulary, size: int) -> Compile:
    """Not strict, compact; nothing of an earlier schema is kept."""
    import xgrammar as engine

    tokens = [vocabulary.tokens.get(i, b"") for i in range(size)]
    info = engine.TokenizerInfo(tokens, vocab_type=engine.VocabType.RAW, vocab_size=size)
    compiler = engine.GrammarCompiler(info, max_threads=1, cache_enabled=False)

    def compile(schema: dict[str, object]) -> Callable[[], Walk]:
        made = compiler.compile_json_schema(
            json.dumps(schema), any_whitespace=False, strict_mode=False
        )
        row = engine.allocate_token_bitmask(1, size)
        return lambda: _XgrammarWalk(engine.GrammarMatcher(made), row)

    return compile


# ── the run ─────────────────────────────────────────────────────────────────────────────────────


def cases(folder: Path, count: int) -> list[Case]:
    """As many schemas of a folder, drawn with a fixed seed."""
    found = [case for file in sorted(folder.rglob("*.json")) for case in _read(file)]
    random.Random(0).shuffle(found)
    return found[:count]


def _read(file: Path) -> Iterator[Case]:
    held = json.loads(file.read_text(encoding="utf-8"))
    for number, group in enumerate(held if isinstance(held, list) else [held]):
        wrapped = isinstance(group, dict) and isinstance(group.get("schema"), dict)
        schema = group["schema"] if wrapped else group
        if isinstance(schema, dict):
            tests = group.get("tests", ()) if wrapped else ()
            listed = [(t["data"], bool(t["valid"])) for t in tests if "data" in t]
            yield Case(f"{file.stem}-{number}", schema, listed)


def measure(case: Case, compile: Compile, spell: Callable[[str], list[int]], tally: Tally) -> None:
    """Compiles one schema and walks its instances; right is one without a wrong verdict."""
    began = time.perf_counter()
    try:
        start = compile(case.schema)
    except (ExpertError, ValueError, RuntimeError):
        tally.compile.append(time.perf_counter() - began)
        return
    tally.compile.append(time.perf_counter() - began)
    tally.taken += 1
    wrong = False
    for value, valid in case.tests:
        text = json.dumps(value, ensure_ascii=False)
        taken = _walked(start(), spell(text), tally)
        tally.lets += taken and not valid
        tally.forbids += valid and not taken
        wrong |= taken and not valid
    tally.right += not wrong


def _walked(walk: Walk, tokens: list[int], tally: Tally) -> bool:
    for place, token in enumerate(tokens):
        if place < STEPS:
            began = time.perf_counter()
            walk.fill()
            tally.masks.append(time.perf_counter() - began)
        if not walk.take(token):
            return False
    return walk.complete


def run(folder: Path, base: str, count: int, seconds: float) -> dict[str, object]:
    """The table's numbers, an engine each; as many schemas as there is time for."""
    from tokenizers import Tokenizer

    place = models_dir() / base
    vocabulary, words = Vocabulary.read(place), Tokenizer.from_file(str(place / "tokenizer.json"))
    size = max(vocabulary.tokens) + 1
    made = Path(tempfile.mkdtemp())
    engines: dict[str, Compile] = {"expertserve": ours(vocabulary, size, place, made)}
    if find_spec("llguidance"):
        engines["llguidance"] = llguidance(place)
    if find_spec("xgrammar"):
        engines["xgrammar"] = xgrammar(vocabulary, size)
    chosen = cases(folder, count)
    tallies = {name: Tally() for name in engines}
    until, done = time.monotonic() + seconds, 0
    for case in chosen:
        if time.monotonic() > until:
            break
        done += 1
        for name, compile in engines.items():
            measure(
                case,
                compile,
                lambda text: words.encode(text, add_special_tokens=False).ids,
                tallies[name],
            )
    return {
        "schemas": done,
        "base": base,
        "engines": {name: tally.report(done) for name, tally in tallies.items()},
    }


def answers(engines: dict[str, dict[str, float]]) -> list[Answer]:
    """Ours beside the better of the others."""
    ours, others = engines["expertserve"], [e for n, e in engines.items() if n != "expertserve"]
    found = [
        Answer("share of schemas taken", ours["taken"], least=0.95),
        Answer("compiling a schema, p99, seconds", ours["compile_s_p99"], most=1),
        Answer("instances that are invalid and let through", ours["invalid_let_through"], most=0),
    ]
    if others:
        best, quick = max(e["right"] for e in others), min(e["compile_s_p50"] for e in others)
        fast = min(e["mask_us_mean"] for e in others)
        found += [
            Answer("share of schemas right ÷ the better other's", ours["right"] / best, least=1),
            Answer("compiling, median ÷ the faster other's", ours["compile_s_p50"] / quick, most=2),
            Answer("a mask, mean ÷ the faster other's", ours["mask_us_mean"] / fast, most=2),
        ]
    return found


def main() -> None:
    """Prints the answers, and writes them to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?", default=SUITE)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=330)
    parser.add_argument("--base", default="SmolLM2-135M-Instruct")
    args = parser.parse_args()
    if not args.folder.is_dir():
        print(f"no schemas to measure: {args.folder} isn't there")
        return
    result = run(args.folder, args.base, args.count, args.seconds)
    engines: dict[str, dict[str, float]] = result["engines"]  # type: ignore[assignment]
    save("schemas", answers=judge("schemas", answers(engines)), **result)


if __name__ == "__main__":
    main()
