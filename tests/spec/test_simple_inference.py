"""Requirement: Simple Inference API."""

from __future__ import annotations

import sqlite3

from expertserve import Expert, InferenceResult
from tests.conftest import SCHEMA

QUESTION = "How many lighthouses are in Norway?"


def test_generate_text_from_single_prompt(engine: Expert) -> None:
    result = engine.generate(QUESTION)
    prepared = engine.manager.get("expert")
    wanted = f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
    ids = prepared.prompt.render([{"role": "user", "content": QUESTION}])
    assert prepared.prompt.tokenizer.decode_whole(ids) == wanted
    assert isinstance(result, InferenceResult)
    assert result.usage.prompt_tokens == len(ids)
    assert result.text and result.usage.completion_tokens == len(result.token_ids)
    assert result.text == engine.generate(QUESTION, temperature=0.0).text  # the manifest says 0
    assert (result.expert.name, result.base_model.name) == ("expert-sql", "SmolLM2-135M-Instruct")


def test_generate_with_custom_parameters(engine: Expert) -> None:
    asked = {"schema": SCHEMA, "temperature": 0.5, "max_tokens": 3}
    results = [
        engine.generate("List the names of all lighthouses.", seed=seed, **asked) for seed in (1, 1)
    ]  # type: ignore[arg-type]
    assert [r.usage.completion_tokens for r in results] == [3, 3]
    assert [r.finish_reason for r in results] == ["length", "length"]
    assert results[0].token_ids == results[1].token_ids
    many = engine.generate("Tell me a story.", temperature=2.0, n=4, seed=3, max_tokens=8)
    assert len({c.text for c in many.completions}) == 4


def test_generate_with_schema_context(engine: Expert) -> None:
    result = engine.generate(QUESTION, schema=SCHEMA)
    prepared = engine.manager.get("expert")
    ids = prepared.prompt.render(
        [{"role": "system", "content": f"Schema:\n{SCHEMA}"}, {"role": "user", "content": QUESTION}]
    )
    assert result.usage.prompt_tokens == len(ids)
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    database.executemany(
        "INSERT INTO lighthouses (name, country, height) VALUES (?, ?, 30)",
        [("Ann", "Norway"), ("Bob", "Norway"), ("Eve", "Peru")],
    )
    assert database.execute(result.text).fetchall() == [(2,)]
