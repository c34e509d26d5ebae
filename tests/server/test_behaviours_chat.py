"""What the servers of vLLM and llama.cpp promise of `/v1/chat/completions`, in our own words."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import httpx
import pytest

from tests.server.conftest import Running, events_of

ROUTE = "/v1/chat/completions"
ASK = [{"role": "user", "content": "say two and two are four"}]
CALL = '{"name": "weather", "arguments": {"city": "Oslo"}}'
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def post(server: Running, **body: Any) -> httpx.Response:
    return server.http().post(ROUTE, json={"model": "sql", "messages": ASK, **body})


def made(server: Running, **body: Any) -> Any:
    response = post(server, **body)
    assert response.status_code == 200, response.text
    return response.json()


def refused(server: Running, **body: Any) -> Any:
    response = post(server, **body)
    assert response.status_code == 400, response.text
    return response.json()["error"]


def deltas(server: Running, **body: Any) -> list[Any]:
    events = events_of(server, ROUTE, **{"messages": ASK, **body})
    return [e["choices"][0] for e in events if e["choices"]]


# ── answers ─────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_an_assistants_message(steady: Running) -> None:
    found = made(steady, max_completion_tokens=90)
    (choice,) = found["choices"]
    assert found["id"].startswith("chatcmpl-") and found["object"] == "chat.completion"
    assert choice["message"]["role"] == "assistant" and choice["index"] == 0
    assert choice["message"]["content"] == "two and two are four"
    assert choice["finish_reason"] == "stop" and choice["logprobs"] is None


def test_the_newer_bound_goes_before_the_older(steady: Running) -> None:
    found = made(steady, max_completion_tokens=2, max_tokens=9)
    assert found["usage"]["completion_tokens"] == 2
    assert found["choices"][0]["finish_reason"] == "length"


def test_a_conversation_goes_on(steady: Running) -> None:
    first = made(steady)
    turns = [
        {"role": "system", "content": "be brief"}, *ASK, first["choices"][0]["message"],
        {"role": "user", "content": "say it again"},
    ]  # fmt: skip
    second = made(steady, messages=turns)
    assert second["choices"][0]["message"]["content"] == "it again"
    assert second["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]


def test_parts_are_read_as_one_text(steady: Running) -> None:
    made(steady)
    whole = steady.engine.requests[-1].prompt_token_ids
    parts = [{"type": "text", "text": "say two and "}, {"type": "text", "text": "two are four"}]
    made(steady, messages=[{"role": "user", "content": parts}])
    assert steady.engine.requests[-1].prompt_token_ids == whole


def test_developer_is_another_word_for_system(steady: Running) -> None:
    prompts = []
    for role in ("system", "developer"):
        made(steady, messages=[{"role": role, "content": "be brief"}, *ASK])
        prompts.append(steady.engine.requests[-1].prompt_token_ids)
    assert prompts[0] == prompts[1]


def test_fields_that_messages_grow_are_no_error(steady: Running) -> None:
    assert made(steady, messages=[ASK[0] | {"extra_field": "0", "name": "me"}])["choices"]


def test_several_answers_whole_and_streamed(steady: Running) -> None:
    wish = {"n": 3, "temperature": 0.7, "seed": 42}
    assert [c["index"] for c in made(steady, **wish)["choices"]] == [0, 1, 2]
    texts: dict[int, str] = defaultdict(str)
    for choice in deltas(steady, **wish):
        texts[choice["index"]] += choice["delta"].get("content") or ""
    assert dict(texts) == dict.fromkeys(range(3), "two and two are four")
    assert len(made(steady, n=1)["choices"]) == 1


def test_a_begun_answer_may_come_in_parts(steady: Running) -> None:
    prompts = []
    for begun in ("Whill", [{"type": "text", "text": "Wh"}, {"type": "text", "text": "ill"}]):
        turns = [*ASK, {"role": "assistant", "content": begun}]
        made(steady, messages=turns, continue_final_message=True, add_generation_prompt=False)
        prompts.append(steady.engine.requests[-1].prompt_token_ids)
    assert prompts[0] == prompts[1]
    ids = steady.http().post("/detokenize", json={"tokens": list(prompts[0])}).json()
    assert ids["prompt"].endswith("Whill")


# ── streams ─────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_begins_with_the_role_and_ends_with_the_reason(steady: Running) -> None:
    found = deltas(steady)
    assert found[0]["delta"]["role"] == "assistant" and not found[0]["delta"]["content"]
    assert all("role" not in c["delta"] for c in found[1:])
    ends = [c["finish_reason"] for c in found]
    assert ends[-1] == "stop" and not any(ends[:-1])
    assert "content" not in found[-1]["delta"]
    text = "".join(c["delta"].get("content") or "" for c in found)
    assert text == "two and two are four"


def test_every_event_has_the_answers_id_and_model(steady: Running) -> None:
    events = events_of(steady, ROUTE, messages=ASK, stream_options={"include_usage": True})
    assert {(e["id"], e["model"], e["object"]) for e in events} == {
        (events[0]["id"], "sql", "chat.completion.chunk")
    }
    assert events[-1]["choices"] == [] and events[-1]["usage"]["completion_tokens"] > 5


def test_a_stream_that_is_refused_has_its_status(steady: Running) -> None:
    long = [{"role": "user", "content": "What is the best book? " * 2000}]
    whole, streamed = refused(steady, messages=long), refused(steady, messages=long, stream=True)
    assert whole == streamed and whole["code"] == "context_length_exceeded"
    assert "maximum context length is" in whole["message"]


# ── log-probabilities, ids, biases ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("wanted", [0, 1, 5])
def test_as_many_alternatives_as_were_asked_for(steady: Running, wanted: int) -> None:
    content = made(steady, logprobs=True, top_logprobs=wanted)["choices"][0]["logprobs"]["content"]
    assert all(len(t["top_logprobs"]) == wanted for t in content)
    assert all(-9999 <= t["logprob"] <= 0 and t["bytes"] for t in content)


def test_log_probabilities_spell_the_answer_whole_and_streamed(steady: Running) -> None:
    choice = made(steady, logprobs=True, top_logprobs=2)["choices"][0]
    spelt = "".join(t["token"] for t in choice["logprobs"]["content"])
    assert spelt == choice["message"]["content"]
    found = deltas(steady, logprobs=True, top_logprobs=2)
    tokens = [t for c in found if c["logprobs"] for t in c["logprobs"]["content"]]
    assert "".join(t["token"] for t in tokens) == spelt
    for choice in found[1:-1]:
        assert choice["logprobs"]["content"], "every piece has its own"


@pytest.mark.parametrize(
    "wish",
    [
        {"logprobs": True, "top_logprobs": 21},
        {"logprobs": True, "top_logprobs": 30, "stream": True},
        {"top_logprobs": 2},
        {"prompt_logprobs": -1},
        {"logprobs": "many"},
    ],
)
def test_wrong_wishes_for_log_probabilities_are_refused(steady: Running, wish: Any) -> None:
    assert refused(steady, **wish)["param"] in wish
    assert made(steady)["choices"]


def test_a_prompts_scores_have_as_many_others_as_asked(steady: Running) -> None:
    sizes = []
    for wanted in (0, 1, 2):
        scores = made(steady, prompt_logprobs=wanted)["prompt_logprobs"]
        assert scores[0] is None
        sizes.append(len(scores[3]))
    assert sizes == [1, 1, 2] and made(steady).get("prompt_logprobs") is None


def test_a_bias_may_name_any_token_of_the_model_and_no_other(steady: Running) -> None:
    last = steady.http().post("/detokenize", json={"tokens": [10**6]}).json()["error"]["message"]
    known = int(last.rpartition(" ")[2].rstrip("."))
    assert made(steady, logit_bias={str(known): 1.0})["choices"]
    for field in ("logit_bias", "stop_token_ids", "allowed_token_ids"):
        beyond = {str(known + 1): 1.0} if field == "logit_bias" else [known + 1]
        error = refused(steady, **{field: beyond})
        assert str(known + 1) in error["message"] and str(known) in error["message"]
        assert field in error["message"]


def test_wrong_biases_are_all_named(steady: Running) -> None:
    error = refused(steady, logit_bias={"bad1": 50.0, "5": 1, "bad2": 20.0})
    assert "bad1" in error["message"] and "bad2" in error["message"]
    assert error["param"] == "logit_bias"
    assert "logit_bias" in refused(steady, logit_bias={"1": "much"})["message"]
    assert "logit_bias" in refused(steady, logit_bias={"1": 101})["message"]


def test_the_first_event_alone_has_the_prompts_ids(steady: Running) -> None:
    events = events_of(steady, ROUTE, messages=ASK, return_token_ids=True)
    assert events[0]["prompt_token_ids"] == list(steady.engine.requests[-1].prompt_token_ids)
    assert not any("prompt_token_ids" in e for e in events[1:])
    ids = [t for e in events for t in e["choices"][0].get("token_ids") or ()]
    assert made(steady, return_token_ids=True)["choices"][0]["token_ids"] == ids
    assert "token_ids" not in made(steady)["choices"][0]


@pytest.mark.parametrize("seed", [-(1 << 63) - 1, 1 << 63])
def test_a_seed_has_64_bits(steady: Running, seed: int) -> None:
    assert "seed" in refused(steady, seed=seed)["message"]
    assert made(steady, seed=(1 << 63) - 1)["choices"]


# ── structured output ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "format",
    [
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_object", "schema": {"const": "42"}},
        {"type": "json_object", "schema": {"items": {"type": "integer"}}},
        {"type": "json_schema", "json_schema": {"schema": {"const": "foooooo"}}},
    ],
)
def test_every_form_of_a_format_is_taken(steady: Running, format: Any) -> None:
    assert made(steady, response_format=format)["choices"]
    constraint = steady.engine.requests[-1].constraint
    assert (constraint is None) == (format["type"] == "text")


@pytest.mark.parametrize(
    "format",
    [
        {"type": "sound"},
        {"type": "json_object", "schema": 123},
        {"type": "json_object", "schema": {"type": 123}},
        {"type": "json_object", "schema": {"type": "hiccup"}},
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"name": "x"}},
        "json",
    ],
)
def test_a_format_that_is_none_is_refused(steady: Running, format: Any) -> None:
    assert refused(steady, response_format=format)["message"]


@pytest.mark.parametrize(
    "wish",
    [
        {"structured_outputs": {"choice": ["a", "b"], "regex": "a"}},
        {"structured_outputs": {"json": {"type": "object"}}, "grammar": 'root ::= "x"'},
        {"response_format": {"type": "json_object"}, "regex": "a"},
    ],
)
def test_two_grammars_at_once_are_refused(steady: Running, wish: Any) -> None:
    assert refused(steady, **wish)["code"] == "bad_argument"


# ── tools ───────────────────────────────────────────────────────────────────────────────────────

CALLING = [{"role": "user", "content": f"say {CALL}"}]


@pytest.mark.parametrize("choice", ["required", "auto", TOOL, None])
def test_a_call_has_no_text_beside_it(steady: Running, choice: Any) -> None:
    (found,) = made(steady, messages=CALLING, tools=[TOOL], tool_choice=choice)["choices"]
    assert found["finish_reason"] == "tool_calls" and not found["message"]["content"]
    (call,) = found["message"]["tool_calls"]
    assert call["type"] == "function" and call["id"] and call["function"]["name"] == "weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}


def test_a_streamed_call_has_an_index_and_its_arguments_add_up(steady: Running) -> None:
    found = deltas(steady, messages=CALLING, tools=[TOOL])
    calls = [c for d in found for c in d["delta"].get("tool_calls") or ()]
    assert {c["index"] for c in calls} == {0} and calls[0]["id"]
    arguments = "".join(c["function"].get("arguments") or "" for c in calls)
    assert json.loads(arguments) == {"city": "Oslo"}
    assert found[-1]["finish_reason"] == "tool_calls"
    assert not any(d["delta"].get("content") for d in found)


@pytest.mark.parametrize("wish", [{}, {"tools": []}, {"tools": [TOOL], "tool_choice": "none"}])
def test_without_tools_what_looks_like_a_call_is_text(steady: Running, wish: Any) -> None:
    for content in (
        made(steady, messages=CALLING, **wish)["choices"][0]["message"]["content"],
        "".join(d["delta"].get("content") or "" for d in deltas(steady, messages=CALLING, **wish)),
    ):
        assert content == CALL


def test_a_null_choice_is_none_made(steady: Running) -> None:
    made(steady, tools=[TOOL])
    absent = steady.engine.requests[-1]
    made(steady, tools=[TOOL], tool_choice=None)
    assert steady.engine.requests[-1].prompt_token_ids == absent.prompt_token_ids
    outputs = {"json": {"type": "object"}}
    assert made(steady, structured_outputs=outputs, tool_choice=None)["choices"]


@pytest.mark.parametrize(
    "wish",
    [
        {"tool_choice": "bogus", "tools": [TOOL]},
        {"tool_choice": "required"},
        {"tool_choice": {"type": "function", "function": {"name": "nothing"}}, "tools": [TOOL]},
        {"tool_choice": {"type": "function"}, "tools": [TOOL]},
        {"tools": [{"type": "function"}]},
        {"tools": [{"type": "function", "function": {"name": "a b"}}]},
        {"tools": "weather"},
    ],
)
def test_a_choice_that_can_not_be_made_is_refused(steady: Running, wish: Any) -> None:
    assert refused(steady, **wish)["param"]


def test_results_of_calls_are_read_as_texts_and_as_parts(steady: Running) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    prompts = []
    for result in ("sunny", [{"type": "text", "text": "sunny"}]):
        turns = [
            *ASK, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": result},
        ]  # fmt: skip
        made(steady, messages=turns, tools=[TOOL])
        prompts.append(steady.engine.requests[-1].prompt_token_ids)
    assert prompts[0] == prompts[1]


# ── what is no request ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", ["text", ["not", "an", "object"], 42, None, True, {}])
def test_a_body_that_is_no_object_is_refused(steady: Running, body: Any) -> None:
    response = steady.http().post(ROUTE, json=body)
    assert response.status_code == 400 and response.json()["error"]["message"]


@pytest.mark.parametrize(
    "messages",
    [
        None, "string", [], [123], [{}], [{"role": 123}], [{"role": "system", "content": 123}],
        [{"content": "hello"}], [{"role": "system", "content": "test"}, {}],
        [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}],
        [{"role": "user", "content": [{"text": 5}]}],
    ],
)  # fmt: skip
def test_messages_that_are_none_are_refused(steady: Running, messages: Any) -> None:
    assert refused(steady, messages=messages)["param"].startswith("messages")


def test_an_empty_salt_is_refused(steady: Running) -> None:
    assert refused(steady, cache_salt="")["param"] == "cache_salt"
