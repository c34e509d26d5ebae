"""What the servers of vLLM and llama.cpp promise of their other routes, in our own words."""

from __future__ import annotations

import concurrent.futures
import json
from typing import Any

import httpx
import openai
import pytest

from tests.server.conftest import Running, Serve, events_of, keys_file, until

ASK = [{"role": "user", "content": "say hello"}]
CALL = '{"name": "weather", "arguments": {"location": "Paris"}}'
TOOL = {
    "name": "weather",
    "description": "The weather of a place",
    "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}},
}


def post(server: Running, route: str, **body: Any) -> httpx.Response:
    return server.http().post(route, json={"model": "sql", **body})


# ── the server ──────────────────────────────────────────────────────────────────────────────────


def test_health_and_version_are_told(steady: Running) -> None:
    assert steady.http().get("/health").status_code == 200
    assert set(steady.http().get("/version").json()) == {"version"}


def test_models_are_listed_under_the_names_that_requests_use(steady: Running) -> None:
    found = steady.http().get("/v1/models").json()
    assert found["object"] == "list" and "sql" in [m["id"] for m in found["data"]]
    for model in found["data"]:
        assert model["object"] == "model" and model["owned_by"]
        assert post(steady, "/v1/chat/completions", model=model["id"], messages=ASK)


def test_a_model_that_is_not_there_is_a_404_in_every_api(steady: Running) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": ASK},
        "/v1/completions": {"prompt": "x"},
        "/v1/responses": {"input": "x"},
        "/v1/messages": {"messages": ASK, "max_tokens": 9},
        "/api/chat": {"messages": ASK},
        "/tokenize": {"prompt": "x"},
    }
    for route, body in bodies.items():
        response = post(steady, route, **body | {"model": "nobody"})
        assert response.status_code == 404 and "nobody" in response.text, route


def test_clients_that_give_up_leave_nothing_running(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: "word " * 400, delay=0.02)

    def give_up(number: int) -> None:
        body = {"model": "sql", "messages": ASK, "max_tokens": 400}
        with pytest.raises(httpx.TimeoutException):
            httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=0.5)

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        list(pool.map(give_up, range(40)))
    engine = server.engine
    until(
        lambda: server.parts.limits.pending == 0 and len(engine.aborted) == len(engine.requests), 20
    )
    assert engine.requests, "some of them were begun"
    again = post(server, "/v1/chat/completions", messages=ASK, max_tokens=2)
    assert again.status_code == 200


def test_a_load_is_told_while_it_lasts(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: "a b c d e f", delay=0.1)
    assert "expertserve_pending 0.0" in server.http().get("/metrics").text
    stream = server.openai().chat.completions.create(model="sql", messages=ASK, stream=True)  # type: ignore[arg-type]
    next(iter(stream))
    assert "expertserve_pending 1.0" in server.http().get("/metrics").text
    list(stream)
    assert "expertserve_pending 0.0" in server.http().get("/metrics").text


# ── keys ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def guarded(serve: Serve, package: Any, tmp_path: Any) -> Running:
    return serve({"sql": package("sql")}, keys=keys_file(tmp_path / "keys.toml", me={}))


@pytest.mark.parametrize("path", ["/health", "/", "/docs", "/static/playground.js"])
def test_pages_and_health_need_no_key(guarded: Running, path: str) -> None:
    assert guarded.http().get(path).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"x-api-key": "wrong"}])
