"""vLLM's layers that hold adapters: of which kind, of which modules, split how. In the worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from vllm.lora.layers.fused_moe import FusedMoEWithLoRA
from vllm.lora.layers.vocab_parallel_embedding import VocabParallelEmbeddingWithLoRA

Weights = Sequence[torch.Tensor | None]


def is_experts(layer: Any) -> bool:
    """Whether it holds the experts of a mixture in one layer."""
    return isinstance(layer, FusedMoEWithLoRA)


def is_embedding(layer: Any) -> bool:
    """Whether it is the input embedding."""
    return isinstance(layer, VocabParallelEmbeddingWithLoRA)


def module_names(manager: Any, module: str) -> list[str]:
    """The modules that one of vLLM's layers packs; its own name where it packs none."""
    parent, _, last = module.rpartition(".")
    names = manager.packed_modules_mapping.get(last, [last])
    return [f"{parent}.{name}" if parent else name for name in names]


def stacks(layer: Any) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
    """A linear layer's A [slots, 1, rank, in] and B [slots, 1, out, rank] of each slice."""
    a, b = layer.lora_a_stacked, layer.lora_b_stacked
    return (a, b) if isinstance(b, tuple) else ((a,), (b,))


def own_slices(layer: Any, a: Weights, b: Weights) -> tuple[Weights, Weights]:
    """Modules' A and B → those of a linear layer's slices, as far as this rank computes them.

    Args:
        a: [rank, in] for each module that the layer packs, None for those that aren't adapted.
        b: [out, rank] for each.
    """
    a, b = list(a), list(b)
    slices = len(stacks(layer)[1])
    if len(b) != slices:  # a module over several slices, as in gated delta nets
        a, b = layer.expand_packed_lora(a, b)
    if layer.tp_size == 1 or all(t is None for t in b) or not hasattr(layer, "slice_lora_b"):
        return a, b
    if slices > 1:
        return layer.slice_lora_a(a), layer.slice_lora_b(b)
    return [layer.slice_lora_a(a[0])], [layer.slice_lora_b(b[0])]
