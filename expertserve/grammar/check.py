"""What is wrong with a grammar, or will hurt: for `expertserve check`.

Everything here is decided on the grammar itself, not on samples: that a stop sequence can occur,
that a keyword can touch a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from expertserve.errors import GrammarError
from expertserve.findings import Finding, Severity
from expertserve.grammar.gbnf import ANY, class_of, parse
from expertserve.grammar.program import MAX_ENDING
from expertserve.grammar.recognise import Grammar, names_in
from expertserve.grammar.stops import Undecided, example_with
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Rules, Seq

_Ranges = tuple[tuple[int, int], ...]
LONG_SENTENCE = 512
"""Tokens (characters, without a tokenizer) from which on the shortest sentence is worth a warning.
"""
_SHOWN = 8
_MANY = 1_000
"""Words beyond which they are a list of names themselves."""

_BLANKS = class_of([(ord(c), ord(c)) for c in " \t\r\n"]).ranges
_DIGITS = ((48, 57),)
_NAMES = class_of([(48, 57), (65, 90), (95, 95), (97, 122)]).ranges


class TextEncoder(Protocol):
    """What is needed of a tokenizer."""

    def encode_plain(self, text: str, /) -> Sequence[int]:
        """Token ids of a text in which nothing is a special token."""


def check(
    grammar_text: str | bytes, *, stops: Sequence[str] = (), tokenizer: TextEncoder | None = None
) -> list[Finding]:
    """Lints a grammar: findings by severity, then line. Never raises for a bad grammar.

    Args:
        stops: The stop sequences that it is used with.
        tokenizer: To count the tokens of the shortest sentence.

    Example:
        >>> [f.code for f in check('root ::= root "a" | "b"')]
        ['left_recursion', 'unbounded_name', 'shortest_sentence']
    """
    try:
        rules = parse(grammar_text)
    except GrammarError as error:
        return [
            Finding(
                error.code,
                "error",
                error.line,
                error.message,
                "the grammar can't be read",
                error.hint,
            )
        ]
    facts = _RuleFacts(rules)
    found = [
        *_useless(facts),
        *_recursion(facts),
        *_empty_repetitions(facts),
        *_adjacent_runs(facts),
        *_unbounded(facts),
    ]
    found += [*_glued(facts), *_keyword_names(facts)]
    try:
        grammar = Grammar(rules)
        found += [*_stops(grammar, stops), *_shortest(grammar, tokenizer)]
    except GrammarError as error:
        found.append(
            Finding(
                error.code,
                "error",
                error.line,
                error.message,
                "no output could ever be complete",
                error.hint,
            )
        )
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda f: (order[f.severity], f.line, f.code))


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


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + more


# Rules


def _useless(facts: _RuleFacts) -> Iterator[Finding]:
    for name, line in facts.lines.items():
        if name not in facts.reachable:
            reason = "it costs reading and has no effect"
            yield Finding(
                "unreachable_rule",
                "warning",
                line,
                f"no sentence uses the rule `{name}`",
                reason,
                "refer to it, or remove it",
            )
        elif name not in facts.productive:
            reason = "every alternative that needs it is dead, and is left out"
            fix = "give it an alternative that comes to an end"
            yield Finding(
                "unproductive_rule",
                "warning",
                line,
                f"the rule `{name}` derives no text",
                reason,
                fix,
            )


def _recursion(facts: _RuleFacts) -> Iterator[Finding]:
    """Left recursion, and rules that may be themselves twice: one finding a cycle."""
    plain: dict[str, set[str]] = {}
    hidden: dict[str, set[str]] = {}
    for name, node in facts.in_order():
        plain[name], hidden[name] = set(), set()
        _first_refs(facts, node, plain[name], hidden[name], over_empty=False)
    for circle in _circles({name: plain[name] | hidden[name] for name in plain}):
        names = sorted(circle, key=lambda name: facts.lines[name])
        yield _left_recursion(
            facts, names, is_hidden=bool(_circles({n: plain[n] & circle for n in names})) is False
        )
        twice = [
            n
            for n in names
            if any(_is_twice(option, circle) for option in _options(facts.rules[n]))
        ]
        if twice:
            yield Finding(
                "ambiguous_recursion",
                "warning",
                facts.lines[twice[0]],
                f"{_listed(twice)} may begin and end with a rule that it is part of itself",
                "`a + b + c` then has several derivations: masks and their compilation cost a"
                " multiple",
                "write one operand after the other: `operand (operator operand)*`",
            )


def _left_recursion(facts: _RuleFacts, names: list[str], *, is_hidden: bool) -> Finding:
    kind = "hidden" if is_hidden else "direct" if len(names) == 1 else "indirect"
    behind = " after something that may be empty" if is_hidden else ""
    return Finding(
        "left_recursion",
        "warning",
        facts.lines[names[0]],
        f"{_listed(names)} may begin with {'itself' if len(names) == 1 else 'each other'}{behind}"
        f" ({kind} left recursion)",
        "llama.cpp refuses such grammars; here they work",
        'write lists as `item ("," item)*`',
    )


def _first_refs(
    facts: _RuleFacts, node: Node, plain: set[str], hidden: set[str], *, over_empty: bool
) -> None:
    """The rules that the node may begin with; `hidden` are those behind a nullable part."""
    match node:
        case Ref(name):
            (hidden if over_empty else plain).add(name)
        case Seq(items):
            for item in items:
                _first_refs(facts, item, plain, hidden, over_empty=over_empty)
                if not facts.is_empty(item):
                    return
                over_empty = True
        case Alt(options):
            for option in options:
                _first_refs(facts, option, plain, hidden, over_empty=over_empty)
        case Repeat(item):
            _first_refs(facts, item, plain, hidden, over_empty=over_empty)


def _is_twice(option: Node, circle: set[str]) -> bool:
    items = _items(option)
    return len(items) > 1 and all(
        isinstance(item, Ref) and item.name in circle for item in (items[0], items[-1])
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


# Ambiguity and runs


def _empty_repetitions(facts: _RuleFacts) -> Iterator[Finding]:
    for name, node in facts.in_order():
        if any(
            isinstance(n, Repeat) and n.high not in (0, 1) and facts.is_empty(n.item)
            for n in _nodes(node)
        ):
            yield Finding(
                "empty_repetition",
                "warning",
                facts.lines[name],
                f"`{name}` repeats something that may be empty",
                "the same text then has several derivations: some engines take seconds for a"
                " character",
                "let the repeated part have at least one character, and repeat from 0 times",
            )


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


def _adjacent_runs(facts: _RuleFacts) -> Iterator[Finding]:
    """Adjacent runs of the same characters (`ws ws`), also across rules."""
    begins, ends = _Edges(facts, backwards=False), _Edges(facts, backwards=True)
    for name, node in facts.in_order():
        if not _run(facts, Ref(name)) and any(
            _has_neighbours(facts, part, begins, ends) for part in _nodes(node)
        ):
            yield Finding(
                "adjacent_runs",
                "warning",
                facts.lines[name],
                f"in `{name}`, a run of characters without bound can be followed by another of the"
                " same characters",
                "which of them takes a character is ambiguous: masks and their compilation cost a"
                " multiple",
                "let only one of two neighbours take blanks: by custom, each word those after it",
            )


def _has_neighbours(facts: _RuleFacts, node: Node, begins: _Edges, ends: _Edges) -> bool:
    match node:
        case Seq(items):
            pass
        case Repeat(item, _, high) if high != 1 and not _run(facts, node):
            items = (item, item)
        case _:
            return False
    open_runs: list[_Ranges] = []
    for item in items:
        first = begins.of(item)
        if first and any(_meet(run, first) for run in open_runs):
            return True
        if not facts.is_empty(item):
            open_runs.clear()
        if last := ends.of(item):
            open_runs.append(last)
    return False


_RUNS: tuple[tuple[str, str, _Ranges, str], ...] = (
    ("unbounded_blanks", "blanks", _BLANKS, 'allow a few: `" "`, or `[ \\n]{1,2}`'),
    ("unbounded_digits", "digits", _DIGITS, "say how many, such as `[0-9]{1,10}`"),
    (
        "unbounded_name",
        "letters and digits",
        _NAMES,
        "say how many, such as `[a-z] [a-z0-9_]{0,40}`",
    ),
    ("unbounded_text", "characters", ANY.ranges, 'say how many, such as `[^"]{0,200}`'),
)


def _unbounded(facts: _RuleFacts) -> Iterator[Finding]:
    for name, node in facts.in_order():
        runs = {_run(facts, part) for part in _nodes(node) if isinstance(part, Repeat)} | {
            _run(facts, Ref(name))
        }
        for code, what, within, fix in _RUNS:
            these = {run for run in runs if _within(run, within)}
            runs -= these
            if these:
                reason = "a small model can run away in it, up to `max_tokens`"
                yield Finding(
                    code,
                    "warning",
                    facts.lines[name],
                    f"`{name}` takes {what} without end",
                    reason,
                    fix,
                )


# Keywords

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


def _glued(facts: _RuleFacts) -> Iterator[Finding]:
    """Words that may touch the next word, because the blank between them is optional."""
    both = _BLANK | _NAME
    for backwards, message in (
        (False, "can touch the word after it: `{0}x`"),
        (True, "can touch the word before it: `x{0}`"),
    ):
        words = _Neighbours(facts, backwards=backwards).words
        glued = {word for word, kinds in words.items() if kinds & both == both}
        places = {
            p.text: facts.lines[n]
            for n, node in facts.in_order()
            for p in _nodes(node)
            if isinstance(p, Literal) and p.text in glued
        }
        if glued:
            first, *_ = names = sorted(glued, key=lambda word: (places[word], word))
            yield Finding(
                "glued_keywords",
                "warning",
                places[first],
                f"{_listed(names)} {message.format(first)}",
                "the blanks beside them are optional, so texts such as `SELECTidFROMusers` are"
                " sentences, and no parser takes them",
                "ask for at least one blank beside a word: `[ ]+` rather than `[ ]*`",
            )


def _keyword_names(facts: _RuleFacts) -> Iterator[Finding]:
    """Rules for names that take the grammar's own words too."""
    words = sorted(
        {
            p.text
            for _, node in facts.in_order()
            for p in _nodes(node)
            if isinstance(p, Literal) and _is_keyword(p.text)
        }
    )
    for name, node in facts.in_order():
        runs = [_run(facts, part) for part in _nodes(node) if isinstance(part, Repeat)]
        is_name = not facts.refs[name] and any(
            _within(run, _NAMES) and not _within(run, _DIGITS) for run in runs
        )
        if not words or not is_name or name not in facts.productive or len(words) > _MANY:
            continue
        grammar = Grammar(Rules({name: node}, facts.lines, name))
        taken = [word for word in words if grammar.accepts(word)]
        if taken:
            yield Finding(
                "keyword_as_name",
                "warning",
                facts.lines[name],
                f"`{name}` takes the words {_listed(taken)} for names",
                "the text is then a sentence here, and a syntax error to whoever reads it",
                "quote names, or take them from a list, such as a schema",
            )