@pytest.mark.parametrize("route", ["/v1/completions", "/v1/messages", "/v1/responses", "/tokenize"])
def test_a_wrong_key_is_an_authentication_error(
    guarded: Running, headers: dict[str, str], route: str
) -> None:
    body = {"model": "sql", "prompt": "x"}
    response = httpx.post(guarded.url + route, json=body, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"


@pytest.mark.parametrize(
    "headers", [{"authorization": "Bearer me-secret"}, {"x-api-key": "me-secret"}]
)
def test_a_key_is_taken_in_either_header(guarded: Running, headers: dict[str, str]) -> None:
    body = {"model": "sql", "prompt": "x"}
    assert httpx.post(f"{guarded.url}/v1/completions", json=body, headers=headers).is_success


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("field", ["content", "prompt"])
def test_a_text_comes_back_from_its_tokens(steady: Running, field: str) -> None:
    text = "What is the capital of France ? 媽 🤗"
    found = post(steady, "/tokenize", **{field: text}).json()
    assert found["count"] == len(found["tokens"]) > 5 and found["max_model_len"] > found["count"]
    back = post(steady, "/detokenize", tokens=found["tokens"]).json()
    assert back["content"] == back["prompt"] == text


def test_tokens_come_with_their_pieces(steady: Running) -> None:
    text = "This is a test with 媽 and 🤗"
    pieces = post(steady, "/tokenize", content=text, with_pieces=True).json()["tokens"]
    assert all(p["id"] >= 0 and p["piece"] for p in pieces)
    named = post(steady, "/tokenize", prompt=text, return_token_strs=True).json()
    assert named["token_strs"] == [p["piece"] for p in pieces]
    assert named["tokens"] == [p["id"] for p in pieces]


def test_a_conversations_tokens_are_those_that_an_answer_reads(steady: Running) -> None:
    function = {"name": "weather", "parameters": {"type": "object"}}
    tools = [{"type": "function", "function": function}]
    for more in ({}, {"tools": tools}, {"add_generation_prompt": False}):
        counted = post(steady, "/tokenize", messages=ASK, **more).json()
        post(steady, "/v1/chat/completions", messages=ASK, **more)
        assert counted["tokens"] == list(steady.engine.requests[-1].prompt_token_ids), more


# ── responses ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "input",
    [
        "say hello",
        [{"role": "user", "content": "say hello"}],
        [{"role": "user", "content": [{"type": "input_text", "text": "say hello"}]}],
        [{"role": "system", "content": "be kind"}, {"role": "user", "content": "say hello"}],
        [
            {"role": "user", "content": "x"}, {"role": "assistant", "content": "y"},
            {"role": "user", "content": "say hello"},
        ],
    ],
)  # fmt: skip
def test_an_input_is_a_text_or_turns(steady: Running, input: Any) -> None:
    made = steady.openai().responses.create(model="sql", input=input)
    assert made.output_text == "hello" and made.status == "completed"
    assert (
        made.id.startswith("resp_") and made.output[0].id and made.output[0].id.startswith("msg_")
    )


def test_every_event_names_the_item_that_it_is_about(steady: Running) -> None:
    events = list(steady.openai().responses.create(model="sql", input="say hello", stream=True))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    response, items = events[-1].response, set()
    for event in events:
        if hasattr(event, "response"):
            assert event.response.id == response.id
        if hasattr(event, "item_id"):
            items.add(event.item_id)
    assert items == {response.output[0].id}
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text == response.output_text == "hello"


@pytest.mark.parametrize(
    ("format", "status"),
    [
        ({"type": "json_schema", "name": "test", "schema": {"const": "hello"}}, 200),
        ({"type": "json_object"}, 200),
        ({"type": "text"}, 200),
        ({"type": "json_schema", "name": "test"}, 400),
        ({"type": "xml"}, 400),
    ],
)
def test_the_form_of_a_response(steady: Running, format: Any, status: int) -> None:
    made = post(steady, "/v1/responses", input="say hello", text={"format": format})
    assert made.status_code == status, made.text
    if status == 200:
        assert (steady.engine.requests[-1].constraint is None) == (format["type"] == "text")
    else:
        assert made.json()["error"]["message"]


def test_a_response_has_log_probabilities_on_demand(steady: Running) -> None:
    made = steady.openai().responses.create(
        model="sql", input="say hello", include=["message.output_text.logprobs"], top_logprobs=5
    )
    (part,) = made.output[0].content  # type: ignore[union-attr]
    assert part.logprobs and all(len(t.top_logprobs) == 5 for t in part.logprobs)  # type: ignore[union-attr]


