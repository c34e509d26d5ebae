"""One schema's own keywords → shapes, for the schema and for its opposite.

The dialects are read together: draft 4 to 2020-12, and OpenAPI's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from expertserve.grammar.document import Document, refuse
from expertserve.grammar.numbers import Bound
from expertserve.grammar.regex import apart
from expertserve.grammar.shape import (
    ANYTHING,
    NEVER,
    NOTHING_YET,
    Arrays,
    Conj,
    Constant,
    Grounding,
    Numbers,
    Objects,
    Part,
    Strings,
    ValueShape,
    fraction,
)

MOST_NEEDED = 1_000_000
"""Characters, items or properties that a schema may demand."""
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
WANTED: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(
        "minLength maxLength minItems maxItems minProperties maxProperties".split(), int
    ),
    **dict.fromkeys(("minContains", "maxContains"), int),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), (int, float)),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), (int, float, bool)),
    **dict.fromkeys(("pattern", "format"), str),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems", "enum", "required"), (list, tuple)),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), Mapping),
    **dict.fromkeys(("dependentRequired", "dependencies"), Mapping),
    **dict.fromkeys(("uniqueItems", "nullable"), bool),
}
"""What a keyword's value has to be."""


def only(
    *,
    null: bool = False,
    booleans: bool = False,
    number: Numbers | None = None,
    string: Strings | None = None,
    array: Arrays | None = None,
    object: Objects | None = None,
) -> ValueShape:
    """A shape of some types alone."""
    both = frozenset({False, True}) if booleans else frozenset()
    return ValueShape(null, both, number, string, array, object)


