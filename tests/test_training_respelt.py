"""The varied lessons of the Cypher and JSON experts: their answers stay right."""

from __future__ import annotations

import itertools
import json
import random
import re

import pytest

from expertserve.decoding.graph_schema import graph_of
from expertserve.grammar.bundled import bundled
from training import cypher, cypher_varied, json_extract, json_varied, people
from training.cypher_printed import printed
from training.cypher_varied import RespeltLesson
from training.task import Lesson, Split

LESSONS = 40


def respelt(split: Split) -> list[RespeltLesson]:
    drawn = itertools.islice(cypher_varied.lessons(split, 90), LESSONS)
    return [lesson for lesson in drawn if isinstance(lesson, RespeltLesson)]


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_respelt_query_runs_and_is_right(split: Split) -> None:
    for lesson in respelt(split)[:12]:
        for pair in lesson.pairs:
            assert cypher_varied.correct(lesson, pair, pair.answer), (lesson.schema, pair)
        assert not cypher_varied.correct(lesson, lesson.pairs[0], "MATCH (n:Nothing) RETURN n.name")


def test_a_query_with_the_former_names_is_wrong() -> None:
    judged = 0
    for lesson in respelt("train"):
        former = {pair.question.lower(): pair for pair in lesson.of.pairs}
        for pair in lesson.pairs:
            old = former.get(pair.question.lower() + "?") or former.get(pair.question.lower())
            if old and len(re.findall(r":\w+", old.answer)) > 1:
                was = set(re.findall(r"\w+", old.answer)) - set(re.findall(r"\w+", pair.answer))
                if any(name in dict(lesson.names) for name in was):
                    assert not cypher_varied.correct(lesson, pair, old.answer), (old, pair)
                    judged += 1
    assert judged > 5


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_name_of_a_respelt_query_is_in_its_schema(split: Split) -> None:
    grammar = bundled("cypher")
    assert grammar
    lessons = respelt(split)
    assert len(lessons) > 20
    for lesson in lessons:
        known = set(re.findall(r"\w+", lesson.schema))
        for pair in lesson.pairs:
            bare = re.sub(r"'(?:[^'\\]|\\.)*'", "", pair.answer)
            assert set(re.findall(r"(?<=[:.])[A-Za-z_]\w*", bare)) <= known, (lesson.schema, pair)
            assert grammar.accepts(pair.answer), pair


def test_respelt_schemas_vary_and_splits_differ() -> None:
    train, test = respelt("train"), respelt("test")
    schemas = "\n".join(lesson.schema for lesson in train)
    assert len(re.findall(r"\b[a-z]+[A-Z]\w+", schemas)) > 10
    assert len(re.findall(r"\[:[a-z]\w+", schemas)) > 10 and "[:" in schemas
    changed = [old != new for lesson in train for old, new in lesson.names]
    assert sum(changed) > 0.4 * len(changed)
    assert not {lesson.of.schema for lesson in train} & {lesson.of.schema for lesson in test}
    drawn = list(itertools.islice(cypher_varied.lessons("train", 90), LESSONS))
    former = [lesson for lesson in drawn if not isinstance(lesson, RespeltLesson)]
    assert len(former) > 4
    assert cypher_varied.correct(former[0], former[0].pairs[0], former[0].pairs[0].answer)
    assert former[0] in list(itertools.islice(cypher.lessons("train", 90), 2 * LESSONS))


def texts(split: Split) -> list[Lesson]:
    return list(itertools.islice(json_varied.lessons(split, 90), LESSONS))


@pytest.mark.parametrize("split", ["train", "test"])
def test_scribbled_sentences_still_hold_what_their_objects_do(split: Split) -> None:
    former = list(itertools.islice(json_extract.lessons(split, 90), LESSONS))
    differ = keys = 0
    for lesson, old in zip(texts(split), former, strict=True):
        keys += lesson.schema != old.schema
        for pair, was in zip(lesson.pairs, old.pairs, strict=True):
            differ += pair.question != was.question
            assert json_varied.correct(lesson, pair, pair.answer)
            assert json.loads(pair.answer).keys() == json.loads(lesson.schema).keys()
            assert people.invented(pair.question, pair.answer) == people.invented(
                was.question, was.answer
            ), pair
    assert keys > LESSONS // 4 and differ > LESSONS


def test_a_printed_schema_is_the_graph_of_its_patterns() -> None:
    starts = set()
    for lesson in itertools.islice(cypher.lessons("train", 91), LESSONS):
        text = printed(random.Random(lesson.schema), lesson.schema)
        graph, wanted = graph_of(text), graph_of(lesson.schema)
        assert dict(graph.labels) == dict(wanted.labels), text
        assert (dict(graph.types), graph.ties) == (dict(wanted.types), wanted.ties), text
        starts.add(text[:6])
    assert starts >= {"Node l", "Node p"} and len(starts) > 2
