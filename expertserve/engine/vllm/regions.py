"""A step's tokens on a CPU: long runs of one adapter, and stretches that are grouped."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from expertserve.engine.vllm.grouped import Grouped
from expertserve.engine.vllm.layout import Layout
from expertserve.engine.vllm.packed import Alone, Packed
from expertserve.engine.vllm.products import SMALL

Weights = Packed | Alone | Grouped
LONG_RUN = 48
"""From so many tokens of one adapter on, they take its weights alone."""
RUN = 12
"""From so many on, they aren't grouped with others: groups are as long as the longest."""
SPARE = 8
"""From so many places on, half of which nobody needs, adapters are laid side by side anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Consecutive tokens [start, end) of a step: of one slot alone, or grouped.

    Args:
        slots: The slots that its weights are laid out for: its own, or of a grouped one those of
            the step, and maybe others.
        dtype: Of its products.
        is_alone: The step has tokens of this slot only.
        present: The slots that the step has in grouped regions.
        places: For grouped ones, each token's place in `slots`, −1 for base-only tokens.
        weights: What it takes in each layer, by the layer's identity: steps of decoding meet the
            same region again and again.
    """

    start: int
    end: int
    slots: tuple[int, ...]
    dtype: torch.dtype
    is_alone: bool = False
    present: frozenset[int] = frozenset()
    places: tuple[int, ...] = ()
    weights: dict[int, Weights] = field(default_factory=dict)
    _rows: dict[Weights, tuple[torch.Tensor | None, torch.Tensor | None]] = field(
        default_factory=dict
    )
    _layouts: dict[int, Layout] = field(default_factory=dict)
    _index: list[torch.Tensor] = field(default_factory=list)

    @property
    def where(self) -> slice:
        return slice(self.start, self.end)

    @property
    def is_small(self) -> bool:
        return self.end - self.start <= SMALL

    @property
    def is_grouped(self) -> bool:
        return bool(self.places)

    def rows(self, weights: Weights) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Each token's scale and shift, shape [tokens, out]; of one slot, [out]."""
        if not self.is_grouped:
            return weights.scale, weights.shift
        found = self._rows.get(weights)
        if found is None:
            if not self._index:
                self._index.append(torch.tensor(self.places) + 1)
            scale, shift = (
                None if v is None else v.index_select(0, self._index[0])
                for v in (weights.scale, weights.shift)
            )
            found = scale, shift
            if self.is_small:
                self._rows[weights] = found
        return found

    def layout(self, each: int) -> Layout:
        """A grouped region's tokens by groups of so many places."""
        found = self._layouts.get(each)
        if found is None:
            found = Layout(self.places, each, self.dtype)
            self._layouts[each] = found
        return found


class Order:
    """The places of slots whose adapters lie side by side; they stay from step to step."""

    def __init__(self) -> None:
        self._slots: list[int] = []

    def __call__(self, present: Sequence[int]) -> tuple[int, ...]:
        """The slots by place: those that are present, and maybe others that were.

        A newcomer takes the place of one that isn't needed.
        """
        free = [place for place, slot in enumerate(self._slots) if slot not in present]
        for slot in present:
            if slot in self._slots:
                continue
            if free:
                self._slots[free.pop(0)] = slot
            else:
                self._slots.append(slot)
        if len(self._slots) > max(SPARE, 2 * len(present)):
            self._slots = list(present)
        return tuple(self._slots)


def regions(slots: Sequence[int], dtype: torch.dtype, order: Order) -> list[Region]:
    """Cuts a step's tokens (a slot each, −1 for none) into long runs and mixed stretches.

    All mixed stretches of a step share their places.
    """
    if len(set(slots)) == 1:
        return [Region(0, len(slots), (slots[0],), dtype, is_alone=True)] if slots[0] >= 0 else []
    found: list[tuple[int, int]] = []
    at, is_short = 0, False
    for _, run in itertools.groupby(slots):
        length, follows = len(list(run)), is_short
        is_short = length < RUN
        if is_short and follows:
            found[-1] = (found[-1][0], at + length)
        else:
            found.append((at, at + length))
        at += length
    long = [(s, e) for s, e in found if e - s >= LONG_RUN and len(set(slots[s:e])) == 1]
    grouped = [(s, e) for s, e in found if (s, e) not in long]
    present = frozenset(s for start, end in grouped for s in slots[start:end] if s >= 0)
    places = order(sorted(present))
    place = {slot: i for i, slot in enumerate(places)} | {-1: -1}
    regions = [Region(s, e, (slots[s],), dtype) for s, e in long]
    for start, end in grouped:
        own = tuple(place[s] for s in slots[start:end])
        regions.append(Region(start, end, places, dtype, present=present, places=own))
    return [r for r in regions if any(s >= 0 for s in slots[r.start : r.end])]
