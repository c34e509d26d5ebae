"""The one form that JSON schemas are brought into: what a value may be, one section a type.

A section says what holds where the value has its type; a type without one is not allowed. Schemas
within a schema stay unread: a `Conj` names those that hold at once, so recursion needs no end here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, TypeVar

from expertserve.grammar.numbers import Bound

Conj = frozenset[int]
"""Schemas by number, all of which hold; the opposite of one by the number's negative."""
ANYTHING: Conj = frozenset()
NEVER: Conj = frozenset({1})
"""The first schema of every document is `false`."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that a schema spells out. Equal are those that JSON Schema holds to be equal.

    Args:
        key: Its canonical form.
        text: As it is written in an answer.
    """

    key: str
    text: str = field(compare=False)
    value: object = field(compare=False, hash=False)

    @classmethod
    def of(cls, value: object) -> Constant:
        """Raises ValueError for what JSON can't write: NaN, half a surrogate pair."""
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
        return cls(_key(value), text, value)


def _key(value: object) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, int | float):
        return str(fraction(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_key(value[k])}" for k in sorted(value)) + "}"
    assert isinstance(value, list | tuple)
    return "[" + ",".join(map(_key, value)) + "]"


def fraction(number: float) -> Fraction:
    """A number as it is written, not as a double holds it."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


Grounding = Literal["", "off", "case", "any-case"]
"""Whether a value has to be in the source: nothing said, no, yes, yes in any case."""


def _tighter(one: Grounding, two: Grounding) -> Grounding:
    order: tuple[Grounding, ...] = ("case", "any-case", "off")
    return next((word for word in order if word in (one, two)), "")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Args:
    integer: True for whole numbers alone, False for the others.
    steps: All of them divide it.
    not_steps: None of them does.
    source: Whether it has to be in the source.
    """

    integer: bool | None = None
    low: Bound | None = None
    high: Bound | None = None
    steps: frozenset[Fraction] = frozenset()
    not_steps: frozenset[Fraction] = frozenset()
    source: Grounding = ""

    def merge(self, other: Numbers) -> Numbers | None:
        if self.integer is not None and other.integer is not None and self.integer != other.integer:
            return None
        lows = [b for b in (self.low, other.low) if b]
        highs = [b for b in (self.high, other.high) if b]
        low = max(lows, key=lambda b: (b.value, b.open), default=None)
        high = min(highs, key=lambda b: (b.value, not b.open), default=None)
        if low and high and (low.value, low.open or high.open) >= (high.value, True):
            return None
        return Numbers(
            self.integer if other.integer is None else other.integer,
            low,
            high,
            self.steps | other.steps,
            self.not_steps | other.not_steps,
            _tighter(self.source, other.source),
        )


@dataclass(frozen=True, slots=True)
class Strings:
    """Args:
    patterns: (kind, text, whether it holds): what a `pattern` finds, what a `format` demands.
    source: Whether it has to be in the source.
    """

    low: int = 0
    high: int | None = None
    patterns: frozenset[tuple[str, str, bool]] = frozenset()
    source: Grounding = ""

    def merge(self, other: Strings) -> Strings | None:
        low, high = max(self.low, other.low), least(self.high, other.high)
        patterns = self.patterns | other.patterns
        if high is not None and low > high:
            return None
        if any((kind, text, not holds) in patterns for kind, text, holds in patterns):
            return None
        return Strings(low, high, patterns, _tighter(self.source, other.source))


