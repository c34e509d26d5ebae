"""`RowScaleCUDA` whole, with vLLM's own Triton kernels: on a GPU, or by Triton's interpreter.

In float16: vLLM's kernels refuse float32, and the interpreter's bfloat16 is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from vllm.config import LoRAConfig
from vllm.lora.layers import LoRAMapping

from expertserve.engine.vllm.lora_cuda import RowScaleCUDA
from expertserve.engine.vllm.rows import table
from expertserve.engine.vllm.scale_kernel import scale_rows
from tests.gpu.conftest import DEVICE

pytestmark = pytest.mark.long
SLOTS, RANK, IN = 4, 16, 64
PLAIN, AFFINE, SCALES, PARTLY = range(SLOTS)
"""Slots: a plain LoRA, a DoRA, an IA³, and a DoRA on the first slice alone."""
SHAPES = [(96,), (64, 32), (80, 48, 48), (300,)]


def weights(outs: tuple[int, ...], seed: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The stacks of A and B, with scales and shifts in the tables beside them."""
    generator = torch.Generator().manual_seed(seed)
    a = [torch.randn(SLOTS, 1, RANK, IN, generator=generator) * 0.1 for _ in outs]
    b = [torch.randn(SLOTS, 1, out, RANK, generator=generator) * 0.1 for out in outs]
    rows = [torch.randn(SLOTS, 2, out, generator=generator) * 0.1 for out in outs]
    for i in range(len(outs)):
        a[i][SCALES], rows[i][PLAIN] = 0, 0
        if i:
            b[i][PARTLY], rows[i][PARTLY] = 0, 0
    stacks = [t.half().to(DEVICE) for t in b]
    for stack, own in zip(stacks, rows, strict=True):
        table(stack).copy_(own)
    return [t.half().to(DEVICE) for t in a], stacks


def expected(
    y: torch.Tensor, x: torch.Tensor, slots: list[int], a: list[torch.Tensor], b: list[torch.Tensor]
) -> torch.Tensor:
    """PEFT's arithmetic, token by token, in float32."""
    wanted = y.float().clone()
    for token, slot in enumerate(slots):
        if not 0 <= slot < SLOTS:
            continue
        for down, up, (start, end) in zip(a, b, spans([len(s[0, 0]) for s in b]), strict=True):
            part, (scale, shift) = wanted[token, start:end], table(up)[slot].float()
            part += scale * part + shift
            part += up[slot, 0].float() @ (down[slot, 0].float() @ x[token].float())
    return wanted


def spans(sizes: list[int]) -> Iterator[tuple[int, int]]:
    return itertools.pairwise(itertools.accumulate(sizes, initial=0))


@pytest.fixture
def wrapper(monkeypatch: pytest.MonkeyPatch) -> RowScaleCUDA:
    monkeypatch.setattr(RowScaleCUDA, "affine_ids", frozenset({11, 12, 13}))
    config = LoRAConfig(max_lora_rank=RANK, max_loras=SLOTS, lora_dtype=torch.float16)
    return RowScaleCUDA(128, 32, DEVICE, lora_config=config)


def use(wrapper: RowScaleCUDA, slots: list[int]) -> None:
    """Tells the wrapper a step's tokens; adapter 10 + i is in slot i."""
    ids = tuple(10 + s if s >= 0 else 0 for s in slots)
    mapping = LoRAMapping(index_mapping=ids, prompt_mapping=ids, is_prefill=True)
    wrapper.update_metadata(mapping, [10, 11, 12, 13], SLOTS + 1, 512)


STEPS: dict[str, list[int]] = {
    "one plain LoRA": [PLAIN] * 5,
    "one DoRA": [AFFINE] * 5,
    "one IA³": [SCALES] * 3,
    "the base alone": [-1] * 4,
    "all mixed": [AFFINE, -1, PLAIN, SCALES, PARTLY, AFFINE, -1],
    "long": [PLAIN] * 20 + [AFFINE] * 33 + [-1] * 9,
}


