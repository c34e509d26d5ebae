"""Drafts from the expert's habits, which its package brings."""

from __future__ import annotations

from expertserve.decoding.drafts.copied import continued
from expertserve.decoding.drafts.habits import COPIED, END, Habits
from expertserve.decoding.drafts.writing import Writing


def habitual(writing: Writing) -> tuple[int, float] | None:
    """What this expert usually says next."""
    return from_habits(writing.known.habits, writing)


def from_habits(habits: Habits, writing: Writing) -> tuple[int, float] | None:
    """The likeliest next token and its share; none where something of the prompt's comes."""
    found = habits.after(writing.symbols)
    if found is None or found[0] == COPIED or continued(writing) is not None:
        return None
    token, share = found
    if token != END:
        return token, share
    return (writing.ends[0], share) if writing.ends else None
