"""The serving form equals what PEFT merges into the weights, for every type; what it can't express
is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.layer import RESERVED
from expertserve.adapters.peft import read_adapter
from expertserve.adapters.serving import ServingAdapter, prepare_adapter
from expertserve.adapters.settings import check_base_name
from expertserve.errors import IncompatibleError, LoadError
from expertserve.models import LocalModel
from expertserve.package.manifest import Adapter
from tests import tiny

KINDS = ["lora", "rslora", "dora", "ia3", "adalora", "loha", "lokr", "vera"]
ARCHITECTURES = ["llama", "qwen2", "qwen3"]


def convert(
    base: Path, folder: Path, kind: str, cache: Path, rank: int = 4, **declared: Any
) -> ServingAdapter:
    entry = Adapter.model_validate_json(json.dumps({**tiny.adapters_entry(kind, rank), **declared}))
    adapter = read_adapter(folder, entry, folder / "adapter_model.safetensors")
    return prepare_adapter(
        adapter, LocalModel("tiny", base, cache / "digests"), "p", cache / "adapters"
    )


def merged(base: Path, adapter: Path) -> dict[str, torch.Tensor]:
    """The base's weights with the adapter merged in by PEFT."""
    import peft
    from transformers import AutoModelForCausalLM

    model = peft.PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter
    )
    state: dict[str, torch.Tensor] = model.merge_and_unload().state_dict()
    return state


def applied(base: Path, serving: ServingAdapter) -> dict[str, torch.Tensor]:
    """The base's weights and biases with the serving form applied: y ← y + d ⊙ y + e + B (A x)."""
    weights: dict[str, torch.Tensor] = {}
    for file in base.glob("*.safetensors"):
        weights |= load_file(file)
    form = load_file(serving.folder / "adapter_model.safetensors")
    for key in [k for k in form if k.endswith("lora_A.weight")]:
        module = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        a, b = form[key], form[key.replace("lora_A", "lora_B")]
        assert not a[:RESERVED].any()
        scale, shift = b[:, 0], b[:, 1]
        weights[f"{module}.weight"] = weights[f"{module}.weight"] * (1 + scale[:, None]) + b @ a
        if f"{module}.bias" in weights:
            weights[f"{module}.bias"] = weights[f"{module}.bias"] * (1 + scale) + shift
    return weights


@pytest.fixture(scope="module", params=ARCHITECTURES)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base_model(tmp_path_factory.mktemp(request.param) / "tiny", request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_the_serving_form_equals_peft(kind: str, base: Path, tmp_path: Path) -> None:
    adapter = tiny.peft_adapter(base, tmp_path / "adapter", kind)
    serving = convert(base, adapter, kind, tmp_path)
    ours, theirs = applied(base, serving), merged(base, adapter)
    fresh = load_file(base / "model.safetensors")
    gated = {
        k.replace("down_proj", "up_proj") for k in theirs if kind == "ia3" and "down_proj" in k
    } | {k for k in theirs if kind == "ia3" and "down_proj" in k}
    changed = 0
    for name, tensor in ours.items():
        if (
            name in gated
        ):  # PEFT scales the columns of down_proj, we the rows of up_proj: their product is what counts
            continue
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=1e-5)
        changed += not torch.equal(tensor, fresh[name])
    for name in (n for n in gated if "up_proj" in n):
        down = name.replace("up_proj", "down_proj")
        torch.testing.assert_close(
            ours[down] @ ours[name], theirs[down] @ theirs[name], rtol=1e-5, atol=1e-5
        )
    assert changed >= 4 and serving.type == {"rslora": "lora"}.get(kind, kind)


@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_ranks_and_alphas_by_pattern(kind: str, tiny_base: Path, tmp_path: Path) -> None:
    patterns = {
        "rank_pattern": {"q_proj": 2, r"layers\.1\..*down_proj": 6},
        "alpha_pattern": {"v_proj": 3},
    }
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", kind, **patterns)
    serving = convert(tiny_base, adapter, kind, tmp_path)
    ours, theirs = applied(tiny_base, serving), merged(tiny_base, adapter)
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=1e-5)
    assert serving.width == 6 + RESERVED


def test_ranks_that_training_pruned_are_scaled_as_before(tiny_base: Path, tmp_path: Path) -> None:
    """PEFT goes on dividing by the first rank, and a module may keep none."""
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", "adalora")
    tensors = load_file(adapter / "adapter_model.safetensors")
    kept = {
        "model.layers.0.self_attn.q_proj": [True, False, True, False],
        "model.layers.1.mlp.down_proj": [False] * 4,
    }
    for module, mask in kept.items():
        chosen = torch.tensor(mask)
        for part in ("lora_A", "lora_B", "lora_E"):
            key = f"base_model.model.{module}.{part}"
            tensors[key] = (
                tensors[key][:, chosen] if part == "lora_B" else tensors[key][chosen]
            ).contiguous()
    save_file(tensors, adapter / "adapter_model.safetensors")
    config = json.loads((adapter / "adapter_config.json").read_text())
    all_ = {
        k.removeprefix("base_model.model."): [True] * 4 for k in tensors if k.endswith("lora_E")
    }
    config["rank_pattern"] = all_ | {f"{module}.lora_E": mask for module, mask in kept.items()}
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    ours, theirs = (
        applied(tiny_base, convert(tiny_base, adapter, "adalora", tmp_path)),
        merged(tiny_base, adapter),
    )
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=1e-5)


