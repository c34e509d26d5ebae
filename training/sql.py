"""Questions over relational schemas, and a judge that runs the SQL.

Answers are SELECTs that both SQLite and PostgreSQL read: upper-case keywords, full table names, no
aliases, no semicolon. Schemas of the two splits come from disjoint lists of domains; each lesson
drops and rewrites columns and varies how the DDL is written.
"""

from __future__ import annotations

import random
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from training.records import read_forms
from training.sql_domains import FIRST, LAST, POOLS, SUPERLATIVES, TEST, THINGS, TRAIN, WORDS
from training.task import Lesson, Pair, Split

FORMS = read_forms("sql_forms.jsonl")

PLACES = {
    "country": ("from {}", "in {}"),
    "city": ("from {}", "in {}", "located in {}"),
    "region": ("in the {}", "from the {}"),
}
PAIRS = 10
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str  # text, int, real, date or the name of the table it refers to
    pool: str = ""
    low: int = 0
    high: int = 0

    @property
    def words(self) -> str:
        return self.name.removesuffix("_id").replace("_", " ")


@dataclass(frozen=True, slots=True)
class Table:
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
        return [c for c in self.columns if c.kind in kinds]

    def parents(self) -> list[Column]:
        return [c for c in self.columns if c.kind not in ("text", "int", "real", "date")]


Schema = tuple[Table, ...]
Filter = tuple[str, str]  # what English says, what SQL says


def read(text: str) -> list[Schema]:
    """The domains: blank lines between schemas, one table a line."""
    return [
        tuple(read_table(line) for line in block.splitlines())
        for block in text.strip().split("\n\n")
    ]


def read_table(line: str) -> Table:
    names, columns = line.split(": ")
    name, one = names.split()
    return Table(
        name,
        one.replace("_entry", "").replace("_file", ""),
        tuple(read_column(c) for c in columns.split()),
    )


def read_column(text: str) -> Column:
    for mark, kind in (("@", "text"), (">", ""), ("#", "int"), ("$", "real")):
        name, found, rest = text.partition(mark)
        if not found:
            continue
        if mark == "@":
            return Column(name, "text", pool=rest)
        if mark == ">":
            return Column(name, rest)
        cut = rest.index("-", 1)
        return Column(name, kind, low=int(rest[:cut]), high=int(rest[cut + 1 :]))
    return Column(text.removesuffix("%"), "date")


SCHEMAS: dict[Split, list[Schema]] = {"train": read(TRAIN), "test": read(TEST)}


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def value(rng: random.Random, column: Column) -> str | int | float:
    """A value that this column may hold, the same pool for rows and for questions."""
    if column.kind == "int":
        return rng.randint(column.low, column.high)
    if column.kind == "real":
        return round(rng.uniform(column.low, column.high), 2)
    if column.kind == "date":
        return f"{rng.randint(2018, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return text_value(rng, column.pool)


def text_value(rng: random.Random, pool: str) -> str:
    if pool in POOLS:
        return rng.choice(POOLS[pool].split("|") if "|" in POOLS[pool] else POOLS[pool].split())
    first, last = rng.choice(FIRST), rng.choice(LAST)
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
            return f"{rng.randint(1, 99)} {rng.choice(THINGS)} Street"
        case "company":
            return f"{rng.choice(WORDS)} {rng.choice(['Ltd', 'Group', 'Trading', 'Partners'])}"
        case "title" | "band" | "case" | "festival":
            return f"The {rng.choice(WORDS)} {rng.choice(THINGS)}"
        case _:
            return f"{rng.choice(WORDS)} {rng.choice(THINGS)}"


def quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'" if isinstance(text, str) else str(text)


# ── filters ─────────────────────────────────────────────────────────────────────────────────────


