"""Lets a mixture of experts be served with adapters on its other layers, on CPUs.

With adapters on, vLLM wraps the experts of every mixture and takes Triton's kernels for them, which
no CPU has: the engine dies at the first request, also without an adapter. Here the experts keep
vLLM's CPU kernels, and have no slots; an adapter that changes them is refused by name.
"""

from __future__ import annotations

from typing import Any


def install() -> None:
    """Before the model is made."""
    from vllm.lora.layers.fused_moe import FusedMoE3DWithLoRA, FusedMoEWithLoRA
    from vllm.model_executor.layers.fused_moe.config import FusedMoEConfig

    theirs = FusedMoEConfig.__post_init__

    def __post_init__(self: Any) -> None:
        self.is_lora_enabled = False
        theirs(self)

    FusedMoEConfig.__post_init__ = __post_init__
    for kind in (FusedMoEWithLoRA, FusedMoE3DWithLoRA):
        kind.can_replace_layer = classmethod(lambda cls, *args, **kwargs: False)
