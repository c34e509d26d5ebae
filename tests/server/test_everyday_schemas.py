"""Schemas of pydantic, Zod and MCP tools through `response_format` and tools, on the real engine.

A small model at a high temperature writes what it likes within them; `jsonschema` and pydantic
judge it.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import openai
import pytest

from tests.server.models import MODELS

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
HERE = Path(__file__).parent
ZOD = [json.loads(line) for line in (HERE / "zod.jsonl").read_text().splitlines()]
TOOLS = [json.loads(line) for line in (HERE / "mcp_tools.jsonl").read_text().splitlines()]
ASK: Any = [{"role": "user", "content": "Say something of your own that fits."}]
WARM: dict[str, Any] = {"model": "expert", "messages": ASK, "max_tokens": 120, "temperature": 1.0}


@pytest.fixture
def ask(real_client: openai.OpenAI) -> Any:
    """Asks for all of these answers at once."""

    def ask(bodies: list[dict[str, Any]]) -> list[Any]:
        async def all_of_them() -> list[Any]:
            async with openai.AsyncOpenAI(
                base_url=real_client.base_url, api_key="none", max_retries=0, timeout=280
            ) as client:
                calls = [
                    client.chat.completions.create(**{**WARM, "seed": n, **body})
                    for n, body in enumerate(bodies)
                ]
                return list(await asyncio.gather(*calls))

        return asyncio.run(all_of_them())

    return ask


def formatted(schema: dict[str, Any], strict: bool) -> dict[str, Any]:
    shape = {"name": "shape", "schema": schema, "strict": strict}
    return {"response_format": {"type": "json_schema", "json_schema": shape}}


def judged(schema: dict[str, Any], value: object) -> None:
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(value)


def test_pydantic_models_read_what_is_written_for_them(ask: Any) -> None:
    answers = ask([formatted(model.model_json_schema(), strict=True) for model in MODELS])
    for model, answer in zip(MODELS, answers, strict=True):
        model.model_validate_json(answer.choices[0].message.content)


def test_zods_schemas_are_held(ask: Any) -> None:
    answers = ask([formatted(entry["schema"], strict=False) for entry in ZOD])
    for entry, answer in zip(ZOD, answers, strict=True):
        judged(entry["schema"], json.loads(answer.choices[0].message.content))


def test_mcp_tools_are_called_with_what_their_schemas_say(ask: Any) -> None:
    tools = [
        {"type": "function", "function": {**tool, "parameters": tool["inputSchema"]}}
        for tool in TOOLS
    ]
    for tool in tools:
        del tool["function"]["inputSchema"]  # type: ignore[attr-defined]
    answers = ask([{"tools": [tool], "tool_choice": "required"} for tool in tools])
    for tool, answer in zip(TOOLS, answers, strict=True):
        (call,) = answer.choices[0].message.tool_calls
        assert call.function.name == tool["name"]
        judged(tool["inputSchema"], json.loads(call.function.arguments))


def test_grounded_values_are_in_the_text_whatever_the_model_would_rather_say(ask: Any) -> None:
    said = 'Ms Ximena Delgado-Ruiz, 41, of "Haus Zurr" (Zürich) pays 1,250.50 for two rooms.'
    person = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "x-source": True, "maxLength": 40},
            "town": {"type": ["string", "null"], "x-source": True},
            "numbers": {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 3},
            "mood": {"enum": ["fine", "bad"]},
        },
        "required": ["name", "town", "numbers", "mood"],
        "additionalProperties": False,
    }
    body = {
        **formatted(person, strict=False),
        "messages": [{"role": "user", "content": said}],
        "temperature": 1.6,
        "extra_body": {"ground": "values"},
    }
    for answer in ask([body] * 8):
        found = json.loads(answer.choices[0].message.content)
        assert found["name"] in said and (found["town"] is None or found["town"] in said), found
        assert set(found["numbers"]) <= {41, 1250.5, 1, 250.5}, found


def test_a_token_of_the_models_stands_where_a_grammar_names_it(ask: Any) -> None:
    grammar = 'root ::= "a"{2,6} <|im_start|> !<|im_start|> "b"{1,3}'
    body = {"extra_body": {"grammar": grammar, "skip_special_tokens": False}, "temperature": 1.6}
    for answer in ask([body] * 4):
        text = answer.choices[0].message.content
        assert text.startswith("aa") and text.rstrip("b") != text, text
        assert answer.expertserve["grammar"][0]["complete"], answer
