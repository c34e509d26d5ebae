"""The demo experts keep what their manifests promise: questions that training never saw, judged by running the answers."""

from __future__ import annotations

import itertools

import pytest
from experts import sql

from expertserve import Expert

BAR = 0.60


@pytest.mark.long
def test_the_sql_expert_answers_most_unseen_questions_on_unseen_schemas(engine: Expert) -> None:
    asked = list(itertools.islice(((lesson, pair) for lesson in sql.lessons("test", 7) for pair in lesson.pairs), 200))
    answers = engine.manager.generate_many(
        ("expert", pair.question, {"schema": lesson.schema, "max_tokens": 160}) for lesson, pair in asked
    )
    right = sum(sql.correct(lesson, pair, answer.text) for (lesson, pair), answer in zip(asked, answers, strict=True))
    assert right / len(asked) >= BAR


def test_training_and_test_schemas_share_no_table() -> None:
    train, test = ({table.name for schema in sql.SCHEMAS[split] for table in schema} for split in ("train", "test"))
    assert not train & test
