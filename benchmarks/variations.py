"""Packages that are alike but for their weights, of which benchmarks need many."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from expertserve.package.build import write_archive

WEIGHTS = "adapter_model.safetensors"
NOISE = 0.02


def write(source: Path, target: Path, count: int) -> Path:
    """Packs copies of an unpacked package, each with other weights and another name."""
    target.mkdir()
    copy = target.with_name(f"{target.name}-copy")
    copy.mkdir()
    for file in source.iterdir():
        if file.name not in (WEIGHTS, "manifest.json"):
            (copy / file.name).write_bytes(file.read_bytes())
    manifest, tensors = (
        json.loads((source / "manifest.json").read_bytes()),
        load_file(source / WEIGHTS),
    )
    manifest.pop("integrity", None)
    for i in range(count):
        torch.manual_seed(i)
        changed = {n: t * (1 + NOISE * torch.randn_like(t)) for n, t in tensors.items()}
        save_file(changed, copy / WEIGHTS)
        own = manifest | {"name": f"expert-{i:05}", "description": f"number {i}"}
        (copy / "manifest.json").write_text(json.dumps(own))
        write_archive(copy, target / f"{i:05}.expert")
    return target
