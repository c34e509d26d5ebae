"""Where an adapter's modules lie in the base model.

Most have their own name there. A model that also sees or hears is a wrapper around a language
model, whose layers files, transformers and vLLM each name in a way of their own. Where the base has
fused several layers into one, as Phi-3 does with q, k and v, an adapter that was trained on them
apart changes some rows of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from expertserve.adapters import quantised
from expertserve.errors import IncompatibleError
from expertserve.models import LocalModel, Tensor

FUSED: dict[str, dict[str, tuple[str, ...]]] = {
    "qkv_proj": {"phi3": ("q_proj", "k_proj", "v_proj")},
    "gate_up_proj": dict.fromkeys(("phi3", "glm", "glm4"), ("gate_proj", "up_proj")),
}
"""The fused layer, the types of models that have it, and what it holds, in order."""


TEXT = ("model.language_model.", "language_model.model.", "model.")
"""What precedes a text layer's name: in transformers since 4.52, in its older files and in vLLM,
and in a language model alone."""
HEADS = ("lm_head", "language_model.lm_head", "model.lm_head")
SENSES = frozenset(
    "vision_tower vision_model vision_encoder visual audio_tower audio_model embed_vision"
    " embed_audio multi_modal_projector mm_projector".split()
)
"""Parts of a name that say that a layer sees or hears: no text runs through it."""


def names_of(module: str) -> list[str]:
    """A layer's names, its own first.

    Example:
        >>> names_of("model.layers.0.mlp.up_proj")[1:]
        ['model.language_model.layers.0.mlp.up_proj', 'language_model.model.layers.0.mlp.up_proj']
    """
    if module in HEADS:
        return [module, *(name for name in HEADS if name != module)]
    for prefix in TEXT:
        if module.startswith(prefix):
            rest = module.removeprefix(prefix)
            return [module, *(f"{p}{rest}" for p in TEXT if p != prefix)]
    return [module]


def served_name(base: LocalModel, layer: str) -> str:
    """The name that both engines know a layer of the base by: transformers' in a wrapper."""
    if not base.is_wrapper:
        return layer
    names = names_of(layer)
    return next((n for n in names if n == HEADS[0] or n.startswith(TEXT[0])), layer)


def is_sense(base: LocalModel, module: str) -> bool:
    """Whether a module of an adapter belongs to what a wrapper sees or hears with."""
    return base.is_wrapper and not SENSES.isdisjoint(module.split("."))


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
    for name in names_of(module):
        shape = layer_shape(base, name)
        if shape:
            return Place(name, shape, 0, shape[0])
    return next((p for name in names_of(module) if (p := _fused_place(base, name))), None)


def _fused_place(base: LocalModel, module: str) -> Place | None:
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
    if tensor is None or len(tensor.shape) != 2 or tensor.dtype not in quantised.PLAIN:
        return None
    return tensor.shape[0], tensor.shape[1]


def check_readable(base: LocalModel, module: str) -> None:
    """Tells a layer that is stored in a way that isn't known from one that isn't there.

    Raises:
        IncompatibleError: `base_quantised`.
    """
    method = quantised.method(base)
    if method and any(quantised.parts_of(base, name) for name in names_of(module)):
        raise IncompatibleError(
            f"the base model {base.name} is quantised ({method[:40]}), and {module} is stored"
            " in a form that isn't read",
            hint="serve it on the base model in bfloat16, from which the quantised one was made:"
            " base_model=FOLDER",
            code="base_quantised",
        )


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
    """A base module's weight or bias; an output layer that isn't there has the input embedding's
    weight.
    """
    named = names_of(module)
    if kind == "weight" and module in HEADS:
        named += names_of("model.embed_tokens")
    return next((found for n in named if (found := base.tensors.get(f"{n}.{kind}"))), None)
