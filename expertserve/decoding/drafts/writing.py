"""An answer that is being written, as drafts' sources read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from expertserve.decoding.drafts.habits import COPIED, START, Habits
from expertserve.decoding.drafts.words import Words
from expertserve.decoding.mask import Row

Respell = Callable[[Sequence[int]], list[int]]
Followers = Counter[int]
"""Tokens, and in how many places they follow."""


class DraftLine(Protocol):
    """A grammar's place in a sentence, which drafts move on and back."""

    def take(self, token: int) -> bool:
        """Moves on by a token. False where it may not come; nothing has moved then."""
        ...

    def rollback(self, num_tokens: int) -> None:
        """Moves back."""
        ...

    def row(self) -> Row:
        """The mask of what may come."""
        ...

    def forced(self) -> list[int]:
        """Tokens of the text that is the only way on; costly."""
        ...


@dataclass(slots=True)
class Known:
    """What is known of an expert before a request.

    Args:
        habits: Those that its package brings.
        earlier: Those of its answers since it was loaded.
        fruitless: Masks of its grammars at which no text is forced.
    """

    habits: Habits = field(default_factory=Habits)
    earlier: Habits = field(default_factory=Habits)
    fruitless: set[bytes] = field(default_factory=set)

    def is_own(self, token: int) -> bool:
        """Whether a token is the expert's own word, and not something from a prompt."""
        return token in self.habits.words or token in self.earlier.words


class Writing:
    """One request's text so far, with what has been drafted at its end.

    Args:
        prompt: Its tokens.
        ends: Tokens that end the answer, the usual one first.
        prediction: What the caller expects, in tokens.
        respell: Tokens → those that the model would write the same text with.
        words: What its tokens look like.
    """

    def __init__(
        self,
        prompt: Sequence[int],
        known: Known,
        *,
        ends: Sequence[int] = (),
        prediction: Sequence[int] = (),
        respell: Respell | None = None,
        words: Words | None = None,
    ) -> None:
        self.prompt = list(prompt)
        self.known = known
        self.ends = ends
        self.prediction = list(prediction)
        self.respell = respell
        self.words = words or Words()
        self.said: list[int] = []
        self.symbols = [START]
        self.forced: dict[int, int] = {}
        """Tokens that the grammar leaves no way around, by their places."""
        self.copied_from: dict[int, list[int]] = {}
        """Where each token of the prompt stands in it, with its blank and without."""
        for place, token in enumerate(self.prompt):
            self.copied_from.setdefault(token, []).append(place)
            if (bare := self.words.bare(token)) is not None:
                self.copied_from.setdefault(bare, []).append(place)
        self.foretold: dict[int, list[int]] = {}
        """The same for the prediction."""
        for place, token in enumerate(self.prediction):
            self.foretold.setdefault(token, []).append(place)
        self.named: dict[tuple[int, ...], list[int]] = {}
        """Where names begin in the prompt that stand after these tokens, as far as looked for."""
        self.values: list[int] | None = None
        """Where values may begin in it, once that was looked for."""
        self.following: tuple[tuple[int, ...], tuple[int, Followers]] = (), (0, Followers())
        """The end of the answer that was looked for in the prompt last, and what follows it."""
        self.line: DraftLine | None = None
        self._lengths: list[int] = []

    def push(self, token: int) -> bool:
        """Drafts a token. False where the grammar forbids it; nothing has changed then."""
        if self.line is not None and not self.line.take(token):
            return False
        self.add(token)
        return True

    def add(self, token: int) -> None:
        """Adds a token that was said."""
        self.said.append(token)
        self._lengths.append(len(self.symbols))
        if self.known.is_own(token):
            self.symbols.append(token)
        elif self.symbols[-1] != COPIED:
            self.symbols.append(COPIED)

    def pop(self, count: int) -> None:
        """Takes drafted tokens back."""
        if not count:
            return
        if self.line is not None:
            self.line.rollback(count)
        del self.symbols[self._lengths[-count] :]
        del self._lengths[-count:]
        del self.said[-count:]


def common_end(said: Sequence[int], text: Sequence[int], at: int, most: int) -> int:
    """How many tokens are the same, backwards from the end of `said` and from `text[at]`."""
    length = 0
    while (
        length < most
        and length < len(said)
        and length <= at
        and said[-1 - length] == text[at - length]
    ):
        length += 1
    return length
