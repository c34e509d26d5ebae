"""How large vLLM is started, and on how many cores."""

from __future__ import annotations

import math
from typing import Any

from expertserve.config import EngineConfig, option_names
from expertserve.engine.cgroup import cpu_share
from expertserve.engine.machine import FEW_SLOTS, choose_sizes, cpus, default_slots
from expertserve.models import LocalModel

KERNELS = 256
"""oneDNN caches a kernel of 0.75 MB for each shape, 1,024 by default: a gigabyte in hours."""


def cpu_sizes(base: LocalModel, config: EngineConfig, dtype: str, width: int) -> dict[str, Any]:
    """Ours: vLLM's profiling on a CPU would take a share of the whole machine's memory."""
    kept = str(option_names(config.vllm).get("kv_cache_dtype") or "auto")
    kv_dtype = "" if kept == "auto" else kept
    sizes = choose_sizes(base, config, dtype, width=width, kv_dtype=kv_dtype)
    return {
        "max_model_len": sizes.max_model_len,
        "kv_cache_memory_bytes": sizes.kv_cache_bytes,
        "max_num_seqs": sizes.max_requests,
    }


def gpu_sizes(config: EngineConfig) -> dict[str, Any]:
    """vLLM's own, from its profiling run; a context that nobody named is fitted to the memory."""
    asked = {"kv_cache_memory_bytes": config.kv_cache_bytes, "max_num_seqs": config.max_requests}
    length = -1 if config.max_model_len is None else config.max_model_len
    return {"max_model_len": length} | {k: v for k, v in asked.items() if v is not None}


def slots(base: LocalModel, config: EngineConfig, dtype: str, width: int, *, on_gpu: bool) -> int:
    """Adapters that one batch may mix: as asked for, else by experts and memory."""
    if config.max_slots is not None or on_gpu or not width:
        return config.max_slots or FEW_SLOTS
    return default_slots(base, width, dtype, config.experts or 1)


def cpu_environment(config: EngineConfig, ranks: int = 1) -> dict[str, str]:
    """Threads for each rank's process.

    Several ranks are bound to cores of their own where all cores are ours; a shared container has
    others. One rank runs in the engine core's process, which vLLM doesn't bind.
    """
    cores = cpus()
    many = math.ceil(min(len(cores), cpu_share()))
    threads = config.threads or (many if many <= 2 else many - 1)
    each = max(1, threads // ranks)
    bound = dict.fromkeys(("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"), str(KERNELS))
    if ranks == 1 or config.threads or many < len(cores) or each * ranks > len(cores):
        return {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": str(each), **bound}
    own = cores[-each * ranks :]
    parts = [",".join(map(str, own[i * each : (i + 1) * each])) for i in range(ranks)]
    return {"VLLM_CPU_OMP_THREADS_BIND": "|".join(parts), **bound}
