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
from vllm.model_executor.layers.linear import RowParallelLinear

from expertserve.engine.vllm import patches
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

    def expertserve_add(self: WorkerBase, name: str, adapter_id: int, folder: str) -> int:
        """Loads an adapter into a slot and compares it with the file; returns its modules.

        Both in one call: between two, other requests may need the slot.

        Raises:
            RuntimeError: A module is missing or differs.
        """
        self.add_lora(LoRARequest(name, adapter_id, folder))
        manager: Any = self.model_runner.lora_manager._adapter_manager
        slot = manager.lora_index_to_id.index(adapter_id)
        wanted = load_file(f"{folder}/{WEIGHTS}")
        checked = 0
        for module, layer in manager.modules.items():
            parent, _, last = module.rpartition(".")
            parts = [
                f"{parent}.{p}" if parent else p
                for p in manager.packed_modules_mapping.get(last, [last])
            ]
            checked += _check_layer(module, layer, parts, slot, wanted)
        if 2 * checked != len(wanted):
            raise RuntimeError(
                f"{checked} modules of the adapter are in the slot, {len(wanted) // 2} should be"
            )
        return checked


def _bytes(lora: Any) -> int:
    tensors: list[torch.Tensor] = []
    for layer in lora.loras.values():
        for held in (layer.lora_a, layer.lora_b):
            tensors += [t for t in (held if isinstance(held, list) else [held]) if t is not None]
    return sum(t.nbytes for t in tensors)


def _check_layer(
    name: str, layer: Any, parts: list[str], slot: int, wanted: dict[str, torch.Tensor]
) -> int:
    """Compares a layer's slices with the file; returns how many parts the file has for it."""
    a = [wanted.get(f"base_model.model.{p}.lora_A.weight") for p in parts]
    b = [wanted.get(f"base_model.model.{p}.lora_B.weight") for p in parts]
    if (
        layer.tp_size > 1
        and isinstance(layer.base_layer, RowParallelLinear)
        and any(t is not None and t[:, 1].any() for t in b)
    ):
        raise RuntimeError(
            f"{name} shifts rows and is split over its inputs, so that every process would add the"
            " shift; serve it on one device"
        )
    if layer.tp_size > 1 and any(t is not None for t in b):
        a, b = (
            (layer.slice_lora_a(a), layer.slice_lora_b(b))
            if len(parts) > 1
            else ([layer.slice_lora_a(a[0])], [layer.slice_lora_b(b[0])])
        )
    stacked_a, stacked_b = (
        s if isinstance(s, tuple) else (s,) for s in (layer.lora_a_stacked, layer.lora_b_stacked)
    )
    for held, file in (*zip(stacked_a, a, strict=True), *zip(stacked_b, b, strict=True)):
        own = held[slot, 0]
        if file is None:
            same = not own.any()
        else:
            file = file.to(own.dtype)
            same = (
                torch.equal(own[: file.shape[0], : file.shape[1]], file)
                and not own[file.shape[0] :].any()
                and not own[:, file.shape[1] :].any()
            )
        if not same:
            raise RuntimeError(f"the slot's weights for {name} are not the adapter's")
    return sum(t is not None for t in b)
