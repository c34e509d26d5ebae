"""Questions as people ask them, over schemas as people name them.

    python -m training.train sql_varied --start FOLDER --steps 2000 --out build/sql-varied

What `training.sql` leaves alone varies here: how tables and columns are spelt, what people call
them, what they ask and how they type. Three lessons of four are of this kind in training, one is of
`training.sql`; test lessons are all of this kind, on things that training never has. Answers keep
to the dialect of `training.sql`.
"""

from __future__ import annotations

import random
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from training import sql
from training.sql_asks import ALONE, Asked
from training.sql_ddl import Hand, database
from training.sql_filters import Talk
from training.sql_join_asks import JOINED, pairings
from training.sql_judge import judged, tells
from training.sql_speech import typed
from training.sql_tables import World
from training.task import Lesson, Pair, Split

__all__ = ["VariedLesson", "answers_in", "correct", "lessons"]

_PAIRS: Final = 10
_LONGEST: Final = 900
"""Characters of a schema, so that a step stays cheap."""
_FORMER, _JOINS = 0.25, 0.45
"""How often a lesson is one of `training.sql`, and a question needs more than one table."""


@dataclass(frozen=True, slots=True)
class VariedLesson(Lesson):
    """A lesson with the world that its schema is of."""

    world: World


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Endless lessons of ten questions; test questions have an answer that is not empty."""
    rng = random.Random(f"varied:{split}:{seed}")
    former = sql.lessons(split, seed)
    while True:
        if split == "train" and rng.random() < _FORMER:
            yield next(former)
        else:
            yield _lesson(rng, split)


def _lesson(rng: random.Random, split: Split) -> VariedLesson:
    world = World.draw(rng, split)
    ddl = Hand.draw(rng).write(rng, world)
    while len(ddl) > _LONGEST:
        world = World.draw(rng, split)
        ddl = Hand.draw(rng).write(rng, world)
    dialect = rng.choice([None, None, None, "sqlite", "postgres"])
    seen: dict[str, str] = {}
    for _ in range(20 * _PAIRS):
        asked = _asked(rng, world)
        if asked is None or (split == "test" and not tells(answers_in(world, ddl), asked[1])):
            continue
        seen.setdefault(typed(rng, asked[0]), asked[1])
        if len(seen) == _PAIRS:
            break
    return VariedLesson(ddl, dialect, tuple(Pair(q, a) for q, a in seen.items()), world)


def _asked(rng: random.Random, world: World) -> Asked:
    talk = Talk(rng, world)
    pairs = pairings(talk)
    if pairs and rng.random() < _JOINS:
        joined, _ = rng.choices(JOINED, [often for _, often in JOINED])[0]
        return joined(talk, rng.choice(pairs))
    alone, _ = rng.choices(ALONE, [often for _, often in ALONE])[0]
    return alone(talk, rng.choice(world.tables))


@lru_cache(maxsize=64)
def answers_in(world: World, ddl: str) -> sqlite3.Connection:
    """The database of a lesson's world; the schema's text determines its rows."""
    return database(world, zlib.crc32(ddl.encode()))


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Runs both queries: equal rows, in equal order where the question asks for one."""
    if not isinstance(lesson, VariedLesson):
        return sql.correct(lesson, pair, text)
    return judged(answers_in(lesson.world, lesson.schema), pair, text)
