"""Runs inside vLLM's worker processes: installs the patches, and checks what the slots hold.

vLLM imports this module in every worker before it loads the model (`worker_extension_cls`), and
nowhere else; there is no other moment to install them. On a platform that we don't know, importing
fails, so that an adapter can't be served wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from vllm.lora.request import LoRARequest
from vllm.lora.utils import parse_fine_tuned_lora_name

from expertserve.engine.vllm import patches
from expertserve.engine.vllm.fit import EMBEDDING, PREFIX, SUFFIX, modules_of
from expertserve.engine.vllm.slots import (
    check_embedding,
    check_experts,
    check_linear,
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

    def expertserve_places(
        self: WorkerBase, modules: list[str]
    ) -> tuple[list[str], dict[str, list[tuple[str, int]]]]:
        """Where vLLM puts an adapter's modules.

        Returns:
            Those that it has no slot for, and those that it wants in parts: each part's name and
            its number of output rows.
        """
        manager: Any = self.model_runner.lora_manager._adapter_manager
        slots = _slots(manager)
        known = {part for parts in slots.values() for part in parts}
        missing, split = [], {}
        for module in modules:
            name = _vllm_name(manager, module)
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

    def expertserve_add(self: WorkerBase, name: str, adapter_id: int, folder: str) -> int:
        """Loads an adapter into a slot and compares it with the file; returns its modules.

        Both in one call: between two, other requests may need the slot.

        Raises:
            RuntimeError: A module is missing or differs.
        """
        file = load_file(f"{folder}/{WEIGHTS}")
        if any(t[:, :2].any() for n, t in file.items() if n.endswith(SUFFIX)):
            patches.adapters.note_affine(adapter_id)
        self.add_lora(LoRARequest(name, adapter_id, folder))
        manager: Any = self.model_runner.lora_manager._adapter_manager
        slot = manager.lora_index_to_id.index(adapter_id)
        wanted = {
            (_vllm_name(manager, module), side): file[f"{PREFIX}{module}.lora_{side}.weight"]
            for module in modules_of(file)
            for side in "AB"
        }
        embedded = {
            _vllm_name(manager, n.removeprefix(PREFIX).removesuffix(EMBEDDING + "A")): n
            for n in file
            if n.endswith(EMBEDDING + "A")
        }
        checked = 0
        for module, parts in _slots(manager).items():
            layer = manager.modules[module]
            if is_embedding(layer):
                key = embedded.get(module)
                pair = (file[key], file[key.removesuffix("A") + "B"]) if key else (None, None)
                check_embedding(module, layer, slot, *pair)
                checked += key is not None
                continue
            a, b = ([wanted.get((part, side)) for part in parts] for side in "AB")
            check = check_experts if is_experts(layer) else check_linear
            check(module, layer, slot, a, b)
            checked += sum(t is not None for t in b)
        if 2 * checked != len(file):
            raise RuntimeError(
                f"{checked} modules of the adapter are in the slot, {len(file) // 2} should be"
            )
        return checked


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
    return str(parse_fine_tuned_lora_name(f"{PREFIX}{module}.lora_A.weight", renames)[0])


def _bytes(lora: Any) -> int:
    tensors: list[torch.Tensor] = []
    for layer in lora.loras.values():
        for held in (layer.lora_a, layer.lora_b):
            tensors += [t for t in (held if isinstance(held, list) else [held]) if t is not None]
    return sum(t.nbytes for t in tensors)
