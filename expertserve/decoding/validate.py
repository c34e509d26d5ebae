"""Verdicts of real parsers on finished texts, independent of what enforced them.

Nothing is executed: SQL is explained against an empty database that may neither attach nor set
anything, Cypher is prepared. The parsers are optional and imported where they are used; where none
is there, nothing is said.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

MAX_TEXT = 100_000
"""Characters; longer texts go unjudged."""
MAX_CYPHER, MAX_BRACKETS = 4_000, 60
"""Limits for Cypher, whose parsers recurse: a compiled one that overflows ends the process."""
SQLITE_SYNTAX = re.compile(
    r"syntax error|unrecognized token|incomplete input|one statement at a time"
)
"""SQLite has one code for all errors of a statement; only the message tells them apart."""

Parser = Callable[[str], str]
"""Returns what is wrong, or an empty text."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a parser said.

    Args:
        valid: None where nobody could tell.
        parser: Who said it; several with commas; empty if nobody.
        message: What is wrong, or why nobody could tell.
    """

    valid: bool | None
    parser: str = ""
    message: str = ""


def validate(kind: str, text: str) -> Verdict:
    """The verdict on a text of a kind such as `json`, `sql-sqlite`, `cypher`; else None.

    SQL of no dialect is valid if all its parsers accept it, PostgreSQL's and SQLite's if their own
    does, Cypher if one of its parsers does, for each speaks a dialect. A missing table or function
    isn't an error here. Takes milliseconds; some parsers take a second to import.

    Example:
        >>> validate("sql-sqlite", "SELECT name FROM lighthouses").valid
        True
        >>> validate("sql-sqlite", "SELECT name FORM lighthouses")
        Verdict(valid=False, parser='sqlite', message='near "lighthouses": syntax error')
    """
    if kind not in PARSERS:
        return Verdict(None, message=f"there is no parser for {kind!r}")
    if "\0" in text:  # where parsers written in C take the text to end
        return Verdict(False, "expertserve", "a null character")
    if len(text) > MAX_TEXT or (
        kind == "cypher" and (len(text) > MAX_CYPHER or nesting(text) > MAX_BRACKETS)
    ):
        return Verdict(None, message="too long or too deeply nested to be judged")
    found = [name for name in PARSERS[kind] if all(find_spec(module) for module in MODULES[name])]
    if not found:
        return Verdict(
            None,
            message=f"none of the parsers for {kind!r} is installed: {', '.join(PARSERS[kind])}",
        )
    if kind == "sql-postgres":
        found = found[:1]
    return _judge(found, text, one_is_enough=kind == "cypher")


def _judge(names: Sequence[str], text: str, *, one_is_enough: bool) -> Verdict:
    verdicts = [_ask(name, text) for name in names]
    for wanted in (one_is_enough, None):  # one that decides; else one that can't tell
        for verdict in verdicts:
            if verdict.valid is wanted:
                return verdict
    return verdicts[0] if one_is_enough else Verdict(True, ", ".join(names))


def _ask(name: str, text: str) -> Verdict:
    try:
        message = FUNCTIONS[name](text)
    except RecursionError:
        return Verdict(None, name, "too deeply nested to be judged")
    return Verdict(not message, name, message)


def nesting(text: str) -> int:
    """How deep the text's brackets are, at most: those in its strings count as well."""
    depth = deepest = 0
    for char in text:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth -= 1
    return deepest


# ── the parsers ─────────────────────────────────────────────────────────────────────────────────


def json_error(text: str) -> str:
    """By Python's own parser, without the constants that only JavaScript has."""
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        return str(error)
    return ""


def json_object_error(text: str) -> str:
    return json_error(text) or ("" if text.lstrip().startswith("{") else "not an object")


