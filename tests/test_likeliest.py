"""The likeliest token of each row, as torch finds it."""

from __future__ import annotations

import pytest
import torch

from expertserve.engine.vllm.patches.kernels import likeliest


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_it_is_torchs(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    logits = torch.randn(5, 3001).to(dtype)
    logits[1, :] = float("-inf")
    logits[1, 2999] = -3.0
    logits[2, [7, 70, 700]] = 9.0  # of several the first
    found = likeliest(logits)
    assert found.tolist() == logits.argmax(dim=-1).tolist() and found.dtype == torch.int64
    assert found[1] == 2999 and found[2] == 7
    found[0] = 1  # vLLM writes into it where some of a batch are sampled


def test_no_rows_have_none() -> None:
    assert likeliest(torch.empty(0, 8)).shape == (0,)
