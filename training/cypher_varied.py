"""The lessons of `training.cypher`, with names spelt and questions typed as people do.

    python -m training.train cypher_varied --dora --start PACKAGE --out build/cypher-varied

Labels, types and properties of a lesson are spelt anew: in other cases, abbreviated, or as invented
words, which then stand in the questions, too. A question that doesn't say such a word leaves the
lesson. The schema is in one of the forms that tools print. The judge translates an answer back and
runs it on what the lesson was made of.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from training import cypher
from training.cypher_printed import printed
from training.sql_filters import kept
from training.sql_speech import typed
from training.sql_spelling import ODD, Style, odd_word, plural
from training.task import Lesson, Pair, Split

__all__ = ["RespeltLesson", "correct", "lessons"]

_FORMER, _INVENTED, _FEWEST = 0.25, 0.3, 4
"""How often a lesson stays as it was, and a name is invented; the fewest pairs of a lesson."""
_NODE: Final = re.compile(r"^\(:(\w+)(?: \{([^}]*)\})?\)$", re.M)
_LINK: Final = re.compile(r"-\[:(\w+)(?: \{([^}]*)\})?\]->")
_PROPERTY: Final = re.compile(r"(\w+): ")
_STRING: Final = re.compile(r"'((?:[^'\\]|\\.)*)'")
_PART: Final = re.compile(r"('(?:[^'\\]|\\.)*'|\w+)")
_VARIABLE: Final = re.compile(r"\((\w+):(\w+)\)")
_MARKED: Final = re.compile(r"(\x02[^\x03]*\x03)")
_KEYWORDS: Final = frozenset(ODD["keywords"]) | {"yield"}
_CASES: Final = ("snake", "camel", "camel", "pascal", "upper", "flat")


@dataclass(frozen=True, slots=True)
class RespeltLesson(Lesson):
    """A lesson, what it was made of, and which names became which."""

    of: Lesson
    names: tuple[tuple[str, str], ...]


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Endless and deterministic."""
    rng = random.Random(f"respelt:{split}:{seed}")
    for lesson in cypher.lessons(split, seed):
        if split == "train" and rng.random() < _FORMER:
            yield lesson
        elif made := _respelt(rng, split, lesson):
            yield made


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Runs both queries, the answer with the names that it was made of."""
    if not isinstance(lesson, RespeltLesson):
        return cypher.correct(lesson, pair, text)
    back = {new: old for old, new in lesson.names}
    gone = {old for old, new in lesson.names if old != new} - back.keys()
    if gone & set(_PART.findall(text)):
        return False
    wanted = replace(pair, answer=_renamed(pair.answer, back))
    return cypher.correct(lesson.of, wanted, _renamed(text, back))


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """Whole words, outside strings."""
    return _PART.sub(lambda found: names.get(found[0], found[0]), text)


def _words(name: str) -> str:
    """`fullName`, `FULL_NAME` → "full name"."""
    return " ".join(re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)).lower()


def _respelt(rng: random.Random, split: Split, lesson: Lesson) -> RespeltLesson | None:
    nodes, links = _NODE.findall(lesson.schema), _LINK.findall(lesson.schema)
    labels = [label for label, _ in nodes]
    types = [type_ for type_, _ in links]
    properties = [name for _, held in (*nodes, *links) for name in _PROPERTY.findall(held)]
    names: dict[str, str] = {}
    said: dict[str, str] = {}
    styles = [replace(Style.draw(rng), case=rng.choice(_CASES), prefix="") for _ in range(3)]
    styles[0] = replace(styles[0], case=rng.choice(["pascal", "pascal", *_CASES]))
    styles[1] = replace(styles[1], case=rng.choice(["upper", "upper", *_CASES]))
    for style, group in zip(styles, (labels, types, properties), strict=True):
        for name in dict.fromkeys(group):
            words = _words(name)
            if group is not types and rng.random() < _INVENTED:
                said[name] = words = odd_word(rng, split)
            new = style.column(rng, words)
            taken = new in names.values() or new.lower() in _KEYWORDS or len(new) < 2
            if taken:
                said.pop(name, None)
            names[name] = name if taken else new
    if len(set(names.values())) < len(names):
        return None
    pairs = [made for pair in lesson.pairs if (made := _pair(rng, pair, names, said))]
    if len(pairs) < _FEWEST:
        return None
    schema = _renamed(lesson.schema, names)
    schema = printed(random.Random(schema), schema)
    return RespeltLesson(schema, lesson.dialect, tuple(pairs), lesson, tuple(names.items()))


def _pair(
    rng: random.Random, pair: Pair, names: Mapping[str, str], said: Mapping[str, str]
) -> Pair | None:
    """The pair with other names; None where its question doesn't say one that is invented."""
    question = pair.question[0].lower() + pair.question[1:].rstrip(".?")
    for text in sorted(sorted(set(_STRING.findall(pair.answer))), key=len, reverse=True):
        plain = re.escape(re.sub(r"\\(.)", r"\1", text))
        question = re.sub(
            rf"(?<!\w){plain}(?!\w)(?![^\x02]*\x03)", lambda m: kept(m[0]), question, flags=re.I
        )
    for name in sorted(said.keys() & set(_PART.findall(pair.answer))):
        question, found = _resaid(question, _words(name), said[name])
        if not found:
            return None
    return Pair(typed(rng, question), _varied(_renamed(pair.answer, names)))


def _resaid(question: str, words: str, new: str) -> tuple[str, int]:
    """The question with another word, in the singular or the plural, outside its values."""
    parts, found = _MARKED.split(question), 0
    for at in range(0, len(parts), 2):
        for old, other in ((plural(words), plural(new)), (words, new)):
            parts[at], count = re.subn(rf"\b{old}\b", other, parts[at], flags=re.I)
            found += count
    return "".join(parts), found


def _varied(answer: str) -> str:
    """Variables are the first letter of their label again, numbered from 2."""
    given: dict[str, str] = {}
    for variable, label in _VARIABLE.findall(answer):
        if variable not in given:
            letter = label[0].lower()
            count = sum(name[0] == letter for name in given.values())
            given[variable] = letter + (str(count + 1) if count else "")
    return _renamed(answer, given)