# Stops and lengths


def _stops(grammar: Grammar, stops: Sequence[str]) -> Iterator[Finding]:
    for stop in filter(None, stops):
        try:
            example = example_with(grammar.program, stop)
        except Undecided:
            reason = "the grammar is too large to tell whether it can"
            yield Finding(
                "stop_undecided",
                "info",
                0,
                f"the stop sequence {stop!r} may occur inside a sentence",
                reason,
                "try a shorter one",
            )
            continue
        if example is None:
            reason = (
                "with the grammar it is never generated; the grammar itself says where the text"
                " ends"
            )
            yield Finding(
                "stop_never",
                "info",
                0,
                f"no sentence contains the stop sequence {stop!r}",
                reason,
                "remove it",
            )
            continue
        at = max(0, example.find(stop))
        shown = ("…" if at > 20 else "") + example[max(0, at - 20) : at + len(stop) + 20]
        yield Finding(
            "stop_inside_sentence",
            "warning",
            0,
            f"the stop sequence {stop!r} can occur inside a sentence: {shown!r}",
            "engines that look for it in the text cut the sentence there; here it acts only where"
            " the sentence is complete",
            "remove it: the grammar says where the text ends",
        )


def _shortest(grammar: Grammar, tokenizer: TextEncoder | None) -> Iterator[Finding]:
    line = grammar.rules.lines.get(grammar.rules.root, 0)
    count, size = grammar.min_chars, f"{grammar.min_chars:,} characters"
    if count == 0:
        reason = "a model may answer with nothing at all"
        yield Finding(
            "empty_sentence",
            "warning",
            line,
            "the empty text is a sentence",
            reason,
            "ask for at least one character",
        )
    if tokenizer is not None and count <= MAX_ENDING:
        count = len(tokenizer.encode_plain(grammar.shortest_completion("") or ""))
        size += f", {count:,} tokens"
    severity: Severity = "warning" if count >= LONG_SENTENCE else "info"
    reason = "with a smaller `max_tokens`, no output can be complete"
    yield Finding(
        "shortest_sentence",
        severity,
        line,
        f"the shortest sentence has {size}",
        reason,
        "nothing, if that is meant",
    )
