"""A step's tokens on a CPU: long runs of one adapter, and stretches where adapters are mixed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch.nn.functional import one_hot

from expertserve.engine.vllm.packed import SMALL, Packed

LONG_RUN = 48
"""From so many tokens of one adapter on, a product of their own is cheaper than a masked one."""
SPARE = 8
"""From so many places on, half of which nobody needs, adapters are laid side by side anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Consecutive tokens [start, end) of a step: of one slot, or mixed.

    Args:
        slots: The slots that its weights are laid out for; of a mixed one, those that it has, and
            maybe others.
        present: Those that it has.
        row: For mixed ones, each token's place in `slots` (its length for base-only tokens), shape
            [tokens].
        own: For mixed ones, one-hot of `row`, shape [tokens, 1, slots, 1].
        weights: What it takes in each layer, by the layer's identity: steps of decoding meet the
            same region again and again.
    """

    start: int
    end: int
    slots: tuple[int, ...]
    present: frozenset[int]
    row: torch.Tensor | None = None
    own: torch.Tensor | None = None
    weights: dict[int, Packed] = field(default_factory=dict)
    _rows: dict[Packed, tuple[torch.Tensor | None, torch.Tensor | None]] = field(
        default_factory=dict
    )
    _masks: dict[tuple[int, int], torch.Tensor] = field(default_factory=dict)

    @property
    def where(self) -> slice:
        return slice(self.start, self.end)

    @property
    def is_small(self) -> bool:
        return self.end - self.start <= SMALL

    def rows(self, packed: Packed) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Each token's scale and shift, shape [tokens, out]; of one slot, [out]."""
        if self.row is None:
            return packed.scale, packed.shift
        found = self._rows.get(packed)
        if found is None:
            scale, shift = (
                None if v is None else v.index_select(0, self.row)
                for v in (packed.scale, packed.shift)
            )
            found = scale, shift
            if self.is_small:
                self._rows[packed] = found
        return found

    def mask(self, inner: torch.Tensor, slices: int) -> torch.Tensor | None:
        """Which products with the packed A [tokens, ranks] are a token's own; None if all are."""
        if self.own is None:
            return None
        found = self._masks.get((inner.shape[1], slices))
        if found is None:
            found = self.own.expand(
                -1, slices, -1, inner.shape[1] // (slices * len(self.slots))
            ).reshape(inner.shape)
            self._masks[inner.shape[1], slices] = found
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
                self._slots[free.pop()] = slot
            else:
                self._slots.append(slot)
        if len(self._slots) > max(SPARE, 2 * len(present)):
            self._slots = list(present)
        return tuple(self._slots)


def regions(slots: Sequence[int], dtype: torch.dtype, order: Order) -> list[Region]:
    """Cuts a step's tokens (a slot each, −1 for none) into long runs and mixed stretches.

    All mixed stretches of a step share their places.
    """
    found: list[tuple[int, int, bool]] = []
    at = 0
    for _, run in itertools.groupby(slots):
        length = len(list(run))
        if length < LONG_RUN and found and not found[-1][2]:
            found[-1] = (found[-1][0], at + length, False)
        else:
            found.append((at, at + length, length >= LONG_RUN))
        at += length
    mixed = [slots[start:end] for start, end, _ in found if len(set(slots[start:end])) > 1]
    places = order(sorted({s for part in mixed for s in part if s >= 0}))
    return [
        _region(slots[start:end], start, end, dtype, places)
        for start, end, _ in found
        if any(s >= 0 for s in slots[start:end])
    ]


def _region(
    slots: Sequence[int], start: int, end: int, dtype: torch.dtype, places: tuple[int, ...]
) -> Region:
    present = frozenset(s for s in slots if s >= 0)
    if len(set(slots)) == 1:
        return Region(start, end, tuple(present), present)
    place = {slot: i for i, slot in enumerate(places)}
    row = torch.tensor([place.get(s, len(places)) for s in slots])
    own = one_hot(row, len(places) + 1)[:, None, :-1, None].to(dtype)
    return Region(start, end, places, present, row, own)
