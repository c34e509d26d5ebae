"""The rules of the house that a linter doesn't know."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import expertserve

PACKAGE = Path(expertserve.__file__).parent
TESTS = Path(__file__).parent
OF_VLLM = {"_bookkeeping_sync", "_sample"}
"""Methods of vLLM's runner that ours override: the canary looks at vLLM's."""
PRIVATE = re.compile(r"_[A-Za-z][A-Za-z0-9_]*")


@cache
def trees(folder: Path) -> dict[str, ast.Module]:
    """The files below a folder, parsed."""
    return {
        path.relative_to(folder).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
    }


def private_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines and begins with one underscore: functions, classes, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        else:
            continue
        if PRIVATE.fullmatch(name):
            yield name


def reached_into(tree: ast.Module, private: frozenset[str]) -> list[str]:
    """The lines that import a private name, read or set it on something else than `self`, or name
    it in a string, as `monkeypatch.setattr` takes it.
    """
    found = []
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("expertserve"):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            names = [] if own else [node.attr]
        elif isinstance(node, ast.Call):
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            names = [str(text).rpartition(".")[2] for text in texts]
        found += [f"{getattr(node, 'lineno', 0)}: {name}" for name in names if name in private]
    return found


def test_tests_use_public_names_only() -> None:
    defined = {name for tree in trees(PACKAGE).values() for name in private_names(tree)}
    assert len(defined) > 500
    private = frozenset(defined - OF_VLLM)
    users = {
        name: found
        for name, tree in trees(TESTS).items()
        if (found := reached_into(tree, private)) and name != "types/rejected.py"
    }  # what type checkers have to refuse is written there
    assert not users


@pytest.mark.parametrize(
    "line",
    [
        "thing._whole.text",
        "thing._whole = 1",
        "from expertserve.models import _whole",
        "patch.setattr(models, '_whole', 1)",
        "patch.setattr('expertserve.models._whole', 1)",
    ],
)
def test_reaching_into_a_private_name_is_seen(line: str) -> None:
    assert reached_into(ast.parse(line), frozenset({"_whole"})) == ["1: _whole"]
    assert not reached_into(ast.parse(line), frozenset({"_other"}))


def test_own_and_foreign_private_names_are_nobodys_business() -> None:
    lines = "self._whole\nos._exit(0)\nfrom atexit import _whole"
    assert not reached_into(ast.parse(lines), frozenset({"_whole"}))


def test_files_and_functions_stay_short() -> None:
    """A signature doesn't count: a command's options are a table."""
    long_files = {
        path.relative_to(TESTS.parent).as_posix()
        for folder in (PACKAGE, TESTS)
        for path in folder.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 450
    }
    assert long_files <= {"expertserve/grammar/schema.py"}
    long_functions = [
        f"{name}: {node.name}"
        for name, tree in trees(PACKAGE).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno >= 60
    ]
    assert not long_functions


def test_a_class_name_is_used_once() -> None:
    names = Counter(
        node.name
        for tree in trees(PACKAGE).values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []
