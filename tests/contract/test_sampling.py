"""What a request may say of its tokens, and what it may ask about them."""

from __future__ import annotations

import pytest
import torch

from expertserve.engine.portable.engine import TransformersEngine
from expertserve.engine.portable.sampling import Choosing, choose
from expertserve.errors import ConfigError
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import Constraint, Request, Sampling
from tests.contract.driver import Driver
from tests.engine.reference import Reference

QUESTION = "How many lighthouses?"


@pytest.fixture
def prompt(tokenizer: Tokenizer) -> list[int]:
    return tokenizer.encode_plain(QUESTION)


@pytest.fixture
def two(tokenizer: Tokenizer) -> tuple[int, int]:
    """Two tokens that are no others' part."""
    first, second = (tokenizer.encode_plain(c)[0] for c in "qz")
    return first, second


def test_a_bias_decides_and_a_list_of_allowed_tokens_is_kept_to(
    driver: Driver, prompt: list[int], two: tuple[int, int]
) -> None:
    first, second = two
    forced = driver.generate(prompt, max_tokens=6, logit_bias=((first, 100.0),), ignore_eos=True)
    assert set(forced.token_ids) == {first}
    bound = driver.generate(prompt, max_tokens=6, allowed_token_ids=two, ignore_eos=True)
    assert set(bound.token_ids) <= {first, second}
    never = driver.generate(
        prompt, max_tokens=6, allowed_token_ids=two, logit_bias=((first, -100.0),)
    )
    assert set(never.token_ids) == {second}


def test_penalties_count_the_answer_and_not_the_prompt(
    driver: Driver, two: tuple[int, int]
) -> None:
    first, second = two

    def tokens(ahead: float, **penalty: float) -> list[int]:
        made = driver.generate(
            [first] * 8,
            max_tokens=8,
            allowed_token_ids=two,
            logit_bias=((first, ahead),),
            ignore_eos=True,
            **penalty,
        )
        return list(made.token_ids)

    ahead = next(a / 4 for a in range(-40, 40) if tokens(a / 4) == [first] * 8)
    for penalty in ("presence_penalty", "frequency_penalty"):
        told = tokens(ahead, **{penalty: 2.0})
        assert told[0] == first and second in told, penalty


def test_penalties_are_subtracted_once_and_each_time() -> None:
    logits = torch.zeros(4)
    logits[1], logits[2] = 3.0, 1.5

    def likeliest(written: list[int], **penalty: float) -> int:
        row = Choosing(Sampling(**penalty), [1, 1, 1, *written], 3, None, None)  # type: ignore[arg-type]
        return choose(logits.clone()[None], [row])[0][0]

    assert likeliest([], presence_penalty=2.0) == 1  # the prompt doesn't count
    assert [likeliest([1] * n, presence_penalty=1.0) for n in (1, 2, 3)] == [1, 1, 1]
    assert [likeliest([1] * n, frequency_penalty=1.0) for n in (1, 2, 3)] == [1, 2, 2]
    assert likeliest([2], frequency_penalty=-2.0) == 2


def test_an_answer_ends_at_tokens_that_are_named_and_not_before_its_least_length(
    driver: Driver, prompt: list[int], two: tuple[int, int]
) -> None:
    first, _ = two
    told = {"logit_bias": ((first, 100.0),), "stop_token_ids": (first,), "max_tokens": 12}
    ended = driver.generate(prompt, **told)
    assert ended.finish_reason == "stop" and len(ended.token_ids) == 1
    longer = driver.generate(prompt, **told, min_tokens=5, ignore_eos=True)
    assert longer.finish_reason == "stop" and len(longer.token_ids) == 6
    assert longer.token_ids[-1] == first and first not in longer.token_ids[:-1]


def test_stops_and_special_tokens_are_shown_where_that_is_asked_for(
    driver: Driver, tokenizer: Tokenizer, prompt: list[int], two: tuple[int, int]
) -> None:
    first, _ = two
    told = {"logit_bias": ((first, 100.0),), "stop": ("qq",), "max_tokens": 8}
    assert driver.generate(prompt, **told).text == ""
    assert driver.generate(prompt, **told, include_stop=True).text == "qq"
    special = tokenizer.special_tokens[0]
    token = tokenizer.id_of(special)
    shown = {"logit_bias": ((token, 100.0),), "max_tokens": 3, "ignore_eos": True}
    assert driver.generate(prompt, **shown).text == ""
    assert driver.generate(prompt, **shown, skip_special_tokens=False).text == special * 3


def test_a_prompt_is_scored_as_the_reference_scores_it(
    driver: Driver, prompt: list[int], references: list[Reference]
) -> None:
    request = driver.request(prompt, max_tokens=2, prompt_logprobs=2)
    chunks = driver.chunks(request)
    scored = [p for chunk in chunks for p in chunk.prompt_logprobs]
    _, expected = references[-1].judge(prompt[:1], prompt[1:])
    assert [p.token_id for p in scored] == prompt[1:]
    assert max(abs(p.logprob - q) for p, q in zip(scored, expected, strict=True)) <= 2e-5
    assert all(len(p.top) == 2 for p in scored)


def test_a_sentence_goes_on_from_where_the_prompt_left_it(
    driver: Driver, tokenizer: Tokenizer, prompt: list[int]
) -> None:
    begun = tokenizer.encode_plain('{"a')
    request = Request(
        id="begun",
        prompt_token_ids=(*prompt, *begun),
        sampling=Sampling(max_tokens=12),
        constraint=Constraint(gbnf='root ::= "{\\"abc\\"}"', digest="b" * 64, begun=tuple(begun)),
    )
    (completion,) = driver.together([request])
    decoded = tokenizer.decode(list(completion.token_ids))
    assert decoded == 'bc"}'


def test_what_the_portable_engine_lacks_is_refused_by_name(
    transformers_driver: Driver, prompt: list[int]
) -> None:
    assert isinstance(transformers_driver.engine, TransformersEngine)
    with pytest.raises(ConfigError, match="bad_words"):
        transformers_driver.generate(prompt, max_tokens=4, bad_words=("SELECT",))