@dataclass(frozen=True, slots=True)
class Arrays:
    """Args:
    contains: (what, at least, at most) items are so.
    """

    prefix: tuple[Conj, ...] = ()
    rest: Conj = ANYTHING
    low: int = 0
    high: int | None = None
    contains: frozenset[tuple[Conj, int, int | None]] = frozenset()
    unique: bool = False

    def item(self, place: int) -> Conj:
        return self.prefix[place] if place < len(self.prefix) else self.rest

    def merge(self, other: Arrays) -> Arrays | None:
        low, high = max(self.low, other.low), least(self.high, other.high)
        if high is not None and low > high:
            return None
        places = range(max(len(self.prefix), len(other.prefix)))
        return Arrays(
            tuple(self.item(i) | other.item(i) for i in places),
            self.rest | other.rest,
            low,
            high,
            self.contains | other.contains,
            self.unique or other.unique,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What one schema says of an object's properties.

    Args:
        other: What holds for a name that is neither named nor matched.
    """

    named: tuple[tuple[str, Conj], ...] = ()
    patterns: tuple[tuple[str, Conj], ...] = ()
    other: Conj = ANYTHING


@dataclass(frozen=True, slots=True)
class Objects:
    """Args:
    names: Those that schemas name, in the order in which they do.
    keys: What every name is, as a string.
    """

    names: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    required: tuple[str, ...] = ()
    low: int = 0
    high: int | None = None
    keys: Conj = ANYTHING

    def merge(self, other: Objects) -> Objects | None:
        low, high = max(self.low, other.low), least(self.high, other.high)
        required = tuple(dict.fromkeys(self.required + other.required))
        if high is not None and max(low, len(required)) > high:
            return None
        return Objects(
            tuple(dict.fromkeys(self.names + other.names)),
            tuple(dict.fromkeys(self.parts + other.parts)),
            required,
            low,
            high,
            self.keys | other.keys,
        )


@dataclass(frozen=True, slots=True)
class ValueShape:
    """What a value may be. Without arguments, anything.

    Args:
        values: Where a schema lists them, the only ones; the sections hold all the same.
        without: Values that it isn't.
    """

    null: bool = True
    booleans: frozenset[bool] = frozenset({False, True})
    number: Numbers | None = Numbers()
    string: Strings | None = Strings()
    array: Arrays | None = Arrays()
    object: Objects | None = Objects()
    values: tuple[Constant, ...] | None = None
    without: frozenset[Constant] = frozenset()

    def merge(self, other: ValueShape) -> ValueShape | None:
        """What is both; None where nothing is."""
        values = self.values if other.values is None else other.values
        if self.values is not None and other.values is not None:
            both = set(other.values)
            values = tuple(value for value in self.values if value in both)
        return ValueShape(
            self.null and other.null,
            self.booleans & other.booleans,
            _both(self.number, other.number),
            _both(self.string, other.string),
            _both(self.array, other.array),
            _both(self.object, other.object),
            values,
            self.without | other.without,
        ).settled()

    def settled(self) -> ValueShape | None:
        """The same without values that are left out; None where nothing is left."""
        keys = {constant.key for constant in self.without}
        made = replace(
            self,
            null=self.null and "null" not in keys,
            booleans=self.booleans - {b for b in (False, True) if json.dumps(b) in keys},
            values=(
                None
                if self.values is None
                else tuple(value for value in self.values if value.key not in keys)
            ),
        )
        some = (made.null, made.booleans, made.number, made.string, made.array, made.object)
        if made.values == () or not any(part is not None and part is not False for part in some):
            return None
        if not (made.null or made.booleans) and some[2:] == (None,) * 4:
            return None
        return made


NOTHING_YET = ValueShape(False, frozenset(), None, None, None, None)
"""No type allowed: to be replaced in."""


S = TypeVar("S", Numbers, Strings, Arrays, Objects)


def _both(one: S | None, two: S | None) -> S | None:
    return None if one is None or two is None else one.merge(two)


def least(one: int | None, two: int | None) -> int | None:
    """The tighter of two upper bounds."""
    return min((b for b in (one, two) if b is not None), default=None)


def product(some: Sequence[ValueShape], others: Sequence[ValueShape]) -> list[ValueShape]:
    """What is one of each."""
    made = (one.merge(other) for one in some for other in others)
    return list(dict.fromkeys(shape for shape in made if shape is not None))
