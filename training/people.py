"""A hundred sentences as people write them, and their objects: what no template drew.

Neither the subjects nor the shapes are in training. Each string of an object is in its sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import JsonValue
from pydantic.dataclasses import dataclass

from training.json_world import Json
from training.records import DATA, STRICT, read
from training.task import Lesson, Pair


@dataclass(frozen=True, slots=True, config=STRICT)
class Asked:
    """A sentence and what it says."""

    sentence: str
    object: dict[str, JsonValue]


@dataclass(frozen=True, slots=True, config=STRICT)
class Shape:
    """Keys with the names of their types, and sentences about them."""

    shape: dict[str, JsonValue]
    asked: tuple[Asked, ...]


PEOPLE = read(DATA / "json_people.jsonl", Shape)


def lessons() -> Iterator[Lesson]:
    """One for each shape."""
    for each in PEOPLE:
        pairs = tuple(Pair(a.sentence, _dump(a.object)) for a in each.asked)
        yield Lesson(_dump(each.shape), None, pairs)


def invented(sentence: str, answer: str) -> list[str]:
    """Strings of an answer that its sentence doesn't have."""
    try:
        found = list(strings(json.loads(answer)))
    except (ValueError, RecursionError):
        return []
    return [text for text in found if text not in sentence]


def strings(value: Json) -> Iterator[str]:
    """The strings among a value's values; keys are none."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else ():
        yield from strings(item)
    for item in value if isinstance(value, list) else ():
        yield from strings(item)


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
