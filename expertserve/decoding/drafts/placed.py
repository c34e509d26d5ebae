"""Drafts from the prompt: how a name or a value begins, by where such ones stand in prompts."""

from __future__ import annotations

from itertools import pairwise

from expertserve.decoding.drafts.habits import COPIED, PLACED
from expertserve.decoding.drafts.writing import Writing

SURE = 0.6
MOST = 256
"""Names of one kind in a prompt that are looked at, the first ones."""
RARE = 0.1
"""Of what is copied at a place in the answer: where so little of it stood isn't looked at."""


def placed(writing: Writing) -> tuple[int, float] | None:
    """What the likeliest such name begins with: one that the question has, and the answer not yet.

    Where they stand is known from the answers that the expert's habits were counted in: a table's
    name after `TABLE`, an object's next key after a comma and a quotation mark.
    """
    habits, symbols = writing.known.habits, writing.symbols
    if symbols[-1] == COPIED:
        return None
    following = habits.after(symbols)
    if following is None or following[0] != COPIED:
        return None
    for n in range(min(PLACED, len(symbols)), 0, -1):
        counts = habits.places.get(tuple(symbols[-n:]))
        if counts:
            least = RARE * sum(counts.values())
            names = [
                place
                for before, times in counts.items()
                if times >= least
                for place in _places(writing, before)
            ]
            return (_likeliest(writing, sorted(names)), SURE * following[1]) if names else None
    return None


def _places(writing: Writing, before: tuple[int, ...]) -> list[int]:
    """Where names begin that stand after these tokens."""
    found = writing.named.get(before)
    if found is None:
        prompt, size = writing.prompt, len(before)
        ends = writing.copied_from.get(before[-1], ())
        found = writing.named[before] = [
            end + 1
            for end in ends
            if end + 2 < len(prompt) and tuple(prompt[end + 1 - size : end + 1]) == before
        ][:MOST]
    return found


def _likeliest(writing: Writing, places: list[int]) -> int:
    """The name that stands again behind them all, in the question; of several the first new one."""
    prompt, said = writing.prompt, set(pairwise(writing.said))

    def rank(place: int) -> tuple[bool, bool]:
        asked = writing.copied_from[prompt[place]][-1] > places[-1]
        return not asked, (prompt[place], prompt[place + 1]) in said

    return prompt[min(places, key=rank)]
