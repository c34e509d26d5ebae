"""Haystack's chat generator."""

import checks
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool
from haystack.utils import Secret

where = {"api_key": Secret.from_token(checks.KEY), "api_base_url": checks.V1, "max_retries": 0}


def ask(text, model=checks.MODEL, **more):
    generator = OpenAIChatGenerator(model=model, **where, **more)
    return generator.run([ChatMessage.from_user(text)])["replies"][0]


def chat():
    checks.same(ask(checks.QUESTION).text, checks.ANSWER)


def stream():
    parts = []
    ask(checks.QUESTION, streaming_callback=lambda chunk: parts.append(chunk.content))
    checks.same("".join(parts), checks.ANSWER)


def tools():
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = Tool(name="weather", description="Weather", parameters=schema, function=str)
    checks.same(ask(checks.WEATHER, tools=[tool]).tool_calls[0].arguments, {"city": "Norway"})


def long():
    checks.fails(lambda: ask(checks.LONG), "maximum context length is")


def error():
    checks.fails(lambda: ask("x", model="no"), "there are sql")


checks.run(chat=chat, stream=stream, tools=tools, long=long, error=error)
