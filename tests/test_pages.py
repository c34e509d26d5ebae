"""The cache's memory on CPUs: zero, and taken page by page as it is written."""

from __future__ import annotations

import sys

import psutil
import pytest
import torch

from expertserve.engine.vllm.patches.pages import UntouchedZeros

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="vLLM runs on Linux")
SIZE = 512 << 20


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def test_a_cache_takes_memory_where_it_is_written() -> None:
    before = resident()
    with UntouchedZeros():
        cache = torch.zeros(SIZE, dtype=torch.int8, device=torch.device("cpu"))
    assert resident() - before < SIZE // 8
    assert cache.shape == (SIZE,) and cache.data_ptr() % 4096 == 0
    blocks = cache.view(torch.bfloat16).view(64, -1)
    assert not blocks[7].any() and not blocks[63].any()
    blocks[7] += 1
    assert bool((blocks[7] == 1).all()) and not blocks[8].any()
    assert resident() - before < SIZE // 4


def test_other_tensors_are_torchs_own() -> None:
    with UntouchedZeros():
        small = torch.zeros(10, dtype=torch.int8)
        floats = torch.zeros(1 << 21, dtype=torch.float32)
        shaped = torch.zeros(1 << 11, 1 << 11, dtype=torch.int8)
    assert small.sum() == 0 and floats.dtype is torch.float32 and shaped.shape == (2048, 2048)
