"""Numbers and strings of a schema → nodes and rules: what a lexer may take whole."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction

from expertserve.errors import GrammarError
from expertserve.grammar import regex
from expertserve.grammar.document import refuse
from expertserve.grammar.language import Language
from expertserve.grammar.marks import MarkTable, SourceMark
from expertserve.grammar.normal import whole_bounds
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
from expertserve.grammar.patterns import Patterns
from expertserve.grammar.scan import class_of
from expertserve.grammar.shape import Constant, Grounding, Numbers, Strings, least
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Seq

MOST_LENGTHS = 6_000
"""States of a pattern with its length counted; past them its repetitions are bounded instead."""
QUOTE = Literal('"')
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


class WordWriter:
    """Writes numbers and strings, and the rules that they need.

    Args:
        rules: Where those go.
        ground: Whether values have to be in the source where the schema doesn't say.
    """

    def __init__(self, patterns: Patterns, rules: dict[str, Node], ground: Grounding = "") -> None:
        self._patterns, self._rules, self._ground = patterns, rules, ground
        self._marks = MarkTable()
        self._names: dict[object, str] = {}
        self.place = ""
        """The JSON pointer of what is being written."""

    # ── numbers ─────────────────────────────────────────────────────────────────────────────

    def number(self, numbers: Numbers, without: frozenset[Constant]) -> Node:
        step = _step(numbers)
        odd = step or numbers.not_steps or without or numbers.integer is False
        if self._is_grounded(numbers.source, "multipleOf" if step else "not", bool(odd)):
            return self._marks.mark(_number_mark(numbers))
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
            return Ref(self.language(found, lambda node: node, Seq()))
        except GrammarError as error:
            where, key = self.place, "multipleOf" if step or numbers.not_steps else "not"
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

    def language(self, language: Language, spelt_as: Callable[[Node], Node], end: Node) -> str:
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

    def _is_grounded(self, source: Grounding, beside: str, odd: bool) -> bool:
        """Whether a value has to be in the source; what is said of it otherwise goes before a wish.

        Args:
            odd: Whether the schema says what spans can't be held to.
        """
        if (source or self._ground) in ("", "off") or (odd and not source):
            return False
        if odd:
            refuse(
                self.place,
                "x-source",
                f"can't be held beside {beside!r}",
                "leave one of them out, or check the answer",
            )
        return True

    def string(self, strings: Strings, without: frozenset[Constant]) -> Node:
        texts = [str(v.value) for v in without]
        kept = self._patterns.known(strings.patterns)
        beside = kept[0][0] if kept else "not"
        if self._is_grounded(strings.source, beside, bool(kept or texts)):
            any_case = (strings.source or self._ground) == "any-case"
            low, high = str(strings.low or ""), str(strings.high or "")
            mark = self._marks.mark(SourceMark("json", any_case, low, high))
            return Seq((QUOTE, mark, QUOTE))
        if not kept and not texts:
            return Seq((QUOTE, Repeat(self.character(), strings.low, strings.high), QUOTE))
        node = None
        if len(kept) == 1 and kept[0][2] and not texts:
            node = self._patterns.node(kept[0][0], kept[0][1])
            assert node is not None
            fitted = _with_lengths(node, strings.low, strings.high)
            if fitted is not None:
                return Seq((QUOTE, regex.in_json(fitted), QUOTE))
        try:
            found = self._patterns.texts(kept, texts)
            if strings.high is None or len(found.table) * strings.high <= MOST_LENGTHS:
                found = found.limited(strings.low, strings.high)
            elif (short := self._clipped(node, strings)) is not None:
                return Seq((QUOTE, regex.in_json(short), QUOTE))
            else:
                most = min(strings.high, max(strings.low + 20, MOST_LENGTHS // len(found.table)))
                found = found.limited(strings.low, most)
            return Seq((QUOTE, Ref(self.language(found, regex.in_json, QUOTE))))
        except GrammarError as error:
            where = self._patterns.origins.get(kept[0][:2], self.place) if kept else self.place
            keyword = "maxLength" if len(kept) == 1 else "pattern"
            refuse(
                where,
                keyword,
                f"beside {'a pattern' if len(kept) == 1 else 'other patterns'} can't be enforced:"
                f" {error.message}",
                "say the length in the pattern: ^[a-z]{1,20}$",
            )

    def united(self, sections: list[tuple[Strings, frozenset[Constant]]]) -> Language | None:
        """The texts of any of these, whose lengths are the same; None where that is no smaller."""
        first = sections[0][0]
        kept = [self._patterns.known(strings.patterns) for strings, _ in sections]
        free = any(not known and not out for known, (_, out) in zip(kept, sections, strict=True))
        if free or (first.source or self._ground) not in ("", "off"):
            return None
        try:
            parts = [
                self._patterns.texts(known, [str(value.value) for value in without])
                for known, (_, without) in zip(kept, sections, strict=True)
            ]
            found = functools.reduce(Language.__or__, parts)
            states = len(found.table)
            too_many = states * (first.high or 1) > MOST_LENGTHS
            if too_many or states > sum(len(part.table) for part in parts):
                return None
            return found.limited(first.low, first.high)
        except GrammarError:  # each alone may do, or is refused in its own words
            return None

    def _clipped(self, node: Node | None, strings: Strings) -> Node | None:
        """A pattern's texts of some lengths, its repetitions bounded alike."""
        if node is None or strings.high is None or strings.low > regex.lengths(node)[0]:
            return None
        return regex.clipped(node, strings.high)

    def character(self) -> Node:
        self._rules.setdefault("char", CHARACTER)
        return Ref("char")


def _number_mark(numbers: Numbers) -> SourceMark:
    """The numbers of the source within bounds."""
    low = ("(" if numbers.low.open else "") + spelt(numbers.low.value) if numbers.low else ""
    high = spelt(numbers.high.value) + (")" if numbers.high.open else "") if numbers.high else ""
    return SourceMark("integer" if numbers.integer else "number", False, low, high)


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
