"""The tests that a package brings: read, judged, run, and linted."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve.check import check_package
from expertserve.decoding.judge import executed, judge
from expertserve.engine.fake import FakeEngine
from expertserve.errors import LoadError
from expertserve.package.cases import Case, Execution, read_cases

DDL = "CREATE TABLE t (id INTEGER, name TEXT);"
ROWS: dict[str, Any] = {"t": [[1, "a"], [2, "b"]]}


def lines(folder: Path, *cases: object) -> Path:
    (folder / "tests").mkdir(exist_ok=True)
    text = "".join((c if isinstance(c, str) else json.dumps(c)) + "\n" for c in cases)
    (folder / "tests" / "cases.jsonl").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("demand", "good", "bad"),
    [
        ({"exact": "SELECT 1"}, " SELECT 1\n", "SELECT 2"),
        ({"contains": ["COUNT", "t"]}, "COUNT t", "COUNT x"),
        ({"contains": "COUNT"}, "COUNT", "count"),
        ({"regex": r"LIMIT \d+$"}, "x LIMIT 5", "LIMIT 5;"),
        ({"schema": DDL, "executes": True}, "SELECT name FROM t", "SELECT nam FROM t"),
        ({"tool": "f"}, '{"tool_calls": [{"name": "f", "arguments": {}}]}', '{"tool_calls": []}'),
        ({"tool": ""}, "There is no tool.", '{"tool_calls": [{"name": "f", "arguments": {}}]}'),
    ],
)
def test_a_demand_holds_or_not(demand: dict[str, Any], good: str, bad: str, tmp_path: Path) -> None:
    (case,) = read_cases(lines(tmp_path, {"prompt": "x", **demand}))
    assert judge(case, good) == [] and len(judge(case, bad)) == 1


@pytest.mark.parametrize(
    ("query", "gives", "sound"),
    [
        ("SELECT id FROM t ORDER BY id DESC", [[1], [2]], True),
        ("SELECT COUNT(*) * 1.0 FROM t", [[2]], True),
        ("SELECT id FROM t", [[1]], False),
        ("SELECT name, id FROM t", [["a", 1], ["b", 2]], True),
        ("SELECT NULL", [[None]], True),
        ("SELECT 'a'", [[None]], False),
    ],
)
def test_rows_are_compared(query: str, gives: Any, sound: bool) -> None:
    assert (executed(DDL, Execution(rows=ROWS, gives=gives), query) == []) == sound


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE t",
        "DELETE FROM t",
        "INSERT INTO t VALUES (3, 'c')",
        "ATTACH DATABASE '/tmp/x' AS x",
        "PRAGMA table_info(t)",
        "SELECT load_extension('x')",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) FROM r",
        "SELECT zeroblob(100000000)",
        "",
    ],
)
def test_a_query_that_does_more_than_read_or_never_ends_is_refused(query: str) -> None:
    found = executed(DDL, Execution(rows=ROWS, gives=[[1]]), query)
    assert len(found) == 1


@pytest.mark.parametrize("schema", ["ATTACH '/tmp/x.db' AS x;", "PRAGMA writable_schema = 1;"])
def test_a_schema_reaches_no_file(schema: str, tmp_path: Path) -> None:
    assert "can't be made" in executed(schema, Execution(), "SELECT 1")[0]


def test_an_expression_without_end_is_ended() -> None:
    case = Case(prompt="x", regex="(a+)+$")
    assert "too long" in judge(case, "a" * 60 + "b")[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1 is not JSON"),
        ({"prompt": "x"}, "nothing must hold"),
        ({"prompt": "", "exact": "x"}, "prompt"),
        ({"prompt": "x", "executes": True}, "needs a schema"),
        ({"prompt": "x", "exact": "x", "novel": 1}, "novel"),
        ([1], "line 1"),
    ],
)
def test_a_malformed_case_is_named_with_its_line(line: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=said) as caught:
        read_cases(lines(tmp_path, line))
    assert caught.value.code == "bad_case"


@given(value=st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_no_published_file_brings_another_error(value: Any, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("published")
    (folder / "tests").mkdir()
    for given_ in (value, {"test_cases": value}, {"test_cases": [{"expected_tool": value}]}):
        (folder / "tests" / "test_cases.json").write_text(json.dumps(given_))
        with contextlib.suppress(LoadError):
            assert read_cases(folder) == []


def test_the_published_form_is_read(tmp_path: Path) -> None:
    catalog = [{"mcp": "docs", "tools": [{"name": "find", "description": "d", "arguments": {}}]}]
    cases = [
        {"name": "a", "system": "Be exact.", "user": "Find it.", "tool_catalog": catalog, "expected_tool": "find"},
        {"name": "b", "system": "S", "user": "Hello.", "expected_tool": None, "description": "x"},
    ]  # fmt: skip
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_cases.json").write_text(json.dumps({"test_cases": cases}))
    first, second = read_cases(tmp_path)
    assert (first.prompt, first.tool, second.tool, second.system) == ("Find it.", "find", "", "S")
    assert first.system == "Be exact.\n\n--- Available tools ---\n" + json.dumps(
        catalog[0]["tools"]
    )


def test_the_command_reports_each_case(ask: Callable[..., Any], tiny_package: Path) -> None:
    lines(
        tiny_package,
        {"name": "one", "prompt": "One?", "exact": "SELECT 1"},
        {"prompt": "Two?", "contains": "2"},
        {"prompt": "Run", "schema": DDL, "executes": {"gives": [[1]]}},
    )
    engine = FakeEngine(lambda prompt: "SELECT 1")
    done = ask("test", tiny_package, engine=engine)
    assert done.exit_code == 1 and "passed 2, failed 1" in done.stdout
    assert "ok    one" in done.stdout and "FAIL  Two?" in done.stdout
    facts = json.loads(ask("test", tiny_package, "--json", "--limit", 1).stdout)
    assert facts["failed"] == 0 and facts["cases"][0]["answer"] == "SELECT 1"
    assert ask("test", tiny_package, "--limit", 1).exit_code == 0


def test_a_package_without_cases_has_none_to_pass(ask: Any, tiny_package: Path) -> None:
    done = ask("test", tiny_package)
    assert done.exit_code == 1 and "passed 0" in done.stdout


def test_check_runs_what_needs_no_model(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    (tiny_package / "grammar.gbnf").write_text('root ::= "SELECT " [a-z0-9]+ (" FROM " [a-z]+)?')
    lines(
        tiny_package,
        {"prompt": "1", "exact": "SELECT 1"},
        {"prompt": "2", "exact": "select 1"},
        {"prompt": "3", "schema": DDL, "executes": {"rows": {"u": [[1]]}}},
        {"prompt": "4", "schema": DDL, "exact": "SELECT x FROM t", "executes": True},
    )
    found = [
        f.message
        for f in check_package(tiny_package, models_dir=tiny_base.parent, cache_dir=tmp_path / "c")
        if f.code == "case_fails"
    ]
    assert [m[:6] for m in found] == ["case 2", "case 3", "case 4"]
    assert "grammar refuses" in found[0] and "no such table" in found[1]
    lines(tiny_package, "{")
    codes = {f.code for f in check_package(tiny_package, models_dir=tiny_base.parent, cache_dir=tmp_path / "c")}  # fmt: skip
    assert "bad_case" in codes
