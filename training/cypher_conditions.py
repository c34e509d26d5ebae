"""Conditions on properties: how they are said, how they are written, which rows they hold for.

How they are said is in `data/cypher_conditions.jsonl`: `{noun}` is the property, `{a}` the same
with an article, `{v}` the value.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from training.cypher_schema import Column, Row, Value, article
from training.cypher_world import Numbers, Texts
from training.records import read_choices

_TESTS: Final[Mapping[str, Callable[[object, object], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": lambda left, right: magnitude(left) > magnitude(right),
    "<": lambda left, right: magnitude(left) < magnitude(right),
    ">=": lambda left, right: magnitude(left) >= magnitude(right),
    "<=": lambda left, right: magnitude(left) <= magnitude(right),
    "STARTS WITH": lambda left, right: str(left).startswith(str(right)),
    "ENDS WITH": lambda left, right: str(left).endswith(str(right)),
    "CONTAINS": lambda left, right: str(right) in str(left),
}
_SPELLED: Final = frozenset(("STARTS WITH", "ENDS WITH", "CONTAINS"))
_SAID: Final = read_choices("cypher_conditions.jsonl")


def magnitude(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise TypeError(f"not a number: {value!r}")


def _digits(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}".rstrip("0").rstrip(".")


def _spoken(value: Value) -> str:
    return value if isinstance(value, str) else _digits(value)


def literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else _digits(value)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one property and the words for it, which follow a noun."""

    column: Column
    tests: tuple[tuple[str, Value], ...]
    phrases: tuple[str, ...]
    joint: str = " AND "

    def on(self, variable: str) -> str:
        return self.joint.join(
            f"{variable}.{self.column.name} {sign} {literal(value)}" for sign, value in self.tests
        )

    def holds(self, row: Row) -> bool:
        found = [_TESTS[sign](row[self.column.name], value) for sign, value in self.tests]
        return any(found) if self.joint == " OR " else all(found)


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows to choose among, and one that has to be chosen: no question comes out empty."""

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    row: Row
    who: str


def _words(
    key: str, column: Column, value: str, own: tuple[str, ...] = (), who: str = "that"
) -> tuple[str, ...]:
    """The column's own words count double: they are what people say."""
    noun = column.prop.noun
    general = tuple(
        form.format(noun=noun, a=article(noun), v=value, who=who, things=column.things)
        for form in _SAID[key]
    )
    return general + tuple(form.format(value) for form in own) * 2


def quoted(rng: random.Random, value: Value, share: float = 0.2) -> str:
    spoken = _spoken(value)
    if isinstance(value, str) and rng.random() < share:
        return rng.choice(('"{}"', "'{}'")).format(spoken)
    return spoken


def equal_to(rng: random.Random, scope: Scope, column: Column) -> Filter | None:
    value = scope.row[column.name]
    if column == _key_of(scope):
        return None
    if isinstance(value, bool):
        words = _words("is" if value else "is not", column, "", who=scope.who)
        return Filter(column, (("=", value),), words)
    key = "="
    if not isinstance(value, str):
        key = "= tally" if column.things and value != 1 else "= number"
    words = _words(key, column, quoted(rng, value), column.prop.equal, scope.who)
    return Filter(column, (("=", value),), words)


def _key_of(scope: Scope) -> Column | None:
    """The column that tells rows apart; a relationship has none."""
    for column in scope.columns:
        if isinstance(column.prop.pool, Texts) and not column.prop.pool.repeats:
            return column
    return None


def unequal_to(rng: random.Random, scope: Scope, column: Column) -> Filter | None:
    if column.type != "STRING" or column == _key_of(scope):
        return None
    others = sorted({str(row[column.name]) for row in scope.rows} - {str(scope.row[column.name])})
    if not others:
        return None
    value = rng.choice(others)
    own = tuple(f"not {form}" for form in column.prop.equal)
    return Filter(column, (("<>", value),), _words("<>", column, quoted(rng, value), own))


def either_of(rng: random.Random, scope: Scope, column: Column) -> Filter | None:
    if column.type != "STRING" or column == _key_of(scope):
        return None
    own = str(scope.row[column.name])
    others = sorted({str(row[column.name]) for row in scope.rows} - {own})
    if not others:
        return None
    values = [own, rng.choice(others)]
    rng.shuffle(values)
    words = _words("=", column, " or ".join(values), column.prop.equal)
    return Filter(column, tuple(("=", value) for value in values), words, " OR ")


