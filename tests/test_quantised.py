"""Quantised layers' weights, from bits packed here by hand, and DoRA on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from expertserve import ConfigError, IncompatibleError
from expertserve.adapters import int8
from expertserve.adapters.convert import convert
from expertserve.adapters.layer import Layer, ModuleForm, Reader
from expertserve.adapters.peft import PeftAdapter, read_adapter
from expertserve.adapters.places import Place, layer_shape
from expertserve.models import LocalModel, check_declared
from expertserve.package.manifest import Adapter
from expertserve.package.members import WEIGHTS
from tests import quantise, tiny
from tests.quantise import packed

OUT, IN, GROUP = 16, 64, 32
MODULE = "model.layers.0.self_attn.q_proj"


def base(folder: Path, tensors: dict[str, torch.Tensor], config: dict[str, Any]) -> LocalModel:
    save_file(
        {f"{MODULE}.{n}": t.contiguous() for n, t in tensors.items()}, folder / "model.safetensors"
    )
    (folder / "config.json").write_text(json.dumps({"quantization_config": config}))
    return LocalModel("quantised", folder)


def weight(model: LocalModel, shape: tuple[int, int] = (OUT, IN)) -> torch.Tensor:
    adapter = PeftAdapter.__new__(PeftAdapter)
    return Layer(MODULE, Place(MODULE, shape, 0, shape[0]), adapter, {}, model, Reader()).weight()


def codes(bits: int, shape: tuple[int, ...]) -> torch.Tensor:
    generator = torch.Generator().manual_seed(bits)
    return torch.randint(0, 1 << bits, shape, generator=generator)


def scales(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(7)) + 0.1


def converted(folder: Path, kind: str, base: Path) -> dict[str, ModuleForm]:
    declared = Adapter.model_validate_json(json.dumps(tiny.adapters_entry(kind, 4)))
    adapter = read_adapter(folder, declared, folder / WEIGHTS)
    return dict(convert(adapter, LocalModel(base.name, base)))


def test_int8_rows_and_fp8_tensors_and_blocks(tmp_path: Path) -> None:
    values = codes(8, (OUT, IN)) - 128
    scale = scales(OUT, 1)
    model = base(tmp_path, {"weight": values.to(torch.int8), "weight_scale": scale.bfloat16()}, {})
    assert layer_shape(model, MODULE) == (OUT, IN)
    assert torch.equal(weight(model), values.float() * scale.bfloat16().float())

    eight = torch.randn(OUT, IN).to(torch.float8_e4m3fn)
    one = torch.tensor([0.25])
    model = base(tmp_path, {"weight": eight, "weight_scale": one}, {})
    assert torch.equal(weight(model), eight.float() * 0.25)
    blocks = scales(2, 4)
    config = {"quant_method": "fp8", "weight_block_size": [8, 16]}
    model = base(tmp_path, {"weight": eight, "weight_scale_inv": blocks}, config)
    wanted = eight.float() * blocks.repeat_interleave(8, 0).repeat_interleave(16, 1)
    assert torch.equal(weight(model), wanted)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("zeros", [False, True])
def test_packed_groups_of_compressed_tensors(tmp_path: Path, bits: int, zeros: bool) -> None:
    values, scale = codes(bits, (OUT, IN)), scales(OUT, IN // GROUP)
    offset = 1 << (bits - 1)
    tensors = {
        "weight_packed": packed(values, bits, 1),
        "weight_scale": scale,
        "weight_shape": torch.tensor([OUT, IN]),
    }
    point = torch.zeros(OUT, IN // GROUP)
    if zeros:
        stored = codes(bits, (OUT, IN // GROUP))
        tensors["weight_zero_point"] = packed(stored, bits, 0)
        point = stored.float() - offset
    config = {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": {"weights": {"num_bits": bits, "group_size": GROUP}}},
    }
    model = base(tmp_path, tensors, config)
    assert layer_shape(model, MODULE) == (OUT, IN)
    wide = [t.repeat_interleave(GROUP, 1) for t in (point, scale)]
    assert torch.allclose(weight(model), (values - offset - wide[0]) * wide[1])


@pytest.mark.parametrize("version", ["gptq", "gptq_v2"])
@pytest.mark.parametrize("ordered", [False, True])
def test_gptq(tmp_path: Path, version: str, ordered: bool) -> None:
    values, scale = codes(4, (IN, OUT)), scales(IN // GROUP, OUT)
    zero = codes(3, (IN // GROUP, OUT))
    group = torch.arange(IN) // GROUP
    if ordered:
        group = group[torch.randperm(IN, generator=torch.Generator().manual_seed(1))]
    tensors = {
        "qweight": packed(values, 4, 0),
        "qzeros": packed(zero, 4, 1),
        "scales": scale,
        "g_idx": group.int(),
    }
    config = {"quant_method": "gptq", "bits": 4, "checkpoint_format": version}
    model = base(tmp_path, tensors, config)
    assert layer_shape(model, MODULE) == (OUT, IN)
    point = zero + (version == "gptq")
    assert torch.allclose(weight(model), ((values - point[group]) * scale[group]).T)


def test_awq(tmp_path: Path) -> None:
    values, scale, zero = (
        codes(4, (IN, OUT)),
        scales(IN // GROUP, OUT),
        codes(4, (IN // GROUP, OUT)),
    )
    order = torch.cat([torch.tensor(quantise.AWQ_ORDER) + 8 * i for i in range(OUT // 8)])
    tensors = {
        "qweight": packed(values[:, order], 4, 1),
        "qzeros": packed(zero[:, order], 4, 1),
        "scales": scale,
    }
    model = base(tmp_path, tensors, {"quant_method": "awq", "bits": 4})
    assert layer_shape(model, MODULE) == (OUT, IN)
    wide = [t.repeat_interleave(GROUP, 0) for t in (zero, scale)]
    assert torch.allclose(weight(model), ((values - wide[0]) * wide[1]).T)


def blocked(nested: bool) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """A layer in bitsandbytes' 4 bits, two values a byte, and its weights."""
    values, chart = codes(4, (OUT * IN,)), torch.linspace(-1, 1, 16)
    absmax, state = scales(OUT * IN // GROUP), {"shape": [OUT, IN], "blocksize": GROUP}
    tensors = {
        "weight": (values[::2] << 4 | values[1::2]).to(torch.uint8)[:, None],
        "weight.quant_map": chart,
        "weight.absmax": absmax,
    }
    if nested:  # the scales are codes with scales and an offset of their own
        inner, outer = codes(8, absmax.shape), scales(len(absmax) // 16)
        shades = torch.linspace(0, 1, 256)
        absmax = shades[inner] * outer.repeat_interleave(16) + 0.5
        state |= {"nested_blocksize": 16, "nested_offset": 0.5}
        tensors |= {
            "weight.absmax": inner.to(torch.uint8),
            "weight.nested_absmax": outer,
            "weight.nested_quant_map": shades,
        }
    written = torch.tensor(list(json.dumps(state).encode()), dtype=torch.uint8)
    tensors["weight.quant_state.bitsandbytes__nf4"] = written
    return tensors, (chart[values] * absmax.repeat_interleave(GROUP)).reshape(OUT, IN)


@pytest.mark.parametrize("nested", [False, True])
def test_four_bits_of_bitsandbytes(tmp_path: Path, nested: bool) -> None:
    tensors, wanted = blocked(nested)
    model = base(tmp_path, tensors, {"quant_method": "bitsandbytes"})
    assert layer_shape(model, MODULE) == (OUT, IN)
    assert torch.allclose(weight(model), wanted)


def test_eight_bits_of_bitsandbytes(tmp_path: Path) -> None:
    values, largest = codes(8, (OUT, IN)) - 128, scales(OUT)
    tensors = {"weight": values.to(torch.int8), "SCB": largest}
    model = base(tmp_path, tensors, {"quant_method": "bitsandbytes"})
    assert layer_shape(model, MODULE) == (OUT, IN)
    assert torch.allclose(weight(model), values * largest[:, None] / 127)


@pytest.mark.parametrize("state", [b"", b"[]", b'{"shape": [1]}', b'{"shape": "x"}'])
def test_a_damaged_state_of_bitsandbytes_is_refused(tmp_path: Path, state: bytes) -> None:
    tensors, _ = blocked(nested=False)
    name = "weight.quant_state.bitsandbytes__nf4"
    tensors[name] = torch.tensor(list(state), dtype=torch.uint8)
    model = base(tmp_path, tensors, {"quant_method": "bitsandbytes"})
    with pytest.raises(IncompatibleError, match="quant_state") as caught:
        layer_shape(model, MODULE)
    assert caught.value.code == "quantised"


@pytest.mark.parametrize("form", quantise.FORMS)
@pytest.mark.parametrize("kind", ["dora", "lora", "ia3"])
def test_adapters_fit_a_four_bit_base(tmp_path: Path, form: str, kind: str) -> None:
    plain = tiny.base_model(tmp_path / "plain")
    base = quantise.four_bits(plain, tmp_path / form, form)
    whole = quantise.dequantised(base, plain, tmp_path / "whole")
    adapter = tiny.peft_adapter(whole, tmp_path / "adapter", kind, strength=0.1)
    forms = [converted(adapter, kind, model) for model in (base, whole)]
    assert forms[0].keys() == forms[1].keys() and len(forms[0]) > 3
    for module, made in forms[0].items():
        for name in ("a", "b", "scale", "shift"):
            assert torch.equal(getattr(made, name), getattr(forms[1][module], name))


@pytest.mark.parametrize("bits", [3, 5, None])
def test_another_number_of_bits_is_refused_by_name(tmp_path: Path, bits: int | None) -> None:
    tensors = {
        "qweight": torch.zeros(8, OUT, dtype=torch.int32),
        "qzeros": torch.zeros(2, 2, dtype=torch.int32),
        "scales": scales(2, OUT),
    }
    model = base(tmp_path, tensors, {"quant_method": "gptq", "bits": bits})
    with pytest.raises(IncompatibleError, match=f"{bits} bits") as caught:
        weight(model)
    assert caught.value.code == "quantised" and MODULE in caught.value.message


def test_an_unknown_form_is_refused_by_name(tmp_path: Path) -> None:
    model = base(tmp_path, {"weight": torch.zeros(OUT, IN, dtype=torch.int16)}, {})
    with pytest.raises(IncompatibleError, match="a form that isn't read: weight") as caught:
        weight(model)
    assert caught.value.code == "quantised"


@pytest.mark.parametrize("kind", ["dora", "lora", "ia3"])
def test_the_serving_form_is_that_on_the_weights_that_are_computed_with(
    tmp_path: Path, kind: str
) -> None:
    plain = tiny.base_model(tmp_path / "plain")
    base = quantise.w8a8(plain, tmp_path / "int8")
    whole = quantise.dequantised(base, plain, tmp_path / "whole")
    adapter = tiny.peft_adapter(whole, tmp_path / "adapter", kind, strength=0.1)
    forms = [converted(adapter, kind, model) for model in (base, whole, plain)]
    assert forms[0].keys() == forms[1].keys() and len(forms[0]) > 3
    for module, form in forms[0].items():
        for name in ("a", "b", "scale", "shift"):
            assert torch.equal(getattr(form, name), getattr(forms[1][module], name))
    differs = any(not torch.equal(f.scale, forms[2][m].scale) for m, f in forms[0].items())
    assert differs == (kind == "dora")  # whose norms are those of the rounded weights


def test_a_quantised_copy_is_whole_or_not_there(tmp_path: Path) -> None:
    plain = LocalModel("plain", tiny.base_model(tmp_path / "plain", shards=True))
    target = tmp_path / "copies" / "int8"
    seen: list[str] = []
    int8.quantise(plain, target, seen.append)
    copy = LocalModel("int8", target)
    assert len(seen) > 1 and {t.dtype for n, t in copy.tensors.items() if "q_proj.weight" in n} == {
        "I8",
        "BF16",
    }
    assert (target / "tokenizer.json").is_file() and copy.config["expertserve_origin"]
    assert check_declared(copy, plain.digest, None).endswith("that the manifest names")
    with pytest.raises(ConfigError, match="exists"):
        int8.quantise(plain, target)
    with pytest.raises(ConfigError, match="quantised already"):
        int8.quantise(copy, tmp_path / "again")

    def full(name: str) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        int8.quantise(plain, tmp_path / "copies" / "other", full)
    assert [p.name for p in (tmp_path / "copies").iterdir()] == ["int8"]
