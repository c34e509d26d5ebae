"""How adapters are applied inside vLLM's workers: y ← y + d ⊙ y + e + B (A x), each token by its own adapter.

vLLM calls its Punica wrapper (arXiv:2310.18547) for every linear layer. Its CPU wrapper gathers A and B once per token, which costs
several times what the layer itself does. Here tokens are grouped once a step, and per layer an adapter's fused slices (q, k, v; gate,
up) are packed once: A stacked, B block-diagonal, the scale and shift columns taken out. Then

- a long run of tokens of one adapter takes two products, straight into the output;
- a mixed region (decoding) takes two products over the adapters in it side by side, the foreign ones masked out between them.

Packed weights are kept per layer and slot, and made anew when the slot holds another adapter.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import linear
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from expertserve.adapters.convert import RESERVED

if TYPE_CHECKING:
    from vllm.lora.layers import LoRAMapping

LONG_RUN = 48
"""From so many tokens of one adapter on, a product of their own is cheaper than a masked one."""
KEPT_STACKS = 16
"""Combinations of adapters whose side-by-side weights a layer keeps."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One adapter's, or several adapters', weights for one layer, fused slices side by side.

    Shapes: a [width, in], b [width, out]; scale and shift [out] for one adapter, [adapters + 1, out] for several (the last row is
    zero, for tokens without one). None where there is nothing to scale or shift.
    """

    a: torch.Tensor
    b: torch.Tensor
    scale: torch.Tensor | None
    shift: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class Region:
    """Consecutive tokens [start, end) of a step: of one slot, or mixed.

    Args:
        slots: The slots in it, base-only tokens left out.
        row: For mixed ones, each token's place in `slots` (its length for base-only tokens), shape [tokens].
        mask: For mixed ones, one-hot of `row`, shape [tokens, slots, 1].
    """

    start: int
    end: int
    slots: tuple[int, ...]
    row: torch.Tensor | None = None
    mask: torch.Tensor | None = None


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
    """One slot's slices (a [rank, in], b [out, rank] each) → packed; ranks that the adapter doesn't use are dropped."""
    widths = [_used(s) for s in a]
    outs = [s.shape[0] for s in b]
    stacked = torch.cat([s[RESERVED : RESERVED + w] for s, w in zip(a, widths, strict=True)])
    blocks = stacked.new_zeros(sum(widths), sum(outs))
    row = column = 0
    for s, w, out in zip(b, widths, outs, strict=True):
        blocks[row : row + w, column : column + out] = s[:, RESERVED : RESERVED + w].T
        row, column = row + w, column + out
    scale, shift = (torch.cat([s[:, i] for s in b]) for i in range(RESERVED))
    return Packed(stacked, blocks, scale if scale.any() else None, shift if shift.any() else None)


def _used(a: torch.Tensor) -> int:
    """Ranks behind the reserved ones that are not zero."""
    rows = a[RESERVED:].any(dim=1).nonzero()
    return int(rows[-1]) + 1 if len(rows) else 0


def stack(parts: Sequence[Packed]) -> Packed:
    """Several adapters side by side, all padded to the widest."""
    width = max(p.a.shape[0] for p in parts)
    a = torch.cat([torch.nn.functional.pad(p.a, (0, 0, 0, width - p.a.shape[0])) for p in parts])
    b = torch.cat([torch.nn.functional.pad(p.b, (0, 0, 0, width - p.b.shape[0])) for p in parts])
    return Packed(a, b, _rows([p.scale for p in parts], b), _rows([p.shift for p in parts], b))


def _rows(vectors: Sequence[torch.Tensor | None], like: torch.Tensor) -> torch.Tensor | None:
    if all(v is None for v in vectors):
        return None
    nothing = like.new_zeros(like.shape[1])
    return torch.stack([nothing if v is None else v for v in vectors] + [nothing])


def apply(y: torch.Tensor, x: torch.Tensor, packed: Packed, region: Region) -> None:
    """One region's tokens through their adapters, into y. Shapes: y [tokens, out], x [tokens, in]."""
    scale, shift = packed.scale, packed.shift
    if region.row is not None:
        scale = None if scale is None else scale.index_select(0, region.row)
        shift = None if shift is None else shift.index_select(0, region.row)
    if scale is not None:
        y.addcmul_(y, scale)
    if shift is not None:
        y.add_(shift)
    if not packed.a.shape[0]:
        return
    inner = linear(x, packed.a)
    if region.mask is not None:
        inner.view(len(inner), len(region.slots), -1).mul_(region.mask)
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
        self._stacks: dict[int, dict[tuple[int | None, ...], Packed]] = {}

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
        for region in self._step("sampled", self._sampled, x.dtype):
            packed = self._weights(region, (lora_a_stacked,), (lora_b_stacked,))
            part = y[region.start : region.end]
            if part.dtype == x.dtype:
                apply(part, x[region.start : region.end], packed, region)
            else:  # an output layer in float32
                wide = Packed(*(None if t is None else t.to(part.dtype) for t in (packed.a, packed.b, packed.scale, packed.shift)))  # type: ignore[arg-type]
                mask = None if region.mask is None else region.mask.to(part.dtype)
                apply(
                    part,
                    x[region.start : region.end].to(part.dtype),
                    wide,
                    Region(region.start, region.end, region.slots, region.row, mask),
                )

    def _weights(self, region: Region, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]) -> Packed:
        layer, slots = id(a[0]), region.slots
        if region.row is None:  # one adapter beside base-only tokens is a mixture, too
            return self._one(layer, slots[0], a, b)
        stacks = self._stacks.setdefault(layer, {})
        key = tuple(itertools.chain(slots, (self._ids[s] for s in slots)))
        found = stacks.pop(key, None)
        if found is None:
            found = stack([self._one(layer, slot, a, b) for slot in slots])
            if len(stacks) >= KEPT_STACKS:
                del stacks[next(iter(stacks))]
        stacks[key] = found  # the last one is the latest used
        return found

    def _one(self, layer: int, slot: int, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]) -> Packed:
        holder, packed = self._packed.get((layer, slot), (None, None))
        if packed is None or holder != self._ids[slot]:
            packed = pack([s[slot, 0] for s in a], [s[slot, 0] for s in b])
            self._packed[layer, slot] = (self._ids[slot], packed)
        return packed
