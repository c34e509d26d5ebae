"""The server over the real engine: the demo expert, asked by OpenAI's client."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from expertserve import Expert, ExpertManager
from tests.conftest import SCHEMA
from tests.server.conftest import until

pytestmark = pytest.mark.engine
ASK: Any = [{"role": "user", "content": "How many lighthouses are in Norway?"}]


@pytest.fixture
def client(real_client: openai.OpenAI) -> openai.OpenAI:
    return real_client


def test_the_server_says_what_the_library_says(client: openai.OpenAI, engine: Expert) -> None:
    alone = engine.generate("How many lighthouses are in Norway?", schema=SCHEMA, temperature=0)
    body = {"schema": SCHEMA}
    whole = client.chat.completions.create(
        model="expert", messages=ASK, temperature=0, extra_body=body
    )
    stream = client.chat.completions.create(
        model="expert", messages=ASK, temperature=0, extra_body=body, stream=True
    )
    assert whole.choices[0].message.content == alone.text
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == alone.text
    assert whole.expertserve["expert"]["digest"] == alone.expert.digest  # type: ignore[attr-defined]


def test_logprobs_add_up_to_the_text(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="expert", messages=ASK, logprobs=True, top_logprobs=3, max_tokens=64, temperature=0
    )
    choice = answer.choices[0]
    content = choice.logprobs.content or []  # type: ignore[union-attr]
    assert choice.finish_reason == "stop" and choice.message.content
    assert all(t.logprob <= 0 and len(t.top_logprobs) == 3 for t in content)
    assert (
        b"".join(bytes(t.bytes or []) for t in content).decode().startswith(choice.message.content)
    )


def test_an_ending_that_we_wrote_has_no_logprobs(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="expert", messages=ASK, logprobs=True, max_tokens=12, temperature=0
    )
    choice = answer.choices[0]
    written = b"".join(bytes(t.bytes or []) for t in choice.logprobs.content or []).decode()  # type: ignore[union-attr]
    assert choice.finish_reason == "length" and choice.message.content
    assert choice.message.content.startswith(written)


def test_a_required_tool_is_called_whatever_the_model_would_rather_say(
    client: openai.OpenAI,
) -> None:
    parameters = {
        "type": "object",
        "properties": {"metric": {"type": "boolean"}},
        "required": ["metric"],
        "additionalProperties": False,
    }
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": parameters}}
    answer = client.chat.completions.create(
        model="expert", messages=ASK, tools=[tool], tool_choice="required", max_tokens=64
    )
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.function.name == "weather" and call.function.arguments in (
        '{"metric": true}',
        '{"metric": false}',
    )  # type: ignore[union-attr]


def test_a_closed_stream_frees_the_engine(client: openai.OpenAI, manager: ExpertManager) -> None:
    stream = client.chat.completions.create(
        model="expert",
        messages=ASK,
        stream=True,
        max_tokens=400,
        stop=["\x00"],
        extra_body={"grammar": "off"},
    )
    next(iter(stream))
    stream.close()
    until(lambda: manager.info().running == 0, 10)
