"""PEFT's newer types equal PEFT; those that have no exact low-rank form are refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.peft import TYPES, UNSERVED
from expertserve.errors import ExpertError, IncompatibleError, ManifestError
from expertserve.package.manifest import parse_manifest
from tests import tiny
from tests.test_adapter_kinds import effect, equal, seen
from tests.test_adapters import KINDS, changed, convert

WEIGHTS = "adapter_model.safetensors"
TARGETS = ["q_proj", "v_proj", "up_proj", "down_proj"]
CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "miss": ("MissConfig", {"r": 8}),
    "miss, inputs not divisible": ("MissConfig", {"r": 7}),
    "miss mini": ("MissConfig", {"r": 8, "mini_r": 4, "init_weights": "mini"}),
    "delora": ("DeloraConfig", {"r": 4}),
    "delora by pattern": ("DeloraConfig", {"r": 4, "rank_pattern": {"q_proj": 2}}),
    "hra": ("HRAConfig", {"r": 5}),
    "hra orthogonal": ("HRAConfig", {"r": 5, "apply_GS": True}),
    "vblora": ("VBLoRAConfig", {"r": 2, "num_vectors": 16, "vector_length": 32, "topk": 3}),
    "gralora": ("GraloraConfig", {"r": 8, "alpha": 16, "gralora_k": 2}),
    "gralora hybrid": ("GraloraConfig", {"r": 8, "alpha": 16, "gralora_k": 4, "hybrid_r": 3}),
    "pvera": ("PveraConfig", {"r": 16, "save_projection": True}),
    "tinylora": ("TinyLoraConfig", {"r": 4, "u": 16}),
    "tinylora tied": ("TinyLoraConfig", {"r": 4, "u": 16, "weight_tying": 0.6}),
    "tinylora one vector": ("TinyLoraConfig", {"r": 4, "u": 16, "weight_tying": 1.0}),
    "deft": ("DeftConfig", {"r": 4}),
    "deft qr": ("DeftConfig", {"r": 4, "decomposition_method": "qr", "alpha": 8}),
    "deft para": ("DeftConfig", {"r": 4, "para": True}),
    "peanut": ("PeanutConfig", {"r": 4, "scaling": 0.5}),
    "peanut deep": ("PeanutConfig", {"r": 4, "depth": 2, "act_fn": "gelu", "scaling": 0.5}),
    "beft": ("BeftConfig", {}),
}


def trained(
    base: Path, folder: Path, name: str, *, strength: float = 0.2, **options: Any
) -> tuple[Path, str, dict[str, Any]]:
    """An adapter of a newer type with random weights, its type, and what a manifest says of it."""
    import peft
    from transformers import AutoModelForCausalLM

    kind, settings = CONFIGS[name]
    config = getattr(peft, kind)(target_modules=TARGETS, **settings, **options)
    torch.manual_seed(3)
    model = peft.get_peft_model(
        AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config
    )
    with torch.no_grad():
        for parameter in (p for p in model.parameters() if p.requires_grad):
            parameter.add_(strength * torch.randn_like(parameter))
    model.save_pretrained(folder)
    declared = {
        "target_modules": TARGETS,
        "r": settings.get("r"),
        "alpha": settings.get("alpha"),
    }
    return folder, TYPES[config.peft_type.value], declared


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_newer_types_equal_peft(name: str, architecture: str, tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny", architecture)
    adapter, kind, declared = trained(base, tmp_path / "adapter", name)
    serving = convert(base, adapter, kind, tmp_path, **declared)
    theirs, ours = effect(base, adapter), seen(base, serving)
    equal(ours, theirs)
    own = load_file(base / "model.safetensors")
    for target in TARGETS:
        module = next(n.rpartition(".")[0] for n in ours if target in n)
        bias = own.get(f"{module}.bias", torch.zeros(1))
        change = (theirs[f"{module}.weight"] - own[f"{module}.weight"]).abs().max()
        assert max(change, (theirs[f"{module}.bias"] - bias).abs().max()) > 1e-3
    assert serving.type == kind


def test_a_tinylora_without_its_projections_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    """Which module drew which of them isn't known without the model's order of modules."""
    adapter, kind, declared = trained(tiny_base, tmp_path / "a", "tinylora", save_projection=False)
    with pytest.raises(IncompatibleError, match="without its projections") as caught:
        convert(tiny_base, adapter, kind, tmp_path, **declared)
    assert "save_projection" in caught.value.hint


def test_bone_is_what_miss_was_called(tiny_base: Path, tmp_path: Path) -> None:
    adapter, _, declared = trained(tiny_base, tmp_path / "adapter", "miss")
    plain = convert(tiny_base, adapter, "miss", tmp_path, **declared)
    old = changed(adapter, tmp_path / "old", peft_type="BONE")
    tensors = {n.replace("miss", "bone"): t for n, t in load_file(adapter / WEIGHTS).items()}
    save_file(tensors, old / WEIGHTS)
    assert convert(tiny_base, old, "bone", tmp_path, **declared).digest == plain.digest


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("miss", {"init_weights": "bat"}, "bat"),
        ("pvera", {"sample_at_inference": True}, "anew"),
        ("vblora", {"save_only_topk_weights": True}, "save_only_topk_weights"),
        ("vblora", {"topk": 99}, "logits"),
        ("gralora", {"gralora_k": 3}, "blocks"),
        ("tinylora", {"projection_seed": 1}, "projection_seed"),
        ("deft", {"decomposition_method": "svd"}, "svd"),
        ("peanut", {"act_fn": "quick_gelu"}, "quick_gelu"),
    ],
)
def test_what_a_newer_type_does_otherwise_is_refused(
    name: str, settings: dict[str, Any], said: str, tiny_base: Path, tmp_path: Path
) -> None:
    adapter, kind, declared = trained(tiny_base, tmp_path / "adapter", name)
    folder = changed(adapter, tmp_path / "other", **settings)
    with pytest.raises(IncompatibleError, match=said):
        convert(tiny_base, folder, kind, tmp_path, **declared)


@pytest.mark.parametrize(
    "name",
    ["miss", "delora", "hra", "vblora", "gralora", "pvera", "tinylora", "deft", "peanut", "beft"],
)
def test_tensors_of_other_shapes_are_refused(name: str, tiny_base: Path, tmp_path: Path) -> None:
    adapter, kind, declared = trained(tiny_base, tmp_path / "adapter", name)
    sound = load_file(adapter / WEIGHTS)
    module = "model.layers.0.mlp.up_proj"
    for key in [k for k in sound if module in k or "model.model" not in k]:
        for i, spoilt in enumerate((sound[key][:-1], sound[key][None], sound[key][..., :1])):
            if spoilt.shape == sound[key].shape:
                continue
            folder = changed(adapter, tmp_path / f"{key}-{i}")
            save_file(sound | {key: spoilt.contiguous()}, folder / WEIGHTS)
            with pytest.raises(ExpertError):
                convert(tiny_base, folder, kind, tmp_path, **declared)


def test_every_type_in_pefts_registry_is_compared_with_peft_or_refused_with_why(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    """A type that PEFT gains fails here until it is served or its reason is written down."""
    import peft
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING as REGISTRY

    known = {kind.value for kind in REGISTRY}
    newer = {getattr(peft, name)().peft_type.value for name, _ in CONFIGS.values()}
    compared = {tiny.peft_config(kind, 4).peft_type.value for kind in KINDS} | newer
    assert known & TYPES.keys() == compared and len(compared) >= 16
    assert known - compared == UNSERVED.keys() & known
    for kind in sorted(known - compared):
        folder = changed(tiny_lora, tmp_path / kind, peft_type=kind)
        with pytest.raises(IncompatibleError) as caught:
            convert(tiny_base, folder, "lora", tmp_path)
        assert f"{kind!r} is not served: {UNSERVED[kind]}" in caught.value.message
        assert caught.value.code == "adapter_type" and "DELORA" in caught.value.hint


@pytest.mark.parametrize(
    ("kind", "alpha", "sound"),
    [("vera", None, True), ("hra", None, True), ("lora", None, False), ("gralora", None, False)],
)
def test_types_without_an_alpha_need_none(kind: str, alpha: float | None, sound: bool) -> None:
    entry = {"type": kind, "r": 4, "alpha": alpha, "target_modules": ["q_proj"]}
    manifest = tiny.manifest(base_models=[{"name": "tiny", "adapters": [entry]}])
    if sound:
        assert (
            parse_manifest(json.dumps(manifest).encode()).base_models[0].adapters[0].alpha is None
        )
    else:
        with pytest.raises(ManifestError, match="needs r and alpha"):
            parse_manifest(json.dumps(manifest).encode())
