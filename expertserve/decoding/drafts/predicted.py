"""Drafts from what the caller expects, as OpenAI's `prediction`: an answer given again, changed."""

from __future__ import annotations

from bisect import bisect

from expertserve.decoding.drafts.writing import Writing, common_end

LOOKED_BACK = 12
"""Tokens that tell where in the prediction the answer stands."""
PLACES = 64
"""Of a token, before and after where the answer stands: those that are looked at."""


def predicted(writing: Writing) -> tuple[int, float] | None:
    """What follows where the prediction's text is most like the answer's end.

    After a difference it finds its way back by the tokens that come after it.
    """
    said, expected = writing.said, writing.prediction
    if not expected:
        return None
    if not said:
        return expected[0], _sureness(2)
    best, place = 0, -1
    places = writing.foretold.get(said[-1], [])
    nearest = bisect(places, len(said))
    for at in places[max(0, nearest - PLACES) : nearest + PLACES]:
        length = common_end(said, expected, at, LOOKED_BACK)
        nearer = length == best and abs(at - len(said)) < abs(place - len(said))
        if length > best or nearer:
            best, place = length, at
    if place < 0 or place + 1 >= len(expected):
        return None
    return expected[place + 1], _sureness(best)


def _sureness(length: int) -> float:
    return 1 - 0.5 ** (length + 1)
