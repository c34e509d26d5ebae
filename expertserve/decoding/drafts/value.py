"""Drafts from the prompt: how a value begins that no place in prompts tells of."""

from __future__ import annotations

from itertools import pairwise

from expertserve.decoding.drafts.placed import copy_due, names_due
from expertserve.decoding.drafts.writing import Writing

SURE = 0.35
MOST = 64
"""Words of the prompt's last line that are looked at."""


def value(writing: Writing) -> tuple[int, float] | None:
    """The first word of the prompt's last line that is written as names and numbers are, and that
    the answer doesn't have yet.
    """
    share = copy_due(writing)
    if share is None or names_due(writing):
        return None
    prompt, said, words = writing.prompt, writing.said, writing.words
    glued = not said or not words.ends_word(said[-1])
    pairs, single = set(pairwise(said)), set(said)
    for place in _starts(writing):
        token, after = prompt[place], prompt[place + 1] if place + 1 < len(prompt) else None
        bare = words.bare(token)
        form = bare if glued and bare is not None else token
        if after is not None and words.goes_on(after):
            seen = (form, after) in pairs or (token, after) in pairs
        else:
            seen = form in single or token in single
        if not seen:
            return form, SURE * share
    return None


def _starts(writing: Writing) -> list[int]:
    """Where such words begin."""
    if writing.values is None:
        prompt, words = writing.prompt, writing.words
        first = next((i + 1 for i in reversed(range(len(prompt))) if words.breaks(prompt[i])), 0)
        writing.values = [p for p in range(first, len(prompt)) if _starts_at(writing, p)][:MOST]
    return writing.values


def _starts_at(writing: Writing, place: int) -> bool:
    """A line's own first word is mostly written large, and no name."""
    prompt, words = writing.prompt, writing.words
    if words.is_number(prompt[place]):
        return place == 0 or not words.is_number(prompt[place - 1])
    return words.is_named(prompt[place]) and words.is_spaced(prompt[place])