def number_filter(rng: random.Random, column: Column, prefix: str) -> Filter:
    low = column.low + (column.high - column.low) // 10
    cut = rng.randint(low, max(low + 1, column.high - (column.high - column.low) // 10))
    if rng.random() < 0.15:
        top = rng.randint(cut, column.high)
        return (
            f"with {column.words} between {cut} and {top}",
            f"{prefix}{column.name} BETWEEN {cut} AND {top}",
        )
    if column.name in SUPERLATIVES and rng.random() < 0.5:
        above = rng.random() < 0.5
        phrase = SUPERLATIVES[column.name][2 if above else 3].format(cut)
        return phrase, f"{prefix}{column.name} {'>' if above else '<'} {cut}"
    sign, words = rng.choice(
        [
            (">", ("above", "over", "greater than", "higher than", "more than")),
            ("<", ("below", "under", "less than", "lower than")),
            (">=", ("of at least",)),
            ("<=", ("of at most",)),
            ("=", ("of", "equal to")),
        ]
    )
    opening = rng.choice(
        ["with {} {} {}", "with a {} {} {}", "whose {} is {} {}", "where {} is {} {}"]
    )
    word = rng.choice(words)
    if "is" in opening:
        word = {"of": "equal to"}.get(word, word.removeprefix("of "))
    return opening.format(column.words, word, cut), f"{prefix}{column.name} {sign} {cut}"


def text_filter(rng: random.Random, table: Table, column: Column, prefix: str) -> Filter:
    words, name = column.words, prefix + column.name
    found = str(value(rng, column))
    kind = rng.random()
    if kind < 0.12 and column.pool not in POOLS:
        start = found[0]
        return (
            rng.choice(
                [f"whose {words} starts with {start}", f"with a {words} that begins with {start}"]
            ),
            f"{name} LIKE '{start}%'",
        )
    if kind < 0.2 and column.pool not in POOLS:
        part = found.split()[-1]
        return (
            rng.choice([f"whose {words} contains {part}", f"with {part} in the {words}"]),
            f"{name} LIKE '%{part}%'",
        )
    if kind < 0.27:
        return (
            rng.choice([f"whose {words} is not {found}", f"with a {words} other than {found}"]),
            f"{name} <> {quoted(found)}",
        )
    if kind < 0.35 and column.pool in POOLS:
        other = str(value(rng, column))
        if other != found:
            return (
                f"whose {words} is {found} or {other}",
                f"{name} IN ({quoted(found)}, {quoted(other)})",
            )
    single = sum(c.pool == column.pool for c in table.columns) == 1
    if column.pool in PLACES and single and rng.random() < 0.6:
        return rng.choice(PLACES[column.pool]).format(found), f"{name} = {quoted(found)}"
    phrase = rng.choice(
        ["with {} {}", "whose {} is {}", "where the {} is {}", "where {} = {}", "that have {} {}"]
    )
    return phrase.format(words, found), f"{name} = {quoted(found)}"


def date_filter(rng: random.Random, column: Column, prefix: str) -> Filter:
    day = str(value(rng, column))
    after = rng.random() < 0.5
    phrase = rng.choice(["with {} {} {}", "whose {} is {} {}"]).format(
        column.words, "after" if after else "before", day
    )
    return phrase, f"{prefix}{column.name} {'>' if after else '<'} {quoted(day)}"


def one_filter(
    rng: random.Random, table: Table, prefix: str = "", but: Column | None = None
) -> Filter:
    column = rng.choice(
        [c for c in table.of("text", "int", "real", "date") if c != but] or list(table.columns[:1])
    )
    if column.kind == "text":
        return text_filter(rng, table, column, prefix)
    if column.kind == "date":
        return date_filter(rng, column, prefix)
    return number_filter(rng, column, prefix)


# ── questions: each returns English and SQL, or None where the schema has nothing to ask about ──

Asked = tuple[str, str] | None
Ask = Callable[[random.Random, Schema], Asked]


def pick(rng: random.Random, schema: Schema) -> Table:
    return rng.choice(schema)


def labelled(rng: random.Random, schema: Schema) -> tuple[Table, Column] | None:
    found = [(t, t.label) for t in schema if t.label]
    return rng.choice(found) if found else None


def related(rng: random.Random, schema: Schema) -> tuple[Table, Column, Table] | None:
    """A child table, its foreign key, and the parent."""
    by_name = {t.name: t for t in schema}
    found = [(t, c, by_name[c.kind]) for t in schema for c in t.parents() if by_name[c.kind].label]
    return rng.choice(found) if found else None


def columns_of(rng: random.Random, schema: Schema) -> Asked:
    t = pick(rng, schema)
    columns = rng.sample(t.columns, k=min(len(t.columns), rng.choice([1, 1, 2, 3])))
    columns = [c for c in columns if c.kind in ("text", "int", "real", "date")]
    if not columns:
        return None
    names = (
        " and ".join(c.words for c in columns)
        if len(columns) < 3
        else f"{columns[0].words}, {columns[1].words} and {columns[2].words}"
    )
    chosen = ", ".join(c.name for c in columns)
    if rng.random() < 0.4:
        phrase = rng.choice(FORMS["columns_of_2"])
        return phrase.format(names, t.many, one=t.one), f"SELECT {chosen} FROM {t.name}"
    said, where = one_filter(rng, t)
    phrase = rng.choice(FORMS["columns_of"])
    return phrase.format(names, t.many, said), f"SELECT {chosen} FROM {t.name} WHERE {where}"


def whole_rows(rng: random.Random, schema: Schema) -> Asked:
    t = pick(rng, schema)
    if rng.random() < 0.25:
        return (
            rng.choice(
                ["Show all {}.", "List all {}.", "Show me everything in {}.", "Get all {}."]
            ).format(t.many),
            f"SELECT * FROM {t.name}",
        )
    said, where = one_filter(rng, t)
    phrase = rng.choice(FORMS["whole_rows"])
    return phrase.format(t.many, said), f"SELECT * FROM {t.name} WHERE {where}"


def which(rng: random.Random, schema: Schema) -> Asked:
    found = labelled(rng, schema)
    if not found:
        return None
    t, label = found
    said, where = one_filter(rng, t, but=label)
    if rng.random() < 0.35:
        more, other = one_filter(rng, t, but=label)
        if other.split()[0] != where.split()[0]:
            word = rng.choice(["and", "and", "or"])
            said, where = f"{said} {word} {more}", f"{where} {word.upper()} {other}"
    phrase = rng.choice(FORMS["which"])
    return (
        phrase.format(t.many, label=label.words, said=said),
        f"SELECT {label.name} FROM {t.name} WHERE {where}",
    )


def count(rng: random.Random, schema: Schema) -> Asked:
    t = pick(rng, schema)
    if rng.random() < 0.2:
        phrase = rng.choice(FORMS["count_2"])
        return phrase.format(t.many), f"SELECT COUNT(*) FROM {t.name}"
    said, where = one_filter(rng, t)
    phrase = rng.choice(FORMS["count"])
    if phrase == "How many {} are {}?" and not said.startswith(
        ("from", "in ", "located", "older", "younger", "cheaper", "more exp", "heav", "light")
    ):
        phrase = "How many {} are there {}?"
    return phrase.format(t.many, said), f"SELECT COUNT(*) FROM {t.name} WHERE {where}"


def distinct(rng: random.Random, schema: Schema) -> Asked:
    t = pick(rng, schema)
    columns = [c for c in t.of("text") if c.pool in POOLS]
    if not columns:
        return None
    c = rng.choice(columns)
    if rng.random() < 0.4:
        phrase = rng.choice(
            ["How many different {} values do {} have?", "Count the distinct {} values of {}."]
        )
        return phrase.format(c.words, t.many), f"SELECT COUNT(DISTINCT {c.name}) FROM {t.name}"
    phrase = rng.choice(FORMS["distinct"])
    return phrase.format(c.words, t.many), f"SELECT DISTINCT {c.name} FROM {t.name}"


AGGREGATES = [
    ("AVG", ("average", "mean")),
    ("SUM", ("total", "sum of the")),
    ("MAX", ("highest", "maximum", "largest")),
    ("MIN", ("lowest", "minimum", "smallest")),
]


def aggregate(rng: random.Random, schema: Schema) -> Asked:
    t = pick(rng, schema)
    if not (numbers := t.of("int", "real")):
        return None
    c, (function, words) = rng.choice(numbers), rng.choice(AGGREGATES)
    word = rng.choice(words)
    if rng.random() < 0.4:
        phrase = rng.choice(FORMS["aggregate"])
        return phrase.format(word, c.words, t.many), f"SELECT {function}({c.name}) FROM {t.name}"
    said, where = one_filter(rng, t, but=c)
    phrase = rng.choice(
        ["What is the {} {} of {} {}?", "Find the {} {} of {} {}.", "Give the {} {} for {} {}."]
    )
    return (
        phrase.format(word, c.words, t.many, said),
        f"SELECT {function}({c.name}) FROM {t.name} WHERE {where}",
    )


def wide(table: Table) -> list[Column]:
    """Numbers with room enough that ties are rare, so that an order is an answer."""
    return [c for c in table.of("int", "real") if c.high - c.low >= 50 or c.kind == "real"]


def ordered(rng: random.Random, schema: Schema) -> Asked:
    found = labelled(rng, schema)
    if not found or not wide(found[0]):
        return None
    (t, label), c = found, rng.choice(wide(found[0]))
    down = rng.random() < 0.5
    order = f"ORDER BY {c.name} {'DESC' if down else 'ASC'}"
    kind = rng.random()
    if kind < 0.3:
        way = rng.choice(
            ["from highest to lowest", "in descending order"]
            if down
            else ["from lowest to highest", "in ascending order"]
        )
        phrase = rng.choice(
            [
                "List the {label}s of {} sorted by {} {}.",
                "Show the {label} of all {} ordered by {} {}.",
            ]
        )
        return (
            phrase.format(t.many, c.words, way, label=label.words),
            f"SELECT {label.name} FROM {t.name} {order}",
        )
    high, low = (
        SUPERLATIVES[c.name][:2] if c.name in SUPERLATIVES and rng.random() < 0.6 else ("", "")
    )
    if kind < 0.65:
        n = rng.randint(2, 10)
        if high:
            phrase = rng.choice(FORMS["ordered_2"])
        else:
            best = "highest" if down else "lowest"
            phrase = rng.choice(
                [
                    "Which {n} {} have the {best} {c}?",
                    "List the {label}s of the {n} {} with the {best} {c}.",
                ]
            ).replace("{best}", best)
        said = phrase.format(t.many, label=label.words, n=n, best=high if down else low, c=c.words)
        return said, f"SELECT {label.name} FROM {t.name} {order} LIMIT {n}"
    if high:
        said = rng.choice(FORMS["ordered"])
        said = said.format(t.one, label=label.words, best=high if down else low)
    else:
        ends = ("highest", "largest") if down else ("lowest", "smallest")
        said = rng.choice(
            ["Which {} has the {best} {c}?", "What is the {label} of the {} with the {best} {c}?"]
        )
        said = said.format(t.one, label=label.words, best=rng.choice(ends), c=c.words)
    return said, f"SELECT {label.name} FROM {t.name} {order} LIMIT 1"


def grouped(rng: random.Random, schema: Schema) -> Asked:
    t = pick(rng, schema)
    keys = [c for c in t.of("text") if c.pool in POOLS and c != t.label]
    if not keys:
        return None
    key = rng.choice(keys)
    kind = rng.random()
    if kind < 0.35:
        phrase = rng.choice(FORMS["grouped_2"])
        return (
            phrase.format(t.many, key.words),
            f"SELECT {key.name}, COUNT(*) FROM {t.name} GROUP BY {key.name}",
        )
    if kind < 0.5:
        n = rng.randint(1, 4)
        phrase = rng.choice(
            ["Which {key} values have more than {n} {}?", "List each {key} with more than {n} {}."]
        )
        said = phrase.format(t.many, key=key.words, n=n)
        return said, f"SELECT {key.name} FROM {t.name} GROUP BY {key.name} HAVING COUNT(*) > {n}"
    if kind < 0.62:
        phrase = rng.choice(FORMS["grouped_3"])
        said = phrase.format(t.many, key=key.words)
        return (
            said,
            f"SELECT {key.name} FROM {t.name} GROUP BY {key.name} ORDER BY COUNT(*) DESC LIMIT 1",
        )
    if not (numbers := t.of("int", "real")):
        return None
    c, (function, words) = rng.choice(numbers), rng.choice(AGGREGATES)
    phrase = rng.choice(FORMS["grouped"])
    said = phrase.format(t.many, w=rng.choice(words), c=c.words, key=key.words)
    return said, f"SELECT {key.name}, {function}({c.name}) FROM {t.name} GROUP BY {key.name}"


def joined(rng: random.Random, schema: Schema) -> Asked:
    found = related(rng, schema)
    if not found:
        return None
    child, key, parent = found
    label = parent.columns[0]
    on = f"{child.name}.{key.name} = {parent.name}.id"
    plain = child.of("text", "int", "real", "date")
    kind = rng.random()
    if kind < 0.2:
        c = rng.choice(plain)
        said, where = one_filter(rng, parent, f"{parent.name}.")
        phrase = rng.choice(FORMS["joined"])
        said = phrase.format(child.many, c=c.words, p=key.words, ps=parent.many, f=said)
        return (
            said,
            (
                f"SELECT {child.name}.{c.name} FROM {child.name} JOIN {parent.name} ON {on} WHERE"
                f" {where}"
            ),
        )
    if kind < 0.36:
        said, where = one_filter(rng, child, f"{child.name}.")
        phrase = rng.choice(FORMS["joined_2"])
        said = phrase.format(parent.many, c=child.many, f=said, l=label.words)
        return (
            said,
            (
                f"SELECT DISTINCT {parent.name}.{label.name} FROM {child.name} JOIN {parent.name}"
                f" ON {on} WHERE {where}"
            ),
        )
    if kind < 0.5:
        c = rng.choice(plain)
        phrase = rng.choice(
            [
                "Show the {c} of each {} together with the {l} of its {p}.",
                "List the {c} of every {} and the {l} of the {p}.",
            ]
        )
        said = phrase.format(child.one, c=c.words, p=key.words, l=label.words)
        return (
            said,
            (
                f"SELECT {child.name}.{c.name}, {parent.name}.{label.name} FROM {child.name} JOIN"
                f" {parent.name} ON {on}"
            ),
        )
    per = f"FROM {child.name} JOIN {parent.name} ON {on} GROUP BY {parent.name}.{label.name}"
    if kind < 0.62:
        phrase = rng.choice(FORMS["joined_3"])
        said = phrase.format(child.many, p=parent.one, l=label.words)
        return said, f"SELECT {parent.name}.{label.name}, COUNT(*) {per}"
    if kind < 0.72:
        phrase = rng.choice(FORMS["joined_4"])
        said = phrase.format(child.many, p=parent.one, l=label.words)
        return said, f"SELECT {parent.name}.{label.name} {per} ORDER BY COUNT(*) DESC LIMIT 1"
    if kind < 0.86:
        name = str(value(rng, label))
        phrase = rng.choice(FORMS["joined_5"])
        said = phrase.format(child.many, p=parent.one, n=name)
        where = f"{parent.name}.{label.name} = {quoted(name)}"
        return said, f"SELECT COUNT(*) FROM {child.name} JOIN {parent.name} ON {on} WHERE {where}"
    if not (numbers := child.of("int", "real")):
        return None
    c, (function, words) = rng.choice(numbers), rng.choice(AGGREGATES)
    phrase = rng.choice(
        [
            "What is the {w} {c} of {} per {p}?",
            "Show the {l} of each {p} and the {w} {c} of its {}.",
        ]
    )
    said = phrase.format(child.many, w=rng.choice(words), c=c.words, p=parent.one, l=label.words)
    return said, f"SELECT {parent.name}.{label.name}, {function}({child.name}.{c.name}) {per}"


def nested(rng: random.Random, schema: Schema) -> Asked:
    if rng.random() < 0.5:
        found = labelled(rng, schema)
        if not found or not (numbers := found[0].of("int", "real")):
            return None
        (t, label), c = found, rng.choice(numbers)
        above = rng.random() < 0.6
        words = rng.choice(
            ["above", "higher than", "greater than"]
            if above
            else ["below", "lower than", "less than"]
        )
        phrase = rng.choice(FORMS["nested"])
        sql = (
            f"SELECT {label.name} FROM {t.name} WHERE {c.name} {'>' if above else '<'} (SELECT"
            f" AVG({c.name}) FROM {t.name})"
        )
        return phrase.format(t.many, c=c.words, w=words, l=label.words), sql
    related_tables = related(rng, schema)
    if not related_tables:
        return None
    child, key, parent = related_tables
    without = rng.random() < 0.6
    if without:
        phrase = rng.choice(FORMS["nested_2"])
    else:
        phrase = rng.choice(
            ["Which {} have at least one {o}?", "What are the {l}s of {} that have any {c}?"]
        )
    said = phrase.format(parent.many, c=child.many, o=child.one, l=parent.columns[0].words)
    test = "NOT IN" if without else "IN"
    return (
        said,
        (
            f"SELECT {parent.columns[0].name} FROM {parent.name} WHERE id {test} (SELECT {key.name}"
            f" FROM {child.name})"
        ),
    )


ASKS: list[tuple[Ask, int]] = [
    (columns_of, 12),
    (whole_rows, 8),
    (which, 16),
    (count, 13),
    (distinct, 5),
    (aggregate, 11),
    (ordered, 12),
    (grouped, 12),
    (joined, 18),
    (nested, 8),
]


# ── lessons ─────────────────────────────────────────────────────────────────────────────────────


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Endless lessons of about ten questions; test questions have an answer that is not empty."""
    rng = random.Random(f"{split}:{seed}")
    while True:
        schema = vary(rng, rng.choice(SCHEMAS[split]))
        ddl = write(rng, schema)
        dialect = rng.choice(["sqlite", "postgres", "postgres", None])
        seen: dict[str, str] = {}
        for _ in range(20 * PAIRS):
            ask = rng.choices([a for a, _ in ASKS], [w for _, w in ASKS])[0]
            asked = ask(rng, schema)
            if (
                asked
                and asked[0] not in seen
                and (split == "train" or telling(ddl, schema, asked[1]))
            ):
                seen[style(rng, asked[0])] = asked[1]
            if len(seen) == PAIRS:
                break
        yield Lesson(ddl, dialect, tuple(Pair(q, a) for q, a in seen.items()))


def style(rng: random.Random, question: str) -> str:
    """People type without capitals or a full stop at times."""
    kind = rng.random()
    if kind < 0.1:
        return question[0].lower() + question[1:].rstrip(".?")
    return question.rstrip(".") if kind < 0.2 else question


def vary(rng: random.Random, schema: Schema) -> Schema:
    """Drops a column here and a table there, so that one domain makes many schemas."""
    if rng.random() < 0.2:
        alone = [t for t in schema if not t.parents()]
        schema = (rng.choice(alone),) if alone else schema
    tables = []
    for t in schema:
        keep = [
            c for i, c in enumerate(t.columns) if i < 3 or c in t.parents() or rng.random() < 0.75
        ]
        tail = keep[1:]
        if t.label:
            rng.shuffle(tail)
        tables.append(replace(t, columns=(keep[0], *tail)))
    return tuple(tables)


TYPES = [
    {"text": "TEXT", "int": "INTEGER", "real": "REAL", "date": "DATE"},
    {"text": "VARCHAR(100)", "int": "INT", "real": "DECIMAL(10,2)", "date": "DATE"},
    {"text": "TEXT", "int": "INTEGER", "real": "NUMERIC", "date": "TEXT"},
    {"text": "text", "int": "integer", "real": "numeric", "date": "date"},
]


def write(rng: random.Random, schema: Schema) -> str:
    """The DDL, in one of the ways that people write it."""
    types, broken, linked = rng.choice(TYPES), rng.random() < 0.3, rng.random() < 0.6
    create = "create table" if types["text"] == "text" else "CREATE TABLE"
    key = rng.choice(["INTEGER PRIMARY KEY", "INT PRIMARY KEY", "INTEGER PRIMARY KEY"])
    lines = []
    for t in schema:
        columns = [f"id {key}"]
        for c in t.columns:
            refers = f" REFERENCES {c.kind}(id)" if linked else ""
            columns.append(
                f"{c.name} {types[c.kind]}"
                if c.kind in types
                else f"{c.name} {types['int']}{refers}"
            )
        if broken:
            lines.append(f"{create} {t.name} (\n  " + ",\n  ".join(columns) + "\n);")
        else:
            lines.append(f"{create} {t.name} ({', '.join(columns)});")
    return "\n".join(lines)


# ── the judge ───────────────────────────────────────────────────────────────────────────────────


def rows(schema: Schema, seed: int) -> Iterator[tuple[str, list[str | int | float]]]:
    """INSERT statements: 40 rows a table, 70 where it refers to another; parents first."""
    rng = random.Random(seed)
    sizes = {t.name: 70 if t.parents() else 40 for t in schema}
    for t in sorted(schema, key=lambda t: len(t.parents())):
        for i in range(sizes[t.name]):
            values = [
                rng.randint(1, int(sizes[c.kind] * 0.8)) if c in t.parents() else value(rng, c)
                for c in t.columns
            ]
            yield (
                f"INSERT INTO {t.name} VALUES ({', '.join('?' * (len(values) + 1))})",
                [i + 1, *values],
            )


def parse(ddl: str) -> Schema:
    """Which domain's tables and columns a DDL of `write` names."""
    known = {t.name: t for split in SCHEMAS.values() for schema in split for t in schema}
    tables = []
    for statement in ddl.split(";")[:-1]:
        head, _, body = statement.partition("(")
        names = [part.split()[0] for part in body.replace("(10,2)", "").split(",")][1:]
        table = known[head.split()[-1]]
        tables.append(
            replace(
                table,
                columns=tuple(next(c for c in table.columns if c.name == name) for name in names),
            )
        )
    return tuple(tables)


@lru_cache(maxsize=64)
def database(ddl: str) -> sqlite3.Connection:
    """The schema in memory, filled with rows that its text determines; read-only afterwards."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(ddl)
    for statement, values in rows(parse(ddl), zlib.crc32(ddl.encode())):
        connection.execute(statement, values)
    connection.execute("PRAGMA query_only = 1")
    return connection


def run(ddl: str, sql: str) -> list[tuple[object, ...]]:
    """A query's rows, floats rounded; sqlite3.Error if it fails, writes, or times out."""
    connection = database(ddl)
    end = time.monotonic() + SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    found = connection.execute(sql).fetchmany(10_000)
    return [tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in found]


def telling(ddl: str, schema: Schema, sql: str) -> bool:
    """Whether the answer is one that a wrong query would hardly give: not empty, not zero."""
    found = run(ddl, sql)
    return bool(found) and found not in ([(0,)], [(None,)])


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Compares both queries' rows, in order where the question asks for an order."""
    wanted = run(lesson.schema, pair.answer)
    try:
        found = run(lesson.schema, text.strip().rstrip(";"))
    except (sqlite3.Error, sqlite3.Warning):
        return False
    return found == wanted if "ORDER BY" in pair.answer else Counter(found) == Counter(wanted)
