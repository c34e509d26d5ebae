"""Drafts from the prompt: the rest of a name or a value that has begun to be copied."""

from __future__ import annotations

from collections import Counter

from expertserve.decoding.drafts.writing import Followers, Writing, common_end

LOOKED_BACK = 8
PLACES = 64
"""Places of a token in the prompt that are looked at, the last ones."""
NAMED = 0.8


def copied(writing: Writing) -> tuple[int, float] | None:
    """What follows in the prompt on the longest end of the answer that is there, too.

    Own words of the expert's neither begin nor go on with a name.
    """
    if (certain := continued(writing)) is not None:
        return certain
    best, followers = _following(writing)
    if not followers:
        return None
    token, times = followers.most_common(1)[0]
    if writing.known.is_own(token):
        return None
    return token, times / (followers.total() + (1 if best == 1 else 0.2))


def continued(writing: Writing) -> tuple[int, float] | None:
    """The rest of the word that is being copied, or the name's next word: "Del" → "gado" → " Ruiz".

    Whatever an expert usually says after a name isn't due yet.
    """
    _, followers = _following(writing)
    if not followers:
        return None
    words, (token, times) = writing.words, followers.most_common(1)[0]
    share = times / (followers.total() + 0.05)
    if words.goes_on(token):
        return token, share
    next_one = words.is_named(token) and words.is_spaced(token)
    if next_one and not writing.known.is_own(token) and _is_named(writing):
        return token, NAMED * share
    return None


def _is_named(writing: Writing) -> bool:
    """Whether the word that was copied last is written as names are."""
    said, words, own = writing.said, writing.words, writing.known.is_own
    first = len(said) - 1
    while first > 0 and words.goes_on(said[first]) and not own(said[first - 1]):
        first -= 1
    return words.is_named(said[first])


def _following(writing: Writing) -> tuple[int, Followers]:
    """What follows in the prompt where it has the answer's longest end, and how long that is."""
    said, prompt = writing.said, writing.prompt
    if not said or writing.known.is_own(said[-1]):
        return 0, Counter()
    end = tuple(said[-LOOKED_BACK:])
    if writing.following[0] == end:
        return writing.following[1]
    best, followers = 0, Counter[int]()
    for place in writing.copied_from.get(said[-1], ())[-PLACES:]:
        if place + 1 == len(prompt):
            continue
        length = max(1, common_end(said, prompt, place, LOOKED_BACK))
        if length > best:
            best, followers = length, Counter()
        if length == best:
            followers[prompt[place + 1]] += 1
    writing.following = end, (best, followers)
    return best, followers
