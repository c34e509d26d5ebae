"""Shapes → rules of JSON, written compactly: `{"a": 1, "b": [2, 3]}`.

Properties come in the order in which the schema names them, then those that it leaves open. What
is optional, counted or repeated becomes rules that refer to one another, so that a schema's rules
grow as it does: n optional properties are 2 n rules.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from expertserve.errors import GrammarError
from expertserve.grammar import regex
from expertserve.grammar.document import refuse
from expertserve.grammar.language import Language, any_but
from expertserve.grammar.normal import Schemas, whole_bounds
from expertserve.grammar.numbers import (
    NOTHING,
    Bound,
    decimals,
    either,
    filled,
    integers,
    listed,
    multiples,
    spelt,
)
from expertserve.grammar.scan import class_of
from expertserve.grammar.shape import (
    ANYTHING,
    Arrays,
    Conj,
    Constant,
    Numbers,
    Objects,
    Shape,
    Strings,
    least,
)
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Rules, Seq

MOST_RULES = 30_000
MOST_REGIONS = 32
"""Kinds of names that patterns may tell apart in one object."""
MOST_LENGTHS = 6_000
"""States of a pattern with its length counted; past them its repetitions are bounded instead."""
MOST_COUNTED = 2_000
"""States of an object or array whose members are counted."""
MOST_FINITE = 200
"""Values of an item, where all of an array's items differ."""
QUOTE, COMMA = Literal('"'), ", "
_HEX = Class(((48, 57), (65, 70), (97, 102)))
_LOW_HALF = (Class(((68, 68), (100, 100))), Class(((67, 70), (99, 102))), _HEX, _HEX)
_HIGH_HALF = (Class(((68, 68), (100, 100))), Class(((56, 57), (65, 66), (97, 98))), _HEX, _HEX)
_WHOLE = Alt(
    (
        Seq((Class(((48, 57), (65, 67), (69, 70), (97, 99), (101, 102))), _HEX)),
        Seq((Class(((68, 68), (100, 100))), Class(((48, 55),)))),
    )
)
CHARACTER = Alt(
    (
        class_of([(0, 0x1F), (0x22, 0x22), (0x5C, 0x5C)], negated=True),
        Seq((Literal("\\"), class_of([(ord(c), ord(c)) for c in '"\\/bfnrt']))),
        Seq((Literal("\\u"), _WHOLE, _HEX, _HEX)),
        Seq((Literal("\\u"), *_HIGH_HALF, Literal("\\u"), *_LOW_HALF)),
    )
)
"""One character of a string; half a surrogate pair is none (RFC 8259, 7)."""


