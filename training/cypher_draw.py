"""What every kind of question draws from: one schema, its rows, and luck."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from training.cypher_conditions import MAKERS, Filter, Scope, between, either_of, literal, quoted
from training.cypher_paths import Hop, fresh
from training.cypher_schema import Column, Schema, Table, Tie
from training.cypher_world import Flags, Numbers, Texts
from training.records import read_choices
from training.task import Pair

FORMS: Final = read_choices("cypher_questions.jsonl")
"""How questions are put, by their kinds."""

_FUNCTIONS: Final = {
    "amount": ("avg", "avg", "sum", "sum", "min", "max"),
    "measure": ("avg", "avg", "min", "max"),
}
_NUMERALS: Final = {2: "two", 3: "three", 4: "four", 5: "five"}
PLAIN_MAKERS: Final = tuple(maker for maker in MAKERS if maker not in (either_of, between))


@dataclass(frozen=True, slots=True)
class Draw:
    """One schema and the chance that picks questions about it."""

    rng: random.Random
    schema: Schema

    def pair(self, forms: Sequence[str], answer: str, **words: str) -> Pair:
        return Pair(self.rng.choice(forms).format(**words), answer)

    def scope(self, table: Table, at: int | None = None) -> Scope:
        rows = self.schema.rows[table.label]
        return Scope(
            table.columns, rows, self.rng.choice(rows) if at is None else rows[at], table.that
        )

    def spot(self, fits: Callable[[Column], bool]) -> tuple[Table, Column] | None:
        """A property other than a key."""
        found = [
            (table, column)
            for table in self.schema.tables
            for column in table.columns
            if column != table.key and fits(column)
        ]
        return self.rng.choice(found) if found else None

    def hop(self, fits: Callable[[Hop], bool] = lambda _: True) -> Hop | None:
        hops = [
            hop
            for link in self.schema.links
            for side in (True, False)
            if fits(hop := Hop(link, side))
        ]
        return self.rng.choice(hops) if hops else None

    def tie(self, hop: Hop) -> Tie:
        return self.rng.choice(self.schema.ties[hop.link.type])

    def key(self, table: Table, at: int) -> str:
        return str(self.schema.rows[table.label][at][table.key.name])

    def named(self, table: Table, at: int, *, noun: bool = False) -> str:
        """A node in the words of a question; `noun`: its name alone would not tell what it is."""
        name = quoted(self.rng, self.key(table, at), 0.15)
        return f"the {table.one} {name}" if noun or self.rng.random() < 0.12 else name

    def other_is(self, hop: Hop, variable: str, at: int) -> str:
        """The condition that names one of the others."""
        return f"{variable}.{hop.other.key.name} = {literal(self.key(hop.other, at))}"

    def number(self, count: int) -> str:
        return _NUMERALS[count] if self.rng.random() < 0.3 else str(count)


Kind = Callable[[Draw], Pair | None]


def is_number(column: Column) -> bool:
    return isinstance(column.prop.pool, Numbers)


def is_listed(column: Column) -> bool:
    return not isinstance(column.prop.pool, Flags)


def is_group(column: Column) -> bool:
    return isinstance(column.prop.pool, Texts)


def node_pattern(table: Table) -> tuple[str, str]:
    variable = fresh(table.label, ())
    return f"MATCH ({variable}:{table.label})", variable


def predicate(filter_: Filter, phrase: str) -> str | None:
    """The phrase after "which people", if it can be said that way: "are older than 30"."""
    first, _, rest = phrase.partition(" ")
    if first in ("who", "that"):
        return rest
    if first == "with":
        return f"have {rest}"
    if first == "whose" or first.endswith("ing") or phrase.startswith("not "):
        return None
    pool = filter_.column.prop.pool
    return f"{'were' if isinstance(pool, Numbers) and pool.kind == 'year' else 'are'} {phrase}"


def extreme(rng: random.Random, column: Column, *, high: bool) -> str:
    pool = column.prop.pool
    if isinstance(pool, Numbers) and pool.kind == "year":
        return rng.choice(("latest", "most recent")) if high else "earliest"
    words = ("highest", "highest", "largest") if high else ("lowest", "lowest", "smallest")
    return rng.choice(words)


def best(rng: random.Random, column: Column, *, high: bool) -> str:
    """What the first of a ranking has: "the highest price", "the most rooms"."""
    if column.things and rng.random() < 0.8:
        return f"the {'most' if high else 'fewest'} {column.things}"
    return f"the {extreme(rng, column, high=high)} {column.prop.noun}"


def aggregate(rng: random.Random, column: Column) -> tuple[str, str]:
    """A function and the adjective that asks for it."""
    pool = column.prop.pool
    kind = pool.kind if isinstance(pool, Numbers) else ""
    function = rng.choice(_FUNCTIONS.get(kind, ("min", "max")))
    if function == "avg":
        return function, rng.choice(("average", "average", "mean"))
    if function == "sum":
        return function, rng.choice(("total", "total", "combined"))
    high = function == "max"
    words = (extreme(rng, column, high=high), "maximum" if high else "minimum")
    return function, rng.choice(words)


def clear(values: Sequence[float], count: int, *, high: bool) -> bool:
    """Whether the first `count` of the ordered values are beyond doubt."""
    head = sorted(values, reverse=high)[: count + 1]
    return len(values) > count and len(set(head)) == len(head)


def listings(column: Column, forms: Sequence[str]) -> Sequence[str]:
    """A number of things has no good plural.

    "List the number of rooms" will do, "what are the numbers of rooms" will not.
    """
    return [form for form in forms if not (column.things and form.startswith("What are"))]
