"""Grounded values as calls, manifests, commands and clients ask for them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from expertserve import Expert
from expertserve.decoding.follow import Follower
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar.bundled import bundled
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.recognise import Grammar
from expertserve.request import Constraint, Request
from expertserve.result import Chunk
from tests import tiny

Load = Callable[..., Expert]
SCHEMA = {
    "type": "object",
    "properties": {"who": {"type": "string", "x-source": True}},
    "required": ["who"],
    "additionalProperties": False,
}


class Recorded(FakeEngine):
    """Keeps what it was asked."""

    asked: ClassVar[list[Request]] = []

    async def stream(self, request: Request) -> Any:
        self.asked.append(request)
        async for chunk in super().stream(request):
            yield chunk


@pytest.fixture
def expert(load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Callable[..., Expert]:
    def made(answer: str, **decoding: object) -> Expert:
        package = tiny.package(
            tmp_path / f"p{random.random()}", tiny_lora, tiny_base, training={"decoding": decoding}
        )
        return load(package, engine=lambda: Recorded(lambda prompt: answer))

    return made


def test_a_call_grounds_what_its_schema_names(expert: Callable[..., Expert]) -> None:
    result = expert('{"who": "Delgado"}').generate("Ask Ms Delgado.", json_schema=SCHEMA)
    assert json.loads(result.text) == {"who": "Delgado"} == result.parsed
    assert result.grammar and result.grammar.complete and not result.grammar.forced_suffix
    garbled = expert('{"who": "Dgado"}').generate("Ask Ms Delgado.", json_schema=SCHEMA)
    assert json.loads(garbled.text)["who"] in "Ask Ms Delgado."
    assert garbled.grammar and garbled.grammar.complete and garbled.grammar.forced_suffix


def test_a_wish_grounds_the_experts_own_grammar(expert: Callable[..., Expert]) -> None:
    own = {"grammar_type": "json-object", "use_grammar": True}
    said = '{"who": "Dgado"}'
    assert expert(said, **own).generate("Ask Ms Delgado.").text == said
    for asked, args in ((own, {"ground": "values"}), ({**own, "ground": "values"}, {})):
        text = expert(said, **asked).generate("Ask Ms Delgado.", **args).text
        assert text != said and json.loads(text)
    off = expert(said, **own, ground="values").generate("Ask Ms Delgado.", ground="off")
    assert off.text == said
    any_case = expert('{"who": "DELGADO"}', **own)
    assert "DELGADO" in any_case.generate("Ms Delgado.", ground="values-any-case").text


def test_the_source_is_what_the_user_said(expert: Callable[..., Expert]) -> None:
    asked = expert('{"who": "Delgado"}')
    messages = [
        {"role": "user", "content": "Ask Ms Delgado."},
        {"role": "assistant", "content": "Who is Ruiz?"},
        {"role": "user", "content": "Her boss."},
    ]
    asked.generate(messages=messages, json_schema=SCHEMA, system="Be kind.", schema="a text")  # type: ignore[arg-type]
    constraint = Recorded.asked[-1].constraint
    assert constraint and constraint.source.split("\0") == ["Ask Ms Delgado.", "Her boss."]
    assert Constraint.of_json(constraint.as_json()) == constraint


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"ground": "yes", "choice": ["a"]}, "bad_argument"),
        ({"ground": "values", "choice": ["a"]}, "no_ground_rules"),
        ({"ground": "values"}, "bad_grammar"),
        ({"ground": "values", "grammar": 'root ::= "a"'}, "no_ground_rules"),
        ({"prompt_token_ids": [70, 71], "json_schema": SCHEMA}, "no_source"),
        ({"grammar": "root ::= <source:number>"}, "nothing_to_ground"),
        ({"grammar": "root ::= <no-such-token>"}, "token_terminal"),
        ({"grammar": "root ::= <[999999]>"}, "token_terminal"),
    ],
)
def test_what_cant_be_grounded_is_refused_by_name(
    expert: Callable[..., Expert], args: dict[str, Any], code: str
) -> None:
    prompt = None if "prompt_token_ids" in args else "Ask Ms Delgado."
    with pytest.raises((ConfigError, GrammarError)) as caught:
        expert("x").generate(prompt, **args)
    assert caught.value.code == code


def test_a_token_of_a_grammar_ends_a_cut_answer_as_a_token() -> None:
    grammar = Grammar.from_gbnf('root ::= "a"+ </x> "b"')
    spelt = {1: b"a", 2: b"b", 3: b"aa"}
    over = GroundedGrammar.over(grammar, "", ids={"/x": 9}, spelt=spelt)
    spell = lambda data: [{97: 1, 98: 2}[byte] for byte in data]  # noqa: E731
    whole = Follower(over, spelt, spell, max_tokens=9, ends=frozenset({8}))
    chunk = whole.follow(Chunk("", (3, 9, 2, 8)))
    assert chunk and whole.complete and chunk.text == "aab"
    cut = Follower(over, spelt, spell, max_tokens=4, ends=frozenset({8}))
    chunk = cut.follow(Chunk("", (1, 1, 1, 1)))
    assert chunk and chunk.token_ids == (1, 1, 9, 2) and cut.complete and cut.forced == "b"


def test_a_grammar_names_a_models_tokens(expert: Callable[..., Expert]) -> None:
    asked = expert("ab")
    grammar = Grammar.from_gbnf('root ::= "a" !<|im_end|> "b"?')
    text = asked.generate("x", grammar=grammar).text
    assert text == "ab"
    constraint = Recorded.asked[-1].constraint
    assert constraint and [str(what) for _, what in constraint.marks] == ["!<|im_end|>"]
    with pytest.raises(GrammarError, match="ends the answer"):
        asked.generate("x", grammar="root ::= <|im_end|>")


def test_the_bundled_grammars_have_the_rules_that_are_grounded() -> None:
    for kind in ("json", "json-object", "tool-call", "sql", "sql-postgres", "sql-sqlite", "cypher"):
        grammar = bundled(kind)
        assert grammar and "string" in grammar.rules.rules, kind
