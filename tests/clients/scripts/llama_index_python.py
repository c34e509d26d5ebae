"""LlamaIndex' client of OpenAI-compatible servers."""

import checks
import pydantic
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike

where = {"api_base": checks.V1, "api_key": checks.KEY, "max_retries": 0}
model = OpenAILike(
    model=checks.MODEL, is_chat_model=True, is_function_calling_model=True, context_window=512,
    **where,
)  # fmt: skip


class Country(pydantic.BaseModel):
    name: str
    people: int


def ask(text):
    return [ChatMessage(role="user", content=text)]


def chat():
    checks.same(model.chat(ask(checks.QUESTION)).message.content, checks.ANSWER)
    checks.same(model.complete(checks.QUESTION).text, checks.ANSWER)


def stream():
    *_, last = model.stream_chat(ask(checks.QUESTION))
    checks.same(last.message.content, checks.ANSWER)


def structured():
    made = model.as_structured_llm(Country).chat(ask(checks.COUNTRY))
    assert made.raw.people == 5


def tools():
    def weather(city: str) -> str:
        """The weather of a city."""
        return "sunny"

    made = model.chat_with_tools([FunctionTool.from_defaults(weather)], user_msg=checks.WEATHER)
    checks.same(model.get_tool_calls_from_response(made)[0].tool_name, "weather")


def long():
    checks.fails(lambda: model.chat(ask(checks.LONG)), "maximum context length is")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, long=long)
