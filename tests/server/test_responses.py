"""`/v1/responses`, as OpenAI's own client sees it."""

from __future__ import annotations

import json
from typing import Any

import openai
import pydantic
import pytest

from expertserve.server.kept import KeptAnswers
from tests.server.conftest import Running, Serve, keys_file

QUESTION = "How many lighthouses are in Norway?"
ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = '{"name": "weather", "arguments": {"city": "Madrid"}}'


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def echo(serve: Serve, package: Any, seen: list[str]) -> Running:
    """Answers with what the test put at the end of the list, or with the number of questions."""

    def script(prompt: str) -> str:
        seen.append(prompt)
        return f"answer {len(seen)}"

    return serve({"sql": package("sql")}, script)


def test_a_question_is_answered_whole_and_as_a_stream(server: Running) -> None:
    client = server.openai()
    whole = client.responses.create(model="sql", input=QUESTION, max_output_tokens=64)
    assert whole.output_text == ANSWER and whole.status == "completed" and whole.model == "sql"
    assert whole.usage and whole.usage.total_tokens > whole.usage.output_tokens > 3
    with client.responses.stream(model="sql", input=QUESTION) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text == ANSWER
    kinds = [e.type for e in events if e.type != "response.output_text.delta"]
    assert kinds == [
        "response.created", "response.in_progress", "response.output_item.added",
        "response.content_part.added", "response.output_text.done", "response.content_part.done",
        "response.output_item.done", "response.completed",
    ]  # fmt: skip
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert len(events) > 10


def test_an_answer_that_is_cut_says_so(server: Running) -> None:
    cut = server.openai().responses.create(model="sql", input=QUESTION, max_output_tokens=2)
    assert cut.status == "incomplete"
    assert cut.incomplete_details and cut.incomplete_details.reason == "max_output_tokens"
    *_, last = server.openai().responses.create(
        model="sql", input=QUESTION, max_output_tokens=2, stream=True
    )
    assert last.type == "response.incomplete"


def test_a_conversation_goes_on_from_an_answer_that_is_kept(echo: Running, seen: list[str]) -> None:
    client = echo.openai()
    first = client.responses.create(model="sql", input="One?", instructions="Be brief.")
    second = client.responses.create(
        model="sql", input="Two?", previous_response_id=first.id, instructions="Be kind."
    )
    assert "Be kind." in seen[-1] and "Be brief." not in seen[-1]
    assert seen[-1].index("One?") < seen[-1].index("answer 1") < seen[-1].index("Two?")
    *_, last = client.responses.create(
        model="sql", input="Three?", previous_response_id=second.id, stream=True
    )
    assert "answer 2" in seen[-1] and last.type == "response.completed"
    client.responses.create(model="sql", input="4?", previous_response_id=last.response.id)
    assert "answer 3" in seen[-1]
    assert client.responses.retrieve(first.id).output_text == "answer 1"
    assert [i.role for i in client.responses.input_items.list(second.id)] == ["user"]  # type: ignore[union-attr]
    client.responses.delete(first.id)
    unkept = client.responses.create(model="sql", input="x", store=False)
    for gone in (first.id, unkept.id, "resp_nobody"):
        with pytest.raises(openai.NotFoundError) as caught:
            client.responses.create(model="sql", input="x", previous_response_id=gone)
        assert caught.value.code == "response_not_found"


def test_an_answer_is_kept_for_its_own_key(serve: Serve, package: Any, tmp_path: Any) -> None:
    keys = keys_file(tmp_path / "keys.toml", me={}, you={})
    server = serve({"sql": package("sql")}, keys=keys)
    mine = server.openai("me-secret").responses.create(model="sql", input="One?")
    assert server.openai("me-secret").responses.retrieve(mine.id).id == mine.id
    for call in ("retrieve", "delete"):
        with pytest.raises(openai.NotFoundError):
            getattr(server.openai("you-secret").responses, call)(mine.id)


def test_the_oldest_answers_make_room() -> None:
    kept = KeptAnswers(most=3, most_chars=100_020)
    for i in range(5):
        kept.put("me", f"r{i}", {"output": []}, [], [])
    kept.put("you", "r0", {"output": []}, [], [])
    with pytest.raises(Exception, match="r1"):
        kept.get("me", "r1")
    assert kept.get("me", "r2") and kept.get("you", "r0")
    kept.put("me", "large", {}, [], [{"content": "x" * 99_990}])
    assert kept.get("me", "large").items
    with pytest.raises(Exception, match="r4"):
        kept.get("me", "r4")
    kept.put("me", "larger", {}, [], [{"content": "x" * 200_000}])
    assert kept.get("me", "large").items
    kept.drop("me", "large")
    kept.put("me", "r9", {}, [], [{"content": "x" * 99_000}])
    assert kept.get("me", "r9")


