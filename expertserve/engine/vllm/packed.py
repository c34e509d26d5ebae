"""An adapter's weights for one layer as a CPU likes them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from expertserve.engine.vllm.products import Product, fits_tiles


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
    _products: tuple[Product, Product] | None = None
    _wide: Packed | None = None

    def products(self) -> tuple[Product, Product] | None:
        """For few tokens: A, and the slices' B as one block-diagonal matrix; None without tiles."""
        if self._products is None and fits_tiles(
            self.a.dtype, [self.a.shape[1], self.columns.stop - self.columns.start]
        ):
            self._products = Product(self.a, "down"), Product(self._block_diagonal(), "up")
        return self._products

    def _block_diagonal(self) -> torch.Tensor:
        """The slices' B in one matrix, shape [out, rows]."""
        whole = self.a.new_zeros(self.columns.stop, len(self.a))
        for one in self.slices:
            whole[one.columns, one.rows] = one.b
        return whole[self.columns]

    def to(self, dtype: torch.dtype) -> Packed:
        """The same in another type, made once."""
        if dtype == self.a.dtype:
            return self
        if self._wide is None:
            scale, shift = (None if v is None else v.to(dtype) for v in (self.scale, self.shift))
            slices = tuple(one._replace(b=one.b.to(dtype)) for one in self.slices)
            self._wide = Packed(self.a.to(dtype), slices, scale, shift, self.columns)
        return self._wide


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
