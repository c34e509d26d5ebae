"""The judge: a small database with the rows of a schema, in which answers are run."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

import kuzu

from training.cypher_schema import Link, Row, Schema, Table, Tie, columns_text, read_schema
from training.task import Lesson, Pair

_TIMEOUT_MS: Final = 2000
_HIDDEN_KEY: Final = "_key"  # kuzu wants a primary key and keeps `_id` for itself
_READS: Final = re.compile(r"\s*(MATCH|OPTIONAL\s+MATCH|UNWIND|WITH|RETURN)\b", re.IGNORECASE)
_REFUSED: Final = re.compile(
    r"(?<![.:\w`])(ALTER|ATTACH|BEGIN|CALL|CHECKPOINT|COMMENT|COMMIT|COPY|CREATE|DELETE|DETACH|DROP|EXPORT|IMPORT|INSTALL|LOAD|MERGE"
    r"|REMOVE|ROLLBACK|SET|UNINSTALL|UPDATE|USE)\b|;|//|/\*"
    # these fill the memory in one step, which neither the time limit nor the buffer pool bounds
    r"|\b(RANGE|REPEAT|LPAD|RPAD)\s*\(",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_WHERE: Final = re.compile(r" WHERE .*?(?= RETURN )")
_SLIPS: Final = (
    (" > ", " >= "),
    (" < ", " <= "),
    (" >= ", " > "),
    (" <= ", " < "),
    (" STARTS WITH ", " ENDS WITH "),
    (" ENDS WITH ", " STARTS WITH "),
    (" CONTAINS ", " STARTS WITH "),
    (" AND ", " OR "),
    ("avg(", "max("),
    ("sum(", "avg("),
    ("min(", "max("),
    ("max(", "min("),
)
_FAILURES: Final = (RuntimeError, TypeError, ValueError, OverflowError)
"""The engine's own, then those of values that Python cannot hold."""
_Cell = tuple[str, float | str]


class _Engine:
    """A small database with the rows of one schema."""

    def __init__(self, schema: Schema) -> None:
        database = kuzu.Database(
            ":memory:", buffer_pool_size=1 << 26, max_num_threads=1, max_db_size=1 << 28
        )
        self._connection = kuzu.Connection(database, num_threads=1)
        self._connection.execute("BEGIN TRANSACTION")
        for table in schema.tables:
            self._add_table(table, schema.rows[table.label])
        for link in schema.links:
            self._add_link(link, schema.ties[link.type])
        self._connection.execute("COMMIT")
        self._connection.set_query_timeout(_TIMEOUT_MS)

    def _add_table(self, table: Table, rows: Sequence[Row]) -> None:
        columns = f"{_HIDDEN_KEY}: INT64, {columns_text(table.columns)}".replace(":", "")
        self._connection.execute(
            f"CREATE NODE TABLE {table.label}({columns}, PRIMARY KEY({_HIDDEN_KEY}))"
        )
        given = [{_HIDDEN_KEY: at, **row} for at, row in enumerate(rows)]
        query = f"UNWIND $rows AS row CREATE (:{table.label} {_assignments(given[0])})"
        self._connection.execute(query, {"rows": given})

    def _add_link(self, link: Link, ties: Sequence[Tie]) -> None:
        source, target = link.ends
        columns = f", {columns_text(link.columns)}".replace(":", "") if link.columns else ""
        self._connection.execute(
            f"CREATE REL TABLE {link.type}(FROM {source.label} TO {target.label}{columns})"
        )
        given = [
            {
                "from_": tie.object if link.flipped else tie.subject,
                "to_": tie.subject if link.flipped else tie.object,
                **tie.row,
            }
            for tie in ties
        ]
        start = f"(a:{source.label} {{{_HIDDEN_KEY}: row.from_}})"
        end = f"(b:{target.label} {{{_HIDDEN_KEY}: row.to_}})"
        made = f"(a)-[:{link.type} {_assignments(ties[0].row)}]->(b)"
        query = f"UNWIND $rows AS row MATCH {start}, {end} CREATE {made}"
        self._connection.execute(query, {"rows": given})

    def rows(self, query: str, most: int | None = None) -> list[tuple[_Cell, ...]] | None:
        """The result of a query, or nothing if it has more rows than wanted."""
        result = self._connection.execute(query)
        if isinstance(result, list):
            raise TypeError(f"several statements: {query!r}")
        if most is not None and result.get_num_tuples() > most:
            return None
        return [tuple(_cell(value) for value in row) for row in result.get_all()]

    def tells(self, answer: str) -> bool:
        """Whether the answer has rows, and other rows than answers that are nearly right."""
        rows = self.rows(answer)
        if not rows or rows[0][-1] in (_cell(None), _cell(0)):
            return False
        return not any(
            _same(rows, self.rows(miss) or [], ordered=False) for miss in _misses(answer)
        )


def _misses(answer: str) -> set[str]:
    """The answer with a slip: its conditions forgotten, or one operator taken for its neighbour."""
    slips = {answer.replace(right, wrong) for right, wrong in _SLIPS}
    return (slips | {_WHERE.sub("", answer)}) - {answer}


@lru_cache(maxsize=4)
def engine_of(text: str) -> _Engine:
    return _Engine(read_schema(text))


def _assignments(row: Row) -> str:
    return "{" + ", ".join(f"{name}: row.{name}" for name in row) + "}" if row else ""


def _cell(value: object) -> _Cell:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return "number", float(value)
    return type(value).__name__, str(value)


def _same(
    left: Sequence[tuple[_Cell, ...]], right: Sequence[tuple[_Cell, ...]], *, ordered: bool
) -> bool:
    if not ordered:
        left, right = sorted(left, key=_rounded), sorted(right, key=_rounded)
    if len(left) != len(right):
        return False
    return all(_same_row(*rows) for rows in zip(left, right, strict=True))


def _rounded(row: tuple[_Cell, ...]) -> list[tuple[str, str]]:
    """A sorting key that puts what is nearly the same at the same place."""
    return [(kind, f"{value:.6g}" if isinstance(value, float) else value) for kind, value in row]


def _same_row(left: tuple[_Cell, ...], right: tuple[_Cell, ...]) -> bool:
    if len(left) != len(right):
        return False
    return all(_same_cell(*cells) for cells in zip(left, right, strict=True))


def _same_cell(left: _Cell, right: _Cell) -> bool:
    """Whether they are equal; numbers may be merely close."""
    (_, one), (_, other) = left, right
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9) or left == right
    return left == right


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Whether the query returns the right answer's rows, in order if that answer orders them."""
    query = text.strip().removesuffix(";")
    if not _READS.match(query) or _REFUSED.search(_QUOTED.sub("''", query)):
        return False
    engine = engine_of(lesson.schema)
    wanted = engine.rows(pair.answer) or []
    try:
        found = engine.rows(query, most=len(wanted))
    except _FAILURES:
        return False
    return found is not None and _same(found, wanted, ordered=" ORDER BY " in pair.answer)
