"""One linear layer's adapters, in vLLM's slots, as a CPU computes with them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import linear

from expertserve.engine.vllm import fused
from expertserve.engine.vllm.layers import is_embedding, is_experts, stacks
from expertserve.engine.vllm.rows import SCALE, SHIFT, find
from expertserve.engine.vllm.runs import Numbers

SIDE_BY_SIDE = 32
"""From so many ranks of all blocks on, more than one thread pays."""
UNCHANGED = -1
"""The rank of a slice of which an adapter leaves every output as it is."""


class Stacked:
    """The slots of one layer, and what is known of the adapters in them.

    Args:
        a: [slots, 1, rank, in] for each slice of the layer's outputs.
        b: [slots, 1, out, rank], stored by ranks; see `by_ranks`.
        threads: How many may compute a step.
    """

    def __init__(
        self, a: Sequence[torch.Tensor], b: Sequence[torch.Tensor], threads: int = 1
    ) -> None:
        if any(not stack.mT.is_contiguous() for stack in b):
            raise RuntimeError("B isn't stored by ranks; vLLM has given the layer other slots")
        self._downs, self._ups, self._threads = a, b, threads
        slots, _, self._most, size = a[0].shape
        outs = [stack.shape[2] for stack in b]
        self._ends = list(itertools.accumulate(outs))
        self._ids = np.zeros(slots, np.int64)
        fields = [
            (down.data_ptr(), up.data_ptr(), 0, end - out, out)
            for down, up, end, out in zip(a, b, self._ends, outs, strict=True)
        ]
        self._plan = np.array([len(b), size, self._most, *itertools.chain(*fields)])
        self._ranks = np.full((slots, len(b)), UNCHANGED)
        self._kind = fused.STORED.get(a[0].dtype)
        self._work = fused.work(4 * (self._most + size + max(outs)))

    def look(self, ids: Numbers) -> None:
        """Takes note of the adapters that came into slots.

        Args:
            ids: The adapter in each slot, 0 for none; another array where anything changed.
        """
        if ids is self._ids:
            return
        for slot in np.flatnonzero(ids != self._ids).tolist():
            self._measure(slot)
        self._ids = ids

    def _measure(self, slot: int) -> None:
        for part, (down, up) in enumerate(zip(self._downs, self._ups, strict=True)):
            held, table = down[slot, 0], find(up)
            if self._kind is None:
                filled = held.any(dim=1).nonzero()
                rank = int(filled[-1]) + 1 if len(filled) else 0
            else:
                rank = int(fused.used(held.data_ptr(), *reversed(held.shape), self._kind))
            if table is not None:
                self._plan[fused.HEAD + fused.FIELDS * part + 2] = table.data_ptr()
            changes = rank or (table is not None and bool(table[slot].any()))
            self._ranks[slot, part] = rank if changes else UNCHANGED

    def add_few(self, y: torch.Tensor, x: torch.Tensor, few: Numbers) -> None:
        """Each token's own adapter, into y [tokens, out]; x is [tokens, in].

        Args:
            few: The tokens in blocks, as `runs` gives them.
        """
        is_plain = x.stride(1) == y.stride(1) == 1
        if self._kind is not None and y.dtype == x.dtype == self._downs[0].dtype and is_plain:
            several = self._threads > 1 and len(few) > 1
            many = several and len(few) * self._most >= SIDE_BY_SIDE
            add = fused.add_side_by_side if many else fused.add
            add(
                few,
                x.data_ptr(),
                x.stride(0),
                y.data_ptr(),
                y.stride(0),
                self._plan,
                self._ranks,
                self._kind,
                self._work,
            )
            return
        for slot in np.unique(few[:, 0]).tolist():
            own = few[few[:, 0] == slot, 1:]
            tokens = torch.from_numpy(own[own >= 0])
            some = y[tokens]
            self.add_run(some, x[tokens], slot)
            y[tokens] = some

    def add_run(self, y: torch.Tensor, x: torch.Tensor, slot: int) -> None:
        """One adapter for all tokens, by matrix products."""
        for part, (start, end) in enumerate(itertools.pairwise([0, *self._ends])):
            rank = int(self._ranks[slot, part])
            if rank == UNCHANGED:
                continue
            changed = y[:, start:end]
            table = find(self._ups[part])
            if table is not None:
                own = table[slot].to(y.dtype)
                changed.addcmul_(changed, own[SCALE]).add_(own[SHIFT])
            if rank:
                down = self._downs[part][slot, 0, :rank].to(y.dtype)
                up = self._ups[part][slot, 0, :, :rank].to(y.dtype)
                changed.addmm_(linear(x, down), up.T)


def by_ranks(layer: Any) -> None:
    """Stores a layer's B by ranks, [slots, 1, rank, out], behind the same shape.

    Done once, while all slots are empty.
    """
    if is_experts(layer) or is_embedding(layer):
        return
    held = layer.lora_b_stacked
    stored = tuple(empty_by_ranks(s) for s in (held if isinstance(held, tuple) else (held,)))
    layer.lora_b_stacked = stored if isinstance(held, tuple) else stored[0]


def empty_by_ranks(stack: torch.Tensor) -> torch.Tensor:
    """Zeros of a stack's shape [slots, 1, out, rank], stored by ranks."""
    slots, one, out, rank = stack.shape
    return torch.zeros(slots, one, rank, out, dtype=stack.dtype, device=stack.device).mT


def clear_when_held(layer: Any) -> None:
    """Has a layer clear a slot only where something is in it that isn't overwritten as a whole.

    vLLM clears every layer's slot whenever an adapter comes into it, those of layers that the
    adapter leaves alone as well: the output layer's takes longer than all others'.
    """
    clear, write, held = layer.reset_lora, layer.set_lora, set[int]()

    def reset_lora(index: int) -> None:
        if index in held:
            held.discard(index)
            clear(index)

    def set_lora(index: int, a: Any, b: Any) -> None:
        if _fills(layer, a, b):
            held.discard(index)
        write(index, a, b)
        held.add(index)

    layer.reset_lora, layer.set_lora = reset_lora, set_lora


def _fills(layer: Any, a: Any, b: Any) -> bool:
    """Whether an adapter's A and B cover a linear layer's slot to its last place."""
    if is_experts(layer) or is_embedding(layer) or getattr(layer, "tp_size", 1) > 1:
        return False
    parts = ((a, b),) if isinstance(a, torch.Tensor) else zip(a, b, strict=False)
    given = [(down.shape, up.shape) for down, up in parts if down is not None and up is not None]
    slots = zip(*stacks(layer), strict=True)
    return given == [(down.shape[2:], up.shape[2:]) for down, up in slots]
