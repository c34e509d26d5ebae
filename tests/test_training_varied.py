"""The varied SQL lessons: answers that run, names that are the schema's, splits that share none."""

from __future__ import annotations

import itertools
import random
import re
import sqlite3
from collections import Counter
from functools import cache

import pytest

from expertserve.grammar.bundled import bundled
from training import sql, sql_varied
from training.sql_judge import query
from training.sql_spelling import ODD, Style, plural, quoted_name
from training.sql_tables import CONCEPTS, Field, World
from training.sql_varied import VariedLesson, answers_in
from training.task import Split

LESSONS = 150
NAME = re.compile(r"'(?:[^']|'')*'|\"([^\"]+)\"|([A-Za-z_]\w*)")
OF_SQL = frozenset(
    "SELECT DISTINCT FROM JOIN ON WHERE AND OR NOT IN IS NULL LIKE BETWEEN GROUP BY HAVING ORDER "
    "ASC DESC LIMIT COUNT SUM AVG MIN MAX TRUE FALSE".split()
)


@cache
def varied(split: Split, count: int = LESSONS) -> tuple[VariedLesson, ...]:
    """The first varied lessons of a seed that no training has."""
    drawn = itertools.islice(sql_varied.lessons(split, 90), count)
    return tuple(lesson for lesson in drawn if isinstance(lesson, VariedLesson))


def names_of(world: World) -> set[str]:
    tables = {table.bare for table in world.tables}
    return tables | {field.bare for field in fields_of(world)}


def fields_of(world: World) -> list[Field]:
    return [
        field
        for table in world.tables
        for field in (table.id, *table.fields, *(key for key, _ in table.keys))
    ]


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_answer_runs_and_is_right(split: Split) -> None:
    asked = 0
    for lesson in varied(split):
        for pair in lesson.pairs:
            assert sql_varied.correct(lesson, pair, f"{pair.answer};"), pair
            asked += 1
    assert asked > 900


def test_answers_that_differ_are_wrong() -> None:
    wrong = total = 0
    for lesson in varied("test"):
        for one, other in itertools.pairwise(lesson.pairs):
            total += 1
            wrong += not sql_varied.correct(lesson, one, other.answer)
        assert not sql_varied.correct(lesson, lesson.pairs[0], "SELECT nothing FROM nowhere")
    assert wrong / total > 0.9


def test_test_questions_have_an_answer() -> None:
    for lesson in varied("test"):
        for pair in lesson.pairs:
            found = query(answers_in(lesson.world, lesson.schema), pair.answer)
            assert found and found not in ([(0,)], [(None,)]), pair


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_name_in_an_answer_is_one_of_the_schema_spelt_as_there(split: Split) -> None:
    for lesson in varied(split):
        known = names_of(lesson.world)
        for pair in lesson.pairs:
            for in_quotes, bare in NAME.findall(pair.answer):
                assert in_quotes in known if in_quotes else bare in known | OF_SQL | {""}, pair
                spelt = f'"{in_quotes}"' if in_quotes else bare
                assert spelt in lesson.schema or bare in OF_SQL, (spelt, lesson.schema)


def test_answers_are_sentences_of_the_experts_grammar() -> None:
    grammar = bundled("sql")
    assert grammar
    answers = [pair.answer for lesson in varied("train")[:40] for pair in lesson.pairs]
    assert len(answers) > 350
    assert [answer for answer in answers if not grammar.accepts(answer)] == []


def test_splits_share_no_thing_and_no_column_of_their_own() -> None:
    train, test = (varied(split) for split in ("train", "test"))
    things, others = (
        {table.one for lesson in lessons for table in lesson.world.tables if not table.view}
        for lessons in (train, test)
    )
    assert len(things) > 150 and len(others) > 50 and not things & others
    shared = {concept.name for concept in CONCEPTS if concept.split == "both"}
    shared |= {"first name", "last name", "surname", "family name", "id", "key"}
    shared |= {*ODD["keyword columns"]}
    columns, more = (
        {field.about.name for lesson in lessons for field in fields_of(lesson.world)} - shared
        for lessons in (train, test)
    )
    assert len(columns) > 200 and len(more) > 60 and not columns & more
    assert not {lesson.schema for lesson in train} & {lesson.schema for lesson in test}


