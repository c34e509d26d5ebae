"""Outlines: outlines_python.py from_openai, or from_vllm, which has regular expressions, too."""

import json
import sys
from typing import Literal

import checks
import openai
import outlines
import pydantic

which = sys.argv[1]
make = getattr(outlines, which)
client = openai.OpenAI(base_url=checks.V1, api_key=checks.KEY, max_retries=0)


class Country(pydantic.BaseModel):
    name: str
    people: int


def chat():
    checks.same(make(client, checks.MODEL)(checks.QUESTION), checks.ANSWER)


def stream():
    parts = make(client, checks.MODEL).stream(checks.QUESTION)
    checks.same("".join(parts), checks.ANSWER)


def structured():
    model = make(client, checks.MODEL)
    checks.same(json.loads(model(checks.COUNTRY, Country))["people"], 5)
    if which == "from_vllm":
        checks.same(model(checks.QUESTION, Literal[checks.ANSWER, "no"]), checks.ANSWER)
        checks.same(model(checks.QUESTION, outlines.regex("SELECT .*")), checks.ANSWER)


def error():
    checks.fails(lambda: make(client, "no")("x"), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, error=error)
