"""GBNF text ↔ `Rules`.

The format is llama.cpp's (`grammars/README.md`, `src/llama-grammar.cpp`); where engines disagree,
its parser decides. On top of it we take left recursion and underscores in names; we refuse what it
takes by accident: a rule defined twice, `[z-a]`, `{5,2}`, bounds from 2,000 up, empty classes,
surrogates, code points beyond U+10FFFF.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from expertserve.errors import GrammarError
from expertserve.grammar.marks import MarkTable, apart, meaning
from expertserve.grammar.scan import (
    ANY,
    MAX_PRODUCT,
    NEWLINE,
    Scanner,
)
from expertserve.grammar.tree import (
    SIGNS,
    Alt,
    Literal,
    Mark,
    Node,
    Ref,
    Repeat,
    Rules,
    Seq,
)

MAX_TEXT = 1 << 20
"""Characters of a grammar (bytes, where it comes as bytes)."""
MAX_RULES = 20_000
MAX_SYMBOLS = 50_000
"""Literals, classes, names and signs in all rules together."""
MAX_GROUPS = 10_000
"""Groups inside each other."""
MAX_HEIGHT = 100
"""Depth of a tree. Deeper parts become rules, so that code may walk trees recursively."""

NAME = r"[A-Za-z0-9_-]+"
_TOKEN = re.compile(
    rf"""[ \t]*(?:
      (?P<name>{NAME})
    | (?P<mark>!?<[^<>\r\n]{{0,201}}>)
    | (?P<literal>"[^"\\]*(?:\\.[^"\\]*)*")
    | (?P<sign>[().|*+?])
    | (?P<line>[\r\n](?:[ \t\r\n]+|\#[^\r\n]*)*)
    | (?P<class>\[[^\]\\]*(?:\\.[^\]\\]*)*\])
    | (?P<comment>\#[^\r\n]*)
    | (?P<count>\{{[^}}"(\[]*\}})
    | (?P<define>::=)
    | (?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
_DEFINITION = re.compile(rf"({NAME})[ \t]*::=")
EMPTY = Seq()


def parse(text: str | bytes, *, name: str = "the grammar", bounded: bool = True) -> Rules:
    """Reads a grammar, in time linear in its length: about 50 ms for 2,000 rules.

    Groups nested more than `MAX_HEIGHT` deep come back as rules of their own, named after the rule
    they stand in.

    Args:
        name: What messages about the whole text call it.
        bounded: False for what `write` made of rules of our own, which the bounds aren't for.

    Raises:
        GrammarError: The text is malformed or exceeds one of the bounds above; with its place, and
            a `code` that says how.

    Example:
        >>> parse('root ::= "a"* | [0-9]').rules["root"]
        Alt(options=(Repeat(item=Literal(text='a'), low=0, high=None), Class(ranges=((48, 57),))))
    """
    if bounded and len(text) > MAX_TEXT:
        size = f"{len(text):,} {'bytes' if isinstance(text, bytes) else 'characters'}"
        raise GrammarError(
            f"{name} has {size}; at most {MAX_TEXT:,} are read",
            hint="split it, or generate less",
            code="grammar_too_large",
        )
    if isinstance(text, bytes):
        text = _decode(text, name)
    return _Reader(text.removeprefix("\ufeff"), name, bounded).read()


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        lines = NEWLINE.split(before)
        rest = NEWLINE.split(data[error.start : error.start + 200].decode("utf-8", "replace"))[0]
        raise GrammarError(
            f"{name} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
            f" ({error.reason})",
            hint="save it as UTF-8",
            code="not_utf8",
            line=len(lines),
            column=len(lines[-1]) + 1,
            source_line=lines[-1] + rest,
        ) from error


_Item = tuple[Node, int, int]
"""A node that was read, its height, and the product of its repetitions' bounds."""


@dataclass(slots=True)
class _Group:
    """An open parenthesis, or the rule itself."""

    place: int
    options: list[_Item]
    items: list[_Item]


class _Reader(Scanner):
    def __init__(self, text: str, name: str, bounded: bool) -> None:
        super().__init__(text, name, bounded)
        self.rules: dict[str, Node] = {}
        self.lines: dict[str, int] = {}
        self.used: dict[str, int] = {}
        """A name → where it is first referred to."""
        self.rule, self.rule_place, self.line = "", 0, 1
        self.symbols = 0
        self.defined_names: set[str] | None = None
        self.marks = MarkTable()

    def read(self) -> Rules:
        self._check_characters()
        at = self._rule(self._skip(0))
        while at is not None:
            at = self._rule(at)
        self._check_names()
        return apart(Rules(self.rules, self.lines))

    # Rules

    def _rule(self, at: int) -> int | None:
        """Reads the rule that begins here; where the next one begins, None at the end."""
        if at >= len(self.text):
            return None
        head = _DEFINITION.match(self.text, at)
        if head is None:
            self._no_rule(at)
        self.rule = head[1]
        if self.rule in self.lines:
            self._fail(
                at,
                "duplicate_rule",
                f"the rule `{self.rule}` is defined twice, first in line {self.lines[self.rule]}",
                "rename one, or join them with |",
            )
        if self.bounded and len(self.rules) >= MAX_RULES:
            self._fail(
                at,
                "too_many_rules",
                f"more than {MAX_RULES:,} rules",
                "generate fewer: a class or a repetition often replaces many",
            )
        self.line += self._newlines(self.rule_place, at)
        self.rule_place = at
        self.lines[self.rule] = self.line
        self.rules[self.rule] = EMPTY  # holds the place in the order of the text
        node, at = self._body(head.end())
        self.rules[self.rule] = node
        return self._skip(at)

    def _body(self, at: int) -> tuple[Node, int]:
        """Reads what stands right of `::=`, up to the newline that ends it."""
        text, groups = self.text, [_Group(at, [], [])]
        postfix_ok, open_end = False, True  # open: after `::=` or `|` the next line may go on
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                self._unexpected(self._skip(at))
            kind = token.lastgroup or ""
            start, at = token.span(kind)
            if kind == "line":
                if len(groups) > 1 or (open_end and not _DEFINITION.match(text, at)):
                    continue
                break
            if kind in ("comment", "end"):
                continue
            self.symbols += 1
            if self.bounded and self.symbols > MAX_SYMBOLS:
                self._fail(
                    start,
                    "grammar_too_large",
                    f"more than {MAX_SYMBOLS:,} symbols",
                    "generate less: a class or a repetition often replaces many",
                )
            open_end = token[kind] == "|"
            if kind in ("literal", "class", "name", "mark") or token[kind] == ".":
                postfix_ok = self._operand(groups[-1].items, kind, start, at)
            else:
                postfix_ok = self._operator(groups, kind, start, at, postfix_ok)
        if len(groups) > 1:
            self._unclosed(groups[-1].place)
        return self._end_group(groups[0])[0], at

    def _operand(self, items: list[_Item], kind: str, start: int, end: int) -> bool:
        """Adds a literal, class, name or dot. Returns whether a postfix may follow."""
        node: Node = ANY
        if kind == "literal":
            string = self._string(start + 1, end - 1)
            if not string:
                return False
            node = Literal(string)
        elif kind == "mark":
            node = self._mark(start, end)
        elif kind == "class":
            node = self._class(start, end)
        elif kind == "name":
            word = self.text[start:end]
            self.used.setdefault(word, start)
            node = Ref(word)
        items.append((node, 0, 1))
        return True

    def _operator(
        self, groups: list[_Group], kind: str, start: int, end: int, postfix_ok: bool
    ) -> bool:
        """Ends an option or a group, opens one, or repeats the item before."""
        word, items = self.text[start:end], groups[-1].items
        if kind == "define":
            self._second_definition(start, groups)
        if word == "|":
            self._end_option(groups[-1])
            return False
        if word == "(":
            if len(groups) > MAX_GROUPS:
                self._fail(
                    start,
                    "too_deep",
                    f"more than {MAX_GROUPS:,} groups inside each other",
                    "make inner groups rules of their own",
                )
            groups.append(_Group(start, [], []))
            return False
        if word == ")":
            if len(groups) == 1:
                message = "a `)` without its `(`"
                self._fail(start, "unexpected_close", message, "remove it, or open a group before")
            group = groups.pop()
            groups[-1].items.append(self._end_group(group))
            return True
        if not postfix_ok:
            self._fail(
                start,
                "nothing_to_repeat",
                f"`{word[0]}` has nothing before it to repeat",
                'put it after a literal, class, name or group, as in `"a"*`',
            )
        low, high = SIGNS.get(word) or self._count(start, end, nested=len(groups) > 1)
        items[-1] = self._repeat(items[-1], low, high, start)
        return True

    def _end_option(self, group: _Group) -> None:
        items = [item for item in group.items if item[0] is not EMPTY]  # `"a" ()` is "a"
        group.options.append(items[0] if len(items) == 1 else self._joined(Seq, items))
        group.items = []

    def _end_group(self, group: _Group) -> _Item:
        self._end_option(group)
        return group.options[0] if len(group.options) == 1 else self._joined(Alt, group.options)

    def _joined(self, kind: type[Seq] | type[Alt], parts: list[_Item]) -> _Item:
        if not parts:
            return EMPTY, 0, 1
        height = max([part[1] for part in parts])
        if height >= MAX_HEIGHT - 1:
            parts, height = [self._lowered(part) for part in parts], MAX_HEIGHT - 2
        return (
            kind(tuple([part[0] for part in parts])),
            1 + height,
            max([part[2] for part in parts]),
        )

    def _repeat(self, item: _Item, low: int, high: int | None, place: int) -> _Item:
        product = item[2] * max(1, low if high is None else high)
        if self.bounded and product > MAX_PRODUCT:
            self._fail(
                place,
                "repetition_too_large",
                f"bounds of repetitions inside each other multiply to {product:,}; at most"
                f" {MAX_PRODUCT:,} are read",
                "use smaller bounds, or none: `*`",
            )
        node, height, _ = self._lowered(item)
        return Repeat(node, low, high), height + 1, product

    def _lowered(self, item: _Item) -> _Item:
        """The item, or, where it is too high, a reference to a new rule that holds it."""
        if item[1] < MAX_HEIGHT - 1:
            return item
        if self.defined_names is None:
            self.defined_names = set(re.findall(NAME, self.text))
        name = next(
            n
            for i in range(len(self.rules), 10 * MAX_TEXT)
            if (n := f"{self.rule}-{i}") not in self.defined_names
        )
        self.defined_names.add(name)
        if self.bounded and len(self.rules) >= MAX_RULES:
            self._fail(
                self.rule_place,
                "too_deep",
                "groups or repetitions are nested too deep",
                "make inner groups rules of their own",
            )
        self.rules[name] = item[0]
        self.lines[name] = self.lines[self.rule]
        return (Ref(name), 0, item[2])

    def _mark(self, start: int, end: int) -> Mark:
        found = meaning(self.text[start:end])
        if found is None:
            self._fail(
                start,
                "bad_mark",
                f"{self.text[start:end]} names neither a token nor a span of the source",
                "write `<think>`, `<[5]>` or `!<think>` for tokens, `<source>` or `<source:json>`"
                " for spans",
            )
        try:
            return self.marks.mark(found)
        except GrammarError as error:
            self._fail(start, error.code, error.message, error.hint)

    # Places and errors

    def _check_names(self) -> None:
        if not self.rules:
            self._fail(
                0, "empty_grammar", f"{self.name} has no rules", "define at least `root ::= …`"
            )
        for name, at in self.used.items():
            if name not in self.lines:
                near = next(
                    (
                        n
                        for n in self.lines
                        if n.lower().replace("_", "-") == name.lower().replace("_", "-")
                    ),
                    "",
                )
                hint = f"did you mean `{near}`?" if near else f"define it: `{name} ::= …`"
                self._fail(at, "undefined_rule", f"the rule `{name}` is not defined", hint)
        if "root" not in self.rules:
            first = next(iter(self.lines))
            at = next(m.start(1) for m in _DEFINITION.finditer(self.text) if m[1] == first)
            self._fail(
                at,
                "missing_root",
                "no rule is called `root`, where sentences start",
                f"add `root ::= {first}`",
            )

    def _no_rule(self, at: int) -> NoReturn:
        above = (
            "a rule goes on in the next line only inside parentheses, or where its line ends with |"
            if self.rules
            else "a grammar is lines of `name ::= …`"
        )
        name = re.compile(rf"{NAME}[ \t]*").match(self.text, at)
        if name is None:
            self._fail(
                at, "expected_rule", f"expected a rule's name, found {self.text[at]!r}", above
            )
        if re.compile(r":=|=|:|->|→").match(self.text, name.end()):
            above = "GBNF defines rules with ::="
        self._fail(name.end(), "expected_define", f"expected ::= after `{name[0].strip()}`", above)

    def _second_definition(self, at: int, groups: list[_Group]) -> NoReturn:
        if len(groups) > 1:
            self._unclosed(groups[-1].place)
        self._fail(
            at,
            "expected_newline",
            "expected the end of the rule, found a second ::=",
            "start each rule on a line of its own",
        )

    def _unclosed(self, at: int) -> NoReturn:
        self._fail(
            at, "unclosed_group", "a `(` without its `)`", "close the group before the rule ends"
        )

    def _unexpected(self, at: int) -> NoReturn:
        sign = self.text[at]
        match sign:
            case '"':
                self._fail(
                    at,
                    "unclosed_literal",
                    "a literal without its closing quote",
                    'a quote inside one is written \\"',
                )
            case "[":
                self._fail(
                    at,
                    "unclosed_class",
                    "a class without its closing bracket",
                    "a bracket inside one is written \\]",
                )
            case "{":
                self._fail(
                    at,
                    "bad_repetition",
                    "expected {n}, {n,} or {n,m} with whole numbers",
                    "to allow none, write {0,m}",
                )
            case "'":
                self._fail(
                    at, "unexpected_character", "literals stand in double quotes", 'write "…"'
                )
            case "<" | "!":
                self._fail(
                    at,
                    "bad_mark",
                    "a token or a span without its name or its end",
                    "write `<think>`, `<[5]>` or `!<think>` for tokens, `<source>` for spans",
                )
            case "/":
                self._fail(at, "unexpected_character", "found '/'", "comments begin with #")
        self._fail(
            at,
            "unexpected_character",
            f"expected a literal, class, name, group or operator, found {sign!r}",
            "text stands in double quotes",
        )
