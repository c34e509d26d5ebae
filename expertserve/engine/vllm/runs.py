"""A step's tokens on a CPU: long runs of one adapter, and all others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

LONG_RUN = 96
"""From so many tokens of one adapter on, matrix products pay."""
BLOCK = 4
"""Tokens of one slot that are computed together."""
Numbers = np.ndarray[Any, np.dtype[np.int64]]


class Step(NamedTuple):
    """What a step's tokens take.

    Args:
        few: Those that have an adapter and aren't in a long run, in blocks: a slot and up to four
            tokens of it, −1 for none, shape [blocks, 5]. None if there are none.
        runs: Where the long runs are, and their slots.
    """

    few: Numbers | None
    runs: tuple[tuple[slice, int], ...]


def runs(slots: Numbers) -> Step:
    """Finds the long runs.

    Args:
        slots: Each token's, −1 for none.

    Example:
        >>> runs(np.array([2, 0, -1, 2])).few.tolist()
        [[0, 1, -1, -1, -1], [2, 0, 3, -1, -1]]
    """
    left, found = slots.astype(np.int64), []
    for start, end, slot in _stretches(slots):
        if slot >= 0 and end - start >= LONG_RUN:
            found.append((slice(start, end), slot))
            left[start:end] = -1
    tokens = np.argsort(left, kind="stable")[np.count_nonzero(left < 0) :]
    blocks = []
    for start, end, slot in _stretches(left[tokens]):
        for first in range(start, end, BLOCK):
            own = tokens[first : min(first + BLOCK, end)].tolist()
            blocks.append([slot, *own, *[-1] * (BLOCK - len(own))])
    return Step(np.array(blocks) if blocks else None, tuple(found))


def _stretches(slots: Numbers) -> Iterator[tuple[int, int, int]]:
    """Where neighbours of one slot begin and end, and the slot."""
    start = 0
    for slot, own in itertools.groupby(slots.tolist()):
        end = start + len(list(own))
        yield start, end, slot
        start = end