def test_lessons_vary_as_schemas_do() -> None:
    lessons = varied("train", 400)
    text = "\n".join(lesson.schema for lesson in lessons)
    tables = [table for lesson in lessons for table in lesson.world.tables]
    fields = [field.bare for lesson in lessons for field in fields_of(lesson.world)]
    ids = Counter(re.sub(table.one.split()[0], "", table.id.bare, flags=re.I) for table in tables)
    counted = {
        "snake": sum("_" in name and name.islower() for name in fields),
        "camel": sum(bool(re.fullmatch(r"[a-z]+([A-Z][a-z]*)+", name)) for name in fields),
        "pascal": sum(bool(re.fullmatch(r"[A-Z][a-z]+([A-Z][a-z]*)+", name)) for name in fields),
        "upper": sum(name.isupper() for name in fields),
        "short": sum(bool(re.search(r"(?i)qty|amt|dt|num|addr|nme?\b|cat", n)) for n in fields),
        "quoted": sum(table.name.startswith('"') for table in tables),
        "prefixed": sum(bool(re.match(r"(?i)(tbl|dim|fact|t|ref)_", t.bare)) for t in tables),
        "singular": sum(table.bare.lower().endswith(table.one.lower()) for table in tables),
        "plural": sum(table.bare.lower().endswith(table.many.lower()) for table in tables),
        "views": text.count("CREATE VIEW"),
        "schemas": sum(any(lesson.world.schemas) for lesson in lessons),
        "keywords": sum(quoted_name(name) != name and name.isalpha() for name in fields),
    }
    assert {what: count for what, count in counted.items() if count < 15} == {}
    assert len(ids) > 12
    assert len(set(fields)) > 1000


def test_questions_vary_as_people_do() -> None:
    asked = [pair.question for lesson in varied("train", 400) for pair in lesson.pairs]
    share = {
        "lower": sum(text.islower() or text[0].islower() for text in asked) / len(asked),
        "unmarked": sum(text[-1] not in "?." for text in asked) / len(asked),
        "short": sum(len(text.split()) <= 4 for text in asked) / len(asked),
        "our": sum(" our " in f" {text.lower()}" for text in asked) / len(asked),
        "units": sum(bool(re.search(r"\$\d|\d (kg|km|minutes)\b", t)) for t in asked) / len(asked),
    }
    least = {"lower": 0.4, "unmarked": 0.4, "short": 0.1, "our": 0.04, "units": 0.008}
    assert {what: share[what] for what in least if share[what] < least[what]} == {}
    assert len({text.split()[0].lower() for text in asked}) > 300
    assert len(set(asked)) > 0.98 * len(asked)


def test_a_part_of_the_lessons_is_of_the_former_generator() -> None:
    drawn = list(itertools.islice(sql_varied.lessons("train", 90), 200))
    former = [lesson for lesson in drawn if not isinstance(lesson, VariedLesson)]
    assert 30 < len(former) < 70
    assert former[:3] == list(itertools.islice(sql.lessons("train", 90), 3))
    assert all(sql_varied.correct(one, one.pairs[0], one.pairs[0].answer) for one in former[:3])


def test_schemas_stay_small() -> None:
    for lesson in varied("train"):
        assert len(lesson.schema) <= 900
        assert 1 <= len(lesson.world.tables) <= 5 and len(lesson.pairs) == 10


def test_a_database_of_a_lesson_refuses_writes() -> None:
    lesson = varied("train")[0]
    table = lesson.world.tables[0]
    with pytest.raises(sqlite3.Error, match="readonly"):
        query(answers_in(lesson.world, lesson.schema), f"DELETE FROM {table.name}")


def test_a_style_spells_a_name_in_its_case() -> None:
    rng = random.Random(0)
    plain = Style("snake", False, "tbl_", 0.0, False, "id", "{} id", False)
    assert plain.table(rng, "order line", "order lines") == "tbl_order_line"
    assert plain.of(rng, plain.key, "order line") == "order_line_id"
    pascal = Style("pascal", True, "", 0.0, True, "id", "{} id", True)
    assert pascal.table(rng, "order line", "order lines") == "OrderLines"
    assert pascal.column(rng, "unit price", "item") == "ItemUnitPrice"
    short = Style("camel", False, "", 1.0, False, "id", "{} id", False)
    assert short.column(rng, "quantity") in ("qty", "quant")
    assert quoted_name("order") == '"order"' and quoted_name("orders") == "orders"
    assert [plural(word) for word in ("box", "city", "day")] == ["boxes", "cities", "days"]
