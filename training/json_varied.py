"""The lessons of `training.json_extract`, with keys spelt and sentences typed as people do.

    python -m training.train json_varied --dora --start PACKAGE --out build/json-varied

Keys are in other cases or abbreviated. Sentences lose capitals and full stops and gain slips, but
never inside what an object has: values stay spans of their sentence.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from training import json_extract
from training.json_extract import correct
from training.json_world import Json
from training.sql_filters import kept
from training.sql_speech import scribbled
from training.sql_spelling import Style
from training.task import Lesson, Pair, Split

__all__ = ["correct", "lessons"]

_FORMER, _RESPELT, _SCRIBBLED = 0.25, 0.7, 0.5
"""How often a lesson stays as it was; of the rest, keys are respelt and a sentence is scribbled."""
_CASES: Final = ("snake", "camel", "camel", "pascal", "upper", "flat", "blank")


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Endless and deterministic."""
    rng = random.Random(f"scribbled:{split}:{seed}")
    for lesson in json_extract.lessons(split, seed):
        if split == "train" and rng.random() < _FORMER:
            yield lesson
        else:
            yield _varied(rng, lesson)


def _varied(rng: random.Random, lesson: Lesson) -> Lesson:
    style = replace(Style.draw(rng), case=rng.choice(_CASES))
    shape = json.loads(lesson.schema)
    keys = {key: style.column(rng, key.replace("_", " ")) for key in _keys(shape)}
    if rng.random() > _RESPELT or len(set(keys.values())) < len(keys):
        keys = {}
    pairs = []
    for pair in lesson.pairs:
        answer = json.loads(pair.answer)
        question = pair.question
        if rng.random() < _SCRIBBLED:
            question = scribbled(rng, _marked(question, answer))
        pairs.append(Pair(question, _text(_respelt(answer, keys))))
    return replace(lesson, schema=_text(_respelt(shape, keys)), pairs=tuple(pairs))


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _keys(value: Json) -> list[str]:
    """All keys of an object and of those in it."""
    if not isinstance(value, dict):
        return []
    return [key for own, held in value.items() for key in (own, *_keys(held))]


def _respelt(value: Json, keys: Mapping[str, str]) -> Json:
    if not isinstance(value, dict):
        return value
    return {keys.get(key, key): _respelt(held, keys) for key, held in value.items()}


def _texts(value: Json) -> list[str]:
    """The strings that an object holds."""
    if isinstance(value, dict):
        return [text for held in value.values() for text in _texts(held)]
    if isinstance(value, list):
        return [text for held in value for text in _texts(held)]
    return [value] if isinstance(value, str) else []


def _marked(question: str, answer: Json) -> str:
    for text in sorted(sorted(set(_texts(answer))), key=len, reverse=True):
        found = rf"(?<!\w){re.escape(text)}(?!\w)(?![^\x02]*\x03)"
        question = re.sub(found, lambda match: kept(match[0]), question)
    return question
