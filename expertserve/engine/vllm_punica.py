"""How adapters are applied inside vLLM's workers: y ← y + d ⊙ y + e + B (A x), each token by its own adapter.

vLLM calls its Punica wrapper (arXiv:2310.18547) for every linear layer. Its CPU wrapper gathers A and B once per token, which costs
several times what the layer itself does. Here tokens are grouped once a step, and per layer an adapter's fused slices (q, k, v; gate,
up) are packed once: A stacked, B block-diagonal, the scale and shift columns taken out. Then

- a long run of tokens of one adapter takes two products, straight into the output;
- a mixed region (decoding) takes two products over the adapters in it side by side, the foreign ones masked out between them.

Packed weights are kept per layer and slot, and made anew when the slot holds another adapter. Of a small product, most of the time is
setting it up; so for few tokens the weights of adapters that stay are laid out once for oneDNN, as vLLM does with the base's.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import linear
from vllm import _custom_ops as ops
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from expertserve.adapters.convert import RESERVED

if TYPE_CHECKING:
    from vllm.lora.layers import LoRAMapping

LONG_RUN = 48
"""From so many tokens of one adapter on, a product of their own is cheaper than a masked one."""
SMALL = 64
"""Up to so many tokens, products with weights that were laid out for oneDNN are quicker."""
DUE = itertools.cycle(range(8, 40))
"""Laying weights out costs as much as some ten products save: it is done at a use between these, another one for each layer, so that no
step pays for all of an adapter's layers."""
KEPT = 32
"""Adapters, counted in every combination, whose side-by-side weights a layer keeps; those of which a slot has changed go at once."""


class Product:
    """Inputs times one matrix [in, out], laid out for oneDNN."""

    def __init__(self, matrix: torch.Tensor) -> None:
        self._handler = ops.create_onednn_mm(matrix, SMALL)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = ops.onednn_mm(self._handler, x, None)
        return made


@dataclass(slots=True, eq=False)
class Packed:
    """One adapter's, or several adapters', weights for one layer, fused slices side by side.

    Shapes: a [width, in], b [width, out]; scale and shift [out] for one adapter, [adapters + 1, out] for several (the last row is
    zero, for tokens without one). None where there is nothing to scale or shift. `out` counts the layer's outputs in `columns` alone:
    an adapter of `up` leaves those of `gate` before it as they are.
    """

    a: torch.Tensor
    b: torch.Tensor
    scale: torch.Tensor | None
    shift: torch.Tensor | None
    columns: slice
    _due: int = field(default_factory=DUE.__next__)
    _products: tuple[Product, Product] | None = None
    _wide: Packed | None = None

    def products(self) -> tuple[Product, Product] | None:
        """The two products of few tokens, once they are worth preparing. None for float32, which is quicker without (measured with
        AVX2), and where oneDNN has none for this CPU: bfloat16 without AVX-512, for which vLLM's own layers fall back, too."""
        if self._products is None and self._due and self.a.dtype != torch.float32:
            self._due -= 1
            if not self._due:
                with suppress(RuntimeError):
                    self._products = Product(self.a.T), Product(self.b)
        return self._products

    def to(self, dtype: torch.dtype) -> Packed:
        """The same in another type, made once."""
        if dtype == self.a.dtype:
            return self
        if self._wide is None:
            scale, shift = (None if v is None else v.to(dtype) for v in (self.scale, self.shift))
            self._wide = Packed(self.a.to(dtype), self.b.to(dtype), scale, shift, self.columns)
        return self._wide


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Consecutive tokens [start, end) of a step: of one slot, or mixed.

    Args:
        slots: The slots in it, base-only tokens left out.
        row: For mixed ones, each token's place in `slots` (its length for base-only tokens), shape [tokens].
        mask: For mixed ones, one-hot of `row`, shape [tokens, slots, 1].
        weights: What it takes in each layer, by the layer's identity: steps of decoding meet the same region again and again.
    """

    start: int
    end: int
    slots: tuple[int, ...]
    row: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    weights: dict[int, Packed] = field(default_factory=dict)
    _rows: dict[Packed, tuple[torch.Tensor | None, torch.Tensor | None]] = field(default_factory=dict)

    @property
    def is_small(self) -> bool:
        return self.end - self.start <= SMALL

    def rows(self, packed: Packed) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Each token's scale and shift, shape [tokens, out]; of one slot, [out]."""
        if self.row is None:
            return packed.scale, packed.shift
        found = self._rows.get(packed)
        if found is None:
            scale, shift = (None if v is None else v.index_select(0, self.row) for v in (packed.scale, packed.shift))
            found = scale, shift
            if self.is_small:
                self._rows[packed] = found
        return found


def regions(slots: Sequence[int], dtype: torch.dtype) -> list[Region]:
    """Cuts a step's tokens (slot per token, −1 for none) into long runs and the mixed stretches between them."""
    found: list[tuple[int, int, bool]] = []
    at = 0
    for _, run in itertools.groupby(slots):
        length = len(list(run))
        if length < LONG_RUN and found and not found[-1][2]:
            found[-1] = (found[-1][0], at + length, False)
        else:
            found.append((at, at + length, length >= LONG_RUN))
        at += length
    return [r for start, end, _ in found if (r := _region(slots[start:end], start, end, dtype)).slots]


def _region(slots: Sequence[int], start: int, end: int, dtype: torch.dtype) -> Region:
    present = sorted(set(slots))
    own = tuple(s for s in present if s >= 0)
    if len(present) == 1:
        return Region(start, end, own)
    place = {slot: i for i, slot in enumerate(own)}
    row = torch.tensor([place.get(s, len(own)) for s in slots])
    mask = torch.nn.functional.one_hot(row, len(own) + 1)[:, :-1, None].to(dtype)
    return Region(start, end, own, row, mask)


