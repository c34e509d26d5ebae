"""The serving form equals what PEFT merges into the weights, for every type; what it can't express
is refused.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.layer import is_finite
from expertserve.adapters.peft import read_adapter
from expertserve.adapters.serving import ServingAdapter, prepare_adapter
from expertserve.adapters.settings import RESERVED
from expertserve.errors import IncompatibleError
from expertserve.models import LocalModel
from expertserve.package.manifest import Adapter
from tests import tiny

KINDS = ["lora", "rslora", "dora", "ia3", "adalora", "loha", "lokr", "vera"]
ARCHITECTURES = ["llama", "qwen2", "qwen3"]


def convert(
    base: Path,
    folder: Path,
    kind: str,
    cache: Path,
    rank: int = 4,
    *,
    weights: str = "adapter_model.safetensors",
    **declared: Any,
) -> ServingAdapter:
    entry = Adapter.model_validate_json(json.dumps({**tiny.adapters_entry(kind, rank), **declared}))
    adapter = read_adapter(folder, entry, folder / weights)
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
        a, b = form[key].float(), form[key.replace("lora_A", "lora_B")].float()
        columns = len(a) - serving.width
        assert columns == (RESERVED if serving.affine else 0)
        nothing = torch.zeros(len(b))
        scale, shift = (b[:, 0], b[:, 1]) if columns else (nothing, nothing)
        weights[f"{module}.weight"] = weights[f"{module}.weight"] * (1 + scale[:, None]) + b @ a
        if f"{module}.bias" in weights:
            weights[f"{module}.bias"] = weights[f"{module}.bias"] * (1 + scale) + shift
    return weights


def changed(adapter: Path, folder: Path, **settings: object) -> Path:
    """A copy of an adapter with other settings."""
    folder.mkdir(parents=True)
    for file in adapter.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    return folder


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


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_form_is_in_the_authors_precision_where_that_is_exact(
    dtype: torch.dtype, tiny_base: Path, tmp_path: Path
) -> None:
    for kind in ("lora", "dora"):
        adapter = tiny.peft_adapter(tiny_base, tmp_path / kind, kind)
        file = adapter / "adapter_model.safetensors"
        narrow = {n: t.to(dtype) for n, t in load_file(file).items()}
        save_file(narrow, file)
        form = convert(tiny_base, adapter, kind, tmp_path / f"form-{kind}")
        own = load_file(form.folder / "adapter_model.safetensors")
        types = {side: {t.dtype for n, t in own.items() if f"lora_{side}" in n} for side in "AB"}
        assert types == {"A": {dtype}, "B": {dtype if kind == "lora" else torch.float32}}
        save_file({n: t.float() for n, t in narrow.items()}, file)
        wide = convert(tiny_base, adapter, kind, tmp_path / f"wide-{kind}")
        whole = load_file(wide.folder / "adapter_model.safetensors")
        assert own.keys() == whole.keys()
        for name, tensor in own.items():
            assert torch.equal(tensor.float(), whole[name].float()), name


def test_a_scale_takes_no_room_in_a_slot(tiny_base: Path, tmp_path: Path) -> None:
    ranks = {}
    for kind in ("lora", "dora"):
        adapter = tiny.peft_adapter(tiny_base, tmp_path / kind, kind)
        form = convert(tiny_base, adapter, kind, tmp_path / f"form-{kind}")
        tensors = load_file(form.folder / "adapter_model.safetensors")
        ranks[kind] = {len(t) for n, t in tensors.items() if "lora_A" in n}
        assert form.width == 4
    assert ranks == {"lora": {4}, "dora": {4 + RESERVED}}


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
    assert serving.width == 6


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


@pytest.mark.parametrize("shape", [(7, 5), (1,), (3, 0)])
def test_one_value_that_is_not_finite_is_found_wherever_it_stands(shape: tuple[int, ...]) -> None:
    assert is_finite(torch.full(shape, torch.finfo(torch.float32).max))
    for wrong in (math.nan, math.inf, -math.inf):
        for place in range(math.prod(shape)):
            tensor = torch.zeros(shape)
            tensor.view(-1)[place] = wrong
            assert not is_finite(tensor) and not is_finite(tensor.T if len(shape) > 1 else tensor)
