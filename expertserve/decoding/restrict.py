"""A grammar whose identifiers are those of a schema: of a DDL, or of a property graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from expertserve.decoding.ddl import schema_of
from expertserve.decoding.graph_schema import graph_of
from expertserve.errors import ConfigError
from expertserve.grammar.bundled import bundled
from expertserve.grammar.names.cypher_rules import bound_cypher
from expertserve.grammar.names.relations import (
    MOST_SETS,
    MOST_TABLES,
    Relations,
    joined,
    nearest,
)
from expertserve.grammar.names.scope import Names
from expertserve.grammar.names.sql_rules import bound_sql
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Alt, Literal, Node, Seq

if TYPE_CHECKING:
    from expertserve.expert import PreparedExpert
    from expertserve.request import GrammarArgs

SQL_RULES = {"table": "table-name", "column": "column-name"}
GRAPH_RULES = {"label": "label", "relationship": "relationship-type", "property": "property-name"}
MAX_SCHEMA = 1_000_000
MAX_QUESTION = 10_000


def restrict(grammar: Grammar, schema: str, kind: str, rules: Mapping[str, str]) -> Grammar:
    """The grammar with the rules for names replaced by the names that exist.

    Args:
        schema: DDL that sqlglot reads; for Cypher, patterns such as `(:Person {name:
            STRING})-[:KNOWS]->(:Person)`.
        kind: The manifest's grammar type: `sql…` or `cypher`.
        rules: Names of the rules, where the manifest has others than ours: `table`, `column`;
            `label`, `relationship`, `property`.

    Raises:
        ConfigError: The schema can't be read or names nothing, or the grammar has no such rules.

    Example:
        >>> names = "table-name ::= [a-z]+\\ncolumn-name ::= [a-z]+"
        >>> root = 'root ::= "SELECT " column-name " FROM " table-name\\n'
        >>> grammar = Grammar.from_gbnf(root + names)
        >>> narrow = restrict(grammar, "CREATE TABLE users (id INT)", "sql", {})
        >>> narrow.accepts("SELECT id FROM users"), narrow.accepts("SELECT age FROM users")
        (True, False)
    """
    _check_size(schema)
    return _restricted(grammar, schema, kind, tuple(sorted(rules.items())))


def restrict_wish(expert: PreparedExpert, args: GrammarArgs, schema: str | None) -> bool:
    """The call's word over the manifest's, which is of the expert's own answers over a schema.

    The manifest's holds where names can be bound, or where it names a grammar's rules for them.
    """
    wish, decoding = args.get("restrict_to_schema"), expert.manifest.decoding
    own = "grammar" not in args and not any(args.get(k) for k in ("json_schema", "regex", "choice"))
    if wish is not None or not (own and schema and decoding.restrict_to_schema):
        return bool(wish)
    return bool(decoding.schema_rules) or (
        _is_bound(decoding.grammar_type) and _tells(decoding.grammar_type or "", schema)
    )


def _tells(kind: str, schema: str) -> bool:
    """Whether a schema says what can be asked for: of a graph, properties beside its labels."""
    _check_size(schema)
    if not kind.startswith("cypher"):
        return True
    graph = graph_of(schema)
    return any(of for _, of in (*graph.labels, *graph.types))


def _is_bound(kind: str | None) -> bool:
    return kind is not None and kind.startswith(("sql", "cypher"))


def binds(grammar: Grammar, kind: str | None, rules: Mapping[str, str], *, own: bool) -> bool:
    """Whether names are bound to their tables, and not names that exist alone.

    So they are in an expert's own answers, which then follow our grammar of its type, and in what
    follows that anyway; not where the manifest names rules of a grammar of its own.

    Args:
        kind: The manifest's grammar type.
        own: Whether the grammar is the expert's.
    """
    if rules or not _is_bound(kind or "sql"):
        return False
    ours = bundled(kind or "sql")
    return (own and kind is not None) or (ours is not None and grammar.digest == ours.digest)


def bound(schema: str, kind: str, question: str = "") -> tuple[Grammar, Names]:
    """A grammar with marks for names, and what they are taken from.

    Args:
        schema: DDL; for Cypher, patterns as in `restrict`.
        kind: The manifest's grammar type.
        question: Whose words choose the tables that may be joined, where there are too many.

    Raises:
        ConfigError: `bad_schema`.
    """
    _check_size(schema)
    if kind.startswith("cypher"):
        return _bound(kind), graph_of(schema)
    found = schema_of(schema, kind)
    if not _is_whole(found):
        found = nearest(replace(found, question=question[:MAX_QUESTION]))
    return _bound(kind), found


def own_grammars(expert: PreparedExpert) -> list[Grammar]:
    """The grammars of an expert's own answers, first the one that holds with a schema."""
    if expert.grammar is None:
        return []
    decoding = expert.manifest.decoding
    kind, rules = decoding.grammar_type, decoding.schema_rules
    if not decoding.restrict_to_schema or not binds(expert.grammar, kind, rules, own=True):
        return [expert.grammar]
    return [_bound(kind or "sql"), expert.grammar]


