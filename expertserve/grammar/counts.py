"""Counted repetitions → chains of shared rules, which grow with the number of a bound's digits.

A mask engine that unrolls `x{0,500}` has a state for each count. Said so, it has twenty rules:

    full-0 ::= x                full-3 ::= full-2 full-2                   eight of them
    less-0 ::= end              less-3 ::= less-2 | full-2 less-2          less than eight, the end

A parser that reads from left to right has never more than one way to go on: which of the two it
was shows where the end comes. So the end is part of the chain, and the bound may be in millions.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from expertserve.grammar.tree import Alt, Node, Ref, Repeat, Rules, Seq, references, walk

LIMIT = 40
"""A repetition counted no further stays one, and may be a lexer's."""
BUDGET = 600
"""So do the shortest of the others, which together count no further: their masks are cheapest."""
MOST_DEEP = 100
"""Rules in each other that a lexer's regular expression is made of; it nests its groups as deep."""
MOST_BARE = 2_000
"""Without an end in its rule a repetition up to here is left to the engine."""


def chained(rules: Rules) -> tuple[Rules, frozenset[str]]:
    """The same language without long counts, and the rules that count.

    Example:
        >>> from expertserve.grammar.gbnf import parse
        >>> made, counting = chained(parse('root ::= "<" [a-z]{0,1000} ">"'))
        >>> len(made.rules) < 30, "root" in counting
        (True, False)
    """
    chains = _Chains(rules)
    whole = {name: chains.rewritten(node) for name, node in rules.rules.items()}
    made = {**whole, **chains.made}
    return Rules(made, {n: rules.lines.get(n, 0) for n in made}, rules.root), frozenset(chains.made)


class _Chains:
    def __init__(self, rules: Rules) -> None:
        self.made: dict[str, Node] = {}
        self._names: dict[object, str] = {}
        found = {
            part
            for node in rules.rules.values()
            for part in walk(node)
            if isinstance(part, Repeat) and _count(part) > LIMIT
        }
        ordered = sorted(found, key=_count)
        sums = itertools.accumulate(map(_count, ordered))
        self._kept = {part for part, total in zip(ordered, sums, strict=True) if total <= BUDGET}

    def rewritten(self, node: Node) -> Node:
        match node:
            case Seq(items):
                return self._sequence(list(_flat(items)))
            case Alt(options):
                return Alt(tuple(self.rewritten(option) for option in options))
            case Repeat(item, low, high) if self._is_long(node, bare=True):
                return self._chain(self.rewritten(item), low, high, Seq())
            case Repeat(item, low, high):
                return Repeat(self.rewritten(item), low, high)
        return node

    def _sequence(self, items: list[Node]) -> Node:
        rest: list[Node] = []
        for item in reversed(items):
            if isinstance(item, Repeat) and self._is_long(item, bare=not rest):
                inner = self.rewritten(item.item)
                rest = [self._chain(inner, item.low, item.high, _joined(rest))]
            else:
                rest.insert(0, self.rewritten(item))
        return _joined(rest)

    def _is_long(self, node: Repeat, *, bare: bool) -> bool:
        return _count(node) > (MOST_BARE if bare else LIMIT) and node not in self._kept

    def _chain(self, item: Node, low: int, high: int | None, end: Node) -> Node:
        exact = [self._full(item, bit) for bit in _bits(low)]
        if high is None:
            return _joined([*exact, Repeat(item, 0, None), end])
        return _joined([*exact, self._up_to(item, high - low, end)])

    def _full(self, item: Node, power: int) -> Node:
        """As many as two to some power."""
        if power == 0:
            return item if isinstance(item, Ref) else self._rule((item, "item"), item)
        half = self._full(item, power - 1)
        return self._rule((item, power), Seq((half, half)))

    def _less(self, item: Node, power: int, end: Node) -> Node:
        """Fewer than two to some power, and the end."""
        if power == 0:
            return self._rule((end, "end"), end)
        fewer = self._less(item, power - 1, end)
        more = Seq((self._full(item, power - 1), fewer))
        return self._rule((item, power, end), Alt((fewer, more)))

    def _up_to(self, item: Node, most: int, end: Node) -> Node:
        if most == 0:
            return self._less(item, 0, end)
        power = most.bit_length() - 1
        more = Seq((self._full(item, power), self._up_to(item, most - (1 << power), end)))
        return self._rule((item, "up to", most, end), Alt((self._less(item, power, end), more)))

    def _rule(self, key: object, node: Node) -> Ref:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"count {len(self._names)}"
            self.made[name] = node
        return Ref(name)


def _count(node: Repeat) -> int:
    return max(node.low, node.high or 0)


def _bits(number: int) -> list[int]:
    return [bit for bit in range(number.bit_length() - 1, -1, -1) if number >> bit & 1]


def _flat(items: tuple[Node, ...]) -> list[Node]:
    return [
        part for item in items for part in (_flat(item.items) if isinstance(item, Seq) else [item])
    ]


def _joined(items: list[Node]) -> Node:
    flat = _flat(tuple(items))
    return flat[0] if len(flat) == 1 else Seq(tuple(flat))


def inlined_sizes(
    rules: Rules, most: int, never: frozenset[str], *, once: bool = False
) -> dict[str, int]:
    """Characters and classes of each rule with what it refers to put in, up to `most`.

    Rules within themselves have `most`, and so have those of `never` and what is deeper than
    `MOST_DEEP`.

    Args:
        once: Count what is repeated once, as it is written.
    """
    sizes: dict[str, int] = {}
    depths: dict[str, int] = {}
    waiting = {name: set(references(node)) for name, node in rules.rules.items()}
    users: dict[str, list[str]] = {name: [] for name in rules.rules}
    for name, used in waiting.items():
        for one in used:
            users[one].append(name)
    todo = [name for name, used in waiting.items() if not used]
    while todo:
        name = todo.pop()
        node = rules.rules[name]
        depths[name] = 1 + max((depths[used] for used in references(node)), default=0)
        whole = name in never or depths[name] > MOST_DEEP
        sizes[name] = most if whole else min(most, size_of(node, sizes, once=once))
        for user in users[name]:
            waiting[user].discard(name)
            if not waiting[user]:
                todo.append(user)
    return {name: sizes.get(name, most) for name in rules.rules}


def size_of(node: Node, sizes: Mapping[str, int], *, once: bool = False) -> int:
    """Characters and classes of a node, given those of the rules that it refers to.

    Args:
        once: As in `inlined_sizes`.
    """
    match node:
        case Ref(name):
            return sizes[name]
        case Seq(parts) | Alt(parts):
            return sum(size_of(part, sizes, once=once) for part in parts)
        case Repeat(item, low, high):
            return size_of(item, sizes, once=once) * (1 if once else max(1, low, high or 0))
        case _:
            return len(getattr(node, "text", "x"))
