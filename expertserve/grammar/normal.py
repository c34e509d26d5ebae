"""Schemas that hold at once → the shapes that are left, one of which a value has.

References are followed, `allOf` is intersected, `anyOf` is a union, and `oneOf`, `not` and `if`
are brought to those by taking opposites. What can't be said so is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar.document import Document, refuse
from expertserve.grammar.keywords import Keywords, only
from expertserve.grammar.numbers import Bound
from expertserve.grammar.patterns import Patterns
from expertserve.grammar.shape import (
    ANYTHING,
    NEVER,
    Arrays,
    Conj,
    Constant,
    Numbers,
    Objects,
    Part,
    Strings,
    ValueShape,
    fraction,
    product,
)

MOST_SHAPES = 200
"""Alternatives of one place in a schema, after everything about it has been put together."""


class _UnsettledError(Exception):
    """A question leads to a schema that is being read."""


class Schemas:
    """A document's schemas in normal form, each made when it is needed."""

    def __init__(self, document: Document, *, strict: bool) -> None:
        self.document = document
        self._strict = strict
        self._expanded: dict[int, list[ValueShape]] = {}
        self._under_way: set[int] = set()
        self._asking = 0
        """Questions that are being answered, for which a schema under way may be anything."""
        self._known: dict[Conj, list[ValueShape]] = {}
        self._void: dict[Conj, bool] = {}
        self.patterns = Patterns()

    # ── one form ────────────────────────────────────────────────────────────────────────────

    def normal(self, conj: Conj) -> list[ValueShape]:
        """The shapes of which a value has one if all these schemas hold."""
        found = self._known.get(conj)
        if found is None:
            found = [ValueShape()]
            for number in sorted(conj, key=abs):
                found = self._both(found, self._expand(number), abs(number))
            found = self._known[conj] = [s for s in map(self._filtered, found) if s is not None]
        return found

    def _both(
        self, some: Sequence[ValueShape], others: Sequence[ValueShape], number: int
    ) -> list[ValueShape]:
        made = product(some, others)
        if len(made) > 1:
            made = [shape for shape in made if not self._is_void(shape)]
        if len(made) > MOST_SHAPES:
            refuse(
                self.document.places[number],
                "anyOf",
                f"and what stands beside it make more than {MOST_SHAPES} alternatives",
                "write out those that are meant",
            )
        return made

    def _filtered(self, shape: ValueShape) -> ValueShape | None:
        """Without listed values that its sections forbid."""
        if shape.values is None:
            return shape
        plain = replace(shape, values=None)
        kept = tuple(v for v in shape.values if self._fits(plain, v.value))
        return replace(shape, values=kept) if kept else None

    def _expand(self, number: int) -> list[ValueShape]:
        found = self._expanded.get(number)
        if found is None:
            if number in self._under_way and self._asking:
                raise _UnsettledError
            if number in self._under_way:
                refuse(
                    self.document.places[abs(number)],
                    "$ref",
                    "leads back to itself before anything is said",
                    "let it refer to itself within a property or an item",
                )
            self._under_way.add(number)
            try:
                found = self._holding(number) if number > 0 else self._failing(-number)
            finally:
                self._under_way.discard(number)
            self._expanded[number] = found
        return found

    def _holding(self, number: int) -> list[ValueShape]:
        raw = self.document.raws[number]
        if isinstance(raw, bool):
            return [ValueShape()] if raw else []
        assert isinstance(raw, Mapping)
        words = Keywords(self.document, number, strict=self._strict)
        own = words.shape()
        for kind, text, _ in own.string.patterns if own and own.string else ():
            self.patterns.origins.setdefault((kind, text), words.place)
        shapes = [own] if own is not None else []
        for each in self._beside(number, raw):
            shapes = self._both(shapes, each, number)
        if raw.get("unevaluatedProperties", True) is not True:
            shapes = self._evaluated(number, raw, shapes)
        listed = words.constants()
        may_be_null = listed is None or any(v.key == "null" for v in listed)
        if raw.get("nullable") is True and may_be_null and not any(s.null for s in shapes):
            shapes = [*shapes, only(null=True)]
        return shapes

    def _beside(self, number: int, raw: Mapping[str, object]) -> Iterator[list[ValueShape]]:
        """What each keyword with schemas of the same value in it says."""
        inner = self.document.inner
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            if key in raw:
                yield self._expand(self.document.target(number, key))
        for place in range(_count(raw.get("allOf"))):
            yield self._expand(inner(number, "allOf", place))
        if _count(raw.get("anyOf")):
            branches = [inner(number, "anyOf", i) for i in range(_count(raw["anyOf"]))]
            yield list(dict.fromkeys(s for branch in branches for s in self._expand(branch)))
        if _count(raw.get("oneOf")):
            yield self._one_of(number, raw)
        if "not" in raw:
            yield self._expand(-inner(number, "not"))
        if "if" in raw and raw.keys() & {"then", "else"}:
            yield self._conditional(number, raw)
        yield from self._dependent(number, raw)

    def _one_of(self, number: int, raw: Mapping[str, object]) -> list[ValueShape]:
        """Exactly one of them: each without those that may hold beside it."""
        inner = self.document.inner
        branches = [inner(number, "oneOf", i) for i in range(_count(raw["oneOf"]))]
        rest = {k: v for k, v in raw.items() if k not in ("oneOf", "unevaluatedProperties")}
        place, base = self.document.places[number], self.document.bases[number]
        beside = frozenset({self.document.number(rest, place, base)})
        made: list[ValueShape] = []
        for index, branch in enumerate(branches):
            conj = {branch}
            for other, there in enumerate(branches):
                if other != index and not self.is_void(beside | {branch, there}):
                    conj.add(-there)
            made += self._told_apart(frozenset(conj), place, index)
        return list(dict.fromkeys(made))

    def _told_apart(self, conj: Conj, place: str, index: int) -> list[ValueShape]:
        try:
            return self.normal(conj)
        except ConfigError as error:
            if len(conj) == 1:
                raise
            refuse(
                place,
                "oneOf",
                f"has a branch ({index}) that may hold together with another one: {error.message}",
                "use 'anyOf', or tell the branches apart by a property with a 'const' in each",
            )

    def _conditional(self, number: int, raw: Mapping[str, object]) -> list[ValueShape]:
        inner = self.document.inner
        condition = inner(number, "if")
        holds = self._expand(condition)
        if "then" in raw:
            holds = self._both(holds, self._expand(inner(number, "then")), number)
        fails = self._expand(-condition)
        if "else" in raw:
            fails = self._both(fails, self._expand(inner(number, "else")), number)
        return list(dict.fromkeys([*holds, *fails]))

    def _dependent(self, number: int, raw: Mapping[str, object]) -> Iterator[list[ValueShape]]:
        for key in ("dependentRequired", "dependentSchemas", "dependencies"):
            given = raw.get(key)
            for name, value in given.items() if isinstance(given, Mapping) else ():
                absent = Part(named=((name, NEVER),))
                without = replace(ValueShape(), object=Objects(names=(name,), parts=(absent,)))
                if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
                    wanted = Objects(names=(name, *value), required=(name, *value))
                    yield [without, only(object=wanted)]
                else:
                    there = only(object=Objects(names=(name,), required=(name,)))
                    then = self._expand(self.document.inner(number, key, name))
                    yield [without, *self._both([there], then, number)]

    def _evaluated(
        self, number: int, raw: Mapping[str, object], shapes: list[ValueShape]
    ) -> list[ValueShape]:
        """Holds `unevaluatedProperties` to what no schema beside it has named."""
        place = self.document.places[number]
        seen: set[int] = set()
        todo, named, patterns = [number], dict[str, Conj](), dict[str, Conj]()
        while todo:
            at = todo.pop()
            own = self.document.raws[at]
            if at in seen or not isinstance(own, Mapping):
                continue
            seen.add(at)
            if at != number and own.keys() & {"additionalProperties", "unevaluatedProperties"}:
                return shapes
            if own.keys() & {"anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef"}:
                refuse(
                    place,
                    "unevaluatedProperties",
                    "depends on which branch holds",
                    "write 'additionalProperties' into each branch",
                )
            for part in Keywords(self.document, at, strict=False).objects().parts:
                named.update(dict.fromkeys(dict(part.named), ANYTHING))
                patterns.update(dict.fromkeys(dict(part.patterns), ANYTHING))
            todo += [self.document.target(at, "$ref")] if "$ref" in own else []
            todo += [self.document.inner(at, "allOf", i) for i in range(_count(own.get("allOf")))]
        if "additionalProperties" in raw:
            return shapes
        other = frozenset({self.document.inner(number, "unevaluatedProperties")})
        part = Part(tuple(named.items()), tuple(patterns.items()), other)
        return self._both(shapes, [replace(ValueShape(), object=Objects(parts=(part,)))], number)

    def _failing(self, number: int) -> list[ValueShape]:
        """The opposite of a schema: one of the things that it says doesn't hold."""
        raw = self.document.raws[number]
        if isinstance(raw, bool):
            return [] if raw else [ValueShape()]
        assert isinstance(raw, Mapping)
        inner, place = self.document.inner, self.document.places[number]
        for key in raw.keys() & {"unevaluatedProperties", "unevaluatedItems", "nullable"}:
            refuse(place, key, "can't be negated", "say what holds instead")
        made = Keywords(self.document, number, strict=False).opposites()
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            if key in raw:
                made += self._expand(-self.document.target(number, key))
        for i in range(_count(raw.get("allOf"))):
            made += self._expand(-inner(number, "allOf", i))
        if _count(raw.get("anyOf")):
            none: list[ValueShape] = [ValueShape()]
            for i in range(_count(raw["anyOf"])):
                none = self._both(none, self._expand(-inner(number, "anyOf", i)), number)
            made += none
        made += self._not_one(number, raw) if _count(raw.get("oneOf")) else []
        if "not" in raw:
            made += self._expand(inner(number, "not"))
        if "if" in raw and raw.keys() & {"then", "else"}:
            made += self._unconditional(number, raw)
        for key in raw.keys() & {"dependentRequired", "dependentSchemas", "dependencies"}:
            refuse(place, key, "can't be negated", "say what holds instead")
        return list(dict.fromkeys(made))

    def _not_one(self, number: int, raw: Mapping[str, object]) -> list[ValueShape]:
        """None of the branches, or two at once."""
        branches = [self.document.inner(number, "oneOf", i) for i in range(_count(raw["oneOf"]))]
        made: list[ValueShape] = [ValueShape()]
        for branch in branches:
            made = self._both(made, self._expand(-branch), number)
        for i, one in enumerate(branches):
            for other in branches[i + 1 :]:
                made += self.normal(frozenset({one, other}))
        return made

    def _unconditional(self, number: int, raw: Mapping[str, object]) -> list[ValueShape]:
        inner = self.document.inner
        condition, made = inner(number, "if"), list[ValueShape]()
        for key, wanted in (("then", condition), ("else", -condition)):
            if key in raw:
                made += self.normal(frozenset({wanted, -inner(number, key)}))
        return made

    # ── questions about it ──────────────────────────────────────────────────────────────────

    def is_void(self, conj: Conj) -> bool:
        """Whether it is certain that no value is so."""
        found = self._void.get(conj)
        if found is None:
            self._void[conj] = False  # while it is asked: a schema within itself
            self._asking += 1
            try:
                found = self._void[conj] = all(map(self._is_void, self.normal(conj)))
            except _UnsettledError:
                del self._void[conj]
                return False
            finally:
                self._asking -= 1
        return found

    def _is_void(self, shape: ValueShape) -> bool:
        if shape.values is not None:
            return self._filtered(shape) is None
        if shape.null or shape.booleans:
            return False
        return not (
            (shape.number is not None and not _no_number(shape.number))
            or (shape.string is not None and not self._no_string(shape.string))
            or (shape.array is not None and not self._no_array(shape.array))
            or (shape.object is not None and not self._no_object(shape.object))
        )

    def _no_string(self, strings: Strings) -> bool:
        if len(strings.patterns) < 2:
            return False
        try:
            return self.patterns.texts(self.patterns.known(strings.patterns), []).is_empty
        except GrammarError:
            return False

    def _no_array(self, arrays: Arrays) -> bool:
        return any(self.is_void(arrays.item(place)) for place in range(min(arrays.low, 50)))

    def _no_object(self, objects: Objects) -> bool:
        return any(self.is_void(self.property(objects, name)) for name in objects.required)

    def property(self, objects: Objects, name: str) -> Conj:
        """What the value of a property is held to, by every section that its name is in."""
        if not self.admits(objects.keys, name):
            return NEVER
        conj: set[int] = set()
        for part in objects.parts:
            named = dict(part.named)
            own = [named[name]] if name in named else []
            certain = bool(own)
            for pattern, held in part.patterns:
                if self.patterns.matches("pattern", pattern, name, wide=True):
                    own.append(held)
                    certain |= self.patterns.matches("pattern", pattern, name)
            conj.update(*(own if certain else [*own, part.other]))
        return frozenset(conj)

    def admits(self, conj: Conj, value: object) -> bool:
        """Whether a value is as these schemas say."""
        return not conj or any(self._fits(shape, value) for shape in self.normal(conj))

    def _fits(self, shape: ValueShape, value: object) -> bool:
        constant = Constant.of(value)
        if constant in shape.without or (shape.values is not None and constant not in shape.values):
            return False
        if value is None:
            return shape.null
        if isinstance(value, bool):
            return value in shape.booleans
        if isinstance(value, int | float):
            return shape.number is not None and _number_fits(shape.number, value)
        if isinstance(value, str):
            return shape.string is not None and self._string_fits(shape.string, value)
        if isinstance(value, Mapping):
            return shape.object is not None and self._object_fits(shape.object, value)
        assert isinstance(value, list | tuple)
        return shape.array is not None and self._array_fits(shape.array, value)

    def _string_fits(self, strings: Strings, text: str) -> bool:
        within = strings.low <= len(text) and (strings.high is None or len(text) <= strings.high)
        return within and all(
            self.patterns.matches(kind, pattern, text, wide=not holds) == holds
            for kind, pattern, holds in strings.patterns
        )

    def _array_fits(self, arrays: Arrays, items: Sequence[object]) -> bool:
        if len(items) < arrays.low or (arrays.high is not None and len(items) > arrays.high):
            return False
        if arrays.unique and len(set(map(Constant.of, items))) < len(items):
            return False
        for conj, low, high in arrays.contains:
            count = sum(self.admits(conj, item) for item in items)
            if count < low or (high is not None and count > high):
                return False
        return all(self.admits(arrays.item(i), item) for i, item in enumerate(items))

    def _object_fits(self, objects: Objects, value: Mapping[str, object]) -> bool:
        if len(value) < objects.low or (objects.high is not None and len(value) > objects.high):
            return False
        return all(name in value for name in objects.required) and all(
            self.admits(self.property(objects, name), item) for name, item in value.items()
        )


def _count(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else 0


def _no_number(numbers: Numbers) -> bool:
    """Whether no whole number is between bounds; of others there is always one."""
    low, high = numbers.low, numbers.high
    if not numbers.integer or low is None or high is None:
        return False
    first, last = whole_bounds(low, high)
    return first is not None and last is not None and first > last


def whole_bounds(low: Bound | None, high: Bound | None) -> tuple[int | None, int | None]:
    """The first and the last whole number within bounds."""
    first = last = None
    if low is not None:
        first = -(-low.value.numerator // low.value.denominator)
        first += low.open and first == low.value
    if high is not None:
        last = high.value.numerator // high.value.denominator
        last -= high.open and last == high.value
    return first, last


def _number_fits(numbers: Numbers, value: float) -> bool:
    exact = fraction(value)
    whole = exact.denominator == 1
    if numbers.integer is not None and numbers.integer != whole:
        return False
    low, high = numbers.low, numbers.high
    if low and (exact < low.value or (low.open and exact == low.value)):
        return False
    if high and (exact > high.value or (high.open and exact == high.value)):
        return False
    return all((exact / step).denominator == 1 for step in numbers.steps) and not any(
        (exact / step).denominator == 1 for step in numbers.not_steps
    )
