"""litellm, as an OpenAI-compatible provider."""

import checks
import litellm
import pydantic

litellm.telemetry = False
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


def ask(text, **more):
    where = {"api_base": checks.V1, "api_key": checks.KEY, "num_retries": 0}
    messages = [{"role": "user", "content": text}]
    return {"model": f"openai/{checks.MODEL}", "messages": messages, **where, **more}


def chat():
    made = litellm.completion(**ask(checks.QUESTION))
    checks.same(made.choices[0].message.content, checks.ANSWER)


def stream():
    parts = litellm.completion(**ask(checks.QUESTION, stream=True))
    text = "".join(p.choices[0].delta.content or "" for p in parts if p.choices)
    checks.same(text, checks.ANSWER)


def structured():
    made = litellm.completion(**ask(checks.COUNTRY, response_format=Country))
    checks.same(Country.model_validate_json(made.choices[0].message.content).people, 5)


def tools():
    made = litellm.completion(**ask(checks.WEATHER, tools=[tool]))
    checks.same(made.choices[0].message.tool_calls[0].function.name, "weather")


def long():
    checks.fails(lambda: litellm.completion(**ask(checks.LONG)), "maximum context length is")


def error():
    checks.fails(lambda: litellm.completion(**ask("x") | {"model": "openai/no"}), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, long=long, error=error)