def pack(a: Sequence[torch.Tensor], b: Sequence[torch.Tensor]) -> Packed:
    """One slot's slices (a [rank, in], b [out, rank] each) → packed; ranks and outer slices that the adapter doesn't use are dropped."""
    widths = [_used(s) for s in a]
    changed = [i for i, (width, up) in enumerate(zip(widths, b, strict=True)) if width or up[:, :RESERVED].any()] or [0]
    kept = slice(changed[0], changed[-1] + 1)
    start = sum(s.shape[0] for s in b[: kept.start])
    a, b, widths = a[kept], b[kept], widths[kept]
    outs = [s.shape[0] for s in b]
    stacked = torch.cat([s[RESERVED : RESERVED + w] for s, w in zip(a, widths, strict=True)])
    blocks = stacked.new_zeros(sum(widths), sum(outs))
    row = column = 0
    for s, w, out in zip(b, widths, outs, strict=True):
        blocks[row : row + w, column : column + out] = s[:, RESERVED : RESERVED + w].T
        row, column = row + w, column + out
    scale, shift = (torch.cat([s[:, i] for s in b]) for i in range(RESERVED))
    columns = slice(start, start + sum(outs))
    return Packed(stacked, blocks, scale if scale.any() else None, shift if shift.any() else None, columns)


def _used(a: torch.Tensor) -> int:
    """Ranks behind the reserved ones that are not zero."""
    rows = a[RESERVED:].any(dim=1).nonzero()
    return int(rows[-1]) + 1 if len(rows) else 0


def stack(parts: Sequence[Packed]) -> Packed:
    """Several adapters side by side, all padded to the widest and to the outputs that any of them changes."""
    width = max(p.a.shape[0] for p in parts)
    columns = slice(min(p.columns.start for p in parts), max(p.columns.stop for p in parts))
    sides = [(p.columns.start - columns.start, columns.stop - p.columns.stop) for p in parts]
    a = torch.cat([_padded(p.a, 0, 0, width - len(p.a)) for p in parts])
    b = torch.cat([_padded(p.b, *side, width - len(p.b)) for p, side in zip(parts, sides, strict=True)])
    return Packed(a, b, _rows([p.scale for p in parts], sides, b), _rows([p.shift for p in parts], sides, b), columns)


def _padded(rows: torch.Tensor, left: int, right: int, below: int) -> torch.Tensor:
    return torch.nn.functional.pad(rows, (left, right, 0, below)) if left or right or below else rows


def _rows(vectors: Sequence[torch.Tensor | None], sides: Sequence[tuple[int, int]], like: torch.Tensor) -> torch.Tensor | None:
    if all(v is None for v in vectors):
        return None
    nothing = like.new_zeros(like.shape[1])
    rows = [nothing if v is None else torch.nn.functional.pad(v, side) for v, side in zip(vectors, sides, strict=True)]
    return torch.stack([*rows, nothing])


def apply(y: torch.Tensor, x: torch.Tensor, packed: Packed, region: Region) -> None:
    """One region's tokens through their adapters, into y. Shapes: y [tokens, out], x [tokens, in]."""
    y = y[:, packed.columns]
    scale, shift = region.rows(packed)
    if scale is not None:
        y.addcmul_(y, scale)
    if shift is not None:
        y.add_(shift)
    if not packed.a.shape[0]:
        return
    down, up = (packed.products() if region.is_small else None) or (None, None)
    inner = down(x) if down else linear(x, packed.a)
    if region.mask is not None:
        inner.view(len(inner), len(region.slots), -1).mul_(region.mask)
    if up:
        y.add_(up(inner))
    else:
        y.addmm_(inner, packed.b)


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

    def update_metadata(self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kwargs: Any) -> None:
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
        """Shapes: y [tokens, out], x [tokens, in], per slice a [slots, 1, rank, in] and b [slots, 1, out, rank]; `scale` is 1."""
        x, y = x.view(-1, x.shape[-1]), y.view(-1, y.shape[-1])
        for region in self._step("tokens", self._slots, x.dtype):
            packed = self._weights(region, lora_a_stacked, lora_b_stacked)
            apply(y[region.start : region.end], x[region.start : region.end], packed, region)

    def add_lora_logits(
        self, y: torch.Tensor, x: torch.Tensor, lora_a_stacked: torch.Tensor, lora_b_stacked: torch.Tensor, scale: float, **kwargs: Any
    ) -> None:
        """The same for the output layer, whose tokens are those that are sampled."""
        x, y = x.view(-1, x.shape[-1]), y.view(-1, y.shape[-1])
        for region in self._step("sampled", self._sampled, y.dtype):
            packed = self._weights(region, (lora_a_stacked,), (lora_b_stacked,)).to(y.dtype)
            apply(y[region.start : region.end], x[region.start : region.end].to(y.dtype), packed, region)

    def _weights(self, region: Region, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]) -> Packed:
        layer = id(a[0])
        found = region.weights.get(layer)
        if found is None:
            found = region.weights[layer] = self._find(layer, region, a, b)
        return found

    def _find(self, layer: int, region: Region, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]) -> Packed:
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

    def _one(self, layer: int, slot: int, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]) -> Packed:
        holder, packed = self._packed.get((layer, slot), (None, None))
        if packed is None or holder != self._ids[slot]:
            packed = pack([s[slot, 0] for s in a], [s[slot, 0] for s in b])
            self._packed[layer, slot] = (self._ids[slot], packed)
        return packed
