"""The arithmetic inside vLLM's CPU workers, without vLLM's engine, against the formula."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("vllm", reason="the CPU wrapper's module imports vLLM")

from vllm.config import LoRAConfig
from vllm.lora.layers import LoRAMapping

from expertserve.engine.vllm import fused
from expertserve.engine.vllm.lora_cpu import RowScaleCPU
from expertserve.engine.vllm.rows import table
from expertserve.engine.vllm.runs import LONG_RUN, Numbers, runs
from expertserve.engine.vllm.stacked import Stacked, empty_by_ranks

SLOTS, RANK, IN, OUTS = 4, 6, 8, (5, 3)


def weights(
    seed: int, size: int = IN, outs: tuple[int, ...] = OUTS, rank: int = RANK
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Per slice a [slots, 1, rank, in] and b [slots, 1, out, rank], as in a serving form's file
    with two columns beside the product's; slot 0 is a plain LoRA, slot 3 scales alone.
    """
    torch.manual_seed(seed)
    a = [torch.randn(SLOTS, 1, rank, size) for _ in outs]
    b = [torch.randn(SLOTS, 1, out, rank) for out in outs]
    for s in a:
        s[:, :, :2] = 0
        s[3] = 0
        s[1, :, 4:] = 0
    for s in b:
        s[0, 0, :, :2] = 0
    a[0][2], b[0][2] = 0, 0  # slot 2 leaves the first slice alone
    return a, b


def expected(
    y: torch.Tensor, x: torch.Tensor, slots: list[int], a: list[torch.Tensor], b: list[torch.Tensor]
) -> torch.Tensor:
    """The formula, token by token."""
    rows, outs = [], [part.shape[2] for part in b]
    for i, slot in enumerate(slots):
        parts = []
        for s, (start, out) in enumerate(
            zip(itertools.accumulate((0, *outs[:-1])), outs, strict=True)
        ):
            part = y[i, start : start + out]
            if slot >= 0:
                part = (
                    part * (1 + b[s][slot, 0, :, 0])
                    + b[s][slot, 0, :, 1]
                    + b[s][slot, 0] @ (a[s][slot, 0] @ x[i])
                )
            parts.append(part)
        rows.append(torch.cat(parts))
    return torch.stack(rows)


def stacked(
    a: list[torch.Tensor], b: list[torch.Tensor]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """As vLLM's slots hold them, the columns for scale and shift in tables beside."""
    up = [empty_by_ranks(s[:, :, :, 2:]).copy_(s[:, :, :, 2:]) for s in b]
    for stack, part in zip(up, b, strict=True):
        table(stack).copy_(part[:, 0, :, :2].mT)
    return [s[:, :, 2:].contiguous() for s in a], up


def few(slots: Numbers) -> Numbers:
    found = runs(slots).few
    assert found is not None
    return found


TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.02, torch.float16: 0.02}
"""Of the largest value."""
RUNS = st.lists(
    st.tuples(st.integers(-1, SLOTS - 1), st.sampled_from([1, 2, 3, LONG_RUN, LONG_RUN + 5])),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=100)
@given(
    lengths=RUNS,
    rank=st.sampled_from([3, 4, 7, 10, 18, 66]),
    sizes=st.sampled_from([(IN, OUTS), (64, (96, 32)), (33, (17,))]),
    dtype=st.sampled_from(list(TOLERANCE)),
    of_y=st.sampled_from([None, torch.float32]),
    threads=st.integers(1, 2),
    plain=st.booleans(),
    seed=st.integers(0, 5),
)
def test_every_mixture_of_tokens_gives_the_formula(
    lengths: list[tuple[int, int]],
    rank: int,
    sizes: tuple[int, tuple[int, ...]],
    dtype: torch.dtype,
    of_y: torch.dtype | None,
    threads: int,
    plain: bool,
    seed: int,
) -> None:
    """Ranks that fill blocks and don't, types with loops of ours and without."""
    slots, (size, outs) = [slot for slot, n in lengths for _ in range(n)], sizes
    a, b = ([s.to(dtype) for s in side] for side in weights(seed, size, outs, rank))
    x = torch.randn(len(slots), size).to(of_y or dtype)
    x = x if plain else x.T.contiguous().T
    y = torch.randn(len(slots), sum(outs) + 3).to(of_y or dtype)
    y, beside = y[:, : sum(outs)], y[:, sum(outs) :].clone()
    wanted = expected(y.float(), x.float(), slots, floats(a), floats(b))
    layer = Stacked(*stacked(a, b), threads)
    layer.look(np.arange(1, SLOTS + 1))
    step = runs(np.array(slots))
    if step.few is not None:
        layer.add_few(y, x, step.few)
    for where, slot in step.runs:
        layer.add_run(y[where], x[where], slot)
    most = TOLERANCE[dtype] * max(1.0, float(wanted.abs().max()))
    torch.testing.assert_close(y.float(), wanted, rtol=TOLERANCE[dtype], atol=most)
    assert torch.equal(y.as_strided(beside.shape, y.stride(), sum(outs)), beside)


@pytest.mark.parametrize("rank", [4, 9, 10, 34])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_token_gets_the_same_whoever_is_beside_it(dtype: torch.dtype, rank: int) -> None:
    a, b = ([s.to(dtype) for s in side] for side in weights(1, 576, (192, 64), rank))
    layer = Stacked(*stacked(a, b))
    layer.look(np.arange(1, SLOTS + 1))
    x, y = torch.randn(40, 576).to(dtype), torch.randn(40, 256).to(dtype)
    slots = np.array([0, 2, -1, 1, 1, 3, 0, 2, 1, 1] * 4)
    together, one_by_one = y.clone(), y.clone()
    layer.add_few(together, x, few(slots))
    for i in np.flatnonzero(slots >= 0).tolist():
        layer.add_few(one_by_one[i : i + 1], x[i : i + 1], few(slots[i : i + 1]))
    assert torch.equal(together, one_by_one)


