"""DDL → tables, columns and foreign keys, as queries write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from expertserve.errors import ConfigError
from expertserve.grammar.names.bare import is_bare
from expertserve.grammar.names.relations import ForeignKey, Relations, SqlTable, guessed, plain

if TYPE_CHECKING:
    from sqlglot import expressions as sql

_KINDS = ("TABLE", "VIEW")


def dialect_of(kind: str) -> str | None:
    """How sqlglot calls a grammar type's dialect."""
    return {"sql-sqlite": "sqlite", "sql-postgres": "postgres"}.get(kind)


def read_ddl(ddl: str, kind: str) -> list[sql.Expr]:
    """The statements of a DDL. Milliseconds for each table.

    Raises:
        ConfigError: `bad_schema`.
    """
    import sqlglot

    try:
        return [s for s in sqlglot.parse(ddl, read=dialect_of(kind)) if s is not None]
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ConfigError(
            f"the schema can't be read as DDL: {str(error)[:200]}",
            hint="correct it, or leave names free with restrict_to_schema=False",
            code="bad_schema",
        ) from error


@lru_cache(maxsize=128)
def schema_of(ddl: str, kind: str) -> Relations:
    """What a DDL defines: tables, views whose columns it tells, and the links between them.

    Args:
        kind: The manifest's grammar type.

    Raises:
        ConfigError: `bad_schema`: it can't be read, or has no table with columns.

    Example:
        >>> ddl = "CREATE TABLE books (id INT, author_id INT); CREATE TABLE authors (id INT)"
        >>> [(n.column, n.other) for n in schema_of(ddl, "sql").links]
        [('author_id', 'id')]
    """
    from sqlglot import expressions as sql

    statements = read_ddl(ddl, kind)
    made: dict[str, SqlTable] = {}
    for statement in statements:
        if isinstance(statement, sql.Create) and statement.kind in _KINDS:
            table = _table(statement, made)
            if table.columns:
                made[plain(table.written)] = table
    tables = tuple(made.values())
    if not tables:
        raise ConfigError(
            "the schema defines no table with columns",
            hint="pass CREATE TABLE statements, or leave names free with restrict_to_schema=False",
            code="bad_schema",
        )
    places = {plain(t.written): at for at, t in enumerate(tables)}
    places |= {plain(t.name): at for at, t in reversed(list(enumerate(tables)))}
    links = dict.fromkeys(link for s in statements for link in _declared(s, tables, places))
    links |= dict.fromkeys(guessed(tables, links))
    return Relations(tables, tuple(links))


def _table(statement: sql.Create, before: Mapping[str, SqlTable]) -> SqlTable:
    """A table, or a view of what was defined `before` it."""
    from sqlglot import expressions as sql

    table = statement.find(sql.Table)
    assert table is not None
    name, place = written(table.this), table.args.get("db")
    columns = [written(c.this) for c in statement.find_all(sql.ColumnDef)]
    if not columns and isinstance(statement.expression, sql.Query):
        columns = _selected(statement, statement.expression, before)
    return SqlTable(
        f"{written(place)}.{name}" if place else name,
        name,
        tuple({plain(c): c for c in columns}.values()),
        _key(statement),
    )


def _selected(statement: sql.Create, query: sql.Query, before: Mapping[str, SqlTable]) -> list[str]:
    """A view's columns: those that it lists, else its query's; none where they can't be told."""
    from sqlglot import expressions as sql

    if isinstance(statement.this, sql.Schema):  # CREATE VIEW v (a, b) AS …
        return [written(name) for name in statement.this.expressions]
    while isinstance(query, sql.SetOperation):
        query = query.left
    found: list[str] = []
    for one in query.selects:
        if isinstance(one, sql.Star) or (isinstance(one, sql.Column) and one.is_star):
            of = one.table if isinstance(one, sql.Column) else ""
            columns = _starred(query, of, before)
        else:
            columns = [spelt(one.alias_or_name)] if isinstance(one, sql.Alias | sql.Column) else []
        if not columns:
            return []
        found += columns
    return found


def _starred(query: sql.Query, of: str, before: Mapping[str, SqlTable]) -> list[str]:
    """What `*` or `of.*` stands for; nothing where a source isn't known, or a join drops some."""
    from sqlglot import expressions as sql

    if not isinstance(query, sql.Select) or query.args.get("with_"):
        return []
    joins = query.args.get("joins") or []
    if not of and any(join.args.get("using") or join.method == "NATURAL" for join in joins):
        return []
    start = query.args.get("from_")
    columns: list[str] = []
    for source in [*([start] if start else []), *joins]:
        table = source.this
        if of and plain(table.alias_or_name) != plain(of):
            continue
        name = table.name if isinstance(table, sql.Table) else ""
        known = before.get(plain(f"{table.db}.{name}" if name and table.db else name))
        if known is None:
            return []
        columns += known.columns
    return columns


def _key(statement: sql.Create) -> str:
    """The primary key, where it is one column."""
    from sqlglot import expressions as sql

    for constraint in statement.find_all(sql.PrimaryKeyColumnConstraint):
        column = constraint.find_ancestor(sql.ColumnDef)
        if column is not None:
            return written(column.this)
    for key in statement.find_all(sql.PrimaryKey):
        if len(key.expressions) == 1:
            found = key.expressions[0].find(sql.Identifier)
            return written(found) if found is not None else ""
    return ""


def _declared(
    statement: sql.Expr, tables: tuple[SqlTable, ...], places: dict[str, int]
) -> Iterator[ForeignKey]:
    """The foreign keys of one column, in CREATE TABLE or ALTER TABLE."""
    from sqlglot import expressions as sql

    if not isinstance(statement, sql.Create | sql.Alter):
        return
    table = statement.find(sql.Table)
    at = None if table is None else _place(table, places)
    for reference in statement.find_all(sql.Reference) if at is not None else ():
        assert at is not None
        target = reference.find(sql.Table)
        to = None if target is None else _place(target, places)
        parent = reference.find_ancestor(sql.ForeignKey, sql.ColumnDef)
        if to is None or parent is None:
            continue
        ours = parent.expressions if isinstance(parent, sql.ForeignKey) else [parent.this]
        theirs = reference.this.expressions if isinstance(reference.this, sql.Schema) else []
        names = [_column(tables[at], o) for o in ours]
        others = [_column(tables[to], o) for o in theirs] or [tables[to].key]
        if len(names) == len(others) == 1 and names[0] and others[0]:
            yield ForeignKey(at, names[0], to, others[0])


def _place(table: sql.Table, places: dict[str, int]) -> int | None:
    found = places.get(plain(table.name))
    return places.get(plain(f"{table.db}.{table.name}"), found) if table.db else found


def _column(table: SqlTable, identifier: sql.Expr) -> str:
    """The column as the table has it; empty where it hasn't."""
    return next((c for c in table.columns if plain(c) == plain(identifier.name)), "")


def written(identifier: object) -> str:
    """A name as queries write it: in quotes where the DDL has them, or where it is a keyword.

    Raises:
        ConfigError: `bad_schema`: it is no name.
    """
    from sqlglot import expressions as sql

    if not isinstance(identifier, sql.Identifier):  # a function's result, a parameter
        raise ConfigError(
            f"the schema defines {str(identifier)[:80]!r}, which isn't a plain name",
            code="bad_schema",
        )
    return spelt(identifier.name, quoted=identifier.quoted)


def spelt(name: str, *, quoted: bool = False) -> str:
    """The same for a bare name."""
    plainly = not quoted and is_bare(name, "sql")
    return name if plainly else '"' + name.replace('"', '""') + '"'
