"""Lessons that were written, not drawn: everyday schemas, graphs and notes, and what people ask.

    python -m training.train sql_varied --written --start PACKAGE --out build/sql-written

A generator can vary how a question is put, but not what comes to somebody's mind. Language models
wrote these for training alone (`data/*_written.jsonl`), told the task and a list of subjects, none
of `benchmarks/people`; they were shown neither the generators nor a question that judges.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from typing import Final

from pydantic.dataclasses import dataclass

from training.cypher_printed import printed
from training.people import Asked, Shape
from training.records import DATA, STRICT, read
from training.task import Lesson, Pair

OFTEN: Final = 0.75
"""How often a lesson is a written one."""


@dataclass(frozen=True, slots=True, config=STRICT)
class Written:
    """A question and what answers it."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, config=STRICT)
class WrittenLesson:
    """A schema, what it is about, and questions."""

    domain: str
    schema: str
    asked: tuple[Written, ...]


def mixed(made: Iterable[Lesson], task: str, seed: int) -> Iterator[Lesson]:
    """Three lessons of four are written ones, in an order of their own each time round."""
    kind = task.partition("_")[0]
    rng = random.Random(f"written:{kind}:{seed}")
    others = iter(made)
    hand = _rounds(rng, kind)
    while True:
        yield next(hand) if rng.random() < OFTEN else next(others)


def _rounds(rng: random.Random, kind: str) -> Iterator[Lesson]:
    found = lessons(kind, rng)
    while True:
        yield from rng.sample(found, len(found))
        found = lessons(kind, rng)


def lessons(kind: str, rng: random.Random) -> list[Lesson]:
    """All of them, once. Graphs are in forms that `rng` draws."""
    if kind == "json":
        notes = read(DATA / "json_written.jsonl", Shape)
        return [Lesson(_dump(one.shape), None, tuple(map(_noted, one.asked))) for one in notes]
    found = []
    for one in read(DATA / f"{kind}_written.jsonl", WrittenLesson):
        pairs = tuple(Pair(a.question, a.answer) for a in one.asked)
        if kind == "cypher":
            found.append(Lesson(printed(rng, one.schema), "cypher", pairs))
        else:
            found.append(Lesson(one.schema, None, pairs))
    return found


def _noted(asked: Asked) -> Pair:
    return Pair(asked.sentence, _dump(asked.object))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
