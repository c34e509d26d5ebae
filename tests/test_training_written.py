"""The written lessons: answers that run and that names can be bound to, and nothing that judges."""

from __future__ import annotations

import itertools
import json
import random
import re
import sqlite3
from pathlib import Path

import pytest

from expertserve.decoding.ddl import schema_of
from expertserve.decoding.graph_schema import graph_of
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.names.cypher_rules import bound_cypher
from expertserve.grammar.names.scope import scope_of
from expertserve.grammar.names.sql_rules import bound_sql
from training import people
from training.task import Lesson, Pair
from training.written import lessons, mixed

PEOPLE = Path(__file__).parents[1] / "benchmarks" / "people"
KINDS = ("sql", "cypher", "json")
SHARED = 5
"""Words in a row that no two questions of a hundred thousand would share by chance."""


def written(kind: str) -> list[Lesson]:
    return lessons(kind, random.Random(0))


def test_every_answer_in_sql_runs_and_its_names_can_be_bound() -> None:
    for lesson in written("sql"):
        database = sqlite3.connect(":memory:")
        database.executescript(lesson.schema)
        scope = scope_of(schema_of(lesson.schema, "sql"))
        grammar = GroundedGrammar.over(bound_sql("sql"), "", names=scope)
        for pair in lesson.pairs:
            database.execute(pair.answer).fetchall()
            assert grammar.accepts(pair.answer), pair


def test_every_answer_in_cypher_can_be_bound_in_each_form_of_its_schema() -> None:
    rng = random.Random(1)
    for lesson in itertools.chain(lessons("cypher", rng), lessons("cypher", rng)):
        scope = scope_of(graph_of(lesson.schema))
        grammar = GroundedGrammar.over(bound_cypher(), "", names=scope)
        assert all(grammar.accepts(pair.answer) for pair in lesson.pairs), lesson


def test_every_object_has_its_shape_and_says_what_its_note_says() -> None:
    for lesson in written("json"):
        for pair in lesson.pairs:
            assert json.loads(lesson.schema).keys() == json.loads(pair.answer).keys()
            assert not people.invented(pair.question, pair.answer), pair


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_near_to_what_judges(kind: str) -> None:
    judging = (PEOPLE / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in judging]
    held = {run for one in asked for run in runs(one.get("sentence") or one["question"])}
    for lesson in people.lessons() if kind == "json" else ():
        held.update(run for pair in lesson.pairs for run in runs(pair.question))
    taught = {run for lesson in written(kind) for p in lesson.pairs for run in runs(p.question)}
    assert len(taught) > 1000
    assert not held & taught


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + SHARED]) for at in range(len(words) - SHARED + 1)}


def test_three_lessons_of_four_are_written_and_all_come_before_one_comes_again() -> None:
    made = itertools.repeat(Lesson("made", None, (Pair("?", "!"),)))
    hand = [lesson.schema for lesson in written("sql")]
    drawn = [lesson.schema for lesson in itertools.islice(mixed(made, "sql_varied", 1), 2000)]
    assert 0.7 < sum(schema != "made" for schema in drawn) / 2000 < 0.8
    first = [schema for schema in drawn if schema != "made"][: len(hand)]
    assert sorted(first) == sorted(hand) and first != hand
    again = [lesson.schema for lesson in itertools.islice(mixed(made, "sql_varied", 1), 2000)]
    assert again == drawn