def compared(rng: random.Random, scope: Scope, column: Column) -> Filter | None:
    if not isinstance(column.prop.pool, Numbers):
        return None
    own = magnitude(scope.row[column.name])
    values = sorted({magnitude(row[column.name]) for row in scope.rows})
    sign = rng.choice((">", ">", ">", "<", "<", ">=", "<="))
    fitting = [value for value in values if value != own and _TESTS[sign](own, value)]
    if not fitting:
        return None
    value = rng.choice(fitting)
    own_words = {">": column.prop.above, "<": column.prop.below}.get(sign, ())
    manner = " tally" if column.things and value != 1 else ""
    if column.prop.pool.kind == "year":
        manner = " year"
    words = _words(sign + manner, column, _digits(value), own_words, scope.who)
    return Filter(column, ((sign, value),), words)


def between(rng: random.Random, scope: Scope, column: Column) -> Filter | None:
    if not isinstance(column.prop.pool, Numbers):
        return None
    own = magnitude(scope.row[column.name])
    values = {magnitude(row[column.name]) for row in scope.rows}
    lower = sorted(value for value in values if value < own)
    upper = sorted(value for value in values if value > own)
    if not lower or not upper:
        return None
    low, high = rng.choice(lower), rng.choice(upper)
    words = _words("between", column, f"{_digits(low)} and {_digits(high)}")
    return Filter(column, ((">=", low), ("<=", high)), words)


def spelled_like(rng: random.Random, scope: Scope, column: Column) -> Filter | None:
    signs = ("STARTS WITH", "STARTS WITH", "CONTAINS", "CONTAINS", "ENDS WITH")
    return _having_part(rng, scope, column, rng.choice(signs))


def begun_with(rng: random.Random, scope: Scope, column: Column) -> Filter | None:
    """A beginning that other values have further on, so that containing it will not do."""
    made = _having_part(rng, scope, column, "STARTS WITH")
    if made and _needs("STARTS WITH", str(made.tests[0][1]), _texts(scope, column)):
        return made
    return None


def _having_part(rng: random.Random, scope: Scope, column: Column, sign: str) -> Filter | None:
    if column.type != "STRING":
        return None
    parts = [_part(rng, sign, str(scope.row[column.name])) for _ in range(8)]
    telling = [part for part in parts if _needs(sign, part, _texts(scope, column))]
    part = telling[0] if telling and rng.random() < 0.7 else parts[0]
    said = quoted(rng, part, 0.4 if part[0].isupper() else 1)
    return Filter(column, ((sign, part),), _words(sign, column, said))


def _texts(scope: Scope, column: Column) -> list[str]:
    return [str(row[column.name]) for row in scope.rows]


def _needs(sign: str, part: str, values: Sequence[str]) -> bool:
    """Whether another way to look for the part would find something else."""

    def found(sign: str) -> list[bool]:
        return [_TESTS[sign](value, part) for value in values]

    return all(found(sign) != found(other) for other in _SPELLED - {sign})


def _part(rng: random.Random, sign: str, value: str) -> str:
    """A word of the value if it has several, or a few letters of it."""
    words = value.split()
    size = rng.randint(1, 3)
    if sign == "STARTS WITH":
        return words[0] if len(words) > 1 and rng.random() < 0.4 else value[:size].strip()
    if sign == "ENDS WITH":
        return words[-1] if len(words) > 1 and rng.random() < 0.5 else value[-size - 1 :].strip()
    word = rng.choice(words)
    if len(words) > 1 and rng.random() < 0.6:
        return word
    start = rng.randrange(max(1, len(word) - size - 1))
    return word[start : start + size + 1]


Maker = Callable[[random.Random, Scope, Column], Filter | None]
MAKERS: Final[tuple[Maker, ...]] = (
    *(equal_to,) * 3,
    *(compared,) * 4,
    spelled_like,
    unequal_to,
    either_of,
    between,
)


def draw_filter(
    rng: random.Random, scope: Scope, makers: Sequence[Maker] = MAKERS
) -> Filter | None:
    """A filter that keeps the scope's row and drops another."""
    for _ in range(12):
        made = rng.choice(makers)(rng, scope, rng.choice(scope.columns))
        if made and made.holds(scope.row) and not all(made.holds(row) for row in scope.rows):
            return made
    return None


def manner_of(phrase: str) -> int:
    """How a phrase hangs on its noun, in the order in which phrases may follow one another."""
    return {"with": 1, "whose": 2}.get(phrase.split()[0], 0)


def both(rng: random.Random, first: Filter, second: Filter) -> tuple[str, tuple[Filter, Filter]]:
    """Words for two filters, and the filters in the order of the words."""
    said = [(filter_, rng.choice(filter_.phrases)) for filter_ in (first, second)]
    said.sort(key=lambda item: manner_of(item[1]))
    manners = [manner_of(phrase) for _, phrase in said]
    joint = " " if manners == [0, 1] else " and "
    return said[0][1] + joint + said[1][1], (said[0][0], said[1][0])
