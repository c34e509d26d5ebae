"""An adapter's weights for one layer as a CPU likes them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from expertserve.engine.vllm.products import TILE, Product, fits_tiles


class Slice(NamedTuple):
    """A fused output: its columns of y, rows of the packed A, and B [columns, rows]."""

    columns: slice
    rows: slice
    b: torch.Tensor


@dataclass(slots=True, eq=False)
class Packed:
    """One adapter's weights for one layer.

    Args:
        a: The slices' A one below the other, shape [rows, in].
        slices: What is added, and where.
        scale: Shape [out], which counts the outputs in `columns` alone. None where there is nothing
            to scale.
        shift: The same for shifts.
        columns: Those of y that anything changes: an adapter of `up` leaves those of `gate` before
            it as they are.
    """

    a: torch.Tensor
    slices: tuple[Slice, ...]
    scale: torch.Tensor | None
    shift: torch.Tensor | None
    columns: slice
    _tiled: Tiled | None = None
    _wide: Packed | None = None

    def tiled(self) -> Tiled | None:
        """For few tokens: its products in tiles, made once; None where they can't be."""
        columns = [self.columns, *(one.columns for one in self.slices)]
        sizes = [self.a.shape[1], *(c.stop - c.start for c in columns)]
        if self._tiled is None and fits_tiles(self.a.dtype, sizes):
            self._tiled = Tiled(self)
        return self._tiled

    def to(self, dtype: torch.dtype) -> Packed:
        """The same in another type, made once."""
        if dtype == self.a.dtype:
            return self
        if self._wide is None:
            scale, shift = (None if v is None else v.to(dtype) for v in (self.scale, self.shift))
            slices = tuple(one._replace(b=one.b.to(dtype)) for one in self.slices)
            self._wide = Packed(self.a.to(dtype), slices, scale, shift, self.columns)
        return self._wide


class Tiled:
    """An adapter's products for few tokens of one layer.

    The slices' B are one block-diagonal matrix, which is one call; where their ranks fill tiles,
    its zeros would cost more than calls do, and each slice has a product of its own.
    """

    def __init__(self, packed: Packed) -> None:
        self._down = Product(packed.a, "down")
        first = packed.columns.start
        self._ups: list[tuple[slice, slice, Product]] = []
        if len(packed.slices) > 1 and all(one.b.shape[1] % TILE == 0 for one in packed.slices):
            for one in packed.slices:
                columns = slice(one.columns.start - first, one.columns.stop - first)
                self._ups.append((one.rows, columns, Product(one.b, "up")))
            return
        whole = packed.a.new_zeros(packed.columns.stop, len(packed.a))
        for one in packed.slices:
            whole[one.columns, one.rows] = one.b
        self._up = Product(whole[first:], "up")

    def add(self, y: torch.Tensor, x: torch.Tensor) -> None:
        """Adds B (A x) to y [tokens, out of the adapter's `columns`]; x is [tokens, in]."""
        inner = self._down(x)
        for rows, columns, up in self._ups:
            y[:, columns].add_(up(inner[:, rows].contiguous()))
        if not self._ups:
            y.add_(self._up(inner))


def pack(
    a: Sequence[torch.Tensor], b: Sequence[torch.Tensor], rows: Sequence[torch.Tensor | None]
) -> Packed:
    """One slot's slices → packed, without unused ranks and outer slices.

    Args:
        a: [rank, in] for each slice.
        b: [out, rank].
        rows: Scale and shift [2, out], None where there are none.
    """
    downs, slices, changed = [a[0][:0]], list[Slice](), []
    for down, up, own, end in zip(a, b, rows, itertools.accumulate(map(len, b)), strict=True):
        columns, used = slice(end - len(up), end), _used(down)
        if used:
            start = slices[-1].rows.stop if slices else 0
            kept = up[:, :used].clone(memory_format=torch.contiguous_format)
            slices.append(Slice(columns, slice(start, start + used), kept))
            downs.append(down[:used])
        if used or (own is not None and own.any()):
            changed.append(columns)
    hull = slice(changed[0].start, changed[-1].stop) if changed else slice(0, 0)
    scale, shift = _beside(b, rows, hull)
    return Packed(torch.cat(downs), tuple(slices), scale, shift, hull)


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
