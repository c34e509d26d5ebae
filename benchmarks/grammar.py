"""Masks: how long one takes, how long a grammar takes to compile and load, and what grammars cost
in the engine.

    python -m benchmarks.grammar [ROUNDS] [engine]

Published grammars are read from ../shared/samples, where they are; vocabularies are those of the
two demo bases.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import BASE, ROUNDS, Answer, dtype, judge, save
from expertserve import EngineConfig, Expert, GenerateArgs
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Mask
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.bundled import bundled
from expertserve.grammar.gbnf import parse
from expertserve.grammar.lower import to_lark
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Literal, Ref, Rules, Seq
from expertserve.grammar.write import write

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT.parent / "shared" / "samples"
VOCABULARIES = {"smollm2": BASE, "qwen": BASE.with_name("Qwen2.5-Coder-0.5B-Instruct")}
SCHEMA = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, country TEXT, age INTEGER);"


def grammars() -> dict[str, Grammar]:
    """The published ones and ours, by name."""
    found = {
        f"published {p.parent.name.removeprefix('expert-')}": Grammar.from_gbnf(p.read_bytes())
        for p in SAMPLES.glob("*/grammar.gbnf")
    }
    return found | {
        name: grammar for name in ("sql", "json-object", "cypher") if (grammar := bundled(name))
    }


def sentences(grammar: Grammar, count: int = 20) -> list[bytes]:
    rng = random.Random(0)
    return [grammar.sample(rng, 150).encode() for _ in range(count)]


def masks(mask: Mask, texts: list[list[int]], size: int, limit: int = 10_000) -> list[float]:
    """Seconds of each mask along some sentences."""
    row, times = np.zeros((size + 31) // 32, dtype=np.int32), []
    for ids in texts:
        state = mask.start()
        for token in ids:
            began = time.perf_counter()
            state.fill(row)
            times.append(time.perf_counter() - began)
            if len(times) >= limit or not state.commit(token):
                break
    return times


def raw_xgrammar(grammar: Grammar, vocabulary: Vocabulary, size: int) -> Mask:
    """xgrammar as it comes: the GBNF as written."""
    import xgrammar

    from expertserve.decoding.mask import XState

    tokens = [vocabulary.tokens.get(i, b"") for i in range(size + 1)]
    info = xgrammar.TokenizerInfo(
        tokens, vocab_type=xgrammar.VocabType.RAW, vocab_size=size + 1, stop_token_ids=[size]
    )
    compiled = xgrammar.GrammarCompiler(info, max_threads=1).compile_grammar(
        xgrammar.Grammar.from_ebnf(write(grammar.rules))
    )

    class Raw:
        def start(self) -> XState:
            return XState(xgrammar.GrammarMatcher(compiled), size + 1)

    return Raw()


def one(name: str, which: str, compare: bool) -> dict[str, object]:
    """Everything about one grammar and one vocabulary. Run in a process of its own: its peak memory
    is reported.
    """
    grammar, vocabulary = grammars()[name], Vocabulary.read(VOCABULARIES[which])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    own = GlrVocabulary(vocabulary)
    size = max(vocabulary.tokens) + 1
    began = time.perf_counter()
    mask = GlrMask.compile(grammar.rules, own)
    compile_seconds = time.perf_counter() - began
    data = mask.save()
    loads = []
    for _ in range(5):
        began = time.perf_counter()
        GlrMask.load(data, own)
        loads.append(time.perf_counter() - began)
    texts = [vocabulary.spell(s, lambda text: []) for s in sentences(grammar)]
    passes = [masks(mask, texts, size) for _ in range(ROUNDS)]
    mean = statistics.median(map(statistics.mean, passes))
    row: dict[str, object] = {
        "grammar": name,
        "vocabulary": which,
        "compile_s": round(compile_seconds, 2),
        "peak_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10,
        "file_kb": len(data) >> 10,
        "load_ms": round(statistics.median(loads) * 1e3, 1),
        "mask_mean_us": round(mean * 1e6, 1),
        "mask_worst_us": round(statistics.median(map(max, passes)) * 1e6, 1),
        "masks": len(passes[0]),
    }
    if compare:
        theirs = masks(raw_xgrammar(grammar, vocabulary, size), texts[:4], size, 120)
        row |= {
            "xgrammar_mean_us": round(statistics.mean(theirs) * 1e6),
            "ratio": round(statistics.mean(theirs) / mean),
        }
    return row


def tables() -> Iterator[dict[str, object]]:
    """Each in a process of its own."""
    for which in VOCABULARIES:
        for name in grammars():
            command = [sys.executable, "-m", "benchmarks.grammar", "--one", name, which]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
            yield json.loads(done.stdout)


def reading() -> float:
    """Milliseconds to read and lower a grammar of 2,000 rules."""
    rules = {"root": Seq(tuple(Ref(f"rule-{i}") for i in range(2000)))} | {
        f"rule-{i}": Literal(f"word {i}") for i in range(2000)
    }
    text = write(Rules(rules, {}))
    times = []
    for _ in range(5):
        began = time.perf_counter()
        to_lark(parse(text))
        times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1e3, 1)


def in_engine(rounds: int) -> tuple[list[Answer], dict[str, Any]]:
    """Decode throughput with a grammar ÷ without, and the first token, in alternating rounds on one
    engine.
    """
    package = next((ROOT / "examples" / "experts").glob("expert-sql-*.expert"))
    sql = bundled("sql")
    assert sql
    wanted: GenerateArgs = {
        "grammar": sql,
        "temperature": 1.0,
        "max_tokens": 64,
        "schema": SCHEMA,
        "stop": [],
    }
    answers: list[Answer] = []
    tokens_s: dict[str, list[float]] = {}
    raw: dict[str, list[list[float]]] = {}
    config = EngineConfig(max_requests=32, max_model_len=1024, drafts=False)
    with Expert.load(package, config=config) as expert:
        for batch in (16, 32):
            prompts = [
                f"List the customers who are older than {20 + i} and everything about them."
                for i in range(batch)
            ]

            def run(
                own: list[GenerateArgs], prompts: list[str] = prompts
            ) -> tuple[float, float, list[int]]:
                """Tokens a second while decoding (each request's from its first token on, together)
                and from asking to the last end.
                """
                began = time.perf_counter()
                results = expert.manager.generate_many(
                    [("expert", p, args) for p, args in zip(prompts, own, strict=True)]
                )
                seconds = time.perf_counter() - began
                lengths = [r.usage.completion_tokens for r in results]
                decode = sum(
                    (n - 1) / (r.timing.total - r.timing.first_token)
                    for n, r in zip(lengths, results, strict=True)
                )
                return decode, sum(lengths) / seconds, lengths

            held: list[GenerateArgs] = [{**wanted, "seed": i} for i in range(batch)]
            lengths = run(held)[
                2
            ]  # seeded, so they are these every time: the other side writes as much
            free: list[GenerateArgs] = [
                {**a, "grammar": None, "max_tokens": n} for a, n in zip(held, lengths, strict=True)
            ]
            run(free)
            rounds_ = []
            for r in range(4 * rounds):
                pair = [run(a) for a in ((held, free) if r % 2 else (free, held))]
                rounds_.append(pair if r % 2 else pair[::-1])
            for kind, what in enumerate(("decoding", "from asking to the end")):
                ratio = statistics.median(ours[kind] / base[kind] for ours, base in rounds_)
                medians = [
                    round(statistics.median(figures[kind] for figures in side), 1)
                    for side in zip(*rounds_, strict=True)
                ]
                name = f"constrained ÷ unconstrained, batch {batch}, {what}"
                answers.append(Answer(name, ratio, least=0.95))
                tokens_s[name] = medians
                raw[name] = [[round(side[kind], 1) for side in round_] for round_ in rounds_]
        firsts: dict[str, list[float]] = {"with": [], "without": []}
        sides: dict[str, GenerateArgs] = {"with": wanted, "without": {**wanted, "grammar": None}}
        for r in range(8 * rounds):
            for key in sorted(sides, reverse=bool(r % 2)):
                args: GenerateArgs = {**sides[key], "max_tokens": 16, "temperature": 0.0}
                firsts[key].append(
                    expert.generate("How many customers are there?", **args).timing.first_token
                )
        extra = statistics.median(firsts["with"]) - statistics.median(firsts["without"])
        answers.append(Answer("first token, cached grammar − none, ms", extra * 1e3, most=5))
    return answers, {"tokens_a_second": tokens_s, "rounds": raw}


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        name, which = sys.argv[2:4]
        print(json.dumps(one(name, which, compare=name == "published sql")))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if sys.argv[2:] == ["engine"]:
        judge("grammar", in_engine(rounds)[0])
        return
    rows = list(tables())
    for row in rows:
        print(json.dumps(row), flush=True)
    lowered = reading()
    answers, raw = in_engine(rounds)
    answers = [
        *published(rows),
        Answer("reading and lowering 2,000 rules, ms", lowered, most=200),
        *answers,
    ]
    notes = {
        "engine": f"max_requests 32, max_model_len 1024, {dtype()}",
        "temperature": 1.0,
        "max_tokens": 64,
    }
    save("grammar", notes=notes, answers=judge("grammar", answers), masks=rows, **raw)


def published(rows: list[dict[str, Any]]) -> Iterator[Answer]:
    """What the published SQL grammar's bars say, by vocabulary."""
    for vocabulary, worst, compiled in (("smollm2", 1, 5), ("qwen", 5, 20)):
        row = next(
            (r for r in rows if (r["grammar"], r["vocabulary"]) == ("published sql", vocabulary)),
            None,
        )
        if row is None:  # the published grammar is no part of this repository
            continue
        what = f"published SQL grammar, {vocabulary}'s vocabulary"
        yield Answer(f"{what}: mean mask, µs", row["mask_mean_us"], most=60)
        yield Answer(f"{what}: worst mask, ms", row["mask_worst_us"] / 1e3, most=worst)
        yield Answer(f"{what}: times faster than xgrammar alone", row["ratio"], least=100)
        yield Answer(f"{what}: compiling, s", row["compile_s"], most=compiled)
        yield Answer(f"{what}: loading, ms", row["load_ms"], most=20)


if __name__ == "__main__":
    main()
