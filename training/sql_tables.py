"""Databases as people have them: tables of real or invented things, spelt in one of many styles.

`World.draw` makes one. What people call a table or column and how it is spelt are kept apart, so a
question can say "page count" for `num_pages`, `PageCount` or `pgs`. Three worlds of ten are made of
words that no model knows: nothing helps there but copying.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic.dataclasses import dataclass as record

from training.records import DATA, STRICT, read, read_choices
from training.sql_spelling import ODD, Style, odd_words, plural, quoted_name
from training.sql_world import POOLS, Column, value
from training.task import Split

THINGS: Final = read_choices("sql_things.jsonl")
SYNONYMS: Final = read_choices("sql_synonyms.jsonl")
_ODD_WORLDS, _ODD_COLUMNS, _ODD_VALUES = 0.3, 0.08, 0.35
"""How often all names are invented; one column is; and a column's values are."""


Kind = Literal["text", "int", "real", "date", "bool"]
_KINDS: Final[tuple[Kind, ...]] = ("text", "int", "real", "date", "bool")
_SHAPES: Final[tuple[Callable[[str], str], ...]] = (str.title, str.title, str, str.upper)
"""How values that are invented may be written."""


@record(frozen=True, slots=True, config=STRICT)
class Concept:
    """What a column may be about, how it may be named, and how people speak of it."""

    name: str
    kind: Kind
    of: tuple[str, ...] = ()
    """The kinds of things that have it."""
    split: Literal["train", "test", "both"] = "both"
    label: bool = False
    """It says which one is meant."""
    names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    pool: str = ""
    low: int = 0
    high: int = 0
    unit: str = ""
    count: bool = False
    """A number of `unit`: "with more than 300 pages"."""
    year: bool = False
    free: bool = False
    """Hardly two rows have the same: nothing to group by."""
    nullable: bool = False
    before: bool = False
    """Its values are adjectives: "pending orders"."""
    forms: tuple[str, ...] = ()
    """What may stand before its values: "from", "based in"."""
    past: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    most: str = ""
    least: str = ""
    above: str = ""
    below: str = ""
    yes: str = ""
    no: str = ""


CONCEPTS: Final = read(DATA / "sql_concepts.jsonl", Concept)


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its name as SQL has it, what people call it, and what it holds."""

    name: str
    bare: str
    said: tuple[str, ...]
    about: Concept
    values: tuple[str, ...] = ()
    """Of a text column."""

    @property
    def number(self) -> bool:
        return self.about.kind in ("int", "real")

    @property
    def grouping(self) -> bool:
        """Whether rows have few values in it."""
        return self.about.kind == "text" and not (self.about.free or self.about.label)

    def draw(self, rng: random.Random) -> str | int | float:
        """A value of a row, which is also what questions ask for."""
        about = self.about
        if about.kind == "text":
            return rng.choice(self.values)
        if about.kind == "bool":
            return int(rng.random() < 0.6)
        return value(rng, Column(about.name, about.kind, low=about.low, high=about.high))


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a view."""

    name: str
    bare: str
    one: str
    many: str
    kind: str
    """Of what: a person, a place, an event."""
    id: Field
    fields: tuple[Field, ...]
    keys: tuple[tuple[Field, int], ...] = ()
    """Foreign keys, and the numbers of the tables that they refer to."""
    view: str = ""
    """The condition on the table before it that a view has; a table has none."""
    of: int = -1
    """The table that a view is of."""

    @property
    def labels(self) -> tuple[Field, ...]:
        """What says which one is meant: a name, or a first and a last one."""
        return tuple(field for field in self.fields if field.about.label)


@dataclass(frozen=True, slots=True)
class World:
    """A database: tables that refer to earlier ones, and how it is written."""

    tables: tuple[Relation, ...]
    schemas: tuple[str, ...]
    """The schema of each table; nothing where there is but one."""
    boolean: str
    """The type of a flag."""

    @property
    def flags(self) -> tuple[str, str]:
        """What false and true are."""
        return ("FALSE", "TRUE") if self.boolean.lower().startswith("bool") else ("0", "1")

    @classmethod
    def draw(cls, rng: random.Random, split: Split) -> World:
        """One of two to four small tables in most cases, one in the rest."""
        return _Maker(rng, split).world()