def tool_call_error(text: str) -> str:
    """A plan of tool calls: each with a name, and an object of arguments."""
    if error := json_object_error(text):
        return error
    calls = json.loads(text).get("tool_calls")
    if not isinstance(calls, list):
        return "no list of tool_calls"
    for i, call in enumerate(calls):
        sound = isinstance(call, dict) and isinstance(call.get("arguments"), dict)
        if not sound or not isinstance(call.get("name"), str):
            return f"tool_calls[{i}] is no call"
    return ""


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def sqlite_error(text: str) -> str:
    """By SQLite's own parser. Only syntax counts: there are no tables.

    Raises:
        RecursionError: Nested deeper than its stack of 100 symbols (before SQLite 3.46), which is
            no matter of syntax.
    """
    database = sqlite3.connect(":memory:")
    database.set_authorizer(_explain_only)
    try:
        database.execute(f"EXPLAIN {text}")
    except (sqlite3.Error, sqlite3.Warning) as error:
        if "parser stack overflow" in str(error):
            raise RecursionError(str(error)) from error
        return str(error) if SQLITE_SYNTAX.search(str(error)) else ""
    finally:
        database.close()
    return ""


def _explain_only(action: int, *_: object) -> int:
    """Denies pragmas, which partly run when prepared, and ATTACH, which opens files."""
    return (
        sqlite3.SQLITE_DENY
        if action in (sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
        else sqlite3.SQLITE_OK
    )


def sqlglot_error(text: str, dialect: str | None = None) -> str:
    """By sqlglot, which is lenient."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        found = [
            statement for statement in sqlglot.parse(text, dialect=dialect) if statement is not None
        ]
    except SqlglotError as error:
        return str(error)
    if any(isinstance(statement, sqlglot.exp.Command) for statement in found):
        return "not understood"
    return "" if len(found) == 1 else f"{len(found)} statements"


def sqlglot_postgres_error(text: str) -> str:
    return sqlglot_error(text, "postgres")


def postgres_error(text: str) -> str:
    """By PostgreSQL's own parser (libpg_query)."""
    from pglast import parser

    try:
        tree = json.loads(parser.parse_sql_json(text))
    except parser.ParseError as error:
        return str(error)
    count = len(tree.get("stmts", ()))
    return "" if count == 1 else f"{count} statements"


def opencypher_error(text: str) -> str:
    """By the ANTLR grammar of openCypher."""
    from antlr4 import CommonTokenStream, InputStream
    from antlr4.error.ErrorListener import ErrorListener
    from antlr4_cypher import CypherLexer, CypherParser

    class First(ErrorListener):  # type: ignore[misc]
        message = ""

        def syntaxError(
            self,
            _recognizer: object,
            _symbol: object,
            line: int,
            column: int,
            message: str,
            _error: object,
        ) -> None:
            self.message = self.message or f"line {line}:{column} {message}"

    first = First()
    lexer = CypherLexer(InputStream(text))
    parser = CypherParser(CommonTokenStream(lexer))
    for part in (lexer, parser):
        part.removeErrorListeners()
        part.addErrorListener(first)
    parser.script()
    return first.message


def kuzu_error(text: str) -> str:
    """By Kuzu's parser. Only syntax counts: there are no labels."""
    import kuzu

    database = kuzu.Database(
        ":memory:", buffer_pool_size=32 << 20, max_num_threads=1, max_db_size=1 << 30
    )
    connection = kuzu.Connection(database, num_threads=1)
    try:
        message = str(connection.prepare(text).get_error_message())
    finally:
        connection.close()
        database.close()
    return message if message.startswith("Parser exception") else ""


FUNCTIONS: dict[str, Parser] = {
    "json": json_error,
    "json-object": json_object_error,
    "tool-call": tool_call_error,
    "sqlite": sqlite_error,
    "sqlglot": sqlglot_error,
    "sqlglot-postgres": sqlglot_postgres_error,
    "pglast": postgres_error,
    "kuzu": kuzu_error,
    "opencypher": opencypher_error,
}
MODULES = {
    "json": (),
    "json-object": (),
    "tool-call": (),
    "sqlite": (),
    "sqlglot": ("sqlglot",),
    "sqlglot-postgres": ("sqlglot",),
    "pglast": ("pglast",),
    "kuzu": ("kuzu",),
    "opencypher": ("antlr4", "antlr4_cypher"),
}
PARSERS = {
    "json": ("json",),
    "json-object": ("json-object",),
    "tool-call": ("tool-call",),
    "sql": ("sqlglot", "pglast"),
    "sql-postgres": ("pglast", "sqlglot-postgres"),
    "sql-sqlite": ("sqlite",),
    "cypher": ("kuzu", "opencypher"),
}
