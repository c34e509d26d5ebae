"""The published experts are asked as their authors' own tool asks them, string for string.

What stands here of their manifests are facts: template, capabilities, grammar type. Two whole
manifests lie beside the project, and are compared where they are there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve.package.manifest import Manifest, parse_manifest
from expertserve.prompt.format import NAMED, PromptFormat, build_messages
from expertserve.prompt.system import SystemDefaults, dialect_of
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny
from tests.published import SAMPLES

DDL = "CREATE TABLE users (id INT, name TEXT);"
EXPERTS: dict[str, tuple[str, list[str], str | None, str | None]] = {
    "sql": ("qwen3", ["database:sql", "query:sql", "usecase:crm"], "sql-postgres", "sql"),
    "json": ("chatml", ["format:json", "format:openapi", "usecase:crm"], "json", "json"),
    "neo4j": ("chatml", ["database:neo4j", "query:cypher", "language:en"], "cypher", "cypher"),
    "elastic": ("chatml", ["database:elastic", "query:kql", "query:eql"], "json", None),
    "typescript": ("chatml", ["language:typescript", "code-generation"], None, "typescript"),
    "tools": ("chatml", ["task:mcp_planning", "format:json"], "tool-call", "json"),
}
"""Template, capabilities, grammar type; and the dialect that the authors' tool writes."""


def asked(manifest: Manifest, tokens: Tokenizer, **words: Any) -> str:
    """What a model reads of "How many?"."""
    name = manifest.base_models[0].prompt_template or "chatml"
    form = PromptFormat(name, NAMED[name], tokens)
    defaults = SystemDefaults.of(manifest, form.source)
    return form.text(build_messages("How many?", defaults=defaults, **words))


def made(name: str, **changes: Any) -> Manifest:
    template, capabilities, kind, _ = EXPERTS[name]
    about = tiny.manifest(
        capabilities=capabilities, training={"decoding": {"grammar_type": kind}}, **changes
    )
    about["base_models"][0]["prompt_template"] = template
    return parse_manifest(json.dumps(about).encode())


@pytest.fixture(scope="module")
def tokens(tiny_base: Path) -> Tokenizer:
    return Tokenizer(tiny_base)


USER = "<|im_start|>user\nHow many?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize("name", EXPERTS)
def test_the_system_message_is_the_authors(name: str, tokens: Tokenizer) -> None:
    dialect = EXPERTS[name][3]
    line = f"Dialect: {dialect}" if dialect else ""
    without = f"<|im_start|>system\n{line}<|im_end|>\n{USER}" if line else USER
    assert asked(made(name), tokens) == without
    above = line + "\n" if line else ""
    assert asked(made(name), tokens, schema=f"\n{DDL}\n") == (
        f"<|im_start|>system\n{above}Schema:\n{DDL}<|im_end|>\n{USER}"
    )


def test_a_published_soft_prompt_is_understood() -> None:
    style = {
        "name": "typescript_style",
        "path": "soft_prompts/ts_style_48.bin",
        "tokens": 48,
        "init_method": "text",
        "init_text": "Write clean code.",
        "purpose": "style",
    }
    manifest = made("typescript", soft_prompts=[style])
    assert manifest.soft_prompts[0].count == 48 and not list(manifest.unknown())


@pytest.mark.parametrize(("name", "dialect"), [("sql", "sql"), ("json", "json")])
def test_the_published_manifests_themselves_say_the_same(
    name: str, dialect: str, tokens: Tokenizer
) -> None:
    path = SAMPLES / f"expert-{name}" / "manifest.json"
    if not path.is_file():
        pytest.skip("the published samples are not beside the project")
    text = asked(parse_manifest(path.read_bytes()), tokens, schema=DDL)
    assert text == f"<|im_start|>system\nDialect: {dialect}\nSchema:\n{DDL}<|im_end|>\n{USER}"


@pytest.mark.parametrize(
    ("prompt", "words", "system"),
    [
        ({"system": "You write SQL."}, {}, "You write SQL."),
        ({"system": "You write SQL."}, {"schema": DDL}, f"You write SQL.\n\nSchema:\n{DDL}"),
        ({"system": "You write SQL."}, {"dialect": "mysql"}, "You write SQL.\n\nDialect: mysql"),
        ({"system": "You write SQL."}, {"system": "Mine."}, "Mine."),
        ({"dialect": "mysql"}, {}, "Dialect: mysql"),
        ({"dialect": "mysql"}, {"dialect": "sqlite"}, "Dialect: sqlite"),
        ({"dialect": "none"}, {"schema": DDL}, f"Schema:\n{DDL}"),
        ({"dialect": "none"}, {}, None),
        ({"dialect": "grammar_type"}, {}, "Dialect: postgres"),
        ({}, {"dialect": ""}, None),
        ({}, {"dialect": "duckdb", "schema": DDL}, f"Dialect: duckdb\nSchema:\n{DDL}"),
        ({}, {"system": "Be brief."}, "Be brief.\n\nDialect: sql"),
        ({}, {"system": f"Dialect: mysql\nSchema:\n{DDL}"}, f"Dialect: mysql\nSchema:\n{DDL}"),
        ({}, {"system": "Dialect: mysql", "schema": DDL}, f"Dialect: mysql\nSchema:\n{DDL}"),
        ({}, {"system": f"Schema:\n{DDL}"}, f"Dialect: sql\nSchema:\n{DDL}"),
    ],
)
def test_the_manifests_words_go_before_the_capabilities_and_the_calls_before_both(
    prompt: dict[str, str], words: dict[str, str], system: str | None, tokens: Tokenizer
) -> None:
    expected = USER if system is None else f"<|im_start|>system\n{system}<|im_end|>\n{USER}"
    assert asked(made("sql", prompt=prompt), tokens, **words) == expected


def test_a_system_message_among_messages_counts_as_the_callers_own() -> None:
    defaults = SystemDefaults(dialect="sql")
    context = f"Dialect: sql\nSchema:\n{DDL}"
    for own in (context, f"Schema:\n{DDL}"):
        messages = build_messages(
            None,
            messages=[{"role": "system", "content": own}, {"role": "user", "content": "x"}],
            defaults=defaults,
        )
        assert messages[0]["content"] == context


def test_other_templates_get_no_line_of_their_own(tokens: Tokenizer) -> None:
    about = tiny.manifest(capabilities=["database:sql"])
    about["base_models"][0]["prompt_template"] = "alpaca"
    assert "Dialect" not in asked(parse_manifest(json.dumps(about).encode()), tokens)


@given(
    st.lists(st.sampled_from("sql postgresql mysql neo4j json python rust javascript".split())),
    st.randoms(),
)
def test_the_order_of_the_capabilities_does_not_matter(found: list[str], random: Any) -> None:
    shuffled = random.sample(found, len(found))
    assert dialect_of(found) == dialect_of(shuffled)
    order = ["cypher", "sql", "json", "python", "rust", "typescript"]
    of = {"postgresql": "sql", "mysql": "sql", "neo4j": "cypher", "javascript": "typescript"}
    assert dialect_of(found) == min((of.get(f, f) for f in found), key=order.index, default=None)
