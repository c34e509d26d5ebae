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

from expertserve.engine.vllm import products
from expertserve.engine.vllm.grouped import Grouped
from expertserve.engine.vllm.lora_cpu import RowScaleCPU, apply
from expertserve.engine.vllm.packed import Alone, Packed, pack
from expertserve.engine.vllm.products import SMALL
from expertserve.engine.vllm.regions import LONG_RUN, Order, regions
from expertserve.engine.vllm.rows import table

SLOTS, RANK, IN, OUTS = 4, 6, 8, (5, 3)
TILED_IN, TILED_OUTS = 64, (96, 32)
"""Sizes that weights in tiles can have."""


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
        one = each[r.slots[0]] if not r.is_grouped else Grouped([each[s] for s in r.slots])
        apply(y[r.start : r.end], x[r.start : r.end], one, r)
        covered += r.end - r.start
    torch.testing.assert_close(y, wanted, rtol=1e-4, atol=1e-4)
    assert covered >= sum(s >= 0 for s in slots)


@settings(deadline=None, max_examples=60)
@given(
    slots=st.lists(st.integers(-1, SLOTS - 1), min_size=1, max_size=70),
    rank=st.sampled_from([3, 4, 7, 10, 18, 34, 66]),
    seed=st.integers(0, 5),
    tiled=st.booleans(),
    alone=st.booleans(),
)
def test_bfloat16_tokens_get_the_formula_in_groups_of_every_size(
    slots: list[int], rank: int, seed: int, tiled: bool, alone: bool
) -> None:
    """With weights in tiles where the CPU multiplies with such, and with torch's products."""
    current_platform.import_kernels()
    slots = slots[:1] * len(slots) if alone else slots
    size, outs = (TILED_IN, TILED_OUTS) if tiled else (TILED_IN, (90, 32))
    a, b = ([s.bfloat16() for s in side] for side in weights(seed, size, outs, rank))
    x, y = torch.randn(len(slots), size).bfloat16(), torch.randn(len(slots), sum(outs)).bfloat16()
    wanted = expected(y.float(), x.float(), slots, floats(a), floats(b))
    for r in regions(slots, torch.bfloat16, Order()):
        each = [packed(a, b, slot) for slot in r.slots]
        few = Alone(each[0]) if each[0].slices and len(slots) < SMALL else each[0]
        weights_ = Grouped(each) if r.is_grouped else few
        apply(y[r.start : r.end], x[r.start : r.end], weights_, r)
    torch.testing.assert_close(y.float(), wanted, rtol=0.05, atol=0.02 * float(wanted.abs().max()))


@pytest.mark.parametrize("rank", [4, 18, 40])
def test_places_are_added_when_more_adapters_come(rank: int) -> None:
    current_platform.import_kernels()
    a, b = ([s.bfloat16() for s in side] for side in weights(3, TILED_IN, TILED_OUTS, rank))
    for s in a:
        s[:] = torch.randn_like(s)  # all of one shape
        s[:, :, :2] = 0
    each = [packed(a, b, slot) for slot in range(SLOTS)]
    several = Grouped([each[1]])
    slots = [0, 1, 2, 3] * 2
    (region,) = regions(slots, torch.bfloat16, Order())
    x, y = torch.randn(len(slots), TILED_IN).bfloat16(), torch.randn(len(slots), sum(TILED_OUTS))
    y = y.bfloat16()
    wanted = expected(y.float(), x.float(), slots, floats(a), floats(b))
    assert all(several.put(place, each[slot]) for place, slot in enumerate(region.slots))
    apply(y, x, several, region)
    torch.testing.assert_close(y.float(), wanted, rtol=0.05, atol=0.02 * float(wanted.abs().max()))


def test_a_result_never_lies_where_the_next_product_reads() -> None:
    """Memory is used again. An adapter of rank 256 is as wide as this layer's output."""
    current_platform.import_kernels()
    a, b = torch.randn(256, TILED_IN).bfloat16(), torch.randn(256, 256).bfloat16()
    few = Alone(pack([a], [b], [None]))
    for tokens in (3, 60):
        x, y = torch.randn(tokens, TILED_IN).bfloat16(), torch.zeros(tokens, 256).bfloat16()
        few.add(y, x)
        wanted = x.float() @ a.float().T @ b.float().T
        torch.testing.assert_close(
            y.float(), wanted, rtol=0.1, atol=0.02 * float(wanted.abs().max())
        )


def test_tiles_are_taken_where_the_cpu_has_them_and_sizes_fill_them() -> None:
    current_platform.import_kernels()
    sizes = (TILED_IN, *TILED_OUTS)
    assert products.fits_tiles(torch.bfloat16, sizes) == products.has_tiles()
    assert not products.fits_tiles(torch.float32, sizes)
    assert not products.fits_tiles(torch.bfloat16, (TILED_IN, 90))


def test_a_cpu_without_such_kernels_never_meets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "has_tiles", lambda: False)
    monkeypatch.setattr(torch.ops, "_C", None)
    a, b = ([s.bfloat16() for s in side] for side in weights(2, TILED_IN, TILED_OUTS))
    slots = [0, 2, -1, 1, 2, 3]
    x, y = torch.randn(len(slots), TILED_IN).bfloat16(), torch.zeros(len(slots), sum(TILED_OUTS))
    y = y.bfloat16()
    (region,) = regions(slots, torch.bfloat16, Order())
    several = Grouped([packed(a, b, slot) for slot in region.slots])
    wanted = expected(y.float(), x.float(), slots, floats(a), floats(b))
    apply(y, x, several, region)
    torch.testing.assert_close(y.float(), wanted, rtol=0.05, atol=1.0)


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(-1, SLOTS - 1), min_size=1, max_size=12),
        st.sampled_from([None, 0, 1, 2, 3]),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=20)
@given(steps=STEPS, long=st.booleans(), tiled=st.booleans())
def test_adapters_that_come_and_go_keep_others_as_they_were(
    steps: list[tuple[list[int], int | None]], long: bool, tiled: bool
) -> None:
    """Before a step, a slot may be given to another adapter, whose weights are of other shapes."""
    current_platform.import_kernels()
    dtype = torch.bfloat16 if tiled else torch.float32
    size, outs = (TILED_IN, TILED_OUTS) if tiled else (IN, OUTS)
    config = LoRAConfig(max_lora_rank=8, max_loras=SLOTS, lora_dtype=dtype)
    wrapper = RowScaleCPU(512, 64, "cpu", lora_config=config)
    a, b = ([s.to(dtype) for s in side] for side in weights(0, size, outs))
    stacks = [s[:, :, 2:].contiguous() for s in a], [s[:, :, :, 2:].contiguous() for s in b]
    ids: list[int | None] = [1, 2, 3, 4]
    for stack_, part in zip(stacks[1], b, strict=True):
        table(stack_).copy_(part[:, 0, :, :2].mT)
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
            most = 0.02 * float(wanted.abs().max()) if tiled else 1e-4
            torch.testing.assert_close(y.float(), wanted, rtol=most, atol=most)


def floats(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return [t.float() for t in tensors]


def test_places_stay_and_are_given_up_when_half_are_not_needed() -> None:
    order = Order()
    assert order([1, 2, 3]) == (1, 2, 3)
    assert order([1, 3, 7]) == (1, 7, 3), "the newcomer takes the place that is free"
    assert order([3]) == (1, 7, 3)
    assert sorted(order(range(10))) == list(range(10))
    assert order([4, 5]) == (4, 5)
