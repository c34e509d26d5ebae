"""Questions over relational schemas, and a judge that runs the SQL.

Answers are SELECTs that both SQLite and PostgreSQL read: upper-case keywords, full table names, no
aliases, no semicolon. Schemas of the two splits come from disjoint lists of domains; each lesson
drops and rewrites columns and varies how the DDL is written.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from training.sql_judge import correct, telling
from training.sql_questions import ASKS
from training.sql_world import SCHEMAS, Schema
from training.task import Lesson, Pair, Split

__all__ = ["SCHEMAS", "correct", "lessons"]

_PAIRS: Final = 10
_TYPES: Final = (
    {"text": "TEXT", "int": "INTEGER", "real": "REAL", "date": "DATE"},
    {"text": "VARCHAR(100)", "int": "INT", "real": "DECIMAL(10,2)", "date": "DATE"},
    {"text": "TEXT", "int": "INTEGER", "real": "NUMERIC", "date": "TEXT"},
    {"text": "text", "int": "integer", "real": "numeric", "date": "date"},
)


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Endless lessons of about ten questions; test questions have an answer that is not empty."""
    rng = random.Random(f"{split}:{seed}")
    asks, weights = zip(*ASKS, strict=True)
    while True:
        schema = _vary(rng, rng.choice(SCHEMAS[split]))
        ddl = _write(rng, schema)
        dialect = rng.choice(["sqlite", "postgres", "postgres", None])
        seen: dict[str, str] = {}
        for _ in range(20 * _PAIRS):
            asked = rng.choices(asks, weights)[0](rng, schema)
            if asked and asked[0] not in seen and (split == "train" or telling(ddl, asked[1])):
                seen[_style(rng, asked[0])] = asked[1]
            if len(seen) == _PAIRS:
                break
        yield Lesson(ddl, dialect, tuple(Pair(q, a) for q, a in seen.items()))


def _style(rng: random.Random, question: str) -> str:
    """People type without capitals or a full stop at times."""
    kind = rng.random()
    if kind < 0.1:
        return question[0].lower() + question[1:].rstrip(".?")
    return question.rstrip(".") if kind < 0.2 else question


def _vary(rng: random.Random, schema: Schema) -> Schema:
    """Drops a column here and a table there, so that one domain makes many schemas."""
    if rng.random() < 0.2:
        alone = [table for table in schema if not table.parents]
        schema = (rng.choice(alone),) if alone else schema
    tables = []
    for table in schema:
        keep = [
            column
            for i, column in enumerate(table.columns)
            if i < 3 or column.kind == "key" or rng.random() < 0.75
        ]
        tail = keep[1:]
        if table.label:
            rng.shuffle(tail)
        tables.append(replace(table, columns=(keep[0], *tail)))
    return tuple(tables)


def _write(rng: random.Random, schema: Schema) -> str:
    """The DDL, in one of the ways that people write it."""
    types, broken, linked = rng.choice(_TYPES), rng.random() < 0.3, rng.random() < 0.6
    create = "create table" if types["text"] == "text" else "CREATE TABLE"
    key = rng.choice(["INTEGER PRIMARY KEY", "INT PRIMARY KEY", "INTEGER PRIMARY KEY"])
    lines = []
    for table in schema:
        columns = [f"id {key}"]
        for column in table.columns:
            type_ = types["int" if column.kind == "key" else column.kind]
            refers = f" REFERENCES {column.table}(id)" if column.table and linked else ""
            columns.append(f"{column.name} {type_}{refers}")
        if broken:
            lines.append(f"{create} {table.name} (\n  " + ",\n  ".join(columns) + "\n);")
        else:
            lines.append(f"{create} {table.name} ({', '.join(columns)});")
    return "\n".join(lines)
