"""The demo experts keep what their manifests promise: questions that training never saw, judged by
running the answers.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from expertserve import Expert, ExpertManager, GenerateArgs
from tests.conftest import EXPERTS
from training import (
    cypher,
    cypher_world,
    json_extract,
    json_world,
    sql,
)
from training.task import Lesson, Pair, Task

MARGIN = 0.12
"""How far a sample of questions may fall below what the package's manifest says of 300."""
NAMES = {"expert": "expert-sql", "cypher": "expert-cypher", "json": "expert-json"}
"""What the experts are loaded under, and what their packages are called."""


def package(kind: str) -> Path:
    return next(EXPERTS.glob(f"expert-{kind}-*.expert"))


@pytest.fixture(scope="module")
def three(manager: ExpertManager) -> Iterator[ExpertManager]:
    """The manager with the demo experts for Cypher and JSON beside the one for SQL."""
    for name in ("cypher", "json"):
        manager.load_expert(name, package(name))
    yield manager
    for name in ("cypher", "json"):
        manager.unload_expert(name)


def questions(task: Task, count: int) -> list[tuple[Lesson, Pair]]:
    return list(
        itertools.islice(
            ((lesson, pair) for lesson in task.lessons("test", 7) for pair in lesson.pairs), count
        )
    )


def beside(lesson: Lesson) -> GenerateArgs:
    """What a user passes with the question."""
    return (
        {"schema": lesson.schema, "dialect": lesson.dialect}
        if lesson.dialect
        else {"schema": lesson.schema}
    )


def share_of_right_answers(manager: ExpertManager, name: str, task: Task, count: int) -> float:
    asked = questions(task, count)
    answers = manager.generate_many((name, pair.question, beside(lesson)) for lesson, pair in asked)
    return sum(
        task.correct(lesson, pair, answer.text)
        for (lesson, pair), answer in zip(asked, answers, strict=True)
    ) / len(asked)


def promised(manager: ExpertManager, name: str) -> float:
    """The share of right answers that the package's manifest states, less a margin for the
    sample.
    """
    metrics = manager.get(name).manifest.quality_metrics
    assert metrics is not None
    return float(metrics.model_dump()["execution_accuracy"]) - MARGIN


@pytest.mark.long
def test_the_sql_expert_answers_most_unseen_questions_on_unseen_schemas(engine: Expert) -> None:
    assert share_of_right_answers(engine.manager, "expert", sql, 200) >= promised(
        engine.manager, "expert"
    )


@pytest.mark.long
@pytest.mark.engine
def test_the_cypher_expert_keeps_its_promise_on_unseen_graphs(three: ExpertManager) -> None:
    assert share_of_right_answers(three, "cypher", cypher, 64) >= promised(three, "cypher")


@pytest.mark.long
@pytest.mark.engine
def test_the_json_expert_keeps_its_promise_on_unseen_objects(three: ExpertManager) -> None:
    assert share_of_right_answers(three, "json", json_extract, 64) >= promised(three, "json")


@pytest.mark.engine
def test_three_experts_answer_in_one_batch_through_one_engine(three: ExpertManager) -> None:
    asked = [
        (name, task, *one)
        for several in zip(
            *(questions(task, 5) for task in (sql, cypher, json_extract)), strict=True
        )
        for (name, task), one in zip(
            (("expert", sql), ("cypher", cypher), ("json", json_extract)), several, strict=True
        )
    ]
    answers = three.generate_many(
        [(name, pair.question, beside(lesson)) for name, _, lesson, pair in asked]
    )
    assert [answer.expert.name for answer in answers] == [NAMES[name] for name, *_ in asked]
    assert len({answer.expert.digest for answer in answers}) == 3
    assert len({answer.base_model.digest for answer in answers}) == 1
    for (name, _, lesson, _), answer in zip(asked, answers, strict=True):
        assert answer.grammar and answer.grammar.complete
        if name == "json":
            assert json.loads(answer.text).keys() == json.loads(lesson.schema).keys()
        else:
            assert answer.text.startswith({"expert": "SELECT", "cypher": "MATCH"}[name])
    right = [
        task.correct(lesson, pair, answer.text)
        for (_, task, lesson, pair), answer in zip(asked, answers, strict=True)
    ]
    assert sum(right[::3]) >= 3, [answer.text for answer in answers]  # SQL's


@pytest.mark.engine
def test_a_schema_routes_each_question_to_its_expert(three: ExpertManager) -> None:
    for name, task in (("expert", sql), ("cypher", cypher), ("json", json_extract)):
        lesson, pair = questions(task, 1)[0]
        answer = three.generate("auto", pair.question, **beside(lesson))
        assert answer.expert.name == NAMES[name]


@pytest.mark.long
@pytest.mark.engine
def test_the_command_line_answers_with_the_dora_expert(tmp_path: Path) -> None:
    lesson, pair = questions(json_extract, 1)[0]
    (tmp_path / "shape.json").write_text(lesson.schema)
    asked = ["generate", str(package("json")), pair.question, "--schema", "shape.json", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "expertserve.cli", *asked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["expert"]["name"], result["expert"]["adapter"]["type"]) == (
        "expert-json",
        "dora",
    )
    assert json.loads(result["text"]).keys() == json.loads(lesson.schema).keys()


def test_training_and_test_schemas_share_no_table() -> None:
    train, test = (
        {table.name for schema in sql.SCHEMAS[split] for table in schema}
        for split in ("train", "test")
    )
    assert not train & test


def test_training_and_test_graphs_share_no_label_and_no_relationship() -> None:
    def spelled(domains: tuple[cypher_world.Domain, ...]) -> set[str]:
        nodes = {label for domain in domains for node in domain.nodes for label in node.labels}
        return nodes | {
            name
            for domain in domains
            for edge in domain.edges
            for name in (*edge.types, *edge.inverse)
        }

    assert not spelled(cypher_world.TRAIN) & spelled(cypher_world.TEST)


def test_training_and_test_objects_share_no_key() -> None:
    def spelled(domains: tuple[json_world.Domain, ...]) -> set[str]:
        keys = {key for domain in domains for field in domain.fields for key in field.keys}
        return keys | {domain.nest.key for domain in domains if domain.nest}

    assert not spelled(json_extract.TRAIN) & spelled(json_extract.TEST)
