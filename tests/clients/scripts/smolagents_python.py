"""smolagents' model for OpenAI-compatible servers."""

import checks
from smolagents import OpenAIServerModel, Tool

model = OpenAIServerModel(checks.MODEL, api_base=checks.V1, api_key=checks.KEY)


def ask(text):
    return [{"role": "user", "content": [{"type": "text", "text": text}]}]


class Weather(Tool):
    name = "weather"
    description = "The weather of a city"
    inputs = {"city": {"type": "string", "description": "Which"}}  # noqa: RUF012
    output_type = "string"

    def forward(self, city):
        return "sunny"


def chat():
    checks.same(model(ask(checks.QUESTION)).content, checks.ANSWER)


def stream():
    parts = model.generate_stream(ask(checks.QUESTION))
    checks.same("".join(p.content or "" for p in parts), checks.ANSWER)


def tools():
    made = model(ask(checks.WEATHER), tools_to_call_from=[Weather()])
    checks.same(made.tool_calls[0].function.name, "weather")


def long():
    checks.fails(lambda: model(ask(checks.LONG)), "maximum context length is")


checks.run(chat=chat, stream=stream, tools=tools, long=long)
