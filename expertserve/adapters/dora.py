"""LoRA and DoRA: the low-rank product, and the magnitude as a scale per output row."""

from __future__ import annotations

import torch

from expertserve.adapters.layer import Layer, ModuleForm


def lora_form(layer: Layer) -> ModuleForm:
    rank, scaling = layer.adapter.scaling(layer.module)
    a, b = layer.part("lora_A"), scaling * layer.part("lora_B")
    start = str(layer.adapter.config.get("init_lora_weights")).lower()
    if start in ("pissa", "olora"):
        a0, b0 = _removed(layer.weight(), start, rank, scaling)
        a, b = torch.cat([a, a0]), torch.cat([b, -b0], dim=1)
    form = ModuleForm.product(a, b)
    if "lora_B_bias" in layer.tensors:
        form.shift = scaling * layer.tensors["lora_B_bias"]
    return form


def _removed(
    weight: torch.Tensor, start: str, rank: int, scaling: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """What training took out of a base weight at its start: A [rank, in] and B [out, rank].

    PiSSA (arXiv:2404.02948) takes the largest singular values, OLoRA (2406.01775) the first columns
    of an orthogonal basis; both computed as PEFT does.
    """
    if start == "pissa":
        left, values, right = torch.linalg.svd(weight, full_matrices=False)
        return right[:rank], left[:, :rank] * values[:rank]
    basis, rest = torch.linalg.qr(weight)
    return rest[:rank], scaling * basis[:, :rank]


def dora_form(layer: Layer) -> ModuleForm:
    form = lora_form(layer)
    s = layer.part("magnitude").flatten() / _row_norms(layer, form)
    form.b, form.scale, form.shift = s[:, None] * form.b, s - 1, s * form.shift
    bias = layer.bias()
    if bias is not None:
        form.shift = form.shift - form.scale * bias
    return form


def _row_norms(layer: Layer, form: ModuleForm) -> torch.Tensor:
    """‖W + B · A‖ by row [out]. A whole sum would be written to memory and read again."""
    norms, room, row = [], None, 0
    for block in layer.blocks():
        room = torch.empty_like(block) if room is None else room
        b = form.b[row : row + len(block)]
        changed = torch.addmm(block, b, form.a, out=room[: len(block)])
        norms.append(torch.linalg.vector_norm(changed, dim=1))
        row += len(block)
    return torch.cat(norms)
