"""What names that are bound to a schema add to the first token, and whether every answer runs.

    python -m benchmarks.names [ROUNDS]

The demo SQL expert, a new schema each round. Both sides have its prompt in the engine's cache, so
that what differs is reading the schema, the names and their first mask; the grammar was compiled.
Small schemas are asked about in four times as many rounds: their first tokens vary the most.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.measure import Answer, alternate, dtype, judge, save
from expertserve import EngineConfig, Expert, GenerateArgs

ROOT = Path(__file__).parents[1]

THINGS = (
    "employee department customer product book author category invoice payment address city"
    " country student course teacher flight airport person supplier ship room ticket"
).split()
FIELDS = "name title price amount status city email phone notes weight year rating score".split()
QUESTIONS = ("list all names", "which has the highest price", "how many are there per city")


def schema(seed: int, tables: int) -> str:
    """So many tables, each with foreign keys to some of those before it."""
    rng, made = random.Random(seed), list[str]()
    names = [f"tbl_{a}" if a == b else f"{a}_{b}" for a in THINGS for b in THINGS]
    names = rng.sample(names, tables)
    for at, name in enumerate(names):
        columns = ["id INT PRIMARY KEY", f"{rng.choice(FIELDS)} TEXT"]
        columns += [f"{o}_id INT REFERENCES {o}" for o in rng.sample(names[:at], min(at, 1))]
        made.append(f"CREATE TABLE {name} ({', '.join(columns)});")
    return "\n".join(made)


def first_token(expert: Expert, question: str, args: GenerateArgs) -> float:
    """Seconds until the first text."""
    began = time.perf_counter()
    with expert.generate_stream(question, **args) as stream:
        next(chunk for chunk in stream if chunk.text)
        return time.perf_counter() - began


def asked(expert: Expert, schemas: Iterator[str], bound: bool) -> float:
    """The same over the next schema, whose prompt is put into the engine's cache before."""
    args: GenerateArgs = {"schema": next(schemas), "restrict_to_schema": bound}
    first_token(expert, "?", {**args, "restrict_to_schema": False})
    return first_token(expert, "list all names", args)


def runs(expert: Expert, seeds: range, *, bound: bool) -> float:
    """The share of answers that SQLite runs."""
    pairs = [(schema(seed, 5), question) for seed in seeds for question in QUESTIONS]
    answers = expert.manager.generate_many(
        [("expert", q, {"schema": s, "restrict_to_schema": bound}) for s, q in pairs]
    )
    good = 0
    for (ddl, _), answer in zip(pairs, answers, strict=True):
        database = sqlite3.connect(":memory:")
        database.executescript(ddl)
        try:
            database.execute(answer.text)
            good += 1
        except sqlite3.Error:
            continue
        finally:
            database.close()
    return good / len(pairs)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    package = next((ROOT / "examples" / "experts").glob("expert-sql-*.expert"))
    config = EngineConfig(max_requests=16, max_model_len=8192)
    figures: dict[str, list[float]] = {}
    with Expert.load(package, config=config) as expert:
        seeds = iter(range(10_000))
        for tables, times in ((5, 4 * rounds), (200, rounds)):
            fresh = [schema(next(seeds), tables) for _ in range(times + 1)]
            sides = {
                f"{tables} tables, {side}": partial(asked, expert, iter(fresh), side == "bound")
                for side in ("bound", "free")
            }
            figures |= alternate(sides, times)
        shares = {bound: runs(expert, range(40), bound=bound) for bound in (True, False)}
    five, many = (
        [median(figures[f"{tables} tables, {side}"]) for side in ("bound", "free")]
        for tables in (5, 200)
    )
    answers = [
        Answer("first token with a schema of 5 tables, bound ÷ free", five[0] / five[1], most=1.2),
        Answer("of 200 tables, bound − free, seconds", many[0] - many[1], most=0.5),
        Answer("answers that run, bound", shares[True], least=0.99),
        Answer("answers that run, free", shares[False]),
    ]
    notes = {"engine": f"max_requests 16, max_model_len 8192, {dtype()}", "answers": 120}
    save("names", notes=notes, answers=judge("names", answers), rounds=figures)


if __name__ == "__main__":
    main()
