"""What a grammar's rules derive, begin and end with: the facts behind the linter's findings."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from expertserve.grammar.scan import class_of
from expertserve.grammar.tree import (
    Alt,
    Class,
    Literal,
    Node,
    Ref,
    Repeat,
    Rules,
    Seq,
    references,
)

Ranges = tuple[tuple[int, int], ...]


BLANKS = class_of([(ord(c), ord(c)) for c in " \t\r\n"]).ranges


DIGITS = ((48, 57),)


NAMES = class_of([(48, 57), (65, 90), (95, 95), (97, 122)]).ranges


class RuleFacts:
    """What most findings need to know about each rule."""

    def __init__(self, rules: Rules) -> None:
        self.rules: Mapping[str, Node] = rules.rules
        self.lines, self.root = rules.lines, rules.root
        self.refs = {name: set(references(node)) for name, node in self.rules.items()}
        self.users: dict[str, list[str]] = {name: [] for name in self.rules}
        for name, refs in self.refs.items():
            for ref in refs:
                self.users[ref].append(name)
        self.reachable = self._used_by_root()
        self.productive = _closure(self.rules, empty=False)
        self.nullable = _closure(self.rules, empty=True)

    def _used_by_root(self) -> set[str]:
        seen, todo = {self.root}, [self.root]
        while todo:
            new = self.refs[todo.pop()] - seen
            seen |= new
            todo += new
        return seen

    def in_order(self) -> Iterator[tuple[str, Node]]:
        """Rules that sentences use, in the order of the text."""
        return ((name, node) for name, node in self.rules.items() if name in self.reachable)

    def is_empty(self, node: Node) -> bool:
        """Whether the node may derive the empty text."""
        return derives(node, self.nullable, empty=True)


def nullable(rules: Rules) -> frozenset[str]:
    """The rules that derive the empty text."""
    return frozenset(_closure(rules.rules, empty=True))


def derivable(rules: Rules) -> frozenset[str]:
    """The rules that derive any text."""
    return frozenset(_closure(rules.rules, empty=False))


def _closure(rules: Mapping[str, Node], *, empty: bool) -> set[str]:
    """The rules that derive a text (the empty text), by a work list over their users.

    Most rules refer to later ones, so that one pass from the last to the first settles most.
    """
    known: set[str] = set()
    left = list(rules)
    for _ in range(2):
        left = [name for name in reversed(left) if not _settled(rules, name, known, empty)][::-1]
    users: dict[str, list[str]] = {}
    for name in left:
        for ref in set(references(rules[name])):
            users.setdefault(ref, []).append(name)
    todo = left
    while todo:
        name = todo.pop()
        if name not in known and _settled(rules, name, known, empty):
            todo += users.get(name, ())
    return known


def _settled(rules: Mapping[str, Node], name: str, known: set[str], empty: bool) -> bool:
    if not derives(rules[name], known, empty=empty):
        return False
    known.add(name)
    return True


def derives(node: Node, known: Container[str], *, empty: bool) -> bool:
    """Whether the node derives a text (the empty text), if the known rules do."""
    match node:
        case Literal():
            return not empty
        case Class(ranges):
            return bool(ranges) and not empty
        case Ref(name):
            return name in known
        case Seq(items):
            return all(derives(item, known, empty=empty) for item in items)
        case Alt(options):
            return any(derives(option, known, empty=empty) for option in options)
        case Repeat(item, low, high):
            return low == 0 or high == 0 or derives(item, known, empty=empty)


def flat_options(node: Node) -> tuple[Node, ...]:
    return (
        tuple(inner for option in node.options for inner in flat_options(option))
        if isinstance(node, Alt)
        else (node,)
    )


def flat_items(node: Node) -> tuple[Node, ...]:
    return (
        tuple(inner for item in node.items for inner in flat_items(item))
        if isinstance(node, Seq)
        else (node,)
    )


def cycles(edges: Mapping[str, set[str]]) -> list[set[str]]:
    """Strongly connected components with an edge inside (Tarjan 1972, with a stack of its own)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    found = []
    for start in edges:
        work = [] if start in index else [(start, iter(sorted(edges[start])))]
        while work:
            name, following = work[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                path.append(name)
                on_path.add(name)
            other = next((o for o in following if o not in index or o in on_path), None)
            if other is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    circle = {path.pop()}
                    while name not in circle:
                        circle.add(path.pop())
                    on_path -= circle
                    if len(circle) > 1 or name in edges[name]:
                        found.append(circle)
            elif other in on_path:
                low[name] = min(low[name], index[other])
            else:
                work.append((other, iter(sorted(edges[other]))))
    return found


def run_of(facts: RuleFacts, node: Node) -> Ranges:
    """The characters of an unbounded run: `[a]*`, or `a ::= "" | [a] a`; else empty."""
    match node:
        case Repeat(item, _, None):
            return single(facts, item)
        case Ref(name):
            parts: list[Ranges] = []
            recursive = False
            for option in flat_options(facts.rules[name]):
                items = [item for item in flat_items(option) if item != node]
                if len(items) > 1 or isinstance(option, Repeat):
                    return ()
                recursive |= len(items) == 1 < len(flat_items(option))
                parts += [single(facts, item) for item in items]
            return joined(parts) if recursive and all(parts) else ()
    return ()


def single(facts: RuleFacts, node: Node, seen: frozenset[str] = frozenset()) -> Ranges:
    """The characters that are a whole text of the node."""
    match node:
        case Class(ranges):
            return ranges
        case Literal(text):
            return ((ord(text), ord(text)),) if len(text) == 1 else ()
        case Ref(name) if name not in seen and len(seen) < _DEEP:
            return single(facts, facts.rules[name], seen | {name})
        case Alt(options):
            return joined([single(facts, option, seen) for option in options])
    return ()


def joined(parts: Iterable[Ranges]) -> Ranges:
    return class_of([pair for part in parts for pair in part]).ranges


def meet(a: Ranges, b: Ranges) -> bool:
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i][0] <= b[j][1] and b[j][0] <= a[i][1]:
            return True
        i, j = (i + 1, j) if a[i][1] < b[j][1] else (i, j + 1)
    return False


