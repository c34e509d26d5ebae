"""What the linter finds in how an expert wants to be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expertserve.findings import Finding
from tests.test_package_check import edit, lint  # noqa: F401


def decoding(folder: Path, **values: Any) -> Path:
    return edit(folder, lambda m: m["training"].update(decoding={"temperature": 0, **values}))


def test_what_every_prompt_begins_with_is_said(tiny_package: Path, lint: Any) -> None:
    def said(prompt: dict[str, str]) -> str:
        edit(tiny_package, lambda m: m.update(prompt=prompt))
        return str(lint(tiny_package)["system_message"].message)

    assert "'Dialect: sql'" in said({})
    assert "'Dialect: mysql'" in said({"dialect": "mysql"})
    assert "'You write SQL.'" in said({"system": "You write SQL."})
    assert "no system message" in said({"dialect": "none"})


def test_a_stop_that_cuts_the_experts_own_format_is_named(tiny_package: Path, lint: Any) -> None:
    stops = {"stop_sequences": ["```", "}"]}
    found = lint(decoding(tiny_package, grammar_type="tool-call", **stops))["stop_cuts_format"]
    assert found.severity == "warning" and "'}'" in found.message
    held = lint(decoding(tiny_package, grammar_type="json", use_grammar=True, **stops))
    assert held["stop_cuts_format"].severity == "info"
    assert "stop_cuts_format" not in lint(decoding(tiny_package, grammar_type="sql", **stops))


def test_a_think_budget_that_eats_the_answer_is_named(tiny_package: Path, lint: Any) -> None:
    rule = {"reasoning": {"max_tokens": 100}}
    assert "150" in lint(decoding(tiny_package, max_tokens=150, **rule))["think_budget"].message
    assert "think_budget" not in lint(decoding(tiny_package, max_new_tokens=200, **rule))


def test_a_grammar_on_a_reasoning_model_without_a_rule_is_named(
    tiny_package: Path, lint: Any
) -> None:
    (tiny_package / "grammar.gbnf").write_text('root ::= "a"')
    assert lint(decoding(tiny_package))["no_reasoning_rule"].severity == "warning"
    assert "no_reasoning_rule" not in lint(decoding(tiny_package, reasoning="optional"))
    edit(tiny_package, lambda m: m["base_models"][0].update(prompt_template="chatml"))
    assert "no_reasoning_rule" not in lint(decoding(tiny_package))


def test_two_limits_are_named(tiny_package: Path, lint: Any) -> None:
    found = lint(decoding(tiny_package, max_tokens=5, max_new_tokens=6))
    assert "max_new_tokens 6" in found["two_limits"].message
    assert "two_limits" not in lint(decoding(tiny_package, max_tokens=5, max_new_tokens=5))


def test_hints_that_compare_or_cant_be_read_are_named(tiny_package: Path, lint: Any) -> None:
    def hinted(text: str) -> dict[str, Finding]:
        edit(tiny_package, lambda m: m.update(routing={"keywords": ["x"], "router_hint": text}))
        return lint(tiny_package)  # type: ignore[no-any-return]

    assert "formality>0.7" in hinted("lang=en OR formality>0.7")["hint_comparison"].message
    assert hinted("lang=")["bad_hint"].severity == "warning"
    assert not {"bad_hint", "hint_comparison"} & hinted("lang=en").keys()


def test_words_that_run_together_have_a_fix(tiny_package: Path, lint: Any) -> None:
    (tiny_package / "grammar.gbnf").write_text(
        'root ::= "SELECT" ws [a-z]+ ws "FROM" ws [a-z]+\nws ::= [ ]*'
    )
    assert "word-boundaries" in lint(tiny_package)["glued_keywords"].fix
