"""Requirement: Batch Inference."""

from __future__ import annotations

import time

from expertserve import Expert
from tests.conftest import SCHEMA

PROMPTS = [
    "How many lighthouses are in Norway?",
    "List the names of all lighthouses.",
    "What is the average height of lighthouses?",
]


def test_generate_for_multiple_prompts(engine: Expert) -> None:
    began = time.monotonic()
    results = engine.generate_batch(PROMPTS, schema=SCHEMA)
    seconds = time.monotonic() - began
    assert [r.text for r in results] == [engine.generate(p, schema=SCHEMA).text for p in PROMPTS]
    assert "COUNT" in results[0].text and "name" in results[1].text and "AVG" in results[2].text
    assert all(
        r.usage.completion_tokens > 0 and r.timing.total > 0 and r.expert.name == "expert-sql"
        for r in results
    )
    assert seconds < sum(r.timing.total for r in results)  # they ran at the same time


def test_batch_with_different_lengths(engine: Expert) -> None:
    prompts = [PROMPTS[0], "Please answer precisely. " * 40 + PROMPTS[1], PROMPTS[2], "x"]
    together = engine.generate_batch(prompts, schema=SCHEMA, max_tokens=40, logprobs=0)
    alone = [engine.generate(p, schema=SCHEMA, max_tokens=40, logprobs=0) for p in prompts]
    assert [r.token_ids for r in together] == [r.token_ids for r in alone]
    for a, b in zip(together, alone, strict=True):
        assert (
            max(
                abs(x.logprob - y.logprob)
                for x, y in zip(a.logprobs or (), b.logprobs or (), strict=True)
            )
            < 1e-4
        )
