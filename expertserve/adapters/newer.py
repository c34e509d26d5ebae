"""PEFT's newer low-rank types in the serving form; the arithmetic is that of PEFT's layers.

Sources: MiSS (once Bone) arXiv:2409.15371, DeLoRA 2503.18225, HRA 2405.17484, VB-LoRA 2405.15179,
GraLoRA 2505.20355, PVeRA 2512.07703; TinyLoRA, DEFT, PEANuT and BEFT as in PEFT 0.21.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from expertserve.adapters.layer import Layer, ModuleForm
from expertserve.adapters.settings import CONFIG
from expertserve.errors import IncompatibleError


def _miss(layer: Layer) -> ModuleForm:
    """Each input goes into the sum of its place modulo r; the block maps the sums to outputs."""
    start = layer.adapter.config.get("init_weights")
    if start == "bat":
        raise _unserved(layer, "init_weights='bat' multiplies blocks of the base's weight")
    block = layer.part("miss_block")
    rank, (out, width) = layer.adapter.rank, layer.shape
    outputs = int(layer.adapter.number("mini_r", 1)) if start == "mini" else out
    if block.shape != (rank, outputs) or out % outputs:
        raise _unserved(layer, f"its miss_block has the shape {tuple(block.shape)}")
    sums = torch.eye(rank).repeat(1, -(-width // rank))[:, :width]
    return ModuleForm.product(sums, block.repeat(1, out // outputs).T.contiguous())


def _delora(layer: Layer) -> ModuleForm:
    """B · diag(λ / (r ‖a_i‖ ‖b_i‖)) · A · diag(norms of the base's columns)."""
    a, b = layer.part("delora_A"), layer.part("delora_B")
    lengths = a.norm(dim=1).clamp(min=1e-4) * b.norm(dim=0).clamp(min=1e-4)
    norms = (
        layer.part("delora_w_norm")
        if "delora_w_norm" in layer.tensors
        else layer.weight().norm(dim=0)
    )
    scales = layer.part("delora_lambda") / len(a) / lengths
    return ModuleForm.product(a * norms, b * scales)


def _hra(layer: Layer) -> ModuleForm:
    """W ∏ (I − 2 u uᵀ) = W + (W C) Uᵀ, one column of C for each reflection."""
    u = layer.part("hra_u")
    mirrors, changes = u.new_zeros(len(u), 0), u.new_zeros(len(u), 0)
    for column in u.T:
        if layer.adapter.config.get("apply_GS"):
            for other in mirrors.T:  # as PEFT does: one after the other, changed as it goes
                column = column - (other @ column) * other
        mirror = column / column.norm()
        turned = mirror
        if not layer.adapter.config.get("apply_GS"):
            turned = mirror + changes @ (mirrors.T @ mirror)
        mirrors = torch.cat([mirrors, mirror[:, None]], dim=1)
        changes = torch.cat([changes, -2 * turned[:, None]], dim=1)
    return ModuleForm.product(mirrors.T.contiguous(), layer.weight() @ changes)


def _vblora(layer: Layer) -> ModuleForm:
    """A and B in tiles, each a mixture of a few vectors of one bank."""
    bank = layer.part("vblora_vector_bank")
    top = int(layer.adapter.number("topk", 2))

    def mixed(logits: torch.Tensor) -> torch.Tensor:
        if logits.dim() != 3 or logits.shape[2] != len(bank) or top > len(bank):
            raise _unserved(layer, f"its logits have the shape {tuple(logits.shape)}")
        best, where = logits.topk(top, dim=-1)
        return (best.softmax(-1)[..., None] * bank[where]).sum(-2)

    a, b = mixed(layer.part("vblora_logits_A")), mixed(layer.part("vblora_logits_B"))
    return ModuleForm.product(
        a.reshape(len(a), -1), b.transpose(1, 2).reshape(-1, b.shape[1]).contiguous()
    )


def _gralora(layer: Layer) -> ModuleForm:
    """k by k blocks, each of rank r / k; and a plain LoRA across all of them."""
    a, b = layer.part("gralora_A"), layer.part("gralora_B")
    k = int(layer.adapter.number("gralora_k", 2))
    out, width = layer.shape
    rank = int(layer.setting("rank_pattern", layer.adapter.number("r", 32)))
    if (a.shape, b.shape) != ((k, width // k, rank), (k, rank, out // k)) or rank % k:
        raise _unserved(layer, f"its blocks have the shapes {tuple(a.shape)}, {tuple(b.shape)}")
    each = rank // k
    down, up = torch.zeros(k, k, each, k, width // k), torch.zeros(k, out // k, k, k, each)
    for s in range(k):  # the block of outputs, then the block of inputs
        for n in range(k):
            down[s, n, :, n] = a[n, :, s * each : (s + 1) * each].T
            up[s, :, s, n] = b[s, n * each : (n + 1) * each].T
    parts = [(down.reshape(k * rank, width), up.reshape(out, k * rank))]
    general = 0
    if "gralora_A_general" in layer.tensors:
        parts.append((layer.part("gralora_A_general"), layer.part("gralora_B_general")))
        general = len(parts[1][0])
    scaling = layer.setting("alpha_pattern", layer.adapter.number("alpha", 64)) / (rank + general)
    return ModuleForm.product(
        torch.cat([p for p, _ in parts]), scaling * torch.cat([p for _, p in parts], dim=1)
    )


def _pvera(layer: Layer) -> ModuleForm:
    """VeRA of the means: the second half of A is the logarithm of the variance in training."""
    if layer.adapter.config.get("sample_at_inference"):
        raise _unserved(layer, "sample_at_inference draws its weights anew for each answer")
    if "pvera_A" not in layer.tensors or "pvera_B" not in layer.tensors:
        raise IncompatibleError(
            "the PVeRA adapter was saved without its projections",
            hint="save it with save_projection=True",
            code="adapter_tensors",
        )
    out, width = layer.shape
    d, a = layer.part("pvera_lambda_d"), layer.part("pvera_A")[:, :width]
    b = layer.part("pvera_B")[:out]
    half = len(d) // 2
    return ModuleForm.product(
        d[:half, None] * a[: len(a) // 2], layer.part("pvera_lambda_b")[:, None] * b
    )


def _tinylora(layer: Layer) -> ModuleForm:
    """B R A with R = Σ vᵢ Pᵢ; A and B are the base's largest singular values and vectors."""
    if "tinylora_P" not in layer.tensors:
        raise IncompatibleError(
            "the TinyLoRA adapter was saved without its projections",
            hint="save it with save_projection=True",
            code="adapter_tensors",
        )
    fixed, rank = layer.part("tinylora_P"), len(layer.part("tinylora_A"))
    vector = layer.part(f"tinylora_v.{_group(layer, fixed)}")
    if vector.dim() != 1 or fixed.shape != (len(vector), rank, rank):
        raise _unserved(layer, f"its tinylora_P has the shape {tuple(fixed.shape)}")
    inner = torch.einsum("i,ijk->jk", vector, fixed)
    return ModuleForm.product(layer.part("tinylora_A"), layer.part("tinylora_B") @ inner)


def _group(layer: Layer, fixed: torch.Tensor) -> int:
    """Which of the shared vectors a module has.

    PEFT numbers modules in the model's own order, which the file doesn't say; but each module's
    projections were drawn with its number as a part of the seed, so they tell it.
    """
    count, tied = len(layer.adapter.modules), layer.adapter.config.get("weight_tying")
    groups = max(1, round(count * (1.0 - (tied if isinstance(tied, int | float) else 0.0))))
    if groups == 1:
        return 0
    seed, size = _whole(layer, "projection_seed", 42), max(1, count // groups)
    for number in range(count):
        drawn = torch.normal(
            0.0,
            fixed.shape[-1] ** -0.5,
            tuple(fixed.shape),
            generator=torch.Generator().manual_seed(seed + number),
        )
        if torch.allclose(drawn, fixed, atol=1e-2):
            return min(number // size, groups - 1)
    raise _unserved(layer, "projection_seed doesn't give its tinylora_P, so its place isn't known")


def _deft(layer: Layer) -> ModuleForm:
    """(I − Q Nᵀ) W + c·Q R: what W has in a few directions is replaced."""
    p, config = layer.part("deft_P"), layer.adapter.config
    method = config.get("decomposition_method", "relu")
    if method not in ("relu", "qr"):
        raise _unserved(layer, f"decomposition_method is {str(method)[:40]!r}")
    q = torch.linalg.qr(p)[0] if method == "qr" else p
    removed = (q if method == "qr" else p.relu()).T @ layer.weight()
    if config.get("para"):
        return ModuleForm.product(removed, -q)
    scaling = layer.adapter.number("alpha") / p.shape[1] if config.get("alpha") else 1.0
    return ModuleForm.product(scaling * layer.part("deft_R") - removed, q)


def _peanut(layer: Layer) -> ModuleForm:
    """B f(…f(A W)): a small network reads the base's weight, not its inputs."""
    name = str(layer.adapter.config.get("act_fn", "relu"))
    if name not in ACTIVATIONS:
        raise _unserved(layer, f"act_fn is {name[:40]!r}")
    act, kept = ACTIVATIONS[name], []
    hidden = act(layer.weight().T @ layer.part("peanut_A").T)
    depth = _whole(layer, "depth", 0)
    for i in range(depth):
        kept.append(hidden)
        hidden = act(hidden @ layer.part(f"peanut_encoder_{i}").T)
    for i in range(depth):
        hidden = act(hidden @ layer.part(f"peanut_decoder_{i}").T) + kept.pop()
    scaling = layer.adapter.number("scaling", 1.0)
    return ModuleForm.product(hidden.T.contiguous(), scaling * layer.part("peanut_B"))


def _beft(layer: Layer) -> ModuleForm:
    """A bias alone."""
    form = ModuleForm.nothing(layer.shape)
    form.shift = layer.part("beft_bias").flatten()
    return form


ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def _whole(layer: Layer, key: str, default: int) -> int:
    """A setting that is a whole number, 0 included."""
    value = layer.adapter.config.get(key, default)
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise _unserved(layer, f"{key} is {str(value)[:40]!r}")
    return value


def _unserved(layer: Layer, what: str) -> IncompatibleError:
    return IncompatibleError(
        f"{CONFIG}: {what}, which has no exact low-rank form ({layer.module})",
        code="adapter_config",
    )


NEWER: dict[str, Callable[[Layer], ModuleForm]] = {
    "miss": _miss,
    "delora": _delora,
    "hra": _hra,
    "vblora": _vblora,
    "gralora": _gralora,
    "pvera": _pvera,
    "tinylora": _tinylora,
    "deft": _deft,
    "peanut": _peanut,
    "beft": _beft,
}
NEWER_PARTS: dict[str, frozenset[str]] = {
    "miss": frozenset({"miss_block"}),
    "delora": frozenset({"delora_A", "delora_B", "delora_lambda", "delora_w_norm"}),
    "hra": frozenset({"hra_u"}),
    "vblora": frozenset({"vblora_logits_A", "vblora_logits_B"}),
    "gralora": frozenset(f"gralora_{s}{g}" for s in "AB" for g in ("", "_general")),
    "pvera": frozenset({"pvera_lambda_b", "pvera_lambda_d"}),
    "tinylora": frozenset({"tinylora_A", "tinylora_B", "tinylora_P"}),
    "deft": frozenset({"deft_P", "deft_R"}),
    "peanut": frozenset(
        {"peanut_A", "peanut_B"} | {f"peanut_{s}coder_{i}" for s in ("en", "de") for i in range(8)}
    ),
    "beft": frozenset({"beft_bias"}),
}
"""What an adapter of each type may have for a module."""
