"""Sentences of everyday schemas' grammars, drawn at random, are what their own tools read.

The same schemas as in `tests/server/test_everyday_schemas.py`, which asks a real engine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pydantic
import pytest

from expertserve.grammar import terms
from expertserve.grammar.recognise import Grammar
from tests.server.models import MODELS

FOLDER = Path(__file__).parent / "server"


def schemas(name: str, key: str) -> list[Any]:
    entries = [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]
    return [pytest.param(entry[key], id=entry["name"]) for entry in entries]


def samples(grammar: Grammar) -> Iterator[str]:
    for seed in range(15):
        yield grammar.sample(random.Random(seed), 200)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_pydantic_reads_samples_of_its_models(model: type[pydantic.BaseModel]) -> None:
    for text in samples(terms.from_json_schema(model)):
        model.model_validate_json(text)


@pytest.mark.parametrize(
    "schema", [*schemas("zod.jsonl", "schema"), *schemas("mcp_tools.jsonl", "inputSchema")]
)
def test_samples_of_zods_and_mcps_schemas_are_valid(schema: dict[str, Any]) -> None:
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    for text in samples(terms.from_json_schema(schema)):
        validator.validate(json.loads(text))
