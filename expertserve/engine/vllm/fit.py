"""An adapter's serving form under the names that vLLM's model has for its layers.

Checkpoints fuse layers (`gate_up_proj`) that vLLM's model takes in parts, and the other way round;
which, only its worker knows.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from expertserve.adapters.serving import PREFIX, ServingAdapter
from expertserve.adapters.settings import CONFIG
from expertserve.files import file_digest, move_into_place, part_path
from expertserve.package.members import WEIGHTS

DIGEST = "digest"
"""The file with the SHA-256 of the weights beside it."""

Split = Mapping[str, Sequence[tuple[str, int]]]
"""Modules that are wanted in parts: each part's name and its number of output rows."""
Unplaced = tuple[list[str], Split]
"""Modules that vLLM has no slot for, and those that it wants in parts."""


def fitted(adapter: ServingAdapter, split: Split) -> Path:
    """A serving form with some modules in parts, kept beside the one that it is made from.

    A fused layer's parts share its A; each has its own rows of B, of the scale and of the shift.
    The folder's name is the digest of what it depends on; a damaged copy is made anew.
    """
    import torch
    from safetensors.torch import load_file, save_file

    folder = adapter.folder
    origin = json.dumps([adapter.digest, sorted(split.items())])
    target = folder / f"vllm-{hashlib.sha256(origin.encode()).hexdigest()[:16]}"
    if _is_whole(target):
        return target
    shutil.rmtree(target, ignore_errors=True)
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in load_file(folder / WEIGHTS).items():
        module, _, kind = name.removeprefix(PREFIX).partition(".lora_")
        start = 0
        for part, rows in split.get(module, [(module, -1)]):
            own = tensor
            if kind.startswith("B") and rows >= 0:
                own = tensor[start : start + rows]
                start += rows
            tensors[f"{PREFIX}{part}.lora_{kind}"] = own.clone()
    config = json.loads((folder / CONFIG).read_bytes())
    names = {n.removeprefix(PREFIX).partition(".lora_")[0] for n in tensors}
    config["target_modules"] = sorted({m.rpartition(".")[2] for m in names})
    part = part_path(folder)
    part.mkdir()
    try:
        save_file(tensors, part / WEIGHTS)
        (part / CONFIG).write_text(json.dumps(config), encoding="utf-8")
        (part / DIGEST).write_text(file_digest(part / WEIGHTS), encoding="utf-8")
        move_into_place(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _is_whole(target: Path) -> bool:
    try:
        return (target / DIGEST).read_text(encoding="utf-8") == file_digest(target / WEIGHTS)
    except (OSError, ValueError):
        return False
