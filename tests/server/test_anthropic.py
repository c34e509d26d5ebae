"""`/v1/messages`, as Anthropic's own client sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.server.conftest import Running, Serve, keys_file

ASK: Any = [{"role": "user", "content": "How many lighthouses are in Norway?"}]
ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"
CALL = '{"name": "weather", "arguments": {"city": "Madrid"}}'
WEATHER: Any = {
    "name": "weather",
    "description": "The weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def client_of(server: Running, key: str = "none") -> anthropic.Anthropic:
    made = anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0, timeout=20)
    server.clients.append(made)
    return made


def test_a_question_is_answered_whole_and_as_a_stream(server: Running) -> None:
    client = client_of(server)
    whole = client.messages.create(model="sql", max_tokens=64, messages=ASK)
    assert whole.content[0].text == ANSWER and whole.stop_reason == "end_turn"  # type: ignore[union-attr]
    assert whole.usage.input_tokens > 3 and whole.usage.output_tokens > 3
    with client.messages.stream(model="sql", max_tokens=64, messages=ASK) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == ANSWER and final.content[0].text == ANSWER  # type: ignore[union-attr]
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert final.stop_reason == "end_turn"


def test_ends_are_told_apart(server: Running) -> None:
    client = client_of(server)
    cut = client.messages.create(model="sql", max_tokens=2, messages=ASK)
    assert cut.stop_reason == "max_tokens"
    stopped = client.messages.create(
        model="sql", max_tokens=64, messages=ASK, stop_sequences=["never", " FROM"]
    )
    assert stopped.stop_reason == "stop_sequence" and stopped.stop_sequence == " FROM"
    assert stopped.content[0].text == "SELECT COUNT(*)"  # type: ignore[union-attr]


def test_system_blocks_and_a_begun_answer_reach_the_prompt(serve: Serve, package: Any) -> None:
    seen: list[str] = []
    server = serve({"sql": package("sql")}, lambda prompt: seen.append(prompt) or "COUNT(*)")  # type: ignore[func-returns-value]
    made = client_of(server).messages.create(
        model="sql",
        max_tokens=64,
        system=[
            {"type": "text", "text": "Be brief."},
            {"type": "text", "text": " Always.", "cache_control": {"type": "ephemeral"}},
        ],
        messages=[*ASK, {"role": "assistant", "content": "SELECT "}],
    )
    assert "<|im_start|>system\nBe brief. Always.\n\nDialect: sql<|im_end|>" in seen[-1]
    assert seen[-1].endswith("<|im_start|>assistant\nSELECT ")
    assert made.content[0].text == "COUNT(*)"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "choice", [{"type": "any"}, {"type": "tool", "name": "weather"}, {"type": "auto"}]
)
def test_a_tool_is_used_and_its_result_read(serve: Serve, package: Any, choice: Any) -> None:
    seen: list[str] = []
    server = serve({"t": package("t")}, lambda prompt: seen.append(prompt) or CALL)  # type: ignore[func-returns-value]
    client = client_of(server)
    made = client.messages.create(
        model="t", max_tokens=64, messages=ASK, tools=[WEATHER], tool_choice=choice
    )
    assert made.stop_reason == "tool_use"
    (use,) = made.content
    assert use.type == "tool_use" and use.input == {"city": "Madrid"}
    assert (server.engine.requests[-1].constraint is None) == (choice["type"] == "auto")
    with client.messages.stream(
        model="t", max_tokens=64, messages=ASK, tools=[WEATHER], tool_choice=choice
    ) as stream:
        assert not list(stream.text_stream)
        final = stream.get_final_message()
    assert final.content[0].input == {"city": "Madrid"}  # type: ignore[union-attr]
    result: Any = {
        "type": "tool_result",
        "tool_use_id": use.id,
        "content": "sunny",
        "is_error": True,
    }
    turns: Any = [
        *ASK,
        {"role": "assistant", "content": [use.model_dump(exclude_none=True)]},
        {"role": "user", "content": [result, {"type": "text", "text": "And now?"}]},
    ]
    client.messages.create(model="t", max_tokens=64, messages=turns, tools=[WEATHER])
    assert seen[-1].index("Madrid") < seen[-1].index("error: sunny") < seen[-1].index("And now?")


def test_structured_output_is_a_grammar(server: Running) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    for form in ({"output_format": {"type": "json_schema", "schema": schema}}, {"output_config": {"format": {"type": "json_schema", "schema": schema}}}):  # fmt: skip
        client_of(server).messages.create(model="sql", max_tokens=64, messages=ASK, extra_body=form)
        assert server.engine.requests[-1].constraint is not None


def test_thoughts_are_a_block_and_are_not_read_again(serve: Serve, package: Any) -> None:
    seen: list[str] = []
    text = "<think>\nTwo.\n</think>\n\nYes."
    server = serve({"t": package("t")}, lambda prompt: seen.append(prompt) or text)  # type: ignore[func-returns-value]
    client = client_of(server)
    made = client.messages.create(
        model="t", max_tokens=64, messages=ASK, thinking={"type": "enabled", "budget_tokens": 1024}
    )
    assert [b.type for b in made.content] == ["thinking", "text"]
    with client.messages.stream(model="t", max_tokens=64, messages=ASK) as stream:
        assert "".join(stream.text_stream) == "Yes."
        assert stream.get_final_message().content[0].thinking == "Two."  # type: ignore[union-attr]
    turns: Any = [*ASK, {"role": "assistant", "content": made.content}, *ASK]
    client.messages.create(model="t", max_tokens=64, messages=turns, thinking={"type": "disabled"})
    assert "Two." not in seen[-1] and "Yes." in seen[-1]


def test_tokens_are_counted_as_the_expert_reads_them(server: Running) -> None:
    client = client_of(server)
    counted = client.messages.count_tokens(model="sql", messages=ASK, system="Be brief.")
    made = client.messages.create(model="sql", max_tokens=9, messages=ASK, system="Be brief.")
    assert counted.input_tokens == made.usage.input_tokens


def test_errors_and_keys_are_anthropics(serve: Serve, package: Any, tmp_path: Path) -> None:
    server = serve({"sql": package("sql")}, keys=keys_file(tmp_path / "k.toml", me={}))
    assert client_of(server, "me-secret").messages.create(model="sql", max_tokens=9, messages=ASK)
    with pytest.raises(anthropic.AuthenticationError):
        client_of(server, "wrong").messages.create(model="sql", max_tokens=9, messages=ASK)
    with pytest.raises(anthropic.NotFoundError) as caught:
        client_of(server, "me-secret").messages.create(model="no", max_tokens=9, messages=ASK)
    assert caught.value.body["type"] == "error"  # type: ignore[index]
    image: Any = [{"role": "user", "content": [{"type": "image", "source": {}}]}]
    with pytest.raises(anthropic.BadRequestError, match="an image was sent"):
        client_of(server, "me-secret").messages.create(model="sql", max_tokens=9, messages=image)
    with pytest.raises(anthropic.BadRequestError, match="function"):
        client_of(server, "me-secret").messages.create(
            model="sql", max_tokens=9, messages=ASK, tools=[{"type": "web_search_20250305", "name": "web_search"}],
        )  # fmt: skip