def _bound(kind: str) -> Grammar:
    return bound_cypher() if kind.startswith("cypher") else bound_sql(kind)


@lru_cache(maxsize=32)
def _is_whole(schema: Relations) -> bool:
    """Whether all of its tables can be held, and all that may be joined."""
    return len(schema.tables) <= MOST_TABLES and len(joined(schema)) < MOST_SETS


def _check_size(schema: str) -> None:
    if len(schema) > MAX_SCHEMA:
        raise ConfigError(
            f"the schema has {len(schema):,} characters; {MAX_SCHEMA:,} are allowed",
            code="bad_schema",
        )


@lru_cache(maxsize=128)
def _restricted(
    grammar: Grammar, schema: str, kind: str, own: tuple[tuple[str, str], ...]
) -> Grammar:
    graph = kind.startswith("cypher")
    names = graph_names(schema) if graph else sql_names(schema, kind)
    rules = {**(GRAPH_RULES if graph else SQL_RULES), **dict(own)}
    missing = [name for name in rules.values() if name not in grammar.rules.rules]
    if missing:
        raise ConfigError(
            f"restrict_to_schema needs the grammar's rule {missing[0]!r}, which it doesn't have",
            hint="name its rules in the manifest, under training.decoding.schema_rules",
            code="no_schema_rules",
        )
    replaced: dict[str, Node] = {
        rules[role]: _one_of(found) for role, found in names.items() if found and role in rules
    }
    if not graph and "qualifier" in grammar.rules.rules and "table-alias" in grammar.rules.rules:
        # ours: what stands before a column's dot is a table, and a table has no other name
        replaced |= {"qualifier": replaced[rules["table"]], "table-alias": Seq()}
        if "schema-name" in grammar.rules.rules:
            replaced["schema-name"] = Literal("public" if kind == "sql-postgres" else "main")
    return grammar.replace_rules(replaced)


def _one_of(names: Iterable[str]) -> Node:
    options = tuple(Literal(n) for n in dict.fromkeys(names))
    return options[0] if len(options) == 1 else Alt(options)


def sql_names(ddl: str, kind: str) -> dict[str, list[str]]:
    """Tables and columns of CREATE TABLE statements, quoted where queries must quote them.

    Raises:
        ConfigError: `bad_schema`.
    """
    schema = schema_of(ddl, kind)
    return {
        "table": [t.name for t in schema.tables],
        "column": [c for t in schema.tables for c in t.columns],
    }


def graph_names(schema: str) -> dict[str, list[str]]:
    """Labels, relationship types and properties of graph patterns.

    Raises:
        ConfigError: `bad_schema`: there are none.
    """
    graph = graph_of(schema)
    held = [p for _, of in (*graph.labels, *graph.types) for p, _ in of]
    labels, types = [n for n, _ in graph.labels], [n for n, _ in graph.types]
    return {"label": labels, "relationship": types, "property": held}
