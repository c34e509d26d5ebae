"""Rules → GBNF."""

from __future__ import annotations

from expertserve.errors import GrammarError
from expertserve.grammar.tree import (
    SIGNS,
    Alt,
    Class,
    Literal,
    Mark,
    Node,
    Ref,
    Repeat,
    Rules,
    Seq,
)


def write(rules: Rules) -> str:
    """The grammar as ASCII GBNF, one rule a line; `parse` reads the same rules back.

    Raises:
        GrammarError: It starts elsewhere than at `root`, which GBNF can't say.
    """
    if rules.root != "root":
        raise GrammarError(
            f"the grammar starts at {rules.root!r}",
            hint="GBNF starts at `root`: rename it",
            code="missing_root",
        )
    return "".join(f"{name} ::= {write_node(node)}\n" for name, node in rules.rules.items())


def write_node(node: Node) -> str:
    """The right side of a rule, as GBNF."""
    if isinstance(node, Alt):
        return " | ".join(_in_alt(n) for n in node.options)
    return _in_alt(node)


def _in_alt(node: Node) -> str:
    if isinstance(node, Seq) and node.items:
        return " ".join(_in_seq(n) for n in node.items)
    return _in_seq(node)


def _in_seq(node: Node) -> str:
    match node:
        case Mark(what=what):
            return what
        case Literal(text):
            return '"' + "".join(_escaped(ord(c), '"\\') for c in text) + '"'
        case Class(()):
            return "[\\uD800]"  # the format has no way to write a class of nothing but this
        case Class(ranges):
            return "[" + "".join(_range(low, high) for low, high in ranges) + "]"
        case Ref(name):
            return name
        case Seq(()):
            return '""'
        case Repeat(item, low, high):
            bare = isinstance(item, (Literal, Class, Ref, Repeat))
            return (_in_seq(item) if bare else f"({write_node(item)})") + _bounds(low, high)
        case Seq() | Alt():
            return f"({write_node(node)})"


def _bounds(low: int, high: int | None) -> str:
    for sign, bounds in SIGNS.items():
        if bounds == (low, high):
            return sign
    return f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"


def _range(low: int, high: int) -> str:
    first, last = _escaped(low, '"\\[]-^'), _escaped(high, '"\\[]-^')
    return first if low == high else f"{first}-{last}"


def _escaped(code: int, special: str) -> str:
    """ASCII. `\\u` rather than `\\x`, of which some engines read more than two digits."""
    if 0x20 <= code < 0x7F and chr(code) not in special:
        return chr(code)
    if chr(code) in '"\\':
        return "\\" + chr(code)
    return {10: "\\n", 13: "\\r", 9: "\\t"}.get(code) or (
        f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
    )
