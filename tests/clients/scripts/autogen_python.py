"""AutoGen's client of OpenAI, and an agent with a tool."""

import checks
import pydantic
from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import UserMessage
from autogen_ext.models.openai import OpenAIChatCompletionClient

info = {
    "vision": False, "function_calling": True, "json_output": True, "family": "unknown",
    "structured_output": True,
}  # fmt: skip


class Country(pydantic.BaseModel):
    name: str
    people: int


def client(model=checks.MODEL):
    return OpenAIChatCompletionClient(
        model=model, base_url=checks.V1, api_key=checks.KEY, model_info=info, max_retries=0
    )


def ask(text):
    return [UserMessage(content=text, source="user")]


async def chat():
    checks.same((await client().create(ask(checks.QUESTION))).content, checks.ANSWER)


async def stream():
    parts = [p async for p in client().create_stream(ask(checks.QUESTION))]
    checks.same("".join(p for p in parts if isinstance(p, str)), checks.ANSWER)


async def structured():
    made = await client().create(ask(checks.COUNTRY), json_output=Country)
    assert Country.model_validate_json(made.content).people == 5


async def tools():
    async def weather(city: str) -> str:
        """The weather of a city."""
        return "sunny"

    agent = AssistantAgent("asker", model_client=client(), tools=[weather])
    checks.same((await agent.run(task=checks.WEATHER)).messages[-1].content, "sunny")


def long():
    checks.fails(lambda: client().create(ask(checks.LONG)), "maximum context length is")


def error():
    checks.fails(lambda: client("no").create(ask("x")), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, long=long, error=error)
