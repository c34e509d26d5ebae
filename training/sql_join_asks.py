"""Questions about tables of a world that refer to each other, and the joins that answer them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from training.sql_asks import Asked
from training.sql_filters import Talk
from training.sql_tables import Field, Relation
from training.sql_world import quoted


@dataclass(frozen=True, slots=True)
class Pairing:
    """A table, its key, and the table that it refers to."""

    child: Relation
    key: Field
    parent: Relation

    @property
    def on(self) -> str:
        ends = f"{self.child.name}.{self.key.name} = {self.parent.name}.{self.parent.id.name}"
        return f"JOIN {self.parent.name} ON {ends}"

    @property
    def source(self) -> str:
        return f"FROM {self.child.name} {self.on}"

    @property
    def label(self) -> str:
        return _all(self.parent, self.parent.labels)


def _all(table: Relation, fields: tuple[Field, ...]) -> str:
    return ", ".join(f"{table.name}.{field.name}" for field in fields)


def pairings(talk: Talk) -> list[Pairing]:
    """Those of a world whose parents have a label."""
    tables = talk.world.tables
    return [
        Pairing(child, key, tables[at])
        for child in tables
        for key, at in child.keys
        if tables[at].labels
    ]


def _words(talk: Talk, pair: Pairing) -> dict[str, object]:
    child, parent = pair.child, pair.parent
    return {
        "many": talk.many(child),
        "one": talk.one(child),
        "p": talk.one(parent),
        "ps": talk.many(parent),
        "l": talk.label(parent),
    }


def _named(talk: Talk, parent: Relation) -> tuple[str, str]:
    """One of the parents: how it is said, and the condition."""
    found = [(field, str(field.draw(talk.rng))) for field in parent.labels]
    said = " ".join(talk.value(field, text) for field, text in found)
    where = (f"{parent.name}.{field.name} = {quoted(text)}" for field, text in found)
    return said, " AND ".join(where)


def of_one(talk: Talk, pair: Pairing) -> Asked:
    """What one parent has: the rows, some columns, how many, or how much."""
    rng, child = talk.rng, pair.child
    said, where = _named(talk, pair.parent)
    words = {**_words(talk, pair), "v": said}
    tail, kind = f"{pair.source} WHERE {where}", rng.random()
    if kind < 0.35:
        return talk.form("child count", **words), f"SELECT COUNT(*) {tail}"
    if kind < 0.6:
        shown = _all(child, child.labels) or f"{child.name}.*"
        return talk.form("child of", **words), f"SELECT {shown} {tail}"
    if kind < 0.8:
        field = rng.choice(child.fields)
        asked = talk.form("child columns", cs=talk.column(field), **words)
        return asked, f"SELECT {child.name}.{field.name} {tail}"
    found = _made(talk, child)
    if not found:
        return None
    field, make = found
    asked = talk.form("child sum", w=talk.form(make), c=talk.column(field), **words)
    return asked, f"SELECT {make}({child.name}.{field.name}) {tail}"


def _made(talk: Talk, table: Relation) -> tuple[Field, str] | None:
    numbers = [f for f in table.fields if f.number and not f.about.year]
    if not numbers:
        return None
    return talk.rng.choice(numbers), talk.rng.choice(["SUM", "SUM", "AVG", "AVG", "MAX", "MIN"])


def by_side(talk: Talk, pair: Pairing) -> Asked:
    """Rows of one table by what the other has."""
    child, parent = pair.child, pair.parent
    words = _words(talk, pair)
    if talk.rng.random() < 0.5:
        one = talk.filter(parent, f"{parent.name}.", but=parent.labels)
        words["ps"] = talk.noun(parent, one)
        shown = _all(child, child.labels) or f"{child.name}.*"
        return talk.form("child where", **words), f"SELECT {shown} {pair.source} WHERE {one.where}"
    one = talk.filter(child, f"{child.name}.")
    asked = talk.form("parent where", np=talk.noun(child, one), **words)
    return asked, f"SELECT DISTINCT {pair.label} {pair.source} WHERE {one.where}"


def together(talk: Talk, pair: Pairing) -> Asked:
    """Columns of both."""
    child, words = pair.child, _words(talk, pair)
    fields = child.labels or (talk.rng.choice(child.fields),)
    said = " ".join(talk.column(field) for field in fields) if not child.labels else "name"
    if not child.labels or child.labels[0].about.name != "name":
        said = talk.column(fields[0])
    asked = talk.form("with parent", cs=said, **words)
    return asked, f"SELECT {_all(child, fields)}, {pair.label} {pair.source}"


def per_parent(talk: Talk, pair: Pairing) -> Asked:
    """Counts and sums of each parent, or of the first."""
    rng, child, words = talk.rng, pair.child, _words(talk, pair)
    source = f"{pair.source} GROUP BY {pair.label}"
    kind = rng.random()
    if kind < 0.28:
        return talk.form("parent counts", **words), f"SELECT {pair.label}, COUNT(*) {source}"
    if kind < 0.46:
        asked = talk.form("parent most", **words)
        return asked, f"SELECT {pair.label} {source} ORDER BY COUNT(*) DESC LIMIT 1"
    n = rng.choice([1, 2, 3, 3, 5, 5, 10])
    if kind < 0.54:
        asked = talk.form("parent top", n=max(n, 2), **words)
        return asked, f"SELECT {pair.label} {source} ORDER BY COUNT(*) DESC LIMIT {max(n, 2)}"
    if kind < 0.66:
        asked = talk.form("parent over", n=n, **words)
        return asked, f"SELECT {pair.label} {source} HAVING COUNT(*) > {n}"
    found = _made(talk, child)
    if not found:
        return None
    field, make = found
    column = f"{child.name}.{field.name}"
    if kind < 0.78:
        asked = talk.form("parent best", c=talk.column(field), **words)
        return asked, f"SELECT {pair.label} {source} ORDER BY SUM({column}) DESC LIMIT 1"
    asked = talk.form("parent aggregate", w=talk.form(make), c=talk.column(field), **words)
    return asked, f"SELECT {pair.label}, {make}({column}) {source}"


def having(talk: Talk, pair: Pairing) -> Asked:
    """Parents with or without children."""
    parent, words = pair.parent, _words(talk, pair)
    without = talk.rng.random() < 0.7
    asked = talk.form("without" if without else "with any", **words)
    shown = ", ".join(field.name for field in parent.labels)
    inner = f"(SELECT {pair.key.name} FROM {pair.child.name})"
    test = f"{parent.id.name} {'NOT IN' if without else 'IN'} {inner}"
    return asked, f"SELECT {shown} FROM {parent.name} WHERE {test}"


def three(talk: Talk, pair: Pairing) -> Asked:
    """Tables that a third one links, or a parent's parent."""
    others = [other for other in pairings(talk) if other != pair]
    beside = [other for other in others if other.child == pair.child]
    above = [other for other in others if other.child == pair.parent]
    if beside and talk.rng.random() < 0.6:
        other = talk.rng.choice(beside)
        said, where = _named(talk, other.parent)
        many, one = talk.many(pair.parent), talk.one(other.parent)
        asked = talk.form("through", b=one, v=said, **{"as": many})
        return asked, f"SELECT DISTINCT {pair.label} {pair.source} {other.on} WHERE {where}"
    if not above:
        return None
    other = talk.rng.choice(above)
    asked = talk.form("grand", many=talk.many(pair.child), g=talk.one(other.parent))
    tail = f"{pair.source} {other.on} GROUP BY {other.label}"
    return asked, f"SELECT {other.label}, COUNT(*) {tail}"


JOINED: Final[tuple[tuple[Callable[[Talk, Pairing], Asked], int], ...]] = (
    (of_one, 30),
    (by_side, 20),
    (together, 10),
    (per_parent, 28),
    (having, 14),
    (three, 10),
)
"""How to ask about a pair of tables, and how often."""
