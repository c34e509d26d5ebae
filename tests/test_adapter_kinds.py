"""What people have next to a plain LoRA, in the serving form: PEFT is the judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.serving import ServingAdapter
from expertserve.errors import IncompatibleError
from tests import tiny
from tests.test_adapters import applied, changed, convert, merged

WEIGHTS = "adapter_model.safetensors"
SPLIT = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def equal(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=2e-5)


def effect(base: Path, adapter: Path) -> dict[str, torch.Tensor]:
    """What PEFT computes: each layer's weight and bias, seen from outside."""
    import peft
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    names = [n for n, m in plain.named_modules() if isinstance(m, torch.nn.Linear)]
    model = peft.PeftModel.from_pretrained(plain, adapter).eval().base_model.model
    found = {}
    with torch.no_grad():
        for name in names:
            layer = model.get_submodule(name)
            at_zero = layer(torch.zeros(1, layer.in_features))[0]
            found[f"{name}.weight"] = (layer(torch.eye(layer.in_features)) - at_zero).T
            found[f"{name}.bias"] = at_zero
    return found


def seen(base: Path, serving: ServingAdapter) -> dict[str, torch.Tensor]:
    """The serving form's weights and biases, a bias also where the base has none."""
    found = applied(base, serving)
    form = load_file(serving.folder / WEIGHTS)
    for key in [k for k in form if k.endswith("lora_B.weight")]:
        bias = f"{key.removeprefix('base_model.model.').removesuffix('.lora_B.weight')}.bias"
        none = torch.zeros(len(form[key]))
        found.setdefault(bias, form[key][:, 1] if serving.affine else none)
    return {n: t for n, t in found.items() if "proj" in n}


@pytest.mark.parametrize("start", ["pissa", "olora"])
@pytest.mark.parametrize("kind", ["lora", "rslora", "dora"])
def test_what_training_took_out_of_the_base_is_computed_again(
    start: str, kind: str, tiny_base: Path, tmp_path: Path
) -> None:
    adapter = tiny.peft_adapter(
        tiny_base, tmp_path / "adapter", kind, init_lora_weights=start, rank=3
    )
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["init_lora_weights"] == start
    serving = convert(tiny_base, adapter, kind, tmp_path, 3)
    equal(applied(tiny_base, serving), merged(tiny_base, adapter))
    assert serving.rank == 3 and serving.width == 6


def test_an_approximated_start_is_refused(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter", init_lora_weights="pissa_niter_16")
    with pytest.raises(IncompatibleError, match="random") as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code == "base_changed"


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_a_bias_of_the_adapters_own_is_a_shift(architecture: str, tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny", architecture)
    adapter = tiny.peft_adapter(base, tmp_path / "adapter", "lora", lora_bias=True)
    ours = seen(base, convert(base, adapter, "lora", tmp_path))
    theirs = effect(base, adapter)
    equal(ours, theirs)
    assert theirs["model.layers.0.mlp.down_proj.bias"].abs().max() > 0.1


@pytest.mark.parametrize("bias", ["all", "lora_only"])
@pytest.mark.parametrize("kind", ["lora", "dora"])
@pytest.mark.parametrize("targets", [["q_proj", "down_proj"], ["o_proj"]])
def test_trained_biases_are_shifts(
    bias: str, kind: str, targets: list[str], tmp_path: Path
) -> None:
    """Qwen2 has them on q, k and v; `all` trains those of layers without a LoRA, too."""
    base = tiny.base_model(tmp_path / "tiny", "qwen2")
    adapter = tiny.peft_adapter(
        base, tmp_path / "adapter", kind, bias=bias, target_modules=list(targets)
    )
    serving = convert(base, adapter, kind, tmp_path, target_modules=targets)
    theirs = merged(base, adapter)
    equal(applied(base, serving), theirs)
    trained = load_file(adapter / WEIGHTS)
    own = load_file(base / "model.safetensors")
    assert (bias == "all") == any("k_proj" in name for name in trained)
    for name in [n for n in own if n.endswith("k_proj.bias")]:
        assert torch.equal(own[name], theirs[name]) == (bias != "all")


def test_biases_where_the_base_has_none_change_nothing(tiny_base: Path, tmp_path: Path) -> None:
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", "lora", bias="all")
    serving = convert(tiny_base, adapter, "lora", tmp_path)
    equal(applied(tiny_base, serving), merged(tiny_base, adapter))
    assert not serving.affine


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("model.layers.0.self_attn.o_proj.bias", torch.ones(128), "doesn't have"),
        ("model.layers.0.self_attn.q_proj.bias", torch.ones(7), "shape"),
        ("model.layers.7.self_attn.q_proj.bias", torch.ones(128), "doesn't have"),
    ],
)
def test_a_bias_that_has_no_place_is_refused(
    name: str, value: torch.Tensor, said: str, tmp_path: Path
) -> None:
    base = tiny.base_model(tmp_path / "tiny", "qwen2")
    adapter = tiny.peft_adapter(base, tmp_path / "adapter", "lora")
    tensors = load_file(adapter / WEIGHTS) | {f"base_model.model.{name}": value}
    save_file(tensors, adapter / WEIGHTS)
    with pytest.raises(IncompatibleError, match=said):
        convert(base, adapter, "lora", tmp_path)


