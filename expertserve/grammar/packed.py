"""Rules ↔ a line of JSON, for another process or a file: each distinct part is in it once.

    ["root", names, words, [part, …]]      a part is
    "text"                                 a literal
    [[low, high, low, high, …]]            a class
    5, "name"                              as an item: another part, a rule
    ["s" | "a", item, …]                   a sequence, alternatives
    ["r", item, low, high]                 a repetition
    ["m", character, what]                 a mark

Reading is several times as fast as parsing GBNF, and what is alike is one object.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from expertserve.grammar.tree import Alt, Class, Literal, Mark, Node, Ref, Repeat, Rules, Seq


def pack(rules: Rules) -> str:
    """The rules as a line of JSON; lines of a text aren't kept.

    Example:
        >>> from expertserve.grammar.gbnf import parse
        >>> pack(parse('root ::= "a" | "b" root'))
        '["root", null, {"root": 3}, ["a", "b", ["s", 1, "root"], ["a", 0, 2]]]'
    """
    packer = _Packer()
    bodies = {name: packer.item(node) for name, node in rules.rules.items()}
    words = None if rules.words is None else sorted(rules.words)
    return json.dumps([rules.root, words, bodies, packer.parts])


def unpack(text: str) -> Rules:
    """What was packed.

    Raises:
        ValueError, TypeError, IndexError, KeyError: The text is something else.
    """
    root, words, bodies, parts = json.loads(text)
    made: list[Node] = []

    def item(at: int | str) -> Node:
        return Ref(at) if isinstance(at, str) else made[at]

    for part in parts:
        if isinstance(part, str):
            made.append(Literal(part))
            continue
        kind, *rest = part
        if kind == "s":
            made.append(Seq(tuple([item(at) for at in rest])))
        elif kind == "a":
            made.append(Alt(tuple([item(at) for at in rest])))
        elif kind == "r":
            made.append(Repeat(item(rest[0]), rest[1], rest[2]))
        elif kind == "m":
            made.append(Mark(rest[0], rest[1]))
        else:
            made.append(Class(tuple(zip(kind[::2], kind[1::2], strict=True))))
    whole = {name: item(at) for name, at in bodies.items()}
    lines = {name: line for line, name in enumerate(whole, 1)}
    return Rules(whole, lines, root, None if words is None else frozenset(words))


class _Packer:
    def __init__(self) -> None:
        self.parts: list[str | Sequence[object]] = []
        self._places: dict[object, int] = {}
        self._seen: dict[int, tuple[Node, int | str]] = {}

    def item(self, node: Node) -> int | str:
        """A part's place, or a rule's name. By the object first, as lowering shares many."""
        if isinstance(node, Ref):
            return node.name
        if found := self._seen.get(id(node)):
            return found[1]
        place = self._place(self._part(node))
        self._seen[id(node)] = node, place
        return place

    def _part(self, node: Node) -> str | tuple[object, ...]:
        match node:
            case Mark(text, what):
                return "m", text, what
            case Literal(text):
                return text
            case Class(ranges):
                return (tuple([code for both in ranges for code in both]),)
            case Seq(items):
                return "s", *[self.item(i) for i in items]
            case Alt(options):
                return "a", *[self.item(o) for o in options]
            case Repeat(inner, low, high):
                return "r", self.item(inner), low, high
        raise AssertionError(node)

    def _place(self, part: str | tuple[object, ...]) -> int:
        place = self._places.get(part)
        if place is None:
            place = self._places[part] = len(self.parts)
            self.parts.append(part)
        return place
