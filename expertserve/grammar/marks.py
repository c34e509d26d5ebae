"""Terminals that are no characters: spans of a source, and tokens.

`<source>` is a span of the user's text; `<think>`, `<[5]>`, `!<think>` are tokens (llama.cpp's).
Each is written into the rules as one character of a block that no text has, so that the rest of a
grammar's tools need not know of them; what it means, its `Mark` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal as Word

from expertserve.errors import GrammarError
from expertserve.grammar.scan import class_of
from expertserve.grammar.tree import (
    MARKS,
    Alt,
    Class,
    Literal,
    Mark,
    Node,
    Repeat,
    Rules,
    Seq,
    distinct,
)
from expertserve.grammar.write import write

MOST = 64
"""Different marks of one grammar."""
SourceForm = Word["text", "json", "sql", "cypher", "number", "integer"]
TOKEN = re.compile(r"(!?)<(?:\[([0-9]{1,9})\]|([^\[\]<>\s][^<>\r\n]{0,200}))>")
_SOURCE = re.compile(
    r"<source(?::(?P<form>json|sql|cypher|number|integer))?(?P<any_case>:any-case)?"
    r"(?::(?P<low>(?:\(?-?[0-9]+(?:\.[0-9]+)?)?)\.\.(?P<high>(?:-?[0-9]+(?:\.[0-9]+)?\)?)?))?>"
)
_SCHEMA = re.compile(
    r"<schema:(?P<role>column|star|sort|from|path|held|item|any|number|text|truth)>"
)
_BUT = class_of([MARKS], negated=True).ranges


@dataclass(frozen=True, slots=True)
class SourceMark:
    """A span of the source.

    Args:
        form: How it is spelt: as it is, or with a language's escapes.
        any_case: Whether letters from A to Z may have the other case.
        low, high: Of a text, its characters; of a number, its value: `0..10` with both, `(0..10)`
            without them.
    """

    form: SourceForm = "text"
    any_case: bool = False
    low: str = ""
    high: str = ""

    def __str__(self) -> str:
        form = "" if self.form == "text" else f":{self.form}"
        bounds = f":{self.low}..{self.high}" if self.low or self.high else ""
        return f"<source{form}{':any-case' if self.any_case else ''}{bounds}>"


@dataclass(frozen=True, slots=True)
class TokenMark:
    """One token: this one, or any other.

    Args:
        name: Its text, where it isn't named by its id.
    """

    id: int | None
    name: str = ""
    other: bool = False

    def __str__(self) -> str:
        return f"{'!' if self.other else ''}<{self.name or f'[{self.id}]'}>"


Role = Word[
    "column", "star", "sort", "from", "path", "held", "item", "any", "number", "text", "truth"
]


@dataclass(frozen=True, slots=True)
class NameMark:
    """Names of a schema: which, depends on what was written before.

    Args:
        role: Where they stand.
    """

    role: Role

    def __str__(self) -> str:
        return f"<schema:{self.role}>"


Meaning = SourceMark | TokenMark | NameMark


def meaning(what: str) -> Meaning | None:
    """What a terminal means; None where it is none.

    Example:
        >>> meaning("!<[7]>"), meaning("<source:JSON>")
        (TokenMark(id=7, name='', other=True), None)
    """
    if found := _SOURCE.fullmatch(what):
        form: SourceForm = found["form"] or "text"  # type: ignore[assignment]
        return SourceMark(form, bool(found["any_case"]), found["low"] or "", found["high"] or "")
    if found := _SCHEMA.fullmatch(what):
        return NameMark(found["role"])  # type: ignore[arg-type]
    if what.startswith(("<source:", "<schema:")) or what == "!<source>":
        return None
    if token := TOKEN.fullmatch(what):
        return TokenMark(int(token[2]) if token[2] else None, token[3] or "", bool(token[1]))
    return None


def meant(what: str, token: int | None) -> Meaning:
    """What a terminal that was read before means.

    Args:
        token: The id of the token that it names.
    """
    found = meaning(what)
    assert found is not None
    return replace(found, id=token) if isinstance(found, TokenMark) and token is not None else found


class MarkTable:
    """Gives each terminal of a grammar its character.

    Args:
        rules: Whose marks keep theirs.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self._found = {m.what: m for m in marks_of(rules)} if rules else {}

    def mark(self, what: Meaning) -> Mark:
        """Raises GrammarError `too_many_marks`."""
        text = str(what)
        if text not in self._found:
            used = {m.text for m in self._found.values()}
            free = (chr(MARKS[0] + i) for i in range(MOST))
            char = next((c for c in free if c not in used), None)
            if char is None:
                raise GrammarError(
                    f"a grammar names more than {MOST} tokens or kinds of spans",
                    hint="name fewer",
                    code="too_many_marks",
                )
            self._found[text] = Mark(char, text)
        return self._found[text]


def marks_of(rules: Rules) -> list[Mark]:
    """The marks of a grammar, each once, in their characters' order."""
    found = {p for p in distinct(rules.rules.values()) if isinstance(p, Mark)}
    return sorted(found, key=lambda mark: mark.text)


def mapped(node: Node, leaf: Callable[[Node], Node]) -> Node:
    """The node with other leaves."""
    match node:
        case Seq(items):
            return Seq(tuple(mapped(item, leaf) for item in items))
        case Alt(options):
            return Alt(tuple(mapped(option, leaf) for option in options))
        case Repeat(item, low, high):
            return Repeat(mapped(item, leaf), low, high)
    return leaf(node)


def with_leaves(rules: Rules, leaf: Callable[[Node], Node]) -> Rules:
    """The rules with other leaves."""
    return replace(rules, rules={name: mapped(n, leaf) for name, n in rules.rules.items()})


def apart(rules: Rules) -> Rules:
    """The rules with no class that has a mark's character; unchanged where there is no mark."""
    if not marks_of(rules):
        return rules

    return with_leaves(rules, lambda node: _cut(node) if isinstance(node, Class) else node)


def _cut(node: Class) -> Class:
    if not node.ranges or node.ranges[-1][1] < MARKS[0]:
        return node
    return Class(
        tuple(
            (max(a, c), min(b, d))
            for a, b in node.ranges
            for c, d in _BUT
            if max(a, c) <= min(b, d)
        )
    )


def without(rules: Rules, dead: Mapping[str, object]) -> Rules:
    """The rules without what needs one of these terminals."""
    return with_leaves(
        rules, lambda node: Class(()) if isinstance(node, Mark) and node.what in dead else node
    )


def machine_rules(rules: Rules) -> Rules:
    """The grammar as a mask engine reads it: with the marks' characters."""
    if not marks_of(rules):
        return rules
    return with_leaves(rules, lambda n: Literal(n.text) if isinstance(n, Mark) else n)


def machine_text(rules: Rules) -> str:
    """The same as GBNF."""
    return write(machine_rules(rules))
