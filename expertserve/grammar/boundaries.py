"""A grammar with a blank wherever two words would meet: `SELECT id FROM t`, not `SELECTidFROMt`.

Authors write blanks that may be empty (`ws ::= [ \\t\\n]*`) between the parts of a sentence. Where
one is empty, word characters must not stand on both sides. That is a regular condition of three
states, so its intersection with the grammar is a grammar again (Bar-Hillel, Perles, Shamir 1961):
each part once for each state before it and each behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal as OneOf

from expertserve.grammar.analysis import BLANKS, nullable
from expertserve.grammar.lower import productive, reachable
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.scan import class_of
from expertserve.grammar.tree import MAX_CODE, Alt, Class, Literal, Node, Ref, Repeat, Rules, Seq

State = OneOf["other", "word", "met"]
"""What was written last: no word character; one; one, and behind it an empty blank."""
STATES: tuple[State, ...] = ("other", "word", "met")
WORDS = class_of([(48, 57), (65, 90), (95, 95), (97, 122), (0x80, MAX_CODE)]).ranges
Key = tuple[Node, State, State, bool]
"""A part, the states before and behind it, and whether its empty blanks count."""


@lru_cache(maxsize=32)
def with_boundaries(grammar: Grammar) -> Grammar:
    """The sentences of the grammar in which no empty blank joins two words.

    Raises:
        GrammarError: It has no such sentence.

    Example:
        >>> text = 'root ::= "SELECT" ws [a-z]+\\nws ::= [ ]*'
        >>> fixed = with_boundaries(Grammar.from_gbnf(text))
        >>> fixed.accepts("SELECT a"), fixed.accepts("SELECTa")
        (True, False)
    """
    return Grammar(reachable(productive(_Product(grammar.rules).rules())))


class _Product:
    """The grammar by states, a rule for each part that is needed."""

    def __init__(self, rules: Rules) -> None:
        self._rules, self._root = rules.rules, rules.root
        self._blanks = _blank_rules(rules)
        self._ends: dict[tuple[str, State, bool], frozenset[State]] = {}
        self._find_ends()
        self._names: dict[Key, str] = {}
        self._todo: list[Key] = []

    def rules(self) -> Rules:
        """All of them; `reachable` and `productive` leave out what no sentence needs."""
        root = Ref(self._root)
        behind = self._behind(root, "other", True)
        made: dict[str, Node] = {"root": _alt(behind.values())}
        while self._todo:
            key = self._todo.pop()
            made[self._names[key]] = self._build(*key)
        return Rules(made, {})

    def _find_ends(self) -> None:
        """The states that each rule may leave, from each state: a least fixed point."""
        keys = [(n, s, m) for n in self._rules for s in STATES for m in (True, False)]
        self._ends = dict.fromkeys(keys, frozenset())
        changed = True
        while changed:
            changed = False
            for name, before, marks in keys:
                found = self._states(self._rules[name], before, marks)
                if found != self._ends[name, before, marks]:
                    self._ends[name, before, marks] = found
                    changed = True

    def _states(self, node: Node, before: State, marks: bool) -> frozenset[State]:
        """The states that a part may leave."""
        if marks and self._is_blank(node):
            return frozenset({"other"} if before == "other" else {"other", "met"})
        match node:
            case Literal(text):
                joined = before == "met" and _is_word(text[0])
                return frozenset() if joined else frozenset({_state(text[-1])})
            case Class(ranges):
                return frozenset(_split(ranges, before))
            case Ref(name):
                return self._ends[name, before, marks]
            case Seq(items):
                states = frozenset({before})
                for item in items:
                    states = frozenset(t for s in states for t in self._states(item, s, marks))
                return states
            case Alt(options):
                return frozenset(t for o in options for t in self._states(o, before, marks))
            case Repeat(item, low, high):
                return self._repeated(item, low, high, before, marks)

    def _repeated(
        self, item: Node, low: int, high: int | None, before: State, marks: bool
    ) -> frozenset[State]:
        found: set[State] = {before} if low == 0 else set()
        states, count = frozenset({before}), 0
        seen: set[tuple[frozenset[State], bool]] = set()
        while states and (high is None or count < high) and (states, count >= low) not in seen:
            seen.add((states, count >= low))
            states = frozenset(t for s in states for t in self._states(item, s, marks))
            count += 1
            if count >= low or states in {s for s, _ in seen}:
                found |= states
        return frozenset(found)

    def _is_blank(self, node: Node) -> bool:
        return _is_blank(node, self._blanks)

    def _behind(self, node: Node, before: State, marks: bool) -> dict[State, Node]:
        """By the state behind it, what a part writes from a state on."""
        match node:
            case Literal() | Class() if not (marks and self._is_blank(node)):
                if isinstance(node, Class):
                    return dict(_split(node.ranges, before))
                return dict.fromkeys(self._states(node, before, marks), node)
        states = sorted(self._states(node, before, marks))
        return {t: self._ref((node, before, t, marks)) for t in states}

    def _ref(self, key: Key) -> Ref:
        if key not in self._names:
            self._names[key] = f"part-{len(self._names)}"
            self._todo.append(key)
        return Ref(self._names[key])

    def _build(self, node: Node, before: State, behind: State, marks: bool) -> Node:
        """What a part writes between two states."""
        if marks and self._is_blank(node):
            if behind == "met":
                return Seq()
            start: State = "other" if before == "other" else "word"
            return self._behind(node, start, False)["other"]
        match node:
            case Ref(name):
                return self._build(self._rules[name], before, behind, marks)
            case Seq(()):
                return Seq()
            case Seq(items):
                return self._joined(items[0], _rest(items), before, behind, marks)
            case Alt(options):
                found = (self._behind(o, before, marks) for o in options)
                return _alt(parts[behind] for parts in found if behind in parts)
            case Repeat(item, low, high):
                return self._counted(item, low, high, before, behind, marks)
        return self._behind(node, before, marks)[behind]

    def _joined(self, first: Node, rest: Node, before: State, behind: State, marks: bool) -> Node:
        """Two parts, by the state between them."""
        found = []
        for between, part in self._behind(first, before, marks).items():
            after = self._behind(rest, between, marks)
            if behind in after:
                found.append(Seq((part, after[behind])))
        return _alt(found)

    def _counted(
        self,
        item: Node,
        low: int,
        high: int | None,
        before: State,
        behind: State,
        marks: bool,
    ) -> Node:
        parts = self._behind(item, before, marks)
        if set(parts) <= {before}:  # every copy is like the first
            return Repeat(parts[before], low, high) if parts else Seq()
        empty = [Seq()] if low == 0 and before == behind else []
        if high == 0:
            return _alt(empty)
        rest = Repeat(item, max(low - 1, 0), None if high is None else high - 1)
        more = self._joined(item, rest, before, behind, marks)
        return _alt([*empty, more])


def _rest(items: tuple[Node, ...]) -> Node:
    return items[1] if len(items) == 2 else Seq(items[1:])


def _alt(options: Iterable[Node]) -> Node:
    """One of them; of none, what derives nothing."""
    found = tuple(options)
    if not found:
        return Class(())
    return found[0] if len(found) == 1 else Alt(found)


def _is_word(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in WORDS)


def _state(char: str) -> State:
    return "word" if _is_word(char) else "other"


def _split(ranges: tuple[tuple[int, int], ...], before: State) -> Mapping[State, Node]:
    """A class by what its characters are; no word's may stand behind an empty blank."""
    words, others, rest = [], [], 0
    for low, high in WORDS:
        others.append((rest, low - 1))
        words.append((low, high))
        rest = high + 1
    others.append((rest, MAX_CODE))
    found: dict[State, Node] = {}
    for state, wanted in (("word", words), ("other", others)):
        part = [
            (max(a, c), min(b, d)) for a, b in ranges for c, d in wanted if max(a, c) <= min(b, d)
        ]
        if part and not (state == "word" and before == "met"):
            found[state] = class_of(part)  # type: ignore[index]
    return found


