"""Drafts from the grammar: text that is the only way on, such as a JSON object's next key."""

from __future__ import annotations

import numpy as np

from expertserve.decoding.drafts.writing import Writing

SURE = 0.98
FEW = 48
"""Words of a mask with tokens in them, where one text may be forced: its beginnings are tokens."""
FRUITLESS = 512


def forced(writing: Writing) -> tuple[int, float] | None:
    """The next token of text that must come, as the model would spell it; and how sure it is."""
    if writing.line is None or writing.respell is None:
        return None
    place = len(writing.said)
    if place not in writing.forced:
        _look(writing, place)
    token = writing.forced.get(place)
    return None if token is None else (token, SURE)


def _look(writing: Writing, place: int) -> None:
    """Notes what must come from here on, unless its mask has told before that nothing must."""
    assert writing.line and writing.respell
    row = writing.line.row()
    fruitless = writing.known.fruitless
    if np.count_nonzero(row) > FEW or (seen := row.tobytes()) in fruitless:
        return
    tokens = writing.line.forced()
    if tokens:
        writing.forced = dict(enumerate(writing.respell(tokens), place))
        return
    if len(fruitless) > FRUITLESS:
        fruitless.clear()
    fruitless.add(seen)
