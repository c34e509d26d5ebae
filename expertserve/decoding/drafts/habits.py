"""What an expert says after what: counted in tokens, whatever came from a prompt as one symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from expertserve.package.habits import BEFORE, AnswerShape

if TYPE_CHECKING:
    import tokenizers

COPIED, END, START = -1, -2, -3
"""Symbols beside tokens: something from the prompt, the answer's end, its beginning."""
LONGEST = 8
"""Symbols that a habit looks back over."""
PLACED = 4
"""Symbols that tell where in the prompt the next name stands."""
MAX_CONTEXTS = 60_000

Followers = dict[int, int]


class Habits:
    """Which symbol follows the last few, and how often.

    Args:
        words: Tokens that are the expert's own; any other counts as copied.
    """

    def __init__(self, words: Iterable[int] = ()) -> None:
        self.words = set(words)
        self.places: dict[tuple[int, ...], dict[tuple[int, ...], int]] = {}
        """By the last few symbols: the tokens that stand before what is copied, in the prompt."""
        self._after: dict[tuple[int, ...], Followers] = {}
        self._asked: tuple[tuple[int, ...], tuple[int, float] | None] = (), None
        """The last question and its answer: several sources ask the same."""

    def __len__(self) -> int:
        return len(self._after)

    def learn(self, symbols: Sequence[int], times: int = 1) -> None:
        """Counts one answer, from START to END."""
        self._asked = (), None
        if len(self._after) > MAX_CONTEXTS:
            self._forget()
        for i in range(1, len(symbols)):
            said = symbols[i]
            for n in range(1, min(LONGEST, i) + 1):
                counts = self._after.setdefault(tuple(symbols[i - n : i]), {})
                counts[said] = counts.get(said, 0) + times

    def learn_place(self, symbols: Sequence[int], place: tuple[int, ...], times: int) -> None:
        """Counts where in its prompt something stood that was copied after these symbols."""
        for n in range(1, min(PLACED, len(symbols)) + 1):
            counts = self.places.setdefault(tuple(symbols[-n:]), {})
            counts[place] = counts.get(place, 0) + times

    def _forget(self) -> None:
        """Drops what was seen once, else everything."""
        self._after = {c: f for c, f in self._after.items() if sum(f.values()) > 1}
        if len(self._after) > MAX_CONTEXTS // 2:
            self._after = {}

    def after(self, symbols: Sequence[int]) -> tuple[int, float] | None:
        """The likeliest next symbol and its share, by the longest context that was met.

        One sighting is worth less than its share says: a symbol seen in all of n places has
        n / (n + 1).
        """
        last = tuple(symbols[-LONGEST:])
        if last != self._asked[0]:
            self._asked = last, self._likeliest(last)
        return self._asked[1]

    def _likeliest(self, last: tuple[int, ...]) -> tuple[int, float] | None:
        for n in range(len(last), 0, -1):
            counts = self._after.get(last[-n:])
            if counts:
                best = max(counts, key=counts.__getitem__)
                return best, counts[best] / (sum(counts.values()) + 1)
        return None


def symbols_of(said: Iterable[int], is_own: Callable[[int], bool]) -> list[int]:
    """An answer's tokens as symbols."""
    out = [START]
    for token in said:
        if is_own(token):
            out.append(token)
        elif out[-1] != COPIED:
            out.append(COPIED)
    return out


def from_shapes(shapes: Sequence[AnswerShape], tokenizer: tokenizers.Tokenizer) -> Habits:
    """A package's habits in a tokenizer's tokens.

    Takes about a second for 256 KB.
    """
    parts = [shape.parts for shape in shapes]
    texts = [[p.rpartition(BEFORE)[2] if i % 2 else p for i, p in enumerate(ps)] for ps in parts]
    encoded = tokenizer.encode_batch(["".join(t) for t in texts], add_special_tokens=False)
    answers = [
        list(_marked(text, zip(found.ids, found.offsets, strict=True)))
        for text, found in zip(texts, encoded, strict=True)
    ]
    habits = Habits(token for answer in answers for token, copied in answer if copied < 0)
    for shape, answer in zip(shapes, answers, strict=True):
        symbols = [START]
        for token, copied in answer:
            if copied >= 0 and symbols[-1] != COPIED:
                before = shape.parts[copied].rpartition(BEFORE)[0]
                if before:
                    ids = tokenizer.encode(before, add_special_tokens=False).ids
                    habits.learn_place(symbols, tuple(ids[-2:]), shape.times)
                symbols.append(COPIED)
            elif copied < 0:
                symbols.append(token)
        habits.learn([*symbols, END], shape.times)
    return habits


def _marked(
    parts: Sequence[str], tokens: Iterable[tuple[int, tuple[int, int]]]
) -> Iterable[tuple[int, int]]:
    """The tokens, each with the number of the stand-in that it touches, or -1."""
    copied: list[tuple[int, int, int]] = []
    place = 0
    for i, part in enumerate(parts):
        if i % 2:
            copied.append((place, place + len(part), i))
        place += len(part)
    at = 0
    for token, (begins, ends) in tokens:
        while at < len(copied) and copied[at][1] <= begins:
            at += 1
        yield token, copied[at][2] if at < len(copied) and copied[at][0] < ends else -1