def test_values_are_rounded_as_torch_rounds_them() -> None:
    """To the nearest, ties to even; infinities and what isn't a number stay."""
    bits = torch.arange(1 << 16, dtype=torch.int32)
    y = torch.cat([(bits << 16).view(torch.float32), torch.randn(1 << 16)]).bfloat16()
    y = y.view(-1, 64)
    size, slots = 32, np.zeros(len(y), np.int64)
    x = torch.randn(len(y), size).bfloat16()
    a = torch.zeros(1, 1, 4, size).bfloat16()
    a[0, 0, 0, 0] = 1
    b = empty_by_ranks(torch.empty(1, 1, 64, 4).bfloat16())
    b[0, 0, :, 0] = 0.0078125
    layer = Stacked([a], [b])
    layer.look(np.array([1]))
    made = y.clone()
    for some in range(0, len(y), 64):
        where = slice(some, some + 64)
        layer.add_few(made[where], x[where], few(slots[where]))
    exact = (y.float() + 0.0078125 * x[:, :1].float()).bfloat16()
    assert torch.equal(made.isnan(), exact.isnan())
    assert torch.equal(made[~made.isnan()], exact[~exact.isnan()])


def test_unused_ranks_and_slices_are_not_computed() -> None:
    """A slot is as wide as the widest adapter."""
    a, b = torch.zeros(2, 1, 16, 8), torch.zeros(2, 1, 5, 16)
    a[1, 0, 2, 7] = 1
    held = empty_by_ranks(b)
    assert fused.used(a[1].data_ptr(), 8, 16, fused.STORED[torch.float32]) == 3
    assert fused.used(a[0].data_ptr(), 8, 16, fused.STORED[torch.float32]) == 0
    held[1, 0, :, 3] = torch.nan  # behind the last rank that counts
    layer = Stacked([a], [held])
    layer.look(np.array([1, 2]))
    y = torch.ones(1, 5)
    layer.add_few(y, torch.ones(1, 8), few(np.array([1])))
    assert torch.equal(y, torch.ones(1, 5))


def test_slots_that_vllm_stores_otherwise_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="by ranks"):
        Stacked([torch.zeros(2, 1, 4, 8)], [torch.zeros(2, 1, 6, 4)])


def test_long_runs_are_found_between_others() -> None:
    step = runs(np.array([0] * 3 + [1] * LONG_RUN + [-1] * LONG_RUN + [2]))
    assert step.runs == ((slice(3, 3 + LONG_RUN), 1),)
    assert step.few is not None
    assert step.few.tolist() == [[0, 0, 1, 2, -1], [2, 2 * LONG_RUN + 3, -1, -1, -1]]
    assert runs(np.full(5, -1)) == (None, ())


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(-1, SLOTS - 1), min_size=1, max_size=12),
        st.sampled_from([None, 0, 1, 2, 3]),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=20)
@given(steps=STEPS, long=st.booleans(), dtype=st.sampled_from([torch.float32, torch.bfloat16]))
def test_adapters_that_come_and_go_keep_others_as_they_were(
    steps: list[tuple[list[int], int | None]], long: bool, dtype: torch.dtype
) -> None:
    """Before a step, a slot may be given to another adapter, whose weights are of other shapes."""
    size, outs = IN, OUTS
    config = LoRAConfig(max_lora_rank=8, max_loras=SLOTS, lora_dtype=dtype)
    wrapper = RowScaleCPU(512, 64, "cpu", lora_config=config)
    a, b = ([s.to(dtype) for s in side] for side in weights(0, size, outs))
    stacks = stacked(a, b)
    ids: list[int | None] = [1, 2, 3, 4]
    for number, (slots, changed) in enumerate(steps):
        if changed is not None:
            fresh_a, fresh_b = weights(number + 1, size, outs)
            kind = (changed + number) % SLOTS
            for i in range(len(outs)):
                a[i][changed], b[i][changed] = fresh_a[i][kind], fresh_b[i][kind]
                stacks[0][i][changed] = fresh_a[i][kind][:, 2:]
                stacks[1][i][changed] = fresh_b[i][kind][:, :, 2:]
                table(stacks[1][i])[changed] = fresh_b[i][kind, 0, :, :2].T
            ids[changed] = 10 + number
        tokens = slots * (1 + LONG_RUN * long) if len(set(slots)) == 1 else slots
        tokens = [*tokens, *[slots[0]] * (LONG_RUN + 2), *reversed(slots)] if long else tokens
        named = tuple(ids[s] or 0 if s >= 0 else 0 for s in tokens)
        wrapper.update_metadata(LoRAMapping(named, named, is_prefill=True), ids, SLOTS + 1, 512)
        for _ in range(2):
            x, y = (torch.randn(len(tokens), n).to(dtype) for n in (size, sum(outs)))
            wanted = expected(*(t.float() for t in (y, x)), tokens, *map(floats, (a, b)))
            wrapper.add_lora_linear(y, x, *map(tuple, stacks), 1.0, outs)
            most = TOLERANCE[dtype] * max(1.0, float(wanted.abs().max()))
            torch.testing.assert_close(y.float(), wanted, rtol=TOLERANCE[dtype], atol=most)


def floats(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return [t.float() for t in tensors]
