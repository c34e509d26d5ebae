"""Reasoning apart from the answer, as OpenAI's own client and plain HTTP see it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import Running, Serve
from tests.server.test_chat import ASK
from tests.server.test_tools import CALL, WEATHER

THOUGHT = "One sentence; then the query."
BLOCK = f"<think>\n{THOUGHT}\n</think>\n"


def decoding(**reasoning: Any) -> dict[str, Any]:
    return {"decoding": {"temperature": 0, "stop_sequences": [";"], "reasoning": reasoning}}


@pytest.fixture
def thinker(serve: Serve, package: Any) -> Running:
    return serve(
        {
            "sql": package("sql", training=decoding()),
            "shown": package("shown", training=decoding(show=True)),
            "tools": package("tools", training=decoding()),
        },
        lambda prompt: BLOCK + (CALL if "weather" in prompt else "SELECT 1; SELECT 2"),
    )


def test_reasoning_stands_beside_the_content_and_counts_in_the_usage(thinker: Running) -> None:
    answer = thinker.openai().chat.completions.create(model="sql", messages=ASK)
    message: Any = answer.choices[0].message
    assert (message.content, message.reasoning_content) == ("SELECT 1", THOUGHT)
    assert answer.usage and answer.usage.completion_tokens_details
    thought = answer.usage.completion_tokens_details.reasoning_tokens
    assert thought and 5 < thought < answer.usage.completion_tokens


def test_a_stream_has_it_in_deltas_of_its_own(thinker: Running) -> None:
    deltas: list[Any] = []
    with thinker.openai().chat.completions.create(
        model="sql", messages=ASK, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    deltas = [c.choices[0].delta for c in chunks if c.choices]
    thoughts = [d.reasoning_content for d in deltas if getattr(d, "reasoning_content", None)]
    texts = [d.content for d in deltas if d.content]
    assert len(thoughts) > 3 and "".join(thoughts) == THOUGHT and "".join(texts) == "SELECT 1"
    order = [bool(d.content) for d in deltas if d.content or getattr(d, "reasoning_content", None)]
    assert order == sorted(order), "the answer comes behind the block"
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens_details


@pytest.mark.parametrize(
    ("model", "mode", "text", "apart"),
    [
        ("sql", "keep", f"{BLOCK}SELECT 1", THOUGHT),
        ("shown", None, f"{BLOCK}SELECT 1", THOUGHT),
        ("shown", "strip", "SELECT 1", THOUGHT),
        ("sql", "off", f"<think>\n{THOUGHT.partition(';')[0]}", None),
    ],
)
def test_the_call_goes_before_the_manifest(
    thinker: Running, model: str, mode: str | None, text: str, apart: str | None
) -> None:
    body = {"model": model, "messages": ASK} | ({"reasoning": mode} if mode else {})
    message = thinker.http().post("/v1/chat/completions", json=body).json()["choices"][0]["message"]
    assert (message["content"], message.get("reasoning_content")) == (text, apart)


def test_an_unknown_mode_is_refused(thinker: Running) -> None:
    body = {"model": "sql", "messages": ASK, "reasoning": "loudly"}
    assert thinker.http().post("/v1/chat/completions", json=body).status_code == 400


@pytest.mark.parametrize("mode", ["strip", "keep"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call_behind_a_block_is_one(thinker: Running, mode: str, stream: bool) -> None:
    asked: dict[str, Any] = {
        "model": "tools",
        "messages": ASK,
        "tools": [WEATHER],
        "extra_body": {"reasoning": mode},
    }
    client = thinker.openai()
    if not stream:
        choice = client.chat.completions.create(**asked).choices[0]
        (call,) = choice.message.tool_calls or []
        assert choice.finish_reason == "tool_calls" and call.function.name == "weather"  # type: ignore[union-attr]
        return
    with client.chat.completions.create(**asked, stream=True) as chunks:
        deltas = [c.choices[0].delta for c in chunks if c.choices]
    assert "".join(d.content or "" for d in deltas) == (BLOCK if mode == "keep" else "")
    assert [d.tool_calls[0].function.name for d in deltas if d.tool_calls] == ["weather"]  # type: ignore[union-attr]


def test_log_probabilities_are_the_contents(thinker: Running) -> None:
    """Of an engine that gives some; the fake one gives none, so the list is empty, not wrong."""
    choice = (
        thinker.openai()
        .chat.completions.create(model="sql", messages=ASK, logprobs=True)
        .choices[0]
    )
    assert choice.logprobs and choice.logprobs.content == []
