r"""`habits.jsonl`: what an expert's answers look like, as text that no tokenizer has touched.

Each line is an array: how often an answer of this shape was given, its own words, what stands in
place of something from the prompt, own words, and so on:

    [37, "SELECT ", "x", " FROM ", " TABLE\tx", " WHERE ", "x", " > ", "7", ""]

A stand-in may say, before a tab, what usually precedes such a text in the prompt: here that a
table's name stands after `TABLE`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from expertserve.errors import LoadError
from expertserve.files import read_bounded

NAME = "habits.jsonl"
MAX_BYTES = 256 << 10
MAX_PARTS = 2001
BEFORE = "\t"
"""In a stand-in: after what stands before the copied text in the prompt, where that is told."""


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """An answer without what it copied.

    Args:
        times: How often it was given.
        parts: Own text and stand-ins in turn; the first and the last are own text.
    """

    times: int
    parts: tuple[str, ...]

    @property
    def line(self) -> str:
        return json.dumps([self.times, *self.parts], ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWish:
    """What drafts of a request's next tokens are made from, beside its prompt and grammar.

    Args:
        expert: Whose answers are alike; the package's digest, say.
        package: The folder that may hold its habits.
        prediction: Tokens that the caller expects.
        history: Whether its answers are remembered, and drafted from.
        request: What its completions are counted under, together.
        least: How likely a drafted token has to be; None is what pays on this machine.
    """

    expert: str
    package: Path | None = None
    prediction: tuple[int, ...] = ()
    history: bool = True
    request: str = ""
    least: float | None = None


def read_habits(folder: Path) -> tuple[AnswerShape, ...]:
    """A package's habits; none where it has no such member.

    Raises:
        LoadError: `bad_habits`: too large, or not of this form.
    """
    path = folder / NAME
    if not path.is_file():
        return ()
    if path.stat().st_size > MAX_BYTES:
        raise LoadError(
            f"{NAME} has {path.stat().st_size:,} bytes; {MAX_BYTES:,} is the most",
            hint="build it again with `expertserve drafts build`",
            code="bad_habits",
        )
    lines = read_bounded(path, MAX_BYTES).split(b"\n")
    return tuple(_shape(line, number) for number, line in enumerate(lines, 1) if line.strip())


def _shape(line: bytes, number: int) -> AnswerShape:
    try:
        times, *parts = json.loads(line.decode())
    except (ValueError, TypeError, RecursionError) as error:
        raise _refused(number, f"not an array in JSON: {error}") from error
    if type(times) is not int or not 0 < times < 1 << 31:
        raise _refused(number, "its first item is a count from 1")
    if len(parts) % 2 == 0 or len(parts) > MAX_PARTS or not all(type(p) is str for p in parts):
        raise _refused(number, f"texts come after the count, odd in number, at most {MAX_PARTS}")
    return AnswerShape(times, tuple(parts))


def _refused(number: int, reason: str) -> LoadError:
    return LoadError(
        f"{NAME}, line {number}: {reason}",
        hint="build it again with `expertserve drafts build`",
        code="bad_habits",
    )


def write_habits(shapes: Iterable[AnswerShape], limit: int = MAX_BYTES) -> bytes:
    """The member's bytes: the commonest shapes first, as many as `limit` has room for."""
    kept, size = [], 0
    for shape in sorted(shapes, key=lambda s: (-s.times, s.parts)):
        line = shape.line.encode()
        if size + len(line) > limit:
            break
        kept.append(line)
        size += len(line)
    return b"".join(kept)
