"""What holds in every API alike: one request, and the expert's own ways with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pydantic
import pytest

from expertserve.server.anthropic import MessagesRequest
from expertserve.server.fields import Fields
from expertserve.server.ollama import OllamaChatRequest, OllamaGenerateRequest
from expertserve.server.others import DetokenizeRequest, TokenizeRequest
from expertserve.server.responses import ResponsesRequest
from expertserve.server.wire import ChatRequest, TextRequest
from tests.server.conftest import Running, Serve, until

QUESTION = "How many lighthouses are in Norway?"
TURNS = [{"role": "user", "content": QUESTION}]
ASKS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": TURNS},
    "/v1/completions": {"prompt": QUESTION},
    "/v1/responses": {"input": QUESTION},
    "/v1/messages": {"messages": TURNS, "max_tokens": 77},
    "/api/chat": {"messages": TURNS},
    "/api/generate": {"prompt": QUESTION},
}
MODELS: dict[str, type[pydantic.BaseModel]] = {
    "/v1/chat/completions": ChatRequest,
    "/v1/completions": TextRequest,
    "/v1/responses": ResponsesRequest,
    "/v1/messages": MessagesRequest,
    "/api/chat": OllamaChatRequest,
    "/api/generate": OllamaGenerateRequest,
    "/tokenize": TokenizeRequest,
    "/detokenize": DetokenizeRequest,
}


GRAMMAR = {"use_grammar": True, "grammar_type": "sql"}


@pytest.mark.parametrize("own", [{}, GRAMMAR])
@pytest.mark.parametrize("stream", [False, True])
def test_an_experts_template_defaults_grammar_and_stops_hold_in_every_api(
    serve: Serve, package: Any, stream: bool, own: dict[str, Any]
) -> None:
    decoding = {"temperature": 0.3, "top_p": 0.7, "max_tokens": 77, "stop_sequences": [";"], **own}
    server = serve({"sql": package("sql", training={"decoding": decoding})})
    for route, ask in ASKS.items():
        made = server.http().post(route, json={"model": "sql", "stream": stream, **ask})
        assert made.status_code == 200, made.text
    until(lambda: len(server.engine.requests) == len(ASKS))
    first, *others = server.engine.requests
    assert first.adapter and bool(first.constraint) == bool(own)
    assert first.sampling.stop == (() if own else (";",)), "a grammar says itself where it ends"
    assert (first.sampling.temperature, first.sampling.top_p) == (0.3, 0.7)
    for route, request in zip(list(ASKS)[1:], others, strict=True):
        for name in ("prompt_token_ids", "sampling", "adapter"):
            assert getattr(request, name) == getattr(first, name), (route, name)
        ours, theirs = (  # a quick mask is replaced while others ask
            c and replace(c, mask=None) for c in (first.constraint, request.constraint)
        )
        assert ours == theirs, route


@pytest.mark.parametrize("route", MODELS)
def test_null_is_absence_in_every_api(server: Running, route: str) -> None:
    asks = ASKS | {"/tokenize": {"prompt": "x"}, "/detokenize": {"tokens": [1]}}
    names = {f.alias or n for n, f in MODELS[route].model_fields.items()}
    body = dict.fromkeys(names) | {"model": "sql"} | asks[route]
    made = server.http().post(route, json=body)
    assert made.status_code == 200, made.text
    assert "x-expertserve-ignored" not in made.headers


@pytest.mark.parametrize("route", [r for r, kind in MODELS.items() if issubclass(kind, Fields)])
def test_what_would_change_an_answer_is_refused_by_name(server: Running, route: str) -> None:
    kind = MODELS[route]
    assert issubclass(kind, Fields) and len(kind.refuses) >= 4
    for name in kind.refuses:
        made = server.http().post(route, json={"model": "sql", name: True, **ASKS[route]})
        error = made.json()["error"]
        assert made.status_code == 400 and error["param"] == name, name
        assert error["code"] == "unsupported_argument" and kind.refuses[name] in error["hint"]


@pytest.mark.parametrize("route", ASKS)
def test_a_field_that_nobody_knows_is_named_in_every_api(
    server: Running, serve: Serve, package: Any, route: str
) -> None:
    body = {"model": "sql", "temprature": 1, **ASKS[route]}
    made = server.http().post(route, json=body)
    assert made.status_code == 200 and "temprature" in made.headers["x-expertserve-ignored"]
    strict = serve({"sql": package("strict")}, strict_fields=True)
    assert strict.http().post(route, json=body).status_code == 400


READ: dict[str, Callable[[Any], str]] = {
    "/v1/chat/completions": lambda made: str(made["choices"][0]["message"]["content"]),
    "/v1/completions": lambda made: str(made["choices"][0]["text"]),
    "/v1/responses": lambda made: str(made["output"][0]["content"][0]["text"]),
    "/v1/messages": lambda made: str(made["content"][0]["text"]),
    "/api/chat": lambda made: str(made["message"]["content"]),
    "/api/generate": lambda made: str(made["response"]),
}


@pytest.mark.parametrize("route", ASKS)
def test_the_same_answer_comes_over_every_api(server: Running, route: str) -> None:
    made = server.http().post(route, json={"model": "sql", "stream": False, **ASKS[route]}).json()
    assert READ[route](made) == "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"
