"""Ollama's own client."""

import json

import checks
import ollama

client = ollama.Client(host=checks.URL)


def ask(text):
    return {"model": checks.MODEL, "messages": [{"role": "user", "content": text}]}


def chat():
    checks.same(client.chat(**ask(checks.QUESTION)).message.content, checks.ANSWER)
    checks.same(client.generate(model=checks.MODEL, prompt=checks.QUESTION).response, checks.ANSWER)


def stream():
    parts = client.chat(**ask(checks.QUESTION), stream=True)
    checks.same("".join(p.message.content for p in parts), checks.ANSWER)


def structured():
    made = client.chat(**ask(checks.COUNTRY), format={"type": "object"})
    checks.same(json.loads(made.message.content), {"name": "Norway", "people": 5})


def tools():
    def weather(city: str) -> str:
        """The weather of a city."""
        return "sunny"

    (call,) = client.chat(**ask(checks.WEATHER), tools=[weather]).message.tool_calls
    checks.same((call.function.name, call.function.arguments), ("weather", {"city": "Norway"}))


def models():
    assert checks.MODEL in [m.model for m in client.list().models]
    assert client.show(checks.MODEL).template


def long():
    checks.fails(lambda: client.chat(**ask(checks.LONG)), "maximum context length is")


def error():
    checks.fails(lambda: client.chat(**ask("x") | {"model": "no"}), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, models=models, long=long, error=error)  # fmt: skip