@pytest.mark.parametrize("outs", SHAPES, ids=str)
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_every_step_gives_pefts_arithmetic(
    wrapper: RowScaleCUDA, step: list[int], outs: tuple[int, ...]
) -> None:
    use(wrapper, step)
    a, b = weights(outs, 1)
    x = torch.randn(len(step), IN).half().to(DEVICE)
    y = torch.randn(len(step), sum(outs)).half().to(DEVICE)
    wanted = expected(y, x, step, a, b)
    wrapper.add_lora_linear(y, x, tuple(a), tuple(b), 1.0, outs)
    torch.testing.assert_close(y.float(), wanted, rtol=2e-2, atol=2e-2)


def test_a_plain_lora_is_left_as_vllm_computes_it(wrapper: RowScaleCUDA) -> None:
    """Bit by bit: no rounding of ours touches it."""
    step = [PLAIN] * 6 + [-1]
    use(wrapper, step)
    a, b = weights((64, 32), 2)
    x, y = torch.randn(7, IN).half().to(DEVICE), torch.randn(7, 96).half().to(DEVICE)
    ours, theirs = y.clone(), y.clone()
    wrapper.add_lora_linear(ours, x, tuple(a), tuple(b), 1.0, (64, 32))
    super(RowScaleCUDA, wrapper).add_lora_linear(theirs, x, tuple(a), tuple(b), 1.0, (64, 32))
    assert torch.equal(ours, theirs)


def test_logits_are_scaled_by_the_sampled_tokens_adapters(wrapper: RowScaleCUDA) -> None:
    step = [AFFINE, PLAIN, -1, SCALES]
    use(wrapper, step)
    (a,), (b,) = weights((300,), 3)
    x, y = torch.randn(4, IN).half().to(DEVICE), torch.randn(4, 300).half().to(DEVICE)
    wanted = expected(y, x, step, [a], [b])
    wrapper.add_lora_logits(y, x, a, b, 1.0)
    torch.testing.assert_close(y.float(), wanted, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("outs", SHAPES, ids=str)
def test_padding_of_a_captured_batch_may_hold_anything(outs: tuple[int, ...]) -> None:
    _, b = weights(outs, 4)
    slots = [AFFINE, -1, 99, SCALES, -7, PARTLY, 1 << 40]
    y = torch.randn(len(slots), sum(outs)).half().to(DEVICE)
    none = [torch.zeros(SLOTS, 1, RANK, IN, device=DEVICE) for _ in outs]
    wanted = expected(y, torch.zeros(len(slots), IN, device=DEVICE), slots, none, b)
    affine = torch.tensor([0, 1, 1, 1], dtype=torch.int32, device=DEVICE)
    scale_rows(y, torch.tensor(slots, device=DEVICE), affine, b)
    torch.testing.assert_close(y.float(), wanted, rtol=5e-3, atol=5e-3)


def test_a_step_without_tokens_is_none() -> None:
    _, b = weights((64,), 5)
    y: Any = torch.zeros(0, 64).half().to(DEVICE)
    scale_rows(y, torch.zeros(0, dtype=torch.long), torch.zeros(SLOTS, dtype=torch.int32), b)


def test_a_compiled_model_scales_rows_too(wrapper: RowScaleCUDA) -> None:
    """vLLM compiles models on GPUs in one graph: nothing in it may need Python's own memory."""
    step = [AFFINE, -1, PLAIN, SCALES]
    use(wrapper, step)
    a, b = weights((64, 32), 6)
    x = torch.randn(4, IN).half().to(DEVICE)
    y = torch.randn(4, 96).half().to(DEVICE)
    wanted = expected(y, x, step, a, b)

    @torch.compile(fullgraph=True, backend="eager")
    def layer(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        out = y * 1
        wrapper.add_lora_linear(out, x, tuple(a), tuple(b), 1.0, (64, 32))
        return out

    torch.testing.assert_close(layer(y, x).float(), wanted, rtol=2e-2, atol=2e-2)


def test_the_benchmark_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import gpu

    monkeypatch.setattr("sys.argv", ["gpu.py", "--short", "--device", DEVICE])
    monkeypatch.setattr(gpu, "BATCHES", (2,))
    gpu.main()
    assert gpu.measure(64, (64, 32), 1, DEVICE, 1)["DoRA ÷ vLLM"] > 0
