"""`router_hint`: a boolean expression such as `database=sql OR task=text2sql`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, NoReturn

from expertserve.errors import ConfigError

MAX_LENGTH: Final = 10_000
MAX_NESTING: Final = 50
_UNSPACED: Final = (
    r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # Thai, Lao, kana, ideographs
)
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+[+#]*")  # C++ and C# aren't C
_TOKEN: Final = re.compile(r'\s*(?:(>=|<=|!=|[()=<>])|"([^"]*)"|((?:[^\s()="<>!]|!(?!=))+))')
COMPARED: Final = (">", "<", ">=", "<=")


class Is(NamedTuple):
    """`key=value`, both as `words` spells them: `data_extraction` as `data extraction`."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


@dataclass(frozen=True, slots=True)
class Compared:
    """`formality>0.7`: nothing here measures it, so it is neither true nor false."""

    text: str


@dataclass(frozen=True, slots=True)
class Not:
    part: Part


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Part, ...]


Part = Is | Compared | Not | And | Or


@dataclass(frozen=True, slots=True)
class Hint:
    """A parsed `router_hint`.

    Args:
        atoms: Its `key=value` that stand under no NOT (or under two), each once, in the order of
            the text.
        every: All of them.
        unknown: Comparisons, which are never true, nor is their negation.
    """

    text: str
    root: Part
    atoms: tuple[Is, ...]
    every: tuple[Is, ...]
    unknown: tuple[str, ...] = ()

    def holds(self, has: Callable[[Is], bool]) -> bool:
        """Whether it is true where `has` tells of each attribute, whatever the unknown may be."""
        return _holds(self.root, has)


def parse_hint(text: str) -> Hint:
    """Reads `a=b OR (c=d AND NOT e=f)`: NOT binds closest, then AND; values may be quoted.

    `a!=b` is `NOT a=b`; comparisons such as `a>0.7` are read and unknown.

    Linear in the text; at most 10,000 characters and 50 levels.

    Raises:
        ConfigError: `bad_hint`, with the column.

    Example:
        >>> parse_hint("database=sql OR task=text2sql").root
        Or(parts=(Is(key='database', value='sql'), Is(key='task', value='text2sql')))
    """
    root = _Parser(text).read()
    found = list(_atoms(root))
    return Hint(
        text,
        root,
        tuple(dict.fromkeys(a for a, denied in found if not denied)),
        tuple(dict.fromkeys(a for a, _ in found)),
        tuple(dict.fromkeys(_unknown(root))),
    )


def _holds(part: Part, has: Callable[[Is], bool], doubt: bool = False) -> bool:
    """Kleene's logic: true only where it is true for every value of what is unknown."""
    if isinstance(part, Is):
        return has(part)
    if isinstance(part, Compared):
        return doubt
    if isinstance(part, Not):
        return not _holds(part.part, has, not doubt)
    decides = isinstance(part, Or)
    for p in (
        part.parts
    ):  # a loop: `any` over a generator takes twice as long, and routing does this for every expert
        if _holds(p, has, doubt) is decides:
            return decides
    return not decides


def _atoms(part: Part, *, denied: bool = False) -> Iterator[tuple[Is, bool]]:
    """The leaves, each with whether an odd number of NOTs stands above it."""
    if isinstance(part, Is):
        yield part, denied
    elif isinstance(part, Not):
        yield from _atoms(part.part, denied=not denied)
    elif not isinstance(part, Compared):
        for p in part.parts:
            yield from _atoms(p, denied=denied)


def _unknown(part: Part) -> Iterator[str]:
    if isinstance(part, Compared):
        yield part.text
    elif isinstance(part, Not):
        yield from _unknown(part.part)
    elif not isinstance(part, Is):
        for p in part.parts:
            yield from _unknown(p)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # a sign, word, value, AND, OR or NOT, or "" at the end
    text: str
    at: int


class _Parser:
    """Recursive descent over a hint's tokens, one ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) > MAX_LENGTH:
            self._refuse(MAX_LENGTH, f"it is {len(text)} characters long; {MAX_LENGTH} are read")
        self._tokens = self._split()
        self._next = next(self._tokens)
        self._depth = 0

    def read(self) -> Part:
        root = self._or()
        if self._next.kind:
            self._expect("AND, OR or the end")
        return root

    def _split(self) -> Iterator[_Token]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = _TOKEN.match(self._text, at)
            if not found:
                self._refuse(self._text.index('"', at), "this quote isn't closed")
            sign, value, word = found.groups()
            kind = sign or (
                "value"
                if value is not None
                else word.upper()
                if word.upper() in ("AND", "OR", "NOT")
                else "word"
            )
            yield _Token(kind, sign or word or value, found.end() - len(found[0].lstrip()))
            at = found.end()
        yield _Token("", "", end)

    def _take(self) -> _Token:
        token, self._next = self._next, next(self._tokens, self._next)
        return token

    def _or(self) -> Part:
        parts = [self._and()]
        while self._next.kind == "OR":
            self._take()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Part:
        parts = [self._not()]
        while self._next.kind == "AND":
            self._take()
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self) -> Part:
        if self._next.kind not in ("NOT", "("):
            return self._is()
        opened = self._take()
        self._depth += 1
        if self._depth > MAX_NESTING:
            self._refuse(opened.at, f"it nests deeper than {MAX_NESTING} levels")
        inner = self._not() if opened.kind == "NOT" else self._or()
        self._depth -= 1
        if opened.kind == "NOT":
            return Not(inner)
        if self._next.kind != ")":
            self._expect(f"AND, OR or the ')' of column {opened.at + 1}")
        self._take()
        return inner

    def _is(self) -> Is | Compared | Not:
        if self._next.kind != "word":
            self._expect("key=value, NOT or '('")
        key = self._take().text
        if self._next.kind not in ("=", "!=", *COMPARED):
            self._expect(f"'=' after {key[:60]!r}")
        sign = self._take().kind
        if self._next.kind not in ("word", "value"):
            self._expect("a value")
        value = self._take()
        if sign in COMPARED:
            return Compared(f"{key}{sign}{value.text}")
        if not words(value.text):
            self._refuse(value.at, "this value has no letter or digit")
        same = Is(key.casefold(), " ".join(words(value.text)))
        return Not(same) if sign == "!=" else same

    def _expect(self, wanted: str) -> NoReturn:
        found = repr(self._next.text[:60]) if self._next.kind else "the end"
        self._refuse(self._next.at, f"{wanted} should stand here, not {found}")

    def _refuse(self, at: int, said: str) -> NoReturn:
        start = max(0, at - 60)
        shown, caret = self._text[start : start + 120].replace("\n", " "), " " * (at - start) + "^"
        raise ConfigError(
            f"router_hint, column {at + 1}: {said}\n  {shown}\n  {caret}",
            hint="write key=value, joined by AND, OR, NOT and parentheses",
            code="bad_hint",
        )


def words(text: str) -> list[str]:
    """The words of a text, in a form in which equal words are equal strings.

    Scripts that write no spaces give a word a character, so that a keyword is found inside a run of
    them.

    Example:
        >>> words("GROUP_BY Straße, C++ café")
        ['group', 'by', 'strasse', 'c++', 'café']
    """
    if text.isascii():
        return _WORD.findall(text.lower())
    return _WORD.findall(
        unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    )
