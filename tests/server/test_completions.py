"""`/v1/completions`: several prompts, tokens, echoes, and a prompt that is scored."""

from __future__ import annotations

import math
from typing import Any

import openai
import pytest

from tests.server.conftest import Running, Scoring, Serve

ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"
PROMPTS = ["How many lighthouses?", "And in Norway?"]


@pytest.fixture
def scoring(serve: Serve, package: Any) -> Running:
    return serve({"sql": package("sql")}, engine=Scoring(lambda prompt: "one two"))


def test_several_prompts_stream_side_by_side(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda p: f"answer to {p.count('Norway')}", delay=0.01)
    stream = server.openai().completions.create(
        model="sql", prompt=PROMPTS, stream=True, n=2, temperature=1,
        stream_options={"include_usage": True},
    )  # fmt: skip
    texts, ends, order = dict.fromkeys(range(4), ""), {}, []
    for chunk in stream:
        for choice in chunk.choices:
            texts[choice.index] += choice.text
            order.append(choice.index)
            if choice.finish_reason:
                ends[choice.index] = choice.finish_reason
    assert list(texts.values()) == ["answer to 0"] * 2 + ["answer to 1"] * 2
    assert ends == dict.fromkeys(range(4), "stop")
    assert order != sorted(order), "one prompt after the other"
    assert chunk.usage and chunk.usage.completion_tokens > 8


def test_tokens_are_read_as_they_are(server: Running) -> None:
    client = server.openai()
    client.completions.create(model="sql", prompt=[70, 71, 72])
    assert server.engine.requests[-1].prompt_token_ids == (70, 71, 72)
    made = client.completions.create(model="sql", prompt=[[70, 71], [72]])
    assert len(made.choices) == 2
    assert {r.prompt_token_ids for r in server.engine.requests[-2:]} == {(70, 71), (72,)}
    for wrong in ([10**9], [-1], [[]], [[70], "x"], []):
        with pytest.raises(openai.BadRequestError):
            client.completions.create(model="sql", prompt=wrong)  # type: ignore[arg-type]


def test_the_prompt_is_echoed(server: Running) -> None:
    client = server.openai()
    made = client.completions.create(model="sql", prompt=PROMPTS, echo=True)
    assert [c.text for c in made.choices] == [p + ANSWER for p in PROMPTS]
    stream = client.completions.create(model="sql", prompt=PROMPTS[0], echo=True, stream=True)
    assert "".join(c.choices[0].text for c in stream) == PROMPTS[0] + ANSWER


def test_a_prompt_is_scored_and_nothing_written(scoring: Running) -> None:
    client = scoring.openai()
    text = "Two lighthouses."
    made = client.completions.create(model="sql", prompt=text, echo=True, logprobs=1, max_tokens=0)
    (choice,) = made.choices
    logprobs = choice.logprobs
    assert choice.text == text and logprobs and "".join(logprobs.tokens or []) == text
    assert logprobs.token_logprobs == [None, *(-float(i) for i in range(1, len(logprobs.tokens or [])))]  # fmt: skip
    assert logprobs.top_logprobs and logprobs.top_logprobs[0] is None
    assert logprobs.text_offset and logprobs.text_offset[1] == len((logprobs.tokens or [""])[0])
    assert made.usage and made.usage.completion_tokens == 0
    ids = list(scoring.engine.requests[-1].prompt_token_ids)
    assert scoring.engine.requests[-1].constraint is None
    by_tokens = client.completions.create(
        model="sql", prompt=ids, echo=True, logprobs=1, max_tokens=1
    )
    found = by_tokens.choices[0].logprobs
    assert found and found.tokens and found.tokens[:-1] == logprobs.tokens
    assert found.token_logprobs and found.token_logprobs[-1] == -0.5
    stream = client.completions.create(
        model="sql", prompt=text, echo=True, logprobs=0, max_tokens=0, stream=True
    )
    first, *rest = stream
    assert first.choices[0].text == text and first.choices[0].logprobs
    assert not any(c.choices[0].text for c in rest)


def test_logprobs_0_tells_each_tokens_own(scoring: Running) -> None:
    made = scoring.openai().completions.create(model="sql", prompt="One?", logprobs=0)
    logprobs = made.choices[0].logprobs
    assert logprobs and logprobs.tokens and logprobs.top_logprobs
    assert set(logprobs.token_logprobs or ()) == {-0.5}
    assert [list(t) for t in logprobs.top_logprobs] == [[t] for t in logprobs.tokens]
    named = scoring.openai().completions.create(
        model="sql", prompt="One?", logprobs=0, extra_body={"return_tokens_as_token_ids": True}
    )
    assert named.choices[0].logprobs and named.choices[0].logprobs.tokens
    assert all(t.startswith("token_id:") for t in named.choices[0].logprobs.tokens)


def test_what_was_cached_is_told(scoring: Running) -> None:
    client = scoring.openai()
    made = client.completions.create(model="sql", prompt="One?")
    assert made.usage and made.usage.prompt_tokens_details
    assert made.usage.prompt_tokens_details.cached_tokens == 2
    *_, last = client.chat.completions.create(
        model="sql", messages=[{"role": "user", "content": "One?"}], stream=True,
        stream_options={"include_usage": True},
    )  # fmt: skip
    assert last.usage and last.usage.prompt_tokens_details
    assert last.usage.prompt_tokens_details.cached_tokens == 2


def test_vllms_prompt_logprobs_stand_beside_the_answer(scoring: Running) -> None:
    client = scoring.openai()
    messages: Any = [{"role": "user", "content": "One?"}]
    made = client.chat.completions.create(
        model="sql", messages=messages, extra_body={"prompt_logprobs": 1}
    )
    scores = made.prompt_logprobs  # type: ignore[attr-defined]
    ids = scoring.engine.requests[-1].prompt_token_ids
    assert scores[0] is None and len(scores) == len(ids)
    assert (
        math.isclose(scores[3][str(ids[3])]["logprob"], -3) and scores[3][str(ids[3])]["rank"] == 1
    )
    text = client.completions.create(model="sql", prompt="x", extra_body={"prompt_logprobs": 0})
    assert text.choices[0].prompt_logprobs[0] is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"suffix": "x"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"prompt": ["x"] * 65}, "prompt"),
        ({"prompt": PROMPTS, "stream": True, "echo": True, "logprobs": 1}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"logprobs": 21}, "logprobs"),
    ],
)
def test_what_can_not_be_honoured_is_refused_with_a_reason(
    server: Running, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        server.openai().completions.create(**({"model": "sql", "prompt": "x"} | change))
    assert caught.value.param == param and caught.value.code
