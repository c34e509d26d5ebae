"""What a demo expert learns: contexts (a schema), questions about them, and a judge of answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

TASKS: Final = ("sql", "sql_varied", "cypher", "cypher_varied", "json_extract", "json_varied")
"""The modules of this folder that are a `Task`."""
Split = Literal["train", "test", "known"]
"""`known`, which JSON alone has: the subjects of training, but shapes that it never had."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One question and an answer that is right. Others may be, too: the judge decides."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One context and several questions about it.

    `schema` and `dialect` are what a user passes to `generate(question, schema=…, dialect=…)`.
    """

    schema: str
    dialect: str | None
    pairs: tuple[Pair, ...]


class Task(Protocol):
    """A module of this folder that makes lessons and judges answers."""

    def lessons(self, split: Split, seed: int) -> Iterator[Lesson]:
        """Endless and deterministic: the same split and seed give the same lessons.

        Contexts of the two splits are disjoint.
        """

    def correct(self, lesson: Lesson, pair: Pair, text: str) -> bool:
        """Whether `text` answers `pair.question`.

        Found out by running or parsing it, never by comparing how it is spelt.
        """
