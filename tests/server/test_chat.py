"""Chat completions, as OpenAI's own client sees them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pydantic
import pytest

from tests.server.conftest import Running, Serve, until

ASK: Any = [{"role": "user", "content": "How many lighthouses are in Norway?"}]
ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"


def test_an_unmodified_client_is_answered_by_the_expert_it_names(server: Running) -> None:
    answer = server.openai().chat.completions.create(model="sql", messages=ASK)
    assert answer.object == "chat.completion" and answer.model == "sql"
    assert answer.choices[0].message.content == ANSWER and answer.choices[0].finish_reason == "stop"
    assert (
        answer.usage
        and answer.usage.total_tokens
        == answer.usage.prompt_tokens + answer.usage.completion_tokens
        > 0
    )
    assert answer.expertserve["expert"]["name"] == "expert-sql"  # type: ignore[attr-defined]


def test_auto_goes_to_the_expert_that_fits(server: Running) -> None:
    client = server.openai()
    assert client.chat.completions.create(model="auto", messages=ASK).model == "sql"
    assert (
        client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "Extract the json"}]
        ).model
        == "json"
    )
    named = client.chat.completions.create(
        model="auto", messages=ASK, extra_body={"schema": "CREATE TABLE json (extract INT)"}
    )
    assert named.model == "sql"  # names in a schema are not what is asked for
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "weather?"}]
        )
    assert caught.value.code == "no_expert_fits"


def test_auto_falls_back_to_the_base_model_where_that_is_asked_for(server: Running) -> None:
    def asked(text: str, **extra: Any) -> str:
        turns: Any = [{"role": "user", "content": text}]
        answer = server.openai().chat.completions.create(
            model="auto", messages=turns, extra_body={"fallback": "base", **extra}
        )
        return str(answer.model)

    assert asked("weather?") == "tiny" and server.engine.requests[-1].adapter is None
    assert asked("Extract the json") == "json"
    with pytest.raises(openai.BadRequestError):
        asked("weather?", fallback="none")


def test_the_base_model_answers_by_its_own_name_without_an_adapter(server: Running) -> None:
    answer = server.openai().chat.completions.create(model="TINY", messages=ASK)
    assert answer.model == "tiny"
    assert server.engine.requests[-1].adapter is None


def test_a_stream_says_the_same_and_ends_with_usage(server: Running) -> None:
    stream = server.openai().chat.completions.create(
        model="sql", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == ANSWER
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens > 3 and not chunks[-1].choices
    assert len(chunks) > 5


def test_the_asynchronous_client_streams_too(server: Running) -> None:
    async def ask() -> str:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
            stream = await client.chat.completions.create(model="sql", messages=ASK, stream=True)
            return "".join([c.choices[0].delta.content or "" async for c in stream])

    assert asyncio.run(ask()) == ANSWER


def test_arguments_reach_the_engine(server: Running) -> None:
    server.openai().chat.completions.create(
        model="sql", messages=ASK, temperature=0.5, top_p=0.9, max_completion_tokens=4, stop=["FROM"], seed=7, n=2,
        extra_body={"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1, "schema": "CREATE TABLE t (id INT);", "dialect": "postgres"},
    )  # fmt: skip
    sampling = server.engine.requests[-1].sampling
    assert (
        sampling.temperature,
        sampling.top_p,
        sampling.max_tokens,
        sampling.stop,
        sampling.seed,
    ) == (0.5, 0.9, 4, ("FROM",), 7)
    assert (sampling.top_k, sampling.min_p, sampling.repetition_penalty, sampling.n) == (
        5,
        0.1,
        1.1,
        2,
    )


def test_the_schema_stands_in_the_system_message(serve: Serve, package: Any) -> None:
    seen: list[str] = []
    server = serve({"sql": package("sql")}, lambda prompt: seen.append(prompt) or "SELECT 1")  # type: ignore[func-returns-value]
    server.openai().chat.completions.create(
        model="sql", messages=ASK, extra_body={"schema": "CREATE TABLE t (id INT);", "dialect": "x"}
    )
    assert "<|im_start|>system\nDialect: x\nSchema:\nCREATE TABLE t (id INT);" in seen[-1]


def test_several_answers_come_numbered(server: Running) -> None:
    client = server.openai()
    answer = client.chat.completions.create(model="sql", messages=ASK, n=3, temperature=1)
    assert [c.index for c in answer.choices] == [0, 1, 2]
    texts = {0: "", 1: "", 2: ""}
    for chunk in client.chat.completions.create(
        model="sql", messages=ASK, n=3, temperature=1, stream=True
    ):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert set(texts.values()) == {ANSWER}


def test_content_may_come_in_parts_and_pictures_are_refused(server: Running) -> None:
    client = server.openai()
    parts: Any = [{"type": "text", "text": "How many "}, {"type": "text", "text": "lighthouses?"}]
    assert (
        client.chat.completions.create(model="sql", messages=[{"role": "user", "content": parts}])
        .choices[0]
        .message.content
    )
    picture: Any = [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/x.png"}}]
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="sql", messages=[{"role": "user", "content": picture}])


def test_proof_stands_in_headers_and_body(server: Running) -> None:
    response = server.http().post(
        "/v1/chat/completions",
        json={"model": "sql", "messages": ASK},
        headers={"x-request-id": "my-request.1"},
    )
    assert response.headers["x-request-id"] == "my-request.1"
    assert response.headers["x-expertserve-expert"] == "sql"
    assert (
        response.headers["x-expertserve-digest"]
        == response.json()["expertserve"]["expert"]["digest"]
    )
    assert len(response.headers["x-expertserve-base-digest"]) == 64
    assert 0 < float(response.headers["x-expertserve-total-seconds"]) < 60
    with server.http().stream(
        "POST", "/v1/chat/completions", json={"model": "sql", "messages": ASK, "stream": True}
    ) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["x-expertserve-digest"] == response.headers["x-expertserve-digest"]
        lines = [line for line in stream.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert json.loads(lines[-2][6:])["expertserve"]["expert"]["name"] == "expert-sql"


# ── structure ───────────────────────────────────────────────────────────────────────────────────


class Country(pydantic.BaseModel):
    name: str
    people: int


def test_structured_output_reaches_the_grammar_and_comes_back_parsed(
    serve: Serve, package: Any
) -> None:
    server = serve({"json": package("json")}, lambda prompt: '{"name": "Norway", "people": 48}')
    client = server.openai()
    answer = client.chat.completions.parse(model="json", messages=ASK, response_format=Country)
    assert answer.choices[0].message.parsed == Country(name="Norway", people=48)
    assert server.engine.requests[-1].constraint is not None
    client.chat.completions.create(
        model="json", messages=ASK, response_format={"type": "json_object"}
    )
    assert server.engine.requests[-1].constraint is not None
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(
            model="json",
            messages=ASK,
            response_format={"type": "json_object"},
            extra_body={"choice": ["a", "b"]},
        )


@pytest.mark.parametrize(
    "own",
    [
        {"grammar": 'root ::= "SELECT 1"'},
        {"regex": "SELECT [0-9]"},
        {"choice": ["SELECT 1", "SELECT 2"]},
    ],
)
def test_grammars_of_ones_own_are_taken_as_text(server: Running, own: dict[str, Any]) -> None:
    server.openai().chat.completions.create(model="sql", messages=ASK, extra_body=own)
    assert server.engine.requests[-1].constraint is not None


def test_a_grammar_is_never_a_path(server: Running, tmp_path: Path) -> None:
    file = tmp_path / "x.gbnf"
    file.write_text('root ::= "x"')
    with pytest.raises(openai.BadRequestError) as caught:
        server.openai().chat.completions.create(
            model="sql", messages=ASK, extra_body={"grammar": str(file)}
        )
    assert caught.value.body["type"] == "invalid_request_error"  # type: ignore[index]


# ── errors ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"model": "nobody"}, 404, "expert_not_loaded"),
        ({"temperature": 9}, 400, "bad_sampling"),
        ({"temperature": float("nan")}, 400, "bad_sampling"),
        ({"max_tokens": 100_000}, 400, "context_length_exceeded"),
        ({"messages": []}, 400, "bad_argument"),
        ({"messages": [{"role": "boss", "content": "x"}]}, 400, "bad_argument"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, 400, None),
        ({"model": "\ud800"}, 400, None),
        ({"frequency_penalty": 3}, 400, "bad_sampling"),
        ({"logit_bias": {"SELECT": 1}}, 400, "bad_argument"),
        ({"logit_bias": {"5": 101}}, 400, "bad_sampling"),
        ({"stream_options": {"include_usage": True}}, 400, "bad_argument"),
        ({"use_beam_search": True}, 400, "unsupported_argument"),
        ({"chat_template": "{{ 1 }}"}, 400, "unsupported_argument"),
        ({"web_search_options": {"a": 1}}, 400, "unsupported_argument"),
        ({"modalities": ["text", "audio"]}, 400, "bad_argument"),
        ({"response_format": {"type": "json_object", "schema": 123}}, 400, "bad_argument"),
        ({"response_format": {"type": "json_schema", "schema": []}}, 400, "bad_argument"),
        ({"response_format": {"type": "sentence"}}, 400, "bad_argument"),
        ({"guided_json": "{"}, 400, "bad_argument"),
        ({"guided_json": {}, "guided_regex": "a"}, 400, "bad_argument"),
        ({"structured_outputs": {"structural_tag": "x"}}, 400, "unsupported_argument"),
        ({"min_tokens": 9, "max_tokens": 3}, 400, "bad_sampling"),
        ({"max_tokens": 0}, 400, "bad_argument"),
        ({"continue_final_message": True}, 400, "bad_message"),
        ({"chat_template_kwargs": {"messages": 1}}, 400, "bad_message"),
        ({"grammar": "root ::= ("}, 400, None),
        ({"regex": "("}, 400, None),
        ({"top_logprobs": 3}, 400, "bad_argument"),
        ({"tool_choice": "required"}, 400, "unknown_tool"),
        ({"seed": 10**30}, 400, None),
    ],
)
def test_errors_have_openais_shape_our_code_and_a_status(
    server: Running, change: dict[str, Any], status: int, code: str | None
) -> None:
    body = {"model": "sql", "messages": ASK} | change
    headers = {"content-type": "application/json"}
    response = server.http().post("/v1/chat/completions", content=json.dumps(body), headers=headers)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) >= {"message", "type", "param", "code", "hint"} and error["message"]
    assert code in (None, error["code"]), error


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"model":' + b"[" * 100_000, b"\xff\xfe", b"9" * 10_000]
)
def test_what_is_no_request_is_refused(server: Running, body: bytes) -> None:
    response = server.http().post(
        "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400 and response.json()["error"]["code"], response.text


def test_a_body_that_is_no_json_is_told_where(server: Running) -> None:
    response = server.http().post(
        "/v1/chat/completions",
        content=b'{"model": x}',
        headers={"content-type": "application/json"},
    )
    error = response.json()["error"]
    assert (
        error["message"].startswith("the body is not JSON: Expecting value, at character 10. ")
        and error["param"] is None
        and error["hint"]
    )


def test_a_failure_in_the_middle_of_a_stream_is_an_event(serve: Serve, package: Any) -> None:
    from collections.abc import AsyncGenerator

    from expertserve.engine.fake import FakeEngine
    from expertserve.errors import EngineDeadError
    from expertserve.request import Request
    from expertserve.result import Chunk

    class Dying(FakeEngine):
        async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
            async for chunk in super().stream(request):
                yield chunk
                if len(self.requests) and chunk.text:
                    raise EngineDeadError("the engine's process ended")

    server = serve(
        {"sql": package("sql")}, engine=Dying(lambda prompt: "SELECT 1 FROM t", delay=0.01)
    )
    with pytest.raises(openai.APIError, match="ended"):
        for _ in server.openai().chat.completions.create(model="sql", messages=ASK, stream=True):
            pass


# ── log-probabilities, and the legacy endpoint ──────────────────────────────────────────────────


def test_logprobs_have_text_bytes_and_alternatives(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, engine=_with_logprobs("SELECT ä"))
    answer = server.openai().chat.completions.create(
        model="sql", messages=ASK, logprobs=True, top_logprobs=2
    )
    content = answer.choices[0].logprobs.content  # type: ignore[union-attr]
    assert content and b"".join(bytes(t.bytes or []) for t in content).decode() == "SELECT ä"
    assert (
        content[0].top_logprobs[0].token == content[0].token
        and content[0].top_logprobs[1].logprob == -9999.0
    )
    chunks = server.openai().chat.completions.create(
        model="sql", messages=ASK, logprobs=True, stream=True
    )
    tokens = [
        t
        for c in chunks
        if c.choices and c.choices[0].logprobs
        for t in c.choices[0].logprobs.content or []
    ]
    assert [t.token for t in tokens] == [t.token for t in content]


def test_an_unload_waits_for_answers_with_logprobs(serve: Serve, package: Any) -> None:
    engine = _with_logprobs("SELECT one FROM two WHERE three")
    engine.delay = 0.1
    server = serve({"sql": package("sql")}, engine=engine)
    stream = server.openai().chat.completions.create(
        model="sql", messages=ASK, logprobs=True, stream=True
    )
    chunks = iter(stream)
    text = next(chunks).choices[0].delta.content or ""
    gone = asyncio.run_coroutine_threadsafe(server.parts.service.unload_expert("sql"), server.loop)
    until(lambda: not server.parts.has("sql"))
    text += "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "SELECT one FROM two WHERE three"
    gone.result(10)


def _with_logprobs(text: str) -> Any:
    from collections.abc import AsyncGenerator
    from dataclasses import replace

    from expertserve.engine.fake import FakeEngine
    from expertserve.request import Request
    from expertserve.result import Chunk, TokenLogprob

    class Engine(FakeEngine):
        async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
            async for chunk in super().stream(request):
                found = tuple(
                    TokenLogprob(t, -0.5, ((t, -0.5), (0, float("-inf")))) for t in chunk.token_ids
                )
                yield replace(chunk, logprobs=found)

    return Engine(lambda prompt: text)


def test_the_legacy_endpoint_answers_each_prompt(server: Running) -> None:
    client = server.openai()
    answer = client.completions.create(
        model="sql", prompt=["How many lighthouses?", "And in Norway?"], max_tokens=64
    )
    assert [c.text for c in answer.choices] == [ANSWER, ANSWER] and [
        c.index for c in answer.choices
    ] == [0, 1]
    stream = client.completions.create(model="sql", prompt="How many?", stream=True)
    assert "".join(c.choices[0].text for c in stream if c.choices) == ANSWER


def test_legacy_logprobs_have_offsets(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, engine=_with_logprobs("SELECT 1"))
    logprobs = (
        server.openai()
        .completions.create(model="sql", prompt="One?", logprobs=1)
        .choices[0]
        .logprobs
    )
    assert logprobs and "".join(logprobs.tokens or []) == "SELECT 1"
    assert logprobs.text_offset == [
        sum(map(len, (logprobs.tokens or [])[:i])) for i in range(len(logprobs.tokens or []))
    ]


def test_models_are_listed_with_what_they_are(server: Running) -> None:
    client = server.openai()
    found = {m.id: m for m in client.models.list()}
    assert set(found) == {"sql", "json", "tiny", "auto"}
    facts = found["sql"].expertserve  # type: ignore[attr-defined]
    assert (
        facts["description"] == "answers as sql"
        and len(facts["digest"]) == 64
        and facts["adapter_type"] == "lora"
    )
    assert facts["state"] in ("registered", "resident", "slot") and facts["takes_schema"] is True
    assert facts["examples"] == [{"prompt": "How many?", "schema": "CREATE TABLE t (id INT);"}]
    other = found["json"].expertserve  # type: ignore[attr-defined]
    assert other["takes_schema"] is False and other["examples"] == []
    assert client.models.retrieve("json").id == "json"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


def test_one_shot_httpx_and_head_requests_work(server: Running) -> None:
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/ready").status_code == 200
    assert httpx.get(f"{server.url}/version").json()["version"]
    assert httpx.get(f"{server.url}/nowhere").json()["error"]["code"] == "no_such_route"
    assert httpx.put(f"{server.url}/health").status_code == 405
