"""Adapters in vLLM's GPU workers: vLLM's own Triton kernels, and the row scale before them.

vLLM's kernels take float16 and bfloat16 only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from vllm.lora.punica_wrapper.punica_gpu import PunicaWrapperGPU

from expertserve.engine.vllm.scale_kernel import scale_rows

if TYPE_CHECKING:
    from vllm.lora.layers import LoRAMapping


class RowScaleCUDA(PunicaWrapperGPU):  # type: ignore[misc]
    """vLLM's GPU wrapper, with DoRA's, IA³'s and biases' rows scaled and shifted."""

    affine_ids: frozenset[int] = frozenset()
    """The adapters that scale or shift anything; the worker extension says which."""

    def __init__(
        self,
        max_num_batched_tokens: int,
        max_batches: int,
        device: torch.device | str,
        **kwargs: Any,
    ) -> None:
        super().__init__(max_num_batched_tokens, max_batches, device, **kwargs)
        self._affine = torch.zeros(self.max_loras, dtype=torch.int32, device=device)

    def update_metadata(
        self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kwargs: Any
    ) -> None:
        super().update_metadata(mapping, lora_index_to_id, *args, **kwargs)
        flags = [int(i in self.affine_ids) for i in lora_index_to_id]
        self._affine.copy_(torch.tensor(flags[: len(self._affine)], dtype=torch.int32))

    def _scale(
        self, y: torch.Tensor, slot_of: torch.Tensor, lora_b_stacked: tuple[torch.Tensor, ...]
    ) -> None:
        scale_rows(y.view(-1, y.shape[-1]), slot_of, self._affine, list(lora_b_stacked))

    def add_lora_linear(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: tuple[torch.Tensor, ...],
        lora_b_stacked: tuple[torch.Tensor, ...],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self._scale(y, self._token_lora_indices, lora_b_stacked)
        super().add_lora_linear(y, x, lora_a_stacked, lora_b_stacked, *args, **kwargs)

    def add_lora_logits(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: torch.Tensor,
        lora_b_stacked: torch.Tensor,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self._scale(y, self._sampler_indices, (lora_b_stacked,))
        super().add_lora_logits(y, x, lora_a_stacked, lora_b_stacked, *args, **kwargs)
