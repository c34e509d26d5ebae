"""A grammar compiled for recognition: numbered nodes without right recursion."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from expertserve.errors import GrammarError
from expertserve.grammar.tree import MAX_CODE, Alt, Class, Literal, Node, Ref, Repeat, Rules, Seq
from expertserve.grammar.write import write_node

MAX_ENDING = 1_000_000
"""Characters of an ending or sample that is written out."""
_FAVOURITES = "a0A1" + "".join(map(chr, range(0x21, 0x7F))) + " "
"""Which characters stand for a class in shortest texts, best first."""
FOREVER = 1 << 60
"""Lengths are counted no further."""

CHARACTER, RULE, SEQ, ALT, REPEAT = range(5)
"""Node forms: (kind, class), (kind, rule), (kind, nodes …), (kind, node, low, high or -1)."""
Ranges = tuple[tuple[int, int], ...]


class Alphabet:
    """Code points in kinds that no class or literal of the grammar tells apart."""

    def __init__(self, sets: Iterable[Ranges]) -> None:
        rng = random.SystemRandom()
        marks: dict[int, int] = {0: 0}
        # a set's mark is added where it begins and taken away where it ends: equal sums, equal
        # kinds
        for ranges in sets:
            mark = rng.getrandbits(128)
            for low, high in ranges:
                marks[low] = marks.get(low, 0) ^ mark
                marks[high + 1] = marks.get(high + 1, 0) ^ mark
        self.starts = sorted(marks)
        kinds: dict[int, int] = {0: 0}  # kind 0: in no set at all
        self.kinds: list[int] = []
        self.examples_of: list[int] = [-1]
        total = 0
        for start in self.starts:
            total ^= marks[start]
            if total not in kinds:
                kinds[total] = len(kinds)
                self.examples_of.append(start)
            self.kinds.append(kinds[total])

    def kind(self, code: int) -> int:
        return self.kinds[bisect_right(self.starts, code) - 1]

    def example(self, kind: int) -> int:
        """The first code point of a kind."""
        return self.examples_of[kind]

    def examples(self, low: int, high: int) -> list[int]:
        """The first code point of each kind between low and high, both included."""
        found: dict[int, int] = {}
        first = bisect_right(self.starts, low) - 1
        for index in range(first, bisect_right(self.starts, high)) if low <= high else ():
            found.setdefault(self.kinds[index], max(low, self.starts[index]))
        return [code for kind, code in found.items() if kind]


class Program:
    """Rules as numbered nodes, each with the length of its shortest text, or None.

    One rule more than the grammar has, the last one, stands for the whole: it refers to the
    grammar's root.
    """

    def __init__(self, rules: Rules) -> None:
        self.nodes: list[tuple[int, ...]] = []
        self.ranges: list[Ranges] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._classes: dict[Ranges, int] = {}
        self._known_edges: dict[int, frozenset[int]] = {}
        self._rules = {name: number for number, name in enumerate(rules.rules)}
        self._seen: dict[int, int] = {}
        bodies = [self._compiled(node) for node in rules.rules.values()]
        self._seen.clear()  # numbers of objects, which others may get
        self.bodies = [self._untangled(rule, bodies) for rule in range(len(bodies))]
        self.bodies.append(self._node(RULE, self._rules[rules.root]))
        self.whole = len(self.bodies) - 1
        self.costs, self.choices = _shortest(self.nodes, self.ranges, self.bodies)
        if self.costs[self.bodies[self.whole]] is None:
            raise GrammarError(
                f"no text at all is a sentence: `{rules.root}` never comes to an end",
                hint="give each rule that refers to itself an alternative that doesn't",
                code="derives_nothing",
                line=rules.lines.get(rules.root, 0),
                column=1,
                source_line=f"{rules.root} ::= {write_node(rules.rules[rules.root])}",
            )
        self.alphabet = Alphabet(self.ranges)
        self.nullable = [self.costs[body] == 0 for body in self.bodies]

    def cost(self, node: int) -> int:
        """Of a node that derives something."""
        found = self.costs[node]
        assert found is not None
        return found

    def _node(self, *content: int) -> int:
        number = self._numbers.setdefault(content, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(content)
        return number

    def _compiled(self, node: Node) -> int:
        """Its number; rules share most of their parts, so that each object is looked at once."""
        number = self._seen.get(id(node))
        if number is None:
            number = self._seen[id(node)] = self._new(node)
        return number

    def _new(self, node: Node) -> int:
        match node:
            case Literal(text):
                letters = {c: self._character(((ord(c), ord(c)),)) for c in dict.fromkeys(text)}
                return (
                    letters[text]
                    if len(text) == 1
                    else self._node(SEQ, *map(letters.__getitem__, text))
                )
            case Class(ranges):
                return self._character(ranges)
            case Ref(name):
                return self._node(RULE, self._rules[name])
            case Seq(items):
                return self._seq([self._compiled(item) for item in items])
            case Alt(options):
                return self._alt([self._compiled(option) for option in options])
            case Repeat(item, low, high):
                return self._repeat(self._compiled(item), low, -1 if high is None else high)

    def _character(self, ranges: Ranges) -> int:
        number = self._classes.setdefault(ranges, len(self.ranges))
        if number == len(self.ranges):
            self.ranges.append(ranges)
        return self._node(CHARACTER, number)

    def _seq(self, items: Iterable[int]) -> int:
        flat: list[int] = []
        for item in items:
            flat.extend(self._items(item))
        return flat[0] if len(flat) == 1 else self._node(SEQ, *flat)

    def _alt(self, options: Iterable[int]) -> int:
        flat = dict.fromkeys(inner for option in options for inner in self._options(option))
        return next(iter(flat)) if len(flat) == 1 else self._node(ALT, *flat)

    def _repeat(self, item: int, low: int, high: int) -> int:
        kind, *inner = self.nodes[item]
        if high == 0 or (kind == SEQ and not inner):
            return self._node(SEQ)
        if (
            kind == REPEAT and inner[1] <= 1
        ):  # no gaps between the counts that are possible: one repetition says the same
            return self._node(
                REPEAT,
                inner[0],
                inner[1] * low,
                -1 if high < 0 or inner[2] < 0 else inner[2] * high,
            )
        return item if (low, high) == (1, 1) else self._node(REPEAT, item, low, high)

    def _items(self, node: int) -> tuple[int, ...]:
        return self.nodes[node][1:] if self.nodes[node][0] == SEQ else (node,)

    def _options(self, node: int) -> tuple[int, ...]:
        return self.nodes[node][1:] if self.nodes[node][0] == ALT else (node,)

    def _edges(self, body: int) -> frozenset[int]:
        """FIRST and LAST of a body's options, memoised: many rules share thousands of options."""
        found = self._known_edges.get(body)
        if found is None:
            every = [items for items in map(self._items, self._options(body)) if items]
            found = self._known_edges[body] = frozenset(
                node for items in every for node in (items[0], items[-1])
            )
        return found

    def _untangled(self, rule: int, bodies: list[int]) -> int:
        """The rule's body without the recursion at its right end, deriving the same texts.

        With `a ::= a between a | before a | a after | atom`, a text of `a` is one or more operands
        with a `between` from one to the next, each operand `before* atom after*`. So say that: it
        has one derivation where the rule has exponentially many, and is a loop where the rule is a
        chain. An option that refers to a rule that is such an option counts as the latter.
        """
        this = self._node(RULE, rule)
        options: list[int] = []
        for option in self._options(bodies[rule]):
            kind, *inner = self.nodes[option]
            inlined = kind == RULE and option != this and this in self._edges(bodies[inner[0]])
            options += self._options(bodies[inner[0]]) if inlined else (option,)
        between, before, after, atoms = [], [], [], []
        for option in options:
            items = self._items(option)
            starts, ends = items[:1] == (this,), items[-1:] == (this,)
            if len(items) == 1 and starts:
                continue  # `a ::= a` says nothing
            if starts and ends:
                between.append(self._seq(items[1:-1]))
            elif ends:
                before.append(self._seq(items[:-1]))
            elif starts:
                after.append(self._seq(items[1:]))
            else:
                atoms.append(option)
        if not between and not before:
            return bodies[rule]
        operand = self._seq([*self._loop(before), self._alt(atoms), *self._loop(after)])
        rest = self._loop([self._seq([self._alt(between), operand])]) if between else ()
        return self._seq([operand, *rest])

    def _loop(self, options: list[int]) -> tuple[int, ...]:
        return (self._repeat(self._alt(options), 0, -1),) if options else ()

    # Texts

    def favourite(self, ranges: Ranges) -> str:
        """The character that stands for a class in shortest texts."""
        candidates = (c for c in _FAVOURITES if contains(ranges, ord(c)))
        return next(candidates, chr(ranges[0][0]))

    def shortest(self, node: int) -> Iterator[str]:
        """The characters of the node's shortest text."""
        stack = [node]
        while stack:
            node = stack.pop()
            if not self.costs[node]:
                continue
            kind, *inner = self.nodes[node]
            if kind == CHARACTER:
                yield self.favourite(self.ranges[inner[0]])
            elif kind == RULE:
                stack.append(self.bodies[inner[0]])
            elif kind == SEQ:
                stack.extend(reversed(inner))
            elif kind == ALT:
                stack.append(self.choices[node])
            else:
                stack.extend([inner[0]] * inner[1])

    def sample(self, rng: random.Random, max_chars: int) -> str:
        whole = self.bodies[self.whole]
        text: list[str] = []
        stack, open_chars, steps = [whole], self.cost(whole), 0
        check_length(open_chars)
        while stack:
            node = stack.pop()
            open_chars -= self.cost(node)
            steps += 1
            hurry = len(text) + open_chars + self.cost(node) >= max_chars or steps > 50 * max_chars
            if hurry and not self.costs[node]:
                continue
            kind, *inner = self.nodes[node]
            if kind == CHARACTER:
                text.append(self._some_character(rng, self.ranges[inner[0]]))
                check_length(len(text))
                continue
            if kind == RULE:
                new = [self.bodies[inner[0]]]
            elif kind == SEQ:
                new = inner[::-1]
            elif kind == ALT:
                new = [
                    (
                        self.choices[node]
                        if hurry
                        else rng.choice([n for n in inner if self.costs[n] is not None])
                    )
                ]
            else:
                new = [inner[0]] * (
                    inner[1]
                    if hurry or self.costs[inner[0]] is None
                    else _some_count(rng, inner[1], inner[2])
                )
            stack += new
            open_chars += sum(map(self.cost, new))
        return "".join(text)

    def _some_character(self, rng: random.Random, ranges: Ranges) -> str:
        """Mostly printable ASCII, so that samples can be read."""
        ascii_ranges = [
            (max(low, 0x20), min(high, 0x7E))
            for low, high in ranges
            if low <= 0x7E and high >= 0x20
        ]
        low, high = rng.choice(ascii_ranges if ascii_ranges and rng.random() < 0.9 else ranges)
        return chr(rng.randint(low, high))


