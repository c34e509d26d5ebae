"""Runs inside vLLM's worker processes: installs the patches, and checks what the slots hold.

vLLM imports this module in every worker before it loads the model (`worker_extension_cls`), and
nowhere else; there is no other moment to install them. On a platform that we don't know, importing
fails, so that an adapter can't be served wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from vllm.lora.request import LoRARequest
from vllm.lora.utils import parse_fine_tuned_lora_name

from expertserve.adapters.serving import EMBEDDING, LINEAR, PREFIX
from expertserve.adapters.settings import CONFIG
from expertserve.engine.vllm import patches
from expertserve.engine.vllm.fit import Unplaced
from expertserve.engine.vllm.layers import is_embedding, is_experts, module_names
from expertserve.engine.vllm.rows import reading, split, taken
from expertserve.engine.vllm.slots import check_embedding, check_experts, check_linear
from expertserve.package.members import WEIGHTS

if TYPE_CHECKING:
    from vllm.v1.worker.worker_base import WorkerBase

patches.install("worker")
patches.ADAPTERS.install()


class FileModule(NamedTuple):
    """A module in an adapter's file, or one that isn't in it."""

    a: torch.Tensor | None = None
    b: torch.Tensor | None = None
    rows: torch.Tensor | None = None


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
        with safe_open(f"{folder}/{WEIGHTS}", framework="pt") as opened:
            names = opened.keys()
        rank = json.loads(Path(folder, CONFIG).read_bytes())["r"]
        slots = {module: module_names(manager, module) for module in manager.modules}
        linear, embedded = (_modules(names, ending, manager) for ending in (LINEAR, EMBEDDING))
        missing, wanted_apart = _unplaced(linear, slots, manager)
        if missing or wanted_apart:
            return missing, wanted_apart
        with reading() as file:
            self.add_lora(LoRARequest(name, adapter_id, folder))
        file = file or load_file(f"{folder}/{WEIGHTS}")
        if taken(manager.get_adapter(adapter_id)):
            patches.adapters.note_affine(adapter_id)
        products = {name: _part(file, LINEAR, m, rank) for name, m in linear.items()}
        slot = manager.lora_index_to_id.index(adapter_id)
        checked = 0
        for module, parts in slots.items():
            layer = manager.modules[module]
            if is_embedding(layer):
                own = [_part(file, EMBEDDING, embedded.get(module), rank)]
                check_embedding(module, layer, slot, own[0].a, own[0].b)
            else:
                own = [products.get(part, FileModule()) for part in parts]
                check = check_experts if is_experts(layer) else check_linear
                check(
                    module,
                    layer,
                    slot,
                    [part.a for part in own],
                    [part.b for part in own],
                    [part.rows for part in own],
                )
            checked += sum(part.b is not None for part in own)
        if 2 * checked != len(file):
            raise RuntimeError(
                f"{checked} modules of the adapter are in the slot, {len(file) // 2} should be"
            )
        return [], {}


def _modules(names: Sequence[str], ending: str, manager: Any) -> dict[str, str]:
    """A file's modules of one kind, by the names that vLLM's model gives them."""
    ending = ending.format("B")
    own = [n.removeprefix(PREFIX).removesuffix(ending) for n in names if n.endswith(ending)]
    return {_vllm_name(manager, module): module for module in own}


def _part(
    file: Mapping[str, torch.Tensor], ending: str, module: str | None, rank: int
) -> FileModule:
    """A module's product, and what it does to rows besides."""
    if module is None:
        return FileModule()
    name = f"{PREFIX}{module}{ending}"
    return FileModule(*split(file[name.format("A")], file[name.format("B")], rank))


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


def _vllm_name(manager: Any, module: str) -> str:
    """An adapter's module under the name that vLLM's model gives it; all adapters have the same."""
    known: dict[str, str] = manager.__dict__.setdefault("expertserve_names", {})
    if module not in known:
        mapper = getattr(manager.model, "hf_to_vllm_mapper", None)
        renames = mapper.get_rename_mapper() if mapper is not None else None
        name = f"{PREFIX}{module}{LINEAR.format('A')}"
        known[module] = str(parse_fine_tuned_lora_name(name, renames)[0])
    return known[module]


def _bytes(lora: Any) -> int:
    tensors: list[torch.Tensor] = [*taken(lora).values()]
    for layer in lora.loras.values():
        for held in (layer.lora_a, layer.lora_b):
            tensors += [t for t in (held if isinstance(held, list) else [held]) if t is not None]
    return sum(t.nbytes for t in tensors)
