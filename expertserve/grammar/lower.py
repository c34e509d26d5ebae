"""A grammar's tree → Lark for glrmask and Outlines, or a regular expression.

A terminal of Lark takes the longest match, so only parts that this cuts rightly become terminals;
the rest is made of characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from expertserve.grammar.analysis import derivable, derives, nullable
from expertserve.grammar.counts import chained
from expertserve.grammar.expressions import char_class, parenthesised, patterns
from expertserve.grammar.terminals import split_repeats, terminals
from expertserve.grammar.tree import (
    Alt,
    Class,
    Literal,
    Node,
    Ref,
    Repeat,
    Rules,
    Seq,
    distinct,
    references,
)

if TYPE_CHECKING:
    from outlines.types import CFG
    from outlines.types.dsl import Regex

MAX_REGEX = 20_000
"""Characters; a longer expression costs more than the grammar that it stands for."""
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _,;:=<>!@#%&~'`")


def to_outlines(rules: Rules) -> CFG | Regex:
    """The grammar as an Outlines term: a small regular expression, else a CFG in Lark.

    Such a term runs in `outlines.Generator` on any backend that reads what it is.

    Example:
        >>> to_outlines(parse('root ::= "a"+'))
        Regex(pattern='a+')
    """
    from outlines.types import CFG
    from outlines.types.dsl import Regex

    pattern = to_regex(rules)
    return CFG(to_lark(rules)) if pattern is None else Regex(pattern)


# ── Lark ────────────────────────────────────────────────────────────────────────────────────────


def to_lark(rules: Rules) -> str:
    """The grammar in Lark: the root is `start`; other rules are renamed, as GBNF allows more.

    What a lexer cuts rightly becomes a terminal (see `expertserve.grammar.terminals`); the rest is
    made of characters.
    """
    words = rules.words
    rules, counting = chained(without_empty_repeats(reachable(productive(rules))))
    rules = reachable(split_repeats(rules))
    lexed = terminals(rules, counting, words) - {rules.root}
    kept = reachable(rules, stop=lexed)
    names = {
        n: "start" if n == rules.root else f"T{i}" if n in lexed else f"r{i}"
        for i, n in enumerate(kept.rules)
    }
    said = patterns(rules.rules, lexed)
    return "".join(
        f"{names[name]}: {f'/{said[name]}/' if name in lexed else _lark(node, names, 0)}\n"
        for name, node in kept.rules.items()
    )


def _lark(node: Node, names: Mapping[str, str], level: int) -> str:
    """Level 0 takes alternatives, 1 sequences, 2 single items."""
    match node:
        case Literal(text):
            return (
                f'"{text}"'
                if all(c in PLAIN for c in text)
                else f"/{''.join(char_class(((ord(c), ord(c)),)) for c in text)}/"
            )
        case Class(ranges):
            return f"/{char_class(ranges)}/"
        case Ref(name):
            return names[name]
        case Seq(items):
            return (
                parenthesised(" ".join(_lark(i, names, 1) for i in items), level >= 2)
                if items
                else '""'
            )
        case Alt(options):
            return parenthesised(" | ".join(_lark(o, names, 1) for o in options), level >= 1)
        case Repeat(item, low, high):
            inner = _lark(item, names, 2)
            if high is None and low > 1:
                return parenthesised(f"{inner}~{low} {inner}*", level >= 2)
            return parenthesised(inner + _times(low, high), level >= 2)
    raise AssertionError(node)


def _times(low: int, high: int | None) -> str:
    match low, high:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _ if low == high:
            return f"~{low}"
    return f"~{low}..{high}"


# ── regular expressions ─────────────────────────────────────────────────────────────────────────


def to_regex(rules: Rules) -> str | None:
    """The language as a regular expression; None if recursive or too long."""
    done: dict[str, str] = {}
    order = _bottom_up(rules)
    if order is None:
        return None
    for name in order:
        done[name] = _regex(rules.rules[name], done, 0)
        if len(done[name]) > MAX_REGEX:
            return None
    return done[rules.root]


def _bottom_up(rules: Rules) -> list[str] | None:
    """The reachable rules, each after those that it refers to; None where there is a cycle."""
    order: list[str] = []
    state: dict[str, bool] = {}
    stack: list[tuple[str, Iterator[str]]] = [
        (rules.root, iter(references(rules.rules[rules.root])))
    ]
    state[rules.root] = False
    while stack:
        name, following = stack[-1]
        target = next(following, None)
        if target is None:
            state[name] = True
            order.append(name)
            stack.pop()
        elif target not in state:
            state[target] = False
            stack.append((target, iter(references(rules.rules[target]))))
        elif not state[target]:
            return None
    return order


def _regex(node: Node, done: Mapping[str, str], level: int) -> str:
    match node:
        case Literal(text):
            return parenthesised(
                "".join(_regex_char(c) for c in text), level >= 2 and len(text) > 1
            )
        case Class(ranges):
            return "[" + "".join(_regex_range(a, b) for a, b in ranges) + "]"
        case Ref(name):
            return f"({done[name]})"
        case Seq(items):
            return parenthesised("".join(_regex(i, done, 1) for i in items), level >= 2)
        case Alt(options):
            return parenthesised("|".join(_regex(o, done, 1) for o in options), level >= 1)
        case Repeat(item, low, high):
            inner = _regex(item, done, 2)
            times = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
            return parenthesised(
                inner
                + (
                    times
                    or (
                        f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"
                    )
                ),
                level >= 2,
            )
    raise AssertionError(node)


def _regex_char(char: str) -> str:
    return (
        char
        if char.isalnum() or char in " _,;:=<>!@#%&~'`\""
        else f"\\{char}"
        if char.isascii() and char.isprintable()
        else _escaped(char)
    )


def _escaped(char: str) -> str:
    return {"\n": r"\n", "\t": r"\t", "\r": r"\r"}.get(char) or (
        f"\\x{ord(char):02x}" if ord(char) < 0x80 else char
    )


def _regex_range(low: int, high: int) -> str:
    ends = [chr(c) if c >= 0x80 else _in_class(chr(c)) for c in (low, high)]
    return ends[0] if low == high else f"{ends[0]}-{ends[1]}"


def _in_class(char: str) -> str:
    return (
        char
        if char.isalnum()
        else (
            _escaped(char)
            if not char.isprintable()
            else f"\\{char}"
            if char in r"\]^-[&~|"
            else char
        )
    )


# ── rewriting ───────────────────────────────────────────────────────────────────────────────────


def reachable(rules: Rules, stop: frozenset[str] = frozenset()) -> Rules:
    """The same language without the rules that no sentence uses; the root comes first.

    Args:
        stop: Rules whose own references don't count.
    """
    found, todo = {rules.root: True}, [rules.root]
    while todo:
        at = todo.pop()
        for name in references(rules.rules[at]) if at not in stop else ():
            if name not in found:
                found[name] = True
                todo.append(name)
    return Rules(
        {n: rules.rules[n] for n in found}, {n: rules.lines.get(n, 0) for n in found}, rules.root
    )


def renamed(rules: Rules, prefix: str) -> Rules:
    """The same grammar with rules named by number, which every engine can read."""
    names = {name: f"{prefix}{i}" for i, name in enumerate(rules.rules)}

    def rename(node: Node) -> Node:
        match node:
            case Ref(name):
                return Ref(names[name])
            case Seq(items):
                return Seq(tuple(rename(i) for i in items))
            case Alt(options):
                return Alt(tuple(rename(o) for o in options))
            case Repeat(item, low, high):
                return Repeat(rename(item), low, high)
        return node

    return Rules(
        {names[n]: rename(node) for n, node in rules.rules.items()},
        {names[n]: rules.lines.get(n, 0) for n in names},
        names[rules.root],
    )


def productive(rules: Rules) -> Rules:
    """Removes parts that derive no text: mask engines would take them for live.

    The root must derive something, as it does in every `Grammar`.
    """
    alive = derivable(rules)
    if len(alive) == len(rules.rules) and not any(
        isinstance(part, Class) and not part.ranges for part in distinct(rules.rules.values())
    ):
        return Rules(rules.rules, {n: rules.lines.get(n, 0) for n in rules.rules}, rules.root)
    kept = {
        n: node
        for n in rules.rules
        if n in alive and (node := _without_dead(rules.rules[n], alive)) is not None
    }
    return Rules(kept, {n: rules.lines.get(n, 0) for n in kept}, rules.root)


def _without_dead(node: Node, alive: frozenset[str]) -> Node | None:
    """The node without dead alternatives; None where nothing is left."""
    match node:
        case Class(ranges):
            return node if ranges else None
        case Ref(name):
            return node if name in alive else None
        case Seq(items):
            kept = [_without_dead(i, alive) for i in items]
            return (
                None
                if any(k is None for k in kept)
                else Seq(tuple(k for k in kept if k is not None))
            )
        case Alt(options):
            return _alternatives(
                made for o in options if (made := _without_dead(o, alive)) is not None
            )
        case Repeat(item, low, high):
            inner = _without_dead(item, alive)
            return Repeat(inner, low, high) if inner is not None else Seq() if low == 0 else None
    return node


def without_empty_repeats(rules: Rules) -> Rules:
    """Makes bodies of repetitions non-nullable: nullable ones have endless derivations."""
    return _NonEmpty(rules).rewritten()


class _NonEmpty:
    """Rewrites repetitions of nullable items, adding rules without the empty text."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._empty = nullable(rules)
        self._made: dict[str, Node | None] = {}
        self._todo: list[str] = []

    def rewritten(self) -> Rules:
        made = {name: self._clean(node) for name, node in self._rules.rules.items()}
        while self._todo:
            name = self._todo.pop()
            made[_variant(name)] = self._nonempty(self._rules.rules[name]) or Ref(_variant(name))
        found = Rules(made, {n: self._rules.lines.get(n, 0) for n in made}, self._rules.root)
        return productive(found) if self._made else found  # one of "" alone has no other text

    def _null(self, node: Node) -> bool:
        return derives(node, self._empty, empty=True)

    def _clean(self, node: Node) -> Node:
        match node:
            case Seq(items):
                return Seq(tuple(self._clean(i) for i in items))
            case Alt(options):
                return Alt(tuple(self._clean(o) for o in options))
            case Repeat(item, low, high) if self._null(item):
                inner = self._nonempty(item)
                return Seq() if inner is None or high == 0 else Repeat(inner, 0, high)
            case Repeat(item, low, high):
                return Seq() if high == 0 else Repeat(self._clean(item), low, high)
        return node

    def _nonempty(self, node: Node) -> Node | None:
        """The node's texts but for the empty one; None where there are none."""
        if not self._null(node):
            return self._clean(node)
        match node:
            case Ref(name):
                if _variant(name) not in self._made:
                    self._made[_variant(name)] = None
                    self._todo.append(name)
                return Ref(_variant(name))
            case Seq(items):
                return _alternatives(
                    Seq((first, *(self._clean(i) for i in items[n + 1 :])))
                    for n, item in enumerate(items)
                    if (first := self._nonempty(item)) is not None
                )
            case Alt(options):
                return _alternatives(
                    made for o in options if (made := self._nonempty(o)) is not None
                )
            case Repeat(item, _, high):
                inner = self._nonempty(item)
                return None if inner is None or high == 0 else Repeat(inner, 1, high)
        return None


def _variant(name: str) -> str:
    return f"{name} without nothing"


def _alternatives(made: Iterable[Node]) -> Node | None:
    options = tuple(made)
    return None if not options else options[0] if len(options) == 1 else Alt(options)
