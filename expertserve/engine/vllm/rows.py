"""Scales and shifts of output rows, beside vLLM's slots: a table for each layer's stack of B.

vLLM's slots hold a product alone. What an adapter does besides, y ← y + d ⊙ y + e, is taken out of
its file when the worker loads it, and written into the tables whenever the adapter comes into a
slot. So a slot is as wide as the author's rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from vllm.lora.layers.row_parallel_linear import RowParallelLinearWithLoRA

from expertserve.adapters.settings import RESERVED
from expertserve.engine.vllm.layers import (
    Weights,
    is_embedding,
    is_experts,
    module_names,
    own_slices,
    stacks,
)

SCALE, SHIFT = range(RESERVED)
"""Rows of a table, and columns of B in a serving form's file."""
TAKEN = "expertserve_rows"
"""The name under which a loaded adapter carries what was taken out of it."""

_reading: dict[str, torch.Tensor] | None = None
_tables: dict[int, torch.Tensor] = {}
"""By the address of the stack of B."""


@contextmanager
def reading() -> Iterator[dict[str, torch.Tensor]]:
    """The tensors of the file that vLLM reads meanwhile; empty if it reads none."""
    global _reading
    _reading = {}
    try:
        yield _reading
    finally:
        _reading = None


def note_read(tensors: Mapping[str, torch.Tensor]) -> None:
    """Gives a file's tensors to who waits for them in `reading`; nobody else keeps them."""
    if _reading is not None:
        _reading.update(tensors)


def find(stack: torch.Tensor) -> torch.Tensor | None:
    """A stack's table [slots, 2, out]; None where no adapter needed one yet."""
    found = _tables.get(stack.data_ptr())
    slots, _, out, _ = stack.shape
    if found is None or found.dtype != stack.dtype or found.shape != (slots, RESERVED, out):
        return None  # or of a stack that is gone
    return found


def table(stack: torch.Tensor) -> torch.Tensor:
    """A stack's table [slots, 2, out], of zeros at first; its address stays, for captured graphs.

    Args:
        stack: Of B, shape [slots, 1, out, rank].
    """
    found = find(stack)
    if found is None:
        slots, _, out, _ = stack.shape
        found = _tables[stack.data_ptr()] = stack.new_zeros(slots, RESERVED, out)
    return found


def split(
    a: torch.Tensor, b: torch.Tensor, rank: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """A module's product, A [rank, in] and B [out, rank], and its scale and shift [out, 2], if any.

    Args:
        a: The serving form's, [columns + rank, in].
        b: [out, columns + rank].
        rank: The product's: of an adapter that scales or shifts, two columns stand before it.
    """
    start = len(a) - rank
    rows = b[:, :start] if start and b[:, :start].any() else None
    return a[start:], b[:, start:], rows


def take(lora: Any) -> None:
    """Takes the scales and shifts out of an adapter that vLLM has just read.

    Raises:
        RuntimeError: vLLM would multiply its weights, the file's, in place.
    """
    found = {}
    for name, weights in lora.loras.items():
        if weights.scaling != 1:
            raise RuntimeError(f"the serving form of {name} has a scaling of {weights.scaling}")
        a, b, rows = split(weights.lora_a, weights.lora_b, lora.rank)
        if rows is not None:
            found[name] = rows.clone()
        weights.lora_a, weights.lora_b = a, b.contiguous()
    setattr(lora, TAKEN, found)


def taken(lora: Any) -> dict[str, torch.Tensor]:
    """Each module's scale and shift [out, 2], where it has any."""
    found: dict[str, torch.Tensor] = getattr(lora, TAKEN, {})
    return found


def fill(manager: Any, adapter_id: int) -> None:
    """Writes an adapter's scales and shifts into its slot's rows of all tables."""
    slot = manager.lora_index_to_id.index(adapter_id)
    own = taken(manager.get_adapter(adapter_id))
    for module, layer in manager.modules.items():
        if is_experts(layer) or is_embedding(layer):
            continue
        for stack, rows in zip(
            stacks(layer)[1],
            of_slices(layer, [own.get(name) for name in module_names(manager, module)]),
            strict=True,
        ):
            held = find(stack) if rows is None else table(stack)
            if held is not None:
                held[slot] = 0 if rows is None else rows.T


def of_slices(layer: Any, rows: Weights) -> Weights:
    """Modules' scales and shifts [out, 2] → those of the layer's slices, as far as this rank has.

    A layer that is split over its inputs sums what its ranks compute: a scale applies to each
    summand, and a shift is added by the first rank alone.
    """
    if all(r is None for r in rows):
        return [None] * len(stacks(layer)[1])
    _, own = own_slices(layer, rows, rows)
    if isinstance(layer, RowParallelLinearWithLoRA) and layer.tp_rank > 0:
        first = torch.tensor([1, 0])
        return [None if r is None else r * first.to(r) for r in own]
    return own
