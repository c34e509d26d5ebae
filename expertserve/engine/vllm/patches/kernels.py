"""Norms and activations by vLLM's own CPU kernels, one call each.

vLLM 0.32 has them compiled, and takes them on POWER alone: elsewhere a norm is six of torch's
operations, an activation two, since a compiler was to join them. With adapters there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from vllm.model_executor.layers.activation import SiluAndMul
    from vllm.model_executor.layers.layernorm import RMSNorm

Normed = torch.Tensor | tuple[torch.Tensor, torch.Tensor]


def norm(self: RMSNorm, x: torch.Tensor, residual: torch.Tensor | None = None) -> Normed:
    """`RMSNorm.forward_cpu`. Shape: x and residual [tokens, …, width]; both may be overwritten."""
    weight = self.weight.data if self.has_weight else None
    plain = self.variance_size_override is None and (weight is None or weight.dtype == x.dtype)
    if not plain or (residual is not None and residual.dtype != x.dtype):
        found: Normed = self.forward_native(x, residual)
        return found
    x = x.contiguous()
    if residual is None:
        out = torch.empty_like(x)
        torch.ops._C.rms_norm(out, x, weight, self.variance_epsilon)
        return out
    residual = residual.contiguous()
    torch.ops._C.fused_add_rms_norm(x, residual, weight, self.variance_epsilon)
    return x, residual


def activate(self: SiluAndMul, x: torch.Tensor) -> torch.Tensor:
    """`SiluAndMul.forward_cpu`. Shape: [tokens, 2 · width] → [tokens, width]."""
    x = x.contiguous()
    out = x.new_empty(*x.shape[:-1], x.shape[-1] // 2)
    torch.ops._C.silu_and_mul(out, x)
    return out


def install() -> None:
    """Where this build of vLLM has the kernels. `options.KERNELS` lets the layers take them."""
    from vllm.model_executor.layers.activation import SiluAndMul
    from vllm.model_executor.layers.layernorm import RMSNorm

    if hasattr(torch.ops._C, "fused_add_rms_norm"):
        RMSNorm.forward_cpu = norm
    if hasattr(torch.ops._C, "silu_and_mul"):
        SiluAndMul.forward_cpu = activate
