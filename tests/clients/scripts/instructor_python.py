"""instructor, in its modes: tools, JSON and JSON schema."""

import checks
import instructor
import openai
import pydantic


class Country(pydantic.BaseModel):
    name: str
    people: int


def made(mode, **more):
    client = instructor.from_openai(
        openai.OpenAI(base_url=checks.V1, api_key=checks.KEY, max_retries=0), mode=mode
    )
    messages = [{"role": "user", "content": checks.COUNTRY}]
    given = {"model": checks.MODEL, "messages": messages, "response_model": Country, **more}
    return client.chat.completions.create(**given, max_retries=0)


def tools():
    assert made(instructor.Mode.TOOLS).people == 5


def structured():
    assert made(instructor.Mode.JSON_SCHEMA).people == 5
    assert made(instructor.Mode.JSON).people == 5


def error():
    checks.fails(lambda: made(instructor.Mode.TOOLS, model="no"), "there are sql")


checks.run(structured=structured, tools=tools, error=error)
