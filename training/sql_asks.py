"""Questions about one table of a world, and about tables that refer to each other.

The answers keep to the dialect of `training.sql`: keywords in capitals, no aliases, columns that
are qualified by their table's name in joins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from training.sql_filters import Filter, Talk
from training.sql_tables import Field, Relation
from training.sql_world import quoted

Asked = tuple[str, str] | None
"""The question, with its values marked, and its answer; None where there is nothing to ask."""


def _names(fields: Sequence[Field], prefix: str = "") -> str:
    return ", ".join(prefix + field.name for field in fields)


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]


def _where(filters: Sequence[Filter]) -> str:
    return " WHERE " + " AND ".join(one.where for one in filters) if filters else ""


def _some(talk: Talk, table: Relation, *counts: int, but: tuple[Field, ...] = ()) -> list[Filter]:
    """As many filters as is drawn of `counts`, on different columns."""
    found: dict[str, Filter] = {}
    for _ in range(talk.rng.choice(counts)):
        one = talk.filter(table, but=but)
        found.setdefault(one.where.split()[0], one)
    filters = list(found.values())
    if len(filters) == 2 and not filters[0].before + filters[1].before and talk.rng.random() < 0.2:
        one, other = filters
        return [Filter("", f"{one.after} or {other.after}", f"{one.where} OR {other.where}")]
    return filters


def _shown(table: Relation) -> str:
    """What "which" returns: the label, or all columns where there is none."""
    return _names(table.labels) or "*"


# ── one table ───────────────────────────────────────────────────────────────────────────────────


def rows(talk: Talk, table: Relation) -> Asked:
    filters = _some(talk, table, 0, 1, 1, 1, 2)
    asked = talk.form("rows", np=talk.noun(table, *filters))
    return asked, f"SELECT * FROM {table.name}{_where(filters)}"


def which(talk: Talk, table: Relation) -> Asked:
    if not table.labels:
        return None
    filters = _some(talk, table, 1, 1, 1, 2, but=table.labels)
    person = table.kind == "person" and talk.rng.random() < 0.5
    noun = talk.noun(table, *filters)
    asked = talk.form("who" if person else "which", np=noun, l=talk.label(table))
    return asked, f"SELECT {_shown(table)} FROM {table.name}{_where(filters)}"


def count(talk: Talk, table: Relation) -> Asked:
    filters = _some(talk, table, 0, 1, 1, 1, 1, 2)
    asked = talk.form("count", np=talk.noun(table, *filters))
    return asked, f"SELECT COUNT(*) FROM {table.name}{_where(filters)}"


def columns(talk: Talk, table: Relation) -> Asked:
    rng = talk.rng
    offered = [table.id, *table.fields] if rng.random() < 0.2 else table.fields
    chosen = rng.sample(offered, min(len(offered), rng.choice([1, 1, 2, 2, 3])))
    filters = _some(talk, table, 0, 1, 1, but=tuple(chosen))
    said = _listed([talk.column(field) for field in chosen])
    asked = talk.form("columns", cs=said, np=talk.noun(table, *filters))
    return asked, f"SELECT {_names(chosen)} FROM {table.name}{_where(filters)}"


def lookup(talk: Talk, table: Relation) -> Asked:
    """What is said of one that is named."""
    rng = talk.rng
    rest = [field for field in table.fields if not field.about.label]
    rest += [table.id] if rng.random() < 0.1 else []
    if not table.labels or not rest:
        return None
    name, where = _meant(talk, table)
    one = talk.one(table)
    if rng.random() < 0.15:
        return talk.form("lookup row", one=one, v=name), f"SELECT * FROM {table.name} WHERE {where}"
    chosen = rng.sample(rest, min(len(rest), rng.choice([1, 1, 1, 2])))
    said = _listed([talk.column(field) for field in chosen])
    asked = talk.form("lookup", cs=said, v=name, one=one)
    return asked, f"SELECT {_names(chosen)} FROM {table.name} WHERE {where}"


def _meant(talk: Talk, table: Relation, prefix: str = "") -> tuple[str, str]:
    """A row by its label: how it is said, and the condition."""
    found = [(field, str(field.draw(talk.rng))) for field in table.labels]
    said = " ".join(talk.value(field, text) for field, text in found)
    return said, " AND ".join(f"{prefix}{field.name} = {quoted(text)}" for field, text in found)


def distinct(talk: Talk, table: Relation) -> Asked:
    fields = [field for field in table.fields if field.grouping]
    if not fields:
        return None
    field = talk.rng.choice(fields)
    many = talk.many(table)
    if talk.rng.random() < 0.35:
        asked = talk.form("distinct count", c=talk.column(field), np=many, many=many)
        return asked, f"SELECT COUNT(DISTINCT {field.name}) FROM {table.name}"
    asked = talk.form("distinct", c=talk.column(field), many=many)
    return asked, f"SELECT DISTINCT {field.name} FROM {table.name}"


def _summed(talk: Talk, table: Relation) -> tuple[Field, str] | None:
    """A number and what may be made of it."""
    numbers = [field for field in table.fields if field.number]
    if not numbers:
        return None
    field = talk.rng.choice(numbers)
    makes = (
        ("MAX", "MIN", "AVG") if field.about.year else ("AVG", "AVG", "SUM", "SUM", "MAX", "MIN")
    )
    return field, talk.rng.choice(makes)


def aggregate(talk: Talk, table: Relation) -> Asked:
    found = _summed(talk, table)
    if not found:
        return None
    field, make = found
    filters = _some(talk, table, 0, 0, 1, 1, but=(field,))
    noun, column, tail = talk.noun(table, *filters), talk.column(field), _where(filters)
    if talk.rng.random() < 0.12:
        made = f"MIN({field.name}), MAX({field.name})"
        asked = talk.form("both ends", c=column, np=noun)
        return asked, f"SELECT {made} FROM {table.name}{tail}"
    if make == "SUM" and talk.rng.random() < 0.4:
        asked = talk.form("aggregate total", c=column, np=noun)
    else:
        asked = talk.form("aggregate", w=talk.form(make), c=column, np=noun)
    return asked, f"SELECT {make}({field.name}) FROM {table.name}{tail}"


def ordered(talk: Talk, table: Relation) -> Asked:
    """All of them, or some, in an order."""
    rng = talk.rng
    fields = [f for f in table.fields if f.number or f.about.kind == "date"]
    filters = _some(talk, table, 0, 0, 1)
    noun = talk.noun(table, *filters)
    select = f"SELECT {_shown(table)} FROM {table.name}{_where(filters)} ORDER BY"
    if table.labels and rng.random() < 0.2:
        asked = talk.form("alphabet", np=noun, l=talk.label(table))
        return asked, f"{select} {', '.join(f'{f.name} ASC' for f in table.labels)}"
    if not fields:
        return None
    field = rng.choice(fields)
    down = rng.random() < 0.5
    kind = "sorted down" if down else "sorted up"
    if field.about.kind == "date":
        kind = "latest first" if down else "sorted up"
    asked = talk.form(kind, np=noun, c=talk.column(field))
    return asked, f"{select} {field.name} {'DESC' if down else 'ASC'}"


def top(talk: Talk, table: Relation) -> Asked:
    """The first of an order, or the first few."""
    rng = talk.rng
    fields = [f for f in table.fields if f.number or (f.about.kind == "date" and f.about.most)]
    if not fields:
        return None
    field, down = rng.choice(fields), rng.random() < 0.65
    filters = _some(talk, table, 0, 0, 0, 1)
    noun, column, one = talk.noun(table, *filters), talk.column(field), talk.one(table)
    several, n = rng.random() < 0.5, rng.choice([2, 3, 3, 5, 5, 10, 10, 20])
    best = field.about.most if down else field.about.least
    own = best and (field.about.kind == "date" or rng.random() < 0.6)
    if several:
        words = {"n": n, "best": best, "np": noun, "c": column}
        asked = talk.form("top own" if own else f"top {'high' if down else 'low'}", **words)
    else:
        label, end = talk.label(table) if table.labels else "details", "high" if down else "low"
        kind = "best own" if own else f"best {end}"
        if field.about.count and not own and rng.random() < 0.7:
            kind = "best count" if down else "worst count"
        words = {"best": best, "one": one, "c": column, "u": field.about.unit, "l": label}
        asked = talk.form(kind, **words)
        after = " ".join(one.after or f"that are {one.before}" for one in filters)
        asked, n = f"{asked} {after}".strip(), 1
    order = f"ORDER BY {field.name} {'DESC' if down else 'ASC'} LIMIT {n}"
    return asked, f"SELECT {_shown(table)} FROM {table.name}{_where(filters)} {order}"


def grouped(talk: Talk, table: Relation) -> Asked:
    rng = talk.rng
    keys = [field for field in table.fields if field.grouping]
    if not keys:
        return None
    key = rng.choice(keys)
    filters = _some(talk, table, 0, 0, 0, 1, but=(key,))
    words: dict[str, object] = {"many": talk.many(table), "k": talk.column(key)}
    noun, kind = talk.noun(table, *filters), rng.random()
    source = f"FROM {table.name}{_where(filters)} GROUP BY {key.name}"
    plain = f"FROM {table.name} GROUP BY {key.name}"
    if kind < 0.4:
        return talk.form("group count", np=noun, **words), f"SELECT {key.name}, COUNT(*) {source}"
    if kind < 0.52:
        n = rng.choice([1, 2, 3, 5, 10])
        asked = talk.form("group over", n=n, **words)
        return asked, f"SELECT {key.name} {plain} HAVING COUNT(*) > {n}"
    if kind < 0.66:
        most = rng.random() < 0.75
        asked = talk.form("group most" if most else "group least", **words)
        order = f"ORDER BY COUNT(*) {'DESC' if most else 'ASC'} LIMIT 1"
        return asked, f"SELECT {key.name} {plain} {order}"
    found = _summed(talk, table)
    if not found:
        return None
    field, make = found
    asked = talk.form("group aggregate", w=talk.form(make), c=talk.column(field), np=noun, **words)
    tail = source if noun in asked else plain
    return asked, f"SELECT {key.name}, {make}({field.name}) {tail}"


def beside_average(talk: Talk, table: Relation) -> Asked:
    numbers = [f for f in table.fields if f.number and not f.about.year]
    if not numbers:
        return None
    field, above = talk.rng.choice(numbers), talk.rng.random() < 0.65
    kind = "above average" if above else "below average"
    asked = talk.form(kind, many=talk.many(table), c=talk.column(field))
    test = f"{field.name} {'>' if above else '<'} (SELECT AVG({field.name}) FROM {table.name})"
    return asked, f"SELECT {_shown(table)} FROM {table.name} WHERE {test}"


ALONE: Final[tuple[tuple[Callable[[Talk, Relation], Asked], int], ...]] = (
    (rows, 11),
    (which, 15),
    (count, 17),
    (columns, 12),
    (lookup, 9),
    (distinct, 5),
    (aggregate, 13),
    (ordered, 7),
    (top, 12),
    (grouped, 12),
    (beside_average, 4),
)
"""How to ask about one table, and how often."""
