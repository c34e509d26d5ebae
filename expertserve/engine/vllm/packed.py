"""One adapter's weights for one layer: as its slot has them, and copied for a few tokens of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn.functional import linear

from expertserve.engine.vllm.products import TILE, Product, fits_tiles


class Slice(NamedTuple):
    """A fused output: its columns of y, A [rank, in], and B [columns, rank]."""

    columns: slice
    a: torch.Tensor
    b: torch.Tensor


@dataclass(slots=True, eq=False)
class Packed:
    """One adapter's weights for one layer: views of its slot, without unused ranks.

    Args:
        slices: What is added, and where.
        scale: Shape [out], which counts the outputs in `columns` alone. None where there is nothing
            to scale.
        shift: The same for shifts.
        columns: Those of y that anything changes: an adapter of `up` leaves those of `gate` before
            it as they are.
    """

    slices: tuple[Slice, ...]
    scale: torch.Tensor | None
    shift: torch.Tensor | None
    columns: slice

    def to(self, dtype: torch.dtype) -> Packed:
        """The same in another type."""
        scale, shift = (None if v is None else v.to(dtype) for v in (self.scale, self.shift))
        slices = tuple(Slice(s.columns, s.a.to(dtype), s.b.to(dtype)) for s in self.slices)
        return Packed(slices, scale, shift, self.columns)

    def inside(self, one: Slice) -> slice:
        """A slice's columns, counted from the first that anything changes."""
        return slice(one.columns.start - self.columns.start, one.columns.stop - self.columns.start)

    def add(self, y: torch.Tensor, x: torch.Tensor) -> None:
        """Adds B (A x) to y [tokens, out of `columns`]; x is [tokens, in]."""
        for one in self.slices:
            y[:, self.inside(one)].addmm_(linear(x, one.a), one.b.T)


class Alone:
    """An adapter's products for a few tokens of one layer, copied, so that they are few calls.

    A is one matrix. In tiles, the slices' B are one block-diagonal matrix, but where their ranks
    fill tiles: there its zeros would cost more than calls do. Without tiles they would anywhere.
    """

    def __init__(self, packed: Packed) -> None:
        self.scale, self.shift, self.columns = packed.scale, packed.shift, packed.columns
        slices = packed.slices
        columns = [self.columns, *(one.columns for one in slices)]
        a = torch.cat([one.a for one in slices])
        ends = list(itertools.accumulate(len(one.a) for one in slices))
        self._parts = [
            (slice(end - len(one.a), end), packed.inside(one), one.b.T)
            for end, one in zip(ends, slices, strict=True)
        ]
        self._a, self._down, self._ups = a, None, list[Product]()
        if not fits_tiles(a.dtype, [a.shape[1], *(c.stop - c.start for c in columns)]):
            return
        self._down = Product(a, "down")
        if len(slices) > 1 and all(len(one.a) % TILE == 0 for one in slices):
            self._ups = [Product(one.b, "up") for one in slices]
            return
        whole = a.new_zeros(self.columns.stop - self.columns.start, len(a))
        for rows, inside, b in self._parts:
            whole[inside, rows] = b.T
        self._ups = [Product(whole, "up")]

    def add(self, y: torch.Tensor, x: torch.Tensor) -> None:
        """As `Packed.add`."""
        if self._down is None:
            inner = linear(x, self._a)
            for rows, inside, b in self._parts:
                y[:, inside].addmm_(inner[:, rows], b)
            return
        inner = self._down(x)
        if len(self._ups) == 1:
            y.add_(self._ups[0](inner))
            return
        for (rows, inside, _), up in zip(self._parts, self._ups, strict=True):
            y[:, inside].add_(up(inner[:, rows].contiguous()))


def pack(
    a: Sequence[torch.Tensor], b: Sequence[torch.Tensor], rows: Sequence[torch.Tensor | None]
) -> Packed:
    """One slot's slices, without unused ranks and outer slices.

    Args:
        a: [rank, in] for each slice.
        b: [out, rank].
        rows: Scale and shift [2, out], None where there are none.
    """
    slices, changed = [], []
    for down, up, own, end in zip(a, b, rows, itertools.accumulate(map(len, b)), strict=True):
        columns, used = slice(end - len(up), end), _used(down)
        if used:
            slices.append(Slice(columns, down[:used], up[:, :used]))
        if used or (own is not None and own.any()):
            changed.append(columns)
    hull = slice(changed[0].start, changed[-1].stop) if changed else slice(0, 0)
    scale, shift = _beside(b, rows, hull)
    return Packed(tuple(slices), scale, shift, hull)


def _beside(
    b: Sequence[torch.Tensor], rows: Sequence[torch.Tensor | None], hull: slice
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Scale and shift [out of the hull], None for one that changes nothing."""
    if all(own is None for own in rows):
        return None, None
    whole = [
        up.new_zeros(2, len(up)) if own is None else own for up, own in zip(b, rows, strict=True)
    ]
    scale, shift = (row if row.any() else None for row in torch.cat(whole, dim=1)[:, hull])
    return scale, shift


def _used(a: torch.Tensor) -> int:
    """How many of A's ranks count, zeros at the end left out."""
    if a[-1].any():
        return len(a)
    rows = a.any(dim=1).nonzero()
    return int(rows[-1]) + 1 if len(rows) else 0
