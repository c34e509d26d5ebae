"""Questions about relational tables: what English says, and what SQL says.

How things are said is in `data/sql_phrases.jsonl`: `{c}` is a column, `{f}` a filter, `{v}` a
value, `{w}` a word that compares or sums up.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from training.records import read_choices
from training.sql_world import POOLS, SUPERLATIVES, Column, Schema, Table, quoted, value

Filter = tuple[str, str]
"""What English says, and the condition."""
Asked = tuple[str, str] | None
"""The question and its answer; None where the schema has nothing to ask about."""
Ask = Callable[[random.Random, Schema], Asked]

_PHRASES: Final = read_choices("sql_phrases.jsonl")
_PLACES: Final = ("country", "city", "region")
_FUNCTIONS: Final = ("AVG", "SUM", "MAX", "MIN")
_ARE: Final = (
    *("from", "in ", "located", "older", "younger"),
    *("cheaper", "more exp", "heav", "light"),
)
"""What a filter begins with that may follow "how many … are"."""


def _form(rng: random.Random, name: str) -> str:
    return rng.choice(_PHRASES[name])


# ── filters ─────────────────────────────────────────────────────────────────────────────────────


def _number_filter(rng: random.Random, column: Column, prefix: str) -> Filter:
    name = prefix + column.name
    low = column.low + (column.high - column.low) // 10
    cut = rng.randint(low, max(low + 1, column.high - (column.high - column.low) // 10))
    if rng.random() < 0.15:
        top = rng.randint(cut, column.high)
        return f"with {column.words} between {cut} and {top}", f"{name} BETWEEN {cut} AND {top}"
    if column.name in SUPERLATIVES and rng.random() < 0.5:
        above = rng.random() < 0.5
        own = SUPERLATIVES[column.name]
        said = (own.above if above else own.below).format(cut)
        return said, f"{name} {'>' if above else '<'} {cut}"
    sign = rng.choice((">", "<", ">=", "<=", "="))
    form = _form(rng, "number: filter")
    word = _form(rng, f"number: {sign}")
    if "is" in form:
        word = {"of": "equal to"}.get(word, word.removeprefix("of "))
    return form.format(c=column.words, w=word, v=cut), f"{name} {sign} {cut}"


def _text_filter(rng: random.Random, table: Table, column: Column, prefix: str) -> Filter:
    words, name = column.words, prefix + column.name
    found = str(value(rng, column))
    kind = rng.random()
    if kind < 0.12 and column.pool not in POOLS:
        start = found[0]
        return _form(rng, "text: starts").format(c=words, v=start), f"{name} LIKE '{start}%'"
    if kind < 0.2 and column.pool not in POOLS:
        part = found.split()[-1]
        return _form(rng, "text: contains").format(c=words, v=part), f"{name} LIKE '%{part}%'"
    if kind < 0.27:
        return _form(rng, "text: other").format(c=words, v=found), f"{name} <> {quoted(found)}"
    if kind < 0.35 and column.pool in POOLS:
        other = str(value(rng, column))
        if other != found:
            condition = f"{name} IN ({quoted(found)}, {quoted(other)})"
            return f"whose {words} is {found} or {other}", condition
    single = sum(peer.pool == column.pool for peer in table.columns) == 1
    is_place = column.pool in _PLACES and single and rng.random() < 0.6
    form = _form(rng, f"text: {column.pool if is_place else 'equal'}")
    return form.format(c=words, v=found), f"{name} = {quoted(found)}"


def _date_filter(rng: random.Random, column: Column, prefix: str) -> Filter:
    day = str(value(rng, column))
    word, sign = ("after", ">") if rng.random() < 0.5 else ("before", "<")
    said = _form(rng, "date: filter").format(c=column.words, w=word, v=day)
    return said, f"{prefix}{column.name} {sign} {quoted(day)}"


def _filter(
    rng: random.Random, table: Table, prefix: str = "", but: Column | None = None
) -> Filter:
    columns = [column for column in table.plain if column != but]
    column = rng.choice(columns or list(table.columns[:1]))
    if column.kind == "text":
        return _text_filter(rng, table, column, prefix)
    if column.kind == "date":
        return _date_filter(rng, column, prefix)
    return _number_filter(rng, column, prefix)


# ── what there is to ask about ──────────────────────────────────────────────────────────────────


def _labelled(rng: random.Random, schema: Schema) -> tuple[Table, Column] | None:
    found = [(table, table.label) for table in schema if table.label]
    return rng.choice(found) if found else None


def _related(rng: random.Random, schema: Schema) -> tuple[Table, Column, Table] | None:
    """A child table, its foreign key, and the parent."""
    by_name = {table.name: table for table in schema}
    found = [
        (table, key, by_name[key.table])
        for table in schema
        for key in table.parents
        if by_name[key.table].label
    ]
    return rng.choice(found) if found else None


def _wide(table: Table) -> list[Column]:
    """Numbers with room enough that ties are rare, so that an order is an answer."""
    return [c for c in table.of("int", "real") if c.high - c.low >= 50 or c.kind == "real"]


# ── questions ───────────────────────────────────────────────────────────────────────────────────


def _columns(rng: random.Random, schema: Schema) -> Asked:
    t = rng.choice(schema)
    columns = rng.sample(t.columns, k=min(len(t.columns), rng.choice([1, 1, 2, 3])))
    columns = [c for c in columns if c.kind != "key"]
    if not columns:
        return None
    words = [c.words for c in columns]
    named = ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
    select = f"SELECT {', '.join(c.name for c in columns)} FROM {t.name}"
    if rng.random() < 0.4:
        return _form(rng, "columns: all").format(c=named, many=t.many, one=t.one), select
    said, where = _filter(rng, t)
    form = _form(rng, "columns: filtered")
    return form.format(c=named, many=t.many, f=said), f"{select} WHERE {where}"


def _rows(rng: random.Random, schema: Schema) -> Asked:
    t = rng.choice(schema)
    if rng.random() < 0.25:
        return _form(rng, "rows: all").format(many=t.many), f"SELECT * FROM {t.name}"
    said, where = _filter(rng, t)
    asked = _form(rng, "rows: filtered").format(many=t.many, f=said)
    return asked, f"SELECT * FROM {t.name} WHERE {where}"


def _which(rng: random.Random, schema: Schema) -> Asked:
    found = _labelled(rng, schema)
    if not found:
        return None
    t, label = found
    said, where = _filter(rng, t, but=label)
    if rng.random() < 0.35:
        more, other = _filter(rng, t, but=label)
        if other.split()[0] != where.split()[0]:
            word = rng.choice(["and", "and", "or"])
            said, where = f"{said} {word} {more}", f"{where} {word.upper()} {other}"
    asked = _form(rng, "which").format(many=t.many, label=label.words, f=said)
    return asked, f"SELECT {label.name} FROM {t.name} WHERE {where}"


def _count(rng: random.Random, schema: Schema) -> Asked:
    t = rng.choice(schema)
    if rng.random() < 0.2:
        return _form(rng, "count: all").format(many=t.many), f"SELECT COUNT(*) FROM {t.name}"
    said, where = _filter(rng, t)
    form = _form(rng, "count: filtered")
    if form == "How many {many} are {f}?" and not said.startswith(_ARE):
        form = "How many {many} are there {f}?"
    return form.format(many=t.many, f=said), f"SELECT COUNT(*) FROM {t.name} WHERE {where}"


def _distinct(rng: random.Random, schema: Schema) -> Asked:
    t = rng.choice(schema)
    columns = [c for c in t.of("text") if c.pool in POOLS]
    if not columns:
        return None
    c = rng.choice(columns)
    if rng.random() < 0.4:
        asked = _form(rng, "distinct: count").format(c=c.words, many=t.many)
        return asked, f"SELECT COUNT(DISTINCT {c.name}) FROM {t.name}"
    asked = _form(rng, "distinct: values").format(c=c.words, many=t.many)
    return asked, f"SELECT DISTINCT {c.name} FROM {t.name}"


def _aggregate(rng: random.Random, schema: Schema) -> Asked:
    t = rng.choice(schema)
    if not (numbers := t.of("int", "real")):
        return None
    c, function = rng.choice(numbers), rng.choice(_FUNCTIONS)
    word = _form(rng, f"aggregate: {function}")
    select = f"SELECT {function}({c.name}) FROM {t.name}"
    if rng.random() < 0.4:
        return _form(rng, "aggregate: all").format(w=word, c=c.words, many=t.many), select
    said, where = _filter(rng, t, but=c)
    form = _form(rng, "aggregate: filtered")
    return form.format(w=word, c=c.words, many=t.many, f=said), f"{select} WHERE {where}"


def _ordered(rng: random.Random, schema: Schema) -> Asked:
    found = _labelled(rng, schema)
    if not found or not _wide(found[0]):
        return None
    (t, label), c = found, rng.choice(_wide(found[0]))
    down = rng.random() < 0.5
    select = f"SELECT {label.name} FROM {t.name} ORDER BY {c.name} {'DESC' if down else 'ASC'}"
    words = {"many": t.many, "one": t.one, "label": label.words, "c": c.words}
    kind = rng.random()
    if kind < 0.3:
        way = _form(rng, "order: down" if down else "order: up")
        return _form(rng, "order: all").format(way=way, **words), select
    own = SUPERLATIVES[c.name] if c.name in SUPERLATIVES and rng.random() < 0.6 else None
    best = (own.most if down else own.least) if own else ""
    manner = ", own words" if own else ""
    if kind < 0.65:
        n = rng.randint(2, 10)
        best = best or ("highest" if down else "lowest")
        form = _form(rng, f"top: several{manner}")
        return form.format(n=n, best=best, **words), f"{select} LIMIT {n}"
    form = _form(rng, f"top: one{manner}")
    best = best or _form(rng, "top: high" if down else "top: low")
    return form.format(best=best, **words), f"{select} LIMIT 1"


def _grouped(rng: random.Random, schema: Schema) -> Asked:
    t = rng.choice(schema)
    keys = [c for c in t.of("text") if c.pool in POOLS and c != t.label]
    if not keys:
        return None
    key = rng.choice(keys)
    words = {"many": t.many, "key": key.words}
    grouping = f"FROM {t.name} GROUP BY {key.name}"
    kind = rng.random()
    if kind < 0.35:
        asked = _form(rng, "groups: count").format(**words)
        return asked, f"SELECT {key.name}, COUNT(*) {grouping}"
    if kind < 0.5:
        n = rng.randint(1, 4)
        asked = _form(rng, "groups: large").format(n=n, **words)
        return asked, f"SELECT {key.name} {grouping} HAVING COUNT(*) > {n}"
    if kind < 0.62:
        asked = _form(rng, "groups: largest").format(**words)
        return asked, f"SELECT {key.name} {grouping} ORDER BY COUNT(*) DESC LIMIT 1"
    if not (numbers := t.of("int", "real")):
        return None
    c, function = rng.choice(numbers), rng.choice(_FUNCTIONS)
    form = _form(rng, "groups: aggregate")
    asked = form.format(w=_form(rng, f"aggregate: {function}"), c=c.words, **words)
    return asked, f"SELECT {key.name}, {function}({c.name}) {grouping}"


def _joined(rng: random.Random, schema: Schema) -> Asked:
    found = _related(rng, schema)
    if not found:
        return None
    child, key, parent = found
    label = parent.columns[0]
    named = f"{parent.name}.{label.name}"
    source = f"FROM {child.name} JOIN {parent.name} ON {child.name}.{key.name} = {parent.name}.id"
    kind = rng.random()
    if kind < 0.2:
        c = rng.choice(child.plain)
        said, where = _filter(rng, parent, f"{parent.name}.")
        asked = _form(rng, "join: child").format(
            many=child.many, c=c.words, p=key.words, ps=parent.many, f=said
        )
        return asked, f"SELECT {child.name}.{c.name} {source} WHERE {where}"
    if kind < 0.36:
        said, where = _filter(rng, child, f"{child.name}.")
        form = _form(rng, "join: parent")
        asked = form.format(many=parent.many, c=child.many, f=said, l=label.words)
        return asked, f"SELECT DISTINCT {named} {source} WHERE {where}"
    if kind < 0.5:
        c = rng.choice(child.plain)
        form = _form(rng, "join: both")
        asked = form.format(one=child.one, c=c.words, p=key.words, l=label.words)
        return asked, f"SELECT {child.name}.{c.name}, {named} {source}"
    words = {"many": child.many, "p": parent.one, "l": label.words}
    if kind < 0.62:
        asked = _form(rng, "join: counts").format(**words)
        return asked, f"SELECT {named}, COUNT(*) {source} GROUP BY {named}"
    if kind < 0.72:
        asked = _form(rng, "join: most").format(**words)
        order = "ORDER BY COUNT(*) DESC LIMIT 1"
        return asked, f"SELECT {named} {source} GROUP BY {named} {order}"
    if kind < 0.86:
        name = str(value(rng, label))
        asked = _form(rng, "join: count of one").format(n=name, **words)
        return asked, f"SELECT COUNT(*) {source} WHERE {named} = {quoted(name)}"
    if not (numbers := child.of("int", "real")):
        return None
    c, function = rng.choice(numbers), rng.choice(_FUNCTIONS)
    form = _form(rng, "join: aggregate")
    asked = form.format(w=_form(rng, f"aggregate: {function}"), c=c.words, **words)
    return asked, f"SELECT {named}, {function}({child.name}.{c.name}) {source} GROUP BY {named}"


def _nested(rng: random.Random, schema: Schema) -> Asked:
    if rng.random() < 0.5:
        return _beside_average(rng, schema)
    found = _related(rng, schema)
    if not found:
        return None
    child, key, parent = found
    label = parent.columns[0]
    without = rng.random() < 0.6
    form = _form(rng, "nested: without" if without else "nested: with")
    asked = form.format(many=parent.many, c=child.many, o=child.one, l=label.words)
    test = "NOT IN" if without else "IN"
    inner = f"SELECT {key.name} FROM {child.name}"
    return asked, f"SELECT {label.name} FROM {parent.name} WHERE id {test} ({inner})"


def _beside_average(rng: random.Random, schema: Schema) -> Asked:
    found = _labelled(rng, schema)
    if not found or not (numbers := found[0].of("int", "real")):
        return None
    (t, label), c = found, rng.choice(numbers)
    above = rng.random() < 0.6
    word = _form(rng, "nested: above" if above else "nested: below")
    form = _form(rng, "nested: average")
    test = f"{c.name} {'>' if above else '<'} (SELECT AVG({c.name}) FROM {t.name})"
    asked = form.format(many=t.many, c=c.words, w=word, l=label.words)
    return asked, f"SELECT {label.name} FROM {t.name} WHERE {test}"


ASKS: Final[tuple[tuple[Ask, int], ...]] = (
    (_columns, 12),
    (_rows, 8),
    (_which, 16),
    (_count, 13),
    (_distinct, 5),
    (_aggregate, 11),
    (_ordered, 12),
    (_grouped, 12),
    (_joined, 18),
    (_nested, 8),
)
"""How to ask, and how often."""