@pytest.mark.parametrize("choice", ["required", "auto", {"type": "function", "name": "weather"}])
def test_a_tool_call_is_an_item(serve: Serve, package: Any, choice: Any) -> None:
    server = serve({"t": package("t")}, lambda prompt: CALL)
    client = server.openai()
    made = client.responses.create(model="t", input="?", tools=[WEATHER], tool_choice=choice)
    (call,) = made.output
    assert call.type == "function_call" and json.loads(call.arguments) == {"city": "Madrid"}
    assert (server.engine.requests[-1].constraint is None) == (choice == "auto")
    with client.responses.stream(
        model="t", input="?", tools=[WEATHER], tool_choice=choice
    ) as stream:
        events = list(stream)
    assert not [e for e in events if e.type == "response.output_text.delta"]
    done = next(e for e in events if e.type == "response.function_call_arguments.done")
    assert json.loads(done.arguments) == {"city": "Madrid"}
    follow: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}]
    client.responses.create(model="t", input=follow, tools=[WEATHER], previous_response_id=made.id)


class Country(pydantic.BaseModel):
    name: str
    people: int


def test_structured_output_comes_back_parsed(serve: Serve, package: Any) -> None:
    server = serve({"json": package("json")}, lambda prompt: '{"name": "Norway", "people": 48}')
    made = server.openai().responses.parse(model="json", input="?", text_format=Country)
    assert made.output_parsed == Country(name="Norway", people=48)
    assert server.engine.requests[-1].constraint is not None


def test_thoughts_are_an_item_of_their_own(serve: Serve, package: Any) -> None:
    server = serve({"t": package("t")}, lambda prompt: "<think>\nTwo.\n</think>\n\nYes.")
    client = server.openai()
    whole = client.responses.create(model="t", input="?")
    assert [i.type for i in whole.output] == ["reasoning", "message"]
    assert whole.output_text == "Yes." and whole.output[0].content[0].text == "Two."  # type: ignore[union-attr,index]
    with client.responses.stream(model="t", input="?") as stream:
        events = list(stream)
        final = stream.get_final_response()
    thought = "".join(e.delta for e in events if e.type == "response.reasoning_text.delta")
    assert thought == "Two." and final.output_text == "Yes."
    turns: Any = [*whole.model_dump(exclude_none=True)["output"], {"role": "user", "content": "?"}]
    client.responses.create(model="t", input=turns)


def test_an_experts_own_defaults_and_fields_hold_here_too(server: Running) -> None:
    made = server.openai().responses.create(
        model="sql", input=QUESTION, temperature=0.5, top_p=0.9,
        extra_body={"schema": "CREATE TABLE t (id INT);", "top_k": 7, "choice": ["a", "b"]},
    )  # fmt: skip
    assert made.output_text is not None
    request = server.engine.requests[-1]
    assert (request.sampling.temperature, request.sampling.top_k) == (0.5, 7)
    assert request.constraint is not None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"input": [{"type": "web_search_call"}]}, "unsupported_content"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            "unsupported_content",
        ),
        ({"input": QUESTION, "tools": [{"type": "web_search"}]}, "unsupported_tool"),
        ({"input": QUESTION, "background": True}, "unsupported_argument"),
        ({"input": QUESTION, "conversation": "c"}, "unsupported_argument"),
        ({"input": []}, "bad_argument"),
        ({}, "bad_argument"),
        ({"input": [{"role": "boss", "content": "x"}]}, "bad_argument"),
        ({"input": [{"type": "function_call"}]}, "bad_argument"),
    ],
)
def test_what_can_not_be_honoured_is_refused(
    server: Running, body: dict[str, Any], code: str
) -> None:
    response = server.http().post("/v1/responses", json={"model": "sql", **body})
    assert response.status_code == 400, response.text
    assert response.json()["error"]["code"] == code, response.text


def test_a_failure_in_the_middle_of_a_stream_reaches_the_client(serve: Serve, package: Any) -> None:
    server = serve(
        {"sql": package("sql")}, lambda p: "a b c d e f g h", delay=0.2, request_timeout=0.7
    )
    with pytest.raises(openai.APIError, match="longer than"):
        list(server.openai().responses.create(model="sql", input="?", stream=True))
