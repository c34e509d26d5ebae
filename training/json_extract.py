"""Sentence to JSON: the context is a shape (key to type name), the answer one JSON object.

The answer is never parsed out of a sentence. A record is drawn, a template says part of it, and
only what was said goes into the answer; all the rest is null. So sentence, shape and answer
cannot disagree.

`json_world` says how templates and values are written.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from training.json_world import Domain, Field, Json, coined
from training.records import DATA, read
from training.task import Lesson, Pair, Split

PAIRS_PER_LESSON = 8
# A shape that fewer wordings cover would teach the wording instead of the task.
FEWEST_TEMPLATES = 3
MOST_LEAVES = 5
# How often a training value is made of words that don't exist: copying is to be learnt, not lists.
COINED = 0.3
# Rough token budgets (see `_cost`): a tiny model learns and answers fastest what is short.
SHAPE_BUDGET, QUESTION_BUDGET, ANSWER_BUDGET = 50, 52, 58
FIRST = read(DATA / "json_train_first.jsonl", Domain)
TRAIN = FIRST + read(DATA / "json_train_later.jsonl", Domain)
TEST = read(DATA / "json_test.jsonl", Domain)
TAUGHT = ((FIRST, 3, 480), (FIRST, 4, 850), (FIRST, 5, 150), (TRAIN, 7, 1000))
"""Subjects, seeds and steps of the published expert's trainings.

Their shapes are left out where it is asked about subjects that it knows.
"""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key of a shape with a plain value."""

    key: str
    field: Field


@dataclass(frozen=True, slots=True)
class Group:
    """A key of a shape with an object as its value."""

    key: str
    leaves: tuple[Leaf, ...]


Layout = tuple[Leaf | Group, ...]

