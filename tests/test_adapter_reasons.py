"""Why an adapter isn't served, or shouldn't be: the true reason, whosever fault it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve.check import check_package
from expertserve.errors import IncompatibleError, LoadError
from expertserve.expert import prepare
from expertserve.findings import Finding
from tests import architectures, tiny
from tests.test_adapters import changed, convert

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def weights(adapter: Path, change: Any) -> None:
    """Changes an adapter's tensors in place."""
    file = adapter / "adapter_model.safetensors"
    save_file({n: change(n, t).contiguous() for n, t in load_file(file).items()}, file)


@pytest.mark.parametrize(
    "member",
    [
        "adapter_model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "manifest.json",
        "adapter_config.json",
    ],
)
def test_a_git_lfs_pointer_in_a_package_is_called_that(
    member: str, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    (tiny_package / member).write_bytes(POINTER)
    with pytest.raises(LoadError) as caught:
        prepare(tiny_package, base_model=tiny_base, cache_dir=tmp_path / "cache")
    assert caught.value.code == "git_lfs_pointer" and member in caught.value.message
    assert "git lfs pull" in caught.value.hint


@pytest.mark.parametrize("member", ["model.safetensors", "tokenizer.json"])
def test_a_git_lfs_pointer_in_a_base_is_called_that(
    member: str, tiny_package: Path, tmp_path: Path
) -> None:
    base = tiny.base_model(tmp_path / "models" / "tiny")
    (base / member).write_bytes(POINTER)
    with pytest.raises(LoadError) as caught:
        prepare(tiny_package, base_model=base, cache_dir=tmp_path / "cache")
    assert caught.value.code == "git_lfs_pointer" and member in caught.value.message


def test_shards_that_were_not_gathered_are_called_that(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter")
    weights(folder, lambda n, t: torch.zeros(0) if "lora_A" in n else t)
    with pytest.raises(IncompatibleError, match="ZeRO-3") as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code == "zero3_shards"


def quantised(base: Path, folder: Path, method: str) -> Path:
    """A base as bitsandbytes packs it, or as AWQ names it."""
    tiny.base_model(folder)
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": method}
    (folder / "config.json").write_text(json.dumps(config))
    packed = {}
    for name, tensor in load_file(base / "model.safetensors").items():
        if "proj" in name and method == "bitsandbytes":
            packed[name] = torch.zeros((tensor.numel() + 1) // 2, 1, dtype=torch.uint8)
        elif "proj" in name:
            packed[name.replace("weight", "qweight")] = torch.zeros(4, 4, dtype=torch.int32)
        else:
            packed[name] = tensor
    save_file(packed, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize("method", ["bitsandbytes", "awq"])
def test_a_quantised_base_is_called_that(
    method: str, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    base = quantised(tiny_base, tmp_path / "tiny-4bit", method)
    with pytest.raises(IncompatibleError, match=f"quantised \\({method}\\)") as caught:
        convert(base, tiny_lora, "lora", tmp_path)
    assert caught.value.code == "base_quantised" and "bfloat16" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("model.safetensors", "whole model"),
        ("model-00001-of-00002.safetensors", "whole model"),
        ("adapter.gguf", "GGUF"),
        ("other.txt", "save_pretrained"),
    ],
)
def test_what_lies_there_instead_of_an_adapter_is_named(
    file: str, reason: str, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter")
    (folder / "adapter_model.safetensors").rename(folder / file)
    with pytest.raises(LoadError) as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code == "adapter_missing" and reason in caught.value.hint


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}, {"a": None, "b": {"c": False}}])
def test_a_key_of_the_future_passes_at_its_default(
    value: object, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter", brand_new=value, lorap_lr_ratio=16.0)
    assert convert(tiny_base, folder, "lora", tmp_path).modules == 12


@pytest.mark.parametrize("value", [16, True, "on", [0], {"a": {"b": 1}}])
def test_a_key_of_the_future_with_a_value_is_refused_with_its_author(
    value: object, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter", brand_new=value, peft_version="0.99.1")
    with pytest.raises(
        IncompatibleError, match=r"brand_new is .* written by PEFT 0\.99\.1"
    ) as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code == "adapter_config"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"alora_invocation_tokens": [1, 2]}, "aLoRA"),
        ({"layer_replication": [[0, 2]]}, "repeats layers"),
        ({"use_qalora": True}, "QALoRA"),
        ({"kasa_config": {"beta": 1e-4}}, "KaSA"),
    ],
)
def test_what_a_known_key_means_is_told(
    settings: dict[str, Any], reason: str, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter", **settings)
    with pytest.raises(IncompatibleError, match=reason):
        convert(tiny_base, folder, "lora", tmp_path)


def test_check_says_where_vllm_has_no_slot(tmp_path: Path) -> None:
    """Gemma 2's output layer, and a mixture's experts."""
    kind = {a.model_type: a for a in architectures.ARCHITECTURES}
    base = architectures.make(tmp_path / "gemma2", kind["gemma2"])
    adapter = tiny.peft_adapter(base, tmp_path / "head", "lora", target_modules=["lm_head"])
    head = convert(base, adapter, "lora", tmp_path, target_modules=["lm_head"])
    (note,) = (n for n in head.notes if n.code == "no_slot")
    assert "lm_head" in note.message and "transformers" in note.fix
    moe = architectures.make(tmp_path / "moe", kind["qwen3_moe"])
    folder = changed(adapter, tmp_path / "experts", target_modules=["up_proj"])
    name = "base_model.model.model.layers.0.mlp.experts.3.up_proj.lora_"
    save_file(
        {f"{name}A.weight": torch.ones(4, 128), f"{name}B.weight": torch.ones(64, 4)},
        folder / "adapter_model.safetensors",
    )
    experts = convert(moe, folder, "lora", tmp_path, target_modules=["up_proj"])
    (note,) = (n for n in experts.notes if n.code == "no_slot")
    assert "experts.3.up_proj" in note.message and "GPU" in note.reason


# ── adapters that do nothing, or too much ───────────────────────────────────────────────────────


def found(package: Path, base: Path, cache: Path) -> dict[str, Finding]:
    return {f.code: f for f in check_package(package, base_model=base, cache_dir=cache)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda n, t: t * 0 if "lora_B" in n else t, "untrained"),
        (lambda n, t: t * 1e-6 if "lora_B" in n else t, "no_effect"),
        (lambda n, t: t * 1e6 if "layers.1.mlp.down_proj.lora_B" in n else t, "huge_weights"),
    ],
)
def test_an_adapter_that_does_nothing_or_too_much_is_a_warning(
    change: Any, code: str, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    sound = found(tiny_package, tiny_base, tmp_path / "cache")
    assert not sound.keys() & {"untrained", "no_effect", "huge_weights"}
    weights(tiny_package, change)
    for _ in range(2):  # made, and read from the cache
        findings = found(tiny_package, tiny_base, tmp_path / "cache")
        assert findings[code].severity == "warning"
        assert len(findings.keys() & {"untrained", "no_effect", "huge_weights"}) == 1
    warnings = prepare(tiny_package, base_model=tiny_base, cache_dir=tmp_path / "cache").warnings
    assert findings[code].message in warnings


def test_an_untrained_dora_and_ia3_change_nothing_either(tiny_base: Path, tmp_path: Path) -> None:
    for kind in ("dora", "ia3"):
        adapter = tiny.peft_adapter(tiny_base, tmp_path / kind, kind, strength=0.0)
        if kind == "dora":
            weights(adapter, lambda n, t: t * 0 if "lora_B" in n else t)
        serving = convert(tiny_base, adapter, kind, tmp_path)
        assert [n.code for n in serving.notes if n.code in ("untrained", "no_effect")], kind
