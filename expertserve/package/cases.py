"""The tests that a package brings: questions, and what must hold of their answers.

`tests/cases.jsonl` has a case on each line; `tests/test_cases.json` is the published form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError, model_validator

from expertserve.errors import LoadError
from expertserve.files import read_bounded
from expertserve.package.section import Section

LINES, PUBLISHED = "tests/cases.jsonl", "tests/test_cases.json"
MAX_BYTES = 16 << 20
MAX_CASES = 10_000
Text = Annotated[str, Field(min_length=1, max_length=200_000)]
Row = list[str | int | float | None]


class Execution(Section):
    """A query that must run on the case's schema, in SQLite and in memory.

    Args:
        rows: By table, what it holds.
        gives: What the query must give, in any order; None asks only that it runs.
    """

    model_config = ConfigDict(extra="forbid")
    rows: dict[str, list[Row]] = Field(default_factory=dict)
    gives: list[Row] | None = None


class Case(Section):
    """A question, and what must hold of the answer: every one of what is given.

    Args:
        exact: The answer, but for blanks around it.
        contains: Each is part of it.
        regex: Matches somewhere in it.
        executes: It runs on `schema`, and gives these rows.
        tool: It calls this tool; an empty name: it calls none.
    """

    model_config = ConfigDict(extra="forbid")
    name: str = ""
    prompt: Text
    system: str | None = None
    schema_text: Annotated[str | None, Field(alias="schema")] = None
    dialect: str | None = None
    exact: str | None = None
    contains: list[Text] = Field(default_factory=list)
    regex: Annotated[str, Field(max_length=2000)] | None = None
    executes: Execution | None = None
    tool: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        """One text for a list of one, and `true` for an execution that need only run."""
        if not isinstance(data, dict):
            return data
        made = dict(data)
        if isinstance(made.get("contains"), str):
            made["contains"] = [made["contains"]]
        if isinstance(made.get("executes"), bool):
            made["executes"] = {} if made["executes"] else None
        return made

    @model_validator(mode="after")
    def _demands(self) -> Case:
        demands = (self.exact, self.regex, self.executes, self.tool)
        if not self.contains and all(d is None for d in demands):
            raise ValueError("nothing must hold: exact, contains, regex, executes or tool")
        if self.executes and not self.schema_text:
            raise ValueError("executes needs a schema")
        return self


def read_cases(folder: Path) -> list[Case]:
    """A package's cases, in order; none where it brings none.

    Raises:
        LoadError: `bad_case`, with file and line.
    """
    found = [*_lines(folder / LINES), *_published(folder / PUBLISHED)]
    if len(found) > MAX_CASES:
        raise LoadError(
            f"the package brings {len(found):,} cases; {MAX_CASES:,} are read", code="bad_case"
        )
    return found


def _lines(path: Path) -> Iterator[Case]:
    if not path.is_file():
        return
    for number, line in enumerate(_text(path).splitlines(), 1):
        if line.strip():
            yield _case(f"{LINES}, line {number}", _json(f"{LINES}, line {number}", line))


def _published(path: Path) -> Iterator[Case]:
    """`{"test_cases": [{name, system, user, tool_catalog, expected_tool}]}`."""
    if not path.is_file():
        return
    value = _json(PUBLISHED, _text(path))
    listed = value.get("test_cases") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise LoadError(f"{PUBLISHED} has no list of test_cases", code="bad_case")
    for number, given in enumerate(listed, 1):
        place = f"{PUBLISHED}, case {number}"
        if not isinstance(given, dict) or "expected_tool" not in given:
            raise LoadError(f"{place} has no expected_tool", code="bad_case")
        tools = [t for s in given.get("tool_catalog") or () for t in _tools(place, s)]
        shown = "\n\n--- Available tools ---\n" + json.dumps(tools, ensure_ascii=False)
        yield _case(
            place,
            {
                "name": given.get("name", ""),
                "prompt": given.get("user"),
                "system": f"{given.get('system', '')}{shown if tools else ''}",
                "tool": given["expected_tool"] or "",
            },
        )


def _tools(place: str, server: object) -> list[object]:
    tools = server.get("tools") if isinstance(server, dict) else None
    if not isinstance(tools, list):
        raise LoadError(f"{place} has a tool_catalog without tools", code="bad_case")
    return tools


def _text(path: Path) -> str:
    try:
        return read_bounded(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LoadError(f"{path.name} is not UTF-8: {error}", code="bad_case") from error


def _json(place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LoadError(f"{place} is not JSON: {error}", code="bad_case") from error


def _case(place: str, value: object) -> Case:
    try:
        return Case.model_validate_json(json.dumps(value))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise LoadError(
            f"{place}: {where + ': ' if where else ''}{said}",
            hint='such as {"prompt": "How many?", "contains": "COUNT"}',
            code="bad_case",
        ) from error
