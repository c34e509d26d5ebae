"""mlx-lm's adapters: `adapters.safetensors`, and a configuration of its own.

Its factors stand the other way round, y = W x + scale · Bᵀ (Aᵀ x), and the scale is written as it
is. Source: mlx_lm/tuner/lora.py and dora.py of https://github.com/ml-explore/mlx-lm
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from expertserve.adapters.settings import CONFIG, refuse
from expertserve.adapters.tensors import AdapterTensors, sort_tensors
from expertserve.errors import LoadError
from expertserve.models import Tensor

NAMES = {"lora_a": "lora_A", "lora_b": "lora_B", "m": "magnitude"}
TRAINED = ("lora", "dora")


def is_config(config: Mapping[str, object]) -> bool:
    """Whether a configuration is mlx-lm's."""
    return "peft_type" not in config and ("lora_parameters" in config or "num_layers" in config)


def as_peft(config: Mapping[str, object]) -> dict[str, object]:
    """mlx-lm's settings in PEFT's words.

    Raises:
        LoadError: `bad_adapter_config`.
        IncompatibleError: `adapter_type`: it trained whole weights.

    Example:
        >>> as_peft({"num_layers": 4, "lora_parameters": {"rank": 8, "scale": 20.0}})["lora_alpha"]
        160.0
    """
    kind = config.get("fine_tune_type", "lora")
    if kind not in TRAINED:
        raise refuse(
            f"{CONFIG}: mlx-lm trained with fine_tune_type {str(kind)[:40]!r}, which gives whole"
            " weights, not an adapter",
            "adapter_type",
            "train with --fine-tune-type lora or dora",
        )
    said = config.get("lora_parameters")
    said = said if isinstance(said, dict) else {}
    rank, scale = said.get("rank"), said.get("scale")
    if not isinstance(rank, int) or not isinstance(scale, int | float):
        raise LoadError(
            f"{CONFIG}: mlx-lm's lora_parameters have no rank and scale", code="bad_adapter_config"
        )
    return {
        "peft_type": "LORA",
        "base_model_name_or_path": config.get("model"),
        "r": rank,
        "lora_alpha": scale * rank,
        "use_dora": kind == "dora",
    }


def sort_mlx(tensors: Iterable[Tensor]) -> AdapterTensors:
    """Its tensors under PEFT's names, the factors turned round.

    Raises:
        IncompatibleError: See `sort_tensors`.
    """
    found = sort_tensors(tensors, NAMES, ())
    for parts in found.modules.values():
        for part in ("lora_A", "lora_B"):
            if part in parts and len(parts[part].shape) == 2:
                shape = parts[part].shape[::-1]
                parts[part] = replace(parts[part], shape=shape, transposed=True)
    return found
