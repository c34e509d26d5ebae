"""A quantised base layer's weights in float32, for DoRA's norms.

The forms are those that vLLM serves: compressed-tensors (int8, packed int4 and int8, FP8), FP8 as
DeepSeek and Qwen publish it, AWQ, GPTQ, bitsandbytes (NF4, FP4, int8). Each is the arithmetic of
its own library's reference kernel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from safetensors import safe_open

from expertserve.errors import IncompatibleError
from expertserve.models import LocalModel, Tensor

Parts = Mapping[str, torch.Tensor]
AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
"""In which order AWQ packs eight columns into an int32."""

PLAIN = ("F64", "F32", "F16", "BF16")
"""What safetensors calls the types of weights that aren't quantised."""

STATE = "weight.quant_state."
SUFFIXES = (
    "weight",
    "weight_scale",
    "weight_scale_inv",
    "weight_packed",
    "weight_shape",
    "weight_zero_point",
    "weight_g_idx",
    "qweight",
    "qzeros",
    "scales",
    "g_idx",
    "SCB",
    "weight.absmax",
    "weight.quant_map",
    "weight.nested_absmax",
    "weight.nested_quant_map",
    "weight.quant_state.bitsandbytes__nf4",
    "weight.quant_state.bitsandbytes__fp4",
)
"""What the forms call the tensors of a layer."""


def parts_of(base: LocalModel, module: str) -> dict[str, Tensor]:
    """What is stored for a layer, by the name behind the module's."""
    found = {suffix: base.tensors.get(f"{module}.{suffix}") for suffix in SUFFIXES}
    return {suffix: tensor for suffix, tensor in found.items() if tensor}


def is_quantised(parts: Mapping[str, Tensor]) -> bool:
    """Whether these are a quantised layer's."""
    return bool(parts) and ("weight" not in parts or parts["weight"].dtype not in PLAIN)


def shape(base: LocalModel, module: str, parts: Mapping[str, Tensor]) -> tuple[int, int] | None:
    """Outputs and inputs of a quantised layer, without reading its weights; None where its form
    isn't known.
    """
    if _form(base, parts) is None:
        return None
    if "weight_packed" in parts and "weight_scale" in parts:
        rows, words = parts["weight_packed"].shape
        return rows, words * 32 // _bits(base, module)
    if "qweight" in parts and "scales" in parts:
        first, second = parts["qweight"].shape
        per_word = 32 // _bits(base, module)
        if method(base) == "awq":
            return second * per_word, first
        return second, first * per_word
    if "weight.absmax" in parts:
        state = next((t for n, t in parts.items() if n.startswith(STATE)), None)
        return _said(_read(state))["shape"] if state else None
    rows, columns = parts["weight"].shape
    return rows, columns


def dequantised(base: LocalModel, module: str, parts: Parts) -> torch.Tensor:
    """The weight [out, in] that the base's layer computes with, float32.

    Raises:
        IncompatibleError: `quantised`, for a form that isn't known.
    """
    form = _form(base, parts)
    if form is None:
        raise IncompatibleError(
            f"{module} is stored in a form that isn't read: {', '.join(sorted(parts))}",
            hint=(
                "DoRA needs the base's weights: those of compressed-tensors, FP8, AWQ, GPTQ and"
                " bitsandbytes are read; or use the base model that isn't quantised"
            ),
            code="quantised",
        )
    return form(base, module, parts)


def _form(
    base: LocalModel, parts: Mapping[str, object]
) -> Callable[[LocalModel, str, Parts], torch.Tensor] | None:
    if "weight_packed" in parts and "weight_scale" in parts:
        return _packed
    if "qweight" in parts and "qzeros" in parts and "scales" in parts:
        return _awq if method(base) == "awq" else _gptq
    if "weight.absmax" in parts:
        return _four_bit
    if "SCB" in parts:
        return _eight_bit
    if "weight" in parts and ("weight_scale" in parts or "weight_scale_inv" in parts):
        return _scaled
    return None


def _scaled(base: LocalModel, module: str, parts: Parts) -> torch.Tensor:
    """int8 or FP8 with a scale per tensor, per row, or per block."""
    weight = parts["weight"].float()
    scale = parts.get("weight_scale", parts.get("weight_scale_inv"))
    assert scale is not None
    scale = scale.float()
    if scale.dim() == 2 and (scale.shape[1] > 1 or len(scale) not in (1, len(weight))):
        rows, columns = (math.ceil(w / s) for w, s in zip(weight.shape, scale.shape, strict=True))
        whole = scale.repeat_interleave(_block(base, rows, 0), 0)
        whole = whole.repeat_interleave(_block(base, columns, 1), 1)
        return weight * whole[: weight.shape[0], : weight.shape[1]]
    return weight * (scale.reshape(-1, 1) if scale.numel() > 1 else scale.reshape(1, 1))


def _block(base: LocalModel, guess: int, side: int) -> int:
    sizes = _config(base).get("weight_block_size")
    if isinstance(sizes, list) and len(sizes) == 2 and isinstance(sizes[side], int):
        return int(sizes[side])
    return guess


def _packed(base: LocalModel, module: str, parts: Parts) -> torch.Tensor:
    """compressed-tensors' `pack-quantized`: values less their offset, packed along the inputs."""
    bits, scale = _bits(base, module), parts["weight_scale"].float()
    shape_ = [int(n) for n in parts["weight_shape"]] if "weight_shape" in parts else None
    values = _unpack(parts["weight_packed"], bits, 1)
    if shape_:
        values = values[: shape_[0], : shape_[1]]
    values = values - (1 << (bits - 1))
    group = _groups(parts.get("weight_g_idx"), values.shape[1], scale.shape[1])
    if "weight_zero_point" in parts:
        zeros = parts["weight_zero_point"]
        if zeros.shape != scale.shape:
            zeros = _unpack(zeros, bits, 0)[: len(scale)] - (1 << (bits - 1))
        values = values - zeros[:, group]
    return values.float() * scale[:, group]


