"""PEFT tensors → the serving form, module by module, in float32.

The serving form of a linear layer y = W x + b is

    y  ←  y + d ⊙ y + e + B (A x)

with low-rank A, B and, per output row, a scale d and a shift e. Each adapter type is one choice of
the four:

    LoRA      A, c·B                    c = alpha / r, or alpha / √r (rsLoRA) DoRA      A, s ⊙ c·B,
    d = s − 1     s = m / ‖W + c·B A‖ per row; e = −d ⊙ b, since the bias stays unscaled IA³       d
    = l − 1                 the bias is scaled along; scaling down_proj's input is scaling up_proj's
    output AdaLoRA   E ⊙ A, c·B                c = alpha / (r + 1e-5) LoHa      (B₁A₁) ⊙ (B₂A₂)
    is of rank r²: rows of A₁ times rows of A₂, columns of B₁ times columns of B₂ LoKr      (B₁A₁) ⊗
    (B₂A₂)           is (B₁ ⊗ B₂)(A₁ ⊗ A₂) VeRA      λd ⊙ A, λb ⊙ B            A and B shared by all
    modules

Sources: LoRA arXiv:2106.09685, rsLoRA 2312.03732, DoRA 2402.09353, IA³ 2205.05638, AdaLoRA
2303.10512, LoHa 2108.06098, LoKr 2309.14859, VeRA 2310.11454; the arithmetic is that of PEFT's
layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import torch

from expertserve import plugins
from expertserve.adapters.dora import dora_form, lora_form
from expertserve.adapters.ia3 import ia3_forms
from expertserve.adapters.layer import (
    MAX_RANK,
    RESERVED,
    Layer,
    ModuleForm,
    Reader,
    base_tensor,
    checked_form,
    misfit,
    shape_of,
)
from expertserve.adapters.peft import PeftAdapter
from expertserve.errors import ConfigError, IncompatibleError
from expertserve.models import LocalModel, Tensor


def convert(
    adapter: PeftAdapter, base: LocalModel, read: Reader
) -> Iterator[tuple[str, ModuleForm]]:
    """Every module's serving form, one at a time: memory is bounded by one layer.

    Raises:
        IncompatibleError: A module isn't in the base, a shape doesn't fit, a weight isn't finite,
            or no exact low-rank form exists.
    """
    _check_stored(adapter, base)
    shapes = {module: shape_of(base, module) for module in adapter.modules}
    missing = sorted(m for m, shape in shapes.items() if shape is None)
    if missing:
        matched = len(shapes) - len(missing)
        raise IncompatibleError(
            f"{len(missing)} of the adapter's {len(shapes)} modules are not in the base model"
            f" {base.name} ({matched} match): {missing[0]}",
            hint="the adapter was made for another architecture, or for a larger model of this one",
            code="modules_missing",
        )
    if adapter.type == "ia3":
        yield from ia3_forms(adapter, base, read)
        return
    form = FORMS.get(adapter.type) or _offered(adapter.type)
    shared = {name: read(t) for name, t in adapter.shared.items()}
    for module, parts in sorted(adapter.modules.items()):
        shape = shapes[module]
        assert shape is not None
        if adapter.type == "adalora" and "lora_A" in parts and not _rows(parts["lora_A"]):
            continue  # all its ranks were pruned
        _check_shapes(adapter, module, dict(parts) | dict(adapter.shared), shape)
        layer = Layer(
            module,
            shape,
            adapter,
            {name: read(t) for name, t in parts.items()} | shared,
            base,
            read,
        )
        if "base" in layer.tensors:
            _check_copy(layer)
        yield module, checked_form(module, form(layer), shape)


def _check_stored(adapter: PeftAdapter, base: LocalModel) -> None:
    """Tells weights that aren't there, on either side, from weights that don't fit."""
    for module, parts in adapter.modules.items():
        for name, tensor in parts.items():
            if tensor.shape == (0,):
                raise IncompatibleError(
                    f"{module}: its {name} is empty: ZeRO-3 keeps a model's weights in shards, and"
                    " they weren't gathered before the adapter was saved",
                    hint="save it with accelerator.get_state_dict, or zero_to_fp32.py",
                    code="zero3_shards",
                )
    method = base.config.get("quantization_config")
    if not isinstance(method, dict):
        return
    for module in adapter.modules:
        own = base_tensor(base, module)
        if own is None or own.dtype in ("U8", "I32"):  # packed, or under names of its own
            raise IncompatibleError(
                f"the base model {base.name} is quantised"
                f" ({str(method.get('quant_method', 'in some way'))[:40]}), so {module} has no"
                " weights to compare the adapter with",
                hint="serve it on the base model in bfloat16, from which the quantised one was"
                " made: base_model=FOLDER",
                code="base_quantised",
            )


def _check_shapes(
    adapter: PeftAdapter, module: str, parts: Mapping[str, Tensor], shape: tuple[int, int]
) -> None:
    """Compares shapes by the headers alone, before memory is spent on weights that can't fit."""
    out, width = shape
    rank = (
        int(adapter.by_pattern("rank_pattern", module, adapter.rank))
        if adapter.type != "adalora"
        else _rows(parts.get("lora_A"))
    )
    if not 1 <= rank <= MAX_RANK:
        raise IncompatibleError(
            f"{module}: it has rank {rank}; at least 1 and at most {MAX_RANK - RESERVED} are"
            " served",
            code="rank_too_large",
        )
    wanted: dict[str, tuple[int, ...]] = {
        "lora_A": (rank, width),
        "lora_B": (out, rank),
        "lora_E": (rank, 1),
        "hada_w1_a": (out, rank),
        "hada_w2_a": (out, rank),
        "hada_w1_b": (rank, width),
        "hada_w2_b": (rank, width),
        "vera_lambda_d": (rank,),
        "vera_lambda_b": (out,),
        "base": (out, width),
    }
    for name, tensor in parts.items():
        size = math.prod(tensor.shape)
        if name in wanted and tensor.shape != wanted[name]:
            raise misfit(
                module, f"its {name} has the shape {tensor.shape}, {wanted[name]} is needed"
            )
        if name == "magnitude" and size != out:
            raise misfit(module, f"it has {size} magnitudes for {out} rows")
        if name in ("vera_A", "vera_B") and (
            len(tensor.shape) != 2
            or tensor.shape[0 if name == "vera_A" else 1] != rank
            or size > 1 << 28
        ):
            raise misfit(module, f"its {name} has the shape {tensor.shape}")
        if name.startswith("lokr") and (len(tensor.shape) != 2 or size > out * width):
            raise misfit(module, f"its {name} has the shape {tensor.shape}")
    if adapter.type == "lokr":
        rows, columns = (
            _lokr_size(parts, "lokr_w1", side) * _lokr_size(parts, "lokr_w2", side)
            for side in (0, 1)
        )
        if (rows, columns) != shape:
            raise misfit(
                module,
                f"its factors make {rows} by {columns}, the base's layer is {out} by {width}",
            )


