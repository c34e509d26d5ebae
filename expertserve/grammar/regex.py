"""Regular expressions → grammar nodes, read by Python's own parser (`re`).

`\\d`, `\\w`, `\\s`, their opposites and `(?i)` are ASCII's, as with `re.ASCII` and in JSON schemas.
"""

from __future__ import annotations

import json
import re
import re._constants as op  # type: ignore[import-not-found]  # typeshed leaves out what `re` is made of
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from expertserve.errors import ConfigError
from expertserve.grammar.ecma import python_syntax
from expertserve.grammar.scan import ANY, class_of
from expertserve.grammar.tree import MAX_CODE, Alt, Class, Literal, Node, Repeat, Seq

Ranges = list[tuple[int, int]]

DIGITS: Ranges = [(48, 57)]
WORDS: Ranges = [(48, 57), (65, 90), (95, 95), (97, 122)]
SPACES: Ranges = [(9, 13), (32, 32)]
CATEGORIES = {op.CATEGORY_DIGIT: DIGITS, op.CATEGORY_WORD: WORDS, op.CATEGORY_SPACE: SPACES}
OPPOSITES = {
    op.CATEGORY_NOT_DIGIT: DIGITS,
    op.CATEGORY_NOT_WORD: WORDS,
    op.CATEGORY_NOT_SPACE: SPACES,
}
BEGINNINGS, ENDS = {op.AT_BEGINNING, op.AT_BEGINNING_STRING}, {op.AT_END, op.AT_END_STRING}
UNESCAPED = [(0x20, 0x21), (0x23, 0x5B), (0x5D, MAX_CODE)]
"""What a JSON string holds as it is (RFC 8259, section 7)."""
ESCAPED = (*range(0x20), 0x22, 0x5C)
"""The others."""
SHORT = {'"': '"', "\\": "\\", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
"""Characters that have an escape of their own, and its letter."""
BEYOND = {
    op.ASSERT: "looks ahead or behind",
    op.ASSERT_NOT: "looks ahead or behind",
    op.GROUPREF: "refers back to a group",
    op.GROUPREF_EXISTS: "asks whether a group matched",
    op.ATOMIC_GROUP: "has a group that gives nothing back",
    op.POSSESSIVE_REPEAT: "has a repetition that gives nothing back",
    op.AT: "asks for an edge of a word or a line within the text",
}


def matched(pattern: str) -> Node:
    """The texts that a pattern matches from end to end.

    Raises:
        ConfigError: `bad_regex`: malformed, or beyond what a grammar can say.

    Example:
        >>> matched("(?:ab|[0-9])+")
        Repeat(item=Alt(options=(Literal(text='ab'), Class(ranges=((48, 57),)))), low=1, high=None)
    """
    read = _read(pattern)
    return _sequence(list(read), read.state.flags, True, True)


def searched(pattern: str, *, wide: bool = False) -> Node:
    """The texts that a JSON schema's `pattern` matches, open at the ends without anchors.

    Args:
        wide: Those that Python or ECMA matches, not those that both do.

    Raises:
        ConfigError: As for `matched`.
    """
    read = _read(python_syntax(pattern, wide=wide))
    return _opened(list(read), read.state.flags, True, True)


ANYTHING = Repeat(ANY, 0, None)


def _opened(items: list[tuple[Any, Any]], flags: int, first: bool, last: bool) -> Node:
    """A concatenation at the text's edges: anything may stand where no anchor does."""
    begins, ends = False, False
    while first and items and _is_edge(items[0], BEGINNINGS):
        items, begins = items[1:], True
    while last and items and _is_edge(items[-1], ENDS):
        items, ends = items[:-1], True
    left, right = first and not begins, last and not ends
    if len(items) == 1 and (left or right) and _has_edges(items[0]):
        return _opened_part(items[0], flags, left, right)
    head, tail = [ANYTHING] if left else list[Node](), [ANYTHING] if right else list[Node]()
    if left and items and _has_edges(items[0]):
        head, items = [_opened_part(items[0], flags, True, False)], items[1:]
    if right and items and _has_edges(items[-1]):
        tail, items = [_opened_part(items[-1], flags, False, True)], items[:-1]
    middle = _sequence(items, flags, first and begins, last and ends)
    return _joined([*head, middle, *tail])


def _opened_part(item: tuple[Any, Any], flags: int, first: bool, last: bool) -> Node:
    what, value = item
    if what is op.BRANCH:
        return _either([_opened(list(option), flags, first, last) for option in value[1]])
    _, more, less, inner = value
    return _opened(list(inner), (flags | more) & ~less, first, last)


def _is_edge(item: tuple[Any, Any], edges: set[Any]) -> bool:
    return item[0] is op.AT and item[1] in edges


def _has_edges(item: tuple[Any, Any]) -> bool:
    """Whether it is a group or a choice with anchors in it."""
    what, value = item
    if what is op.BRANCH:
        return any(
            _is_edge(one, BEGINNINGS | ENDS) or _has_edges(one) for o in value[1] for one in o
        )
    if what is op.SUBPATTERN:
        return any(_is_edge(one, BEGINNINGS | ENDS) or _has_edges(one) for one in value[3])
    return False


def apart(pattern: str) -> list[tuple[str, str, bool]]:
    """A pattern without what it asks of the text's beginning, and each of those questions.

    As (kind, text, whether it holds), kind `pattern` or `starts`.

    Example:
        >>> apart(r"^(?!\\.)(?=.*[0-9])[a-z0-9.]+$")
        [('pattern', '^[a-z0-9.]+$', True), ('starts', '\\\\.', False), ('starts', '.*[0-9]', True)]
    """
    rest, found = pattern.removeprefix("^"), list[tuple[str, str, bool]]()
    while pattern.startswith("^") and rest.startswith(("(?=", "(?!")):
        end = _closing(rest)
        if end is None:
            break
        found.append(("starts", rest[3:end], rest[2] == "="))
        rest = rest[end + 1 :]
    return [("pattern", f"^{rest}" if found else pattern, True), *found]


def _closing(text: str) -> int | None:
    """Where the group that a text begins with ends."""
    depth, at, in_class = 0, 0, False
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at
        at += 1
    return None


def clipped(node: Node, most: int) -> Node | None:
    """Texts of the node of at most so many characters, as many as one bound of all its repetitions
    leaves; None where there are none.
    """
    low, high = 0, most
    while low < high:
        bound = (low + high + 1) // 2
        longest = lengths(_clip(node, bound))[1]
        low, high = (bound, high) if longest is not None and longest <= most else (low, bound - 1)
    found = _clip(node, low)
    longest = lengths(found)[1]
    return found if longest is not None and longest <= most else None


def _clip(node: Node, bound: int) -> Node:
    match node:
        case Seq(items):
            return Seq(tuple(_clip(item, bound) for item in items))
        case Alt(options):
            return Alt(tuple(_clip(option, bound) for option in options))
        case Repeat(item, low, high):
            return Repeat(_clip(item, bound), low, max(low, min(bound, high or bound)))
    return node


def in_json(node: Node) -> Node:
    """Texts as spelt within a JSON string: quotes, backslashes, control characters escaped."""
    match node:
        case Literal(text):
            return Literal(json.dumps(text, ensure_ascii=False)[1:-1])
        case Class(ranges):
            return _escaped_class(ranges)
        case Seq(items):
            return Seq(tuple(map(in_json, items)))
        case Alt(options):
            return Alt(tuple(map(in_json, options)))
        case Repeat(item, low, high):
            return Repeat(in_json(item), low, high)
    return node


def _escaped_class(ranges: tuple[tuple[int, int], ...]) -> Node:
    """One character of a class, each spelt in one way."""
    plain = _both(ranges, UNESCAPED)
    low_ranges = [(low, high) for low, high in ranges if low <= ESCAPED[-1]]
    inside = tuple(c for low, high in low_ranges for c in ESCAPED if low <= c <= high)
    options: list[Node] = [Class(tuple(plain))] if plain else []
    options += _escapes(inside)
    return _either(options) if options else Class(())


@lru_cache(maxsize=256)
def _escapes(codes: tuple[int, ...]) -> tuple[Node, ...]:
    """The escapes of characters that a string can't hold as they are."""
    options: list[Node] = []
    short = [ord(SHORT[chr(c)]) for c in codes if chr(c) in SHORT]
    if short:
        options.append(Seq((Literal("\\"), class_of([(c, c) for c in short]))))
    controls = [c for c in codes if c < 0x20 and chr(c) not in SHORT]
    for first in "01":
        last = [ord(f"{c:04x}"[3]) for c in controls if f"{c:04x}"[2] == first]
        if last:
            options.append(Seq((Literal(f"\\u00{first}"), class_of([(c, c) for c in last]))))
    return tuple(options)


def lengths(node: Node) -> tuple[int, int | None]:
    """Characters of the shortest and the longest text; None is without bound."""
    match node:
        case Literal(text):
            return len(text), len(text)
        case Seq(items):
            every = [lengths(item) for item in items]
            highs = [high for _, high in every]
            return sum(low for low, _ in every), (
                None if None in highs else sum(h for h in highs if h is not None)
            )
        case Alt(options):
            every = [lengths(option) for option in options]
            highs = [high for _, high in every]
            return min(low for low, _ in every), (
                None if None in highs else max(h for h in highs if h is not None)
            )
        case Repeat(item, low, high):
            shortest, longest = lengths(item)
            return (
                shortest * low,
                0 if longest == 0 else None if longest is None or high is None else longest * high,
            )
    return 1, 1


def _read(pattern: str) -> Any:
    try:
        re.compile(pattern)
        return parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(
            f"the regular expression is malformed: {error}", code="bad_regex"
        ) from error


def _sequence(items: Sequence[tuple[Any, Any]], flags: int, first: bool, last: bool) -> Node:
    """A concatenation. `first` and `last` say whether anchors here are at the text's edges."""
    made: list[Node] = []
    for place, (what, value) in enumerate(items):
        at_start = first and not any(made)
        at_end = last and all(kind is op.AT for kind, _ in items[place + 1 :])
        if what is op.AT and ((at_start and value in BEGINNINGS) or (at_end and value in ENDS)):
            continue
        made.append(
            _node(what, value, flags, first and place == 0, last and place == len(items) - 1)
        )
    return _joined(made)


def _node(what: Any, value: Any, flags: int, first: bool, last: bool) -> Node:
    if what is op.LITERAL:
        return _characters([(value, value)], flags)
    if what is op.NOT_LITERAL:
        return class_of(_cased([(value, value)], flags), negated=True)
    if what is op.ANY:
        return ANY if flags & re.DOTALL else class_of([(10, 10)], negated=True)
    if what is op.IN:
        negated = value[0][0] is op.NEGATE
        ranges = _cased([r for item in value[negated:] for r in _ranges(*item)], flags)
        return class_of(ranges, negated=True) if negated else _characters(ranges, 0)
    if what is op.BRANCH:
        return _either([_sequence(list(option), flags, first, last) for option in value[1]])
    if what is op.SUBPATTERN:
        _, more, less, inner = value
        return _sequence(list(inner), (flags | more) & ~less, first, last)
    if what in (op.MAX_REPEAT, op.MIN_REPEAT):
        low, high, inner = value
        once = high == 1
        return Repeat(
            _sequence(list(inner), flags, first and once, last and once),
            low,
            None if high is op.MAXREPEAT else high,
        )
    raise ConfigError(
        f"the regular expression {BEYOND.get(what, 'has a part')}, which no grammar can enforce",
        hint="say it with alternatives, or check the answer afterwards",
        code="bad_regex",
    )


def _ranges(what: Any, value: Any) -> Ranges:
    if what is op.LITERAL:
        return [(value, value)]
    if what is op.RANGE:
        return [value]
    return (
        CATEGORIES[value]
        if value in CATEGORIES
        else list(class_of(OPPOSITES[value], negated=True).ranges)
    )


def _characters(ranges: Ranges, flags: int) -> Node:
    """A class, or the one text that it holds."""
    made = class_of(_cased(ranges, flags))
    return (
        Literal(chr(made.ranges[0][0]))
        if len(made.ranges) == 1 and made.ranges[0][0] == made.ranges[0][1]
        else made
    )


def _cased(ranges: Ranges, flags: int) -> Ranges:
    if not flags & re.IGNORECASE:
        return ranges
    letters = (
        code
        for low, high in ranges
        for code in range(max(low, ord("A")), min(high, ord("z")) + 1)
        if chr(code).isalpha()
    )
    return [*ranges, *((code ^ 32, code ^ 32) for code in letters)]


def _both(some: Iterable[tuple[int, int]], others: Ranges) -> Ranges:
    return [(max(a, c), min(b, d)) for a, b in some for c, d in others if max(a, c) <= min(b, d)]


def _joined(items: Iterable[Node]) -> Node:
    """A sequence, the letters in it as one text."""
    made: list[Node] = []
    for item in items:
        for part in item.items if isinstance(item, Seq) else (item,):
            if isinstance(part, Literal) and made and isinstance(made[-1], Literal):
                made[-1] = Literal(made[-1].text + part.text)
            else:
                made.append(part)
    return made[0] if len(made) == 1 else Seq(tuple(made))


def _either(options: Sequence[Node]) -> Node:
    return options[0] if len(options) == 1 else Alt(tuple(options))
