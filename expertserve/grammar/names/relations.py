"""What a relational schema has, and the sets of tables that queries may join."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

MOST_SETS = 4_000
"""Sets of tables of one schema: each alone, then two and three that foreign keys join."""
MOST_TABLES = 400
"""Tables that an answer may choose from; of more, those that the question names, and neighbours."""
MOST_JOINED = 3
GUESSED = 12
"""Tables up to which a column such as `leader_id` that names no table may join any."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PREFIXES = frozenset("tbl tb t dim fact fct stg vw v ref lkp".split())
_KEYS = frozenset("id no nr num number key code fk pk uuid ref sk".split())


@dataclass(frozen=True, slots=True)
class SqlTable:
    """A table or view.

    Args:
        written: As FROM names it, in quotes where it must have them, and behind its schema's name.
        name: The same without the schema: what may stand before a column's dot.
        columns: As queries write them.
        key: The primary key, where it is one column.
    """

    written: str
    name: str
    columns: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Two columns that a join compares; tables by their places."""

    left: int
    column: str
    right: int
    other: str


@dataclass(frozen=True, slots=True)
class Relations:
    """Tables and the links between them.

    Args:
        question: What puts sets of tables in order where there are too many.
    """

    tables: tuple[SqlTable, ...]
    links: tuple[ForeignKey, ...]
    question: str = ""

    @classmethod
    def of_dict(cls, given: Mapping[str, Any]) -> Relations:
        """What `dataclasses.asdict` made of one, perhaps in another process."""
        tables = (SqlTable(**{**t, "columns": tuple(t["columns"])}) for t in given["tables"])
        links = (ForeignKey(**link) for link in given["links"])
        return cls(tuple(tables), tuple(links), given["question"])


def plain(name: str) -> str:
    """A name without its quotes, as engines compare names.

    Example:
        >>> plain('"Order Items"')
        'order items'
    """
    bare = name[1:-1].replace('""', '"') if name.startswith('"') else name
    return bare.casefold()


def words(name: str) -> list[str]:
    """A name's words, in lower case.

    Example:
        >>> words("tbl_OrderItems2")
        ['tbl', 'order', 'items', '2']
    """
    return [word.lower() for word in _WORDS.findall(name)]


def core(name: str) -> list[str]:
    """A table's words without a prefix such as `tbl`, each in the singular."""
    found = words(name)
    if len(found) > 1 and found[0] in _PREFIXES:
        found = found[1:]
    return [singular(word) for word in found]


def singular(word: str) -> str:
    """Example:
    >>> singular("categories"), singular("boxes"), singular("books"), singular("status")
    ('category', 'box', 'book', 'status')
    """
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def guessed(tables: tuple[SqlTable, ...], declared: Iterable[ForeignKey]) -> Iterator[ForeignKey]:
    """Links that names tell where no foreign key does: `book_id` and the key of `books`."""
    known = {(link.left, plain(link.column)) for link in declared}
    cores = {tuple(core(table.name)): at for at, table in reversed(list(enumerate(tables)))}
    keys = [_key(table) for table in tables]
    named = {plain(key): at for at, key in reversed(list(enumerate(keys))) if key}
    for at, table in enumerate(tables):
        for column in table.columns:
            if (at, plain(column)) in known or column == keys[at]:
                continue
            parts = words(column)
            stem = tuple(singular(word) for word in parts if word not in _KEYS)
            to = cores.get(stem) if stem and len(stem) < len(parts) else None
            if to is None and stem:
                to = named.get(plain(column))
            if to is not None and keys[to]:
                yield ForeignKey(at, column, to, keys[to])
            elif stem and len(tables) <= GUESSED and ({parts[0], parts[-1]} & {"id", "fk"}):
                others = (o for o, key in enumerate(keys) if o != at and key)
                yield from (ForeignKey(at, column, o, keys[o]) for o in others)


def _key(table: SqlTable) -> str:
    """The column that others would name a row by."""
    if table.key:
        return table.key
    named = {"id", "".join(core(table.name)) + "id", "".join(words(table.name)) + "id"}
    return next((c for c in table.columns if "".join(words(c)) in named), "")


def joined(schema: Relations) -> list[tuple[int, ...]]:
    """The sets of tables, small ones first, at most `MOST_SETS`.

    Where there are more, those go first whose tables the question names: words in common with the
    names of a table and its columns; then the sets with their neighbours.
    """
    near, score = neighbours(schema), _scores(schema)
    order = sorted(range(len(near)), key=lambda at: (-score[at], at))
    pairs = sorted(
        {tuple(sorted((a, b))) for a in order for b in near[a]},
        key=lambda pair: (-score[pair[0]] - score[pair[1]], pair),
    )
    wider = (
        tuple(sorted((*pair, at)))
        for pair in pairs
        for at in sorted(near[pair[0]] | near[pair[1]], key=lambda at: (-score[at], at))
    )
    found: dict[tuple[int, ...], None] = dict.fromkeys([*((at,) for at in order), *pairs])
    for members in wider:
        if len(found) >= MOST_SETS:
            break
        found[members] = None
    return list(found)[: max(MOST_SETS, len(order))]


def neighbours(schema: Relations) -> list[set[int]]:
    """By table: those that it has a link with."""
    found: list[set[int]] = [set() for _ in schema.tables]
    for link in schema.links:
        found[link.left].add(link.right)
        found[link.right].add(link.left)
    return found


def nearest(schema: Relations) -> Relations:
    """The schema with `MOST_TABLES` tables at most: those that its question names, neighbours."""
    if len(schema.tables) <= MOST_TABLES:
        return schema
    score, near = _scores(schema), neighbours(schema)
    kept: dict[int, None] = {}
    for at in sorted(range(len(near)), key=lambda at: (-score[at], at)):
        kept[at] = None
        if score[at]:
            kept |= dict.fromkeys(sorted(near[at], key=lambda o: (-score[o], o)))
    places = {at: place for place, at in enumerate(sorted(list(kept)[:MOST_TABLES]))}
    links = (
        replace(link, left=places[link.left], right=places[link.right])
        for link in schema.links
        if link.left in places and link.right in places
    )
    tables = tuple(schema.tables[at] for at in places)
    return replace(schema, tables=tables, links=tuple(links))


def _scores(schema: Relations) -> list[int]:
    """How many of the question's words each table has, its own name's twice."""
    asked = {singular(word) for word in words(schema.question)}
    return [
        2 * len(asked & set(core(table.name)))
        + len(asked & {singular(word) for column in table.columns for word in words(column)})
        for table in schema.tables
    ]
