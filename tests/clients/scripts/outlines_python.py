"""Outlines, by its models for OpenAI and for vLLM."""

import json
from typing import Literal

import checks
import openai
import outlines
import pydantic

client = openai.OpenAI(base_url=checks.V1, api_key=checks.KEY, max_retries=0)


class Country(pydantic.BaseModel):
    name: str
    people: int


def chat():
    for make in (outlines.from_openai, outlines.from_vllm):
        checks.same(make(client, checks.MODEL)(checks.QUESTION), checks.ANSWER)


def stream():
    parts = outlines.from_openai(client, checks.MODEL).stream(checks.QUESTION)
    checks.same("".join(parts), checks.ANSWER)


def structured():
    for make in (outlines.from_openai, outlines.from_vllm):
        made = make(client, checks.MODEL)(checks.COUNTRY, Country)
        checks.same(json.loads(made)["people"], 5)
    model = outlines.from_vllm(client, checks.MODEL)
    checks.same(model(checks.QUESTION, Literal[checks.ANSWER, "no"]), checks.ANSWER)
    checks.same(model(checks.QUESTION, outlines.regex("SELECT .*")), checks.ANSWER)


def error():
    checks.fails(lambda: outlines.from_openai(client, "no")("x"), "there are sql")


checks.run(chat=chat, stream=stream, structured=structured, error=error)
