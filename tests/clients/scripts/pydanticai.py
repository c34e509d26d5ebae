"""pydantic-ai, in its default mode (the Responses API) and over chat completions."""

import checks
import pydantic
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = OpenAIProvider(base_url=checks.V1, api_key=checks.KEY)
model = OpenAIResponsesModel(checks.MODEL, provider=provider)


class Country(pydantic.BaseModel):
    name: str
    people: int


async def chat():
    checks.same((await Agent(model).run(checks.QUESTION)).output, checks.ANSWER)
    other = OpenAIChatModel(checks.MODEL, provider=provider)
    checks.same((await Agent(other).run(checks.QUESTION)).output, checks.ANSWER)


async def stream():
    async with Agent(model).run_stream(checks.QUESTION) as made:
        checks.same("".join([x async for x in made.stream_text(delta=True)]), checks.ANSWER)


async def structured():
    made = await Agent(model, output_type=Country).run(checks.COUNTRY)
    assert made.output.people == 5


async def tools():
    agent = Agent(model)

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather of a city."""
        return "sunny"

    checks.same((await agent.run(checks.WEATHER)).output, checks.ANSWER)


def long():
    checks.fails(lambda: Agent(model).run(checks.LONG), "maximum context length is")


def error():
    other = OpenAIResponsesModel("no", provider=provider)
    checks.fails(lambda: Agent(other).run("x"), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, long=long, error=error)
