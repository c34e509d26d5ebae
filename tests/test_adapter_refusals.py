"""What can't be served exactly is refused, with a code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.settings import check_base_name
from expertserve.errors import IncompatibleError, LoadError
from tests import tiny
from tests.test_adapters import applied, changed, convert

Spoil = Callable[[dict[str, Any], dict[str, torch.Tensor]], None]


def config(**changes: Any) -> Spoil:
    return lambda c, t: c.update(changes)


def tensor(name: str, value: torch.Tensor) -> Spoil:
    return lambda c, t: t.update({name: value})


def first(part: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Spoil:
    def spoil(c: dict[str, Any], t: dict[str, torch.Tensor]) -> None:
        key = next(k for k in t if part in k)
        t[key] = change(t[key]).contiguous()

    return spoil


def drop(*parts: str, all: bool = False) -> Spoil:
    """Takes away the first tensor of these parts, or all of them."""

    def spoil(c: dict[str, Any], t: dict[str, torch.Tensor]) -> None:
        found = [k for k in t if any(p in k for p in parts)]
        for key in found if all else found[:1]:
            del t[key]

    return spoil


def high_rank(c: dict[str, Any], t: dict[str, torch.Tensor]) -> None:
    c["r"] = 30
    t.update(
        {
            k: torch.zeros(30, v.shape[1])
            if k.split(".")[-1].endswith("_b")
            else torch.zeros(v.shape[0], 30)
            for k, v in t.items()
        }
    )


def rename(old: str, new: str) -> Spoil:
    def spoil(c: dict[str, Any], t: dict[str, torch.Tensor]) -> None:
        for key in list(t):
            t[key.replace(old, new)] = t.pop(key)

    return spoil


SPOILED: dict[str, tuple[str, Spoil, str]] = {
    "no module matches": ("lora", rename("model.layers", "transformer.h"), "modules_missing"),
    "one module does not match": (
        "lora",
        rename("layers.1.mlp", "layers.7.mlp"),
        "modules_missing",
    ),
    "inputs of another size": ("lora", first("lora_A", lambda t: t[:, :-1]), "shape_mismatch"),
    "outputs of another size": ("lora", first("lora_B", lambda t: t[:-1]), "shape_mismatch"),
    "a rank that the config denies": ("lora", config(r=5), "adapter_disagrees"),
    "an alpha that the manifest denies": ("lora", config(lora_alpha=99), "adapter_disagrees"),
    "modules that the manifest denies": (
        "lora",
        rename("q_proj", "gate_proj"),
        "adapter_disagrees",
    ),
    "a type that the manifest denies": ("lora", config(peft_type="IA3"), "adapter_disagrees"),
    "an unknown type": ("lora", config(peft_type="OFT"), "adapter_type"),
    "modules_to_save": ("lora", config(modules_to_save=["lm_head"]), "modules_to_save"),
    "a bias tensor": (
        "lora",
        tensor("base_model.model.model.layers.0.self_attn.q_proj.bias", torch.zeros(4)),
        "trained_bias",
    ),
    "a whole embedding": (
        "lora",
        tensor("base_model.model.model.embed_tokens.weight", torch.zeros(520, 64)),
        "token_embeddings",
    ),
    "a strange tensor": (
        "lora",
        tensor("base_model.model.x.router", torch.zeros(4)),
        "adapter_tensors",
    ),
    "a value that is not finite": (
        "lora",
        first("lora_B", lambda t: t * float("nan")),
        "non_finite",
    ),
    "an infinite value": ("lora", first("lora_A", lambda t: t / 0), "non_finite"),
    "integers": ("lora", first("lora_A", lambda t: t.to(torch.int8)), "quantised"),
    **{
        f"the start {start!r}": ("lora", config(init_lora_weights=start), "base_changed")
        for start in ("lora-ga", "lora_ga", "milora", "corda", "loftq", "dude", 3, ["pissa"])
    },
    "layer replication": ("lora", config(layer_replication=[[0, 2]]), "adapter_config"),
    "invocation tokens": ("lora", config(alora_invocation_tokens=[1, 2]), "adapter_config"),
    "a switch of the future": ("lora", config(use_quantum=True), "adapter_config"),
    "Conv1D": ("lora", config(fan_in_fan_out=True), "adapter_config"),
    "a pattern that looks ahead": (
        "lora",
        config(rank_pattern={r"(?=q).*": 4}),
        "bad_adapter_config",
    ),
    "a pattern without end": ("lora", config(rank_pattern={"a|" * 200: 4}), "bad_adapter_config"),
    "a pattern that is none": ("lora", config(rank_pattern={"(": 4}), "bad_adapter_config"),
    "a rank that is no number": (
        "lora",
        config(rank_pattern={"q_proj": "x"}),
        "bad_adapter_config",
    ),
    "a rank beyond all numbers": ("lora", config(r=10**400), "bad_adapter_config"),
    "an alpha that is missing": (
        "lora",
        lambda c, t: c.update(lora_alpha=None),
        "bad_adapter_config",
    ),
    "three dimensions": ("lora", first("lora_A", lambda t: t[None]), "shape_mismatch"),
    "a LoHa whose tensors have another rank": ("loha", config(r=3), "adapter_disagrees"),
    "a VeRA scale of one value": (
        "vera",
        first("vera_lambda_d", lambda t: t[:1]),
        "shape_mismatch",
    ),
    "a LoKr that doesn't multiply up": (
        "lokr",
        first("lokr_w2_a", lambda t: t[:-1]),
        "shape_mismatch",
    ),
    "magnitudes without use_dora": ("dora", config(use_dora=False), "adapter_disagrees"),
    "a missing magnitude": ("dora", drop("magnitude"), "adapter_disagrees"),
    "a magnitude of another size": ("dora", first("magnitude", lambda t: t[:-1]), "shape_mismatch"),
    "a missing half": ("lora", drop("lora_B"), "adapter_tensors"),
    "no tensors": ("lora", drop("", all=True), "adapter_empty"),
    "an input scale of attention": ("ia3", config(feedforward_modules=["v_proj"]), "ia3_input"),
    "a LoHa of a high rank": ("loha", high_rank, "rank_too_large"),
    "VeRA without its projections": ("vera", drop("vera_A", "vera_B", all=True), "adapter_tensors"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_cannot_be_served_exactly_is_refused(
    name: str, tiny_base: Path, tmp_path: Path
) -> None:
    kind, spoil, code = SPOILED[name]
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", kind)
    settings = json.loads((adapter / "adapter_config.json").read_text())
    tensors = load_file(adapter / "adapter_model.safetensors")
    spoil(settings, tensors)
    (adapter / "adapter_config.json").write_text(json.dumps(settings))
    save_file(tensors, adapter / "adapter_model.safetensors")
    rank = {"a LoHa of a high rank": {"r": 30}}.get(name, {})
    with pytest.raises(IncompatibleError) as caught:
        convert(tiny_base, adapter, kind, tmp_path, **rank)
    assert caught.value.code == code, str(caught.value)
    assert not list((tmp_path / "adapters").glob(".part-*"))


def test_all_that_manifest_and_files_disagree_about_is_told_at_once(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    with pytest.raises(IncompatibleError) as caught:
        convert(tiny_base, tiny_lora, "lora", tmp_path, r=3, alpha=99)
    assert (
        "r is 3, but adapter_config.json has 4; alpha is 99, but adapter_config.json has 8"
        in caught.value.message
    )
    assert caught.value.hint == "in adapters[], r: 4; alpha: 8"


@pytest.mark.parametrize(
    "start", [True, False, None, "gaussian", "Gaussian", "eva", "orthogonal", "mica"]
)
def test_starts_that_leave_the_base_alone_change_nothing(
    start: object, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter", init_lora_weights=start)
    ours = applied(tiny_base, convert(tiny_base, folder, "lora", tmp_path))
    plain = applied(tiny_base, convert(tiny_base, tiny_lora, "lora", tmp_path))
    assert all(torch.equal(ours[name], plain[name]) for name in plain)


def test_the_refusal_of_a_start_names_it(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter", init_lora_weights="milora")
    with pytest.raises(IncompatibleError, match="init_lora_weights is 'milora'"):
        convert(tiny_base, folder, "lora", tmp_path)


@pytest.mark.parametrize(
    ("named", "names"),
    [
        ("unsloth/llama-3-8b-Instruct-unsloth-bnb-4bit", "meta-llama/Llama-3-8B-Instruct"),
        ("/home/me/hub/models--Qwen--Qwen3-0.6B/snapshots/0a1b2c", "Qwen3-0.6B"),
        ("D:\\models\\Qwen3-0.6B\\", "F:/x/Qwen3-0.6B"),
        ("TheBloke/Llama-2-7B-GPTQ", "Llama-2-7b"),
        ("", "Qwen3-0.6B"),
        (None, "Qwen3-0.6B"),
    ],
)
def test_another_spelling_of_the_same_base_is_not_reported(named: object, names: str) -> None:
    assert check_base_name({"base_model_name_or_path": named}, names) == []


@pytest.mark.parametrize("named", ["Qwen/Qwen3-1.7B", "./outputs/merged", "Qwen3-0.6B-Base"])
def test_another_base_than_the_manifests_is_reported(named: str) -> None:
    (found,) = check_base_name({"base_model_name_or_path": named}, "Qwen3-0.6B", "Qwen/Qwen3-0.6B")
    assert found.code == "base_named_otherwise" and named in found.message


def test_a_rank_is_refused_where_the_adapter_has_none(tiny_base: Path, tmp_path: Path) -> None:
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", "ia3")
    with pytest.raises(IncompatibleError) as caught:
        convert(tiny_base, adapter, "ia3", tmp_path, r=8)
    assert caught.value.code == "adapter_disagrees" and caught.value.hint == "in adapters[], no r"


def test_pickled_weights_are_never_opened(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_bytes((tiny_lora / "adapter_config.json").read_bytes())
    (folder / "adapter_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(IncompatibleError) as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code == "pickled_weights" and "safe_serialization" in caught.value.hint


@pytest.mark.parametrize(
    "damage", [b"", b"\xff" * 40, b"\x08\0\0\0\0\0\0\0{}      ", b"\x02\0\0\0\0\0\0\0{}trailing"]
)
def test_a_damaged_weights_file_is_told(
    damage: bytes, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_bytes((tiny_lora / "adapter_config.json").read_bytes())
    (folder / "adapter_model.safetensors").write_bytes(damage)
    with pytest.raises(LoadError) as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code in ("bad_safetensors", "adapter_empty")
