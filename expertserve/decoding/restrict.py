"""A grammar whose identifiers are those of a schema: of a DDL, or of a property graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from expertserve.errors import ConfigError
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Alt, Literal, Node, Seq

SQL_RULES = {"table": "table-name", "column": "column-name"}
GRAPH_RULES = {"label": "label", "relationship": "relationship-type", "property": "property-name"}
MAX_SCHEMA = 1_000_000
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
GRAPH_NODE = re.compile(r"\(\s*+\w*+\s*+((?::\s*+[A-Za-z_]\w*+\s*+)++)(\{[^{}]*+\})?+\s*+\)")
GRAPH_EDGE = re.compile(
    r"\[\s*+(?:\w++\s*+(?=:))?+((?::?\s*+\|?\s*+:?[A-Za-z_]\w*+\s*+)++)(\{[^{}]*+\})?+\s*+\]"
)
"""Possessive (`+` behind a repetition), since a stranger writes the schema: nothing is tried twice.
"""
PROPERTY = re.compile(r"([A-Za-z_]\w*)\s*:")
WORD = re.compile(r"[A-Za-z_]\w*")


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
    if len(schema) > MAX_SCHEMA:
        raise ConfigError(
            f"the schema has {len(schema):,} characters; {MAX_SCHEMA:,} are allowed",
            code="bad_schema",
        )
    return _restricted(grammar, schema, kind, tuple(sorted(rules.items())))


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
    import sqlglot
    from sqlglot import expressions as sql

    dialect = {"sql-sqlite": "sqlite", "sql-postgres": "postgres"}.get(kind)
    tables: list[str] = []
    columns: list[str] = []
    try:
        statements = sqlglot.parse(ddl, read=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ConfigError(
            f"the schema can't be read as DDL: {str(error)[:200]}", code="bad_schema"
        ) from error
    for statement in statements:
        if not isinstance(statement, sql.Create) or statement.kind not in ("TABLE", "VIEW"):
            continue
        table = statement.find(sql.Table)
        if table is not None:
            tables.append(_written(table.this))
        columns += [_written(column.this) for column in statement.find_all(sql.ColumnDef)]
    if not tables or not columns:
        raise ConfigError(
            "the schema defines no table with columns",
            hint="pass CREATE TABLE statements",
            code="bad_schema",
        )
    return {"table": tables, "column": columns}


def _written(identifier: object) -> str:
    from sqlglot import expressions as sql

    if not isinstance(identifier, sql.Identifier):  # a function's result, a parameter
        raise ConfigError(
            f"the schema defines {str(identifier)[:80]!r}, which isn't a plain name",
            code="bad_schema",
        )
    name = identifier.name
    return (
        name
        if PLAIN.fullmatch(name) and not identifier.quoted
        else '"' + name.replace('"', '""') + '"'
    )


def graph_names(schema: str) -> dict[str, list[str]]:
    """Labels, relationship types and properties of graph patterns.

    Raises:
        ConfigError: `bad_schema`: there are none.
    """
    nodes, edges = GRAPH_NODE.findall(schema), GRAPH_EDGE.findall(schema)
    labels = [w for names, _ in nodes for w in WORD.findall(names)]
    types = [w for names, _ in edges for w in WORD.findall(names)]
    properties = [p for _, held in (*nodes, *edges) for p in PROPERTY.findall(held)]
    if not labels:
        raise ConfigError(
            "the schema has no labels",
            hint="pass patterns such as (:Person {name: STRING})-[:KNOWS]->(:Person)",
            code="bad_schema",
        )
    return {"label": labels, "relationship": types, "property": properties}
