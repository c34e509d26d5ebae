"""A copy of a base model with int8 weights, in compressed-tensors' form W8A8.

Weights of linear layers have a scale per output row; inputs are rounded per token as they come. On
CPUs with AMX or VNNI, and on GPUs, vLLM computes with them faster than with bfloat16, in about half
the memory. Embeddings, the output layer, norms and routers stay as they are.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from expertserve.errors import ConfigError
from expertserve.files import move_into_place, part_path, remove_stale
from expertserve.models import ORIGIN, LocalModel, weight_files

KEPT = re.compile(r"(^|\.)(embed\w*|wte|wpe|lm_head|router|gate|shared_expert_gate|\w*norm\w*)$")
"""Modules that are not quantised; a mixture's routers decide between experts by small margins."""
LEFT = {"model.safetensors.index.json", "config.json"}


def quantise(base: LocalModel, target: Path, done: Callable[[str], object] = str) -> None:
    """Writes the copy; the folder is there whole or not at all.

    Args:
        done: Called with each weight file's name when it is written.

    Raises:
        ConfigError: `exists`, or `quantised`: it is already.

    Example:
        >>> quantise(find("SmolLM2-135M-Instruct"), Path("smollm2-int8"))  # doctest: +SKIP
    """
    if base.config.get("quantization_config"):
        raise ConfigError(f"{base.name} is quantised already", code="quantised")
    if target.exists():
        raise ConfigError(
            f"{target} exists", hint="name another folder with --output", code="exists"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(target.parent)
    part = part_path(target.parent)
    part.mkdir()
    try:
        kept = _copy_weights(base, part, done)
        for file in base.path.iterdir():
            if file.is_file() and file.suffix != ".safetensors" and file.name not in LEFT:
                shutil.copy(file, part / file.name)
        config = base.config | {"quantization_config": _config(kept), ORIGIN: base.digest}
        (part / "config.json").write_text(json.dumps(config, indent=2))
        move_into_place(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copy_weights(base: LocalModel, target: Path, done: Callable[[str], object]) -> list[str]:
    """Returns the modules with matrices that were left as they are."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    kept: list[str] = []
    places: dict[str, str] = {}
    for file in weight_files(base.path):
        tensors: dict[str, torch.Tensor] = {}
        with safe_open(file, framework="pt") as source:
            for name in source.keys():  # noqa: SIM118  (not a mapping)
                tensor: torch.Tensor = source.get_tensor(name)
                module = name.removesuffix(".weight")
                if tensor.dim() != 2 or module == name or KEPT.search(module):
                    tensors[name] = tensor
                    kept += [module] if tensor.dim() == 2 else []
                    continue
                scale = (tensor.float().abs().amax(dim=1, keepdim=True) / 127).bfloat16()
                scale[scale == 0] = 1
                rounded = (tensor.float() / scale.float()).round().clamp(-128, 127)
                tensors[name] = rounded.to(torch.int8)
                tensors[f"{module}.weight_scale"] = scale
        save_file(tensors, target / file.name, {"format": "pt"})
        places |= dict.fromkeys(tensors, file.name)
        done(file.name)
    if len(set(places.values())) > 1:
        index = {"metadata": {}, "weight_map": places}
        (target / "model.safetensors.index.json").write_text(json.dumps(index))
    return kept


def _config(kept: list[str]) -> dict[str, object]:
    weights = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "channel"}
    inputs = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "token"}
    group = {
        "targets": ["Linear"],
        "weights": weights | {"dynamic": False},
        "input_activations": inputs | {"dynamic": True},
    }
    return {
        "quant_method": "compressed-tensors",
        "format": "int-quantized",
        "quantization_status": "compressed",
        "config_groups": {"group_0": group},
        "ignore": sorted({"lm_head", *kept}),
    }
