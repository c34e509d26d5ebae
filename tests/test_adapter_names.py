"""The same adapter under other names: mlx-lm's, wrappers', patterns of ranks."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from expertserve.adapters.pattern import matches
from expertserve.errors import ConfigError, ExpertError, IncompatibleError
from expertserve.expert import prepare
from tests import tiny
from tests.test_adapters import applied, changed, convert, merged

WEIGHTS = "adapter_model.safetensors"


def as_mlx(adapter: Path, folder: Path, **settings: Any) -> Path:
    """What mlx-lm writes for the same training: factors turned round, its own configuration."""
    folder.mkdir()
    config = json.loads((adapter / "adapter_config.json").read_text())
    tensors = {}
    for name, tensor in load_file(adapter / WEIGHTS).items():
        module, part = re.fullmatch(
            r"base_model\.model\.(.+)\.(lora_[AB]|lora_mag)\w*(?:\.weight)?", name
        ).groups()  # type: ignore[union-attr]
        key = f"{module}.{ {'lora_A': 'lora_a', 'lora_B': 'lora_b', 'lora_mag': 'm'}[part] }"
        tensors[key] = (tensor.T if tensor.dim() == 2 else tensor).contiguous()
    save_file(tensors, folder / "adapters.safetensors")
    written = {
        "fine_tune_type": "dora" if config["use_dora"] else "lora",
        "model": "mlx-community/tiny-4bit",
        "num_layers": 2,
        "lora_parameters": {
            "rank": config["r"],
            "scale": config["lora_alpha"] / config["r"],
            "dropout": 0.0,
        },
    }
    (folder / "adapter_config.json").write_text(json.dumps(written | settings))
    return folder


@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_mlx_lms_adapters_are_what_peft_makes_of_the_same_training(
    kind: str, tiny_base: Path, tmp_path: Path
) -> None:
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", kind)
    mlx = as_mlx(adapter, tmp_path / "mlx")
    package = tmp_path / "package"
    tiny.package(package, None, tiny_base, base_models=tiny.base_entry(kind))
    for file in mlx.iterdir():
        (package / file.name).write_bytes(file.read_bytes())
    prepared = prepare(package, base_model=tiny_base, cache_dir=tmp_path / "cache")
    assert prepared.adapter and prepared.adapter.type == kind and not prepared.warnings
    ours, theirs = applied(tiny_base, prepared.adapter), merged(tiny_base, adapter)
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"fine_tune_type": "full"}, "adapter_type", "whole weights"),
        ({"lora_parameters": {"rank": 4}}, "bad_adapter_config", "no rank and scale"),
        ({"lora_parameters": []}, "bad_adapter_config", "no rank and scale"),
        ({"lora_parameters": {"rank": 5, "scale": 1.6}}, "shape_mismatch", "lora_A"),
    ],
)
def test_what_mlx_lm_did_not_train_as_an_adapter_is_refused(
    settings: Any, code: str, said: str, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    mlx = as_mlx(tiny_lora, tmp_path / "mlx", **settings)
    rank = settings.get("lora_parameters", {"rank": 4}) or {"rank": 4}
    with pytest.raises(ExpertError, match=said) as caught:
        convert(
            tiny_base, mlx, "lora", tmp_path, rank["rank"], alpha=8, weights="adapters.safetensors"
        )
    assert caught.value.code == code


def named(adapter: Path, folder: Path, rename: Callable[[str], str]) -> Path:
    changed(adapter, folder)
    tensors = {rename(name): tensor for name, tensor in load_file(adapter / WEIGHTS).items()}
    save_file(tensors, folder / WEIGHTS)
    return folder


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        (lambda n: "module." + n, "data parallel"),
        (lambda n: "_orig_mod." + n, "torch.compile"),
        (lambda n: n.replace("model.layers", "_orig_mod.model.layers"), "torch.compile"),
        (lambda n: n.replace(".self_attn", "._checkpoint_wrapped_module.self_attn"), "checkpoint"),
        (lambda n: n.replace(".mlp", "._fsdp_wrapped_module.mlp"), "FSDP"),
        (lambda n: n.replace("base_model.model.", "module.base_model.model.module."), "parallel"),
        (lambda n: n.replace(".weight", ".sft.weight"), "own name (sft)"),
        (lambda n: n.replace(".weight", ".my-run_2.weight"), "own name (my-run_2)"),
        (lambda n: n.replace(".weight", ".default.weight"), None),
        (lambda n: n.replace("base_model.model.", "base_model.model.base_model.model."), None),
    ],
)
def test_what_training_tools_add_to_names_is_taken_off_again(
    rename: Callable[[str], str],
    said: str | None,
    tiny_base: Path,
    tiny_lora: Path,
    tmp_path: Path,
) -> None:
    folder = named(tiny_lora, tmp_path / "adapter", rename)
    plain = convert(tiny_base, tiny_lora, "lora", tmp_path)
    made = convert(tiny_base, folder, "lora", tmp_path)
    assert made.digest == plain.digest
    notes = [n.message for n in made.notes if n.code == "wrapped_names"]
    assert [said in n for n in notes if said] == [True] * bool(said) and bool(notes) == bool(said)


def test_two_adapters_in_a_file_are_refused(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = named(
        tiny_lora,
        tmp_path / "adapter",
        lambda n: n.replace(".weight", ".a.weight" if "q_proj" in n else ".b.weight"),
    )
    with pytest.raises(IncompatibleError, match=r"several adapters: (a, b|b, a)"):
        convert(tiny_base, folder, "lora", tmp_path)


# ── patterns ────────────────────────────────────────────────────────────────────────────────────

NAMES = ["model.layers.1.self_attn.q_proj", "model.layers.11.mlp.down_proj", "lm_head"]
PATTERNS = [
    "q_proj",
    "self_attn.q_proj",
    "^model.layers.1.self_attn.q_proj$",
    r".*\.layers\.1\..*(q_proj|k_proj)$",
    r"layers\.(?:0|1|11)\.(?:mlp|self_attn)\.\w+",
    r"layers.[0-9]+.mlp.(down|up)_proj",
    r"(?:.*\.)?(?:q|k|v)_proj",
    r"^.*\.self_attn.*",
    r"[^.]+",
    r"layers\.1{1,2}\.mlp\.down_proj",
    r"lm_.{4}|q_proj",
    "proj",
    "",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("module", NAMES)
def test_patterns_match_as_in_peft(pattern: str, module: str) -> None:
    from peft.utils.other import get_pattern_key

    wanted = get_pattern_key([pattern], module) == pattern if pattern else False
    assert matches(pattern, module) == (wanted if pattern else module.endswith("."))


@given(
    st.text(alphabet="ab.*+?()|[]^$", max_size=12), st.text(alphabet="ab.", min_size=1, max_size=8)
)
def test_a_pattern_that_is_matched_at_all_is_matched_as_in_peft(pattern: str, module: str) -> None:
    try:
        found = matches(pattern, module)
    except ConfigError:
        return
    assert found == (pattern == module or re.match(rf"(.*\.)?({pattern})$", module) is not None)


@pytest.mark.parametrize(
    "pattern", [r"((\w|\w)+\W?)+!", r"(a*)*b", r"(.*)*.*.*.*x", r"((((a*)*)*)*)*b"]
)
def test_a_pattern_that_runs_away_elsewhere_ends_here(pattern: str) -> None:
    began = time.process_time()
    assert not matches(pattern, "a" * 200)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_a_pattern_of_alternatives_is_served_as_peft_reads_it(
    kind: str, tiny_base: Path, tmp_path: Path
) -> None:
    pattern = r".*\.layers\.1\..*(q_proj|k_proj|v_proj|o_proj)$"
    adapter = tiny.peft_adapter(
        tiny_base,
        tmp_path / "adapter",
        kind,
        rank_pattern={pattern: 6},
        alpha_pattern={pattern: 32, "down_proj": 1},
    )
    ours = applied(tiny_base, convert(tiny_base, adapter, kind, tmp_path))
    theirs = merged(tiny_base, adapter)
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=1e-5)
