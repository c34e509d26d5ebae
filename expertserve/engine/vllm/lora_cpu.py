"""Adapters in vLLM's CPU workers: y ← y + d ⊙ y + e + B (A x), per token.

vLLM calls its Punica wrapper (arXiv:2310.18547) for every linear layer. Its CPU wrapper gathers A
and B once per token, which costs several times what the layer itself does. Here tokens are grouped
once a step. Then

- a long run of tokens of one adapter takes its weights from the slot;
- a few tokens of one adapter alone take copies that are fewer calls, see `packed`;
- a mixed region (decoding) is multiplied in groups of adapters, all groups in one call, see
  `grouped`.

In groups, adapters keep their places from step to step, and a newcomer takes a place that is free:
where hundreds of experts take turns, what a step costs is what changed.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from expertserve.engine.vllm.grouped import Grouped
from expertserve.engine.vllm.packed import Alone, Packed, pack
from expertserve.engine.vllm.regions import Order, Region, Weights, regions
from expertserve.engine.vllm.rows import find

if TYPE_CHECKING:
    from vllm.lora.layers import LoRAMapping


def apply(y: torch.Tensor, x: torch.Tensor, weights: Weights, region: Region) -> None:
    """One region's tokens through their adapters, into y [tokens, out]; x is [tokens, in]."""
    scale, shift = region.rows(weights)
    changed = _part(y, 1, weights.columns)
    if scale is not None:
        changed.addcmul_(changed, scale)
    if shift is not None:
        changed.add_(shift)
    if isinstance(weights, Grouped):
        weights.add(changed, x, region.layout(weights.each))
    else:
        weights.add(changed, x)


def _part(matrix: torch.Tensor, dim: int, where: slice) -> torch.Tensor:
    """Rows or columns of a matrix; itself for all of them, as a view has a cost."""
    return (
        matrix
        if where.stop - where.start == matrix.shape[dim]
        else matrix.narrow(dim, where.start, where.stop - where.start)
    )


COPIED = 4
"""Adapters whose weights are copied for requests that are answered alone: the last few that were.
"""
Holder = tuple[int, int | None]
"""A slot, and the adapter in it."""


class RowScaleCPU(PunicaWrapperCPU):  # type: ignore[misc]
    """vLLM's CPU wrapper, with `add_lora_linear` and `add_lora_logits` done as above."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ids: list[int | None] = []
        self._slots: list[int] = []
        self._sampled: list[int] = []
        self._regions: dict[tuple[str, torch.dtype], list[Region]] = {}
        self._orders = {"tokens": Order(), "sampled": Order()}
        self._alone: OrderedDict[Holder, dict[int, Alone]] = OrderedDict()
        self._packed: dict[tuple[int, int], tuple[int | None, Packed]] = {}
        self._grouped: dict[tuple[int, torch.dtype], tuple[dict[int, Holder], Grouped]] = {}

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
            self._regions[key] = regions(slots, dtype, self._orders[kind])
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
            weights = self._weights(region, lora_a_stacked, lora_b_stacked)
            apply(_part(y, 0, region.where), _part(x, 0, region.where), weights, region)

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
            weights = self._weights(region, (lora_a_stacked,), (lora_b_stacked,))
            apply(_part(y, 0, region.where), _part(x, 0, region.where).to(y.dtype), weights, region)

    def _weights(
        self, region: Region, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]
    ) -> Weights:
        layer = id(a[0])
        found = region.weights.get(layer)
        if found is None:
            found = region.weights[layer] = self._find(layer, region, a, b)
        return found

    def _find(
        self, layer: int, region: Region, a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]
    ) -> Weights:
        slots, dtype = region.slots, region.dtype
        if not region.is_grouped:
            one = self._one(layer, slots[0], a, b, dtype)
            few = region.is_alone and region.is_small and one.slices
            return self._copied(layer, slots[0], one) if few else one
        wanted = {p: (s, self._ids[s]) for p, s in enumerate(slots) if s in region.present}
        held, grouped = self._grouped.get((layer, dtype), ({}, None))
        for place, holder in wanted.items():
            if grouped is None or held.get(place) == holder:
                continue
            if not grouped.put(place, self._one(layer, holder[0], a, b, dtype)):
                grouped = None
            held[place] = holder
        if grouped is None:  # or somebody needs more room than places have
            parts = {p: self._one(layer, h[0], a, b, dtype) for p, h in wanted.items()}
            grouped = Grouped([parts.get(place) for place in range(len(slots))])
            self._grouped[layer, dtype] = wanted, grouped
        return grouped

    def _one(
        self,
        layer: int,
        slot: int,
        a: tuple[torch.Tensor, ...],
        b: tuple[torch.Tensor, ...],
        dtype: torch.dtype,
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
        return packed if a[0].dtype == dtype else packed.to(dtype)

    def _copied(self, layer: int, slot: int, packed: Packed) -> Alone:
        layers = self._alone.setdefault((slot, self._ids[slot]), {})
        self._alone.move_to_end((slot, self._ids[slot]))
        if len(self._alone) > COPIED:
            self._alone.popitem(last=False)
        if layer not in layers:
            layers[layer] = Alone(packed)
        return layers[layer]
