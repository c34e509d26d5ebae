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

GROUP = 32
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]
FORMS: dict[str, dict[str, Any]] = {
    "awq": {
        "quant_method": "awq",
        "bits": 4,
        "group_size": GROUP,
        "zero_point": True,
        "version": "gemm",
    },
    "gptq": {
        "quant_method": "gptq",
        "bits": 4,
        "group_size": GROUP,
        "desc_act": False,
        "sym": True,
    },
    "compressed-tensors": {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "config_groups": {
            "group_0": {
                "targets": ["Linear"],
                "weights": {
                    "num_bits": 4,
                    "type": "int",
                    "symmetric": True,
                    "strategy": "group",
                    "group_size": GROUP,
                },
            }
        },
        "ignore": ["lm_head"],
    },
}
"""What config.json says of each kind of 4-bit weights."""


def w8a8(plain: Path, target: Path) -> Path:
    """compressed-tensors: int8 weights with a scale per row, inputs rounded per token."""
    quantise(LocalModel(plain.name, plain), target)
    return target


def four_bits(plain: Path, target: Path, form: str) -> Path:
    """`awq` (with zero points), `gptq` or `compressed-tensors`: int4 in groups of inputs, with
    inputs as they are.
    """
    shutil.copytree(plain, target)
    tensors: dict[str, torch.Tensor] = {}
    for name, weight in load_file(plain / "model.safetensors").items():
        module = name.removesuffix(".weight")
        if weight.dim() != 2 or not name.endswith("proj.weight"):
            tensors[name] = weight
            continue
        groups = weight.float().unflatten(1, (-1, GROUP))
        if form == "awq":
            low, high = groups.amin(-1).clamp(max=0), groups.amax(-1).clamp(min=0)
            scale = ((high - low) / 15).half().float()
            zero = (-low / scale).round()
        else:
            scale = (groups.abs().amax(-1) / 7).half().float()
            zero = torch.full_like(scale, 8)
        codes = (groups / scale[..., None] + zero[..., None]).round().clamp(0, 15).flatten(1).long()
        for suffix, tensor in _stored(form, codes, zero.long(), scale.half()).items():
            tensors[f"{module}.{suffix}"] = tensor.contiguous()
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    config = json.loads((target / "config.json").read_bytes())
    (target / "config.json").write_text(json.dumps(config | {"quantization_config": FORMS[form]}))
    return target


FP8 = {
    "quant_method": "compressed-tensors",
    "format": "float-quantized",
    "quantization_status": "compressed",
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": {
                "num_bits": 8,
                "type": "float",
                "symmetric": True,
                "strategy": "channel",
                "dynamic": False,
            },
            "input_activations": {
                "num_bits": 8,
                "type": "float",
                "symmetric": True,
                "strategy": "token",
                "dynamic": True,
            },
        }
    },
    "ignore": ["lm_head"],
}


def fp8(plain: Path, target: Path) -> Path:
    """compressed-tensors: FP8 weights with a scale per row, inputs rounded per token."""
    shutil.copytree(plain, target)
    tensors: dict[str, torch.Tensor] = {}
    for name, weight in load_file(plain / "model.safetensors").items():
        tensors[name] = weight
        if name.endswith("proj.weight"):
            scale = weight.float().abs().amax(1, keepdim=True) / 448
            tensors[name] = (weight.float() / scale).to(torch.float8_e4m3fn)
            tensors[name.replace("weight", "weight_scale")] = scale
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    config = json.loads((target / "config.json").read_bytes())
    (target / "config.json").write_text(json.dumps(config | {"quantization_config": FP8}))
    return target


def _stored(
    form: str, codes: torch.Tensor, zero: torch.Tensor, scale: torch.Tensor
) -> dict[str, torch.Tensor]:
    if form == "compressed-tensors":
        shape = torch.tensor(codes.shape)
        return {
            "weight_packed": packed(codes, 4, 1),
            "weight_scale": scale,
            "weight_shape": shape,
        }
    if form == "gptq":
        inputs = torch.arange(codes.shape[1], dtype=torch.int32)
        return {
            "qweight": packed(codes.T, 4, 0),
            "qzeros": packed(zero.T - 1, 4, 1),
            "scales": scale.T,
            "g_idx": inputs // GROUP,
        }
    order = torch.arange(len(codes)).reshape(-1, 8)[:, AWQ_ORDER].flatten()
    return {
        "qweight": packed(codes.T[:, order], 4, 1),
        "qzeros": packed(zero.T[:, order], 4, 1),
        "scales": scale.T,
    }


def packed(values: torch.Tensor, bits: int, side: int) -> torch.Tensor:
    """Values into int32 words along an axis, one by one, lowest bits first."""
    per_word = 32 // bits
    rows = values if side == 1 else values.T
    words = [
        [
            sum(int(v) << (bits * k) for k, v in enumerate(row[i : i + per_word]))
            for i in range(0, len(row), per_word)
        ]
        for row in rows.tolist()
    ]
    signed = torch.tensor(words, dtype=torch.int64)
    signed = torch.where(signed >= 1 << 31, signed - (1 << 32), signed).int()
    return signed if side == 1 else signed.T


def dequantised(base: Path, plain: Path, target: Path) -> Path:
    """The plain model with the weights that the quantised one computes with."""
    shutil.copytree(plain, target)
    model = LocalModel(base.name, base)
    tensors = load_file(plain / "model.safetensors")
    adapter = PeftAdapter.__new__(PeftAdapter)
    for name in tensors:
        module = name.removesuffix(".weight")
        if any(f"{module}.{scale}" in model.tensors for scale in ("weight_scale", "scales")):
            rows, columns = tensors[name].shape
            place = Place(module, (rows, columns), 0, rows)
            tensors[name] = Layer(module, place, adapter, {}, model, Reader()).weight()
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    config = json.loads((target / "config.json").read_bytes())
    (target / "config.json").write_text(json.dumps(config))
    return target


def round_inputs(model: Any, kind: torch.dtype = torch.int8) -> None:
    """Rounds each token's inputs of the linear layers to int8 or FP8, as a W8A8 base does."""

    def rounded(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        x = inputs[0]
        largest = x.abs().amax(dim=-1, keepdim=True).clamp(min=1e-10)
        if kind == torch.int8:
            return ((x / (largest / 127)).round().clamp(-128, 127) * (largest / 127),)
        return ((x / (largest / 448)).to(kind).float() * (largest / 448),)

    for name, module in model.named_modules():
        own = name.rpartition(".")[2] == "base_layer" or not hasattr(module, "base_layer")
        linear = isinstance(module, torch.nn.Linear) and own
        if linear and "lm_head" not in name and "lora_" not in name:
            module.register_forward_pre_hook(rounded)