def within(a: Ranges, b: Ranges) -> bool:
    return bool(a) and joined([a, b]) == b


_DEEP = 4
"""Rules that only name another rule are followed so far to a character."""


class Edges:
    """The runs with which rules may begin, or end."""

    def __init__(self, facts: RuleFacts, *, backwards: bool) -> None:
        self.facts, self.backwards = facts, backwards
        self.known: dict[str, Ranges] = {name: run_of(facts, Ref(name)) for name in facts.rules}
        todo = list(facts.rules)
        while todo:
            name = todo.pop()
            found = joined([self.known[name], self.of(facts.rules[name])])
            if found != self.known[name]:
                self.known[name] = found
                todo += facts.users[name]

    def of(self, node: Node) -> Ranges:
        match node:
            case Ref(name):
                return self.known[name]
            case Seq(items):
                found: list[Ranges] = []
                for item in reversed(items) if self.backwards else items:
                    found.append(self.of(item))
                    if not self.facts.is_empty(item):
                        break
                return joined(found)
            case Alt(options):
                return joined([self.of(option) for option in options])
            case Repeat(item):
                return joined([run_of(self.facts, node), self.of(item)])
        return ()


BLANK, NAME, OTHER = 1, 2, 4


def is_keyword(text: str) -> bool:
    return len(text) > 1 and text.isascii() and text.isalpha()


class Neighbours:
    """Kinds of characters that may follow (backwards: precede) each word, by FIRST and FOLLOW."""

    def __init__(self, facts: RuleFacts, *, backwards: bool) -> None:
        self.facts, self.backwards = facts, backwards
        self.first: dict[str, int] = dict.fromkeys(facts.rules, 0)
        self.follow: dict[str, int] = dict.fromkeys(facts.rules, 0)
        self.words: dict[str, int] = {}
        todo = list(facts.rules)
        while todo:
            name = todo.pop()
            found = self._first(facts.rules[name])
            if found != self.first[name]:
                self.first[name] = found
                todo += facts.users[name]
        todo = [name for name, _ in facts.in_order()]
        while todo:
            name = todo.pop()
            todo += self._walk(facts.rules[name], self.follow[name])

    def _first(self, node: Node) -> int:
        found = 0
        match node:
            case Literal(text):
                code = ord(text[-1 if self.backwards else 0])
                return kinds(((code, code),))
            case Class(ranges):
                return kinds(ranges)
            case Ref(name):
                return self.first[name]
            case Seq(items):
                for item in reversed(items) if self.backwards else items:
                    found |= self._first(item)
                    if not self.facts.is_empty(item):
                        break
            case Alt(options):
                for option in options:
                    found |= self._first(option)
            case Repeat(item, _, high) if high != 0:
                found = self._first(item)
        return found

    def _walk(self, node: Node, after: int) -> set[str]:
        """Records what follows all parts of the node. Returns the rules that changed."""
        changed: set[str] = set()
        match node:
            case Literal(text) if is_keyword(text):
                self.words[text] = self.words.get(text, 0) | after
            case Ref(name) if self.follow[name] | after != self.follow[name]:
                self.follow[name] |= after
                return {name}
            case Seq(items):
                for item in items if self.backwards else reversed(items):
                    changed |= self._walk(item, after)
                    after = self._first(item) | (after if self.facts.is_empty(item) else 0)
            case Alt(options):
                for option in options:
                    changed |= self._walk(option, after)
            case Repeat(item, _, high) if high != 0:
                return self._walk(item, after if high == 1 else after | self._first(item))
        return changed


def kinds(ranges: Ranges) -> int:
    found = (BLANK if meet(ranges, BLANKS) else 0) | (NAME if meet(ranges, NAMES) else 0)
    return found | (0 if within(ranges, joined([BLANKS, NAMES])) else OTHER)
