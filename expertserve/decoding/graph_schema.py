"""Patterns such as `(:Person {name: STRING})-[:KNOWS]->(:Person)` → what a property graph has.

Properties may stand in lists instead, as tools print a schema: see `graph_listing`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from expertserve.decoding.graph_listing import listed
from expertserve.errors import ConfigError
from expertserve.grammar.names.bare import is_bare
from expertserve.grammar.names.graph import Graph, Kind, Tied

NODE = r"\(\s*+\w*+\s*+((?::\s*+[A-Za-z_]\w*+\s*+)++)(\{[^{}]*+\})?+\s*+\)"
EDGE = r"\[\s*+(?:\w++\s*+(?=:))?+((?::?\s*+\|?\s*+:?[A-Za-z_]\w*+\s*+)++)(\{[^{}]*+\})?+\s*+\]"
GRAPH_NODE, GRAPH_EDGE = re.compile(NODE), re.compile(EDGE)
"""Possessive (`+` behind a repetition), since a stranger writes the schema: nothing is tried twice.
"""
_HOP = re.compile(rf"{NODE}\s*+(<?)-\s*+{EDGE}\s*+-(>?)\s*+(?={NODE})")
PROPERTY = re.compile(r"([A-Za-z_]\w*)\s*+:\s*+([A-Za-z]*)")
WORD = re.compile(r"[A-Za-z_]\w*")
_KINDS: Mapping[Kind, str] = {
    "number": "INT UINT SMALLINT BIGINT INTEGER LONG FLOAT DOUBLE NUMBER NUMERIC DECIMAL REAL",
    "text": "STRING TEXT VARCHAR CHAR",
    "truth": "BOOL BOOLEAN",
}
_KIND_OF = {word: kind for kind, named in _KINDS.items() for word in named.split()}


@lru_cache(maxsize=128)
def graph_of(schema: str) -> Graph:
    """Labels, relationships between them, and properties. Milliseconds.

    Raises:
        ConfigError: `bad_schema`: it has no label.

    Example:
        >>> graph = graph_of("(:Person {name: STRING})-[:OWNS]->(:Dog)")
        >>> graph.labels
        (('Person', (('name', 'text'),)), ('Dog', ()))
    """
    edges = GRAPH_EDGE.findall(schema)
    types_of = {word for names, _ in edges for word in WORD.findall(names)}
    lists = listed(schema, frozenset(types_of))
    labels = _held([*GRAPH_NODE.findall(schema), *lists.labels])
    if not labels:
        raise ConfigError(
            "the schema has no labels",
            hint="pass patterns such as (:Person {name: STRING})-[:KNOWS]->(:Person)",
            code="bad_schema",
        )
    ties: dict[Tied, None] = {}
    for hop in _HOP.finditer(schema):
        left, _, back, types, _, on, right, _ = hop.groups()
        for type_ in _names(types):
            for one in _names(left):
                for other in _names(right):
                    if back and not on:
                        one, other = other, one
                    ties[Tied(type_, one, other)] = None
    return Graph(_frozen(labels), _frozen(_held([*edges, *lists.types])), tuple(ties))


def _held(found: list[tuple[str, str]]) -> dict[str, dict[str, Kind]]:
    """Names, each with its properties from all of its places."""
    made: dict[str, dict[str, Kind]] = {}
    for names, properties in found:
        for name in _names(names):
            held = made.setdefault(name, {})
            for word, kind in PROPERTY.findall(properties):
                held[spelt(word)] = _kind(kind)
    return made


def _kind(word: str) -> Kind:
    return _KIND_OF.get(word.upper(), "other")


def _frozen(
    held: Mapping[str, Mapping[str, Kind]],
) -> tuple[tuple[str, tuple[tuple[str, Kind], ...]], ...]:
    return tuple((name, tuple(of.items())) for name, of in held.items())


def _names(text: str) -> list[str]:
    return [spelt(word) for word in WORD.findall(text)]


def spelt(name: str) -> str:
    """A name as queries write it: a keyword between backticks."""
    return name if is_bare(name, "cypher") else f"`{name}`"