def _rows(tensor: Tensor | None) -> int:
    return tensor.shape[0] if tensor is not None and tensor.shape else 0


def _lokr_size(parts: Mapping[str, Tensor], name: str, side: int) -> int:
    """Rows or columns of a Kronecker factor, stored whole or as a product."""
    found = parts.get(name) or parts.get(f"{name}_{'ab'[side]}")
    return found.shape[side] if found and len(found.shape) > side else 0


def _check_copy(layer: Layer) -> None:
    """An adapter may carry a copy of the base's weight; one that differs was trained."""
    own, copy = layer.weight(), layer.tensors["base"]
    if own.shape != copy.shape or not torch.allclose(own, copy, rtol=1e-2, atol=1e-4):
        raise IncompatibleError(
            f"the adapter brings another {layer.module}.weight than the base model's, which an"
            " adapter slot can't hold",
            code="token_embeddings",
        )


def _adalora(layer: Layer) -> ModuleForm:
    a, b, e = (layer.part(name) for name in ("lora_A", "lora_B", "lora_E"))
    alpha, rank = (
        layer.adapter.number("lora_alpha", 8),
        layer.adapter.rank,
    )  # the rank before pruning, as in PEFT
    return ModuleForm.product(a * e.reshape(-1, 1), b * (alpha / (rank + 1e-5)))


