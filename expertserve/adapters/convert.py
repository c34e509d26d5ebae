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
from itertools import groupby, pairwise

import torch

from expertserve import plugins
from expertserve.adapters.brought import check_copies, check_stored, trained_shifts
from expertserve.adapters.dora import dora_form, lora_form
from expertserve.adapters.embedding import embedding_forms
from expertserve.adapters.ia3 import ia3_forms
from expertserve.adapters.layer import (
    Layer,
    ModuleForm,
    Reader,
    check_rank,
    checked_form,
    misfit,
)
from expertserve.adapters.newer import NEWER, NEWER_PARTS
from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.places import (
    Place,
    check_readable,
    find_place,
    is_sense,
    served_name,
)
from expertserve.adapters.settings import MAX_RANK
from expertserve.errors import ConfigError, IncompatibleError
from expertserve.models import LocalModel, Tensor
from expertserve.package.manifest import RANKLESS

LORA = frozenset({"lora_A", "lora_B", "lora_B_bias"})
PARTS: dict[str, frozenset[str]] = {
    "lora": LORA,
    "dora": LORA | {"magnitude"},
    "ia3": frozenset({"ia3"}),
    "adalora": frozenset({"lora_A", "lora_B", "lora_E"}),
    "loha": frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}),
    "lokr": frozenset(f"lokr_w{i}{side}" for i in (1, 2) for side in ("", "_a", "_b")),
    "vera": frozenset({"vera_lambda_b", "vera_lambda_d"}),
    **NEWER_PARTS,
}
"""What an adapter of a type may have for a module."""


def convert(
    adapter: PeftAdapter, base: LocalModel, read: Reader | None = None
) -> Iterator[tuple[str, ModuleForm]]:
    """Every layer's serving form, one at a time: memory is bounded by one layer.

    Raises:
        IncompatibleError: A module isn't in the base, a shape doesn't fit, a weight isn't finite,
            or no exact low-rank form exists.
    """
    read = read or Reader()
    check_stored(adapter)
    places = _places(adapter, base)
    check_copies(adapter, base, read)
    shifts = trained_shifts(adapter, base, read)
    forms = ia3_forms if adapter.type == "ia3" else _forms
    embedded = list(embedding_forms(adapter, base, read))
    heads = {name: form for name, form in embedded if not form.embedding}
    yield from ((name, form) for name, form in embedded if form.embedding)
    for layer, group in groupby(forms(adapter, base, places, read), key=lambda one: one[0].layer):
        form = _merged(list(group))
        if layer in shifts:
            form.shift = form.shift + shifts.pop(layer)
        name = served_name(base, layer)
        if name in heads:
            form = _added(name, form, heads.pop(name))
        yield name, form
    yield from heads.items()
    for layer, shift in sorted(shifts.items()):
        place = find_place(base, layer)
        assert place is not None
        form = ModuleForm.nothing(place.shape)
        form.shift = shift
        yield served_name(base, layer), form


def _places(adapter: PeftAdapter, base: LocalModel) -> dict[str, Place]:
    """Where each of the adapter's modules lies, those of one layer side by side."""
    found = {m: find_place(base, m) for m in adapter.modules if not is_sense(base, m)}
    if not found and not adapter.embeddings:
        raise IncompatibleError(
            "the adapter changes only what the base model sees or hears with, not its text side",
            code="adapter_empty",
        )
    missing = sorted(m for m, place in found.items() if place is None)
    if missing:
        check_readable(base, missing[0])
        matched = len(found) - len(missing)
        raise IncompatibleError(
            f"{len(missing)} of the adapter's {len(found)} modules are not in the base model"
            f" {base.name} ({matched} match): {missing[0]}",
            hint="the adapter was made for another architecture, or for a larger model of this one",
            code="modules_missing",
        )
    places = [(place.layer, place.start, module, place) for module, place in found.items() if place]
    return {module: place for *_, module, place in sorted(places, key=lambda p: p[:3])}


def _forms(
    adapter: PeftAdapter, base: LocalModel, places: Mapping[str, Place], read: Reader
) -> Iterator[tuple[Place, ModuleForm]]:
    """Each module's form, in the order of the base's layers."""
    form = FORMS.get(adapter.type) or _offered(adapter.type)
    shared = {name: read(t) for name, t in adapter.shared.items()}
    for module, place in places.items():
        parts = adapter.modules[module]
        if adapter.type == "adalora" and "lora_A" in parts and not _rows(parts["lora_A"]):
            continue  # all its ranks were pruned
        _check_shapes(adapter, module, dict(parts) | dict(adapter.shared), place.shape)
        tensors = {name: read(t) for name, t in parts.items()} | shared
        layer = Layer(module, place, adapter, tensors, base, read)
        try:
            made = form(layer)
        except (RuntimeError, IndexError, ValueError) as error:  # torch's, of shapes
            raise misfit(module, f"its tensors don't fit each other: {error}") from error
        yield place, checked_form(module, made, place.shape)


