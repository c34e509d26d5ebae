"""Parts of a grammar → regular expressions as glrmask and Lark read them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Seq, references

PLAIN_IN_PATTERN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def patterns(rules: Mapping[str, Node], wanted: Iterable[str]) -> dict[str, str]:
    """The regular expressions of terminals and of what they refer to.

    Those that are referred to come first: a chain of rules may be longer than Python's stack.
    """
    made: dict[str, str] = {}
    todo = list(wanted)
    while todo:
        name = todo[-1]
        missing = [used for used in references(rules[name]) if used not in made]
        todo += missing
        if not missing:
            made[todo.pop()] = pattern_of(rules[name], rules, made)
    return made


def pattern_of(node: Node, rules: Mapping[str, Node], made: Mapping[str, str]) -> str:
    """A node's regular expression, given those of the rules that it refers to."""
    return _pattern(node, rules, made, 0)


def _pattern(node: Node, rules: Mapping[str, Node], made: Mapping[str, str], level: int) -> str:
    """A terminal's regular expression, in which every character is written by its number."""
    match node:
        case Literal(text):
            return parenthesised(
                "".join(c if c in PLAIN_IN_PATTERN else _code(ord(c)) for c in text),
                level >= 2 and len(text) > 1,
            )
        case Class(ranges):
            return char_class(ranges)
        case Ref(name):
            grouped = level >= 1 and isinstance(rules[name], Alt)
            return parenthesised(made[name], grouped or (level >= 2 and len(made[name]) > 1))
        case Seq(items):
            return parenthesised("".join(_pattern(i, rules, made, 1) for i in items), level >= 2)
        case Alt(options):
            return parenthesised("|".join(_pattern(o, rules, made, 1) for o in options), level >= 1)
        case Repeat(item, low, int(high)) if low > 1 and _may_go_on(item, rules):
            spelt = (*[item] * low, *[Repeat(item, 0, high - low)] * (high > low))
            return _pattern(Seq(spelt), rules, made, level)
        case Repeat(item, low, high):
            times = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get(
                (low, high), f"{{{low},{'' if high is None else high}}}"
            )
            return parenthesised(_pattern(item, rules, made, 2) + times, level >= 2)
    raise AssertionError(node)


def _may_go_on(node: Node, rules: Mapping[str, Node]) -> bool:
    """Whether a word of it may begin another, or seem to.

    glrmask misreads such a thing where it is repeated a bounded number of times, twice or more, and
    something follows: `(a{1,2}){2}b`.
    """
    match node:
        case Literal() | Class():
            return False
        case Ref(name):
            return _may_go_on(rules[name], rules)
        case Seq(items):
            return any(_may_go_on(item, rules) for item in items)
        case Alt(options):
            firsts = [_first(option, rules) for option in options]
            seen = sorted(pair for first in firsts for pair in first)
            apart = all(a[1] < b[0] for a, b in itertools.pairwise(seen))
            return not (all(firsts) and apart) or any(_may_go_on(o, rules) for o in options)
        case Repeat(item, low, high):
            return low != high or _may_go_on(item, rules)
    raise AssertionError(node)


def _first(node: Node, rules: Mapping[str, Node]) -> tuple[tuple[int, int], ...]:
    """Ranges that words of it begin with; none where that isn't seen at once."""
    match node:
        case Literal(text) if text:
            return ((ord(text[0]), ord(text[0])),)
        case Class(ranges):
            return ranges
        case Ref(name):
            return _first(rules[name], rules)
        case Seq((first, *_)):
            return _first(first, rules)
        case Alt(options):
            firsts = [_first(option, rules) for option in options]
            return tuple(pair for first in firsts for pair in first) if all(firsts) else ()
        case Repeat(item, low, _) if low:
            return _first(item, rules)
    return ()


def parenthesised(text: str, wanted: bool) -> str:
    """A text in parentheses where something binds more tightly than it does."""
    return f"({text})" if wanted else text


def char_class(ranges: Iterable[tuple[int, int]]) -> str:
    """Of ranges; a range across U+FFFF is two, for glrmask misreads it."""
    parts = [
        part
        for a, b in ranges
        for part in (((a, 0xFFFF), (0x10000, b)) if a < 0x10000 <= b else ((a, b),))
    ]
    return "[" + "".join(_code(a) if a == b else f"{_code(a)}-{_code(b)}" for a, b in parts) + "]"


def _code(code: int) -> str:
    return (
        f"\\x{code:02x}"
        if code < 0x80
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )
