"""A grammar's tree → GLRM, glrmask's own notation.

It says what Lark can't: a terminal may be an automaton. Any string but some names, or of a pattern
and a length, is one of hundreds of states; as a regular expression it would be as long as all its
ways together.

Source: https://github.com/IsaacBreen/glrmask
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from expertserve.grammar.counts import chained, inlined_sizes, size_of
from expertserve.grammar.expressions import char_class, parenthesised, pattern_of, patterns
from expertserve.grammar.lower import (
    productive,
    reachable,
    without_empty_repeats,
)
from expertserve.grammar.terminals import MAX_WRITTEN, split_repeats, terminals
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
    walk,
)

END = b"\xff"
"""What ends a sentence: a byte of no text."""
HEAD = f'glrm 1;\nstart s;\nnt s = r0 E;\nt E = b"\\x{END.hex()}";\n'
MOST_EDGES = 20_000
"""Of all automata: those with fewer come first, and the others are spelt by characters."""
CUT = Literal("-")
"""What stands for an automaton while the rest is rewritten."""
SMALL = 1_000
"""Characters and classes on one edge."""
FAR, FURTHEST = 16, 100_000
"""Times up to which the lexer may have a state for each, and up to which it counts."""
LARGE = 200
"""Characters and classes of a word beside which none is counted."""
MOST_SAID = 60_000
"""Characters of such a word."""
FEW = 2
"""States up to which a terminal is a regular expression."""


@dataclass(frozen=True, slots=True)
class GlrmText:
    """A grammar in GLRM.

    Args:
        spelt: Whether some of it is read character by character, and not by a lexer.
    """

    text: str
    spelt: bool


def to_glrm(rules: Rules) -> GlrmText:
    """The grammar in GLRM; rules are renamed, as GBNF allows more.

    What a lexer cuts rightly becomes a terminal (see `expertserve.grammar.terminals`); the rest is
    made of characters. A sentence ends with `END`: the engine confuses a word that goes on with one
    that begins behind it, and says of `[bc]* "c"` that it is complete after `bcb`; it doesn't where
    another word must come.

    Example:
        >>> from expertserve.grammar.gbnf import parse
        >>> print(to_glrm(parse('root ::= "<" root? ">" | [0-9]+')).text)
        glrm 1;
        start s;
        nt s = r0 E;
        t E = b"\\xff";
        nt r0 = "<" r0? ">" | T1;
        t T1 = /[\\x30-\\x39]+/;
        <BLANKLINE>
    """
    whole = reachable(productive(rules))
    automata = _Automata(whole, rules.words or frozenset())
    counted = {} if automata.wanted else _counted(whole, rules.words or frozenset())
    cut = dict.fromkeys([*automata.wanted, *counted], CUT)
    left, counting = chained(
        without_empty_repeats(reachable(replace(whole, rules={**whole.rules, **cut})))
    )
    if rules.words is None:
        left = reachable(split_repeats(left))
    lexed = terminals(left, counting, rules.words) - {left.root}
    kept = reachable(split_repeats(left, lexed), stop=lexed)
    words = [name for name in kept.rules if name in lexed]
    plain = patterns(left.rules, [name for name in words if name not in cut])
    bodies = {
        n: f"/{plain[n]}/" if n in plain else counted.get(n) or automata.text(n) for n in words
    }
    names = _names(kept, bodies)
    lines = [
        f"nt {names[name]} = {_said(node, names, 0)};\n"
        for name, node in kept.rules.items()
        if name == kept.root or not (name in lexed or isinstance(node, Ref))
    ]
    lines += dict.fromkeys(f"t {names[name]} = {body};\n" for name, body in bodies.items())
    others = distinct(node for name, node in kept.rules.items() if name not in lexed)
    spelt = any(isinstance(p, Class) and len(p.ranges) > 1 for p in others)
    return GlrmText(HEAD + "".join(lines), spelt)


def _names(rules: Rules, bodies: Mapping[str, str]) -> dict[str, str]:
    """New ones: equal terminals have one name, and so has a rule that only names another."""
    numbers = {name: number for number, name in enumerate(rules.rules)}
    first: dict[str, str] = {}
    names: dict[str, str] = {}
    for name in numbers:
        at = name
        while at not in bodies and isinstance(node := rules.rules[at], Ref):
            at = node.name
        word = bodies.get(at)
        names[name] = (
            f"r{numbers[at]}" if word is None else first.setdefault(word, f"T{numbers[at]}")
        )
    return {**names, rules.root: f"r{numbers[rules.root]}"}


# ── rules ───────────────────────────────────────────────────────────────────────────────────────


def _said(node: Node, names: Mapping[str, str], level: int) -> str:
    """Level 0 takes alternatives, 1 sequences, 2 single items."""
    match node:
        case Literal(text):
            return '"' + "".join(map(_escaped, text)) + '"'
        case Class(ranges):
            return f"/{char_class(ranges)}/"
        case Ref(name):
            return names[name]
        case Seq(()):
            return "eps"
        case Seq(items):
            return parenthesised(" ".join(_said(i, names, 1) for i in items), level >= 2)
        case Alt(options):
            return parenthesised(" | ".join(_said(o, names, 1) for o in options), level >= 1)
        case Repeat(item, low, high):
            inner = _said(item, names, 2)
            return parenthesised(inner, isinstance(item, Repeat)) + _times(low, high)
    raise AssertionError(node)


def _times(low: int, high: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
    return short or f"{{{low},{'' if high is None else high}}}"


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if " " <= char <= "~" else f"\\u{{{ord(char):x}}}"


def _counted(rules: Rules, words: frozenset[str]) -> dict[str, str]:
    """Words in which one thing is counted, and what is said of them.

    Alone, the engine's lexer has a state for each count. Of a terminal that is both of two it has
    a state for each of either, and looks for those of both when it needs them: so a word is
    itself, and the same without the counts. Beside other words of many states, of which it makes
    pairs as well, that costs more than it saves.
    """
    found: dict[str, str] = {}
    own = sorted(words.intersection(rules.rules) - {rules.root})
    sizes = inlined_sizes(rules, MAX_WRITTEN, frozenset())
    for name in own:
        node = rules.rules[name]
        counts = [max(p.low, p.high or 0) for p in walk(node) if isinstance(p, Repeat)]
        far = [count for count in counts if count > 1]
        if len(far) != 1 or not FAR < far[0] <= FURTHEST:
            if sizes[name] > LARGE:
                return {}
            continue
        made = patterns(rules.rules, references(node))
        exact = pattern_of(node, rules.rules, made)
        if len(exact) <= MOST_SAID:
            found[name] = f"/{exact}/ & /{pattern_of(_uncounted(node), rules.rules, made)}/"
    return found


def _uncounted(node: Node) -> Node:
    """The node with what is counted far in any number."""
    match node:
        case Seq(items):
            return Seq(tuple(map(_uncounted, items)))
        case Alt(options):
            return Alt(tuple(map(_uncounted, options)))
        case Repeat(item, low, high):
            far = max(low, high or 0) > FAR
            return Repeat(_uncounted(item), *((0, None) if far else (low, high)))
    return node


# ── automata ────────────────────────────────────────────────────────────────────────────────────


class _Automata:
    """Which words are automata: each way through them ends, or ends in another rule.

    They are the states that no regular expression may repeat; what else they refer to is small.
    """

    def __init__(self, rules: Rules, words: frozenset[str]) -> None:
        self._rules = rules.rules
        self._sizes = _Sizes(rules)
        self._labels: dict[tuple[int, ...], str] = {}
        self._edges: dict[str, list[tuple[tuple[Node, ...], str | None]] | None] = {}
        own = words.intersection(rules.rules) - {rules.root}
        states = {name: self._states(name) or [] for name in sorted(own)}
        sizes = {
            name: sum(len(self._edges[state] or ()) for state in found)
            for name, found in states.items()
            if len(found) > FEW
        }
        ordered = sorted(sizes, key=sizes.__getitem__)
        sums = itertools.accumulate(sizes[name] for name in ordered)
        self.wanted = frozenset(
            name for name, total in zip(ordered, sums, strict=True) if total <= MOST_EDGES
        )

    def _states(self, name: str) -> list[str] | None:
        """The rules that are its states, itself first; None where it is no automaton."""
        found, todo, size = {name: True}, [name], 0
        while todo:
            at = todo.pop()
            if at not in self._edges:
                self._edges[at] = self._ways(self._rules[at])
            edges = self._edges[at]
            size += len(edges or ())
            if edges is None or size > MOST_EDGES:
                return None
            for _, target in edges:
                if target is not None and target not in found:
                    found[target] = True
                    todo.append(target)
        return list(found)

    def _ways(self, node: Node) -> list[tuple[tuple[Node, ...], str | None]] | None:
        match node:
            case Ref(name):
                return [((), name)]
            case Alt(options):
                parts = [self._ways(option) for option in options]
                return None if None in parts else [w for part in parts if part for w in part]
            case Repeat(item, 0, 1):
                inner = self._ways(item)
                return None if inner is None else [*inner, ((), None)]
            case Seq((*before, last)):
                ends = self._ways(last)
                if ends is None or not all(map(self._is_small, before)):
                    return None
                return [((*before, *items), target) for items, target in ends]
        return [((node,), None)] if self._is_small(node) else None

    def _is_small(self, node: Node) -> bool:
        return size_of(node, self._sizes) < SMALL

    def text(self, name: str) -> str:
        """The automaton in GLRM."""
        states = self._states(name)
        assert states is not None
        numbers = {state: f"s{i}" for i, state in enumerate(states)}
        edges = [
            (numbers[state], items, numbers[target] if target is not None else "end")
            for state in states
            for items, target in self._edges[state] or ()
        ]
        used = {n for _, items, _ in edges for item in items for n in references(item)}
        made = patterns(self._rules, sorted(used))
        lines = [f"edge {a} -> {b}: {self._label(items, made)};" for a, items, b in edges]
        return "fa { start s0; accept end; " + " ".join(lines) + " }"

    def _label(self, items: tuple[Node, ...], made: Mapping[str, str]) -> str:
        key = tuple(map(id, items))  # rules share most of their parts
        if key not in self._labels:
            said = pattern_of(Seq(items), self._rules, made)
            self._labels[key] = f"/{said}/" if said else "eps"
        return self._labels[key]


class _Sizes(dict[str, int]):
    """Of each rule, see `inlined_sizes`; found out when one is asked for, as few are."""

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, name: str) -> int:
        self.update(inlined_sizes(self._rules, MAX_WRITTEN, frozenset()))
        return self[name]
