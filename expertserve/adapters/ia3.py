"""IA³: scales of outputs and inputs as a scale per output row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch

from expertserve.adapters.layer import ModuleForm, Reader, checked_form, misfit, part_of
from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.places import Place, find_place
from expertserve.errors import IncompatibleError
from expertserve.models import LocalModel


def ia3_forms(
    adapter: PeftAdapter, base: LocalModel, places: Mapping[str, Place], read: Reader
) -> Iterator[tuple[Place, ModuleForm]]:
    """Output scales stay; an input scale of down_proj moves to the output of up_proj."""
    forward = adapter.config.get("feedforward_modules") or []
    names = (
        {forward}
        if isinstance(forward, str)
        else {str(n) for n in forward}
        if isinstance(forward, list)
        else set()
    )
    scales: dict[str, torch.Tensor] = {}
    for module, parts in sorted(adapter.modules.items()):
        if "ia3" in parts and math.prod(parts["ia3"].shape) > 1 << 24:
            raise misfit(module, f"its scale has the shape {parts['ia3'].shape}")
        scale = part_of(module, {n: read(t) for n, t in parts.items()}, "ia3")
        a_row = (
            scale.dim() == 2 and scale.shape[0] == 1 < scale.shape[1]
        )  # PEFT's [1, in]; scales of outputs are [out, 1]
        scale = scale.flatten()
        if a_row or any(module == n or module.endswith("." + n) for n in names):
            module = _moved(base, places, module, len(scale))
        if module in scales and len(scales[module]) != len(scale):
            raise misfit(
                module, f"it is scaled by {len(scales[module])} and by {len(scale)} values"
            )
        scales[module] = scales.get(module, torch.ones(1)) * scale
    found = [(place, scale) for m, scale in scales.items() if (place := find_place(base, m))]
    for place, scale in sorted(found, key=lambda one: (one[0].layer, one[0].start)):
        if len(scale) != place.shape[0]:
            raise misfit(place.layer, f"it scales {len(scale)} rows of {place.shape[0]}")
        form = ModuleForm.nothing(place.shape)
        form.scale = scale - 1
        yield place, checked_form(place.layer, form, place.shape)


def _moved(base: LocalModel, places: Mapping[str, Place], module: str, size: int) -> str:
    """The module whose output is this one's input, where scaling the one is scaling the other."""
    up = module.removesuffix("down_proj") + "up_proj"
    gate = module.removesuffix("down_proj") + "gate_proj"
    if not module.endswith(".down_proj") or not find_place(base, up) or not find_place(base, gate):
        raise IncompatibleError(
            f"IA³ scales the input of {module}; that is exact only for down_proj of a gated MLP",
            hint="leave it out of feedforward_modules when training",
            code="ia3_input",
        )
    width = places[module].shape[1]
    if width != size:
        raise misfit(module, f"it scales {size} inputs of {width}")
    return up
