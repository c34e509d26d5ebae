"""Whatever the temperature and the budget: an answer that says complete is one, and with
`restrict_to_schema` its names exist.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter

import pytest

from expertserve import Expert, GenerateArgs, GrammarError
from expertserve.grammar.bundled import bundled
from training import sql

pytestmark = pytest.mark.engine
SYNTAX = ("syntax error", "unrecognized token", "incomplete input")


def explained(query: str, schema: str) -> str:
    """What SQLite says of a query against a schema: nothing, or its complaint."""
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(schema)
        database.execute(f"EXPLAIN {query}")
    except sqlite3.Error as error:
        return str(error)
    finally:
        database.close()
    return ""


def check(
    expert: Expert, count: int, restrict: bool, sampled: int | None = None
) -> dict[float, Counter[str]]:
    """Asks questions at three temperatures with budgets from 8 to 128; gives what SQLite said of
    the answers.

    Args:
        sampled: The first so many of them above temperature 0; None is all.
    """
    grammar = bundled("sql")
    assert grammar
    pairs = itertools.islice(
        ((lesson, pair) for lesson in sql.lessons("test", 7) for pair in lesson.pairs), count
    )
    asked = [
        (lesson.schema, pair.question, 8 + (n * 37) % 121) for n, (lesson, pair) in enumerate(pairs)
    ]
    said: dict[float, Counter[str]] = {}
    for temperature in (0.0, 0.7, 1.5):
        own = asked[: sampled if temperature else None]
        jobs: list[tuple[str, str | None, GenerateArgs]] = [
            (
                "expert",
                question,
                {
                    "schema": schema,
                    "grammar": grammar,
                    "max_tokens": budget,
                    "temperature": temperature,
                    "seed": n,
                    "stop": [],
                    **({"restrict_to_schema": True} if restrict else {}),
                },
            )
            for n, (schema, question, budget) in enumerate(own)
        ]
        counts: Counter[str] = Counter()
        results = expert.manager.generate_many(jobs, return_exceptions=True)
        for (schema, _, budget), result in zip(own, results, strict=True):
            if isinstance(result, GrammarError):  # no sentence fits at all
                assert result.code == "no_ending_fits" and budget < 16
                counts["none fits"] += 1
                continue
            assert not isinstance(result, Exception), result
            assert (
                result.grammar
                and result.grammar.complete
                and result.usage.completion_tokens <= budget
            )
            complaint = explained(result.text, schema)
            assert not any(s in complaint for s in SYNTAX), (result.text, complaint)
            if restrict:
                assert not complaint.startswith("no such table"), (result.text, complaint)
            whole = "whole" if result.finish_reason == "stop" else "ended by us or the budget"
            counts[f"{whole}: {complaint.split(':')[0] or 'explained'}"] += 1
        said[temperature] = counts
    return said


def test_every_answer_is_a_complete_sentence(engine: Expert) -> None:
    check(engine, 10, restrict=False, sampled=5)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_three_hundred_questions_at_any_temperature_are_complete(engine: Expert) -> None:
    print(check(engine, 300, restrict=False))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_restricted_to_a_schema_answers_can_be_explained(engine: Expert) -> None:
    said = check(engine, 300, restrict=True, sampled=100)
    print(said)
    greedy = said[0.0]
    explained_share = sum(n for what, n in greedy.items() if what.endswith("explained")) / (
        sum(greedy.values()) - greedy["none fits"]
    )
    assert explained_share >= 0.99
