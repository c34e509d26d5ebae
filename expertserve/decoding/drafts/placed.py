"""Drafts from the prompt: how a name or a value begins, by where such ones stand in prompts."""

from __future__ import annotations

from collections.abc import Mapping
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
    share = copy_due(writing)
    if share is None or not (times := names_due(writing)):
        return None
    return _likeliest(writing, times), SURE * share


def copy_due(writing: Writing) -> float | None:
    """How likely something of the prompt's begins now; None where the expert's own words go on."""
    if writing.symbols[-1] == COPIED:
        return None
    following = writing.known.habits.after(writing.symbols)
    return following[1] if following and following[0] == COPIED else None


def names_due(writing: Writing) -> dict[int, int]:
    """Where the names stand that may come next, and how often answers have had such a one."""
    symbols, places = writing.symbols, writing.known.habits.places
    for n in range(min(PLACED, len(symbols)), 0, -1):
        counts = places.get(tuple(symbols[-n:]))
        if counts:
            least = RARE * sum(counts.values())
            times = dict[int, int]()
            for before, seen in counts.items():
                if seen >= least:
                    times |= dict.fromkeys(_places(writing, before), seen)
            return times
    return {}


def _places(writing: Writing, before: tuple[int, ...]) -> list[int]:
    """Where names begin that stand after these tokens."""
    found = writing.named.get(before)
    if found is None:
        prompt, size = writing.prompt, len(before)
        ends = writing.copied_from.get(before[-1], ())
        starts = [
            _after_blanks(writing, end + 1)
            for end in ends
            if tuple(prompt[end + 1 - size : end + 1]) == before
        ]
        found = [start for start in starts if start + 1 < len(prompt)]
        writing.named[before] = found = found[:MOST]
    return found


def _after_blanks(writing: Writing, place: int) -> int:
    """The next place with something to see: a list's next name may stand on a line of its own."""
    while place < len(writing.prompt) and writing.words.is_blank(writing.prompt[place]):
        place += 1
    return place


def _likeliest(writing: Writing, times: Mapping[int, int]) -> int:
    """The name that stands again behind them all, in the question; of several a new one, then one
    in a place that answers have had more often.

    Args:
        times: By places of names, how often answers have had names from such a place.
    """
    prompt, said, last = writing.prompt, set(pairwise(writing.said)), max(times)

    def rank(place: int) -> tuple[bool, bool, int, int]:
        asked = writing.copied_from[prompt[place]][-1] > last
        seen = (prompt[place], prompt[place + 1]) in said
        return not asked, seen, -times[place], place

    return prompt[min(times, key=rank)]
