"""A serving form in the parts that vLLM's model has."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.serving import LINEAR, PREFIX, ServingAdapter
from expertserve.adapters.settings import CONFIG
from expertserve.engine.vllm.fit import fitted
from expertserve.package.members import WEIGHTS

FUSED = "model.layers.0.mlp.gate_up_proj"
SPLIT = {FUSED: [(FUSED.replace("gate_up", "gate"), 3), (FUSED.replace("gate_up", "up"), 5)]}


def adapter(folder: Path, seed: int = 0) -> ServingAdapter:
    made = torch.Generator().manual_seed(seed)
    name = PREFIX + FUSED + LINEAR
    tensors = {
        name.format("A"): torch.randn(4, 6, generator=made),
        name.format("B"): torch.randn(8, 4, generator=made),
    }
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / WEIGHTS)
    (folder / CONFIG).write_text("{}")
    return ServingAdapter(folder, f"digest {seed}", "lora", 2, 4, 1, False, ())


def test_parts_share_a_and_have_their_own_rows_of_b(tmp_path: Path) -> None:
    whole = adapter(tmp_path / "form")
    before = load_file(whole.folder / WEIGHTS)
    a, b = (before[(PREFIX + FUSED + LINEAR).format(half)] for half in "AB")
    parts = load_file(fitted(whole, SPLIT) / WEIGHTS)
    for part, rows in zip(SPLIT[FUSED], (slice(0, 3), slice(3, 8)), strict=True):
        name = PREFIX + part[0] + LINEAR
        assert torch.equal(parts[name.format("A")], a)
        assert torch.equal(parts[name.format("B")], b[rows])


def test_a_copy_belongs_to_one_adapter_and_one_split(tmp_path: Path) -> None:
    first = fitted(adapter(tmp_path / "form"), SPLIT)
    assert fitted(adapter(tmp_path / "form"), SPLIT) == first
    assert fitted(adapter(tmp_path / "form", seed=1), SPLIT) != first
    other = {FUSED: [(name, 4) for name, _ in SPLIT[FUSED]]}
    assert fitted(adapter(tmp_path / "form"), other) != first


def test_a_damaged_copy_is_made_anew(tmp_path: Path) -> None:
    whole = adapter(tmp_path / "form")
    weights = fitted(whole, SPLIT) / WEIGHTS
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert (fitted(whole, SPLIT) / WEIGHTS).read_bytes() == good
    weights.unlink()
    assert (fitted(whole, SPLIT) / WEIGHTS).read_bytes() == good
