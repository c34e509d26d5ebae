"""OpenAI's own client: chat completions, responses, completions."""

import json

import checks
import openai
import pydantic

client = openai.OpenAI(base_url=checks.V1, api_key=checks.KEY, max_retries=0)
ask = {"model": checks.MODEL, "messages": [{"role": "user", "content": checks.QUESTION}]}
tool = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


class Country(pydantic.BaseModel):
    name: str
    people: int


def chat():
    checks.same(client.chat.completions.create(**ask).choices[0].message.content, checks.ANSWER)


def stream():
    chunks = client.chat.completions.create(
        **ask, stream=True, stream_options={"include_usage": True}
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    checks.same(text, checks.ANSWER)


def structured():
    messages = [{"role": "user", "content": checks.COUNTRY}]
    made = client.chat.completions.parse(
        model=checks.MODEL, messages=messages, response_format=Country
    )
    checks.same(made.choices[0].message.parsed, Country(name="Norway", people=5))


def tools():
    messages = [{"role": "user", "content": checks.WEATHER}]
    made = client.chat.completions.create(model=checks.MODEL, messages=messages, tools=[tool])
    call = made.choices[0].message.tool_calls[0]
    checks.same(json.loads(call.function.arguments), {"city": "Norway"})
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    messages += [made.choices[0].message, result]
    again = client.chat.completions.create(model=checks.MODEL, messages=messages, tools=[tool])
    checks.same(again.choices[0].message.content, checks.ANSWER)


def responses():
    first = client.responses.create(model=checks.MODEL, input=checks.QUESTION)
    checks.same(first.output_text, checks.ANSWER)
    with client.responses.stream(
        model=checks.MODEL, input=checks.QUESTION, previous_response_id=first.id
    ) as events:
        events.until_done()
        checks.same(events.get_final_response().output_text, checks.ANSWER)
    made = client.responses.parse(model=checks.MODEL, input=checks.COUNTRY, text_format=Country)
    checks.same(made.output_parsed, Country(name="Norway", people=5))


def completions():
    made = client.completions.create(model=checks.MODEL, prompt=checks.QUESTION)
    checks.same(made.choices[0].text, checks.ANSWER)


def long():
    messages = [{"role": "user", "content": checks.LONG}]
    checks.fails(
        lambda: client.chat.completions.create(model=checks.MODEL, messages=messages),
        "maximum context length is",
    )


def error():
    checks.fails(lambda: client.chat.completions.create(**ask | {"model": "no"}), "there are sql")


checks.run(
    chat=chat, stream=stream, structured=structured, tools=tools, responses=responses,
    completions=completions, long=long, error=error,
)  # fmt: skip
