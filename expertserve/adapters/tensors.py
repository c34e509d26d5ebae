"""The names of an adapter's tensors → modules and parts.

Training tools wrap models, and the wrappers' names get into the file; PEFT may leave the adapter's
own name in, mlx-lm writes names of its own. All of these say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from expertserve.adapters.settings import refuse
from expertserve.findings import Finding
from expertserve.models import Tensor

NAMES = {
    "lora_A": "lora_A",
    "lora_B": "lora_B",
    "lora_E": "lora_E",
    "lora_magnitude_vector": "magnitude",
    "lora_magnitude": "magnitude",
    "ia3_l": "ia3",
    "ia3_scale": "ia3",
    "hada_w1_a": "hada_w1_a",
    "hada_w1_b": "hada_w1_b",
    "hada_w2_a": "hada_w2_a",
    "hada_w2_b": "hada_w2_b",
    "lokr_w1": "lokr_w1",
    "lokr_w1_a": "lokr_w1_a",
    "lokr_w1_b": "lokr_w1_b",
    "lokr_w2": "lokr_w2",
    "lokr_w2_a": "lokr_w2_a",
    "lokr_w2_b": "lokr_w2_b",
    "vera_lambda_b": "vera_lambda_b",
    "vera_lambda_d": "vera_lambda_d",
    "bone_block": "miss_block",
    "lora_embedding_A": "embed_A",
    "lora_embedding_B": "embed_B",
    "token_adapter.trainable_tokens_delta": "tokens",
    **{f"peanut_{s}coders.{i}": f"peanut_{s}coder_{i}" for s in ("en", "de") for i in range(8)},
    **{
        name: name
        for name in (
            "pvera_lambda_b pvera_lambda_d miss_block delora_A delora_B delora_lambda"
            " delora_w_norm hra_u vblora_logits_A vblora_logits_B gralora_A gralora_B"
            " gralora_A_general gralora_B_general tinylora_A tinylora_B tinylora_P deft_P deft_R"
            " peanut_A peanut_B beft_bias"
        ).split()
    },
}
"""Names of parts, PEFT's and the format text's; PEANuT's inner layers are numbered."""
EMBEDDED = frozenset({"embed_A", "embed_B", "tokens"})
"""Parts that belong to an embedding."""
SHARED = ("vera_A", "vera_B", "pvera_A", "pvera_B", "vblora_vector_bank")
"""Tensors that every module uses."""
NUMBERED = re.compile(r"(?:base_model\.)?(tinylora_v\.\d{1,5})")
"""Tensors that groups of modules use."""
WRAPPERS = {
    "_orig_mod": "torch.compile",
    "_checkpoint_wrapped_module": "activation checkpointing",
    "_fsdp_wrapped_module": "FSDP",
    "module": "data parallel training",
}
"""Names that wrappers add, and whose they are; `module` only before the model's own names."""
PREFIX = ("base_model", "model")


@dataclass(slots=True)
class AdapterTensors:
    """An adapter's tensors by what they are.

    Args:
        modules: The base model's module → the adapter's parts for it.
        shared: Tensors that all modules use (VeRA's projections).
        embeddings: As `modules`, for those that are embeddings.
        copies: Whole weights that it brings, by module: copies of the base's, or trained.
        biases: Whole biases, by module.
        notes: What was odd about the names.
    """

    modules: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    shared: dict[str, Tensor] = field(default_factory=dict)
    embeddings: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    copies: dict[str, Tensor] = field(default_factory=dict)
    biases: dict[str, Tensor] = field(default_factory=dict)
    notes: list[Finding] = field(default_factory=list)


def sort_tensors(
    tensors: Iterable[Tensor], names: Mapping[str, str] = NAMES, shared: Iterable[str] = SHARED
) -> AdapterTensors:
    """Sorts a file's tensors.

    Args:
        names: The tool's name of a part → ours.
        shared: Names of tensors that belong to no module.

    Raises:
        IncompatibleError: `adapter_tensors`: one isn't understood, or there are two adapters.
            `adapter_empty`: there are none.
    """
    found, wrappers, adapters = AdapterTensors(), dict[str, None](), dict[str, None]()
    part = re.compile(
        rf"(?P<module>.+)\.(?P<part>{'|'.join(map(re.escape, sorted(names, key=len)[::-1]))})"
        r"(?:\.(?P<adapter>(?!weight$|bias$)[\w-]+))?(?P<bias>\.bias|)(?:\.weight)?"
    )
    whole = re.compile(
        r"(?P<module>.+?)(?:\.base_layer|\.modules_to_save(?:\.(?P<adapter>[\w-]+))?)?"
        r"\.(?P<kind>weight|bias)"
    )
    for tensor in tensors:
        name, wrapped = _unwrapped(tensor.name)
        wrappers |= dict.fromkeys(wrapped)
        last = name.removesuffix(".weight").removesuffix(".default").rsplit(".", 1)[-1]
        if last in shared or (match := NUMBERED.fullmatch(name)):
            found.shared[match[1] if last not in shared and match else last] = tensor
            continue
        if match := part.fullmatch(name):
            parts = found.modules.setdefault(match["module"], {})
            kind = names[match["part"]] + ("_bias" if match["bias"] else "")
        elif match := whole.fullmatch(name):
            parts = found.copies if match["kind"] == "weight" else found.biases
            kind = match["module"]
        else:
            raise _foreign(tensor.name)
        if parts.setdefault(kind, tensor) is not tensor:
            raise refuse(f"the tensors of {match['module']} hold two {kind}", "adapter_tensors")
        adapters |= {match["adapter"]: None} if match["adapter"] else {}
    if len(adapters) > 1:
        raise refuse(
            f"the file holds several adapters: {', '.join(adapters)}",
            "adapter_tensors",
            "save each into a file of its own: save_pretrained(folder, selected_adapters=[…])",
        )
    found.embeddings = {m: p for m, p in found.modules.items() if not EMBEDDED.isdisjoint(p)}
    found.modules = {m: p for m, p in found.modules.items() if m not in found.embeddings}
    if not found.modules and not found.embeddings:
        raise refuse("the adapter has no tensors: it would change nothing", "adapter_empty")
    found.notes += _notes(wrappers, adapters)
    return found


def _unwrapped(name: str) -> tuple[str, list[str]]:
    """A tensor's name without wrappers' names and PEFT's prefix; and the wrappers."""
    parts, wrappers = name.split("."), []
    while parts:
        if tuple(parts[:2]) == PREFIX:
            parts = parts[2:]
        elif parts[0] in WRAPPERS:
            wrappers.append(parts.pop(0))
        else:
            break
    wrappers += [p for p in parts if p in WRAPPERS and p != "module"]
    return ".".join(p for p in parts if p not in WRAPPERS or p == "module"), wrappers


def _notes(wrappers: Iterable[str], adapters: Iterable[str]) -> Iterable[Finding]:
    said = [f"{WRAPPERS[w]} ({w})" for w in wrappers]
    said += [f"the adapter's own name ({a})" for a in adapters if a != "default"]
    if said:
        yield Finding(
            "wrapped_names",
            "info",
            0,
            f"the tensors' names hold what {' and '.join(said)} added",
            "they are read without it; other tools may find no module of that name",
            "save the unwrapped model",
        )


def _foreign(name: str) -> Exception:
    if "embed" in name or "lora_embedding" in name:
        return refuse(
            f"the adapter changes token embeddings ({name}), which an adapter slot can't hold",
            "token_embeddings",
        )
    return refuse(f"the adapter has a tensor that isn't understood: {name}", "adapter_tensors")
