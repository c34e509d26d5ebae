"""Lets adapters lie on quantised layers whose weights were repacked, on CPUs.

vLLM asks a layer's weight where the adapter's tensors belong. A kernel that repacks int8 weights
leaves None in their place, and the engine doesn't start. On a CPU there is one place.
"""

from __future__ import annotations

import importlib
from typing import Any

MODULES = ("base_linear", "fused_moe")


def install() -> None:
    """In every module of vLLM's adapter layers that has the function's name."""
    import torch

    cpu = torch.device("cpu")
    for name in MODULES:
        module: Any = importlib.import_module(f"vllm.lora.layers.{name}")
        module._get_lora_device = lambda layer: cpu
