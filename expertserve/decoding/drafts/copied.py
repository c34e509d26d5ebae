"""Drafts from the prompt: the rest of a name or a value that has begun to be copied."""

from __future__ import annotations

from collections import Counter

from expertserve.decoding.drafts.writing import Writing, common_end

LOOKED_BACK = 8
PLACES = 64
"""Places of a token in the prompt that are looked at, the last ones."""


def copied(writing: Writing) -> tuple[int, float] | None:
    """What follows in the prompt on the longest end of the answer that is there, too.

    Own words of the expert's neither begin nor go on with a name.
    """
    said, prompt, own = writing.said, writing.prompt, writing.known.is_own
    if not said or own(said[-1]):
        return None
    best, followers = 0, Counter[int]()
    for place in writing.copied_from.get(said[-1], ())[-PLACES:]:
        if place + 1 == len(prompt):
            continue
        length = common_end(said, prompt, place, LOOKED_BACK)
        if length > best:
            best, followers = length, Counter()
        if length == best:
            followers[prompt[place + 1]] += 1
    if not followers:
        return None
    token, times = followers.most_common(1)[0]
    if own(token):
        return None
    return token, times / (followers.total() + 1) if best == 1 else times / (
        followers.total() + 0.2
    )
