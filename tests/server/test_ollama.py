"""Ollama's API: lines of JSON over the same requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.conftest import Running, Serve

ASK: Any = [{"role": "user", "content": "How many lighthouses are in Norway?"}]
ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"
CALL = '{"name": "weather", "arguments": {"city": "Madrid"}}'
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def lines(server: Running, route: str, **body: Any) -> list[Any]:
    response = server.http().post(f"/api/{route}", json={"model": "sql", **body})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def test_chat_and_generate_stream_by_default(server: Running) -> None:
    chat = lines(server, "chat", messages=ASK)
    assert "".join(x["message"]["content"] for x in chat) == ANSWER and len(chat) > 3
    one = lines(server, "generate", prompt="How many?", system="Be brief.")
    assert "".join(x["response"] for x in one) == ANSWER
    for found in (chat, one):
        assert [x["done"] for x in found] == [False] * (len(found) - 1) + [True]
        last = found[-1]
        assert last["done_reason"] == "stop" and last["eval_count"] > 3
        assert last["total_duration"] > 0 and last["prompt_eval_count"] > 3


def test_whole_answers_options_and_tags(server: Running) -> None:
    options = {"temperature": 0.5, "num_predict": 2, "stop": [";"], "num_ctx": 4096, "seed": 3, "repeat_penalty": 1.1}  # fmt: skip
    response = server.http().post(
        "/api/chat", json={"model": "sql:latest", "messages": ASK, "stream": False, "options": options, "keep_alive": "5m"},
    )  # fmt: skip
    made = response.json()
    assert made["model"] == "sql:latest" and made["done_reason"] == "length"
    assert response.headers["x-expertserve-ignored"] == "num_ctx"
    sampling = server.engine.requests[-1].sampling
    assert (sampling.temperature, sampling.max_tokens, sampling.stop) == (0.5, 2, (";",))
    assert (sampling.seed, sampling.repetition_penalty) == (3, 1.1)


def test_a_format_is_a_grammar_and_a_call_a_call(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: CALL)
    for format in ("json", {"type": "object"}):
        lines(server, "chat", messages=ASK, format=format)
        assert server.engine.requests[-1].constraint is not None
    lines(server, "chat", messages=ASK, format="")
    assert server.engine.requests[-1].constraint is None
    found = lines(server, "chat", messages=ASK, tools=[TOOL])
    (call,) = [c for x in found for c in x["message"].get("tool_calls", ())]
    assert call["function"] == {"name": "weather", "arguments": {"city": "Madrid"}}
    assert "".join(x["message"]["content"] for x in found) == ""
    turns = [*ASK, {"role": "assistant", "content": "", "tool_calls": [call]}, {"role": "tool", "content": "sunny", "tool_name": "weather"}]  # fmt: skip
    lines(server, "chat", messages=turns, tools=[TOOL])


def test_thoughts_have_their_own_place(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, lambda prompt: "<think>Two.</think>Yes.")
    found = lines(server, "chat", messages=ASK, think=True)
    assert "".join(x["message"].get("thinking", "") for x in found) == "Two."
    assert "".join(x["message"]["content"] for x in found) == "Yes."


def test_models_are_listed_shown_and_loaded(server: Running) -> None:
    http = server.http()
    found = http.get("/api/tags").json()["models"]
    assert {m["name"] for m in found} == {"sql", "json", "tiny"}
    shown = http.post("/api/show", json={"model": "sql"}).json()
    assert shown["capabilities"] == ["completion", "tools"] and "messages" in shown["template"]
    assert "temperature 0" in shown["parameters"]
    assert http.get("/api/version").json()["version"]
    assert http.post("/api/generate", json={"model": "sql"}).json()["done_reason"] == "load"
    assert http.post("/api/chat", json={"model": "sql"}).json()["done_reason"] == "load"


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("chat", {"model": "nobody", "messages": ASK}, 404),
        ("show", {"model": "nobody"}, 404),
        ("generate", {"model": "sql", "prompt": "x", "raw": True}, 400),
        ("generate", {"model": "sql", "prompt": "x", "images": ["aGk="]}, 400),
        ("chat", {"model": "sql", "messages": [{"role": "user", "images": ["aGk="]}]}, 400),
        ("chat", {"model": "sql", "messages": [{"role": "boss"}]}, 400),
        ("chat", {}, 400),
    ],
)
def test_errors_are_a_text(server: Running, route: str, body: Any, status: int) -> None:
    response = server.http().post(f"/api/{route}", json=body)
    assert response.status_code == status, response.text
    assert isinstance(response.json()["error"], str)


def test_tokens_are_told_and_told_back(server: Running) -> None:
    http = server.http()
    text = "How many ä?<|im_end|>"
    made = http.post("/tokenize", json={"model": "sql", "prompt": text, "return_token_strs": True}).json()  # fmt: skip
    assert made["count"] == len(made["tokens"]) == len(made["token_strs"])
    assert made["max_model_len"] > 0
    back = http.post("/detokenize", json={"model": "sql", "tokens": made["tokens"]}).json()
    assert back["prompt"] == back["content"] == text
    http.post("/v1/chat/completions", json={"model": "sql", "messages": ASK})
    chat = http.post("/tokenize", json={"model": "sql", "messages": ASK}).json()
    assert tuple(chat["tokens"]) == server.engine.requests[-1].prompt_token_ids
    pieces = http.post("/tokenize", json={"model": "sql", "content": "ab", "with_pieces": True})
    assert {"id", "piece"} <= set(pieces.json()["tokens"][0])
    for route, body in (
        ("tokenize", {"prompt": "x"}),
        ("tokenize", {"model": "sql"}),
        ("detokenize", {"model": "sql", "tokens": [10**7]}),
        ("detokenize", {"model": "sql", "tokens": [-1]}),
    ):
        assert http.post(f"/{route}", json=body).status_code == 400
    assert http.post("/v1/embeddings", json={"model": "sql", "input": "x"}).status_code == 501
