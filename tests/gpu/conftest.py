"""Puts Triton's interpreter in a GPU's place, where there is none.

vLLM switches Triton off on CPUs; it is put back before its kernels are imported. `make
gpu-simulated` brings Triton, which nothing else needs.
"""

from __future__ import annotations

import os

import pytest
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ.setdefault("TRITON_INTERPRET", "1")
triton = pytest.importorskip("triton", reason="make gpu-simulated brings Triton")

if DEVICE == "cpu":
    import triton.language as tl
    import triton.language.extra.libdevice as libdevice
    import vllm.triton_utils as utils

    utils.triton, utils.tl, utils.tldevice, utils.HAS_TRITON = triton, tl, libdevice, True
