"""What the machine offers, and the sizes that an engine gets from it where nobody named any."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from expertserve.config import EngineConfig
from expertserve.engine import cgroup
from expertserve.errors import OutOfMemoryError
from expertserve.models import LocalModel, weight_files

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
SHARE = 0.4
"""Of the memory that is free, how much keys and values may take unasked."""
TOKENS_EACH = 1024
"""Keys and values for so many tokens of each request that may run, where memory allows."""
BLOCK = 128
FLOAT32_SHARE = 0.5
"""Of the memory that is free, how much weights may take that are held in float32 for speed alone.
"""
ADAPTERS_SHARE, MAX_ADAPTERS = 0.1, 512
"""The share of free memory for adapters beside the slots, and the most that are kept."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What an engine is started with.

    Args:
        max_model_len: Tokens of prompt and answer.
        kv_cache_bytes: Memory for keys and values.
        token_bytes: What one token's keys and values take.
    """

    max_model_len: int
    kv_cache_bytes: int
    token_bytes: int


def cpus() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def free_memory() -> int:
    """Bytes that this process may still allocate: of the machine, or of its container."""
    return max(0, int(min(psutil.virtual_memory().available, cgroup.memory_left())))


def choose_dtype(base: LocalModel, config: EngineConfig, device: str) -> str:
    """The weights' type: as saved, or float32 where the CPU would emulate that."""
    if config.dtype != "auto":
        return config.dtype
    if device != "cpu" or fast_bfloat16():
        return _saved(base)
    weights, free = weight_bytes(base, "float32"), free_memory()
    request = token_bytes(base, "float32") * ((config.max_model_len or base.context_length) + BLOCK)
    return (
        "float32"
        if weights <= FLOAT32_SHARE * free and 2 * weights + request <= free
        else _saved(base)
    )


def weight_bytes(base: LocalModel, dtype: str) -> int:
    """What the weights take in memory."""
    return (
        sum(f.stat().st_size for f in weight_files(base.path)) * BYTES[dtype] // BYTES[_saved(base)]
    )


def _saved(base: LocalModel) -> str:
    saved = str(base.config.get("dtype") or base.config.get("torch_dtype"))
    return saved if saved in BYTES else "bfloat16"


def fast_bfloat16() -> bool:
    import torch

    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def token_bytes(base: LocalModel, dtype: str) -> int:
    """Keys and values of one token over all layers."""
    config = base.config
    heads = _int(config.get("num_attention_heads"), 1)
    size = _int(config.get("head_dim"), _int(config.get("hidden_size"), 64) // heads)
    return (
        2
        * _int(config.get("num_hidden_layers"), 1)
        * _int(config.get("num_key_value_heads"), heads)
        * size
        * BYTES[dtype]
    )


def resident_adapters(base: LocalModel, width: int, dtype: str) -> int:
    """How many adapters that change every linear layer fit into the memory that is theirs."""
    sides = sum(
        sum(t.shape)
        for name, t in base.tensors.items()
        if len(t.shape) == 2 and "embed" not in name
    )
    each = max(1, sides * width * BYTES[dtype])
    return min(MAX_ADAPTERS, int(ADAPTERS_SHARE * free_memory()) // each)


def _int(value: object, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default


def choose_sizes(
    base: LocalModel, config: EngineConfig, dtype: str, available: int | None = None
) -> Sizes:
    """Context and cache sizes from settings, model and free memory (bytes, measured if not given).

    Raises:
        OutOfMemoryError: Not even one request of full length fits; the hint has the numbers.
    """
    free = free_memory() if available is None else available
    each = token_bytes(base, dtype)
    length = config.max_model_len or base.context_length
    weights = weight_bytes(base, dtype)
    room = max(0, free - 2 * weights)
    wanted = config.kv_cache_bytes or max(
        each * (length + BLOCK), min(each * TOKENS_EACH * config.max_requests, int(SHARE * room))
    )
    if wanted > room or wanted < each * length:
        most = min(config.kv_cache_bytes or room, room) // each
        raise OutOfMemoryError(
            f"one request of {length:,} tokens needs {each * length >> 20:,} MiB for keys and"
            f" values; there are {min(config.kv_cache_bytes or room, room) >> 20:,} MiB (free:"
            f" {free >> 20:,}, the model takes about {2 * weights >> 20:,})",
            hint=(
                f"lower max_model_len to {most:,} or less (--max-model-len), raise kv_cache_bytes,"
                " or use a smaller base model"
                if most
                else "free some memory"
            ),
            code="out_of_memory",
        )
    return Sizes(length, wanted, each)
