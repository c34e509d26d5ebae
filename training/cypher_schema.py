"""A schema that is drawn from a domain, and the rows that follow from its text."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from training.cypher_world import (
    TALLY,
    TEST,
    TRAIN,
    Domain,
    Edge,
    Flags,
    Node,
    Numbers,
    Prop,
    Texts,
)

Value = str | int | float | bool
Row = Mapping[str, Value]

ROWS: Final = 12
_SCHEMA_TOKENS: Final = 116


@dataclass(frozen=True, slots=True)
class Column:
    """A property as one schema spells it."""

    name: str
    prop: Prop

    @property
    def type(self) -> str:
        pool = self.prop.pool
        if isinstance(pool, Texts):
            return "STRING"
        if isinstance(pool, Flags):
            return "BOOL"
        return "INT64" if pool.whole else "DOUBLE"

    @property
    def nouns(self) -> str:
        return self.prop.noun if self.things else _plural(self.prop.noun)

    @property
    def words(self) -> dict[str, str]:
        """What templates may say of this property."""
        return {"column": self.name, "noun": self.prop.noun, "nouns": self.nouns}

    @property
    def things(self) -> str:
        """What a number counts, if it does."""
        return self.prop.noun.removeprefix(TALLY) if self.prop.noun.startswith(TALLY) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A node label as one schema spells it."""

    label: str
    who: bool
    columns: tuple[Column, ...]

    @property
    def key(self) -> Column:
        return next(column for column in self.columns if column.type == "STRING")

    @property
    def one(self) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.label).lower()

    @property
    def many(self) -> str:
        return _plural(self.one)

    @property
    def that(self) -> str:
        return "who" if self.who else "that"

    @property
    def words(self) -> dict[str, str]:
        """What templates may say of this label."""
        return {
            "label": self.label,
            "one": self.one,
            "many": self.many,
            "who": self.that,
            "keyname": self.key.name,
            "key": self.key.prop.noun,
            "keys": self.key.nouns,
        }


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship as one schema spells it; if `flipped`, it points from object to subject."""

    type: str
    edge: Edge
    subject: Table
    object: Table
    flipped: bool
    columns: tuple[Column, ...]

    @property
    def ends(self) -> tuple[Table, Table]:
        """Where its arrow starts, and where it points."""
        return (self.object, self.subject) if self.flipped else (self.subject, self.object)


@dataclass(frozen=True, slots=True)
class Tie:
    """One relationship between two rows, given by their positions."""

    subject: int
    object: int
    row: Row


@dataclass(frozen=True, slots=True)
class Schema:
    """What a lesson shows, with the rows behind it."""

    tables: tuple[Table, ...]
    links: tuple[Link, ...]
    rows: Mapping[str, Sequence[Row]]
    ties: Mapping[str, Sequence[Tie]]


_NODE_LINE: Final = re.compile(r"\(:(\w+) \{(.+)\}\)")
_EDGE_LINE: Final = re.compile(r"\(:(\w+)\)-\[:(\w+)(?: \{(.+)\})?\]->\(:(\w+)\)")
_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d|[^\w\s]+|_")
_MASS: Final = frozenset(
    ("karma", "stock", "memory", "experience", "horsepower", "acidity", "mileage")
)
_IRREGULAR: Final = {"person": "people", "hero": "heroes", "species": "species", "seaman": "seamen"}


def _plural(noun: str) -> str:
    """Of a phrase "year of the ascent" the first noun changes, of "cooking time" the last."""
    head, of, rest = noun.partition(" of ")
    if head in _IRREGULAR:
        return _IRREGULAR[head] + of + rest
    if re.search(r"[^aeiou]y$", head):
        return head[:-1] + "ies" + of + rest
    return head + ("es" if re.search(r"(s|x|z|ch|sh)$", head) else "s") + of + rest


def article(noun: str) -> str:
    if noun in _MASS:
        return noun
    return f"{'an' if re.match(r'[aeio]|u(?!ni|se)|hour|h-', noun) else 'a'} {noun}"


def cost(text: str) -> int:
    """Roughly how many tokens SmolLM2's tokenizer makes of it.

    It breaks shouted words into more pieces than quiet ones.
    """
    pieces = _TOKEN.findall(text)
    return text.count("\n") + sum(math.ceil(len(piece) / _letters(piece)) for piece in pieces)


def _letters(piece: str) -> int:
    """How much of such a piece one token holds."""
    if piece.islower():
        return 8
    return 5 if piece.istitle() and len(piece) > 1 else 3


def columns_text(columns: Sequence[Column]) -> str:
    return ", ".join(f"{column.name}: {column.type}" for column in columns)


def _schema_text(tables: Sequence[Table], links: Sequence[Link]) -> str:
    lines = [f"(:{table.label} {{{columns_text(table.columns)}}})" for table in tables]
    for link in links:
        source, target = link.ends
        columns = f" {{{columns_text(link.columns)}}}" if link.columns else ""
        lines.append(f"(:{source.label})-[:{link.type}{columns}]->(:{target.label})")
    return "\n".join(lines)


def _spelling(rng: random.Random, names: Sequence[str]) -> str:
    """The first spelling is the usual one."""
    return names[0] if rng.random() < 0.6 else rng.choice(names)


def _draw_table(rng: random.Random, node: Node, *, crowded: bool) -> Table:
    count = rng.choice((1, 1, 1, 2) if crowded else (1, 1, 2, 2, 2, 3))
    props = rng.sample(node.props, min(count, len(node.props)))
    columns = [Column(_spelling(rng, prop.names), prop) for prop in (node.key, *props)]
    if rng.random() < 0.2 and columns[1].type != "STRING":
        columns[0], columns[1] = columns[1], columns[0]
    return Table(_spelling(rng, node.labels), node.who, tuple(columns))


def _draw_link(
    rng: random.Random, edge: Edge, tables: Mapping[str, Table], *, crowded: bool
) -> Link:
    flipped = bool(edge.inverse) and rng.random() < 0.35
    columns = tuple(
        Column(_spelling(rng, prop.names), prop)
        for prop in edge.props
        if rng.random() < (0.5 if crowded else 0.8)
    )
    type_ = _spelling(rng, edge.inverse if flipped else edge.types)
    return Link(type_, edge, tables[edge.subject], tables[edge.object], flipped, columns)


def draw_schema(rng: random.Random, domain: Domain) -> str:
    """A variation of the domain: small, of two labels or more, with no two things spelt alike."""
    while True:
        edges = rng.sample(domain.edges, min(len(domain.edges), rng.choice((1, 2, 2, 3, 3, 4))))
        crowded = len(edges) > 2
        used = {end for edge in edges for end in (edge.subject, edge.object)}
        tables = {
            node.labels[0]: _draw_table(rng, node, crowded=crowded)
            for node in domain.nodes
            if node.labels[0] in used
        }
        links = [_draw_link(rng, edge, tables, crowded=crowded) for edge in edges]
        text = _schema_text(list(tables.values()), links)
        distinct = len({link.type for link in links}) == len(links)
        if len(used) > 1 and distinct and cost(text) <= _SCHEMA_TOKENS:
            return text


def _read_columns(text: str | None, props: Sequence[Prop]) -> tuple[Column, ...]:
    """An unknown property is left out, whereupon the schema no longer spells the text."""
    names = [item.partition(":")[0].strip() for item in (text or "").split(",") if item.strip()]
    return tuple(Column(name, prop) for name in names for prop in props if name in prop.names)


def _fit(domain: Domain, text: str) -> tuple[list[Table], list[Link]]:
    """What of the text this domain can explain."""
    nodes = {label: node for node in domain.nodes for label in node.labels}
    tables: dict[str, Table] = {}
    for label, columns in _NODE_LINE.findall(text):
        if label in nodes:
            node = nodes[label]
            known = _read_columns(columns, (node.key, *node.props))
            tables[node.labels[0]] = Table(label, node.who, known)
    links: list[Link] = []
    for _, type_, columns, _ in _EDGE_LINE.findall(text):
        for edge in domain.edges:
            here = edge.subject in tables and edge.object in tables
            if here and type_ in edge.types + edge.inverse:
                subject, object_ = tables[edge.subject], tables[edge.object]
                known = _read_columns(columns, edge.props)
                links.append(Link(type_, edge, subject, object_, type_ in edge.inverse, known))
    return list(tables.values()), links


@lru_cache(maxsize=8)
def read_schema(text: str) -> Schema:
    """The schema and its rows, both of them from the text alone."""
    for domain in TRAIN + TEST:
        tables, links = _fit(domain, text)
        if _schema_text(tables, links) == text:
            rng = random.Random(text)
            rows = {table.label: _draw_rows(rng, table.columns, ROWS) for table in tables}
            ties = {link.type: _draw_ties(rng, link) for link in links}
            return Schema(tuple(tables), tuple(links), rows, ties)
    raise ValueError(f"no domain has this schema: {text!r}")


def _draw_rows(rng: random.Random, columns: Sequence[Column], count: int) -> list[Row]:
    values = [_draw_values(rng, column.prop.pool, count) for column in columns]
    names = [column.name for column in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _draw_values(rng: random.Random, pool: Texts | Numbers | Flags, count: int) -> list[Value]:
    """Keys differ; so do numbers where there are enough, lest the order of rows be luck."""
    if isinstance(pool, Flags):
        return [rng.random() < 0.5 for _ in range(count)]
    if isinstance(pool, Numbers):
        steps = round((pool.high - pool.low) / pool.step) + 1
        if steps >= 2 * count:
            chosen = rng.sample(range(steps), count)
        else:
            chosen = [rng.randrange(steps) for _ in range(count)]
        return [_number_at(pool, step) for step in chosen]
    if not pool.repeats:
        return list(_distinct_texts(rng, pool, count))
    few = rng.sample(pool.words[0], min(4, len(pool.words[0])))
    return [rng.choice(few) for _ in range(count)]


def _number_at(pool: Numbers, step: int) -> Value:
    value = round(pool.low + step * pool.step, 3)
    return int(value) if pool.whole else value


def _distinct_texts(rng: random.Random, pool: Texts, count: int) -> list[str]:
    """Some end in a word with another's initial: to start with a letter is not to contain it."""
    found: dict[str, None] = {}
    while len(found) < count:
        words = [rng.choice(part) for part in pool.words]
        echoes = [word for word in pool.words[-1] if any(text[0] == word[0] for text in found)]
        if echoes and len(words) > 1 and rng.random() < 0.5:
            words[-1] = rng.choice(echoes)
        found[pool.joint.join(words)] = None
    return list(found)


def _draw_ties(rng: random.Random, link: Link) -> list[Tie]:
    """Some objects are more popular; where a subject may have several, no node stays alone."""
    ends = [pair for subject in range(ROWS) for pair in _draw_objects(rng, link, subject)]
    if not link.edge.single:
        lonely = [item for item in range(ROWS) if item not in {end for _, end in ends}]
        ends += [(rng.choice([row for row in range(ROWS) if row != item]), item) for item in lonely]
    rows = _draw_rows(rng, link.columns, len(ends)) if link.columns else [{} for _ in ends]
    return [Tie(subject, object_, row) for (subject, object_), row in zip(ends, rows, strict=True)]


def _draw_objects(rng: random.Random, link: Link, subject: int) -> list[tuple[int, int]]:
    others = [row for row in range(ROWS) if link.subject != link.object or row != subject]
    wanted = 1 if link.edge.single else rng.choice((1, 1, 2, 2, 3, 4))
    drawn = rng.choices(others, [1 / (1 + other) for other in others], k=wanted)
    return [(subject, other) for other in dict.fromkeys(drawn)]
