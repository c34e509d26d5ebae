"""What the page of comparisons claims alone has a test, and the README claims no more than it."""

from __future__ import annotations

import ast
import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "comparison.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_each_claim_of_something_alone_names_a_test_that_exists() -> None:
    alone = PAGE.partition("## Found here alone")[2]
    rows = [line for line in alone.splitlines() if line.startswith("| ") and "| test |" not in line]
    named = [TEST.search(row) for row in rows]
    assert len(rows) >= 5 and all(named), rows
    for found in named:
        assert found
        tree = ast.parse((ROOT / found[1]).read_text())
        functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        assert found[2] in functions, found[0]


def test_others_win_somewhere_and_each_row_of_what_was_read_has_a_source() -> None:
    first, read = PAGE.split("## Read: other servers")[0], PAGE.split("## Read: other servers")[1]
    won = [line for line in first.splitlines() if line.startswith("|") and "**" in line]
    assert len(won) >= 6
    rows = [
        r for r in read.partition("## Found")[0].splitlines() if re.match(r"\| [A-Z]|\| mlx", r)
    ]
    assert len(rows) == 10 and all("](https://" in row for row in rows)


def test_readme_leads_there_and_claims_no_other_engine_lacks_dora() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "docs/comparison.md" in readme
    for claim in ("nobody serves", "the only server", "no other server"):
        assert claim not in readme.lower()
