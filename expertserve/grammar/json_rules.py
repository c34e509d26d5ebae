"""Shapes → rules of JSON, written compactly: `{"a": 1, "b": [2, 3]}`.

Properties come in the order in which the schema names them, then those that it leaves open. What
is optional, counted or repeated becomes rules that refer to one another, so that a schema's rules
grow as it does: n optional properties are 2 n rules.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from expertserve.grammar import regex
from expertserve.grammar.document import refuse
from expertserve.grammar.json_words import QUOTE, WordWriter
from expertserve.grammar.language import Language, any_but
from expertserve.grammar.normal import Schemas
from expertserve.grammar.numbers import NOTHING, either
from expertserve.grammar.shape import (
    ANYTHING,
    Arrays,
    Conj,
    Constant,
    Grounding,
    Numbers,
    Objects,
    Strings,
    ValueShape,
    least,
)
from expertserve.grammar.tree import Literal, Node, Ref, Repeat, Rules, Seq

MOST_RULES = 30_000
MOST_REGIONS = 32
"""Kinds of names that patterns may tell apart in one object."""
MOST_COUNTED = 2_000
"""States of an object or array whose members are counted."""
MOST_FINITE = 200
"""Values of an item, where all of an array's items differ."""
COMMA = ", "


class Writer:
    """The rules of a document's values.

    Args:
        schemas: Where each value's shapes come from.
        ground: Whether values have to be in the source where the schema doesn't say.
    """

    def __init__(self, schemas: Schemas, ground: Grounding = "") -> None:
        self._schemas = schemas
        self._rules: dict[str, Node] = {}
        self._texts = WordWriter(schemas.patterns, self._rules, ground)
        self._names: dict[object, str] = {}
        self._todo: deque[tuple[str, Callable[[str], Node], str]] = deque()
        self._words: set[str] = {"char"}
        self._splits: dict[object, list[tuple[Language | None, frozenset[str]]]] = {}

    def rules(self, root: int) -> Rules:
        """The rules of one schema's values, those that derive nothing among them."""
        conj = frozenset({root})
        self._rules["root"] = self._value(conj)
        while self._todo:
            name, make, self._texts.place = self._todo.popleft()
            self._rules[name] = make(name)
        if len(self._rules) > MOST_RULES:
            refuse(
                self._texts.place,
                "$ref",
                f"makes more than {MOST_RULES:,} rules",
                "simplify the schema",
            )
        return Rules(self._rules, {}, words=frozenset(self._words))

    def _rule(self, key: object, prefix: str, make: Callable[[str], Node]) -> Ref:
        """A rule by what it stands for, written once."""
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"{prefix}-{len(self._names)}"
            self._words.update({name} if prefix == "name" else ())
            self._rules[name] = NOTHING
            self._todo.append((name, make, self._texts.place))
        return Ref(name)

    def _value(self, conj: Conj) -> Node:
        def make(_: str) -> Node:
            numbers = sorted(abs(number) for number in conj)
            places = self._schemas.document.places
            self._texts.place = places[numbers[0]] if numbers else self._texts.place
            return self._union(self._schemas.normal(conj))

        return self._rule(conj, "value", make)

    def _union(self, shapes: list[ValueShape]) -> Node:
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
            whole = (getattr(ValueShape(), kind), frozenset[Constant]())
            if kind == "string" and whole not in sections and len(sections) > 1:
                options += self._strings(sections)  # type: ignore[arg-type]
                continue
            for key in [whole] if whole in sections else list(sections):
                options.append(self._section(kind, *key))
        return either(options)

    def _strings(self, sections: Iterable[tuple[Strings, frozenset[Constant]]]) -> list[Node]:
        """Strings of several kinds: those of the same lengths as one automaton, if it is small."""
        alike: dict[object, list[tuple[Strings, frozenset[Constant]]]] = {}
        for strings, without in sections:
            key = strings.low, strings.high, strings.source
            alike.setdefault(key, []).append((strings, without))
        options: list[Node] = []
        for each in alike.values():
            found = self._texts.united(each) if len(each) > 1 else None
            if found is None:
                options += [self._section("string", *one) for one in each]
            else:
                options.append(self._word(found))
        return options

    def _word(self, language: Language) -> Ref:
        """A rule of texts in quotes."""
        return self._rule(
            (language, "name"),
            "name",
            lambda _: Seq((QUOTE, Ref(self._texts.language(language, regex.in_json, QUOTE)))),
        )

    def _section(self, kind: str, section: object, without: frozenset[Constant]) -> Node:
        def make(name: str) -> Node:
            match section:
                case Numbers():
                    self._words.add(name)
                    return self._texts.number(section, without)
                case Strings():
                    self._words.add(name)
                    return self._texts.string(section, without)
                case Arrays():
                    self._no_exceptions(without, "array")
                    return self._array(section)
                case Objects():
                    self._no_exceptions(without, "object")
                    return self._object(section, name)
            raise AssertionError(section)

        return self._rule((section, without), kind, make)

    def _no_exceptions(self, without: Iterable[Constant], kind: str) -> None:
        if without:
            refuse(
                self._texts.place,
                "not",
                f"leaves out a single {kind}, which no grammar can enforce",
            )

    # ── arrays ──────────────────────────────────────────────────────────────────────────────

    def _array(self, arrays: Arrays) -> Node:
        if arrays.unique and arrays.high not in (0, 1):
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
            refuse(self._texts.place, "contains", "is said several times", "say it once")
        (wanted, low, high) = next(iter(arrays.contains))
        cap = max(low, 0 if high is None else high)
        length = max(len(arrays.prefix), arrays.low, arrays.high or 0)
        if (cap + 2) * (length + 2) > MOST_COUNTED:
            refuse(self._texts.place, "contains", "counts too far", "bound it by fewer items")

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
                self._texts.place,
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

    # ── objects ─────────────────────────────────────────────────────────────────────────────

    def _object(self, objects: Objects, own: str) -> Node:
        """Its members, a comma apart: what may follow a value is the same wherever it stands.

        So a parser needs no state of its own for each place where a value stands.
        """
        names = tuple(dict.fromkeys((*objects.names, *objects.required)))
        members = [
            (name, conj)
            for name, conj in ((n, self._schemas.property(objects, n)) for n in names)
            if name in objects.required or not self._schemas.is_void(conj)
        ]
        others = self._others(objects, names)
        if others is not None and objects.low > len(members) + 1:
            refuse(
                self._texts.place,
                "minProperties",
                "of 2 or more names that are free can't be enforced: one may come twice",
                "name the properties",
            )
        cap = max(1, objects.low, objects.high or 0)
        if (cap > 1) and (cap + 1) * len(members) > MOST_COUNTED * 10:
            refuse(self._texts.place, "maxProperties", "counts too far", "leave it out")
        wanted = [place for place, (name, _) in enumerate(members) if name in objects.required]
        closes = max(wanted, default=-1)

        def rest(place: int, count: int) -> Ref:
            return self._rule((own, "rest", place, count), "rest", lambda _: after(place, count))

        def more(place: int, count: int) -> Ref:
            return self._rule((own, "more", place, count), "members", lambda _: at(place, count))

        def ends(place: int, count: int) -> list[Node]:
            return [Literal("}")] if place > closes and count >= objects.low else []

        def after(place: int, count: int) -> Node:
            if place == len(members):
                return self._end(objects, others, count)
            full = objects.high is not None and count >= objects.high
            comma = [] if full else [Seq((Literal(COMMA), more(place, count)))]
            return either([*ends(place, count), *comma])

        def at(place: int, count: int) -> Node:
            if objects.high is not None and count >= objects.high:
                return NOTHING
            following = min(count + 1, cap)
            if place == len(members):
                return NOTHING if others is None else Seq((others, rest(place, following)))
            name, conj = members[place]
            key = Literal(_text(name) + ": ")
            options: list[Node] = [Seq((key, self._value(conj), rest(place + 1, following)))]
            if name not in objects.required:
                options.append(more(place + 1, count))
            return either(options)

        return Seq((Literal("{"), either([*ends(0, 0), more(0, 0)])))

    def _end(self, objects: Objects, others: Node | None, count: int) -> Node:
        """What may follow the named properties, after one or another."""
        missing = max(0, objects.low - count)
        left = None if objects.high is None else objects.high - count
        if others is None or left == 0:
            return Literal("}") if missing == 0 else NOTHING
        if missing > 1:
            return NOTHING
        return Seq((Repeat(Seq((Literal(COMMA), others)), missing, left), Literal("}")))

    def _others(self, objects: Objects, names: tuple[str, ...]) -> Node | None:
        """A property that isn't named, with what its name makes of its value."""
        regions = self._regions(objects, names)
        options: list[Node] = []
        for language, conj in regions:
            if self._schemas.is_void(conj):
                continue
            if language is None:
                name = Seq((QUOTE, Repeat(self._texts.character(), 0, None), QUOTE))
                key: Node = self._rule("any name", "name", lambda _, name=name: name)  # type: ignore[misc]
            else:
                key = self._word(language)
            options.append(Seq((key, Literal(": "), self._value(conj))))
        if not options:
            return None
        return self._rule((objects, "other"), "other", lambda _: either(options))

    def _regions(
        self, objects: Objects, names: tuple[str, ...]
    ) -> list[tuple[Language | None, Conj]]:
        """Names in kinds that patterns tell apart, with what a value has to be; None is any."""
        patterns = tuple(dict.fromkeys(p for part in objects.parts for p, _ in part.patterns))
        found = self._splits.get((objects.keys, patterns))
        if found is None:
            found = self._splits[objects.keys, patterns] = self._split(objects.keys, patterns)
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

    def _split(
        self, keys: Conj, patterns: tuple[str, ...]
    ) -> list[tuple[Language | None, frozenset[str]]]:
        """The names that are left, in kinds by which of the patterns they match."""
        found: list[tuple[Language | None, frozenset[str]]] = [(self._keys(keys), frozenset())]
        for pattern in patterns:
            language = self._schemas.patterns.language("pattern", pattern)
            wide = self._schemas.patterns.language("pattern", pattern, wide=True)
            assert language is not None and wide is not None
            split: list[tuple[Language | None, frozenset[str]]] = []
            for names_so_far, matched in found:
                whole = any_but(()) if names_so_far is None else names_so_far
                for found_, more in ((whole & language, {pattern}), (whole - wide, set())):
                    split += [] if found_.is_empty else [(found_, matched | more)]
            found = split
            if len(found) > MOST_REGIONS:
                refuse(
                    self._texts.place,
                    "patternProperties",
                    "overlap in too many ways",
                    "merge the patterns",
                )
        return found

    def _keys(self, conj: Conj) -> Language | None:
        """What `propertyNames` leaves; None for any name."""
        if conj == ANYTHING:
            return None
        whole = any_but(())
        nothing = whole - whole
        for shape in self._schemas.normal(conj):
            if shape.values is not None:
                texts = [str(v.value) for v in shape.values if isinstance(v.value, str)]
                nothing |= whole - any_but(texts)
            elif shape.string is not None:
                without = [v.value for v in shape.without if isinstance(v.value, str)]
                known = self._schemas.patterns.known(shape.string.patterns)
                found = self._schemas.patterns.texts(known, without)
                limited = found.limited(shape.string.low, shape.string.high)
                nothing |= limited
        return nothing


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
