"""vLLM's GPU wrapper with the row scale before its low-rank kernels. Not measured on GPUs."""

from __future__ import annotations

from typing import Any

import torch
from vllm.lora.punica_wrapper.punica_gpu import PunicaWrapperGPU

from expertserve.engine.vllm.row_scale import scale_rows


class RowScaleCUDA(PunicaWrapperGPU):  # type: ignore[misc]
    """As `RowScaleCPU`, by vLLM's Triton kernels, to which the reserved ranks are zeros."""

    def add_lora_linear(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: tuple[torch.Tensor, ...],
        lora_b_stacked: tuple[torch.Tensor, ...],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        rows = y.view(-1, y.shape[-1])
        scale_rows(rows, self._token_lora_indices[: len(rows)], lora_b_stacked)
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
        rows = y.view(-1, y.shape[-1])
        scale_rows(rows, self._sampler_indices[: len(rows)], (lora_b_stacked,))
        super().add_lora_logits(y, x, lora_a_stacked, lora_b_stacked, *args, **kwargs)