class Writer:
    """The rules of a document's values.

    Args:
        schemas: Where each value's shapes come from.
    """

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._rules: dict[str, Node] = {}
        self._names: dict[object, str] = {}
        self._todo: deque[Callable[[], None]] = deque()
        self._words: set[str] = {"char"}

    def rules(self, root: int) -> Rules:
        """The rules of one schema's values, those that derive nothing among them."""
        conj = frozenset({root})
        self._rules["root"] = self._value(conj)
        while self._todo:
            self._todo.popleft()()
        if len(self._rules) > MOST_RULES:
            refuse("", "$ref", f"makes more than {MOST_RULES:,} rules", "simplify the schema")
        return Rules(self._rules, {}, words=frozenset(self._words))

    def _rule(self, key: object, prefix: str, make: Callable[[str], Node]) -> Ref:
        """A rule by what it stands for, written once."""
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"{prefix}-{len(self._names)}"
            self._words.update({name} if prefix == "name" else ())
            self._rules[name] = NOTHING
            self._todo.append(lambda: self._rules.update({name: make(name)}))
        return Ref(name)

    def _value(self, conj: Conj) -> Node:
        return self._rule(conj, "value", lambda _: self._union(self._schemas.normal(conj)))

    def _union(self, shapes: list[Shape]) -> Node:
        """The values of any of these shapes; what one says whole, no other says again."""
        options: list[Node] = []
        parts: dict[str, dict[tuple[object, frozenset[Constant]], None]] = {}
        for shape in shapes:
            if shape.values is not None:
                options += [Literal(value.text) for value in shape.values]
                continue
            options += [Literal("null")] if shape.null else []
            options += [Literal(json.dumps(b)) for b in sorted(shape.booleans)]
            for kind in ("number", "string", "array", "object"):
                section = getattr(shape, kind)
                if section is not None:
                    without = frozenset(v for v in shape.without if _kind(v) == kind)
                    parts.setdefault(kind, {})[section, without] = None
        for kind, sections in parts.items():
            whole = (getattr(Shape(), kind), frozenset[Constant]())
            for key in [whole] if whole in sections else list(sections):
                options.append(self._section(kind, *key))
        return either(options)

    def _section(self, kind: str, section: object, without: frozenset[Constant]) -> Node:
        def make(name: str) -> Node:
            match section:
                case Numbers():
                    self._words.add(name)
                    return self._number(section, without)
                case Strings():
                    self._words.add(name)
                    return self._string(section, without, name)
                case Arrays():
                    self._no_exceptions(without, "array")
                    return self._array(section)
                case Objects():
                    self._no_exceptions(without, "object")
                    return self._object(section)
            raise AssertionError(section)

        return self._rule((section, without), kind, make)

    def _no_exceptions(self, without: Iterable[Constant], kind: str) -> None:
        if without:
            refuse("", "not", f"leaves out a single {kind}, which no grammar can enforce")

    # ── numbers ─────────────────────────────────────────────────────────────────────────────

    def _number(self, numbers: Numbers, without: frozenset[Constant]) -> Node:
        step = _step(numbers)
        low, high = whole_bounds(numbers.low, numbers.high)
        if numbers.integer and step is None and not numbers.not_steps and not without:
            return integers(low, high)
        if step is not None and numbers.low and numbers.high and not numbers.not_steps:
            few = listed(step, numbers.low, numbers.high)
            if few is not None:
                left_out = {v.key for v in without}
                return either([Literal(t) for t in few if str(Fraction(t)) not in left_out])
        if step is None and not without and numbers.integer is None and not numbers.not_steps:
            return decimals(numbers.low, numbers.high)
        try:
            found = self._number_language(numbers, step, without)
            return Ref(self._language(found, lambda node: node, Seq()))
        except GrammarError as error:
            where, key = "", "multipleOf" if step or numbers.not_steps else "not"
            refuse(where, key, f"of these numbers can't be enforced: {error.message}", error.hint)

    def _number_language(
        self, numbers: Numbers, step: Fraction | None, without: frozenset[Constant]
    ) -> Language:
        if numbers.integer or (step is not None and step.denominator == 1):
            first, last = filled(*whole_bounds(numbers.low, numbers.high))
            if step is not None and step > 1:  # fewer digits, where nobody asked for more
                most = 10 ** max(len(str(step)) + 1, 9)
                first = max(first, -most) if numbers.low is None else first
                last = min(last, most) if numbers.high is None else last
            found = Language.of(integers(first, last))
        else:
            most = 10**15
            low = numbers.low or Bound(Fraction(-most))
            high = numbers.high or Bound(Fraction(most))
            found = Language.of(decimals(low, high))
        if step is not None:
            found &= multiples(step)
        if numbers.integer is False:
            found -= multiples(Fraction(1))
        for other in numbers.not_steps:
            found -= multiples(other)
        texts = [spelt(Fraction(v.key)) for v in without]
        zeros = Repeat(Literal("0"), 1, None)
        for text in texts:
            tail = zeros if "." in text else Seq((Literal("."), zeros))
            found -= Language.of(Seq((Literal(text), Repeat(tail, 0, 1))))
        return found

    def _language(self, language: Language, spelt_as: Callable[[Node], Node], end: Node) -> str:
        """The rules of an automaton; the name of the first."""
        key = (language, end)
        if key not in self._names:
            name = self._names[key] = f"text-{len(self._names)}"
            if language.is_empty:
                self._rules[name] = NOTHING
            else:
                self._rules.update(language.rules(name, spelt_as, end))
        return self._names[key]

    # ── strings ─────────────────────────────────────────────────────────────────────────────

    def _string(self, strings: Strings, without: frozenset[Constant], name: str) -> Node:
        texts = [str(v.value) for v in without]
        kept = sorted(p for p in strings.patterns if self._schemas.pattern(p[0], p[1]) is not None)
        if not kept and not texts:
            return Seq((QUOTE, Repeat(self._character(), strings.low, strings.high), QUOTE))
        node = None
        if len(kept) == 1 and kept[0][2] and not texts:
            node = self._schemas.pattern(kept[0][0], kept[0][1])
            assert node is not None
            fitted = _with_lengths(node, strings.low, strings.high)
            if fitted is not None:
                return Seq((QUOTE, regex.in_json(fitted), QUOTE))
        try:
            found = self._texts(kept, texts)
            if strings.high is None or len(found.table) * strings.high <= MOST_LENGTHS:
                found = found.limited(strings.low, strings.high)
            elif (short := self._clipped(node, strings)) is not None:
                return Seq((QUOTE, regex.in_json(short), QUOTE))
            else:
                most = min(strings.high, max(strings.low + 20, MOST_LENGTHS // len(found.table)))
                found = found.limited(strings.low, most)
            return Seq((QUOTE, Ref(self._language(found, regex.in_json, QUOTE))))
        except GrammarError as error:
            where = self._schemas.origins.get(kept[0][:2], "") if kept else ""
            keyword = "maxLength" if len(kept) == 1 else "pattern"
            refuse(
                where,
                keyword,
                f"beside {'a pattern' if len(kept) == 1 else 'other patterns'} can't be enforced:"
                f" {error.message}",
                "say the length in the pattern: ^[a-z]{1,20}$",
            )

    def _clipped(self, node: Node | None, strings: Strings) -> Node | None:
        """A pattern's texts of some lengths, its repetitions bounded alike."""
        if node is None or strings.high is None or strings.low > regex.lengths(node)[0]:
            return None
        return regex.clipped(node, strings.high)

    def _texts(self, patterns: list[tuple[str, str, bool]], without: list[str]) -> Language:
        whole: Language | None = None
        for kind, text, holds in sorted(patterns, key=lambda p: not p[2]):
            found = self._schemas.language(kind, text, wide=not holds)
            assert found is not None
            if holds:
                whole = found if whole is None else whole & found
            else:
                whole = (any_but(()) if whole is None else whole) - found
        if without:
            but = any_but(without)
            whole = but if whole is None else whole & but
        assert whole is not None
        return whole

    def _character(self) -> Node:
        self._rules.setdefault("char", CHARACTER)
        return Ref("char")

    # ── arrays ──────────────────────────────────────────────────────────────────────────────

    def _array(self, arrays: Arrays) -> Node:
        if arrays.unique and arrays.high != 1:
            if arrays.high is None or arrays.high > 0:
                return self._differing(arrays)
        if arrays.contains:
            return self._containing(arrays)
        if self._schemas.is_void(arrays.rest):
            arrays = replace(arrays, high=least(arrays.high, len(arrays.prefix)))
        return Seq((Literal("["), self._items(arrays, 0)))

    def _items(self, arrays: Arrays, place: int) -> Node:
        """The items from a place on, and the end."""
        low, high = max(0, arrays.low - place), arrays.high
        left = None if high is None else high - place
        end = [Literal("]")] if low == 0 else []
        if left is not None and left <= 0:
            return either([*end])
        comma = [Literal(COMMA)] if place else []
        item = self._value(arrays.item(place))
        if place < len(arrays.prefix):
            rest = self._rule((arrays, place), "items", lambda _: self._items(arrays, place + 1))
            return either([*end, Seq((*comma, item, rest))])
        more = Seq((Literal(COMMA), item))
        if place:
            return Seq((Repeat(more, low, left), Literal("]")))
        most = None if left is None else left - 1
        return either([*end, Seq((item, Repeat(more, max(0, low - 1), most), Literal("]")))])

    def _containing(self, arrays: Arrays) -> Node:
        """Items, of which some are counted."""
        if len(arrays.contains) > 1:
            refuse("", "contains", "is said several times", "say it once")
        (wanted, low, high) = next(iter(arrays.contains))
        cap = max(low, 0 if high is None else high)
        length = max(len(arrays.prefix), arrays.low, arrays.high or 0)
        if (cap + 2) * (length + 2) > MOST_COUNTED:
            refuse("", "contains", "counts too far", "bound it by fewer items")

        def state(place: int, count: int) -> Ref:
            return self._rule((arrays, "state", place, count), "items", lambda _: at(place, count))

        def at(place: int, count: int) -> Node:
            options: list[Node] = []
            if place >= arrays.low and count >= low:
                options.append(Literal("]"))
            if arrays.high is not None and place >= arrays.high:
                return either(options)
            comma = [Literal(COMMA)] if place else []
            item, after = arrays.item(place), min(place + 1, max(length, 1))
            if high is None or count < high:
                more = min(count + 1, cap)
                options.append(Seq((*comma, self._value(item | wanted), state(after, more))))
            if high is None:
                options.append(Seq((*comma, self._value(item), state(after, count))))
            elif wanted:
                for number in sorted(wanted):
                    other = self._value(item | {-number})
                    options.append(Seq((*comma, other, state(after, count))))
            return either(options)

        return Seq((Literal("["), state(0, 0)))

    def _differing(self, arrays: Arrays) -> Node:
        """Items that differ: each of finitely many values once at most, in the schema's order."""
        values = self._finite(arrays.rest)
        if values is None or arrays.prefix or arrays.contains:
            refuse(
                self._where(arrays.rest),
                "uniqueItems",
                "of items that aren't listed can't be enforced",
                "leave it out and check the answer, or list the items under 'enum'",
            )
        cap = max(1, arrays.low, arrays.high or 0)

        def state(place: int, count: int) -> Ref:
            return self._rule((arrays, "set", place, count), "items", lambda _: at(place, count))

        def at(place: int, count: int) -> Node:
            options: list[Node] = [Literal("]")] if count >= arrays.low else []
            full = arrays.high is not None and count >= arrays.high
            for index in range(place, len(values)) if not full else ():
                text = (COMMA if count else "") + values[index].text
                options.append(Seq((Literal(text), state(index + 1, min(count + 1, cap)))))
            return either(options)

        return Seq((Literal("["), state(0, 0)))

    def _finite(self, conj: Conj) -> list[Constant] | None:
        """All values, where a schema has few."""
        found: dict[Constant, None] = {}
        for shape in self._schemas.normal(conj):
            if shape.values is not None:
                found.update(dict.fromkeys(shape.values))
            elif shape.number or shape.string or shape.array or shape.object:
                return None
            else:
                found.update({Constant.of(b): None for b in sorted(shape.booleans)})
                found.update({Constant.of(None): None} if shape.null else {})
        return list(found) if len(found) <= MOST_FINITE else None

    def _where(self, conj: Conj) -> str:
        numbers = sorted(abs(n) for n in conj)
        return self._schemas.document.places[numbers[0]] if numbers else ""

    # ── objects ─────────────────────────────────────────────────────────────────────────────

    def _object(self, objects: Objects) -> Node:
        names = tuple(dict.fromkeys((*objects.names, *objects.required)))
        members = [
            (name, conj)
            for name, conj in ((n, self._schemas.property(objects, n)) for n in names)
            if name in objects.required or not self._schemas.is_void(conj)
        ]
        others = self._others(objects, names)
        if others is not None and objects.low > len(members) + 1:
            refuse(
                self._where(objects.keys),
                "minProperties",
                "of 2 or more names that are free can't be enforced: one may come twice",
                "name the properties",
            )
        cap = max(1, objects.low, objects.high or 0)
        if (cap > 1) and (cap + 1) * len(members) > MOST_COUNTED * 10:
            refuse("", "maxProperties", "counts too far", "leave it out")

        def state(place: int, count: int) -> Ref:
            return self._rule((objects, place, count), "members", lambda _: at(place, count))

        def at(place: int, count: int) -> Node:
            if place == len(members):
                return self._end(objects, others, count)
            name, conj = members[place]
            options: list[Node] = []
            if objects.high is None or count < objects.high:
                key = (COMMA if count else "") + _text(name) + ": "
                after = state(place + 1, min(count + 1, cap))
                options.append(Seq((Literal(key), self._value(conj), after)))
            if name not in objects.required:
                options.append(state(place + 1, count))
            return either(options)

        return Seq((Literal("{"), state(0, 0)))

    def _end(self, objects: Objects, others: Node | None, count: int) -> Node:
        """What may follow the named properties."""
        missing = max(0, objects.low - count)
        left = None if objects.high is None else objects.high - count
        end: list[Node] = [Literal("}")] if missing == 0 else []
        if others is None or left == 0 or missing > 1:
            return either(end)
        more = Seq((Literal(COMMA), others))
        if count:
            return Seq((Repeat(more, missing, left), Literal("}")))
        most = None if left is None else left - 1
        return either([*end, Seq((others, Repeat(more, 0, most), Literal("}")))])

    def _others(self, objects: Objects, names: tuple[str, ...]) -> Node | None:
        """A property that isn't named, with what its name makes of its value."""
        regions = self._regions(objects, names)
        options: list[Node] = []
        for language, conj in regions:
            if self._schemas.is_void(conj):
                continue
            if language is None:
                name = Seq((QUOTE, Repeat(self._character(), 0, None), QUOTE))
                key: Node = self._rule("any name", "name", lambda _, name=name: name)  # type: ignore[misc]
            else:
                key = self._rule(
                    (language, "name"),
                    "name",
                    lambda _, language=language: Seq(  # type: ignore[misc]
                        (QUOTE, Ref(self._language(language, regex.in_json, QUOTE)))
                    ),
                )
            options.append(Seq((key, Literal(": "), self._value(conj))))
        if not options:
            return None
        return self._rule((objects, "other"), "other", lambda _: either(options))

    def _regions(
        self, objects: Objects, names: tuple[str, ...]
    ) -> list[tuple[Language | None, Conj]]:
        """Names in kinds that patterns tell apart, with what a value has to be; None is any."""
        found: list[tuple[Language | None, frozenset[str]]] = [
            (self._keys(objects.keys), frozenset())
        ]
        patterns = dict.fromkeys(p for part in objects.parts for p, _ in part.patterns)
        for pattern in patterns:
            language = self._schemas.language("pattern", pattern)
            wide = self._schemas.language("pattern", pattern, wide=True)
            assert language is not None and wide is not None
            split: list[tuple[Language | None, frozenset[str]]] = []
            for names_so_far, matched in found:
                whole = any_but(()) if names_so_far is None else names_so_far
                for found_, more in ((whole & language, {pattern}), (whole - wide, set())):
                    split += [] if found_.is_empty else [(found_, matched | more)]
            found = split
            if len(found) > MOST_REGIONS:
                refuse("", "patternProperties", "overlap in too many ways", "merge the patterns")
        made: list[tuple[Language | None, Conj]] = []
        for language_, matched in found:
            conj: set[int] = set()
            for part in objects.parts:
                own = [c for p, c in part.patterns if p in matched]
                conj.update(*(own or [part.other]))
            if names and not self._schemas.is_void(frozenset(conj)):
                but = any_but(names)
                language_ = but if language_ is None else language_ & but
                if language_.is_empty:
                    continue
            made.append((language_, frozenset(conj)))
        return made

    def _keys(self, conj: Conj) -> Language | None:
        """What `propertyNames` leaves; None for any name."""
        if conj == ANYTHING:
            return None
        whole = any_but(())
        nothing = whole - whole
        for shape in self._schemas.normal(conj):
            if shape.values is not None:
                texts = [str(v.value) for v in shape.values if isinstance(v.value, str)]
                nothing = _joined(nothing, whole - any_but(texts))
            elif shape.string is not None:
                known = sorted(
                    p
                    for p in shape.string.patterns
                    if self._schemas.pattern(p[0], p[1]) is not None
                )
                without = [v.value for v in shape.without if isinstance(v.value, str)]
                found = self._texts(known, without) if known or without else whole
                limited = found.limited(shape.string.low, shape.string.high)
                nothing = _joined(nothing, limited)
        return nothing


def _joined(one: Language, two: Language) -> Language:
    """The texts of either."""
    whole = any_but(())
    return two if one.is_empty else whole - ((whole - one) - two)


def _text(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _kind(constant: Constant) -> str:
    value = constant.value
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list | tuple):
        return "array"
    return "" if value is None or isinstance(value, bool) else "number"


def _step(numbers: Numbers) -> Fraction | None:
    """One step instead of several, and of the whole numbers; None where any number will do."""
    steps = list(numbers.steps) + ([Fraction(1)] if numbers.integer and numbers.steps else [])
    if not steps:
        return None
    whole = steps[0]
    for step in steps[1:]:
        common = math.lcm(whole.denominator, step.denominator)
        whole = Fraction(math.lcm(int(whole * common), int(step * common)), common)
    return None if numbers.integer and whole == 1 else whole


def _with_lengths(node: Node, low: int, high: int | None) -> Node | None:
    """The node's texts of some lengths, where they are told by one repetition in it."""
    shortest, longest = regex.lengths(node)
    low_ok = low <= shortest
    high_ok = high is None or (longest is not None and longest <= high)
    if low_ok and high_ok:
        return node
    items = node.items if isinstance(node, Seq) else (node,)
    spans = [regex.lengths(item) for item in items]
    varying = [i for i, (few, many) in enumerate(spans) if few != many]
    if len(varying) != 1:
        return None
    place = varying[0]
    item = items[place]
    if not isinstance(item, Repeat) or regex.lengths(item.item) != (1, 1):
        return None
    fixed = sum(few for i, (few, _) in enumerate(spans) if i != place)
    least_ = max(item.low, low - fixed)
    most = least(item.high, None if high is None else high - fixed)
    if most is not None and most < least_:
        return NOTHING
    fitted = Repeat(item.item, least_, most)
    return Seq((*items[:place], fitted, *items[place + 1 :]))
