"""Regular expressions of ECMA 262, which JSON schemas use → Python's syntax.

Where the two read a class differently, a pattern has what both match, or what either does: `\\W` is
neither a letter of any script nor a digit, or all but ASCII's.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from expertserve.errors import ConfigError

SPACES = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What ECMA or Python take for a blank."""
DOT = r"[^\n\r\u2028\u2029]"
_CATEGORIES = {
    "Letter": "L",
    "Lowercase_Letter": "Ll",
    "Uppercase_Letter": "Lu",
    "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm",
    "Other_Letter": "Lo",
    "Mark": "M",
    "Number": "N",
    "Decimal_Number": "Nd",
    "Punctuation": "P",
    "punct": "P",
    "Symbol": "S",
    "Separator": "Z",
    "Space_Separator": "Zs",
    "digit": "Nd",
}
_PROPERTIES: dict[str, Callable[[str], bool]] = {
    "Alphabetic": str.isalpha,
    "Alpha": str.isalpha,
    "Lowercase": str.islower,
    "Uppercase": str.isupper,
    "White_Space": str.isspace,
    "ASCII": str.isascii,
}


def python_syntax(pattern: str, *, wide: bool = False) -> str:
    """The same expression for Python's parser.

    Args:
        wide: Classes hold what either reads into them, not what both do.

    Raises:
        ConfigError: `bad_regex`: a class of characters that isn't known by that name, a reference
            to a group.

    Example:
        >>> python_syntax(r"^(?<year>\\d{4})\\/[^]$")
        '^(?P<year>\\\\d{4})/(?s:.)$'
    """
    return _EcmaReader(pattern, wide).read()


class _EcmaReader:
    def __init__(self, text: str, wide: bool) -> None:
        self._text, self._at, self._wide = text, 0, wide

    def read(self) -> str:
        made: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "\\":
                made.append(self._escape(self._wide, inside=False))
            elif char == "[":
                made.append(self._class())
            elif self._text.startswith("(?<", self._at) and self._text[self._at + 3 :][:1] not in (
                "=",
                "!",
            ):
                self._at += 3
                made.append("(?P<")
            elif self._text.startswith("{,", self._at):
                self._at += 1
                made.append(r"\{")
            else:
                self._at += 1
                made.append(self._plain(char))
        return "".join(made)

    def _plain(self, char: str) -> str:
        if char == ".":
            return r"[^\n]" if self._wide else DOT
        return (
            r"(?:\n?)$" if char == "$" and self._wide else char
        )  # Python's, before a last line end

    def _class(self) -> str:
        self._at += 1
        negated = self._text.startswith("^", self._at)
        self._at += negated
        made: list[str] = []
        while self._at < len(self._text) and self._text[self._at] != "]":
            if self._text[self._at] == "\\":
                made.append(self._escape(self._wide != negated, inside=True))
            else:
                char = self._text[self._at]
                made.append(f"\\{char}" if char in "[&|~^" else char)
                self._at += 1
        if self._at >= len(self._text):
            raise _unknown("a class without its end")
        self._at += 1
        if not made:
            return "(?s:.)" if negated else r"[^\x00-\U0010ffff]"
        return f"[{'^' if negated else ''}{''.join(made)}]"

    def _escape(self, wide: bool, *, inside: bool) -> str:
        letter = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if letter in ("p", "P"):
            return _whole(self._property(letter == "P"), inside)
        if letter == "u":
            return self._code_point()
        if letter == "c":
            self._at += 1
            return f"\\x{ord(self._text[self._at - 1 : self._at] or '@') % 32:02x}"
        if letter in "sSwWdD" and letter:
            return self._shorthand(letter, wide, inside)
        if letter == "k":
            raise _unknown("a reference back to a group, which no grammar can enforce")
        if letter == "z":
            return r"\Z"
        if letter and not letter.isalnum():
            return letter if letter in "/\"'`!@%&_=:;,<> " and not inside else f"\\{letter}"
        return f"\\{letter}"

    def _shorthand(self, letter: str, wide: bool, inside: bool) -> str:
        """`\\s`, `\\w`, `\\d`: ASCII's are in what both read, any script's in what either does."""
        if letter.islower():
            return _whole(_script(letter), inside) if wide else f"\\{letter}"
        if wide:
            return f"\\{letter}"
        if letter == "S" and not inside:
            return f"[^{SPACES}]"
        return _whole(_script(letter), inside)

    def _property(self, negated: bool) -> str:
        text = self._text[self._at :]
        if text[:1] == "{" and "}" in text:
            name = text[1 : text.index("}")]
            self._at += len(name) + 2
        else:
            name = text[:1]
            self._at += 1
        key = name.split("=")[-1]
        return _named(_CATEGORIES.get(key, key), negated, name)

    def _code_point(self) -> str:
        text = self._text[self._at :]
        if text[:1] == "{" and "}" in text:
            digits = text[1 : text.index("}")]
            self._at += len(digits) + 2
        else:
            digits = text[:4]
            self._at += 4
            low = text[6:10] if text[4:6] == r"\u" else ""
            if digits[:2].lower() in ("d8", "d9", "da", "db") and low[:1].lower() == "d":
                pair = bytes.fromhex(digits + low).decode("utf-16-be", "replace")
                self._at += 6
                return f"\\U{ord(pair[0]):08x}"
        try:
            return f"\\U{int(digits, 16):08x}"
        except ValueError:
            raise _unknown(f"\\u{digits}, which is no character") from None


def _whole(ranges: str, inside: bool) -> str:
    return ranges if inside else f"[{ranges}]"


@lru_cache(maxsize=64)
def _named(name: str, negated: bool, written: str) -> str:
    test = _PROPERTIES.get(name)
    if test is None and name == "Any":
        test = str.__len__  # type: ignore[assignment]
    if test is None and 1 <= len(name) <= 2 and name[0] in "LMNPSZC":

        def test(char: str) -> bool:
            return unicodedata.category(char).startswith(name)

    if test is None:
        raise _unknown(f"\\p{{{written}}}")
    return _ranges(code for code in _codes() if bool(test(chr(code))) != negated)


_SETS = {"s": f"[{SPACES}]", "S": f"[^{SPACES}]"}


@lru_cache(maxsize=8)
def _script(letter: str) -> str:
    """What `\\s`, `\\w` or `\\d` is in any script; `\\S`, `\\W` or `\\D` by every reading."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    one = _SETS.get(letter, "\\" + letter)
    spans = (found.span() for found in re.finditer(f"{one}+", every))
    return "".join(f"\\U{low:08x}-\\U{end - 1:08x}" for low, end in spans)


def _codes() -> Iterable[int]:
    return (code for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)


def _ranges(codes: Iterable[int]) -> str:
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(
        f"\\U{low:08x}" if low == high else f"\\U{low:08x}-\\U{high:08x}" for low, high in found
    )


def _unknown(what: str) -> ConfigError:
    return ConfigError(
        f"the regular expression has {what}",
        hint="write the characters as a class, such as [A-Za-z]",
        code="bad_regex",
    )
