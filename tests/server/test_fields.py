"""Fields of a request: what is done, what is ignored by name, and what is refused."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from expertserve.server.fields import Fields
from expertserve.server.wire import ChatRequest
from tests.server.conftest import Running, Serve

ASK: Any = [{"role": "user", "content": "How many lighthouses are in Norway?"}]
ROUTE = "/v1/chat/completions"


def ask(server: Running, **fields: Any) -> httpx.Response:
    return server.http().post(ROUTE, json={"model": "sql", "messages": ASK, **fields})


def test_null_is_absence_everywhere(server: Running) -> None:
    names = {f.alias or n for n, f in ChatRequest.model_fields.items()}
    nulls = dict.fromkeys(names - {"model", "messages"})
    message = ASK[0] | dict.fromkeys(["name", "tool_calls", "refusal", "function_call"])
    response = ask(server, **nulls, messages=[message])
    assert response.status_code == 200, response.text
    assert "x-expertserve-ignored" not in response.headers
    nested = {
        "stream_options": None,
        "response_format": {"type": "json_schema", "schema": None, "json_schema": {"name": None, "schema": {"type": "object"}, "strict": None}},
        "tools": [{"type": "function", "function": {"name": "f", "description": None, "parameters": None}}],
    }  # fmt: skip
    assert ask(server, **nested).status_code == 200


def test_a_field_that_nobody_knows_is_ignored_by_name(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "expertserve.server"):
        logging.getLogger("expertserve").propagate = True
        for _ in range(2):
            response = ask(
                server, temprature=0, metadata={"a": "b"}, response_format={"type": "text", "x": 1}
            )
            told = response.headers["x-expertserve-ignored"].split(", ")
            assert response.status_code == 200
            assert told == ["temprature", "response_format.x", "metadata"]
    lines = [r for r in caplog.records if r.getMessage() == "field_ignored"]
    assert [r.facts["field"] for r in lines] == told  # type: ignore[attr-defined]
    odd = server.http().post(
        ROUTE, content=json.dumps({"model": "sql", "messages": ASK, "é\r\nx: y": 1}),
        headers={"content-type": "application/json"},
    )  # fmt: skip
    assert odd.status_code == 200 and "\n" not in odd.headers["x-expertserve-ignored"]


def test_a_strict_server_refuses_it_with_the_nearest_name(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, strict_fields=True)
    error = ask(server, temprature=0).json()["error"]
    assert error["code"] == "unknown_argument" and error["param"] == "temprature"
    assert error["hint"] == "did you mean temperature?"
    assert ask(server, response_format={"type": "text", "x": 1}).status_code == 400
    answered = ask(server, metadata={}, temperature=0)
    assert answered.status_code == 200 and answered.headers["x-expertserve-ignored"] == "metadata"


def test_what_vllms_clients_send_reaches_the_engine(server: Running) -> None:
    response = ask(
        server,
        presence_penalty=0.5, frequency_penalty=-0.5, logit_bias={"70": 5, "71": -100}, min_tokens=2,
        ignore_eos=True, stop_token_ids=[70], allowed_token_ids=[70, 71], bad_words=["DROP"],
        skip_special_tokens=False, include_stop_str_in_output=True, prompt_logprobs=1,
        cache_salt="mine", n_predict=9, repeat_penalty=1.2,
    )  # fmt: skip
    assert response.status_code == 200, response.text
    request = server.engine.requests[-1]
    sampling = request.sampling
    assert (sampling.presence_penalty, sampling.frequency_penalty) == (0.5, -0.5)
    assert dict(sampling.logit_bias) == {70: 5, 71: -100}
    assert (sampling.min_tokens, sampling.ignore_eos, sampling.max_tokens) == (2, True, 9)
    assert sampling.stop_token_ids == (70,), "the expert's own end nothing with ignore_eos"
    assert (sampling.allowed_token_ids, sampling.bad_words) == ((70, 71), ("DROP",))
    assert (sampling.skip_special_tokens, sampling.include_stop) == (False, True)
    assert (sampling.prompt_logprobs, sampling.repetition_penalty) == (1, 1.2)
    assert request.cache_salt == "mine"
    ask(server, stop_token_ids=[70])
    assert {70} < set(server.engine.requests[-1].sampling.stop_token_ids)


def test_a_benchmarks_wishes_give_way_to_a_grammar_by_name(server: Running) -> None:
    response = ask(server, ignore_eos=True, min_tokens=5, choice=["SELECT 1", "SELECT 2"])
    assert response.status_code == 200
    assert response.headers["x-expertserve-ignored"] == "ignore_eos, min_tokens"
    assert not server.engine.requests[-1].sampling.ignore_eos
    assert ask(server, bad_words=["x"], choice=["a"]).json()["error"]["code"] == "not_with_grammar"


SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
FORMS: list[dict[str, Any]] = [
    {"response_format": {"type": "json_object", "schema": SCHEMA}},
    {"response_format": {"type": "json_schema", "schema": SCHEMA}},
    {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
    {"json_schema": SCHEMA},
    {"guided_json": SCHEMA},
    {"guided_json": json.dumps(SCHEMA)},
    {"structured_outputs": {"json": SCHEMA}},
    {"structured_outputs": {"json": json.dumps(SCHEMA)}},
]


def test_every_place_for_a_schema_holds_the_same_one(server: Running) -> None:
    digests = set()
    for form in FORMS:
        response = ask(server, **form)
        assert response.status_code == 200, (form, response.text)
        constraint = server.engine.requests[-1].constraint
        assert constraint, form
        digests.add(constraint.digest)
    assert len(digests) == 1
    ask(server, response_format={"type": "json_object"})
    loose = server.engine.requests[-1].constraint
    assert loose and loose.digest not in digests


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"guided_regex": "SELECT [0-9]"}, {"regex": "SELECT [0-9]"}),
        ({"guided_choice": ["a", "b"]}, {"choice": ["a", "b"]}),
        ({"guided_grammar": 'root ::= "x"'}, {"grammar": 'root ::= "x"'}),
        ({"structured_outputs": {"regex": "SELECT [0-9]"}}, {"regex": "SELECT [0-9]"}),
        ({"structured_outputs": {"choice": ["a", "b"]}}, {"choice": ["a", "b"]}),
        ({"structured_outputs": {"grammar": 'root ::= "x"'}}, {"grammar": 'root ::= "x"'}),
        ({"structured_outputs": {"json_object": True}}, {"json_schema": {"type": "object"}}),
    ],
)
def test_vllms_names_for_a_grammar_mean_ours(
    server: Running, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    found = []
    for fields in (theirs, ours):
        assert ask(server, **fields).status_code == 200
        constraint = server.engine.requests[-1].constraint
        found.append(constraint and constraint.digest)
    assert found[0] == found[1] is not None


def test_null_and_an_empty_text_are_no_grammar_and_off_switches_it_off(
    serve: Serve, package: Any, tmp_path: Path
) -> None:
    own = package("own", training={"decoding": {"temperature": 0, "use_grammar": True, "grammar_type": "sql"}})  # fmt: skip
    server = serve({"sql": own})
    for absent in ("", None):
        ask(server, grammar=absent)
        assert server.engine.requests[-1].constraint is not None
    ask(server, grammar="off")
    assert server.engine.requests[-1].constraint is None
    ask(server, grammar="off", regex="SELECT [0-9]")
    assert server.engine.requests[-1].constraint is not None


def test_the_templates_variables_reach_it_and_the_others_are_named(
    serve: Serve, package: Any
) -> None:
    seen: list[str] = []
    server = serve({"sql": package("sql")}, lambda prompt: seen.append(prompt) or "x")  # type: ignore[func-returns-value]
    response = ask(server, chat_template_kwargs={"mood": "glad"}, reasoning_effort="high")
    told = set(response.headers["x-expertserve-ignored"].split(", "))
    assert told == {"chat_template_kwargs.mood", "reasoning_effort"}
    for form in (
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"reasoning_effort": "none"},
    ):
        response = ask(server, **form)
        assert response.status_code == 200 and "x-expertserve-ignored" not in response.headers
    assert ChatRequest.model_validate(
        {"model": "m", "messages": ASK, "reasoning_effort": "none"}
    ).args() == {"thinking": False}


def test_the_older_form_of_tools_is_answered_in_it(serve: Serve, package: Any) -> None:
    call = '{"name": "weather", "arguments": {"city": "Madrid"}}'
    server = serve({"sql": package("sql")}, lambda prompt: call)
    function = {"name": "weather", "parameters": {"type": "object"}}
    for wish in ({}, {"function_call": "auto"}, {"function_call": {"name": "weather"}}):
        choice = ask(server, functions=[function], **wish).json()["choices"][0]
        assert choice["finish_reason"] == "function_call" and choice["message"]["content"] is None
        assert choice["message"]["function_call"]["name"] == "weather"
        assert "tool_calls" not in choice["message"]
    assert server.engine.requests[-1].constraint is not None
    plain = ask(server, functions=[function], function_call="none").json()["choices"][0]
    assert plain["message"]["content"] == call
    turns = [
        *ASK,
        {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
        {"role": "function", "name": "weather", "content": "sunny"},
    ]  # fmt: skip
    assert ask(server, messages=turns).status_code == 200
    with server.http().stream(
        "POST", ROUTE, json={"model": "sql", "messages": ASK, "functions": [function], "stream": True}
    ) as stream:  # fmt: skip
        events = [json.loads(x[6:]) for x in stream.iter_lines() if x.startswith("data: {")]
    deltas = [e["choices"][0]["delta"] for e in events]
    assert any(d.get("function_call", {}).get("name") == "weather" for d in deltas)


def test_allowed_tools_narrow_the_tools(serve: Serve, package: Any) -> None:
    call = '{"name": "clock", "arguments": {}}'
    server = serve({"sql": package("sql")}, lambda prompt: call)
    tools = [{"type": "function", "function": {"name": n}} for n in ("weather", "clock")]
    some = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": tools[:1]}}
    ask(server, tools=tools, tool_choice=some)
    first = server.engine.requests[-1].constraint
    ask(server, tools=tools[:1], tool_choice="required")
    second = server.engine.requests[-1].constraint
    assert first and second and first.digest == second.digest
    wrong = ask(server, tools=tools, tool_choice={"type": "function", "function": {"name": "no"}})
    assert wrong.status_code == 400 and "clock" in wrong.json()["error"]["hint"]
    custom = ask(server, tools=[{"type": "custom", "custom": {"name": "x"}}])
    assert custom.json()["error"]["code"] == "unsupported_tool"


def test_a_begun_answer_goes_on_and_is_echoed_where_that_is_asked_for(
    serve: Serve, package: Any
) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: "COUNT(*)")
    turns = [*ASK, {"role": "assistant", "content": "SELECT "}]
    told = {"messages": turns, "continue_final_message": True, "add_generation_prompt": False}
    assert ask(server, **told).json()["choices"][0]["message"]["content"] == "COUNT(*)"
    echoed = ask(server, **told, echo=True).json()["choices"][0]["message"]["content"]
    assert echoed == "SELECT COUNT(*)"
    both = ask(server, messages=turns, continue_final_message=True, add_generation_prompt=True)
    assert both.status_code == 400
    client = server.openai()
    stream = client.chat.completions.create(
        model="sql", messages=turns, stream=True, extra_body={"continue_final_message": True, "echo": True},
    )  # type: ignore[call-overload]  # fmt: skip
    assert "".join(c.choices[0].delta.content or "" for c in stream) == "SELECT COUNT(*)"


def test_tokens_are_shown_where_they_are_asked_for(server: Running) -> None:
    made = ask(server, return_token_ids=True).json()
    assert made["prompt_token_ids"] == list(server.engine.requests[-1].prompt_token_ids)
    assert len(made["choices"][0]["token_ids"]) == made["usage"]["completion_tokens"]
    stream = server.openai().chat.completions.create(
        model="sql", messages=ASK, stream=True, extra_body={"return_token_ids": True}
    )
    chunks = list(stream)
    assert chunks[0].prompt_token_ids == made["prompt_token_ids"]  # type: ignore[attr-defined]
    ids = [t for c in chunks for t in getattr(c.choices[0], "token_ids", None) or ()]
    assert ids == made["choices"][0]["token_ids"]


def test_usage_can_come_with_every_event(server: Running) -> None:
    options: Any = {"include_usage": True, "continuous_usage_stats": True}
    chunks = list(
        server.openai().chat.completions.create(
            model="sql", messages=ASK, stream=True, stream_options=options
        )
    )
    counts = [c.usage.completion_tokens for c in chunks if c.usage]
    assert len(counts) == len(chunks) and counts == sorted(counts) and counts[0] == 0
    assert counts[-1] == counts[-2] > 3


def test_every_field_has_a_sentence() -> None:
    undescribed = [n for n, f in ChatRequest.model_fields.items() if not f.description]
    assert undescribed == []


def test_other_sites_fields_are_not_both_ignored_and_known() -> None:
    for kind in (Fields, ChatRequest):
        known = {f.alias or n for n, f in kind.model_fields.items()}
        assert not known & set(kind.refuses) and set(kind.ignores) & known <= {"user"}


@pytest.mark.parametrize("kind", ["image_url", "input_image", "input_audio", "file", "video_url"])
def test_media_are_refused_in_the_users_words(server: Running, kind: str) -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": kind, kind: {"url": "data:,"}}]
    with pytest.raises(openai.BadRequestError, match="was sent; this model reads text") as caught:
        server.openai().chat.completions.create(
            model="sql",
            messages=[{"role": "user", "content": content}],  # type: ignore[list-item,misc]
        )
    assert caught.value.param == "messages.0.content"


def test_values_of_an_answer_are_spans_of_what_the_user_said(server: Running) -> None:
    schema = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}
    bodies: list[dict[str, Any]] = [
        {"ground": "values", "json_schema": schema},
        {
            "response_format": {
                "type": "json_schema",
                "schema": {
                    **schema,
                    "properties": {"who": {"type": "string", "x-source": True}},
                },
            }
        },
        {"grammar": 'root ::= "\\"" <source:json> "\\""'},
    ]
    for body in bodies:
        response = ask(server, messages=[{"role": "user", "content": "Ask Ms Delgado"}], **body)
        assert response.status_code == 200, response.text
        constraint = server.engine.requests[-1].constraint
        assert constraint and constraint.source == "Ask Ms Delgado" and constraint.marks
    refused = ask(server, ground="values", choice=["a"]).json()["error"]
    assert refused["code"] == "no_ground_rules"
    assert ask(server, ground="yes").status_code == 400
