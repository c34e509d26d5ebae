"""LangChain's clients of OpenAI (chat and responses) and of Ollama."""

import checks
import pydantic
from langchain_core.tools import tool
from langchain_ollama import ChatOllama
from langchain_openai import ChatOpenAI

where = {"base_url": checks.V1, "api_key": checks.KEY, "max_retries": 0}
model = ChatOpenAI(model=checks.MODEL, **where)


class Country(pydantic.BaseModel):
    name: str
    people: int


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return "sunny"


def chat():
    checks.same(model.invoke(checks.QUESTION).content, checks.ANSWER)
    other = ChatOpenAI(model=checks.MODEL, use_responses_api=True, **where)
    checks.same(other.invoke(checks.QUESTION).text, checks.ANSWER)
    checks.same(ChatOllama(model=checks.MODEL, base_url=checks.URL).invoke(checks.QUESTION).content, checks.ANSWER)  # fmt: skip


def stream():
    checks.same("".join(c.content for c in model.stream(checks.QUESTION)), checks.ANSWER)


def structured():
    for method in ("json_schema", "function_calling", "json_mode"):
        made = model.with_structured_output(Country, method=method).invoke(checks.COUNTRY)
        assert made.people == 5, method


def tools():
    made = model.bind_tools([weather]).invoke(checks.WEATHER)
    checks.same(made.tool_calls[0]["args"], {"city": "Norway"})


def long():
    checks.fails(lambda: model.invoke(checks.LONG), "maximum context length is")


def error():
    checks.fails(lambda: ChatOpenAI(model="no", **where).invoke("x"), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, long=long, error=error)
