"""The tables that SQL questions are asked about, and the values in them.

The domains are in `data/sql_train.jsonl` and `data/sql_test.jsonl`: one domain a line, which is one
table or several that refer to each other. The first text column of a table is what "which …" asks
for. A text column draws from a pool: one of `data/sql_pools.jsonl`, or a kind of name that is put
together from `data/sql_words.jsonl`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final, Literal

from pydantic.dataclasses import dataclass

from training.records import DATA, STRICT, read, read_choices
from training.task import Split


@dataclass(frozen=True, slots=True, config=STRICT)
class Column:
    """What a column holds: a value between `low` and `high`, one of a pool, or a row of a table."""

    name: str
    kind: Literal["text", "int", "real", "date", "key"]
    pool: str = ""
    low: int = 0
    high: int = 0
    table: str = ""

    @property
    def words(self) -> str:
        return self.name.removesuffix("_id").replace("_", " ")


@dataclass(frozen=True, slots=True, config=STRICT)
class Table:
    """A table, its name in the singular, and its columns other than `id`."""

    name: str
    one: str
    columns: tuple[Column, ...]

    @property
    def many(self) -> str:
        return self.name.replace("_", " ")

    @property
    def label(self) -> Column | None:
        """The column that "which …" asks for."""
        return self.columns[0] if self.columns[0].kind == "text" else None

    def of(self, *kinds: str) -> list[Column]:
        return [column for column in self.columns if column.kind in kinds]

    @property
    def plain(self) -> list[Column]:
        return [column for column in self.columns if column.kind != "key"]

    @property
    def parents(self) -> list[Column]:
        return self.of("key")


Schema = tuple[Table, ...]


@dataclass(frozen=True, slots=True, config=STRICT)
class Domain:
    """Tables that belong together."""

    tables: Schema


@dataclass(frozen=True, slots=True, config=STRICT)
class Superlative:
    """What English says for a column that has words of its own: "oldest", "older than 30"."""

    column: str
    most: str
    least: str
    above: str
    below: str


def _schemas(name: str) -> tuple[Schema, ...]:
    return tuple(domain.tables for domain in read(DATA / name, Domain))


SCHEMAS: Final[Mapping[Split, tuple[Schema, ...]]] = {
    "train": _schemas("sql_train.jsonl"),
    "test": _schemas("sql_test.jsonl"),
}
POOLS: Final = read_choices("sql_pools.jsonl")
SUPERLATIVES: Final = {
    one.column: one for one in read(DATA / "sql_superlatives.jsonl", Superlative)
}
_WORDS: Final = read_choices("sql_words.jsonl")
_ADJECTIVES: Final = _WORDS["adjectives"]
_THINGS: Final = _WORDS["things"]


def value(rng: random.Random, column: Column) -> str | int | float:
    """A value that this column may hold, the same pool for rows and for questions."""
    if column.kind == "int":
        return rng.randint(column.low, column.high)
    if column.kind == "real":
        return round(rng.uniform(column.low, column.high), 2)
    if column.kind == "date":
        return f"{rng.randint(2018, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return _text(rng, column.pool)


def _text(rng: random.Random, pool: str) -> str:
    if pool in POOLS:
        return rng.choice(POOLS[pool])
    first, last = rng.choice(_WORDS["first names"]), rng.choice(_WORDS["last names"])
    match pool:
        case "person":
            return f"{first} {last}"
        case "email":
            return f"{first}.{last}@mail.com".lower()
        case "username":
            return f"{first}{rng.randint(1, 99)}".lower()
        case "phone":
            return f"555-{rng.randint(1000, 9999)}"
        case "flight":
            return f"{rng.choice('ABKLT')}{rng.choice('ABFHS')}{rng.randint(100, 999)}"
        case "address":
            return f"{rng.randint(1, 99)} {rng.choice(_THINGS)} Street"
        case "company":
            kinds = ("Ltd", "Group", "Trading", "Partners")
            return f"{rng.choice(_ADJECTIVES)} {rng.choice(kinds)}"
        case "title" | "band" | "case" | "festival":
            return f"The {rng.choice(_ADJECTIVES)} {rng.choice(_THINGS)}"
        case _:
            return f"{rng.choice(_ADJECTIVES)} {rng.choice(_THINGS)}"


def quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'" if isinstance(text, str) else str(text)
