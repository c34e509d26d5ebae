"""What a relational schema has, and the sets of tables that queries may join."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST_SETS = 4_000
"""Sets of tables of one schema: each alone, then two and three that foreign keys join."""
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
    for at, table in enumerate(tables):
        for column in table.columns:
            if (at, plain(column)) in known or column == keys[at]:
                continue
            named = words(column)
            stem = tuple(singular(w) for w in named if w not in _KEYS)
            if not stem or len(stem) == len(named):
                continue
            to = cores.get(stem)
            if to is not None and keys[to]:
                yield ForeignKey(at, column, to, keys[to])
                continue
            same = [
                o for o, key in enumerate(keys) if o != at and key and plain(key) == plain(column)
            ]
            others = same or (range(len(tables)) if len(tables) <= GUESSED else ())
            yield from (ForeignKey(at, column, o, keys[o]) for o in others if o != at and keys[o])


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
    near: dict[int, set[int]] = {at: set() for at in range(len(schema.tables))}
    for link in schema.links:
        near[link.left].add(link.right)
        near[link.right].add(link.left)
    score = _scores(schema)
    order = sorted(near, key=lambda at: (-score[at], at))
    found: dict[tuple[int, ...], None] = {(at,): None for at in order}
    pairs = {tuple(sorted((a, b))) for a in order for b in near[a]}
    found |= dict.fromkeys(sorted(pairs, key=lambda s: (-sum(score[at] for at in s), s)))
    for pair in list(found)[len(order) :]:
        for at in sorted(near[pair[0]] | near[pair[1]], key=lambda at: (-score[at], at)):
            found[tuple(sorted((*pair, at)))] = None
            if len(found) >= MOST_SETS:
                return list(found)[:MOST_SETS]
    return list(found)


def _scores(schema: Relations) -> list[int]:
    """How many of the question's words each table has, its own name's twice."""
    asked = {singular(word) for word in words(schema.question)}
    return [
        2 * len(asked & set(core(table.name)))
        + len(asked & {singular(word) for column in table.columns for word in words(column)})
        for table in schema.tables
    ]