class _Maker:
    """Draws a world. Names are unique in it, whatever their case."""

    def __init__(self, rng: random.Random, split: Split) -> None:
        self.rng, self.split, self.style = rng, split, Style.draw(rng)
        self.odd = rng.random() < _ODD_WORLDS
        self.boolean = rng.choice(["BOOLEAN", "BOOLEAN", "boolean", "INTEGER", "TINYINT(1)"])
        self.tables: list[Relation] = []

    def world(self) -> World:
        rng = self.rng
        wanted = rng.choices([1, 2, 3, 4], [20, 40, 28, 12])[0]
        while len(self.tables) < wanted:
            self.add(rng.random() < 0.8)
        if rng.random() < 0.1:
            self.add_view()
        schemas = tuple("" for _ in self.tables)
        if rng.random() < 0.12 and not any(table.view for table in self.tables):
            names = rng.sample(ODD["schemas"], 2)
            schemas = tuple(rng.choice(names) for _ in self.tables)
        return World(tuple(self.tables), schemas, self.boolean)

    def add(self, child: bool) -> None:
        """Another table: of what there is when it has no parent, else of what happens to that."""
        rng = self.rng
        kinds = ("event", "event", "work", "asset", "person", "place") if child else ()
        roots = ("person", "person", "product", "place", "org", "work", "asset", "animal", "event")
        kind = rng.choice(kinds if self.tables and child else roots)
        one, many = self.thing(kind)
        bare = self.style.table(rng, one, many)
        taken = {t.bare.lower() for t in self.tables} | {w for t in self.tables for w in (t.one,)}
        if bare.lower() in taken or one in taken:
            return
        key = self.style.of(rng, self.style.id, one)
        id_ = Field(self.named(key), key, ("id",), Concept("id", "int", low=1, high=40))
        used = {key.lower()}
        keys = self.foreign(used) if child else ()
        fields = self.fields(kind, one, used)
        self.tables.append(Relation(self.named(bare), bare, one, many, kind, id_, fields, keys))

    def named(self, bare: str) -> str:
        return quoted_name(bare, self.style.quotes)

    def thing(self, kind: str) -> tuple[str, str]:
        if self.odd:
            one = odd_words(self.rng, self.split)
            return one, plural(one)
        one, _, many = self.rng.choice(THINGS[f"{self.split} {kind}"]).partition("|")
        return one, many or plural(one)

    def foreign(self, used: set[str]) -> tuple[tuple[Field, int], ...]:
        """Keys to one or two of the tables before."""
        rng = self.rng
        tables = [at for at, table in enumerate(self.tables) if not table.view]
        count = min(len(tables), rng.choices([1, 2], [75, 25])[0])
        keys = []
        for at in sorted(rng.sample(tables, count)):
            parent = self.tables[at]
            bare = self.style.of(rng, self.style.key, parent.one)
            if bare.lower() not in used:
                used.add(bare.lower())
                about = Concept("key", "int", low=1, high=40)
                keys.append((Field(self.named(bare), bare, (parent.one,), about), at))
        return tuple(keys)

    def fields(self, kind: str, one: str, used: set[str]) -> tuple[Field, ...]:
        """A label, where such things have one, and two to five more columns."""
        rng = self.rng
        wanted = rng.choices([2, 3, 4, 5], [25, 35, 28, 12])[0]
        mine = [c for c in CONCEPTS if kind in c.of and c.split in ("both", self.split)]
        labels = [c for c in mine if c.label]
        plain = [c for c in mine if not c.label]
        chosen = rng.sample(plain, min(wanted, len(plain)))
        if self.odd:
            chosen = [self.odd_concept() for _ in chosen]
            labels = [replace(rng.choice(labels), said=(), names=())] if labels else []
        elif rng.random() < _ODD_COLUMNS * wanted:
            chosen[0] = self.odd_concept()
        if rng.random() < 0.05:
            kind_, word = rng.choice(_KINDS[:2]), rng.choice(ODD["keyword columns"])
            chosen.append(Concept(word, kind_, low=1, high=90))
        if labels and (kind != "event" or rng.random() < 0.4):
            chosen = [*self.label(kind, labels), *chosen]
        return tuple(
            field for about in chosen if (field := self.field(about, one, used)) is not None
        )

    def label(self, kind: str, labels: list[Concept]) -> list[Concept]:
        rng = self.rng
        if kind == "person" and rng.random() < 0.35:
            last = rng.choice(["last name", "surname", "family name"])
            return [
                Concept("first name", "text", label=True, names=("given name",), pool="first"),
                Concept(last, "text", label=True, pool="last"),
            ]
        return [labels[0] if rng.random() < 0.6 else rng.choice(labels)]

    def odd_concept(self) -> Concept:
        rng = self.rng
        kind = rng.choices(_KINDS, [38, 28, 14, 12, 8])[0]
        word = odd_words(rng, self.split)
        names = (f"is {word}",) if kind == "bool" else (word, f"{word} {_HELD[kind]}")
        return Concept(
            word,
            kind,
            names=names,
            said={"int": (f"number of {plural(word)}",), "date": (f"date of {word}",)}.get(
                kind, ()
            ),
            low=rng.choice([0, 1, 10, 100]),
            high=rng.choice([120, 500, 5000, 90000]),
            nullable=kind == "date" and rng.random() < 0.3,
            yes=word if kind == "bool" else "",
            no=f"not {word}" if kind == "bool" else "",
        )

    def field(self, about: Concept, one: str, used: set[str]) -> Field | None:
        """The column, unless there is one of this name or one that people call the same."""
        rng = self.rng
        words = rng.choice([about.name, about.name, *about.names]).format(one=one)
        bare = self.style.column(rng, words, one)
        said = tuple(dict.fromkeys([_without(words), *about.said]))
        known = {bare.lower(), *said}
        if known & used:
            return None
        used |= known
        values = self.values(about) if about.kind == "text" else ()
        return Field(self.named(bare), bare, said, about, values)

    def values(self, about: Concept) -> tuple[str, ...]:
        """Many for labels, a handful otherwise; at times words that nobody knows."""
        rng = self.rng
        count = 24 if about.label or about.free else rng.randint(3, 6)
        odd = self.odd or rng.random() < _ODD_VALUES
        shape = rng.choice(_SHAPES)
        return tuple(
            dict.fromkeys(
                shape(odd_words(rng, self.split))
                if (odd or not about.pool)
                and about.pool not in ("email", "phone", "code")
                and rng.random() < 0.8
                else text(rng, about.pool)
                for _ in range(count)
            )
        )

    def add_view(self) -> None:
        """A view of some of a table's rows: "active customers", "customers from Peru"."""
        rng = self.rng
        at = rng.randrange(len(self.tables))
        table = self.tables[at]
        tests = [f for f in table.fields if f.about.kind == "bool" or f.grouping]
        if self.odd or not tests:
            return
        field = rng.choice(tests)
        word = field.about.yes or str(field.draw(rng))
        if not word.replace(" ", "").isalpha() or len(word) > 20:
            return
        true = World((), (), self.boolean).flags[1]
        test = f"{field.name} = {true if field.about.yes else repr(word)}"
        one, many = f"{word.lower()} {table.one}", f"{word.lower()} {table.many}"
        bare = self.style.table(rng, one, many)
        fields = tuple(f for f in table.fields if f != field)
        if fields and bare.lower() not in {t.bare.lower() for t in self.tables}:
            made = replace(table, name=self.named(bare), bare=bare, one=one, many=many)
            self.tables.append(replace(made, fields=fields, keys=(), view=test, of=at))


_HELD: Final = {"text": "name", "int": "count", "real": "value", "date": "date", "bool": "flag"}


def _without(words: str) -> str:
    """What people leave out of a column's name."""
    for end in (" flag", " at", " on"):
        words = words.removesuffix(end)
    return words.removeprefix("is ").removeprefix("has ")


def text(rng: random.Random, pool: str) -> str:
    """A value of a text column."""
    match pool:
        case "code":
            return f"{rng.choice('ABKMRX')}{rng.choice('BDFT')}-{rng.randint(10, 9999)}"
        case "first" | "last":
            person = str(value(rng, Column("name", "text", "person")))
            return person.split()[pool == "last"]
        case "":
            return rng.choice(POOLS["category"] + POOLS["project"] + POOLS["skill"])
    return str(value(rng, Column("name", "text", pool)))
