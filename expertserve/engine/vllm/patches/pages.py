"""Keys and values take memory as they are used, on CPUs.

vLLM 0.32 fills the whole cache with zeros when it starts, so that all of it is resident, also
for a process that answers one question. A fresh private mapping is zero already; the operating
system gives a page its memory at the first write.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from vllm.v1.kv_cache_interface import KVCacheConfig
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner

LARGE = 1 << 20
"""Bytes from which on a tensor of zeros is the cache, and not something small beside it."""


class UntouchedZeros(TorchFunctionMode):
    """Within it, a large `torch.zeros` of bytes is memory that nobody has touched."""

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        given = dict(kwargs or {})
        size = args[0] if len(args) == 1 else None
        if (
            func is torch.zeros
            and isinstance(size, int)
            and size >= LARGE
            and given.get("dtype") is torch.int8
            and torch.device(given.get("device") or "cpu").type == "cpu"
        ):
            memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            return torch.frombuffer(memory, dtype=torch.int8)
        return func(*args, **given)


def install() -> None:
    """Around the call of vLLM's model runner for CPUs that allocates the cache."""
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner as Runner

    theirs = Runner.initialize_kv_cache

    def initialize_kv_cache(
        self: CPUModelRunner,
        kv_cache_config: KVCacheConfig,
        is_profiling: bool = False,
        kv_cache_allocation_context: AbstractContextManager[Any] | None = None,
    ) -> None:
        with UntouchedZeros():  # the context that is given is one that does nothing
            theirs(
                self,
                kv_cache_config,
                is_profiling,
                kv_cache_allocation_context=kv_cache_allocation_context,
            )

    Runner.initialize_kv_cache = initialize_kv_cache