_CHOICE = re.compile(r"<([^<>]*)>")
_CLAUSE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)(?:\?([^|{}]*)\|([^|{}]*))?\}")
_ARTICLE = re.compile(r"\b([Aa])\(n\)(?= ([aeiou]|8|1[18]\b)?)", re.IGNORECASE)


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Every domain of the split comes up once a round. No key of test is in training."""
    rng = _random(split, seed)
    if split == "train":
        yield from _rounds(rng, TRAIN, COINED)
    elif split == "test":
        yield from _rounds(rng, TEST, 0.0)
    else:
        runs = (
            islice(_rounds(_random("train", seed), domains, COINED), steps)
            for domains, seed, steps in TAUGHT
        )
        taught = {lesson.schema for run in runs for lesson in run}
        yield from (lesson for lesson in _rounds(rng, TRAIN, 0.0) if lesson.schema not in taught)


def _random(split: Split, seed: int) -> random.Random:
    return random.Random(f"json_extract {split} {seed}")


def _rounds(rng: random.Random, domains: tuple[Domain, ...], coin: float) -> Iterator[Lesson]:
    while True:
        for domain in rng.sample(domains, len(domains)):
            yield _lesson(rng, domain, coin)


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Whether `text` is the gold object: the same keys in any order, the same values and types."""
    try:
        got: Json = json.loads(text.strip(), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return False
    return _same(json.loads(lesson.schema), json.loads(pair.answer), got)


def _unique(pairs: list[tuple[str, Json]]) -> Json:
    """A parsed object. A repeated key is refused: a wrong value could hide behind a right one."""
    parsed = dict(pairs)
    if len(parsed) < len(pairs):
        raise ValueError("duplicate key")
    return parsed


def _same(kind: Json, gold: Json, got: Json) -> bool:
    if isinstance(kind, dict) and isinstance(gold, dict):
        return (
            isinstance(got, dict)
            and got.keys() == gold.keys()
            and all(_same(kind[key], gold[key], got[key]) for key in gold)
        )
    if kind == "number" and type(got) in (int, float):
        return got == gold
    return type(got) is type(gold) and got == gold


def _lesson(rng: random.Random, domain: Domain, coin: float) -> Lesson:
    layout, schema = _layout(rng, domain)
    return Lesson(schema=schema, dialect=None, pairs=tuple(_pairs(rng, domain, layout, coin)))


def _layout(rng: random.Random, domain: Domain) -> tuple[Layout, str]:
    """A random shape of the domain, and its JSON: one that several templates say enough about."""
    while True:
        layout = _draw_layout(rng, domain)
        schema = _dump({item.key: _kind(item) for item in layout})
        if (
            _cost(schema) <= SHAPE_BUDGET
            and len(_fitting(domain, _wanted(layout))) >= FEWEST_TEMPLATES
        ):
            return layout, schema


def _draw_layout(rng: random.Random, domain: Domain) -> Layout:
    """The first field and a few others, two of them perhaps as one object.

    Keys are in either spelling, in order or shuffled.
    """
    camel = rng.random() < 0.2
    nest = domain.nest if domain.nest and rng.random() < 0.3 else None
    inner = nest.holds if nest else ()
    others = [field for field in domain.fields[1:] if field.name not in inner]
    count = rng.randint(1 if inner else 2, MOST_LEAVES - 1 - len(inner))
    picked = [domain.fields[0], *rng.sample(others, count)]
    items: list[Leaf | Group] = [
        _leaf(rng, field, camel) for field in domain.fields if field in picked
    ]
    if nest:
        leaves = tuple(_leaf(rng, field, camel) for field in domain.fields if field.name in inner)
        items.insert(rng.randint(1, len(items)), Group(nest.key, leaves))
    if rng.random() < 0.5:
        rng.shuffle(items)
    return tuple(items)


def _leaf(rng: random.Random, field: Field, camel: bool) -> Leaf:
    key = rng.choice(field.keys)
    return Leaf(re.sub(r"_(\w)", lambda found: found[1].upper(), key) if camel else key, field)


def _kind(item: Leaf | Group) -> Json:
    return (
        item.field.shape
        if isinstance(item, Leaf)
        else {leaf.key: leaf.field.shape for leaf in item.leaves}
    )


def _value(item: Leaf | Group, said: dict[str, Json]) -> Json:
    """What the answer holds for a key: null if nothing of it was said, even for a whole object."""
    if isinstance(item, Leaf):
        return said.get(item.field.name)
    inner = {leaf.key: _value(leaf, said) for leaf in item.leaves}
    return inner if any(value is not None for value in inner.values()) else None


def _pairs(rng: random.Random, domain: Domain, layout: Layout, coin: float) -> Iterator[Pair]:
    """Different questions about one shape, the templates taking turns."""
    asked: set[str] = set()
    templates: list[str] = []
    while len(asked) < PAIRS_PER_LESSON:
        templates = templates or _fitting(domain, _wanted(layout))
        pair = _pair(rng, domain, layout, templates.pop(rng.randrange(len(templates))), coin)
        if pair.question not in asked:
            asked.add(pair.question)
            yield pair


def _pair(rng: random.Random, domain: Domain, layout: Layout, template: str, coin: float) -> Pair:
    """A sentence within budget that says enough."""
    wanted = _wanted(layout)
    while True:
        record = _record(rng, domain, coin)
        question, used = _render(rng, template, record, wanted)
        said = {name: record[name] for name in used}
        answer = _dump({item.key: _value(item, said) for item in layout})
        if (
            _enough(used, wanted)
            and _cost(question) <= QUESTION_BUDGET
            and _cost(answer) <= ANSWER_BUDGET
        ):
            return Pair(question, answer)


def _fitting(domain: Domain, wanted: set[str]) -> list[str]:
    return [template for template in domain.templates if _enough(_slots(template), wanted)]


def _enough(said: set[str], wanted: set[str]) -> bool:
    """At most half of what a shape asks for may stay null."""
    return 2 * len(said & wanted) >= len(wanted)


def _wanted(layout: Layout) -> set[str]:
    leaves = [
        leaf for item in layout for leaf in ((item,) if isinstance(item, Leaf) else item.leaves)
    ]
    return {leaf.field.name for leaf in leaves}


def _slots(text: str) -> set[str]:
    return {found[1] for found in _SLOT.finditer(text)}


def _record(rng: random.Random, domain: Domain, coin: float) -> dict[str, Json]:
    """A value for every field, no text twice: nobody flies from Porto to Porto."""
    record: dict[str, Json] = {}
    for field in domain.fields:
        value = field.draw(rng)
        while isinstance(value, str) and value in record.values():
            value = field.draw(rng)
        if rng.random() < coin:
            value = _coined(rng, value)
        record[field.name] = value
    return record


def _coined(rng: random.Random, value: Json) -> Json:
    if isinstance(value, list):
        return [_coined(rng, item) for item in value]
    return coined(rng, value) if isinstance(value, str) else value


def _render(
    rng: random.Random, template: str, record: dict[str, Json], wanted: set[str]
) -> tuple[str, set[str]]:
    """A sentence of the template and the facts it says."""
    text = _CHOICE.sub(lambda found: rng.choice(found[1].split("/")), template)
    text = _drop_clauses(rng, text, wanted)
    used = _slots(text)
    text = _SLOT.sub(lambda found: _say(rng, record[found[1]], found), text[0].upper() + text[1:])
    return _ARTICLE.sub(lambda found: found[1] + ("n" if found[2] else ""), text), used


def _drop_clauses(rng: random.Random, text: str, wanted: set[str]) -> str:
    """Innermost first. What the shape asks for is mostly said.

    Now and then something else is, which the answer has to leave out.
    """

    def keep(found: re.Match[str]) -> str:
        return found[1] if rng.random() < (0.9 if _slots(found[1]) & wanted else 0.25) else ""

    while "[" in text:
        text = _CLAUSE.sub(keep, text)
    return text


def _say(rng: random.Random, value: Json, slot: re.Match[str]) -> str:
    if isinstance(value, bool):
        return str(slot[2] if value else slot[3])
    if isinstance(value, list):
        return _enumerate([str(item) for item in value], rng.choice((" and ", ", and ")))
    return str(value)


def _enumerate(items: list[str], last: str) -> str:
    """Words in a row, the last comma only where there are three."""
    if len(items) < 3:
        return " and ".join(items)
    return ", ".join(items[:-1]) + last + items[-1]


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cost(text: str) -> int:
    """About how many tokens a small model's tokenizer makes of a text.

    Each digit and sign is one, long words are several.
    """
    return sum(1 + len(word) // 8 for word in re.findall(r"\d|[^\W\d_]+|[^\w\s]+", text))
