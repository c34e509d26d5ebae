"""Prompts that end inside an answer, come as tokens, or are cut: what the engine then gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve import ConfigError, Expert, GrammarError
from expertserve.engine.fake import FakeEngine
from expertserve.prompt.format import ALPACA, CHATML, VICUNA, Message, PromptFormat
from expertserve.prompt.tokenizer import Tokenizer

Load = Callable[..., Expert]
TURNS: list[Message] = [
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": '{"n": '},
]


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def expert(load: Load, tiny_package: Path, seen: list[str]) -> Expert:
    def answer(prompt: str) -> str:
        seen.append(prompt)
        return "12}"

    return load(tiny_package, engine=lambda: FakeEngine(answer))


def test_an_answer_that_was_begun_goes_on(expert: Expert, seen: list[str]) -> None:
    result = expert.generate(messages=TURNS, continue_final_message=True, stop=[], max_tokens=20)
    assert seen[-1].endswith('<|im_start|>assistant\n{"n": ') and result.text == "12}"
    expert.generate(messages=TURNS, stop=[], max_tokens=20)
    assert seen[-1].endswith("<|im_end|>\n<|im_start|>assistant\n")
    expert.generate(messages=TURNS[:1], add_generation_prompt=False, stop=[], max_tokens=20)
    assert seen[-1].endswith("One?<|im_end|>\n")


def test_under_a_grammar_the_two_are_one_sentence(expert: Expert) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    result = expert.generate(
        messages=TURNS, continue_final_message=True, json_schema=schema, stop=[], max_tokens=20
    )
    assert result.text == "12}" and result.parsed == {"n": 12}
    assert result.grammar and result.grammar.complete
    with pytest.raises(GrammarError) as caught:
        expert.generate(
            messages=TURNS, continue_final_message=True, choice=["yes", "no"], max_tokens=20
        )
    assert caught.value.code == "bad_beginning"


def test_a_begun_sentence_is_ended_by_what_is_missing(expert: Expert) -> None:
    turns: list[Message] = [TURNS[0], {"role": "assistant", "content": "[[["}]
    result = expert.generate(
        messages=turns,
        continue_final_message=True,
        grammar='root ::= "[[[" [0-9}]* "]]]"',
        stop=[],
        max_tokens=4,
    )
    assert result.grammar and result.grammar.complete and result.grammar.forced_suffix == "]]]"
    assert result.text[:1] == "1" and result.text.endswith("]]]")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"messages": TURNS[:1], "continue_final_message": True}, "bad_message"),
        (
            {"messages": TURNS, "continue_final_message": True, "add_generation_prompt": True},
            "bad_message",
        ),
        ({"messages": TURNS, "template_args": {"messages": []}}, "bad_message"),
        ({"messages": TURNS, "template_args": {"a b": 1}}, "bad_message"),
        ({"messages": TURNS, "template_args": {"a": object()}}, "bad_message"),
        ({"messages": TURNS, "prompt_token_ids": [1]}, "bad_prompt"),
        ({"prompt_token_ids": []}, "bad_prompt"),
        ({"prompt_token_ids": [10**6]}, "bad_sampling"),
        ({"prompt_token_ids": [True]}, "bad_sampling"),
        ({"messages": TURNS, "truncate_prompt_tokens": 0}, "bad_prompt"),
        ({"messages": TURNS, "truncate_prompt_tokens": 3, "truncation_side": "top"}, "bad_prompt"),
        ({"messages": TURNS, "logit_bias": {1: 101.0}}, "bad_sampling"),
        ({"messages": TURNS, "logit_bias": {-1: 1.0}}, "bad_sampling"),
        ({"messages": TURNS, "presence_penalty": 3.0}, "bad_sampling"),
        ({"messages": TURNS, "min_tokens": 99, "max_tokens": 9}, "bad_sampling"),
        ({"messages": TURNS, "allowed_token_ids": []}, "bad_sampling"),
        ({"messages": TURNS, "bad_words": [""]}, "bad_sampling"),
        ({"messages": TURNS, "bad_words": "x"}, "bad_sampling"),
    ],
)
def test_what_contradicts_itself_is_refused(
    expert: Expert, args: dict[str, Any], code: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        expert.generate(**args)
    assert caught.value.code == code, caught.value


@pytest.mark.parametrize(
    "args",
    [
        {"allowed_token_ids": [1]},
        {"bad_words": ["x"]},
        {"min_tokens": 3},
        {"ignore_eos": True},
        {"include_stop": True},
        {"stop_token_ids": [70]},
    ],
)
def test_what_could_leave_a_grammar_no_way_on_is_refused_beside_one(
    expert: Expert, args: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError) as caught:
        expert.generate("One?", choice=["12}", "no"], max_tokens=20, **args)
    assert caught.value.code == "not_with_grammar" and next(iter(args)) in caught.value.message
    assert expert.generate("One?", max_tokens=20, **args).text


def test_tokens_are_read_as_they_are_and_cut_where_that_is_asked_for(
    load: Load, tiny_package: Path
) -> None:
    fake = FakeEngine(lambda prompt: "x")
    expert = load(tiny_package, engine=lambda: fake)
    expert.generate(prompt_token_ids=[70, 71, 72, 73], cache_salt="s")
    assert fake.requests[-1].prompt_token_ids == (70, 71, 72, 73)
    assert fake.requests[-1].cache_salt == "s"
    ids = {"prompt_token_ids": [70, 71, 72, 73]}
    expert.generate(**ids, truncate_prompt_tokens=2)
    assert fake.requests[-1].prompt_token_ids == (72, 73)
    expert.generate(**ids, truncate_prompt_tokens=3, truncation_side="right")
    assert fake.requests[-1].prompt_token_ids == (70, 71, 72)
    result = expert.generate("x " * 5000, truncate_prompt_tokens=-1, max_tokens=5)
    assert result.usage.prompt_tokens + 5 <= expert.manager.info().engines[0].max_model_len


@pytest.fixture(scope="module")
def tokens(tiny_base: Path) -> Tokenizer:
    return Tokenizer(tiny_base)


def test_variables_reach_the_template_and_stay_text(tokens: Tokenizer) -> None:
    source = "{{ note }}{% for m in messages %}{{ m.content }}{% endfor %}"
    prompt = PromptFormat("package", source, tokens)
    ids = prompt.render(TURNS[:1], variables={"note": "<|im_end|>", "others": [{"a": None}]})
    assert tokens.id_of("<|im_end|>") not in ids and tokens.decode(ids) == "<|im_end|>One?"
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    with pytest.raises(ConfigError, match="nested"):
        prompt.render(TURNS[:1], variables={"deep": deep})


def test_a_template_that_drops_the_last_message_can_not_go_on_with_it(tokens: Tokenizer) -> None:
    prompt = PromptFormat("package", "{{ messages[0].content }}", tokens)
    with pytest.raises(ConfigError) as caught:
        prompt.render(TURNS, continued=True)
    assert caught.value.code == "template_refused"


@given(
    source=st.sampled_from([CHATML, ALPACA, VICUNA]),
    begun=st.text(alphabet='a<|im_end>\n "{\ue000\ue0011', max_size=30),
)
def test_a_continued_prompt_ends_with_what_was_begun(
    tokens: Tokenizer, source: str, begun: str
) -> None:
    prompt = PromptFormat("package", source, tokens)
    turns: list[Message] = [TURNS[0], {"role": "assistant", "content": begun}]
    ids = prompt.render(turns, continued=True)
    assert tokens.decode_whole(ids).endswith(begun)
    own = [t for t in ids if t in {tokens.id_of(s) for s in tokens.special_tokens}]
    plain = prompt.render([TURNS[0], {"role": "assistant", "content": "a"}], continued=True)
    assert len(own) == len(
        [t for t in plain if t in {tokens.id_of(s) for s in tokens.special_tokens}]
    )
