"""Which parts of a grammar may become a lexer's terminals: masks are far cheaper then.

A mask engine's lexer takes the longest match of each terminal. That changes nothing where no word
of the terminal can be followed by a character with which it would go on being one. So a part
becomes a terminal if it is regular and, in the deterministic automaton of its words, no accepting
state has a transition on a character that may follow the part in a sentence.

Sources: the automaton of positions is Glushkov's (*The abstract theory of automata*, 1961); FOLLOW
sets as in Aho, Sethi and Ullman, 4.4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from expertserve.grammar.counts import inlined_sizes
from expertserve.grammar.tree import (
    MAX_CODE,
    Alt,
    Class,
    Literal,
    Node,
    Ref,
    Repeat,
    Rules,
    Seq,
    references,
    walk,
)

MAX_POSITIONS, MAX_STATES = 6_000, 4_000
"""Past these a part stays made of characters: of its automaton, which many parts share."""
MAX_WRITTEN, MAX_SPELT = 6_000, 60_000
"""Past these, too: its characters and classes as written, and with its repetitions spelt out."""
FEW = 8
"""Positions of a rule up to which each place where it is used has its own."""


def split_repeats(rules: Rules, but: Container[str] = ()) -> Rules:
    """Gives each repetition of more than a reference its own rule, which may be a terminal.

    Args:
        but: Rules that stay as they are.
    """
    made: dict[str, Node] = {}

    def split(node: Node, name: str, top: bool) -> Node:
        match node:
            case Seq(items):
                return Seq(tuple(split(i, name, False) for i in items))
            case Alt(options):
                return Alt(tuple(split(o, name, False) for o in options))
            case Repeat(item, low, high) if (low, high) == (0, 1):
                return Repeat(split(item, name, False), 0, 1)
            case Repeat(item, low, high) if not top:
                own = f"{name} repeat {len(made)}"
                made[own] = Seq()  # keeps its place
                made[own] = Repeat(split(item, name, False), max(low, 1), high)
                return Ref(own) if low else Repeat(Ref(own), 0, 1)
            case Repeat(item, low, high):
                return Repeat(split(item, name, False), low, high)
        return node

    whole = {
        name: node if name in but else split(node, name, True) for name, node in rules.rules.items()
    }
    return Rules({**whole, **made}, {n: rules.lines.get(n, 0) for n in (*whole, *made)}, rules.root)


def terminals(
    rules: Rules,
    counting: frozenset[str],
    words: frozenset[str] | None = None,
) -> frozenset[str]:
    """The rules that become terminals: regular, not nullable, delimited by longest match.

    A rule put together of parts that others use too stays a rule: terminals that match the same
    text are what costs. Nor does one that is too long once what it refers to is put into it.

    Args:
        counting: Rules that don't become terminals, nor does what refers to them.
        words: Those that are known to be terminals, unless they are too long; they alone are.
    """
    if words is not None:
        return words.intersection(rules.rules) - _longer(rules, MAX_WRITTEN, counting)
    long = _longer(rules, MAX_WRITTEN, counting, once=True) | _longer(rules, MAX_SPELT, counting)
    alphabet = _Alphabet(rules)
    facts = _TerminalFacts(rules, alphabet, long)
    users: dict[str, set[str]] = {name: set() for name in rules.rules}
    for name, node in rules.rules.items():
        for used in references(node):
            users[used].add(name)
    inside: dict[str, frozenset[str]] = {}
    lexed: set[str] = set()
    done: set[str] = set()
    for name in facts.regular:  # those that are referred to come first
        node = rules.rules[name]
        divides = _divides(node, done)
        inside[name] = frozenset(references(node)).union(
            *(inside[used] for used in references(node))
        )
        alone = all(users[used] <= inside[name] | {name} for used in inside[name])
        if (
            not facts.empty[name]
            and (alone or not divides)
            and _safe(rules, name, alphabet, facts.follow[name])
        ):
            lexed.add(name)
        if divides or name in lexed:
            done.add(name)
    return frozenset(lexed)


def _longer(
    rules: Rules, most: int, never: frozenset[str], *, once: bool = False
) -> frozenset[str]:
    sizes = inlined_sizes(rules, most, never, once=once)
    return frozenset(name for name, size in sizes.items() if size >= most)


def _divides(node: Node, done: set[str]) -> bool:
    """Whether it consists of literals and of finished rules alone."""
    match node:
        case Literal():
            return True
        case Class():
            return False
        case Ref(name):
            return name in done
        case Seq(items) | Alt(items):
            return all(_divides(i, done) for i in items)
        case Repeat(item):
            return _divides(item, done)
    raise AssertionError(node)


class _Alphabet:
    """Partitions the characters as the grammar distinguishes them; sets are bit masks."""

    def __init__(self, rules: Rules) -> None:
        cuts = {0, MAX_CODE + 1}
        for node in rules.rules.values():
            for low, high in _ranges(node):
                cuts |= {low, high + 1}
        self._starts = sorted(cuts)
        self._index = {start: i for i, start in enumerate(self._starts)}
        self.size = len(self._starts) - 1

    def bits(self, ranges: tuple[tuple[int, int], ...]) -> int:
        found = 0
        for low, high in ranges:
            found |= (1 << self._index[high + 1]) - (1 << self._index[low])
        return found

    def char(self, char: str) -> int:
        return self.bits(((ord(char), ord(char)),))


def _ranges(node: Node) -> Iterator[tuple[int, int]]:
    for part in walk(node):
        if isinstance(part, Literal):
            yield from ((ord(c), ord(c)) for c in part.text)
        elif isinstance(part, Class):
            yield from part.ranges


class _TerminalFacts:
    """Of each rule: nullable, FIRST, FOLLOW, and whether it is regular."""

    def __init__(self, rules: Rules, alphabet: _Alphabet, never: frozenset[str]) -> None:
        self._rules, self._alphabet, self._never = rules, alphabet, never
        self.empty = dict.fromkeys(rules.rules, False)
        self.first = dict.fromkeys(rules.rules, 0)
        self.follow = dict.fromkeys(rules.rules, 0)
        self._until_stable(self._grow_first)
        self._until_stable(self._grow_follow)
        self.regular = self._regular()

    def _until_stable(self, grow: object) -> None:
        assert callable(grow)
        while grow():
            pass

    def _grow_first(self) -> bool:
        grown = False
        for name, node in self._rules.rules.items():
            empty, first = self._begin(node)
            if empty != self.empty[name] or first != self.first[name]:
                self.empty[name], self.first[name] = empty, first
                grown = True
        return grown

    def _begin(self, node: Node) -> tuple[bool, int]:
        match node:
            case Literal(text):
                return False, self._alphabet.char(text[0])
            case Class(ranges):
                return False, self._alphabet.bits(ranges)
            case Ref(name):
                return self.empty[name], self.first[name]
            case Seq(items):
                first = 0
                for item in items:
                    empty, begun = self._begin(item)
                    first |= begun
                    if not empty:
                        return False, first
                return True, first
            case Alt(options):
                parts = [self._begin(o) for o in options]
                return any(e for e, _ in parts), _union(f for _, f in parts)
            case Repeat(item, low):
                empty, first = self._begin(item)
                return empty or low == 0, first
        raise AssertionError(node)

    def _grow_follow(self) -> bool:
        before = sum(self.follow.values())
        for name, node in self._rules.rules.items():
            self._after(node, self.follow[name])
        return sum(self.follow.values()) != before

    def _after(self, node: Node, after: int) -> None:
        """Notes that `after` may come after the node."""
        match node:
            case Ref(name):
                self.follow[name] |= after
            case Seq(items):
                for item in reversed(items):
                    self._after(item, after)
                    empty, first = self._begin(item)
                    after = first | after if empty else first
            case Alt(options):
                for option in options:
                    self._after(option, after)
            case Repeat(item, _, high):
                self._after(item, after if high == 1 else after | self._begin(item)[1])

    def _regular(self) -> tuple[str, ...]:
        """Rules that reach no recursive rule, each after those that it refers to."""
        waiting = {name: set(references(node)) for name, node in self._rules.rules.items()}
        users: dict[str, list[str]] = {name: [] for name in waiting}
        for name, used in waiting.items():
            for one in used:
                users[one].append(name)
        found: list[str] = []
        todo = deque(name for name, used in waiting.items() if not used)
        while todo:
            name = todo.popleft()
            if name in self._never:
                continue
            found.append(name)
            for user in users[name]:
                waiting[user].discard(name)
                if not waiting[user]:
                    todo.append(user)
        return tuple(found)


def _union(parts: Iterator[int]) -> int:
    found = 0
    for part in parts:
        found |= part
    return found


# ── the automaton of a part ─────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Piece:
    """A piece of an expression: nullable, and its first and last positions."""

    empty: bool
    first: int
    last: int


class _TooLarge(Exception):
    pass


class _Positions:
    """Glushkov's automaton: a state for each position; sets are bit masks.

    A rule of more than a few positions that is used in several places is built once, so that the
    automaton may take more words than the rule has, never fewer: a part may be thought unsafe that
    isn't.
    """

    def __init__(self, rules: Mapping[str, Node], alphabet: _Alphabet) -> None:
        self._rules, self._alphabet = rules, alphabet
        self._built: dict[str, _Piece] = {}
        self.classes: list[int] = []
        self.follow: list[int] = []

    def build(self, node: Node) -> _Piece:
        match node:
            case Literal(text):
                return self._sequence(self._position(self._alphabet.char(c)) for c in text)
            case Class(ranges):
                return self._position(self._alphabet.bits(ranges))
            case Ref(name):
                if name in self._built:
                    return self._built[name]
                before, part = len(self.classes), self.build(self._rules[name])
                if len(self.classes) - before > FEW:
                    self._built[name] = part
                return part
            case Seq(items):
                return self._sequence(self.build(i) for i in items)
            case Alt(options):
                parts = [self.build(o) for o in options]
                return _Piece(
                    any(p.empty for p in parts),
                    _union(p.first for p in parts),
                    _union(p.last for p in parts),
                )
            case Repeat(item, low, None):
                part = self._sequence(self.build(item) for _ in range(max(low, 1)))
                end = part if low <= 1 else None
                if end is None:
                    end = self.build(item)
                    self._link(part.last, end.first)
                    part = _Piece(
                        part.empty and end.empty,
                        part.first | (end.first if part.empty else 0),
                        part.last | end.last,
                    )
                self._link(end.last, end.first)
                return _Piece(part.empty or low == 0, part.first, part.last)
            case Repeat(item, low, high):
                assert high is not None
                return self._sequence(
                    self._optional(self.build(item), n >= low) for n in range(high)
                )
        raise AssertionError(node)

    def _optional(self, part: _Piece, wanted: bool) -> _Piece:
        return _Piece(part.empty or wanted, part.first, part.last)

    def _position(self, bits: int) -> _Piece:
        if len(self.classes) >= MAX_POSITIONS:
            raise _TooLarge
        place = 1 << len(self.classes)
        self.classes.append(bits)
        self.follow.append(0)
        return _Piece(False, place, place)

    def _sequence(self, parts: Iterator[_Piece]) -> _Piece:
        whole = _Piece(True, 0, 0)
        for part in parts:
            self._link(whole.last, part.first)
            first = whole.first | part.first if whole.empty else whole.first
            last = whole.last | part.last if part.empty else part.last
            whole = _Piece(whole.empty and part.empty, first, last)
        return whole

    def _link(self, before: int, after: int) -> None:
        while before:
            lowest = before & -before
            self.follow[lowest.bit_length() - 1] |= after
            before ^= lowest


def _safe(rules: Rules, name: str, alphabet: _Alphabet, follow: int) -> bool:
    """Whether no word of the rule goes on, as one, with a character that may come after it."""
    automaton = _Positions(rules.rules, alphabet)
    try:
        part = automaton.build(rules.rules[name])
    except _TooLarge:
        return False
    if not follow:
        return True
    letters = [0] * alphabet.size
    for place, bits in enumerate(automaton.classes):
        while bits:
            lowest = bits & -bits
            letters[lowest.bit_length() - 1] |= 1 << place
            bits ^= lowest
    distinct = set(letters) - {0}
    critical = {letters[i] for i in range(alphabet.size) if follow >> i & 1} - {0}
    seen: set[int] = set()
    todo = [part.first & letter for letter in distinct]
    while todo:
        state = todo.pop()
        if not state or state in seen:
            continue
        seen.add(state)
        if len(seen) > MAX_STATES:
            return False
        after, rest = 0, state
        while rest:
            lowest = rest & -rest
            after |= automaton.follow[lowest.bit_length() - 1]
            rest ^= lowest
        if state & part.last and any(after & letter for letter in critical):
            return False
        todo += [after & letter for letter in distinct]
    return True
