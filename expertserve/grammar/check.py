"""What is wrong with a grammar, or will hurt: for `expertserve check`.

Everything here is decided on the grammar itself, not on samples: that a stop sequence can occur,
that a keyword can touch a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from expertserve.errors import GrammarError
from expertserve.findings import Finding, Severity
from expertserve.grammar.analysis import (
    BLANK,
    BLANKS,
    DIGITS,
    NAME,
    NAMES,
    Edges,
    Neighbours,
    Ranges,
    RuleFacts,
    cycles,
    flat_items,
    flat_options,
    is_keyword,
    meet,
    run_of,
    within,
)
from expertserve.grammar.gbnf import parse
from expertserve.grammar.program import MAX_ENDING
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.scan import ANY
from expertserve.grammar.stops import Undecided, example_with
from expertserve.grammar.tree import Alt, Literal, Node, Ref, Repeat, Rules, Seq, walk

LONG_SENTENCE = 512
"""Tokens (characters, without a tokenizer) from which on the shortest sentence is worth a warning.
"""
_SHOWN = 8
_MANY = 1_000
"""Words beyond which they are a list of names themselves."""


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
    facts = RuleFacts(rules)
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


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + more


# Rules


def _useless(facts: RuleFacts) -> Iterator[Finding]:
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


def _recursion(facts: RuleFacts) -> Iterator[Finding]:
    """Left recursion, and rules that may be themselves twice: one finding a cycle."""
    plain: dict[str, set[str]] = {}
    hidden: dict[str, set[str]] = {}
    for name, node in facts.in_order():
        plain[name], hidden[name] = set(), set()
        _first_refs(facts, node, plain[name], hidden[name], over_empty=False)
    for circle in cycles({name: plain[name] | hidden[name] for name in plain}):
        names = sorted(circle, key=lambda name: facts.lines[name])
        yield _left_recursion(
            facts, names, is_hidden=bool(cycles({n: plain[n] & circle for n in names})) is False
        )
        twice = [
            n
            for n in names
            if any(_is_twice(option, circle) for option in flat_options(facts.rules[n]))
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


def _left_recursion(facts: RuleFacts, names: list[str], *, is_hidden: bool) -> Finding:
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
    facts: RuleFacts, node: Node, plain: set[str], hidden: set[str], *, over_empty: bool
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
    items = flat_items(option)
    return len(items) > 1 and all(
        isinstance(item, Ref) and item.name in circle for item in (items[0], items[-1])
    )


# Ambiguity and runs


def _empty_repetitions(facts: RuleFacts) -> Iterator[Finding]:
    for name, node in facts.in_order():
        if any(
            isinstance(n, Repeat) and n.high not in (0, 1) and facts.is_empty(n.item)
            for n in walk(node)
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


def _adjacent_runs(facts: RuleFacts) -> Iterator[Finding]:
    """Adjacent runs of the same characters (`ws ws`), also across rules."""
    begins, ends = Edges(facts, backwards=False), Edges(facts, backwards=True)
    for name, node in facts.in_order():
        if not run_of(facts, Ref(name)) and any(
            _has_neighbours(facts, part, begins, ends) for part in walk(node)
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


def _has_neighbours(facts: RuleFacts, node: Node, begins: Edges, ends: Edges) -> bool:
    match node:
        case Seq(items):
            pass
        case Repeat(item, _, high) if high != 1 and not run_of(facts, node):
            items = (item, item)
        case _:
            return False
    open_runs: list[Ranges] = []
    for item in items:
        first = begins.of(item)
        if first and any(meet(run, first) for run in open_runs):
            return True
        if not facts.is_empty(item):
            open_runs.clear()
        if last := ends.of(item):
            open_runs.append(last)
    return False


_RUNS: tuple[tuple[str, str, Ranges, str], ...] = (
    ("unbounded_blanks", "blanks", BLANKS, 'allow a few: `" "`, or `[ \\n]{1,2}`'),
    ("unbounded_digits", "digits", DIGITS, "say how many, such as `[0-9]{1,10}`"),
    (
        "unbounded_name",
        "letters and digits",
        NAMES,
        "say how many, such as `[a-z] [a-z0-9_]{0,40}`",
    ),
    ("unbounded_text", "characters", ANY.ranges, 'say how many, such as `[^"]{0,200}`'),
)


def _unbounded(facts: RuleFacts) -> Iterator[Finding]:
    for name, node in facts.in_order():
        runs = {run_of(facts, part) for part in walk(node) if isinstance(part, Repeat)} | {
            run_of(facts, Ref(name))
        }
        for code, what, allowed, fix in _RUNS:
            these = {run for run in runs if within(run, allowed)}
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


def _glued(facts: RuleFacts) -> Iterator[Finding]:
    """Words that may touch the next word, because the blank between them is optional."""
    both = BLANK | NAME
    for backwards, message in (
        (False, "can touch the word after it: `{0}x`"),
        (True, "can touch the word before it: `x{0}`"),
    ):
        words = Neighbours(facts, backwards=backwards).words
        glued = {word for word, kinds in words.items() if kinds & both == both}
        places = {
            p.text: facts.lines[n]
            for n, node in facts.in_order()
            for p in walk(node)
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
                "ask for at least one blank beside a word, `[ ]+` rather than `[ ]*`, or let"
                " `grammar_fix: word-boundaries` in training.decoding do it",
            )


def _keyword_names(facts: RuleFacts) -> Iterator[Finding]:
    """Rules for names that take the grammar's own words too."""
    words = sorted(
        {
            p.text
            for _, node in facts.in_order()
            for p in walk(node)
            if isinstance(p, Literal) and is_keyword(p.text)
        }
    )
    for name, node in facts.in_order():
        runs = [run_of(facts, part) for part in walk(node) if isinstance(part, Repeat)]
        is_name = not facts.refs[name] and any(
            within(run, NAMES) and not within(run, DIGITS) for run in runs
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