def test_a_response_is_kept_unless_it_must_not_be(steady: Running) -> None:
    client = steady.openai()
    kept = client.responses.create(model="sql", input="say hello")
    assert client.responses.retrieve(kept.id).output_text == "hello"
    unkept = client.responses.create(model="sql", input="say hello", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(unkept.id)


def test_two_responses_may_follow_the_same_one(steady: Running) -> None:
    client = steady.openai()
    first = client.responses.create(model="sql", input="I am John.", instructions="be brief")
    prompts = []
    for said in ("No, Mark.", "No, Anna."):
        client.responses.create(model="sql", input=said, previous_response_id=first.id)
        ids = list(steady.engine.requests[-1].prompt_token_ids)
        prompts.append(post(steady, "/detokenize", tokens=ids).json()["prompt"])
    assert all("John" in p and "be brief" not in p for p in prompts)
    assert "Anna" not in prompts[0] and "Mark" not in prompts[1]


def test_an_answer_in_the_background_is_refused_by_name(steady: Running) -> None:
    error = post(steady, "/v1/responses", input="x", background=True).json()["error"]
    assert error["param"] == "background" and "stream" in error["message"]


# ── messages ────────────────────────────────────────────────────────────────────────────────────

MESSAGES = "/v1/messages"


def message(server: Running, **body: Any) -> Any:
    response = post(server, MESSAGES, **{"messages": ASK, "max_tokens": 90, **body})
    assert response.status_code == 200, response.text
    return response.json()


def test_a_message_has_blocks_and_counts(steady: Running) -> None:
    made = message(steady)
    assert (made["type"], made["role"]) == ("message", "assistant")
    assert made["content"] == [{"type": "text", "text": "hello"}]
    assert made["stop_reason"] == "end_turn" and "choices" not in made and "object" not in made
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens")
    assert all(isinstance(made["usage"][n], int) for n in names)
    assert made["usage"]["output_tokens"] > 0


@pytest.mark.parametrize(
    "more",
    [
        {"system": "be kind"}, {"system": [{"type": "text", "text": "be kind"}]},
        {"temperature": 0.5}, {"top_p": 0.9}, {"top_k": 40}, {"metadata": {"user_id": "me"}},
        {"stop_sequences": ["\n", "END"]},
        {"thinking": {"type": "enabled", "budget_tokens": 50}},
    ],
)  # fmt: skip
def test_what_else_a_message_may_ask_for(steady: Running, more: Any) -> None:
    assert message(steady, **more)["content"][0]["text"] == "hello"


def test_the_turns_of_a_conversation(steady: Running) -> None:
    turns = [
        {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi there!"},
        {"role": "user", "content": [
            {"type": "text", "text": "say"}, {"type": "text", "text": " well"}]},
    ]  # fmt: skip
    assert message(steady, messages=turns)["content"][0]["text"] == "well"


def test_a_streamed_message_opens_and_closes_its_blocks(steady: Running) -> None:
    events = events_of(steady, MESSAGES, messages=ASK, max_tokens=90)
    kinds = [e["type"] for e in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    started = events[0]["message"]
    assert started["content"] == [] and started["usage"]["input_tokens"] >= 0
    assert all(e["index"] == 0 for e in events[1:-2])
    assert all(e["delta"]["type"] == "text_delta" for e in events[2:-3])
    assert events[-2]["delta"]["stop_reason"] == "end_turn"
    assert events[-2]["usage"]["output_tokens"] > 0


def test_a_tool_is_used_in_a_block_of_its_own(steady: Running) -> None:
    asked = [{"role": "user", "content": f"say {CALL}"}]
    (block,) = message(steady, messages=asked, tools=[TOOL])["content"]
    assert block["type"] == "tool_use" and block["id"] and block["input"] == {"location": "Paris"}
    events = events_of(steady, MESSAGES, messages=asked, tools=[TOOL], max_tokens=90)
    begun = [e for e in events if e["type"] == "content_block_start"]
    ended = [e["index"] for e in events if e["type"] == "content_block_stop"]
    assert [e["index"] for e in begun] == ended == [0]
    assert begun[0]["content_block"]["name"] == "weather"
    parts = "".join(
        e["delta"].get("partial_json", "") for e in events if "index" in e and "delta" in e
    )
    assert json.loads(parts) == {"location": "Paris"}
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "sunny, 25°C"}


@pytest.mark.parametrize(
    "blocks",
    [
        [RESULT],
        [RESULT | {"content": [{"type": "text", "text": "sunny, 25°C"}]}],
        [{"type": "text", "text": "say thanks"}, RESULT],
        [RESULT | {"is_error": True}],
    ],
)
def test_a_tools_result_is_read(steady: Running, blocks: list[Any]) -> None:
    used = {"type": "tool_use", "id": "t1", "name": "weather", "input": {"location": "Paris"}}
    turns = [*ASK, {"role": "assistant", "content": [used]}, {"role": "user", "content": blocks}]
    made = message(steady, messages=turns)
    assert made["content"][0]["type"] == "text"
    ids = list(steady.engine.requests[-1].prompt_token_ids)
    prompt = post(steady, "/detokenize", tokens=ids).json()["prompt"]
    assert prompt.count("sunny, 25°C") == 1 and "<|im_start|>tool" in prompt
    assert ("error: sunny" in prompt) == bool(blocks[0].get("is_error"))


def test_tokens_are_counted_without_a_bound_on_the_answer(steady: Running) -> None:
    route = f"{MESSAGES}/count_tokens"
    short = post(steady, route, messages=ASK).json()
    assert set(short) == {"input_tokens"} and short["input_tokens"] > 0
    longer = post(steady, route, messages=ASK, system="be kind").json()
    assert longer["input_tokens"] > short["input_tokens"]
    assert message(steady)["usage"]["input_tokens"] + 2 == short["input_tokens"]  # two were cached


@pytest.mark.parametrize(
    "body",
    [
        {"messages": None}, {"messages": []}, {"messages": [{"role": "boss", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
        {"tools": [{"type": "computer_20250124", "name": "computer"}]},
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "nothing"}},
        {"max_tokens": -1},
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_in_anthropics_form(steady: Running, body: Any) -> None:
    made = post(steady, MESSAGES, **{"messages": ASK, "max_tokens": 9, **body})
    assert made.status_code == 400 and made.json()["type"] == "error"
    assert made.json()["error"]["type"] == "invalid_request_error"
