"""A grammar as a tree of frozen nodes. Every part of `expertserve.grammar` speaks in these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MAX_CODE = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)
"""Unpaired, they can't be text: no class contains them."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, as it stands; never empty."""

    text: str


MARKS = (0x10FF00, 0x10FFFF)
"""Characters that stand for what is no character; no text has them."""


@dataclass(frozen=True, slots=True)
class Mark(Literal):
    """A terminal that is no text, see `expertserve.grammar.marks`.

    Args:
        text: The character that stands for it.
        what: The terminal as GBNF writes it.
    """

    what: str


@dataclass(frozen=True, slots=True)
class Class:
    """One character out of a set.

    Args:
        ranges: Inclusive code points, sorted, disjoint, not touching, without surrogates. A negated
            class is written as its complement.
    """

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """Another rule, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Seq:
    """One after the other; without items, the empty text."""

    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Alt:
    """One of them; at least two."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """From `low` to `high` times; None is without bound."""

    item: Node
    low: int
    high: int | None


Node = Literal | Class | Ref | Seq | Alt | Repeat


@dataclass(frozen=True, slots=True)
class Rules:
    """A grammar: rules by name, in the order of the text; sentences derive from `root`.

    Args:
        lines: Where each rule's definition begins, 1-based; for messages.
        words: Rules whose texts end where nothing can lengthen them, and that a lexer may take
            whole; None where nobody knows.
    """

    rules: Mapping[str, Node]
    lines: Mapping[str, int]
    root: str = "root"
    words: frozenset[str] | None = None


SIGNS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
"""Postfix operators, and the bounds that they stand for."""


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, from left to right, each before what it holds."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Seq):
            stack += node.items[::-1]
        elif isinstance(node, Alt):
            stack += node.options[::-1]
        elif isinstance(node, Repeat):
            stack.append(node.item)


def references(node: Node) -> list[str]:
    """The rules that a node names, as often as it does. The loop of all that looks at rules."""
    found: list[str] = []
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, Ref):
            found.append(node.name)
        elif isinstance(node, Seq):
            stack += node.items[::-1]
        elif isinstance(node, Alt):
            stack += node.options[::-1]
        elif isinstance(node, Repeat):
            stack.append(node.item)
    return found


def distinct(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes and everything in them, each object once: rules share most of theirs."""
    seen: set[int] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Seq):
            stack += node.items
        elif isinstance(node, Alt):
            stack += node.options
        elif isinstance(node, Repeat):
            stack.append(node.item)