def _loha(layer: Layer) -> ModuleForm:
    b1, a1, b2, a2 = (
        layer.part(name) for name in ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
    )
    rank = a1.shape[0] ** 2
    if rank + RESERVED > MAX_RANK:
        raise IncompatibleError(
            f"{layer.module}: a LoHa of rank {a1.shape[0]} has an exact low-rank form of rank"
            f" {rank} only",
            code="rank_too_large",
        )
    a, b = (
        (a1[:, None, :] * a2[None, :, :]).reshape(rank, -1),
        (b1[:, :, None] * b2[:, None, :]).reshape(-1, rank),
    )
    return ModuleForm.product(a, b * _hadamard_scaling(layer))


def _lokr(layer: Layer) -> ModuleForm:
    (b1, a1), (b2, a2) = _factors(layer, "lokr_w1"), _factors(layer, "lokr_w2")
    rank = a1.shape[0] * a2.shape[0]
    if rank + RESERVED > MAX_RANK:
        raise IncompatibleError(
            f"{layer.module}: this LoKr has an exact low-rank form of rank {rank} only",
            code="rank_too_large",
        )
    return ModuleForm.product(torch.kron(a1, a2), torch.kron(b1, b2) * _hadamard_scaling(layer))


def _factors(layer: Layer, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """A Kronecker factor as a product; a whole one times the identity on its shorter side."""
    if name not in layer.tensors:
        return layer.part(f"{name}_a"), layer.part(f"{name}_b")
    whole = layer.tensors[name]
    rows, columns = whole.shape
    return (torch.eye(rows), whole) if rows <= columns else (whole, torch.eye(columns))


def _hadamard_scaling(layer: Layer) -> float:
    number = layer.adapter.number
    return layer.setting("alpha_pattern", number("alpha", 8)) / layer.setting(
        "rank_pattern", number("r", 8)
    )


def _vera(layer: Layer) -> ModuleForm:
    tensors = layer.tensors
    if "vera_A" not in tensors or "vera_B" not in tensors:
        raise IncompatibleError(
            "the VeRA adapter was saved without its projections",
            hint="save it with save_projection=True",
            code="adapter_tensors",
        )
    out, width = layer.shape
    a = layer.part("vera_lambda_d")[:, None] * tensors["vera_A"][:, :width]
    return ModuleForm.product(a, layer.part("vera_lambda_b")[:, None] * tensors["vera_B"][:out, :])


FORMS: dict[str, Callable[[Layer], ModuleForm]] = {
    "lora": lora_form,
    "dora": dora_form,
    "adalora": _adalora,
    "loha": _loha,
    "lokr": _lokr,
    "vera": _vera,
}


def _offered(kind: str) -> Callable[[Layer], ModuleForm]:
    """Another package's conversion: an entry point in ``expertserve.adapters``.

    Raises:
        ConfigError: `bad_plugin`.
    """
    form = plugins.load("adapters", kind)
    if not callable(form):
        raise ConfigError(
            f"the entry point {kind!r} in expertserve.adapters can't be called",
            hint="it takes an adapters.layer.Layer and returns a ModuleForm",
            code="bad_plugin",
        )

    def checked(layer: Layer) -> ModuleForm:
        made = form(layer)
        if not isinstance(made, ModuleForm):
            raise ConfigError(
                f"the entry point {kind!r} in expertserve.adapters returned no ModuleForm",
                hint="see adapters.convert.FORMS for examples",
                code="bad_plugin",
            )
        return made

    return checked
