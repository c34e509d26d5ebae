"""Memory that is taken as it is used, on CPUs: keys and values, and adapters' slots.

vLLM 0.32 fills the whole cache, and every slot, with zeros when it starts, so that all of it is
resident, also for a process that answers one question. A fresh private mapping is zero already;
the operating system gives a page its memory at the first write.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from vllm.v1.kv_cache_interface import KVCacheConfig
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner

LARGE = 1 << 20
"""Bytes from which on a tensor of zeros has a mapping of its own."""


class UntouchedZeros(TorchFunctionMode):
    """Within it, a large `torch.zeros` is memory that nobody has touched.

    Example:
        >>> with UntouchedZeros():
        ...     cache = torch.zeros(1 << 30, dtype=torch.int8)
        >>> cache[-1].item()
        0
    """

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        given = dict(kwargs or {})
        on_cpu = torch.device(given.get("device") or "cpu").type == "cpu"
        if func is not torch.zeros or not on_cpu or not args:
            return func(*args, **given)
        shape = torch.Size(args if isinstance(args[0], int) else args[0])
        dtype = given.get("dtype") or torch.get_default_dtype()
        size = prod(shape) * dtype.itemsize
        if size < LARGE:
            return func(*args, **given)
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        return torch.frombuffer(memory, dtype=dtype).view(shape)


def install() -> None:
    """Around the calls of vLLM that allocate the cache, and a layer's slots."""
    from vllm.lora.model_manager import LoRAModelManager
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner

    their_cache = CPUModelRunner.initialize_kv_cache
    their_slots = LoRAModelManager._create_lora_modules

    def initialize_kv_cache(
        self: CPUModelRunner,
        kv_cache_config: KVCacheConfig,
        is_profiling: bool = False,
        kv_cache_allocation_context: AbstractContextManager[Any] | None = None,
    ) -> None:
        with UntouchedZeros():  # the context that is given is one that does nothing
            their_cache(
                self,
                kv_cache_config,
                is_profiling,
                kv_cache_allocation_context=kv_cache_allocation_context,
            )

    def _create_lora_modules(self: LoRAModelManager) -> None:
        with UntouchedZeros():
            their_slots(self)

    CPUModelRunner.initialize_kv_cache = initialize_kv_cache
    LoRAModelManager._create_lora_modules = _create_lora_modules
