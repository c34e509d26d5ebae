"""Norms, activations and positions by vLLM's own CPU kernels, and the likeliest token by numpy.

vLLM 0.32 has them compiled, and takes them on POWER alone: elsewhere a norm is six of torch's
operations, an activation two, since a compiler was to join them. With adapters there is none.

Its kernel for positions reads queries of shape [tokens, heads, size] as if they had one head, which
is how LFM2 gives them; these are left to torch's operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from vllm.model_executor.layers.activation import SiluAndMul
    from vllm.model_executor.layers.layernorm import RMSNorm
    from vllm.model_executor.layers.rotary_embedding.base import RotaryEmbedding

Normed = torch.Tensor | tuple[torch.Tensor, torch.Tensor]
ROWS = 8
"""Rows of logits that are looked at at once."""
Rotated = tuple[torch.Tensor, torch.Tensor | None]


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


def by_shape(rotate: Callable[..., Rotated], natively: Callable[..., Rotated]) -> Any:
    """`RotaryEmbedding.forward_cpu`, but for queries whose heads have a dimension of their own."""

    def rotated(
        self: RotaryEmbedding,
        positions: torch.Tensor,
        query: torch.Tensor,
        key: torch.Tensor | None = None,
    ) -> Rotated:
        one = rotate if query.dim() == positions.dim() + 1 else natively
        return one(self, positions, query, key)

    return rotated


def likeliest(logits: torch.Tensor) -> torch.Tensor:
    """`Sampler.greedy_sample`: numpy looks at several values at once, vLLM's and torch's don't.

    Shape: [rows, vocabulary] → [rows].
    """
    if logits.device.type != "cpu":
        return logits.argmax(dim=-1)
    few = torch.split(logits, ROWS)  # converted whole, they would be written to fresh memory
    return torch.from_numpy(np.concatenate([rows.float().numpy().argmax(axis=-1) for rows in few]))


def install() -> None:
    """Where this build of vLLM has the kernels. `options.KERNELS` lets the layers take them."""
    from vllm.model_executor.layers.activation import SiluAndMul
    from vllm.model_executor.layers.layernorm import RMSNorm
    from vllm.model_executor.layers.rotary_embedding.base import RotaryEmbedding as Rotary
    from vllm.v1.sample.sampler import Sampler

    Sampler.greedy_sample = staticmethod(likeliest)
    Rotary.forward_cpu = by_shape(Rotary.forward_cpu, Rotary.forward_native)
    if hasattr(torch.ops._C, "fused_add_rms_norm"):
        RMSNorm.forward_cpu = norm
    if hasattr(torch.ops._C, "silu_and_mul"):
        SiluAndMul.forward_cpu = activate
