"""LoRA and DoRA: the low-rank product, and the magnitude as a scale per output row."""

from __future__ import annotations

import math

import torch

from expertserve.adapters.layer import Layer, ModuleForm


def lora_form(layer: Layer) -> ModuleForm:
    adapter = layer.adapter
    rank = int(layer.setting("rank_pattern", adapter.rank))
    alpha = layer.setting("alpha_pattern", adapter.number("lora_alpha", 8))
    scaling = alpha / (math.sqrt(rank) if adapter.config.get("use_rslora") else rank)
    return ModuleForm.product(layer.part("lora_A"), scaling * layer.part("lora_B"))


def dora_form(layer: Layer) -> ModuleForm:
    form = lora_form(layer)
    s = layer.part("magnitude").flatten() / torch.linalg.norm(
        layer.weight() + form.b @ form.a, dim=1
    )
    form.b, form.scale = s[:, None] * form.b, s - 1
    bias = layer.bias()
    if bias is not None:
        form.shift = -form.scale * bias
    return form
