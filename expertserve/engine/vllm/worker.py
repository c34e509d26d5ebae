"""Runs inside vLLM's worker processes: installs the patches, and checks what the slots hold.

vLLM imports this module in every worker before it loads the model (`worker_extension_cls`), and
nowhere else; there is no other moment to install them. On a platform that we don't know, importing
fails, so that an adapter can't be served wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from vllm.lora.request import LoRARequest
from vllm.lora.utils import parse_fine_tuned_lora_name

from expertserve.adapters.layer import reserved
from expertserve.adapters.serving import EMBEDDING, LINEAR, PREFIX
from expertserve.engine.vllm import patches
from expertserve.engine.vllm.fit import Unplaced
from expertserve.engine.vllm.slots import (
    check_embedding,
    check_experts,
    check_linear,
    is_affine,
    is_embedding,
    is_experts,
)
from expertserve.package.members import WEIGHTS

if TYPE_CHECKING:
    from vllm.v1.worker.worker_base import WorkerBase

patches.install("worker")
patches.ADAPTERS.install()


class WorkerExtension:
    """Methods that the front end calls in every worker; mixed into vLLM's worker class."""

    def expertserve_adapters(self: WorkerBase) -> list[tuple[int, int, bool]]:
        """Every adapter in memory: id, bytes of its tensors, whether it is in a slot."""
        if self.model_runner.lora_manager is None:
            return []
        manager: Any = self.model_runner.lora_manager._adapter_manager
        return [
            (i, _bytes(lora), i in manager.lora_index_to_id)
            for i, lora in manager.list_adapters().items()
        ]

    def expertserve_add(self: WorkerBase, name: str, adapter_id: int, folder: str) -> Unplaced:
        """Loads an adapter into a slot and compares it with the file.

        Both in one call: between two, other requests may need the slot.

        Returns:
            The modules that have no place as they are; if there are any, nothing was loaded.

        Raises:
            RuntimeError: A module is missing or differs.
        """
        manager: Any = self.model_runner.lora_manager._adapter_manager
        file, slots = load_file(f"{folder}/{WEIGHTS}"), _slots(manager)
        linear, embedded = (_modules(file, ending, manager) for ending in (LINEAR, EMBEDDING))
        missing, split = _unplaced(linear, slots, manager)
        if missing or split:
            return missing, split
        pairs = [_pair(file, LINEAR, m) for m in linear.values()]
        if any(is_affine(*pair) for pair in pairs):
            patches.adapters.note_affine(adapter_id)
        if any(a is not None and not reserved(a) for a, _ in pairs):
            patches.adapters.note_whole(adapter_id)
        self.add_lora(LoRARequest(name, adapter_id, folder))
        slot = manager.lora_index_to_id.index(adapter_id)
        checked = 0
        for module, parts in slots.items():
            layer = manager.modules[module]
            if is_embedding(layer):
                own = [_pair(file, EMBEDDING, embedded.get(module))]
                check_embedding(module, layer, slot, *own[0])
            else:
                own = [_pair(file, LINEAR, linear.get(part)) for part in parts]
                check = check_experts if is_experts(layer) else check_linear
                check(module, layer, slot, [a for a, _ in own], [b for _, b in own])
            checked += sum(b is not None for _, b in own)
        if 2 * checked != len(file):
            raise RuntimeError(
                f"{checked} modules of the adapter are in the slot, {len(file) // 2} should be"
            )
        return [], {}


def _modules(file: Mapping[str, torch.Tensor], ending: str, manager: Any) -> dict[str, str]:
    """A file's modules of one kind, by the names that vLLM's model gives them."""
    ending = ending.format("B")
    own = [n.removeprefix(PREFIX).removesuffix(ending) for n in file if n.endswith(ending)]
    return {_vllm_name(manager, module): module for module in own}


def _pair(
    file: Mapping[str, torch.Tensor], ending: str, module: str | None
) -> tuple[torch.Tensor, torch.Tensor] | tuple[None, None]:
    """A module's A and B."""
    if module is None:
        return None, None
    name = f"{PREFIX}{module}{ending}"
    return file[name.format("A")], file[name.format("B")]


def _unplaced(
    modules: Mapping[str, str], slots: Mapping[str, list[str]], manager: Any
) -> tuple[list[str], dict[str, list[tuple[str, int]]]]:
    """Those that vLLM has no slot for, and those that it wants in parts."""
    known = {part for parts in slots.values() for part in parts}
    missing, split = [], {}
    for name, module in modules.items():
        if name in known:
            continue
        if name not in slots or is_experts(manager.modules[name]):
            missing.append(module)
            continue
        parent, _, _ = module.rpartition(".")
        parts = [f"{parent}.{part.rpartition('.')[2]}" for part in slots[name]]
        sizes = manager.modules[name].base_layer.output_sizes
        split[module] = list(zip(parts, sizes, strict=True))
    return missing, split


def _slots(manager: Any) -> dict[str, list[str]]:
    """vLLM's layers that hold adapters, and the names of the modules that each one packs."""
    found = {}
    for module in manager.modules:
        parent, _, last = module.rpartition(".")
        parts = manager.packed_modules_mapping.get(last, [last])
        found[module] = [f"{parent}.{part}" if parent else part for part in parts]
    return found


def _vllm_name(manager: Any, module: str) -> str:
    """An adapter's module under the name that vLLM's model gives it."""
    mapper = getattr(manager.model, "hf_to_vllm_mapper", None)
    renames = mapper.get_rename_mapper() if mapper is not None else None
    return str(parse_fine_tuned_lora_name(f"{PREFIX}{module}{LINEAR.format('A')}", renames)[0])


def _bytes(lora: Any) -> int:
    tensors: list[torch.Tensor] = []
    for layer in lora.loras.values():
        for held in (layer.lora_a, layer.lora_b):
            tensors += [t for t in (held if isinstance(held, list) else [held]) if t is not None]
    return sum(t.nbytes for t in tensors)