def _merged(parts: list[tuple[Place, ModuleForm]]) -> ModuleForm:
    """The forms of one layer's rows, side by side: A stacked, B block by block."""
    place, form = parts[0]
    if len(parts) == 1 and place.shape[0] == place.of:
        return form
    for (one, _), (other, _) in pairwise(parts):
        if one.rows.stop > other.start:
            raise IncompatibleError(
                f"the adapter changes rows of {place.layer} twice", code="adapter_tensors"
            )
    whole = ModuleForm.nothing((place.of, place.shape[1]))
    whole.a = torch.cat([form.a for _, form in parts])
    whole.b = torch.zeros(place.of, len(whole.a))
    rank = 0
    for place, form in parts:
        whole.b[place.rows, rank : rank + len(form.a)] = form.b
        whole.scale[place.rows], whole.shift[place.rows] = form.scale, form.shift
        rank += len(form.a)
    return checked_form(place.layer, whole, (place.of, place.shape[1]))


def _added(name: str, form: ModuleForm, other: ModuleForm) -> ModuleForm:
    """A layer's form with a product added: a tied output layer's own, and its new tokens'."""
    if form.scale.any():
        raise IncompatibleError(
            f"the adapter scales rows of {name}, whose tokens it also trained",
            code="token_embeddings",
        )
    form.a, form.b = torch.cat([form.a, other.a]), torch.cat([form.b, other.b], dim=1)
    return checked_form(name, form, (form.b.shape[0], form.a.shape[1]))


def _check_shapes(
    adapter: PeftAdapter, module: str, parts: Mapping[str, Tensor], shape: tuple[int, int]
) -> None:
    """Compares shapes by the headers alone, before memory is spent on weights that can't fit."""
    out, width = shape
    odd = sorted(parts.keys() - PARTS.get(adapter.type, parts.keys()) - adapter.shared.keys())
    if odd:
        raise IncompatibleError(
            f"{module}: the adapter has a {odd[0]}, which a {adapter.type} doesn't have",
            code="adapter_tensors",
        )
    rank = (
        int(adapter.by_pattern("rank_pattern", module, adapter.rank))
        if adapter.type != "adalora"
        else _rows(parts.get("lora_A"))
    )
    if adapter.type not in RANKLESS and not 1 <= rank <= MAX_RANK:
        raise IncompatibleError(
            f"{module}: it has rank {rank}; at least 1 and at most {MAX_RANK} are served",
            code="rank_too_large",
        )
    wanted = _wanted(rank, out, width)
    for name, tensor in parts.items():
        size = math.prod(tensor.shape)
        if name in wanted and tensor.shape != wanted[name]:
            raise misfit(
                module, f"its {name} has the shape {tensor.shape}, {wanted[name]} is needed"
            )
        if name == "magnitude" and size != out:
            raise misfit(module, f"it has {size} magnitudes for {out} rows")
        if name not in adapter.shared and size > max(out * width, 1 << 28):
            raise misfit(module, f"its {name} has the shape {tensor.shape}")
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


def _wanted(rank: int, out: int, width: int) -> dict[str, tuple[int, ...]]:
    """The shapes that parts must have."""
    return {
        "lora_A": (rank, width),
        "lora_B": (out, rank),
        "lora_E": (rank, 1),
        "hada_w1_a": (out, rank),
        "hada_w2_a": (out, rank),
        "hada_w1_b": (rank, width),
        "hada_w2_b": (rank, width),
        "vera_lambda_d": (rank,),
        "vera_lambda_b": (out,),
        "lora_B_bias": (out,),
        "delora_A": (rank, width),
        "delora_B": (out, rank),
        "delora_lambda": (1,),
        "delora_w_norm": (width,),
        "hra_u": (width, rank),
        "pvera_lambda_b": (out,),
        "tinylora_A": (rank, width),
        "tinylora_B": (out, rank),
        "deft_P": (out, rank),
        "deft_R": (rank, width),
        "beft_bias": (1, out),
        "peanut_A": (rank, out),
        "peanut_B": (out, rank),
    }


def _rows(tensor: Tensor | None) -> int:
    return tensor.shape[0] if tensor is not None and tensor.shape else 0


def _lokr_size(parts: Mapping[str, Tensor], name: str, side: int) -> int:
    """Rows or columns of a Kronecker factor, stored whole or as a product."""
    found = parts.get(name) or parts.get(f"{name}_{'ab'[side]}")
    return found.shape[side] if found and len(found.shape) > side else 0


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
    check_rank(layer.module, rank)
    a, b = (
        (a1[:, None, :] * a2[None, :, :]).reshape(rank, -1),
        (b1[:, :, None] * b2[:, None, :]).reshape(-1, rank),
    )
    return ModuleForm.product(a, b * _hadamard_scaling(layer))


def _lokr(layer: Layer) -> ModuleForm:
    (b1, a1), (b2, a2) = _factors(layer, "lokr_w1"), _factors(layer, "lokr_w2")
    check_rank(layer.module, a1.shape[0] * a2.shape[0])
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
    **NEWER,
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