class Keywords:
    """The keywords of one schema that apply to it alone, without schemas beside it.

    Args:
        number: The schema's, in its document.
        strict: Objects that say nothing of further properties have none.
    """

    def __init__(self, document: Document, number: int, *, strict: bool) -> None:
        raw = document.raws[number]
        assert isinstance(raw, Mapping)
        self._document, self._number, self._strict = document, number, strict
        self.raw: Mapping[str, object] = raw
        self.place = document.places[number]
        for key, wanted in WANTED.items():
            if key in raw and raw[key] is not None:
                self._check(key, wanted)

    def _check(self, key: str, wanted: type | tuple[type, ...]) -> None:
        value = self.raw[key]
        if isinstance(value, float) and value.is_integer() and wanted is int:
            value = int(value)
        sound = isinstance(value, wanted) and (
            not isinstance(value, bool)
            or wanted is bool
            or (isinstance(wanted, tuple) and bool in wanted)
        )
        if not sound:
            refuse(self.place, key, f"can't be {value!r:.60}")
        if key in ("allOf", "anyOf", "oneOf") and not value:
            refuse(self.place, key, "lists no schema at all", "leave it out")
        if wanted is int and isinstance(value, int) and value < 0:
            refuse(self.place, key, "is less than 0")
        if key.startswith("min") and wanted is int and value > MOST_NEEDED:  # type: ignore[operator]
            refuse(self.place, key, f"needs more than {MOST_NEEDED:,}, which no answer has")

    def _inner(self, *path: str | int) -> Conj:
        number = self._document.inner(self._number, *path)
        return ANYTHING if self._document.raws[number] is True else frozenset({number})

    def _count(self, key: str) -> int | None:
        value = self.raw.get(key)
        return int(value) if isinstance(value, int | float) else None

    # ── the schema ──────────────────────────────────────────────────────────────────────────

    def shape(self) -> ValueShape | None:
        """What its own keywords leave; None for nothing at all."""
        made = self._types()
        if made.number is not None:
            numbers = self._numbers()
            made = replace(made, number=numbers and made.number.merge(numbers))
        if made.string is not None:
            made = replace(made, string=made.string.merge(self._strings()))
        if made.array is not None:
            made = replace(made, array=made.array.merge(self._arrays()))
        if made.object is not None:
            made = replace(made, object=made.object.merge(self.objects()))
        listed = self.constants()
        if listed is not None:
            made = replace(made, values=listed)
        return self._sourced(made).settled()

    def _sourced(self, shape: ValueShape) -> ValueShape:
        """With `x-source`, our own: a span of the user's text."""
        given = self.raw.get("x-source")
        if given is None:
            return shape
        words: dict[object, Grounding] = {True: "case", False: "off", "any-case": "any-case"}
        if not isinstance(given, bool | str) or given not in words:
            refuse(self.place, "x-source", f"can't be {given!r:.60}", 'true, false or "any-case"')
        source = words[given]
        return replace(
            shape,
            string=shape.string and replace(shape.string, source=source),
            number=shape.number and replace(shape.number, source=source),
        )

    def _types(self) -> ValueShape:
        named = self.raw.get("type")
        if named is None:
            return ValueShape()
        kinds = [named] if isinstance(named, str) else named
        if not isinstance(kinds, list | tuple) or not kinds:
            refuse(self.place, "type", "names no type", f"name one of {', '.join(TYPES)}")
        shape = NOTHING_YET
        for kind in kinds:
            if kind == "any":
                return ValueShape()
            if kind not in TYPES:
                near = {"float": "number", "int": "integer", "str": "string", "bool": "boolean"}
                hint = f"write {near.get(str(kind), 'one of ' + ', '.join(TYPES))!r}"
                refuse(self.place, "type", f"names {str(kind)[:60]!r}, which is no type", hint)
            shape = _with_type(shape, str(kind))
        return shape

    def constants(self) -> tuple[Constant, ...] | None:
        """The values of `enum` and `const`, where there are any."""
        found: tuple[Constant, ...] | None = None
        for key in ("enum", "const"):
            if key not in self.raw:
                continue
            given = self.raw[key] if key == "enum" else [self.raw[key]]
            assert isinstance(given, list | tuple)
            try:
                listed = tuple(dict.fromkeys(map(Constant.of, given)))
            except (TypeError, ValueError, UnicodeEncodeError) as error:
                refuse(self.place, key, f"has a value that JSON can't write: {error}")
            found = listed if found is None else tuple(v for v in found if v in listed)
        return found

    def _bounds(self) -> Iterable[tuple[str, Bound]]:
        for key, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            bound, limit = self.raw.get(key), self.raw.get(exclusive)
            for word, value in ((key, bound), (exclusive, limit)):
                if isinstance(value, bool) or not isinstance(value, int | float):
                    continue
                try:
                    exact = fraction(value)
                except ValueError:
                    refuse(self.place, word, "is no number that JSON can write")
                yield key, Bound(exact, word == exclusive or limit is True)

    def _step(self) -> tuple[Numbers, Numbers] | None:
        """What `multipleOf` says, and its opposite."""
        value = self.raw.get("multipleOf")
        if not isinstance(value, int | float):
            return None
        if value <= 0:
            refuse(self.place, "multipleOf", "isn't above 0")
        step = frozenset({fraction(value)})
        return Numbers(steps=step), Numbers(not_steps=step)

    def _numbers(self) -> Numbers | None:
        """What it says of numbers; None where none is so."""
        made: Numbers | None = Numbers()
        for key, bound in self._bounds():
            wanted = Numbers(low=bound) if key == "minimum" else Numbers(high=bound)
            made = made and made.merge(wanted)
        step = self._step()
        return made.merge(step[0]) if made and step else made

    def _strings(self) -> Strings:
        patterns = apart(str(self.raw["pattern"])) if self.raw.get("pattern") is not None else []
        if self.raw.get("format") is not None:
            patterns.append(("format", str(self.raw["format"]), True))
        return Strings(self._count("minLength") or 0, self._count("maxLength"), frozenset(patterns))

    def _arrays(self) -> Arrays:
        prefix, rest = self._items()
        contains: list[tuple[Conj, int, int | None]] = []
        if "contains" in self.raw:
            least = self._count("minContains")
            entry = (
                self._inner("contains"),
                1 if least is None else least,
                self._count("maxContains"),
            )
            contains += [entry] if entry[1] or entry[2] is not None else []
        if self.raw.get("unevaluatedItems", True) is not True and "items" not in self.raw:
            refuse(self.place, "unevaluatedItems", "can't be enforced", "say it with 'items'")
        return Arrays(
            prefix,
            rest,
            self._count("minItems") or 0,
            self._count("maxItems"),
            frozenset(contains),
            self.raw.get("uniqueItems") is True,
        )

    def _items(self) -> tuple[tuple[Conj, ...], Conj]:
        items = self.raw.get("items")
        if isinstance(items, list | tuple):  # a tuple, until draft 2019-09
            prefix = tuple(self._inner("items", i) for i in range(len(items)))
            return prefix, self._inner("additionalItems") if "additionalItems" in self.raw else (
                ANYTHING
            )
        listed = self.raw.get("prefixItems")
        count = len(listed) if isinstance(listed, list | tuple) else 0
        prefix = tuple(self._inner("prefixItems", i) for i in range(count))
        return prefix, self._inner("items") if items is not None else ANYTHING

    def objects(self) -> Objects:
        """What it says of objects."""
        part = self._part()
        names = tuple(name for name, _ in part.named)
        parts = () if part == Part() else (part,)
        return Objects(
            names,
            parts,
            self._required(),
            self._count("minProperties") or 0,
            self._count("maxProperties"),
            self._inner("propertyNames") if "propertyNames" in self.raw else ANYTHING,
        )

    def _part(self) -> Part:
        named, patterns = self._mapping("properties"), self._mapping("patternProperties")
        other: Conj = ANYTHING
        if "additionalProperties" in self.raw:
            other = self._inner("additionalProperties")
        elif self._strict and (named or patterns):
            other = NEVER
        return Part(
            tuple((name, self._inner("properties", name)) for name in named),
            tuple((name, self._inner("patternProperties", name)) for name in patterns),
            other,
        )

    def _mapping(self, key: str) -> Mapping[str, object]:
        given = self.raw.get(key)
        if not isinstance(given, Mapping):
            return {}
        for name in given:
            if not isinstance(name, str) or not _is_text(name):
                refuse(self.place, key, f"has a name that JSON can't write: {name!r:.60}")
        return given

    def _required(self) -> tuple[str, ...]:
        given = self.raw.get("required") or ()
        assert isinstance(given, list | tuple)
        if not all(isinstance(name, str) and _is_text(name) for name in given):
            refuse(self.place, "required", "isn't a list of names")
        return tuple(dict.fromkeys(map(str, given)))

    # ── its opposite ────────────────────────────────────────────────────────────────────────

    def opposites(self) -> list[ValueShape]:
        """Ways not to be what its own keywords say, one of which holds."""
        made: list[ValueShape | None] = []
        if self.raw.get("type") is not None:
            made.append(_other_types(self._types()))
        if (listed := self.constants()) is not None:
            made.append(ValueShape(without=frozenset(listed)))
        for key, bound in self._bounds():
            beyond = Bound(bound.value, not bound.open)
            numbers = Numbers(high=beyond) if key == "minimum" else Numbers(low=beyond)
            made.append(only(number=numbers))
        if step := self._step():
            made.append(only(number=step[1]))
        made += self._no_strings()
        made += self._no_arrays()
        made += self._no_objects()
        return [shape for shape in made if shape is not None]

    def _no_strings(self) -> list[ValueShape | None]:
        made: list[ValueShape | None] = _outside(
            lambda low, high: only(string=Strings(low, high)),
            self._count("minLength"),
            self._count("maxLength"),
        )
        if self.raw.get("pattern") is not None:
            for kind, text, holds in apart(str(self.raw["pattern"])):
                opposite = frozenset({(kind, text, not holds)})
                made.append(only(string=Strings(patterns=opposite)))
        return made  # a format may be a remark: nothing rests on its opposite

    def _no_arrays(self) -> list[ValueShape | None]:
        arrays = self._arrays()
        made: list[ValueShape | None] = _outside(
            lambda low, high: only(array=Arrays(low=low, high=high)),
            self._count("minItems"),
            self._count("maxItems"),
        )
        for place, conj in enumerate(arrays.prefix):
            for opposite in negative(conj):
                prefix = (*[ANYTHING] * place, opposite)
                made.append(only(array=Arrays(prefix=prefix, low=place + 1)))
        for opposite in negative(arrays.rest):
            if arrays.prefix:
                refuse(self.place, "items", "can't be negated beside a tuple")
            made.append(only(array=Arrays(low=1, contains=frozenset({(opposite, 1, None)}))))
        for conj, low, high in arrays.contains:
            if (low, high) != (1, None) or not conj:
                refuse(self.place, "contains", "can't be negated", "say what holds instead")
            made += [only(array=Arrays(rest=opposite)) for opposite in negative(conj)]
        if arrays.unique:
            refuse(self.place, "uniqueItems", "can't be negated", "say what holds instead")
        return made

    def _no_objects(self) -> list[ValueShape | None]:
        objects = self.objects()
        made: list[ValueShape | None] = _outside(
            lambda low, high: only(object=Objects(low=low, high=high)),
            self._count("minProperties"),
            self._count("maxProperties"),
        )
        for name in objects.required:
            part = Part(named=((name, NEVER),))
            made.append(only(object=Objects(names=(name,), parts=(part,))))
        for part in objects.parts:
            for name, conj in part.named:
                for opposite in negative(conj):
                    wrong = Part(named=((name, opposite),))
                    made.append(
                        only(object=Objects(names=(name,), parts=(wrong,), required=(name,)))
                    )
            for key, wanted in (
                ("patternProperties", any(conj for _, conj in part.patterns)),
                ("additionalProperties", bool(part.other)),
            ):
                if wanted:
                    refuse(self.place, key, "can't be negated", "say what holds instead")
        if objects.keys:
            refuse(self.place, "propertyNames", "can't be negated", "say what holds instead")
        return made


