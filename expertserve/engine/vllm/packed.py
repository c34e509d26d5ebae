"""An adapter's weights for one layer as a CPU likes them, alone or beside others'."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

import torch
from torch.nn.functional import pad
from vllm import _custom_ops as ops

SMALL = 64
"""Up to so many tokens, products with weights that were laid out for oneDNN are quicker."""
DUE = itertools.cycle(range(8, 40))
"""Uses before an adapter's weights are laid out, a layer a step: it costs ten products."""


class Product:
    """Inputs times one matrix [in, out], laid out for oneDNN.

    A result is good until the next product of its width and side: its memory, which is in the
    cache, is used again.
    """

    def __init__(self, matrix: torch.Tensor, side: Literal["down", "up"]) -> None:
        self._handler = ops.create_onednn_mm(matrix, SMALL)
        self._columns, self._side = matrix.shape[1], side

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        made = _scratch(self._columns, x.dtype, self._side)[: len(x)]
        torch.ops._C.onednn_mm(made, x, None, self._handler.handler_tensor)
        return made


@lru_cache
def _scratch(columns: int, dtype: torch.dtype, side: str) -> torch.Tensor:
    return torch.empty(SMALL, columns, dtype=dtype)


class Slice(NamedTuple):
    """A fused output: its columns of y, rows of the packed A, and B [rows, columns]."""

    columns: slice
    rows: slice
    b: torch.Tensor


