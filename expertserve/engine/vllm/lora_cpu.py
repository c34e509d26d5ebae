"""Adapters in vLLM's CPU workers: y ← y + d ⊙ y + e + B (A x), per token.

vLLM calls its Punica wrapper (arXiv:2310.18547) for every linear layer. Its CPU wrapper gathers A
and B once per token, which costs several times what the layer itself does. Here tokens are grouped
once a step, and per layer an adapter's fused slices (q, k, v; gate, up) are packed once, A stacked,
with the scale and the shift from the table beside the slots. Then

- a long run of tokens of one adapter takes one product with A and one with each slice's B, straight
  into the output;
- a mixed region (decoding) does the same with the adapters in it side by side, the foreign ones
  masked out between the products.

Packed weights are kept per layer and slot, and made anew when the slot holds another adapter. Of a
small product in bfloat16, most of the time is setting it up; so for few tokens the weights of
adapters that stay are laid out once for oneDNN, as vLLM does with the base's, and the slices' B as
one block-diagonal matrix.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch.nn.functional import linear, one_hot, pad
from vllm import _custom_ops as ops
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from expertserve.engine.vllm.rows import find

if TYPE_CHECKING:
    from vllm.lora.layers import LoRAMapping

LONG_RUN = 48
"""From so many tokens of one adapter on, a product of their own is cheaper than a masked one."""
SMALL = 64
"""Up to so many tokens, products with weights that were laid out for oneDNN are quicker."""
DUE = itertools.cycle(range(8, 40))
"""Uses before an adapter's weights are laid out, a layer a step: it costs ten products."""
KEPT = 32
"""Adapters whose packed weights a layer keeps; those of changed slots go at once."""


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

    def to(self, dtype: torch.dtype) -> Packed:
        """The same in another type, made once."""
        if dtype == self.a.dtype:
            return self
        if self._wide is None:
            scale, shift = (None if v is None else v.to(dtype) for v in (self.scale, self.shift))
            slices = tuple(one._replace(b=one.b.to(dtype)) for one in self.slices)
            self._wide = Packed(self.a.to(dtype), slices, scale, shift, self.columns)
        return self._wide


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Consecutive tokens [start, end) of a step: of one slot, or mixed.

    Args:
        slots: The slots in it, base-only tokens left out.
        row: For mixed ones, each token's place in `slots` (its length for base-only tokens), shape
            [tokens].
        own: For mixed ones, one-hot of `row`, shape [tokens, 1, slots, 1].
        weights: What it takes in each layer, by the layer's identity: steps of decoding meet the
            same region again and again.
    """

    start: int
    end: int
    slots: tuple[int, ...]
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


def regions(slots: Sequence[int], dtype: torch.dtype) -> list[Region]:
    """Cuts a step's tokens (a slot each, −1 for none) into long runs and mixed stretches."""
    found: list[tuple[int, int, bool]] = []
    at = 0
    for _, run in itertools.groupby(slots):
        length = len(list(run))
        if length < LONG_RUN and found and not found[-1][2]:
            found[-1] = (found[-1][0], at + length, False)
        else:
            found.append((at, at + length, length >= LONG_RUN))
        at += length
    return [
        r for start, end, _ in found if (r := _region(slots[start:end], start, end, dtype)).slots
    ]


def _region(slots: Sequence[int], start: int, end: int, dtype: torch.dtype) -> Region:
    present = sorted(set(slots))
    own = tuple(s for s in present if s >= 0)
    if len(present) == 1:
        return Region(start, end, own)
    place = {slot: i for i, slot in enumerate(own)}
    row = torch.tensor([place.get(s, len(own)) for s in slots])
    return Region(start, end, own, row, one_hot(row, len(own) + 1)[:, None, :-1, None].to(dtype))


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
    hull = slice(min(p.columns.start for p in parts), max(p.columns.stop for p in parts))
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


def apply(y: torch.Tensor, x: torch.Tensor, packed: Packed, region: Region) -> None:
    """One region's tokens through their adapters, into y [tokens, out]; x is [tokens, in]."""
    scale, shift = region.rows(packed)
    changed = _part(y, 1, packed.columns)
    if scale is not None:
        changed.addcmul_(changed, scale)
    if shift is not None:
        changed.add_(shift)
    if not packed.slices:
        return
    down, up = (packed.products() if region.is_small else None) or (None, None)
    inner = down(x) if down else linear(x, packed.a)
    mask = region.mask(inner, len(packed.slices))
    if mask is not None:
        inner.mul_(mask)
    if up:
        changed.add_(up(inner))
        return
    for one in packed.slices:
        y[:, one.columns].addmm_(inner[:, one.rows], one.b)


