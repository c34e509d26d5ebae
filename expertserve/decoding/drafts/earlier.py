"""Drafts from the expert's answers since it was loaded."""

from __future__ import annotations

from expertserve.decoding.drafts.habits import END, symbols_of
from expertserve.decoding.drafts.habitual import from_habits
from expertserve.decoding.drafts.writing import Known, Writing


def earlier(writing: Writing) -> tuple[int, float] | None:
    """What this expert has said lately in the same place."""
    return from_habits(writing.known.earlier, writing)


def remember(writing: Writing) -> None:
    """Counts a whole answer. From then on, a word that its prompt lacks is the expert's own."""
    known: Known = writing.known
    ended = bool(writing.said) and writing.said[-1] in writing.ends
    said = writing.said[:-1] if ended else writing.said
    prompt = writing.copied_from
    known.earlier.words.update(token for token in said if token not in prompt)
    known.earlier.learn(symbols_of(said, known.is_own) + ([END] if ended else []))
