"""The arithmetic inside vLLM's CPU workers, without vLLM's engine, against the formula."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("vllm", reason="the CPU wrapper's module imports vLLM")

from vllm.config import LoRAConfig
from vllm.lora.layers import LoRAMapping
from vllm.platforms import current_platform

from expertserve.engine.vllm import packed as packing
from expertserve.engine.vllm.lora_cpu import RowScaleCPU, apply
from expertserve.engine.vllm.packed import Packed, pack, stack
from expertserve.engine.vllm.regions import LONG_RUN, Order, Region, regions
from expertserve.engine.vllm.rows import table

SLOTS, RANK, IN, OUTS = 4, 6, 8, (5, 3)


def weights(seed: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Per slice a [slots, 1, 2 + rank, in] and b [slots, 1, out, 2 + rank], as in a serving form's
    file; slot 0 is a plain LoRA, slot 3 scales alone.
    """
    torch.manual_seed(seed)
    a = [torch.randn(SLOTS, 1, RANK, IN) for _ in OUTS]
    b = [torch.randn(SLOTS, 1, out, RANK) for out in OUTS]
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
    rows = []
    for i, slot in enumerate(slots):
        parts = []
        for s, (start, out) in enumerate(
            zip(itertools.accumulate((0, *OUTS[:-1])), OUTS, strict=True)
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


def packed(a: list[torch.Tensor], b: list[torch.Tensor], slot: int) -> Packed:
    """One slot's, the first slot without a table."""
    down, up = ([s[slot].squeeze(0) for s in side] for side in (a, b))
    rows = [None if slot == 0 else s[:, :2].T for s in up]
    return pack([s[2:] for s in down], [s[:, 2:] for s in up], rows)


RUNS = st.lists(
    st.tuples(st.integers(-1, SLOTS - 1), st.sampled_from([1, 2, 3, LONG_RUN, LONG_RUN + 5])),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=60)
@given(runs=RUNS, seed=st.integers(0, 5))
def test_every_mixture_of_runs_gives_the_formula(runs: list[tuple[int, int]], seed: int) -> None:
    slots = [slot for slot, length in runs for _ in range(length)]
    a, b = weights(seed)
    x, y = torch.randn(len(slots), IN), torch.randn(len(slots), sum(OUTS))
    wanted = expected(y, x, slots, a, b)
    each = {slot: packed(a, b, slot) for slot in range(SLOTS)}
    covered = 0
    for r in regions(slots, torch.float32, Order()):
        one = (
            each[r.slots[0]]
            if len(r.slots) == 1 and r.row is None
            else stack([each[s] for s in r.slots])
        )
        apply(y[r.start : r.end], x[r.start : r.end], one, r)
        covered += r.end - r.start
    torch.testing.assert_close(y, wanted, rtol=1e-4, atol=1e-4)
    assert covered >= sum(s >= 0 for s in slots)


def few_bfloat16_tokens(
    seed: int,
) -> tuple[torch.Tensor, torch.Tensor, Packed, Region, torch.Tensor]:
    """x, y, the adapters side by side, the region, and what y should become, of a step that mixes
    all slots and a token without one.
    """
    slots = [0, 2, -1, 1, 2, 3]
    a, b = ([s.bfloat16() for s in side] for side in weights(seed))
    x, y = torch.randn(len(slots), IN).bfloat16(), torch.randn(len(slots), sum(OUTS)).bfloat16()
    (region,) = regions(slots, torch.bfloat16, Order())
    several = stack([packed(a, b, slot) for slot in region.slots])
    return (
        x,
        y,
        several,
        region,
        expected(y.float(), x.float(), slots, [s.float() for s in a], [s.float() for s in b]),
    )


def test_few_bfloat16_tokens_keep_their_answer_once_weights_are_laid_out_or_cannot_be() -> None:
    """Laid out for oneDNN after some uses; a CPU without AVX-512 has no such product, and goes on
    as it was.
    """
    current_platform.import_kernels()
    x, y, several, region, wanted = few_bfloat16_tokens(2)
    for _ in range(45):
        out = y.clone()
        apply(out, x, several, region)
        torch.testing.assert_close(out.float(), wanted, rtol=0.05, atol=0.2)
    assert bool(several.products()) == torch.ops.mkldnn._is_mkldnn_bf16_supported()


def test_a_result_never_lies_where_the_next_product_reads() -> None:
    """Memory is used again. Two adapters of rank 256 side by side are as wide as this layer's
    output.
    """
    current_platform.import_kernels()
    slots, rank = [0, 1] * 30, 256
    a = torch.randn(2, rank, IN).bfloat16()
    b = torch.randn(2, 2 * rank, rank).bfloat16()
    several = stack([pack([a[slot]], [b[slot]], [None]) for slot in (0, 1)])
    (region,) = regions(slots, torch.bfloat16, Order())
    x = torch.randn(len(slots), IN).bfloat16()
    wanted = torch.stack(
        [
            b[slot].float() @ (a[slot].float() @ row.float())
            for slot, row in zip(slots, x, strict=True)
        ]
    )
    for _ in range(45):
        y = torch.zeros(len(slots), 2 * rank).bfloat16()
        apply(y, x, several, region)
        torch.testing.assert_close(y.float(), wanted, rtol=0.1, atol=2.0)


def test_laid_out_weights_hold_every_slice_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """On any CPU: with a product that is torch's own in oneDNN's place."""
    monkeypatch.setattr(packing, "Product", lambda matrix, side: lambda x: x @ matrix)
    x, y, several, region, wanted = few_bfloat16_tokens(4)
    assert any(several.products() for _ in range(45))
    apply(y, x, several, region)
    torch.testing.assert_close(y.float(), wanted, rtol=0.05, atol=0.2)


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(-1, SLOTS - 1), min_size=1, max_size=12),
        st.sampled_from([None, 0, 1, 2, 3]),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=20)
@given(steps=STEPS, long=st.booleans())
def test_adapters_that_come_and_go_keep_others_as_they_were(
    steps: list[tuple[list[int], int | None]], long: bool
) -> None:
    """Before a step, a slot may be given to another adapter, whose weights are of other shapes."""
    config = LoRAConfig(max_lora_rank=8, max_loras=SLOTS, lora_dtype=torch.float32)
    wrapper = RowScaleCPU(512, 64, "cpu", lora_config=config)
    a, b = weights(0)
    stacks = [s[:, :, 2:].contiguous() for s in a], [s[:, :, :, 2:].contiguous() for s in b]
    ids: list[int | None] = [1, 2, 3, 4]
    for stack_, part in zip(stacks[1], b, strict=True):
        table(stack_).copy_(part[:, 0, :, :2].mT)
    for number, (slots, changed) in enumerate(steps):
        if changed is not None:
            fresh_a, fresh_b = weights(number + 1)
            kind = (changed + number) % SLOTS
            for i in range(len(OUTS)):
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
            x, y = torch.randn(len(tokens), IN), torch.randn(len(tokens), sum(OUTS))
            wanted = expected(y, x, tokens, a, b)
            wrapper.add_lora_linear(y, x, *map(tuple, stacks), 1.0, OUTS)
            torch.testing.assert_close(y, wanted, rtol=1e-4, atol=1e-4)


def test_places_stay_and_are_given_up_when_half_are_not_needed() -> None:
    order = Order()
    assert order([1, 2, 3]) == (1, 2, 3)
    assert order([1, 3, 7]) == (1, 7, 3), "the newcomer takes the place that is free"
    assert order([3]) == (1, 7, 3)
    assert sorted(order(range(10))) == list(range(10))
    assert order([4, 5]) == (4, 5)
