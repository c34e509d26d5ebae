"""What a manifest or a call wishes, and what reaches the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from expertserve import Expert
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ConfigError
from tests import tiny

Load = Callable[..., Expert]


def test_max_new_tokens_is_max_tokens(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    fake = FakeEngine()
    package = tiny.package(
        tmp_path / "p", tiny_lora, tiny_base, training={"decoding": {"max_new_tokens": 7}}
    )
    expert = load(package, engine=lambda: fake)
    expert.generate("x")
    assert fake.requests[0].sampling.max_tokens == 7


def test_words_get_a_blank_where_the_manifest_or_a_call_asks(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    grammar = (
        'root ::= "SELECT" ws column-name ws "FROM" ws table-name\nws ::= [ ]*\n'
        "column-name ::= [a-z]{1,4}\ntable-name ::= [a-z]{1,4}"
    )

    def asked(decoding: dict[str, object], **args: object) -> tuple[str, bool]:
        package = tiny.package(
            tmp_path / f"p{len(list(tmp_path.iterdir()))}",
            tiny_lora,
            tiny_base,
            training={"decoding": decoding},
        )
        (package / "grammar.gbnf").write_text(grammar)
        expert = load(package, lambda prompt: "SELECTidFROMt")
        result = expert.generate("x", **args)  # type: ignore[arg-type]
        assert result.grammar and result.grammar.complete
        return result.text, bool(result.grammar.forced_suffix)

    assert asked({}) == ("SELECTidFROMt", False)
    fixed, forced = asked({"grammar_fix": "word-boundaries"})
    assert fixed.startswith("SELECT ") and " FROM " in fixed and forced
    assert asked({}, grammar_fix="word-boundaries")[0] == fixed
    assert asked({}, grammar=grammar, grammar_fix="word-boundaries")[0] == fixed
    names = {"schema": "CREATE TABLE t (id INT)", "restrict_to_schema": True}
    assert asked({"grammar_fix": "word-boundaries"}, **names)[0] == "SELECT id FROM t"


def test_the_base_answers_what_fits_no_expert_where_a_call_asks_for_it(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    package = tiny.package(tmp_path / "p", tiny_lora, tiny_base, routing={"keywords": ["sql"]})
    manager = load(package).manager
    with pytest.raises(ConfigError) as caught:
        manager.generate("auto", "weather?")
    assert caught.value.code == "no_expert_fits"
    result = manager.generate("auto", "weather?", fallback="base")
    assert result.expert.name == "tiny" and result.expert.adapter is None
    assert manager.generate("auto", "sql?", fallback="base").expert.name == "expert-tiny"
    with pytest.raises(ConfigError) as caught:
        manager.generate("auto", "weather?", fallback="any")  # type: ignore[arg-type]
    assert caught.value.code == "bad_argument"


def test_the_grammar_types_dialect_counts_only_where_the_manifest_asks_for_it(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    def asked(**changes: object) -> str:
        package = tiny.package(
            tmp_path / f"p{len(changes)}",
            tiny_lora,
            tiny_base,
            training={"decoding": {"grammar_type": "sql-postgres"}},
            **changes,
        )
        expert = load(package, engine=lambda: FakeEngine(lambda prompt: prompt))
        return expert.generate("x", schema="S").text

    assert "Dialect: sql\nSchema:\nS" in asked()
    assert "Dialect: postgres\nSchema:\nS" in asked(prompt={"dialect": "grammar_type"})


@pytest.mark.parametrize("validation", ["parser-strict", "schema-strict", None, "syntax"])
def test_answers_are_judged_where_the_manifest_asks(
    validation: str | None, load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    decoding = {"grammar_type": "json", "validation": validation}
    package = tiny.package(tmp_path / "p", tiny_lora, tiny_base, training={"decoding": decoding})
    (package / "grammar.gbnf").write_text('root ::= "{" [^}]* "}"', encoding="utf-8")
    grammar = load(package, engine=lambda: FakeEngine(lambda _: "{1}")).generate("x").grammar
    assert grammar and grammar.complete
    assert grammar.valid is (False if str(validation).endswith("-strict") else None)


def test_names_are_bound_by_default_where_the_manifest_says_so_and_there_is_a_schema(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    ddl = "CREATE TABLE tbl_user (userName TEXT); CREATE TABLE Visit (day TEXT)"

    def asked(decoding: dict[str, object], **args: object) -> tuple[bool, str]:
        """Whether names were bound, and the answer's shortest end where the model writes more."""
        package = tiny.package(
            tmp_path / f"p{len(list(tmp_path.iterdir()))}",
            tiny_lora,
            tiny_base,
            training={"decoding": {"use_grammar": True, "grammar_type": "sql"} | decoding},
        )
        fake = FakeEngine(lambda _: "SELECT userName FROM Visit")
        result = load(package, engine=lambda: fake).generate("x", **args)  # type: ignore[arg-type]
        constraint = fake.requests[0].constraint
        assert constraint and result.grammar and result.grammar.complete
        return constraint.names is not None, result.text

    says: dict[str, object] = {"restrict_to_schema": True}
    wrong = "SELECT userName FROM Visit"
    bound, text = asked(says, schema=ddl)
    assert bound and text.startswith("SELECT userName FROM tbl_user")
    assert asked(says) == (False, wrong)
    assert asked(says, schema=ddl, restrict_to_schema=False) == (False, wrong)
    assert asked({}, schema=ddl) == (False, wrong)
    assert asked({}, schema=ddl, restrict_to_schema=True) == (True, text)
    listed = {"schema_rules": {"table": "table-name"}}
    assert asked(says | listed, schema=ddl) == (False, wrong)  # names exist, and no more
    with pytest.raises(ConfigError) as caught:
        asked(says, schema="users and their visits")
    assert caught.value.code == "bad_schema" and "restrict_to_schema=False" in caught.value.hint
