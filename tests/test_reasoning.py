"""Think blocks before answers, from the manifest to the result."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
import pytest

from expertserve import Expert
from expertserve.engine.fake import FakeEngine
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.errors import ConfigError, ManifestError
from expertserve.package.manifest import parse_manifest
from tests import tiny

Load = Callable[..., Expert]
BLOCK = "<think>\nCount them.\n</think>\n"
GRAMMAR = 'root ::= "{" [a-z]{1,4} "}"'


@pytest.fixture
def thinker(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes packages: `thinker(reasoning={…}, template="chatml", grammar=…)`."""

    def thinker(template: str = "chatml", grammar: str | None = None, **decoding: Any) -> Path:
        entry = tiny.base_entry()
        entry[0]["prompt_template"] = template
        folder = tiny.package(
            tmp_path / f"thinker-{len(list(tmp_path.iterdir()))}",
            tiny_lora,
            tiny_base,
            base_models=entry,
            training={"decoding": {"temperature": 0, **decoding}},
        )
        if grammar:
            (folder / "grammar.gbnf").write_text(grammar)
        return folder

    return thinker


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"open": ""}, "open"),
        ({"open": "a b"}, "open"),
        ({"open": "x", "close": "x"}, "differ"),
        ({"max_tokens": 0}, "max_tokens"),
        ("always", "reasoning"),
    ],
)
def test_a_rule_that_cant_be_is_refused_with_its_place(wrong: Any, why: str) -> None:
    about = tiny.manifest(training={"decoding": {"reasoning": wrong}})
    with pytest.raises(ManifestError, match=why):
        parse_manifest(json.dumps(about).encode())


def test_the_block_comes_apart_from_text_verdict_and_object(load: Load, thinker: Any) -> None:
    class Lamp(pydantic.BaseModel):
        lit: bool

    expert = load(thinker(reasoning={}), lambda prompt: BLOCK + '{"lit": true}')
    result = expert.generate("x", json_schema=Lamp)
    assert (result.text, result.reasoning) == ('{"lit": true}', "Count them.")
    assert result.parsed == Lamp(lit=True) and result.grammar and result.grammar.complete
    assert 0 < result.usage.reasoning_tokens < result.usage.completion_tokens
    kept = expert.generate("x", json_schema=Lamp, reasoning="keep")
    assert kept.text == BLOCK + result.text and kept.completions[0].answer == result.text
    assert kept.parsed == Lamp(lit=True) and kept.reasoning == "Count them."


def test_without_a_block_there_is_no_reasoning(load: Load, thinker: Any) -> None:
    result = load(thinker(reasoning={}), lambda prompt: "plain").generate("x")
    assert (result.text, result.reasoning, result.usage.reasoning_tokens) == ("plain", None, 0)


def test_a_grammar_behind_a_reasoning_template_allows_the_block(load: Load, thinker: Any) -> None:
    def asked(package: Path, **args: Any) -> tuple[str, str | None]:
        result = load(package, lambda prompt: BLOCK + "{ab}").generate("x", **args)
        return result.text, result.reasoning

    assert asked(thinker("qwen3", GRAMMAR)) == ("{ab}", "Count them.")
    assert asked(thinker("chatml", GRAMMAR))[1] is None  # the grammar begins at once
    assert asked(thinker("chatml", GRAMMAR), reasoning="strip") == ("{ab}", "Count them.")
    assert asked(thinker("qwen3", GRAMMAR, reasoning="off"))[1] is None
    assert asked(thinker("qwen3", GRAMMAR), reasoning="off")[1] is None
    assert asked(thinker("qwen3", GRAMMAR), thinking=False)[1] is None
    assert asked(thinker("qwen3")) == (BLOCK + "{ab}", None)  # tags aren't its tokens: no sign


def test_an_unknown_mode_is_refused(load: Load, thinker: Any) -> None:
    with pytest.raises(ConfigError, match="strip, keep or off"):
        load(thinker()).generate("x", reasoning="loud")  # type: ignore[arg-type]


def test_stops_act_behind_the_block_alone(load: Load, thinker: Any) -> None:
    expert = load(
        thinker(reasoning={}, stop_sequences=["\n\n", ";"]),
        lambda prompt: "<think>\na;\n\nb\n</think>\n\nSELECT 1;\n\n-- no",
    )
    result = expert.generate("x")
    assert (result.text, result.reasoning) == ("SELECT 1", "a;\n\nb")
    with expert.generate_stream("x") as stream:
        chunks = list(stream)
    assert "".join(c.text for c in chunks) == "SELECT 1"
    assert "".join(c.reasoning for c in chunks) == "a;\n\nb"


def test_the_budget_reaches_the_engine_and_leaves_the_answer_half(load: Load, thinker: Any) -> None:
    fake = FakeEngine(lambda prompt: "{ab}")

    def budget(most: int | None, max_tokens: int) -> int | None:
        rule = {} if most is None else {"max_tokens": most}
        expert = load(thinker("chatml", GRAMMAR, reasoning=rule), engine=lambda: fake)
        expert.generate("x", max_tokens=max_tokens)
        constraint = fake.requests[-1].constraint
        assert constraint
        return constraint.reasoning.budget if constraint.reasoning else None

    assert (budget(30, 100), budget(None, 100), budget(90, 100)) == (30, 50, 50)
    assert budget(30, 12) is None  # no room for two tags


@pytest.mark.parametrize("grammar", [None, GRAMMAR])
def test_a_real_model_by_chance_closes_its_block_in_budget(
    grammar: str | None, load: Load, thinker: Any
) -> None:
    """The random model would think for ever. Its answers are complete within `max_tokens`."""
    expert = load(
        thinker("chatml", grammar, reasoning={"max_tokens": 24}, temperature=1.5),
        engine=TransformersEngine,
    )
    results = [expert.generate("x", max_tokens=60, seed=seed, n=4) for seed in range(6)]
    found = [c for result in results for c in result.completions]
    for completion in found:
        assert len(completion.token_ids) <= 60 and completion.reasoning_tokens <= 26
        if grammar:
            assert completion.grammar and completion.grammar.complete
            assert completion.text.startswith("{") and completion.text.endswith("}")
    if grammar:  # half of them open one: "<" or "{" are all that may come first
        assert 4 < sum(c.reasoning is not None for c in found) < len(found)


def test_a_prompt_that_opens_the_block_begins_inside(
    load: Load, tiny_base: Path, thinker: Any
) -> None:
    package = thinker("custom", GRAMMAR)
    (package / "chat_template.jinja").write_text(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n<think>\n"
    )
    expert = load(package, lambda prompt: "Count them.\n</think>\n{ab}")
    result = expert.generate("x")
    assert (result.text, result.reasoning) == ("{ab}", "Count them.")
