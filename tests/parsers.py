"""Real parsers as the tests ask them: each returns what is wrong with a text, or an empty text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache

import kuzu

from expertserve.decoding.validate import (
    json_error,
    json_object_error,
    opencypher_error,
    postgres_error,
    sqlglot_error,
    sqlite_error,
    tool_call_error,
)
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Literal, Ref, Seq

Parser = Callable[[str], str]


@cache
def kuzu_connection() -> kuzu.Connection:
    return kuzu.Connection(
        kuzu.Database(
            ":memory:", buffer_pool_size=32 << 20, max_num_threads=1, max_db_size=1 << 30
        ),
        num_threads=1,
    )


def fast_kuzu_error(text: str) -> str:
    """As `validate` asks it, but over one database for all texts."""
    message = str(kuzu_connection().prepare(text).get_error_message())
    return message if message.startswith("Parser exception") else ""


def shallow_sqlite_error(text: str) -> str:
    """SQLite before 3.46 gives up at about 15 levels of subqueries: a limit, no syntax error."""
    try:
        return sqlite_error(text)
    except RecursionError:
        return ""


def date_error(text: str) -> str:
    try:
        return "" if date.fromisoformat(text).isoformat() == text else "not written YYYY-MM-DD"
    except ValueError as error:
        return str(error)


def list_error(text: str) -> str:
    bad = [line for line in text.split("\n") if not re.fullmatch(r"- \S(.*\S)?", line)]
    return f"not an item: {bad[0]!r}" if bad else ""


PARSERS: dict[str, tuple[Parser, ...]] = {
    "cypher": (fast_kuzu_error,),
    "date": (date_error,),
    "json": (json_error,),
    "json-object": (json_object_error,),
    "tool-call": (tool_call_error,),
    "list": (list_error,),
    "number": (json_error,),
    "sql": (shallow_sqlite_error, postgres_error, sqlglot_error),
    "sql-postgres": (postgres_error,),
    "sql-sqlite": (shallow_sqlite_error,),
}
"""Who judges which grammar of `grammars/`. Of Cypher, Kuzu lacks REMOVE: see `parts`."""


def parts(name: str, grammar: Grammar) -> list[tuple[Grammar, tuple[Parser, ...]]]:
    """The grammar with its parsers; Cypher in two parts, since its REMOVE is judged by openCypher's
    grammar, which lacks other things.
    """
    if name != "cypher":
        return [(grammar, PARSERS[name])]
    without_remove = grammar.replace_rules({"remove": Ref("delete")})
    only_remove = grammar.replace_rules(
        {"query": Seq((Literal("MATCH (a) "), Ref("remove"), Literal(" RETURN a")))}
    )
    return [(without_remove, (fast_kuzu_error,)), (only_remove, (opencypher_error,))]
