"""What the machine offers, and the sizes that an engine gets from it where nobody named any."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from expertserve.config import EngineConfig
from expertserve.engine import cgroup
from expertserve.errors import OutOfMemoryError
from expertserve.models import LocalModel, weight_files

log = logging.getLogger("expertserve")
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
SHARE = 0.4
"""Of the memory that is free, how much keys and values may take unasked."""
TOKENS_EACH = 1024
"""Keys and values for so many tokens of each request that may run, where memory allows."""
BLOCK = 128
STEP = 8192
"""Tokens that one step may add to a window, at most."""
MAX_REQUESTS = 64
"""Decoded concurrently where nobody says otherwise."""
USABLE = 0.95
"""Of the free memory: the rest is for activations."""
FLOAT32_SHARE = 0.5
"""Of the memory that is free, how much weights may take that are held in float32 for speed alone.
"""
ADAPTERS_SHARE, MAX_ADAPTERS = 0.1, 512
"""The share of free memory for adapters beside the slots, and the most that are kept."""
SLOTS_SHARE, FEW_SLOTS, MANY_SLOTS = 0.125, 8, 256
"""The share of free memory for slots, the fewest where it holds them, and the most."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What an engine is started with.

    Args:
        max_model_len: Tokens of prompt and answer.
        kv_cache_bytes: Memory for keys and values.
        token_bytes: What one token's keys and values take.
        max_requests: Decoded concurrently.
    """

    max_model_len: int
    kv_cache_bytes: int
    token_bytes: int
    max_requests: int = MAX_REQUESTS


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
    request = request_bytes(base, "float32", config.max_model_len or base.context_length)
    fits = weights <= FLOAT32_SHARE * free and weights + request <= USABLE * free
    return "float32" if fits else _saved(base)


def weight_bytes(base: LocalModel, dtype: str) -> int:
    """What the weights take in memory."""
    return (
        sum(f.stat().st_size for f in weight_files(base.path)) * BYTES[dtype] // BYTES[_saved(base)]
    )


def _saved(base: LocalModel) -> str:
    config = base.text_config
    saved = str(config.get("dtype") or config.get("torch_dtype") or base.config.get("dtype"))
    return saved if saved in BYTES else "bfloat16"


def fast_bfloat16() -> bool:
    import torch

    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def token_bytes(base: LocalModel, dtype: str) -> int:
    """Keys and values of one token over all layers; a compressed latent for MLA models."""
    config = base.text_config
    return _layer_bytes(config, dtype) * _int(config.get("num_hidden_layers"), 1)


def _layer_bytes(config: Mapping[str, object], dtype: str) -> int:
    latent = _int(config.get("kv_lora_rank"), 0)
    if latent:
        return (latent + _int(config.get("qk_rope_head_dim"), 0)) * BYTES.get(dtype, 1)
    heads = _int(config.get("num_attention_heads"), 1)
    size = _int(config.get("head_dim"), _int(config.get("hidden_size"), 64) // heads)
    return 2 * _int(config.get("num_key_value_heads"), heads) * size * BYTES.get(dtype, 1)


def request_bytes(base: LocalModel, dtype: str, length: int) -> int:
    """Keys and values of one request of `length` tokens, as vLLM allocates them.

    A layer with a sliding window keeps the window and what one step adds. vLLM groups such layers
    by the number of the others and rounds up.
    """
    config = base.text_config
    layers, each = _int(config.get("num_hidden_layers"), 1), _layer_bytes(config, dtype)
    window = _int(config.get("sliding_window"), 0)
    kinds = config.get("layer_types")
    sliding = kinds.count("sliding_attention") if isinstance(kinds, list) else 0
    if not window or not sliding:
        return each * layers * (length + BLOCK)
    full = layers - sliding
    slid = -(-sliding // full) * full if full else sliding
    return each * (full * (length + BLOCK) + slid * min(length + BLOCK, window + STEP))


def adapter_bytes(base: LocalModel, width: int, dtype: str) -> int:
    """An adapter of this width that changes every linear layer."""
    sides = sum(
        sum(t.shape)
        for name, t in base.tensors.items()
        if len(t.shape) == 2 and "embed" not in name
    )
    return max(1, sides * width * BYTES[dtype])


def resident_adapters(base: LocalModel, width: int, dtype: str) -> int:
    """How many adapters that change every linear layer fit into the memory that is theirs."""
    each = adapter_bytes(base, width, dtype)
    return min(MAX_ADAPTERS, int(ADAPTERS_SHARE * free_memory()) // each)


def default_slots(base: LocalModel, width: int, dtype: str, experts: int) -> int:
    """Slots on a CPU where nobody says how many: one for each expert, within bounds.

    A step costs what its adapters cost, and not what its slots do; those take memory.

    Args:
        experts: How many share the engine.
    """
    fit = int(SLOTS_SHARE * free_memory()) // adapter_bytes(base, width, dtype)
    return max(1, min(max(FEW_SLOTS, experts), MANY_SLOTS, fit))


def _int(value: object, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default


def choose_sizes(
    base: LocalModel,
    config: EngineConfig,
    dtype: str,
    available: int | None = None,
    *,
    width: int = 0,
    kv_dtype: str = "",
) -> Sizes:
    """Context and cache sizes from settings, model and free memory (bytes, measured if not given).

    A context that nobody asked for is shortened to what fits, with a warning.

    Args:
        width: Of the adapter slots, which take memory, too.
        kv_dtype: Of keys and values, where it isn't that of the weights.

    Raises:
        OutOfMemoryError: Not even one request of the length asked for fits; the hint has the
            numbers.
    """
    free = free_memory() if available is None else available
    kept = kv_dtype or dtype
    weights = weight_bytes(base, dtype)
    slots = (config.max_slots or FEW_SLOTS) * adapter_bytes(base, width, dtype) if width else 0
    room = max(0, int(USABLE * free) - weights - slots)
    most = min(config.kv_cache_bytes or room, room)
    length = config.max_model_len or base.context_length
    if config.max_model_len is None and request_bytes(base, kept, length) > most:
        length = _longest(base, kept, length, most)
    each = token_bytes(base, kept)
    if request_bytes(base, kept, length) > most or (config.kv_cache_bytes or 0) > room:
        fits = _longest(base, kept, length, most)
        raise OutOfMemoryError(
            f"one request of {length:,} tokens needs"
            f" {request_bytes(base, kept, length) >> 20:,} MiB for keys and values; there are"
            f" {most >> 20:,} MiB (free: {free >> 20:,}, the model takes about"
            f" {weights + slots >> 20:,})",
            hint=(
                f"lower max_model_len to {fits:,} or less (--max-model-len), raise kv_cache_bytes"
                " (--kv-cache-bytes), or use a smaller base model"
                if fits >= BLOCK
                else "free some memory"
            ),
            code="out_of_memory",
        )
    if length < base.context_length and config.max_model_len is None:
        log.warning(
            "the context is shortened from %d to %d tokens, which is what fits into memory",
            base.context_length,
            length,
        )
    requests = config.max_requests or MAX_REQUESTS
    wanted = config.kv_cache_bytes or max(
        request_bytes(base, kept, length), min(each * TOKENS_EACH * requests, int(SHARE * room))
    )
    return Sizes(length, wanted, each, requests)


def _longest(base: LocalModel, dtype: str, length: int, memory: int) -> int:
    """The longest request that fits, in whole blocks, at least one."""
    low, high = 1, max(1, length // BLOCK)
    while low < high:
        middle = (low + high + 1) // 2
        if request_bytes(base, dtype, middle * BLOCK) <= memory:
            low = middle
        else:
            high = middle - 1
    return low * BLOCK
