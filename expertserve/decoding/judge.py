"""Whether an answer is what a package's case demands.

SQL runs in SQLite, in memory, on the case's own tables: it may read them, and nothing else; time,
memory and rows are bounded. Regular expressions run in a child that can be ended.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from expertserve.decoding.validate import tool_call_error
from expertserve.findings import Finding
from expertserve.grammar.recognise import Grammar
from expertserve.package.cases import LINES, Case, Execution

SECONDS = 2.0
STEPS = 10_000
MOST_ROWS = 10_000
PAGES = 4096
"""Of 4 kB each, in the database."""
READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, 33}
"""33 is SQLITE_RECURSIVE, which Python doesn't name."""
MAKES = READS | {
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_REINDEX,
    sqlite3.SQLITE_TRANSACTION,
}
DENIED_FUNCTIONS = ("load_extension", "readfile", "writefile", "zeroblob", "randomblob")
MATCH = (
    "import json, re, sys; given = json.load(sys.stdin);"
    " print(bool(re.search(given['regex'], given['text'])))"
)


def judge(case: Case, answer: str) -> list[str]:
    """What of the case's demands doesn't hold; empty where all do.

    Example:
        >>> case = Case(prompt="How many?", contains=["COUNT", "FROM t"])
        >>> judge(case, "SELECT COUNT(*) FROM users")
        ["it doesn't contain 'FROM t'"]
    """
    wrong = [f"it doesn't contain {part!r}" for part in case.contains if part not in answer]
    if case.exact is not None and answer.strip() != case.exact.strip():
        wrong.append(f"it isn't {case.exact.strip()!r}")
    if case.regex is not None:
        wrong += _unmatched(case.regex, answer)
    if case.executes is not None:
        wrong += executed(case.schema_text or "", case.executes, answer)
    if case.tool is not None:
        wrong += _uncalled(case.tool, answer)
    return wrong


def case_findings(cases: Sequence[Case], grammar: Grammar | None) -> Iterator[Finding]:
    """What is wrong with a package's cases, as far as that is told without a model."""
    for number, case in enumerate(cases, 1):
        said = []
        if case.exact is not None:
            said = [r for r in judge(case, case.exact) if not r.startswith("it isn't")]
            if grammar and not grammar.accepts(case.exact.strip()):
                said.append("the grammar refuses the exact answer")
        elif case.executes:
            said = executed(case.schema_text or "", Execution(rows=case.executes.rows), "SELECT 1")
        for reason in said:
            yield Finding(
                "case_fails",
                "warning",
                0,
                f"case {number} ({case.name or case.prompt[:40]!r}): {reason}",
                "no answer could pass it",
                "correct the case",
                LINES,
            )


def _unmatched(regex: str, answer: str) -> list[str]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", MATCH],
            input=json.dumps({"regex": regex, "text": answer}),
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"matching {regex!r} takes too long"]
    if done.returncode:
        return [f"{regex!r} is no regular expression"]
    return [] if done.stdout.strip() == "True" else [f"it doesn't match {regex!r}"]


def _uncalled(tool: str, answer: str) -> list[str]:
    called = (
        []
        if tool_call_error(answer)
        else [call["name"] for call in json.loads(answer)["tool_calls"]]
    )
    if tool:
        return [] if tool in called else [f"it doesn't call {tool!r}"]
    return [f"it calls {called[0]!r}, where no tool fits"] if called else []


def executed(schema: str, wanted: Execution, query: str) -> list[str]:
    """What is wrong with a query on tables made for it; empty where it runs and gives the rows."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        database.execute(f"PRAGMA max_page_count = {PAGES}")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 20)
        with _bounded(database, MAKES):
            try:
                database.executescript(schema)
                for table, rows in wanted.rows.items():
                    _insert(database, table, rows)
            except (sqlite3.Error, sqlite3.Warning) as error:
                return [f"its schema and rows can't be made in SQLite: {error}"]
        with _bounded(database, READS):
            try:
                found = database.execute(query).fetchmany(MOST_ROWS)
            except (sqlite3.Error, sqlite3.Warning) as error:
                return [f"it doesn't run: {error}"]
    finally:
        database.close()
    if wanted.gives is None or _counted(found) == _counted(wanted.gives):
        return []
    return [f"it gives {_shown(found)}, not {_shown(wanted.gives)}"]


@contextmanager
def _bounded(database: sqlite3.Connection, allowed: set[int]) -> Iterator[None]:
    """Bounds what a connection may do, and for how long."""

    def permits(action: int, first: str | None, second: str | None, *_: object) -> int:
        denied = action == sqlite3.SQLITE_FUNCTION and second in DENIED_FUNCTIONS
        return sqlite3.SQLITE_OK if action in allowed and not denied else sqlite3.SQLITE_DENY

    end = time.monotonic() + SECONDS
    database.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    database.set_authorizer(permits)
    try:
        yield
    finally:
        database.set_authorizer(None)
        database.set_progress_handler(None, 0)


def _insert(database: sqlite3.Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    name = '"' + table.replace('"', '""') + '"'
    for row in rows:
        database.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)


def _counted(rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows in an order of their own; 1 and 1.0 are the same."""
    return sorted(json.dumps([_plain(v) for v in row], default=str) for row in rows)


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(rows: Sequence[Sequence[object]]) -> str:
    text = str([list(row) for row in rows[:3]])
    return text[:120] + (" …" if len(rows) > 3 or len(text) > 120 else "")
