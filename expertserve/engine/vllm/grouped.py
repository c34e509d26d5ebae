"""Several adapters' weights for one layer, as a CPU multiplies with them where tokens are mixed.

Adapters have places. Those whose ranks fill a tile together are a group: a group's tokens are
multiplied with the weights of its adapters alone, all groups in one call, and foreign adapters are
masked out between the products. So a step with twenty adapters doesn't multiply every token with
twenty adapters' weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import pad

from expertserve.engine.vllm.layout import Layout
from expertserve.engine.vllm.packed import Packed
from expertserve.engine.vllm.products import PAIR, TILE, fits_tiles, multiply, tiles

NARROW = 4
"""The least ranks that a place has."""


class Grouped:
    """The weights of one layer.

    Args:
        parts: The adapters by place, all on one layer; None where a place is free.
    """

    scale: torch.Tensor | None
    """Shape [1 + places, out], the first row zero, for tokens without an adapter; None if nobody
    scales. `out` counts the outputs in `columns` alone."""
    shift: torch.Tensor | None
    columns: slice
    """Those of y that anything changes."""

    def __init__(self, parts: Sequence[Packed | None]) -> None:
        some = [part for part in parts if part is not None]
        own = [one for part in some for one in part.slices]
        self._width = _rounded(max((len(one.a) for one in own), default=0))
        self.each = max(1, TILE // self._width)
        self._ranks = self.each * self._width
        groups = -(-len(parts) // self.each)
        self._places = groups * self.each
        changed = [part.columns for part in some if part.columns.stop] or [slice(0, 0)]
        self.columns = slice(min(c.start for c in changed), max(c.stop for c in changed))
        self._slices = sorted({(one.columns.start, one.columns.stop) for one in own})
        outs = [stop - start for start, stop in self._slices]
        self._is_whole = sum(outs) == self.columns.stop - self.columns.start
        like = own[0].a if own else torch.empty(0, 0)
        self._tiled = fits_tiles(like.dtype, [like.shape[1], *outs])
        self._down = like.new_zeros(groups, len(outs) * self._ranks, like.shape[1])
        self._up = [like.new_zeros(groups, out, self._ranks) for out in outs]
        self.scale, self.shift = (
            self._rows([p.scale for p in some]),
            self._rows([p.shift for p in some]),
        )
        for place, part in enumerate(parts):
            if part is not None:
                self.put(place, part)

    def _rows(self, vectors: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
        like = next((v for v in vectors if v is not None), None)
        width = self.columns.stop - self.columns.start
        return None if like is None else like.new_zeros(1 + self._places, width)

    def put(self, place: int, part: Packed) -> bool:
        """Puts an adapter into a place; False if it needs more room than places have."""
        if not self._has_room_for(part):
            return False
        while place >= self._places:
            self._grow()
        group, inside = divmod(place, self.each)
        first, end = inside * self._width, (inside + 1) * self._width
        own = {one.columns.start: one for one in part.slices}
        for number, (start, _) in enumerate(self._slices):
            down, up = self._of_place(group, number, first, end)
            if start not in own:
                down.zero_()
                up.zero_()
                continue
            a, b = own[start].a, own[start].b
            if missing := self._width - len(a):
                a, b = pad(a, (0, 0, 0, missing)), pad(b, (0, missing))
            if self._tiled:  # a tile keeps neighbours of a row together, as pairs
                a, b = a.view(PAIR), b.view(PAIR)
            down.copy_(a.view(down.shape))
            up.copy_(b.view(up.shape))
        begin = part.columns.start - self.columns.start
        for rows, row in ((self.scale, part.scale), (self.shift, part.shift)):
            if rows is not None:
                rows[1 + place] = 0
                if row is not None:
                    rows[1 + place, begin : begin + len(row)] = row
        return True

    def _grow(self) -> None:
        """Twice as many places."""
        groups = len(self._down)
        self._down, *self._up = (
            torch.cat([m, torch.zeros_like(m)]) for m in (self._down, *self._up)
        )
        self._places = 2 * groups * self.each
        self.scale, self.shift = (
            None
            if v is None
            else torch.cat([v, v.new_zeros(1 + self._places - len(v), v.shape[1])])
            for v in (self.scale, self.shift)
        )

    def _has_room_for(self, part: Packed) -> bool:
        own, all_of_it = part.columns, self.columns
        return not (
            {one.columns.start for one in part.slices} - {start for start, _ in self._slices}
            or any(len(one.a) > self._width for one in part.slices)
            or (part.scale is not None and self.scale is None)
            or (part.shift is not None and self.shift is None)
            or (own.stop > 0 and (own.start < all_of_it.start or own.stop > all_of_it.stop))
        )

    def _of_place(
        self, group: int, number: int, first: int, end: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Where a slice's A [width, in] and B [out, width] are, as views; of tiles, of pairs."""
        down = self._down[group, number * self._ranks : (number + 1) * self._ranks]
        up = self._up[number][group]
        if not self._tiled:
            return down[first:end], up[:, first:end]
        return (
            tiles(down)[:, :, first : min(end, first + TILE)].transpose(1, 2),
            tiles(up)[:, first // 2 : end // 2].transpose(1, 2),
        )

    def add(self, y: torch.Tensor, x: torch.Tensor, layout: Layout) -> None:
        """Adds B (A x) to y [tokens, out of `columns`]; x is [tokens, in]."""
        if not self._slices:
            return
        groups, ranks = layout.groups, self._ranks
        own = slice(layout.first, layout.first + groups)
        taken = x if layout.take is None else x.index_select(0, layout.take)
        taken = taken.view(groups, -1, x.shape[1])
        tokens = taken.shape[1]
        inner = x.new_empty(groups, tokens, len(self._slices) * ranks)
        multiply(inner, taken, self._down[own], tiled=self._tiled)
        inner.mul_(layout.mask(len(self._slices), self._width))
        new = x.new_empty if self._is_whole else x.new_zeros
        made = new(groups, tokens, self.columns.stop - self.columns.start)
        for number, (start, stop) in enumerate(self._slices):
            multiply(
                made[:, :, start - self.columns.start : stop - self.columns.start],
                inner[:, :, number * ranks : (number + 1) * ranks],
                self._up[number][own],
                tiled=self._tiled,
            )
        made = made.view(groups * tokens, -1)
        y.add_(made if layout.back is None else made.index_select(0, layout.back))


def _rounded(ranks: int) -> int:
    """A place's width: groups of such places fill tiles."""
    if ranks > TILE:
        return -(-ranks // TILE) * TILE
    return max(NARROW, 1 << max(0, ranks - 1).bit_length())