def test_a_pattern_of_feedforward_modules_is_read_off_the_shapes(
    tiny_base: Path, tmp_path: Path
) -> None:
    options: Any = {"ia3_modules": ["o_proj", "down_proj"], "feedforward": r".*(o_proj|down_proj)"}
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", "ia3", **options)
    with pytest.raises(IncompatibleError) as caught:
        convert(
            tiny_base,
            adapter,
            "ia3",
            tmp_path,
            target_modules=["o_proj", "down_proj"],
            feedforward_modules=[],
        )
    assert caught.value.code == "ia3_input"


def test_sharded_bases_and_the_formats_own_tensor_names(tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny", shards=True)
    assert len(list(base.glob("*.safetensors"))) > 1
    adapter = tiny.peft_adapter(base, tmp_path / "adapter", "dora")
    theirs = merged(base, adapter)
    tensors = load_file(adapter / "adapter_model.safetensors")
    renamed = {
        k.removesuffix(".weight")
        .replace("magnitude_vector", "magnitude")
        .removeprefix("base_model.model."): v
        for k, v in tensors.items()
    }
    save_file(renamed, adapter / "adapter_model.safetensors")
    ours = applied(base, convert(base, adapter, "dora", tmp_path))
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=1e-5)


def test_the_output_layer_may_be_adapted_tied_or_not(tmp_path: Path) -> None:
    for tie in (True, False):
        base = tiny.base_model(tmp_path / f"tie-{tie}", tie=tie)
        adapter = tiny.peft_adapter(
            base, tmp_path / f"adapter-{tie}", "dora", target_modules=["lm_head"]
        )
        serving = convert(base, adapter, "dora", tmp_path, target_modules=["lm_head"])
        form = load_file(serving.folder / "adapter_model.safetensors")
        weight = load_file(base / "model.safetensors")[
            "model.embed_tokens.weight" if tie else "lm_head.weight"
        ]
        a, b = (
            form["base_model.model.lm_head.lora_A.weight"],
            form["base_model.model.lm_head.lora_B.weight"],
        )
        magnitude = load_file(adapter / "adapter_model.safetensors")[
            "base_model.model.lm_head.lora_magnitude_vector"
        ]
        rows = (weight * (1 + b[:, :1]) + b @ a).norm(dim=1)
        torch.testing.assert_close(rows, magnitude.abs(), rtol=1e-4, atol=1e-4)


def test_the_cache_is_used_and_mended(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    first = convert(tiny_base, tiny_lora, "lora", tmp_path)
    weights = first.folder / "adapter_model.safetensors"
    before = weights.stat().st_mtime_ns
    assert convert(tiny_base, tiny_lora, "lora", tmp_path) == first
    assert weights.stat().st_mtime_ns == before
    weights.write_bytes(b"damaged")
    assert convert(tiny_base, tiny_lora, "lora", tmp_path).digest == first.digest


def test_the_same_weights_under_another_alpha_are_another_adapter(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "adapter_model.safetensors").write_bytes(
        (tiny_lora / "adapter_model.safetensors").read_bytes()
    )
    settings = json.loads((tiny_lora / "adapter_config.json").read_text())
    (other / "adapter_config.json").write_text(json.dumps(settings | {"lora_alpha": 800}))
    one = convert(tiny_base, tiny_lora, "lora", tmp_path)
    assert convert(tiny_base, other, "lora", tmp_path, alpha=800).digest != one.digest


Spoil = Callable[[dict[str, Any], dict[str, torch.Tensor]], None]


def config(**changes: Any) -> Spoil:
    return lambda c, t: c.update(changes)


def changed(adapter: Path, folder: Path, **settings: object) -> Path:
    """A copy of an adapter with other settings."""
    folder.mkdir(parents=True)
    for file in adapter.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    return folder


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
    "trained biases": ("lora", config(bias="all"), "trained_bias"),
    "a bias tensor": (
        "lora",
        tensor("base_model.model.model.layers.0.self_attn.q_proj.bias", torch.zeros(4)),
        "trained_bias",
    ),
    "token embeddings": (
        "lora",
        tensor("base_model.model.model.embed_tokens.lora_embedding_A", torch.zeros(4, 512)),
        "token_embeddings",
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
    "a pattern that runs away": (
        "lora",
        config(rank_pattern={r"((\w|\w)+\W?)+!": 4}),
        "bad_adapter_config",
    ),
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
