"""Tools, as OpenAI's own client sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from expertserve.grammar import terms
from expertserve.server.tools import Tool, schema_of
from tests.server.conftest import Running, Serve
from tests.server.test_chat import ASK

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}

CLOCK: Any = {"type": "function", "function": {"name": "clock"}}
CALL = '{"name": "weather", "arguments": {"city": "Madrid"}}'


@pytest.fixture
def caller(serve: Serve, package: Any) -> Running:
    return serve({"tools": package("tools")}, lambda prompt: CALL)


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "weather"}}, "auto"]
)
def test_a_tool_call_comes_back_as_one(caller: Running, choice: Any) -> None:
    answer = caller.openai().chat.completions.create(
        model="tools", messages=ASK, tools=[WEATHER, CLOCK], tool_choice=choice
    )
    assert (
        answer.choices[0].finish_reason == "tool_calls"
        and answer.choices[0].message.content is None
    )
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.function.name == "weather" and json.loads(call.function.arguments) == {
        "city": "Madrid"
    }  # type: ignore[union-attr]
    assert (caller.engine.requests[-1].constraint is None) == (choice == "auto")


@pytest.mark.parametrize("choice", ["required", "auto"])
def test_a_streamed_tool_call_is_never_shown_as_text(caller: Running, choice: Any) -> None:
    with caller.openai().chat.completions.stream(
        model="tools", messages=ASK, tools=[WEATHER], tool_choice=choice
    ) as stream:
        texts = [e for e in stream if e.type == "content.delta"]
        final = stream.get_final_completion()
    assert not texts
    (call,) = final.choices[0].message.tool_calls or []
    assert (
        call.function.arguments == '{"city": "Madrid"}'
        and final.choices[0].finish_reason == "tool_calls"
    )


def test_tools_are_described_unless_none_may_be_called(serve: Serve, package: Any) -> None:
    seen: list[str] = []
    server = serve({"t": package("t")}, lambda prompt: seen.append(prompt) or "Just { text")  # type: ignore[func-returns-value]
    client = server.openai()
    answer = client.chat.completions.create(model="t", messages=ASK, tools=[WEATHER])
    assert (
        "The weather of a city" in seen[-1] and answer.choices[0].message.content == "Just { text"
    )
    client.chat.completions.create(model="t", messages=ASK, tools=[WEATHER], tool_choice="none")
    assert "The weather of a city" not in seen[-1]
    stream = client.chat.completions.create(model="t", messages=ASK, tools=[WEATHER], stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream) == "Just { text"


def test_an_answer_whose_name_is_no_text_is_no_call(serve: Serve, package: Any) -> None:
    text = '{"name": {"type": "string"}}'
    client = serve({"t": package("t")}, lambda prompt: text).openai()
    assert (
        client.chat.completions.create(model="t", messages=ASK, tools=[WEATHER])
        .choices[0]
        .message.content
        == text
    )
    stream = client.chat.completions.create(model="t", messages=ASK, tools=[WEATHER], stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == text


def test_what_tools_refer_to_in_themselves_is_found() -> None:
    node = {
        "type": "object",
        "properties": {"v": {"type": "integer"}, "child": {"$ref": "#"}},
        "required": ["v"],
    }
    pair = {
        "type": "object",
        "properties": {"x": {"type": "string", "maxLength": 2}, "y": {"$ref": "#/properties/x"}},
        "required": ["y"],
    }
    user = {
        "$defs": {"U": {"type": "null"}},
        "type": "object",
        "properties": {"u": {"$ref": "#/$defs/U"}},
        "required": ["u"],
    }
    other = {
        "$defs": {"U": {"type": "boolean"}},
        "type": "object",
        "properties": {"u": {"$ref": "#/$defs/U"}},
        "required": ["u"],
    }
    found = {"node": node, "pair": pair, "user": user, "other": other, "none": {}}
    grammar = terms.from_json_schema(
        schema_of([Tool(name, "", schema) for name, schema in found.items()])
    )
    right = [
        ("node", '{"v": 1, "child": {"v": 2}}'),
        ("pair", '{"y": "ab"}'),
        ("user", '{"u": null}'),
        ("other", '{"u": true}'),
        ("none", "{}"),
    ]
    wrong = [
        ("node", '{"v": 1, "child": {"name": "node", "arguments": {"v": 2}}}'),
        ("pair", '{"y": "abc"}'),
        ("user", '{"u": true}'),
        ("none", "1"),
    ]
    for name, arguments in right + wrong:
        assert grammar.accepts(f'{{"name": "{name}", "arguments": {arguments}}}') == (
            (name, arguments) in right
        ), (name, arguments)


def test_a_conversation_with_tool_results_goes_on(caller: Running) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turns: Any = [
        *ASK,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "sunny"},
    ]
    assert (
        caller.openai()
        .chat.completions.create(model="tools", messages=turns)
        .choices[0]
        .message.content
        == CALL
    )
