"""Where an adapter's modules lie in the base model.

Most have their own name there. Where the base has fused several layers into one, as Phi-3 does with
q, k and v, an adapter that was trained on them apart changes some rows of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from expertserve.adapters import quantised
from expertserve.models import LocalModel, Tensor

FUSED: dict[str, dict[str, tuple[str, ...]]] = {
    "qkv_proj": {"phi3": ("q_proj", "k_proj", "v_proj")},
    "gate_up_proj": dict.fromkeys(("phi3", "glm", "glm4"), ("gate_proj", "up_proj")),
}
"""The fused layer, the types of models that have it, and what it holds, in order."""


@dataclass(frozen=True, slots=True)
class Place:
    """A layer of the base model, or some of its rows.

    Args:
        layer: Its name.
        shape: Rows and columns of what is meant.
        start: The first of the rows.
        of: How many rows the layer has.
    """

    layer: str
    shape: tuple[int, int]
    start: int
    of: int

    @property
    def rows(self) -> slice:
        return slice(self.start, self.start + self.shape[0])


def find_place(base: LocalModel, module: str) -> Place | None:
    """An adapter's module in the base; None where it isn't."""
    shape = layer_shape(base, module)
    if shape:
        return Place(module, shape, 0, shape[0])
    parent, _, name = module.rpartition(".")
    kind = str(base.text_config.get("model_type"))
    for fused, kinds in FUSED.items():
        parts = kinds.get(kind, ())
        whole = layer_shape(base, f"{parent}.{fused}") if name in parts else None
        if whole is None:
            continue
        rows, columns = whole
        sizes = _sizes(base, fused, rows)
        if sum(sizes) == rows:
            at = parts.index(name)
            return Place(f"{parent}.{fused}", (sizes[at], columns), sum(sizes[:at]), rows)
    return None


def layer_shape(base: LocalModel, layer: str) -> tuple[int, int] | None:
    """A base layer's outputs and inputs; None where there is no such layer."""
    parts = quantised.parts_of(base, layer)
    if quantised.is_quantised(parts):
        return quantised.shape(base, layer, parts)
    tensor = base_tensor(base, layer)
    return (tensor.shape[0], tensor.shape[1]) if tensor and len(tensor.shape) == 2 else None


def _sizes(base: LocalModel, fused: str, rows: int) -> tuple[int, ...]:
    """Rows of each part of a fused layer."""
    if fused != "qkv_proj":
        return (rows // 2, rows // 2)
    config = base.text_config
    heads, hidden = config.get("num_attention_heads"), config.get("hidden_size")
    groups = config.get("num_key_value_heads") or heads
    if not isinstance(heads, int) or not isinstance(groups, int) or not isinstance(hidden, int):
        return ()
    size = config.get("head_dim") or hidden // max(heads, 1)
    size = size if isinstance(size, int) else 0
    return (heads * size, groups * size, groups * size)


def base_tensor(base: LocalModel, module: str, kind: str = "weight") -> Tensor | None:
    """A base module's weight or bias; a tied output layer has the input embedding's weight."""
    found = base.tensors.get(f"{module}.{kind}")
    if (
        found is None
        and kind == "weight"
        and module == "lm_head"
        and base.text_config.get("tie_word_embeddings", base.config.get("tie_word_embeddings"))
    ):
        return base.tensors.get("model.embed_tokens.weight")
    return found
