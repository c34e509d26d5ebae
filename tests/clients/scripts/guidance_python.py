"""guidance's client of OpenAI-compatible servers."""

import checks
import guidance
from guidance.models import OpenAI


def model(name=checks.MODEL):
    return OpenAI(name, api_key=checks.KEY, base_url=checks.V1)


def chat():
    lm = model()
    with guidance.user():
        lm += checks.QUESTION
    with guidance.assistant():
        lm += guidance.gen("answer")
    checks.same(lm["answer"], checks.ANSWER)


def structured():
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "people": {"type": "integer"}}, "required": ["name", "people"], "additionalProperties": False}  # fmt: skip
    lm = model()
    with guidance.user():
        lm += checks.COUNTRY
    with guidance.assistant():
        lm += guidance.json(schema=schema, name="answer")
    assert '"people": 5' in lm["answer"]


checks.run(chat=chat, structured=structured)
