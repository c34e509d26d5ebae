"""Parts of a grammar → regular expressions as glrmask and Lark read them."""

from __future__ import annotations

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
        case Repeat(item, low, high):
            times = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get(
                (low, high), f"{{{low},{'' if high is None else high}}}"
            )
            return parenthesised(_pattern(item, rules, made, 2) + times, level >= 2)
    raise AssertionError(node)


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