def _part(matrix: torch.Tensor, dim: int, where: slice) -> torch.Tensor:
    """Rows or columns of a matrix; itself for all of them, as a view has a cost."""
    return (
        matrix
        if where.stop - where.start == matrix.shape[dim]
        else matrix.narrow(dim, where.start, where.stop - where.start)
    )


class RowScaleCPU(PunicaWrapperCPU):  # type: ignore[misc]
    """vLLM's CPU wrapper, with `add_lora_linear` and `add_lora_logits` done as above."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ids: list[int | None] = []
        self._slots: list[int] = []
        self._sampled: list[int] = []
        self._regions: dict[tuple[str, torch.dtype], list[Region]] = {}
        self._packed: dict[tuple[int, int], tuple[int | None, Packed]] = {}
        self._stacks: dict[int, dict[tuple[tuple[int, int | None], ...], Packed]] = {}

    def update_metadata(
        self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kwargs: Any
    ) -> None:
        """Groups the step's tokens; called by vLLM whenever the mapping or the slots changed."""
        super().update_metadata(mapping, lora_index_to_id, *args, **kwargs)
        self._ids = list(lora_index_to_id)
        self._slots = self.token_lora_indices.tolist()
        self._sampled = self.sampler_indices.tolist()
        self._regions = {}

    def _step(self, kind: str, slots: list[int], dtype: torch.dtype) -> list[Region]:
        key = (kind, dtype)
        if key not in self._regions:
            self._regions[key] = regions(slots, dtype)
        return self._regions[key]

    def add_lora_linear(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: tuple[torch.Tensor, ...],
        lora_b_stacked: tuple[torch.Tensor, ...],
        scale: float,
        output_slices: tuple[int, ...],
        **kwargs: Any,
    ) -> None:
        """y [tokens, out], x [tokens, in], a [slots, 1, rank, in], b [slots, 1, out, rank]."""
        x, y = x.view(-1, x.shape[-1]), y.view(-1, y.shape[-1])
        for region in self._step("tokens", self._slots, x.dtype):
            packed = self._weights(region, lora_a_stacked, lora_b_stacked)
            apply(_part(y, 0, region.where), _part(x, 0, region.where), packed, region)

    def add_lora_logits(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: torch.Tensor,
        lora_b_stacked: torch.Tensor,
        scale: float,
        **kwargs: Any,
    ) -> None:
        """The same for the output layer, whose tokens are those that are sampled."""
        x, y = x.view(-1, x.shape[-1]), y.view(-1, y.shape[-1])
        for region in self._step("sampled", self._sampled, y.dtype):
            packed = self._weights(region, (lora_a_stacked,), (lora_b_stacked,)).to(y.dtype)
            apply(_part(y, 0, region.where), _part(x, 0, region.where).to(y.dtype), packed, region)

    def _weights(
        self, region: Region, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]
    ) -> Packed:
        layer = id(a[0])
        found = region.weights.get(layer)
        if found is None:
            found = region.weights[layer] = self._find(layer, region, a, b)
        return found

    def _find(
        self, layer: int, region: Region, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]
    ) -> Packed:
        slots = region.slots
        if region.row is None:  # one adapter beside base-only tokens is a mixture, too
            return self._one(layer, slots[0], a, b)
        stacks = self._stacks.setdefault(layer, {})
        key = tuple((s, self._ids[s]) for s in slots)
        found = stacks.pop(key, None)
        if found is None:
            found = stack([self._one(layer, slot, a, b) for slot in slots])
            for gone in [k for k in stacks if any(self._ids[slot] != held for slot, held in k)]:
                del stacks[gone]
            while stacks and sum(map(len, stacks)) + len(slots) > KEPT:
                del stacks[next(iter(stacks))]
        stacks[key] = found  # the last one is the latest used
        return found

    def _one(
        self, layer: int, slot: int, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]
    ) -> Packed:
        holder, packed = self._packed.get((layer, slot), (None, None))
        if packed is None or holder != self._ids[slot]:
            tables = map(find, b)
            packed = pack(
                [s[slot, 0] for s in a],
                [s[slot, 0] for s in b],
                [None if table is None else table[slot] for table in tables],
            )
            self._packed[layer, slot] = (self._ids[slot], packed)
        return packed
