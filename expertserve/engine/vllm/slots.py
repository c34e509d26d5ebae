"""What vLLM's adapter slots hold, compared with an adapter's file. Runs in the worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from vllm.lora.layers.fused_moe import FusedMoEWithLoRA
from vllm.lora.layers.vocab_parallel_embedding import VocabParallelEmbeddingWithLoRA

from expertserve.adapters.layer import reserved
from expertserve.adapters.settings import RESERVED

Weights = Sequence[torch.Tensor | None]


def is_experts(layer: Any) -> bool:
    """Whether it holds the experts of a mixture in one layer."""
    return isinstance(layer, FusedMoEWithLoRA)


def is_embedding(layer: Any) -> bool:
    """Whether it is the input embedding."""
    return isinstance(layer, VocabParallelEmbeddingWithLoRA)


def check_embedding(
    name: str, layer: Any, slot: int, a: torch.Tensor | None, b: torch.Tensor | None
) -> None:
    """Compares the input embedding's slot with the file's A [rank, tokens] and B [width, rank].

    Raises:
        RuntimeError: They differ.
    """
    _compare(name, layer.lora_a_stacked[slot], None if a is None else a.T)
    _compare(name, layer.lora_b_stacked[slot, 0], b)


def is_affine(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    """Whether a module scales or shifts rows."""
    if a is None or b is None:
        return False
    return bool(reserved(a) and b[:, :RESERVED].any())


def check_linear(name: str, layer: Any, slot: int, a: Weights, b: Weights) -> None:
    """Compares a linear layer's slices with the file.

    Args:
        a: The file's A for each module that the layer packs, None for those that it lacks.
        b: Its B.

    Raises:
        RuntimeError: They differ.
    """
    stacked_a, stacked_b = (
        s if isinstance(s, tuple) else (s,) for s in (layer.lora_a_stacked, layer.lora_b_stacked)
    )
    packed = len(stacked_b) > 1
    a, b = list(a), list(b)
    if len(b) != len(stacked_b):  # a module over several slices, as in gated delta nets
        a, b = layer.expand_packed_lora(a, b)
    if layer.tp_size > 1 and any(t is not None for t in b):
        a, b = (
            (layer.slice_lora_a(a), layer.slice_lora_b(b))
            if packed
            else ([layer.slice_lora_a(a[0])], [layer.slice_lora_b(b[0])])
        )
    for held, file in (*zip(stacked_a, a, strict=True), *zip(stacked_b, b, strict=True)):
        _compare(name, held[slot, 0], file)


def check_experts(name: str, layer: Any, slot: int, a: Weights, b: Weights) -> None:
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
    if any(map(is_affine, a, b)):
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
    """`own` is the slot's [rows, columns], as large or larger than the file's."""
    if file is None:
        same = not own.any()
    else:
        file = file.to(own.dtype)
        same = (
            torch.equal(own[: file.shape[0], : file.shape[1]], file)
            and not own[file.shape[0] :].any()
            and not own[:, file.shape[1] :].any()
        )
    if not same:
        raise RuntimeError(f"the slot's weights for {name} are not the adapter's")
