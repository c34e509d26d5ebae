"""What is kept beside a text whose names are bound, and how it is made from a schema."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from expertserve.grammar.marks import Role
from expertserve.grammar.names.choices import Key, Naming
from expertserve.grammar.names.cypher_scope import CypherScope
from expertserve.grammar.names.graph import Graph
from expertserve.grammar.names.relations import Relations
from expertserve.grammar.names.sql_scope import SqlScope

SCHEMAS = 16
"""How many schemas are kept ready."""
Names = Relations | Graph


class Scope(Hashable, Protocol):
    """Immutable, and equal where the same may follow."""

    def feed(self, data: bytes) -> Scope:
        """After some more bytes of what isn't a name."""
        ...

    def open(self, role: Role) -> Naming:
        """The names that may stand at a mark."""
        ...

    def after(self, known: Key) -> Scope:
        """After a name, of which `Naming.ends` said what is known."""
        ...


@lru_cache(maxsize=SCHEMAS)
def scope_of(names: Names) -> Scope:
    """Before the first word of a query over a schema. Some 10 ms for 200 tables, once."""
    return SqlScope.over(names) if isinstance(names, Relations) else CypherScope.over(names)


def names_of(given: Mapping[str, Any] | None) -> Names | None:
    """What `dataclasses.asdict` made of a schema, perhaps in another process."""
    if given is None:
        return None
    return Relations.of_dict(given) if "tables" in given else Graph.of_dict(given)
