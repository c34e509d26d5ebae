"""The demo experts' data: its files are read strictly, and published seeds draw what they did."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from training import (
    cypher,
    cypher_varied,
    cypher_world,
    json_extract,
    json_varied,
    json_world,
    people,
    sql,
    sql_tables,
    sql_varied,
    sql_world,
)
from training import written as handwritten
from training.records import DATA, Choices, read, written
from training.task import Split

RECORDS: dict[str, type[object]] = {
    "cypher_conditions.jsonl": Choices,
    "cypher_properties.jsonl": cypher_world.Shared,
    "cypher_questions.jsonl": Choices,
    "cypher_test.jsonl": cypher_world.Domain,
    "cypher_train.jsonl": cypher_world.Domain,
    "cypher_words.jsonl": Choices,
    "cypher_written.jsonl": handwritten.WrittenLesson,
    "json_patterns.jsonl": Choices,
    "json_people.jsonl": people.Shape,
    "json_test.jsonl": json_world.Domain,
    "json_train_first.jsonl": json_world.Domain,
    "json_train_later.jsonl": json_world.Domain,
    "json_written.jsonl": people.Shape,
    "sql_concepts.jsonl": sql_tables.Concept,
    "sql_odd.jsonl": Choices,
    "sql_phrases.jsonl": Choices,
    "sql_pools.jsonl": Choices,
    "sql_said.jsonl": Choices,
    "sql_short.jsonl": Choices,
    "sql_superlatives.jsonl": sql_world.Superlative,
    "sql_synonyms.jsonl": Choices,
    "sql_test.jsonl": sql_world.Domain,
    "sql_things.jsonl": Choices,
    "sql_train.jsonl": sql_world.Domain,
    "sql_words.jsonl": Choices,
    "sql_written.jsonl": handwritten.WrittenLesson,
}
LESSONS = 20
DRAWN: tuple[tuple[ModuleType, Split, int, str], ...] = (
    (sql, "train", 1, "db3ad434de1b2e6a"),
    (sql, "test", 7, "9dd0e6954627b7a3"),
    (cypher, "train", 1, "d1bd0369daaa911f"),
    (cypher, "test", 7, "d962ba53d238c445"),
    (json_extract, "train", 3, "98bd5a058a23fb01"),
    (json_extract, "train", 4, "0df7798e1facaf4e"),
    (json_extract, "train", 5, "1091a41c918839a1"),
    (json_extract, "train", 7, "694a09cd468ddde5"),
    (json_extract, "test", 7, "a6c5989e0666e6ee"),
    (sql_varied, "train", 2, "bcc729dfef820343"),
    (sql_varied, "test", 7, "7bf2ee3ffeb758a3"),
    (cypher_varied, "train", 2, "a7ea54832d7be486"),
    (cypher_varied, "test", 7, "fd784f07c912b30b"),
    (json_varied, "train", 2, "6c33bcae6fac2685"),
    (json_varied, "test", 7, "61ed91f4cf032737"),
)
"""Seeds of the published trainings and evaluations; the start of a SHA-256 of what they draw."""


@pytest.mark.parametrize(("task", "split", "seed", "digest"), DRAWN)
def test_a_seed_draws_what_it_did(task: ModuleType, split: Split, seed: int, digest: str) -> None:
    drawn = []
    for lesson in itertools.islice(task.lessons(split, seed), LESSONS):
        pairs = [(pair.question, pair.answer) for pair in lesson.pairs]
        drawn.append((lesson.schema, lesson.dialect, pairs))
    assert hashlib.sha256(json.dumps(drawn).encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_a_file_is_written_as_it_is_read(name: str) -> None:
    text = (DATA / name).read_text(encoding="utf-8")
    assert written(read(DATA / name, RECORDS[name]), RECORDS[name]) == text


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "Invalid JSON: EOF while parsing an object at column 1"),
        ("", "Invalid JSON: EOF while parsing a value at column 0"),
        ('{"name": "b"}', "choices: Field required"),
        ('{"name": "b", "choices": ["c"], "chioces": []}', "chioces: Unexpected keyword argument"),
        ('{"name": 1, "choices": ["c"]}', "name: Input should be a valid string"),
        ('{"name": "b", "choices": ["c", 2]}', "choices.1: Input should be a valid string"),
    ],
)
def test_a_line_that_is_no_record_is_named(line: str, complaint: str, tmp_path: Path) -> None:
    good = '{"name": "a", "choices": ["x"]}'
    file = tmp_path / "broken.jsonl"
    file.write_text(f"{good}\n{line}\n{good}\n")
    with pytest.raises(ValueError, match=re.escape(f"broken.jsonl:2: {complaint}")):
        read(file, Choices)


def test_json_templates_and_nests_name_fields_of_their_subject() -> None:
    for domain in (*json_extract.TRAIN, *json_extract.TEST):
        names = {field.name for field in domain.fields}
        said = {name for form in domain.templates for name in re.findall(r"\{(\w+)", form)}
        held = domain.nest.holds if domain.nest else ()
        assert names >= said | {*held}, domain.subject


def test_sql_keys_name_tables_of_their_domain() -> None:
    for schema in (*sql.SCHEMAS["train"], *sql.SCHEMAS["test"]):
        keys = {column.table for table in schema for column in table.parents}
        assert keys <= {table.name for table in schema}


def test_graphs_name_what_there_is() -> None:
    for domain in (*cypher_world.TRAIN, *cypher_world.TEST):
        labels = {node.labels[0] for node in domain.nodes}
        assert labels >= {end for edge in domain.edges for end in (edge.subject, edge.object)}
        props = [prop for node in domain.nodes for prop in (node.key, *node.props)]
        props += [prop for edge in domain.edges for prop in edge.props]
        pools = [prop.pool for prop in props]
        assert all(pool.words for pool in pools if isinstance(pool, cypher_world.Texts))


def test_what_people_write_is_of_no_subject_in_training_and_says_what_its_object_has() -> None:
    lessons = list(people.lessons())
    assert sum(len(lesson.pairs) for lesson in lessons) == 100
    drawn = {
        lesson.schema
        for seed in (3, 4, 5, 7)
        for lesson in itertools.islice(json_extract.lessons("train", seed), 1000)
    }
    assert not drawn & {lesson.schema for lesson in lessons}
    for lesson in lessons:
        for pair in lesson.pairs:
            assert json.loads(lesson.schema).keys() == json.loads(pair.answer).keys()
            assert not people.invented(pair.question, pair.answer), pair
            assert json_extract.correct(lesson, pair, pair.answer)
