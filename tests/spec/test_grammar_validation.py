"""Requirement: Grammar Validation."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from expertserve import Expert, GrammarError
from expertserve.expert import PreparedExpert
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from tests.conftest import SCHEMA

pytestmark = pytest.mark.engine
Beside = Callable[..., Expert]


def with_grammar(package: Path, folder: Path, grammar: str | None, cache: Path) -> Path:
    """The package, unpacked, with another grammar or none."""
    import json
    import shutil

    shutil.copytree(open_package(package, cache_dir=cache).folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    decoding = manifest["training"]["decoding"]
    decoding.pop("grammar_type", None)
    decoding.pop("use_grammar", None)
    manifest.pop("integrity", None)
    if grammar is not None:
        (folder / "grammar.gbnf").write_text(grammar)
        decoding["use_grammar"] = True
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_load_expert_with_grammar(beside: Beside, sql_package: Path, tmp_path: Path) -> None:
    grammar = 'root ::= "SELECT " [a-z]{1,9} " FROM lighthouses"'
    expert = beside(
        pack(
            with_grammar(sql_package, tmp_path / "p", grammar, tmp_path / "c"),
            tmp_path / "x.expert",
        )
    )
    prepared: PreparedExpert = expert.manager.get(expert.info.name)
    assert prepared.grammar is not None and prepared.grammar.accepts("SELECT name FROM lighthouses")
    for temperature, seed in ((0.0, 0), (1.5, 1), (1.5, 2)):
        result = expert.generate(
            "How many lighthouses are in Norway?", schema=SCHEMA, temperature=temperature, seed=seed
        )
        assert prepared.grammar.accepts(result.text) and result.grammar and result.grammar.complete
    bad = with_grammar(
        sql_package, tmp_path / "q", 'root ::= "SELECT" |\n  missing', tmp_path / "c"
    )
    with pytest.raises(GrammarError) as caught:
        beside(bad)
    assert caught.value.line == 2


def test_generate_with_grammar_enforcement(engine: Expert) -> None:
    """Even at high temperature, and where the budget cuts the answer."""
    database = sqlite3.connect(":memory:")
    for seed in range(8):
        result = engine.generate(
            "Tell me a joke about lighthouses.",
            schema=SCHEMA,
            temperature=1.5,
            seed=seed,
            max_tokens=10 + 7 * seed,
            restrict_to_schema=True,
        )
        assert result.grammar and result.grammar.complete and result.grammar.engine == "glrmask"
        try:
            database.execute(f"EXPLAIN {result.text}")
        except sqlite3.Error as error:
            assert not any(
                p in str(error) for p in ("syntax error", "unrecognized token", "incomplete input")
            ), (result.text, error)


def test_expert_without_grammar(beside: Beside, sql_package: Path, tmp_path: Path) -> None:
    expert = beside(with_grammar(sql_package, tmp_path / "p", None, tmp_path / "c"))
    result = expert.generate("Say anything.", max_tokens=12)
    assert expert.manager.get(expert.info.name).grammar is None
    assert result.grammar is None and result.usage.completion_tokens > 0
