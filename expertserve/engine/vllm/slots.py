"""What vLLM's adapter slots hold, compared with an adapter's file. Runs in the worker."""

from __future__ import annotations

from typing import Any

import torch

from expertserve.engine.vllm.layers import Weights, own_slices, stacks
from expertserve.engine.vllm.rows import find, of_slices

INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
"""By bytes."""


def check_embedding(
    name: str, layer: Any, slot: int, a: torch.Tensor | None, b: torch.Tensor | None
) -> None:
    """Compares the input embedding's slot with the file's A [rank, tokens] and B [width, rank].

    Raises:
        RuntimeError: They differ.
    """
    _compare(name, layer.lora_a_stacked[slot], None if a is None else a.T)
    _compare(name, layer.lora_b_stacked[slot, 0], b)


def check_linear(name: str, layer: Any, slot: int, a: Weights, b: Weights, rows: Weights) -> None:
    """Compares a linear layer's slices, and the tables beside them, with the file.

    Args:
        a: The file's A for each module that the layer packs, None for those that it lacks.
        b: Its B.
        rows: Its scale and shift [out, 2], where it has any.

    Raises:
        RuntimeError: They differ.
    """
    stacked_a, stacked_b = stacks(layer)
    own_a, own_b = own_slices(layer, a, b)
    for held, file in (*zip(stacked_a, own_a, strict=True), *zip(stacked_b, own_b, strict=True)):
        _compare(name, held[slot, 0], file)
    for stack, file in zip(stacked_b, of_slices(layer, rows), strict=True):
        table = find(stack)
        _compare(name, stack.new_zeros(0, 2) if table is None else table[slot].T, file)


def check_experts(name: str, layer: Any, slot: int, a: Weights, b: Weights, rows: Weights) -> None:
    """Compares a mixture's experts with the file: gate, down and up of each expert in turn.

    Raises:
        RuntimeError: They differ, or the adapter scales rows, which vLLM's fused kernel can't.
    """
    held = [
        (layer.w13_lora_a_stacked[0], layer.w13_lora_b_stacked[0]),
        (layer.w2_lora_a_stacked[0], layer.w2_lora_b_stacked[0]),
        (layer.w13_lora_a_stacked[-1], layer.w13_lora_b_stacked[-1]),
    ]
    if all(t is None for t in b):
        if any(t[slot].any() for pair in held for t in pair):
            raise RuntimeError(f"the slot's weights for {name} are not the adapter's")
        return
    if any(r is not None for r in rows):
        raise RuntimeError(
            f"it scales rows of {name}, a mixture's experts, which vLLM's fused kernel can't"
        )
    if layer.tp_size > 1 or layer.use_ep or len(b) != 3 * layer.local_num_experts:
        raise RuntimeError(
            f"{name} holds a mixture's experts in a form whose slots aren't compared with the"
            " file: split over devices, or without gates"
        )
    for i, (down, up) in enumerate(zip(a, b, strict=True)):
        expert, which = divmod(i, 3)
        _compare(name, held[which][0][slot, expert], down)
        _compare(name, held[which][1][slot, expert], up)


def _compare(name: str, own: torch.Tensor, file: torch.Tensor | None) -> None:
    """Bit for bit. `own` is the slot's [rows, columns], as large or larger than the file's."""
    if file is None:
        same = _is_zero(own)
    else:
        file = file.to(own.dtype)
        if own.shape == file.shape:
            same = _equal(own, file)
        else:
            rows, columns = file.shape
            rest = own[rows:], own[:, columns:]
            same = _equal(own[:rows, :columns], file) and all(map(_is_zero, rest))
    if not same:
        raise RuntimeError(f"the slot's weights for {name} are not the adapter's")


def _equal(own: torch.Tensor, file: torch.Tensor) -> bool:
    """As integers: comparing 16-bit floats takes torch twice as long or longer."""
    kind = torch.int64 if _is_solid(own) and _is_solid(file) else INTEGERS[own.itemsize]
    return torch.equal(own.view(kind), file.view(kind))


def _is_zero(own: torch.Tensor) -> bool:
    """Whether all values are, also where columns are stored one after the other."""
    own = own.mT if own.mT.is_contiguous() else own
    return not (own.view(torch.int64) if _is_solid(own) else own).any()


def _is_solid(tensor: torch.Tensor) -> bool:
    """Whether its rows can be read eight bytes at a time."""
    *before, last = tensor.stride()
    steps = (*before, tensor.shape[-1])
    return tensor.is_contiguous() and last == 1 and all(n * tensor.itemsize % 8 == 0 for n in steps)