# ── layers that the base has fused ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["lora", "dora", "lokr", "ia3", "pissa"])
@pytest.mark.parametrize("targets", [SPLIT, ["v_proj", "up_proj"]])
def test_layers_trained_apart_are_served_on_the_fused_one(
    kind: str, targets: list[str], tmp_path: Path
) -> None:
    base = tiny.base_model(tmp_path / "tiny")
    fused = tiny.fused(base, tmp_path / "phi" / "tiny")
    named = [t for t in targets if kind != "ia3" or t != "gate_proj"]
    options: dict[str, Any] = {"target_modules": named}
    if kind == "ia3":
        forward = [t for t in named if t == "down_proj"]
        options = {"ia3_modules": named, "feedforward": forward}
        if "o_proj" in named:
            named.remove("o_proj")
    if kind == "pissa":
        options["init_lora_weights"] = "pissa"
    declared = {"pissa": "lora"}.get(kind, kind)
    adapter = tiny.peft_adapter(base, tmp_path / "adapter", declared, **options)
    entry = {"target_modules": named, "feedforward_modules": []}
    ours = applied(fused, convert(fused, adapter, declared, tmp_path, **entry))
    theirs = merged(base, adapter)
    for i in range(2):
        at = f"model.layers.{i}"
        qkv = torch.cat([theirs[f"{at}.self_attn.{n}_proj.weight"] for n in "qkv"])
        torch.testing.assert_close(
            ours[f"{at}.self_attn.qkv_proj.weight"], qkv, rtol=1e-5, atol=2e-5
        )
        gate, up, down = (theirs[f"{at}.mlp.{n}_proj.weight"] for n in ("gate", "up", "down"))
        both, own = ours[f"{at}.mlp.gate_up_proj.weight"], ours[f"{at}.mlp.down_proj.weight"]
        torch.testing.assert_close(both[:96], gate, rtol=1e-5, atol=2e-5)
        torch.testing.assert_close(own @ both[96:], down @ up, rtol=1e-5, atol=1e-4)
        assert not torch.equal(qkv[-64:], load_file(fused / "model.safetensors")[
            f"{at}.self_attn.qkv_proj.weight"
        ][-64:])  # fmt: skip


def test_an_adapter_of_the_fused_layer_itself_is_served_as_it_is(tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny")
    fused = tiny.fused(base, tmp_path / "phi" / "tiny")
    targets = ["qkv_proj", "gate_up_proj"]
    adapter = tiny.peft_adapter(fused, tmp_path / "adapter", "dora", target_modules=targets)
    serving = convert(fused, adapter, "dora", tmp_path, target_modules=targets)
    equal(applied(fused, serving), merged(fused, adapter))


def test_rows_that_are_changed_twice_are_refused(tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny")
    fused = tiny.fused(base, tmp_path / "phi" / "tiny")
    one = tiny.peft_adapter(base, tmp_path / "one", "lora", target_modules=["q_proj"])
    two = tiny.peft_adapter(fused, tmp_path / "two", "lora", target_modules=["qkv_proj"])
    save_file(load_file(one / WEIGHTS) | load_file(two / WEIGHTS), one / WEIGHTS)
    with pytest.raises(IncompatibleError, match="twice"):
        convert(fused, one, "lora", tmp_path, target_modules=["q_proj", "qkv_proj"])


def test_split_names_on_another_architecture_are_missing(tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny")
    fused = tiny.fused(base, tmp_path / "other" / "tiny")
    config = json.loads((fused / "config.json").read_text()) | {"model_type": "unheard"}
    (fused / "config.json").write_text(json.dumps(config))
    adapter = tiny.peft_adapter(base, tmp_path / "adapter", "lora")
    with pytest.raises(IncompatibleError) as caught:
        convert(fused, adapter, "lora", tmp_path)
    assert caught.value.code == "modules_missing"


# ── whole weights ───────────────────────────────────────────────────────────────────────────────


def saved(adapter: Path, folder: Path, **tensors: torch.Tensor) -> Path:
    """An adapter with whole embeddings, as `save_embedding_layers` leaves them."""
    changed(adapter, folder)
    names = {"embed": "model.embed_tokens.weight", "head": "lm_head.weight"}
    brought = {f"base_model.model.{names[n]}": t.contiguous() for n, t in tensors.items()}
    save_file(load_file(adapter / WEIGHTS) | brought, folder / WEIGHTS)
    return folder


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_embeddings_that_are_the_bases_are_left_out(
    dtype: torch.dtype, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    own = load_file(tiny_base / "model.safetensors")["model.embed_tokens.weight"].to(dtype)
    folder = saved(tiny_lora, tmp_path / "adapter", embed=own, head=own.clone())
    plain = convert(tiny_base, tiny_lora, "lora", tmp_path)
    assert convert(tiny_base, folder, "lora", tmp_path).digest == plain.digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t + 1e-5 * (torch.arange(512) == 7)[:, None], "trained"),
        (lambda t: torch.cat([t, t[:3]]), "3 rows more"),
        (lambda t: t[:, :7], "shape"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_embeddings_that_are_not_the_bases_are_refused_with_what_they_would_take(
    change: Any, said: str, listed: bool, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    own = load_file(tiny_base / "model.safetensors")["model.embed_tokens.weight"]
    folder = saved(tiny_lora, tmp_path / "saved", embed=change(own))
    if listed:
        folder = changed(folder, tmp_path / "adapter", modules_to_save=["embed_tokens"])
    with pytest.raises(IncompatibleError, match=said) as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code == ("modules_to_save" if listed else "token_embeddings")


def test_modules_that_were_trained_but_not_saved_are_refused(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    folder = changed(tiny_lora, tmp_path / "adapter", modules_to_save=["lm_head"])
    with pytest.raises(IncompatibleError, match="doesn't hold") as caught:
        convert(tiny_base, folder, "lora", tmp_path)
    assert caught.value.code == "modules_to_save"
