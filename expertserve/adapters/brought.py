"""What an adapter brings beside its factors: whole weights, and whole biases."""

from __future__ import annotations

import torch

from expertserve.adapters.layer import Reader
from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.places import base_tensor, find_place
from expertserve.errors import IncompatibleError
from expertserve.models import LocalModel, Tensor

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def check_stored(adapter: PeftAdapter) -> None:
    """Tells factors that aren't there from factors that don't fit.

    Raises:
        IncompatibleError: `zero3_shards`.
    """
    for module, parts in adapter.modules.items():
        for name, tensor in parts.items():
            if tensor.shape == (0,):
                raise IncompatibleError(
                    f"{module}: its {name} is empty: ZeRO-3 keeps a model's weights in shards, and"
                    " they weren't gathered before the adapter was saved",
                    hint="save it with accelerator.get_state_dict, or zero_to_fp32.py",
                    code="zero3_shards",
                )


def check_copies(adapter: PeftAdapter, base: LocalModel, read: Reader) -> None:
    """Whole weights must be the base's own: tools save embeddings, trained or not.

    Raises:
        IncompatibleError: `modules_to_save`, `token_embeddings`: it was trained.
    """
    saved = adapter.config.get("modules_to_save")
    named = [str(name) for name in saved] if isinstance(saved, list) else []
    for module, copy in sorted(adapter.copies.items()):
        own = base_tensor(base, module)
        if own is not None and own.shape == copy.shape and _equal(own, copy, read):
            continue
        if own is not None and len(copy.shape) == 2 and copy.shape[1:] == own.shape[1:]:
            added = copy.shape[0] - own.shape[0]
            what = (
                f"{added} rows more than the base's: its vocabulary was extended"
                if added > 0
                else f"trained: it would take a slot of rank {min(copy.shape)}, or its own copy"
            )
        else:
            what = f"of the shape {copy.shape}, the base's is {own.shape if own else 'not there'}"
        listed = any(module == name or module.endswith(f".{name}") for name in named)
        raise IncompatibleError(
            f"the adapter brings a whole {module}.weight, {what}; an adapter slot can't hold that",
            hint="train without modules_to_save and new tokens, or merge the adapter into the base"
            " model and serve that as a base",
            code="modules_to_save" if listed else "token_embeddings",
        )


def _equal(own: Tensor, copy: Tensor, read: Reader) -> bool:
    """Whether a copy is the base's weight, saved in the same type or in another."""
    mine, theirs = read(own), read(copy)
    types = [DTYPES[t.dtype] for t in (own, copy)]
    return any(torch.equal(mine.to(t).float(), theirs.to(t).float()) for t in types)


def trained_shifts(adapter: PeftAdapter, base: LocalModel, read: Reader) -> dict[str, torch.Tensor]:
    """Trained biases, as what they add to the base's, by layer of the base.

    Raises:
        IncompatibleError: `trained_bias`: it isn't a linear layer's.
    """
    shifts: dict[str, torch.Tensor] = {}
    for module, bias in sorted(adapter.biases.items()):
        place = find_place(base, module)
        own = base_tensor(base, place.layer if place else module, "bias")
        rows = place.rows if place else slice(None)
        change = None if own is None else read(bias) - _fitting(module, read(own)[rows], bias)
        if change is not None and not change.any():
            continue
        if place is None or change is None:
            why = "the base model doesn't have" if change is None else "isn't a linear layer's"
            raise IncompatibleError(
                f"the adapter trained {module}.bias, which {why}",
                hint="train with bias='none' or 'lora_only'",
                code="trained_bias",
            )
        shifts.setdefault(place.layer, torch.zeros(place.of))[rows] = change
    return shifts


def _fitting(module: str, own: torch.Tensor, bias: Tensor) -> torch.Tensor:
    if tuple(own.shape) != bias.shape:
        raise IncompatibleError(
            f"the adapter's {module}.bias has the shape {bias.shape}, the base's {own.shape}",
            code="shape_mismatch",
        )
    return own
