"""OpenAI's agents, in their default mode: the Responses API."""

import checks
import openai
import pydantic
from agents import Agent, Runner, function_tool, set_default_openai_client, set_tracing_disabled

set_tracing_disabled(True)
set_default_openai_client(openai.AsyncOpenAI(base_url=checks.V1, api_key=checks.KEY, max_retries=0))


class Country(pydantic.BaseModel):
    name: str
    people: int


@function_tool
def weather(city: str) -> str:
    """The weather of a city."""
    return "sunny"


agent = Agent(name="asker", instructions="Answer.", model=checks.MODEL)


async def chat():
    checks.same((await Runner.run(agent, checks.QUESTION)).final_output, checks.ANSWER)


async def stream():
    made = Runner.run_streamed(agent, checks.QUESTION)
    text = ""
    async for event in made.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            text += event.data.delta
    checks.same(text, checks.ANSWER)


async def structured():
    made = await Runner.run(agent.clone(output_type=Country), checks.COUNTRY)
    checks.same(made.final_output, Country(name="Norway", people=5))


async def tools():
    made = await Runner.run(agent.clone(tools=[weather]), checks.WEATHER)
    checks.same(made.final_output, checks.ANSWER)


def long():
    checks.fails(lambda: Runner.run(agent, checks.LONG), "maximum context length is")


def error():
    checks.fails(lambda: Runner.run(agent.clone(model="no"), "x"), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, tools=tools, long=long, error=error)