@dataclass(slots=True, eq=False)
class Packed:
    """One adapter's, or several adapters', weights for one layer.

    Args:
        a: The slices' A one below the other, and in each slice the adapters', shape [rows, in].
        slices: What is added, and where.
        scale: Shape [out] for one adapter, [adapters + 1, out] for several (the last row is zero,
            for tokens without one). `out` counts the outputs in `columns` alone. None where there
            is nothing to scale.
        shift: The same for shifts.
        columns: Those of y that anything changes: an adapter of `up` leaves those of `gate` before
            it as they are.
    """

    a: torch.Tensor
    slices: tuple[Slice, ...]
    scale: torch.Tensor | None
    shift: torch.Tensor | None
    columns: slice
    _due: int = field(default_factory=DUE.__next__)
    _products: tuple[Product, Product] | None = None
    _wide: Packed | None = None

    def products(self) -> tuple[Product, Product] | None:
        """Prepared products for few tokens, once worth it; None in float32 or without oneDNN's."""
        if self._products is None and self._due and self.a.dtype != torch.float32:
            self._due -= 1
            if not self._due:
                with suppress(RuntimeError):
                    self._products = (
                        Product(self.a.T, "down"),
                        Product(self._block_diagonal(), "up"),
                    )
        return self._products

    def _block_diagonal(self) -> torch.Tensor:
        """The slices' B in one matrix, shape [rows, out]."""
        whole = self.a.new_zeros(len(self.a), self.columns.stop)
        for one in self.slices:
            whole[one.rows, one.columns] = one.b
        return whole[:, self.columns].contiguous()

    def put(self, place: int, places: int, part: Packed) -> bool:
        """Puts another adapter into one of the places; False if it needs more room than it has."""
        own = {one.columns.start: one for one in part.slices}
        width = max((len(one.b) // places for one in self.slices), default=0)
        if (
            own.keys() - {one.columns.start for one in self.slices}
            or any(len(one.b) > width for one in part.slices)
            or (part.scale is not None and self.scale is None)
            or (part.shift is not None and self.shift is None)
            or (
                part.columns.stop > 0
                and not self.columns.start
                <= part.columns.start
                <= part.columns.stop
                <= self.columns.stop
            )
        ):
            return False
        for one in self.slices:
            first = place * width
            down = self.a[one.rows.start + first :][:width]
            up = one.b[first:][:width].zero_()
            if one.columns.start in own:
                mine = own[one.columns.start]
                down[: len(mine.b)], up[: len(mine.b)] = part.a[mine.rows], mine.b
        start = part.columns.start - self.columns.start
        for rows, row in ((self.scale, part.scale), (self.shift, part.shift)):
            if rows is not None:
                rows[place] = 0
                if row is not None:
                    rows[place, start : start + len(row)] = row
        self._products = self._wide = None
        self._due = next(DUE)
        return True

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
    added, changed = [], []
    for down, up, own, end in zip(a, b, rows, itertools.accumulate(map(len, b)), strict=True):
        columns, used = slice(end - len(up), end), _used(down)
        if used:
            added.append((columns, [down[:used]], [up[:, :used].T]))
        if used or (own is not None and own.any()):
            changed.append(columns)
    hull = slice(changed[0].start, changed[-1].stop) if changed else slice(0, 0)
    beside = [
        up.new_zeros(2, len(up)) if own is None else own for up, own in zip(b, rows, strict=True)
    ]
    scale, shift = (row if row.any() else None for row in torch.cat(beside, dim=1)[:, hull])
    return Packed(*_joined(added, a[0][:0]), scale, shift, hull)


def _used(a: torch.Tensor) -> int:
    """How many of A's ranks count, zeros at the end left out."""
    rows = a.any(dim=1).nonzero()
    return int(rows[-1]) + 1 if len(rows) else 0


def _joined(
    added: Sequence[tuple[slice, list[torch.Tensor], list[torch.Tensor]]], nothing: torch.Tensor
) -> tuple[torch.Tensor, tuple[Slice, ...]]:
    """Slices' columns, A and B in pieces → the packed A and the slices, copied.

    `nothing` is an A without rows, [0, in]: what is left where there are no slices.
    """
    a = torch.cat([nothing, *(piece for _, downs, _ in added for piece in downs)])
    slices: list[Slice] = []
    for columns, _, ups in added:
        start, b = slices[-1].rows.stop if slices else 0, torch.cat(ups)
        rows = slice(start, start + len(b))
        slices.append(Slice(columns, rows, b))
    return a, tuple(slices)


def stack(parts: Sequence[Packed]) -> Packed:
    """Several adapters packed side by side, padded to the widest slice and all outputs."""
    width = max((len(one.b) for part in parts for one in part.slices), default=0)
    own = [{one.columns.start: one for one in part.slices} for part in parts]
    like = {start: one for slices in own for start, one in slices.items()}
    added = []
    for start, one in sorted(like.items()):
        none = one._replace(rows=slice(0, 0), b=one.b[:0])
        each = [slices.get(start, none) for slices in own]
        downs = [_padded(p.a[s.rows], width) for p, s in zip(parts, each, strict=True)]
        added.append((one.columns, downs, [_padded(s.b, width) for s in each]))
    some = [p.columns for p in parts if p.columns.stop] or [slice(0, 0)]
    hull = slice(min(c.start for c in some), max(c.stop for c in some))
    sides = [(p.columns.start - hull.start, hull.stop - p.columns.stop) for p in parts]
    scale, shift = (
        _rows(vectors, sides) for vectors in ([p.scale for p in parts], [p.shift for p in parts])
    )
    return Packed(*_joined(added, parts[0].a[:0]), scale, shift, hull)


def _padded(rows: torch.Tensor, height: int) -> torch.Tensor:
    return rows if len(rows) == height else pad(rows, (0, 0, 0, height - len(rows)))


def _rows(
    vectors: Sequence[torch.Tensor | None], sides: Sequence[tuple[int, int]]
) -> torch.Tensor | None:
    """Vectors stacked, each padded with zeros on both sides, and a row of zeros."""
    rows = [None if v is None else pad(v, side) for v, side in zip(vectors, sides, strict=True)]
    some = next((row for row in rows if row is not None), None)
    if some is None:
        return None
    nothing = torch.zeros_like(some)
    return torch.stack([*(nothing if row is None else row for row in rows), nothing])