def _some_count(rng: random.Random, low: int, high: int) -> int:
    most = low + 40 if high < 0 else min(high, low + 40)
    if rng.random() < 0.05:
        return rng.randint(low, most)
    count = low
    while count < most and rng.random() < 0.6:
        count += 1
    return count


def contains(ranges: Ranges, code: int) -> bool:
    index = bisect_right(ranges, (code, MAX_CODE + 1)) - 1
    return index >= 0 and code <= ranges[index][1]


def check_length(chars: int) -> None:
    if chars > MAX_ENDING:
        raise GrammarError(
            f"the shortest text has more than {MAX_ENDING:,} characters",
            hint="give the grammar shorter sentences",
            code="ending_too_long",
        )


def _shortest(
    nodes: list[tuple[int, ...]], ranges: list[Ranges], bodies: list[int]
) -> tuple[list[int | None], dict[int, int]]:
    """The length of each node's shortest text, and each alternative's best option.

    Knuth, *A generalization of Dijkstra's algorithm* (1977): lengths are settled in rising order,
    so each rests on settled ones, and derivations by best options end.
    """
    used_by: list[list[tuple[int, int]]] = [[] for _ in nodes]
    """Node → those that it is a part of, and how many times."""
    waiting = [0] * len(nodes)
    sums = [0] * len(nodes)
    costs: list[int | None] = [None] * len(nodes)
    choices: dict[int, int] = {}
    heap: list[tuple[int, int]] = []
    for number, (kind, *inner) in enumerate(nodes):
        if kind == CHARACTER and ranges[inner[0]]:
            heap.append((1, number))
        elif (kind == SEQ and not inner) or (kind == REPEAT and inner[1] == 0):
            heap.append((0, number))
        elif kind != CHARACTER:
            parts = [bodies[inner[0]]] if kind == RULE else inner[:1] if kind == REPEAT else inner
            waiting[number] = len(parts) if kind == SEQ else 1
            counts: dict[int, int] = {}
            for part in parts:
                counts[part] = counts.get(part, 0) + 1
            for part, times in counts.items():
                used_by[part].append((number, inner[1] if kind == REPEAT else times))
    heapq.heapify(heap)
    while heap:
        cost, node = heapq.heappop(heap)
        if costs[node] is not None:
            continue
        costs[node] = cost
        for user, times in used_by[node]:
            kind = nodes[user][0]
            if kind == ALT:
                if user in choices:
                    continue
                choices[user], times = node, 1
            waiting[user] -= times if kind == SEQ else 1
            sums[user] = min(FOREVER, sums[user] + cost * times)
            if waiting[user] == 0:
                heapq.heappush(heap, (sums[user], user))
    return costs, choices