def negative(conj: Conj) -> list[Conj]:
    """Ways for one of the schemas not to hold."""
    return [frozenset({-number}) for number in sorted(conj)]


def _outside(
    make: Callable[[int, int | None], ValueShape], low: int | None, high: int | None
) -> list[ValueShape | None]:
    return [
        *([make(0, low - 1)] if low else []),
        *([make(high + 1, None)] if high is not None else []),
    ]


def _with_type(shape: ValueShape, kind: str) -> ValueShape:
    whole = ValueShape()
    match kind:
        case "null":
            return replace(shape, null=True)
        case "boolean":
            return replace(shape, booleans=whole.booleans)
        case "integer":
            return replace(shape, number=shape.number or Numbers(integer=True))
        case "number":
            return replace(shape, number=whole.number)
        case "string":
            return replace(shape, string=whole.string)
        case "array":
            return replace(shape, array=whole.array)
    return replace(shape, object=whole.object)


def _other_types(shape: ValueShape) -> ValueShape | None:
    whole = ValueShape()
    numbers: Numbers | None = None
    if shape.number is None:
        numbers = whole.number
    elif shape.number.integer:
        numbers = Numbers(integer=False)
    return ValueShape(
        not shape.null,
        whole.booleans - shape.booleans,
        numbers,
        whole.string if shape.string is None else None,
        whole.array if shape.array is None else None,
        whole.object if shape.object is None else None,
    ).settled()


def _is_text(name: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in name)
