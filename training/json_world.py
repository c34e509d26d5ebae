"""What a domain of sentences is: fields with their values, and templates that say some of them.

Templates are written in a small notation: `<a/b>` is a choice of wording, `[...]` a clause that
may be dropped (clauses nest), `{key}` a value, `{key?yes|no}` the phrase for a boolean, `a(n)` the
article that fits the next word. Values are patterns: alternatives split by `/`, `%name` a value of
that named pattern, `#` a digit from 1 to 9, `@` a capital.

The domains are in `data/json_train_first.jsonl`, `data/json_train_later.jsonl` and
`data/json_test.jsonl`, the named patterns in `data/json_patterns.jsonl`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import Discriminator
from pydantic.dataclasses import dataclass

from training.records import STRICT, read_choices

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True, config=STRICT)
class Field:
    """One thing a sentence may say. A shape calls it by any of `keys`, templates by the first."""

    keys: tuple[str, ...]

    shape: ClassVar[Json] = None
    """The name of the value's type in a shape."""

    @property
    def name(self) -> str:
        return self.keys[0]

    def draw(self, rng: random.Random) -> Json:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, config=STRICT)
class Text(Field):
    """A string that follows a pattern."""

    kind: Literal["text"]
    pattern: str

    shape: ClassVar[Json] = "string"

    def draw(self, rng: random.Random) -> Json:
        return _expand(rng, self.pattern.split("/"))


@dataclass(frozen=True, slots=True, config=STRICT)
class Whole(Field):
    """A whole number, both ends included."""

    kind: Literal["whole"]
    low: int
    high: int
    step: int = 1

    shape: ClassVar[Json] = "integer"

    def draw(self, rng: random.Random) -> Json:
        return rng.randrange(self.low, self.high + 1, self.step)


@dataclass(frozen=True, slots=True, config=STRICT)
class Measure(Field):
    """A measured number, with one decimal unless that is zero: 4.0 is written 4, as people do."""

    kind: Literal["measure"]
    low: int
    high: int

    shape: ClassVar[Json] = "number"

    def draw(self, rng: random.Random) -> Json:
        return _plain(rng.randint(self.low * 10, self.high * 10) / 10)


@dataclass(frozen=True, slots=True, config=STRICT)
class Cash(Field):
    """A price. No cents end in zero: 12.50 would be 12.5 in the answer and no longer a copy."""

    kind: Literal["cash"]
    low: int
    high: int

    shape: ClassVar[Json] = "number"

    def draw(self, rng: random.Random) -> Json:
        cents = (0, 0, 0.25, 0.49, 0.75, 0.95, 0.99)
        return _plain(rng.randint(self.low, self.high) + rng.choice(cents))


@dataclass(frozen=True, slots=True, config=STRICT)
class Flag(Field):
    """True or false."""

    kind: Literal["flag"]

    shape: ClassVar[Json] = "boolean"

    def draw(self, rng: random.Random) -> Json:
        return rng.random() < 0.5


@dataclass(frozen=True, slots=True, config=STRICT)
class Several(Field):
    """One to three of the choices."""

    kind: Literal["several"]
    choices: tuple[str, ...]

    shape: ClassVar[Json] = ["string"]

    def draw(self, rng: random.Random) -> Json:
        return list(rng.sample(self.choices, rng.choice((1, 2, 2, 3, 3))))


AnyField = Annotated[Text | Whole | Measure | Cash | Flag | Several, Discriminator("kind")]


@dataclass(frozen=True, slots=True, config=STRICT)
class Nest:
    """An object that a shape may have: its key, and the names of the fields in it."""

    key: str
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True, config=STRICT)
class Domain:
    """A subject with its facts and wordings. The first field is in every shape."""

    subject: str
    fields: tuple[AnyField, ...]
    templates: tuple[str, ...]
    nest: Nest | None = None


_PATTERNS: Final = read_choices("json_patterns.jsonl")


def _expand(rng: random.Random, choices: Sequence[str]) -> str:
    """One value of a pattern."""
    chosen = rng.choice(choices)
    chosen = re.sub(r"%(\w+)", lambda found: _expand(rng, _PATTERNS[found[1]]), chosen)
    return re.sub(r"[#@]", lambda found: rng.choice(_SIGNS[found[0]]), chosen)


_SIGNS: Final = {"#": "123456789", "@": "ABCDEFGHJKLMNPRSTVWXYZ"}
_ONSETS: Final = "b/br/c/ch/d/dr/f/fl/g/gr/h/j/k/l/m/n/p/pl/qu/r/s/sh/st/t/tr/v/w/y/z".split("/")
_VOWELS: Final = "a/e/i/o/u/ai/ea/oo/a/e/i/o".split("/")
_CODAS: Final = "n/r/l/s/t/m/ck/nd/st/rt/ng/x//////".split("/")
_KEPT: Final = frozenset(_PATTERNS["month"] + _PATTERNS["weekday"])


def coined(rng: random.Random, value: str) -> str:
    """The same value in words that don't exist: what can't be known has to be copied.

    Months and weekdays stay what they are.
    """

    def word(found: re.Match[str]) -> str:
        if found[0] in _KEPT:
            return found[0]
        syllables = [
            rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
            for _ in range(rng.choice((1, 1, 2)))
        ]
        made = "".join(syllables)
        return made.capitalize() if found[0][0].isupper() else made

    return re.sub(r"[^\W\d_]{4,}", word, value)


def _plain(number: float) -> Json:
    return int(number) if number == int(number) else round(number, 2)
