"""Anthropic's own client."""

import anthropic
import checks

client = anthropic.Anthropic(base_url=checks.URL, api_key=checks.KEY, max_retries=0)
tool = {
    "name": "weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def ask(text, **more):
    messages = [{"role": "user", "content": text}]
    return {"model": checks.MODEL, "max_tokens": 99, "messages": messages, **more}


def chat():
    checks.same(client.messages.create(**ask(checks.QUESTION)).content[0].text, checks.ANSWER)


def stream():
    with client.messages.stream(**ask(checks.QUESTION)) as events:
        checks.same("".join(events.text_stream), checks.ANSWER)


def structured():
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "people": {"type": "integer"}}}  # fmt: skip
    made = client.messages.create(
        **ask(checks.COUNTRY, extra_body={"output_config": {"format": {"type": "json_schema", "schema": schema}}})
    )  # fmt: skip
    checks.same(made.content[0].text, '{"name": "Norway", "people": 5}')


def tools():
    made = client.messages.create(**ask(checks.WEATHER, tools=[tool]))
    checks.same((made.stop_reason, made.content[0].input), ("tool_use", {"city": "Norway"}))


def count():
    assert client.messages.count_tokens(model=checks.MODEL, messages=ask("x")["messages"]).input_tokens  # fmt: skip


def long():
    checks.fails(lambda: client.messages.create(**ask(checks.LONG)), "maximum context length is")


def error():
    checks.fails(lambda: client.messages.create(**ask("x") | {"model": "no"}), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, count=count, long=long, error=error)  # fmt: skip
