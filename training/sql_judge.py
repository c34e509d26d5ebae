"""The judge: a small database with the rows of a schema, in which answers are run."""

from __future__ import annotations

import random
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from training.sql_world import SCHEMAS, Schema, value
from training.task import Lesson, Pair

_SECONDS: Final = 5.0


def _rows(schema: Schema, seed: int) -> Iterator[tuple[str, list[str | int | float]]]:
    """INSERT statements with values, parents first; a table that refers to another has more."""
    rng = random.Random(seed)
    sizes = {table.name: 70 if table.parents else 40 for table in schema}
    for table in sorted(schema, key=lambda table: len(table.parents)):
        for row in range(1, sizes[table.name] + 1):
            values = [
                rng.randint(1, int(sizes[c.table] * 0.8)) if c.kind == "key" else value(rng, c)
                for c in table.columns
            ]
            marks = ", ".join("?" * (len(values) + 1))
            yield f"INSERT INTO {table.name} VALUES ({marks})", [row, *values]


def parse(ddl: str) -> Schema:
    """Which domain's tables and columns a DDL of a lesson names."""
    known = {t.name: t for schemas in SCHEMAS.values() for schema in schemas for t in schema}
    tables = []
    for statement in ddl.split(";")[:-1]:
        head, _, body = statement.partition("(")
        names = [part.split()[0] for part in body.replace("(10,2)", "").split(",")][1:]
        table = known[head.split()[-1]]
        columns = {column.name: column for column in table.columns}
        tables.append(replace(table, columns=tuple(columns[name] for name in names)))
    return tuple(tables)


@lru_cache(maxsize=64)
def _database(ddl: str) -> sqlite3.Connection:
    """The schema in memory, filled with rows that its text determines; read-only afterwards."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(ddl)
    for statement, values in _rows(parse(ddl), zlib.crc32(ddl.encode())):
        connection.execute(statement, values)
    connection.execute("PRAGMA query_only = 1")
    return connection


def run(ddl: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of a query on a lesson's schema, as `query` returns them."""
    return query(_database(ddl), sql)


def query(connection: sqlite3.Connection, sql: str) -> list[tuple[object, ...]]:
    """The rows of a query, floats rounded.

    Raises:
        sqlite3.Error: if it fails, writes, or runs for too long.
    """
    end = time.monotonic() + _SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    found = connection.execute(sql).fetchmany(10_000)
    return [tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in found]


def telling(ddl: str, sql: str) -> bool:
    """Whether the answer is one that a wrong query would hardly give: not empty, not zero."""
    return tells(_database(ddl), sql)


def tells(connection: sqlite3.Connection, sql: str) -> bool:
    """The same in any database."""
    found = query(connection, sql)
    return bool(found) and found not in ([(0,)], [(None,)])


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Runs both queries: equal rows, in equal order where the question asks for one."""
    return judged(_database(lesson.schema), pair, text)


def judged(connection: sqlite3.Connection, pair: Pair, text: str) -> bool:
    """The same in any database."""
    wanted = query(connection, pair.answer)
    try:
        found = query(connection, text.strip().rstrip(";"))
    except (sqlite3.Error, sqlite3.Warning):
        return False
    return found == wanted if "ORDER BY" in pair.answer else Counter(found) == Counter(wanted)
