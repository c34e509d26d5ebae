"""A graph's schema as people paste it: in patterns, or as the tools that read a database print it.

The forms are those that names can be bound to (`expertserve.decoding.graph_listing`).
"""

from __future__ import annotations

import random
import re
from typing import Final

_NODE: Final = re.compile(r"^\(:(\w+) (\{[^}]*\})\)$", re.M)
_LINK: Final = re.compile(r"^(\(:\w+\)-\[:)(\w+)(?: (\{[^}]*\}))?(\]->\(:\w+\))$", re.M)
_NAMED: Final = re.compile(r"(\w+): (\w+)")
_TYPES: Final = {"INT64": "INTEGER", "DOUBLE": "FLOAT", "BOOL": "BOOLEAN"}


def printed(rng: random.Random, schema: str) -> str:
    """The schema in patterns (half of the time) or as a list, in Kuzu's or in Neo4j's types."""
    if rng.random() < 0.5:
        schema = re.sub(r"(?<=: )\w+", lambda found: _TYPES.get(found[0], found[0]), schema)
    if rng.random() < 0.5:
        return schema
    return rng.choice((_bulleted, _in_lines, _nested))(schema)


def _bulleted(schema: str) -> str:
    """Labels with their properties, and patterns, as bullets."""
    nodes = [f"- {label} {held}" for label, held in _NODE.findall(schema)]
    links = [f"- {found[0]}" for found in _LINK.finditer(schema)]
    return "\n".join(["Node labels:", *nodes, "Relationship types:", *links])


def _in_lines(schema: str) -> str:
    """Properties apart from patterns, a label or type a line."""
    nodes = [f"{label} {held}" for label, held in _NODE.findall(schema)]
    types = [f"{type_} {held}" for _, type_, held, _ in _LINK.findall(schema) if held]
    return _apart(nodes, types, schema)


def _nested(schema: str) -> str:
    """Properties apart from patterns, each a bullet of its own."""
    nodes = [_entry(label, held) for label, held in _NODE.findall(schema)]
    types = [_entry(type_, held) for _, type_, held, _ in _LINK.findall(schema) if held]
    return _apart(nodes, types, schema)


def _entry(name: str, held: str) -> str:
    return "\n".join([f"- **{name}**", *(f"  - `{n}`: {kind}" for n, kind in _NAMED.findall(held))])


def _apart(nodes: list[str], types: list[str], schema: str) -> str:
    links = [before + type_ + after for before, type_, _, after in _LINK.findall(schema)]
    told = ["Relationship properties:", *types] if types else []
    return "\n".join(["Node properties:", *nodes, *told, "The relationships:", *links])