def _blank_rules(rules: Rules) -> frozenset[str]:
    """The rules that write blanks or nothing, and may do either."""
    known = frozenset(nullable(rules))
    while True:
        kept = frozenset(n for n in known if _only_blanks(rules.rules[n], known))
        if kept == known:
            return frozenset(n for n in kept if _writes(rules.rules[n], rules.rules, set()))
        known = kept


def _only_blanks(node: Node, known: frozenset[str]) -> bool:
    match node:
        case Literal(text):
            return not text.strip(" \t\r\n")
        case Class(ranges):
            return all(any(c <= a and b <= d for c, d in BLANKS) for a, b in ranges)
        case Ref(name):
            return name in known
        case Seq(parts) | Alt(parts):
            return all(_only_blanks(part, known) for part in parts)
        case Repeat(item):
            return _only_blanks(item, known)


def _writes(node: Node, rules: Mapping[str, Node], seen: set[str]) -> bool:
    """Whether a part may write anything at all."""
    match node:
        case Literal():
            return True
        case Class(ranges):
            return bool(ranges)
        case Ref(name):
            if name in seen:
                return False
            seen.add(name)
            return _writes(rules[name], rules, seen)
        case Seq(parts) | Alt(parts):
            return any(_writes(part, rules, seen) for part in parts)
        case Repeat(item, _, high):
            return high != 0 and _writes(item, rules, seen)


def _is_blank(node: Node, blanks: frozenset[str]) -> bool:
    """Whether a part is an optional blank."""
    match node:
        case Ref(name):
            return name in blanks
        case Repeat(item, low, high):
            return low == 0 and high != 0 and _only_blanks(item, blanks) and not _bare(item)
        case Seq(parts):
            return bool(parts) and all(_is_blank(part, blanks) for part in parts)
        case Alt(options):
            written = [o for o in options if o != Seq()]
            return (
                bool(written)
                and all(_only_blanks(o, blanks) for o in written)
                and (len(written) < len(options) or any(_is_blank(o, blanks) for o in written))
            )
    return False


def _bare(node: Node) -> bool:
    return isinstance(node, Seq) and not node.items