def _awq(base: LocalModel, module: str, parts: Parts) -> torch.Tensor:
    bits = _bits(base, module)
    order = torch.tensor(AWQ_ORDER).argsort()
    values, zeros = (
        _unpack(parts[name], bits, 1).reshape(len(parts[name]), -1, 8)[..., order].flatten(1)
        for name in ("qweight", "qzeros")
    )
    scales = parts["scales"].float()
    group = _groups(None, len(values), len(scales))
    return ((values - zeros[group]).float() * scales[group]).T.contiguous()


def _gptq(base: LocalModel, module: str, parts: Parts) -> torch.Tensor:
    bits = _bits(base, module)
    values, scales = _unpack(parts["qweight"], bits, 0), parts["scales"].float()
    zeros = _unpack(parts["qzeros"], bits, 1)[:, : scales.shape[1]]
    if _config(base).get("checkpoint_format") != "gptq_v2":
        zeros = zeros + 1
    group = _groups(parts.get("g_idx"), len(values), len(scales))
    return ((values - zeros[group]).float() * scales[group]).T.contiguous()


def _groups(given: torch.Tensor | None, inputs: int, groups: int) -> torch.Tensor:
    """Each input's group."""
    if given is not None and given.numel() == inputs and bool((given >= 0).all()):
        return given.long()
    return torch.arange(inputs) // math.ceil(inputs / groups)


def _unpack(words: torch.Tensor, bits: int, side: int) -> torch.Tensor:
    """int32 words → unsigned values, lowest bits first, along an axis."""
    shifts = torch.arange(0, 32, bits)
    if side == 0:
        values = (words[:, None, :] >> shifts[None, :, None]) & ((1 << bits) - 1)
        return values.reshape(-1, words.shape[1])
    values = (words[:, :, None] >> shifts) & ((1 << bits) - 1)
    return values.reshape(len(words), -1)


def _four_bit(base: LocalModel, module: str, parts: Parts) -> torch.Tensor:
    """bitsandbytes' NF4 and FP4, with its scales quantised or not."""
    state = next(t for n, t in parts.items() if n.startswith(STATE))
    said = _said(state)
    absmax = parts["weight.absmax"]
    if "weight.nested_absmax" in parts:
        outer = parts["weight.nested_absmax"].float()
        inner = parts["weight.nested_quant_map"].float()[absmax.long()]
        size = int(said["nested_blocksize"])
        absmax = inner * outer.repeat_interleave(size)[: len(inner)] + float(said["nested_offset"])
    packed = parts["weight"].flatten().to(torch.uint8)
    codes = torch.stack([packed >> 4, packed & 15], dim=1).flatten().long()
    values = parts["weight.quant_map"].float()[codes]
    size = said["blocksize"]
    values = values * absmax.float().repeat_interleave(size)[: len(values)]
    out, width = said["shape"]
    return values[: out * width].reshape(out, width)


def _said(state: torch.Tensor) -> dict[str, Any]:
    """What bitsandbytes writes of a layer, as JSON in a tensor of bytes."""
    try:
        found: dict[str, Any] = json.loads(bytes(state.to(torch.uint8).tolist()))
        rows, columns = (int(n) for n in found["shape"])
        return found | {"shape": (rows, columns), "blocksize": int(found["blocksize"])}
    except (ValueError, KeyError, TypeError) as error:
        raise IncompatibleError(
            f"a layer's quant_state, which bitsandbytes writes, can't be read: {error}",
            hint="save the base model again with a newer bitsandbytes",
            code="quantised",
        ) from error


def _read(tensor: Tensor) -> torch.Tensor:
    """A few hundred bytes of JSON."""
    with safe_open(tensor.file, framework="pt") as file:
        value: torch.Tensor = file.get_tensor(tensor.name)
    return value


def _eight_bit(base: LocalModel, module: str, parts: Parts) -> torch.Tensor:
    return parts["weight"].float() * (parts["SCB"].float().reshape(-1, 1) / 127)


# ── what config.json says ───────────────────────────────────────────────────────────────────────


def _config(base: LocalModel) -> Mapping[str, object]:
    found = base.config.get("quantization_config") or base.config.get("compression_config")
    return found if isinstance(found, dict) else {}


def method(base: LocalModel) -> str:
    """How a base's weights are quantised, as its config.json names it; empty where they aren't."""
    return str(_config(base).get("quant_method", ""))


def _bits(base: LocalModel, module: str) -> int:
    """Of a weight, from the method's own field, or from compressed-tensors' groups."""
    config = _config(base)
    found: object = config.get("bits", config.get("w_bit"))
    groups = config.get("config_groups")
    if found is None and isinstance(groups, dict):
        weights = [g.get("weights") for g in groups.values() if isinstance(g, dict)]
        known = {w.get("num_bits") for w in weights if isinstance(w, dict)}
        found = known.pop() if len(known) == 1 else None
    if found not in (2, 4, 8):
        raise IncompatibleError(
            f"{module} is quantised to {found} bits; 2, 4 and 8 are read",
            hint="use a base model of that kind, or the one that isn't quantised",
            code="quantised",
        )
    return int(str(found))
