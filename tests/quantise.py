"""Quantised copies of tiny models, and what an exact computation with them would be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.int8 import quantise
from expertserve.adapters.layer import Layer, Reader
from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.places import Place
from expertserve.models import LocalModel


def w8a8(plain: Path, target: Path) -> Path:
    """compressed-tensors: int8 weights with a scale per row, inputs rounded per token."""
    quantise(LocalModel(plain.name, plain), target)
    return target


def dequantised(base: Path, plain: Path, target: Path) -> Path:
    """The plain model with the weights that the quantised one computes with."""
    shutil.copytree(plain, target)
    model = LocalModel(base.name, base)
    tensors = load_file(plain / "model.safetensors")
    adapter = PeftAdapter.__new__(PeftAdapter)
    for name in tensors:
        module = name.removesuffix(".weight")
        if f"{module}.weight_scale" in model.tensors:
            rows, columns = tensors[name].shape
            place = Place(module, (rows, columns), 0, rows)
            tensors[name] = Layer(module, place, adapter, {}, model, Reader()).weight()
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    config = json.loads((target / "config.json").read_bytes())
    (target / "config.json").write_text(json.dumps(config))
    return target


def round_inputs(model: Any) -> None:
    """Rounds each token's inputs of the linear layers to int8, as a W8A8 base does."""

    def rounded(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        x = inputs[0]
        scale = x.abs().amax(dim=-1, keepdim=True).clamp(min=1e-10) / 127
        return ((x / scale).round().clamp(-128, 127) * scale,)

    for name, module in model.named_modules():
        own = name.rpartition(".")[2] == "base_layer" or not hasattr(module, "base_layer")
        linear = isinstance(module, torch.nn.Linear) and own
        if linear and "lm_head" not in name and "lora_" not in name:
            module.register_forward_pre_hook(rounded)
