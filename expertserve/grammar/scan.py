"""Characters of GBNF: literals, classes, escapes, counts, and the place of an error."""

from __future__ import annotations

import re
from typing import NoReturn

from expertserve.errors import GrammarError
from expertserve.grammar.tree import (
    MAX_CODE,
    SURROGATES,
    Class,
)

MAX_PRODUCT = 1_999
"""Bound on the product of nested repetitions' bounds within one rule, as in llama.cpp."""
_SKIP = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_COUNT = re.compile(r"\{\s*([0-9]+)\s*(?:(,)\s*([0-9]+)?\s*)?\}", re.ASCII)
NEWLINE = re.compile(r"\r\n|\r|\n")
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([trn\\\"\[\]-]))"
)
_LETTERS = {"t": "\t", "r": "\r", "n": "\n"}
_HEX = {"x": 2, "u": 4, "U": 8}
ANY = Class(((0, SURROGATES[0] - 1), (SURROGATES[1] + 1, MAX_CODE)))
"""What `.` stands for: any character, newlines included."""


def class_of(ranges: list[tuple[int, int]], *, negated: bool = False) -> Class:
    """A class in its normal form: sorted, disjoint, not touching, without surrogates."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    if negated:
        edges = [-1, *(edge for pair in merged for edge in pair), MAX_CODE + 1]
        merged = [
            (a + 1, b - 1) for a, b in zip(edges[::2], edges[1::2], strict=True) if a + 1 <= b - 1
        ]
    first, last = SURROGATES
    parts = [
        part
        for low, high in merged
        for part in ((low, min(high, first - 1)), (max(low, last + 1), high))
    ]
    return Class(tuple((low, high) for low, high in parts if low <= high))


class Scanner:
    """Reads the parts of a text that stand between its words.

    Args:
        name: What messages call the text.
        bounded: Whether counts are bounded by `MAX_PRODUCT`.
    """

    def __init__(self, text: str, name: str, bounded: bool) -> None:
        self.text, self.name, self.bounded = text, name, bounded
        self.has_returns = "\r" in text

    def _string(self, start: int, end: int) -> str:
        if "\\" not in self.text[start:end]:
            return self.text[start:end]
        parts = []
        while start < end:
            code, start = self._character(start, in_class=False)
            parts.append(chr(code))
        return "".join(parts)

    def _class(self, start: int, end: int) -> Class:
        at, ranges = start + 1, []
        negated = self.text[at] == "^"
        at += negated
        if at == end - 1:
            self._fail(
                start,
                "empty_class",
                "a class without characters",
                'put characters between the brackets; `.` is any character, `""` is none',
            )
        while at < end - 1:
            place = at
            low, at = self._character(at, in_class=True)
            high = low
            if self.text[at] == "-" and at + 1 < end - 1:
                high, at = self._character(at + 1, in_class=True)
            if high < low:
                self._fail(
                    place,
                    "reversed_range",
                    f"the range {self.text[place:at]} runs backwards",
                    "write its smaller end first",
                )
            ranges.append((low, high))
        return class_of(ranges, negated=negated)

    def _character(self, at: int, *, in_class: bool) -> tuple[int, int]:
        """The code point that is written here, and where the next one is."""
        if self.text[at] != "\\":
            return ord(self.text[at]), at + 1
        match = _ESCAPE.match(self.text, at)
        if match is None:
            self._bad_escape(at)
        if match[4]:
            return ord(_LETTERS.get(match[4], match[4])), match.end()
        code = int(match[1] or match[2] or match[3], 16)
        if code > MAX_CODE:
            self._fail(
                at,
                "bad_code_point",
                f"{match[0]} is beyond U+10FFFF, the last character",
                "use a character that exists",
            )
        if not in_class and SURROGATES[0] <= code <= SURROGATES[1]:
            self._fail(
                at,
                "surrogate",
                f"{match[0]} is half of a surrogate pair and not a character",
                "write characters beyond U+FFFF as \\UNNNNNNNN",
            )
        return code, match.end()

    def _count(self, start: int, end: int, *, nested: bool) -> tuple[int, int | None]:
        match = _COUNT.fullmatch(self.text, start, end)
        if match is None or (not nested and NEWLINE.search(match[0])):
            self._fail(
                start,
                "bad_repetition",
                "expected {n}, {n,} or {n,m} with whole numbers",
                "to allow none, write {0,m}",
            )
        low = self._bound(match[1], start)
        high = low if not match[2] else self._bound(match[3], start) if match[3] else None
        if high is not None and high < low:
            self._fail(
                start,
                "reversed_repetition",
                f"{{{low},{high}}} asks for at least {low} and at most {high}",
                "write the smaller bound first",
            )
        return low, high

    def _bound(self, digits: str, place: int) -> int:
        if self.bounded and (len(digits.lstrip("0")) > 4 or int(digits) > MAX_PRODUCT):
            shown = digits if len(digits) < 20 else digits[:20] + "…"
            self._fail(
                place,
                "repetition_too_large",
                f"a repetition bound of {shown}; at most {MAX_PRODUCT:,} are read",
                "use a smaller bound, or none: `*`",
            )
        return int(digits)

    def _skip(self, at: int) -> int:
        """Past blanks, comments and newlines."""
        return _SKIP.match(self.text, at).end()  # type: ignore[union-attr]  # it matches the empty text too

    def _newlines(self, start: int, end: int) -> int:
        return (
            len(NEWLINE.findall(self.text, start, end))
            if self.has_returns
            else self.text.count("\n", start, end)
        )

    def _fail(self, at: int, code: str, message: str, hint: str) -> NoReturn:
        line = 1 + self._newlines(0, at)
        start = max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1
        newline = NEWLINE.search(self.text, start)
        source = self.text[start : newline.start() if newline else len(self.text)]
        raise GrammarError(
            message, hint=hint, code=code, line=line, column=at - start + 1, source_line=source
        )

    def _check_characters(self) -> None:
        if bad := re.search("[\x00\ud800-\udfff]", self.text):
            self._fail(
                bad.start(),
                "bad_character",
                f"U+{ord(bad[0]):04X} can't stand in a grammar",
                "write \\x00 for a NUL; surrogates are no characters",
            )

    def _bad_escape(self, at: int) -> NoReturn:
        letter = self.text[at + 1 : at + 2]
        if letter in _HEX:
            message = f"\\{letter} takes exactly {_HEX[letter]} hexadecimal digits"
            self._fail(
                at,
                "bad_escape",
                message,
                f"pad with zeros: \\{letter}{'0' * (_HEX[letter] - 2)}41 is an A",
            )
        self._fail(
            at,
            "bad_escape",
            f"\\{letter} is not an escape",
            r"the escapes are \n \r \t \\ \" \[ \] \- \xNN \uNNNN \UNNNNNNNN",
        )
