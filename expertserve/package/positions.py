"""Positions of JSON values, so that later errors can name line and column."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from expertserve.errors import ManifestError

Path = tuple[str | int, ...]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
MAX_BYTES = 1 << 20
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class LocatedJson:
    """A parsed text, and the offset of every value in it by its path."""

    text: str
    value: object
    offsets: dict[Path, int]

    def fail(self, path: Path, message: str, *, hint: str = "", code: str = "") -> NoReturn:
        """Raises a ManifestError at the value of `path`, or its nearest parent."""
        while path not in self.offsets and path:
            path = path[:-1]
        raise error_at(self.text, self.offsets.get(path, 0), message, hint=hint, code=code)


def error_at(
    text: str, offset: int, message: str, *, hint: str = "", code: str = ""
) -> ManifestError:
    """A ManifestError with line, column and the line itself."""
    line = text.count("\n", 0, offset) + 1
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    shown = text[start : end if end >= 0 else len(text)].rstrip("\r")
    return ManifestError(
        f"manifest.json: {message}",
        hint=hint,
        code=code,
        line=line,
        column=offset - start + 1,
        source_line=shown,
    )


def locate(data: bytes) -> LocatedJson:
    """Parses JSON strictly: UTF-8, finite numbers, unique keys, bounded size and depth.

    Raises:
        ManifestError: With line and column. Linear in time and memory.
    """
    if len(data) > MAX_BYTES:
        raise ManifestError(
            f"manifest.json has {len(data):,} bytes; at most {MAX_BYTES:,} are read",
            code="manifest_too_large",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data.removeprefix(b"\xef\xbb\xbf")[: error.start].decode("utf-8", "replace")
        raise error_at(
            before + "\ufffd",
            len(before),
            "this is not UTF-8",
            hint="save the file as UTF-8",
            code="malformed_json",
        ) from error
    _refuse_surrogates(text)
    offsets = _offsets(text)
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise error_at(
            text, error.pos, f"malformed JSON: {error.msg}", code="malformed_json"
        ) from error
    except (ValueError, RecursionError) as error:  # NaN, Infinity, a number of thousands of digits
        raise error_at(text, 0, f"malformed JSON: {error}", code="malformed_json") from error
    return LocatedJson(text, value, offsets)


_ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


def _refuse_surrogates(text: str) -> None:
    """Half of a surrogate pair, escaped or not, is no character; no later step could write it."""
    for escape in _ESCAPES.finditer(
        text
    ):  # pairs of backslashes are passed over, and whole pairs of halves
        if escape[1]:
            raise error_at(
                text,
                escape.start(),
                "half of a surrogate pair is not a character",
                code="malformed_json",
            )


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _offsets(text: str) -> dict[Path, int]:
    """One pass over the tokens. Malformed text is left to `json` to report."""
    offsets: dict[Path, int] = {}
    stack: list[
        str | int | None
    ] = []  # per open container: an array's index, or an object's current key (None before it)
    for token in TOKEN.finditer(text):
        word, at = token.group(), token.start()
        if word == "}" or word == "]":
            if stack:
                stack.pop()
        elif word == ",":
            top = stack[-1] if stack else None
            if stack:
                stack[-1] = top + 1 if isinstance(top, int) else None
        elif word != ":":
            if stack and stack[-1] is None:
                stack[-1] = _key(
                    text, at, word, offsets, tuple(k for k in stack[:-1] if k is not None)
                )
                continue
            offsets[tuple(k for k in stack if k is not None)] = at
            if word in ("{", "["):
                stack.append(None if word == "{" else 0)
                if len(stack) > MAX_DEPTH:
                    raise error_at(
                        text, at, f"nested more than {MAX_DEPTH} deep", code="malformed_json"
                    )
    return offsets


def _key(text: str, at: int, word: str, offsets: dict[Path, int], path: Path) -> str:
    """An object's key; the same one twice is refused, since readers disagree about which counts.

    Comments may repeat: nobody reads them.
    """
    try:
        key = str(json.loads(word))
    except ValueError:
        return word
    comment = any(isinstance(part, str) and part.startswith("_") for part in (*path, key))
    if (*path, key) in offsets and not comment:
        raise error_at(
            text,
            at,
            f"the key {key!r} stands here twice",
            hint="remove one of the two",
            code="duplicate_key",
        )
    return key
