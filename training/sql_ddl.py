"""A world's DDL as people write it, and the database that answers are run in.

The two are apart: a lesson shows PostgreSQL's, MySQL's or SQLite's types, keys and schemas; the
judge builds the same tables in SQLite's own words.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from training.sql_tables import Field, Relation, World
from training.sql_world import quoted

_TYPES: Final = (
    {"text": "TEXT", "int": "INTEGER", "real": "REAL", "date": "DATE"},
    {"text": "TEXT", "int": "INTEGER", "real": "REAL", "date": "TEXT"},
    {"text": "VARCHAR(100)", "int": "INT", "real": "DECIMAL(10,2)", "date": "DATE"},
    {"text": "VARCHAR(255)", "int": "INT", "real": "DECIMAL(10, 2)", "date": "DATETIME"},
    {"text": "TEXT", "int": "INTEGER", "real": "NUMERIC", "date": "TIMESTAMP"},
    {"text": "text", "int": "int", "real": "numeric", "date": "date"},
    {"text": "varchar", "int": "bigint", "real": "double precision", "date": "timestamptz"},
    {"text": "NVARCHAR(80)", "int": "INT", "real": "MONEY", "date": "DATE"},
)
_PRIMARY: Final = (
    *("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY", "INT PRIMARY KEY", "SERIAL PRIMARY KEY"),
    *("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY", "INT NOT NULL", "int"),
)
_LINKS: Final = ("inline", "inline", "apart", "none", "none")


@dataclass(frozen=True, slots=True)
class Hand:
    """How one person writes DDL."""

    types: dict[str, str]
    primary: str
    links: str
    broken: bool
    small: bool
    exists: bool
    required: float
    checks: bool
    last: bool
    """Foreign keys stand behind the other columns."""

    @classmethod
    def draw(cls, rng: random.Random) -> Hand:
        types = rng.choice(_TYPES)
        return cls(
            types,
            rng.choice(_PRIMARY),
            rng.choice(_LINKS),
            rng.random() < 0.35,
            types["text"].islower(),
            rng.random() < 0.08,
            rng.choice([0, 0, 0, 0.3]),
            rng.random() < 0.06,
            rng.random() < 0.4,
        )

    def write(self, rng: random.Random, world: World) -> str:
        """The DDL, one statement a table or view."""
        return "\n".join(
            self._view(world, table) if table.view else self._table(rng, world, at)
            for at, table in enumerate(world.tables)
        )

    def _table(self, rng: random.Random, world: World, at: int) -> str:
        table = world.tables[at]
        primary = self.primary.lower() if self.small else self.primary
        columns = [f"{table.id.name} {primary}"]
        keys = [self._key(world, key, other) for key, other in table.keys]
        plain = [self._column(rng, world, field) for field in table.fields]
        columns += [*plain, *keys] if self.last else [*keys, *plain]
        if "PRIMARY" not in self.primary:
            columns.append(self._word(f"PRIMARY KEY ({table.id.name})", "PRIMARY KEY"))
        if self.links == "apart":
            columns += [
                self._word(
                    f"FOREIGN KEY ({key.name}) REFERENCES {_path(world, other)}"
                    f"({world.tables[other].id.name})",
                    "FOREIGN KEY",
                    "REFERENCES",
                )
                for key, other in table.keys
            ]
        start = "CREATE TABLE IF NOT EXISTS" if self.exists else "CREATE TABLE"
        start = f"{self._word(start, start)} {_path(world, at)} "
        if self.broken:
            return start + "(\n  " + ",\n  ".join(columns) + "\n);"
        return start + "(" + ", ".join(columns) + ");"

    def _key(self, world: World, key: Field, other: int) -> str:
        link = f" REFERENCES {_path(world, other)}({world.tables[other].id.name})"
        shown = self._word(link, "REFERENCES") if self.links == "inline" else ""
        return f"{key.name} {self.types['int']}{shown}"

    def _column(self, rng: random.Random, world: World, field: Field) -> str:
        kind = field.about.kind
        parts = [field.name, world.boolean if kind == "bool" else self.types[kind]]
        if not field.about.nullable and rng.random() < self.required:
            parts.append(self._word("NOT NULL", "NOT NULL"))
        if self.checks and field.grouping and not field.about.nullable:
            values = ", ".join(quoted(text) for text in field.values)
            parts.append(f"CHECK ({field.name} IN ({values}))")
        return " ".join(parts)

    def _view(self, world: World, view: Relation) -> str:
        columns = ", ".join(field.name for field in (view.id, *view.fields))
        return (
            f"CREATE VIEW {view.name} AS SELECT {columns} "
            f"FROM {world.tables[view.of].name} WHERE {view.view};"
        )

    def _word(self, text: str, *keywords: str) -> str:
        """In this hand's case."""
        for word in keywords if self.small else ():
            text = text.replace(word, word.lower())
        return text


def _path(world: World, at: int) -> str:
    schema = world.schemas[at]
    return f"{schema}.{world.tables[at].name}" if schema else world.tables[at].name


def database(world: World, seed: int) -> sqlite3.Connection:
    """The world in memory, filled with rows that the seed determines; read-only afterwards."""
    connection = sqlite3.connect(":memory:")
    for schema in sorted(set(world.schemas) - {""}):
        connection.execute(f"ATTACH ':memory:' AS {schema}")
    rng = random.Random(seed)
    for at, table in enumerate(world.tables):
        fields = [table.id, *(key for key, _ in table.keys), *table.fields]
        columns = ", ".join(f"{field.name} {_AFFINITY[field.about.kind]}" for field in fields)
        if table.view:
            shown = ", ".join(field.name for field in fields)
            of = world.tables[table.of].name
            connection.execute(
                f"CREATE VIEW {table.name} AS SELECT {shown} FROM {of} WHERE {table.view}"
            )
            continue
        connection.execute(f"CREATE TABLE {_path(world, at)} ({columns})")
        marks = ", ".join("?" * len(fields))
        insert = f"INSERT INTO {_path(world, at)} VALUES ({marks})"
        connection.executemany(insert, _rows(rng, table))
    connection.execute("PRAGMA query_only = 1")
    return connection


_AFFINITY: Final = {"text": "TEXT", "int": "INT", "real": "REAL", "date": "TEXT", "bool": "INT"}
_ROWS, _CHILDREN, _WITH = 40, 70, 32
"""Rows of a table, of one that refers to others, and how many of those are referred to."""


def _rows(rng: random.Random, table: Relation) -> Iterator[list[str | int | float | None]]:
    for row in range(1, (_CHILDREN if table.keys else _ROWS) + 1):
        keys = [rng.randint(1, _WITH) for _ in table.keys]
        values = [
            None if field.about.nullable and rng.random() < 0.3 else field.draw(rng)
            for field in table.fields
        ]
        yield [row, *keys, *values]
