"""What a grammar's rules derive, begin and end with: the facts behind the linter's findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from expertserve.grammar.gbnf import class_of
from expertserve.grammar.recognise import names_in
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Rules, Seq

_Ranges = tuple[tuple[int, int], ...]


_BLANKS = class_of([(ord(c), ord(c)) for c in " \t\r\n"]).ranges


_DIGITS = ((48, 57),)


_NAMES = class_of([(48, 57), (65, 90), (95, 95), (97, 122)]).ranges


class _RuleFacts:
    """What most findings need to know about each rule."""

    def __init__(self, rules: Rules) -> None:
        self.rules: Mapping[str, Node] = rules.rules
        self.lines, self.root = rules.lines, rules.root
        self.refs = {name: names_in(node) for name, node in self.rules.items()}
        self.users: dict[str, list[str]] = {name: [] for name in self.rules}
        for name, refs in self.refs.items():
            for ref in refs:
                self.users[ref].append(name)
        self.reachable = self._used_by_root()
        self.productive = self._all_that(empty=False)
        self.nullable = self._all_that(empty=True)

    def _used_by_root(self) -> set[str]:
        seen, todo = {self.root}, [self.root]
        while todo:
            new = self.refs[todo.pop()] - seen
            seen |= new
            todo += new
        return seen

    def _all_that(self, *, empty: bool) -> set[str]:
        """The rules that derive a text (the empty text)."""
        known: set[str] = set()
        todo = list(self.rules)
        while todo:
            name = todo.pop()
            if name not in known and _derives(self.rules[name], known, empty=empty):
                known.add(name)
                todo += self.users[name]
        return known

    def in_order(self) -> Iterator[tuple[str, Node]]:
        """Rules that sentences use, in the order of the text."""
        return ((name, node) for name, node in self.rules.items() if name in self.reachable)

    def is_empty(self, node: Node) -> bool:
        """Whether the node may derive the empty text."""
        return _derives(node, self.nullable, empty=True)


def _derives(node: Node, known: set[str], *, empty: bool) -> bool:
    """Whether the node derives a text (the empty text), if the known rules do."""
    match node:
        case Literal():
            return not empty
        case Class(ranges):
            return bool(ranges) and not empty
        case Ref(name):
            return name in known
        case Seq(items):
            return all(_derives(item, known, empty=empty) for item in items)
        case Alt(options):
            return any(_derives(option, known, empty=empty) for option in options)
        case Repeat(item, low, high):
            return low == 0 or high == 0 or _derives(item, known, empty=empty)


def _nodes(node: Node) -> Iterator[Node]:
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        match node:
            case Seq(parts) | Alt(parts):
                todo += reversed(parts)
            case Repeat(item):
                todo.append(item)


def _options(node: Node) -> tuple[Node, ...]:
    return (
        tuple(inner for option in node.options for inner in _options(option))
        if isinstance(node, Alt)
        else (node,)
    )


def _items(node: Node) -> tuple[Node, ...]:
    return (
        tuple(inner for item in node.items for inner in _items(item))
        if isinstance(node, Seq)
        else (node,)
    )


def _circles(edges: Mapping[str, set[str]]) -> list[set[str]]:
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


def _run(facts: _RuleFacts, node: Node) -> _Ranges:
    """The characters of an unbounded run: `[a]*`, or `a ::= "" | [a] a`; else empty."""
    match node:
        case Repeat(item, _, None):
            return _single(facts, item)
        case Ref(name):
            parts: list[_Ranges] = []
            recursive = False
            for option in _options(facts.rules[name]):
                items = [item for item in _items(option) if item != node]
                if len(items) > 1 or isinstance(option, Repeat):
                    return ()
                recursive |= len(items) == 1 < len(_items(option))
                parts += [_single(facts, item) for item in items]
            return _joined(parts) if recursive and all(parts) else ()
    return ()


def _single(facts: _RuleFacts, node: Node, seen: frozenset[str] = frozenset()) -> _Ranges:
    """The characters that are a whole text of the node."""
    match node:
        case Class(ranges):
            return ranges
        case Literal(text):
            return ((ord(text), ord(text)),) if len(text) == 1 else ()
        case Ref(name) if name not in seen and len(seen) < _DEEP:
            return _single(facts, facts.rules[name], seen | {name})
        case Alt(options):
            return _joined([_single(facts, option, seen) for option in options])
    return ()


def _joined(parts: Iterable[_Ranges]) -> _Ranges:
    return class_of([pair for part in parts for pair in part]).ranges


def _meet(a: _Ranges, b: _Ranges) -> bool:
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i][0] <= b[j][1] and b[j][0] <= a[i][1]:
            return True
        i, j = (i + 1, j) if a[i][1] < b[j][1] else (i, j + 1)
    return False


def _within(a: _Ranges, b: _Ranges) -> bool:
    return bool(a) and _joined([a, b]) == b


_DEEP = 4
"""Rules that only name another rule are followed so far to a character."""


class _Edges:
    """The runs with which rules may begin, or end."""

    def __init__(self, facts: _RuleFacts, *, backwards: bool) -> None:
        self.facts, self.backwards = facts, backwards
        self.known: dict[str, _Ranges] = {name: _run(facts, Ref(name)) for name in facts.rules}
        todo = list(facts.rules)
        while todo:
            name = todo.pop()
            found = _joined([self.known[name], self.of(facts.rules[name])])
            if found != self.known[name]:
                self.known[name] = found
                todo += facts.users[name]

    def of(self, node: Node) -> _Ranges:
        match node:
            case Ref(name):
                return self.known[name]
            case Seq(items):
                found: list[_Ranges] = []
                for item in reversed(items) if self.backwards else items:
                    found.append(self.of(item))
                    if not self.facts.is_empty(item):
                        break
                return _joined(found)
            case Alt(options):
                return _joined([self.of(option) for option in options])
            case Repeat(item):
                return _joined([_run(self.facts, node), self.of(item)])
        return ()


_BLANK, _NAME, _OTHER = 1, 2, 4


def _is_keyword(text: str) -> bool:
    return len(text) > 1 and text.isascii() and text.isalpha()


class _Neighbours:
    """Kinds of characters that may follow (backwards: precede) each word, by FIRST and FOLLOW."""

    def __init__(self, facts: _RuleFacts, *, backwards: bool) -> None:
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
                return _kinds(((code, code),))
            case Class(ranges):
                return _kinds(ranges)
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
            case Literal(text) if _is_keyword(text):
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


def _kinds(ranges: _Ranges) -> int:
    found = (_BLANK if _meet(ranges, _BLANKS) else 0) | (_NAME if _meet(ranges, _NAMES) else 0)
    return found | (0 if _within(ranges, _joined([_BLANKS, _NAMES])) else _OTHER)
