"""The row scale on GPUs: one Triton kernel over all slices of a fused layer.

y ← y + d ⊙ y + e for every token whose adapter scales or shifts rows; d and e are in the tables
beside the slots (`rows`). A program that meets a token without an adapter, or with a plain LoRA,
ends after two loads. Nothing is read back to the host and no shape depends on data, so the kernel
may stand in a captured CUDA graph; it is an operation of torch's, so that a compiled model has it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from vllm.triton_utils import tl, triton

from expertserve.engine.vllm.rows import table

BLOCK = 256
"""Output columns of one program."""


@triton.jit  # type: ignore[untyped-decorator]
def _scale_rows(  # type: ignore[no-untyped-def]
    y,
    slot_of,
    affine,
    tables,
    starts,
    sizes,
    y_stride,
    slots,
    BLOCK: tl.constexpr,
):
    """One token, one slice, one block of columns."""
    token, piece = tl.program_id(0), tl.program_id(1)
    slot = tl.load(slot_of + token)
    if slot < 0 or slot >= slots:
        return
    if tl.load(affine + slot) == 0:
        return
    columns = tl.program_id(2) * BLOCK + tl.arange(0, BLOCK)
    size = tl.load(sizes + piece)
    inside = columns < size
    own = tl.load(tables + piece).to(tl.pointer_type(y.dtype.element_ty))
    own += slot * 2 * size + columns
    scale = tl.load(own, mask=inside, other=0.0).to(tl.float32)
    shift = tl.load(own + size, mask=inside, other=0.0).to(tl.float32)
    place = y + token * y_stride + tl.load(starts + piece) + columns
    value = tl.load(place, mask=inside, other=0.0).to(tl.float32)
    tl.store(place, (value + scale * value + shift).to(y.dtype.element_ty), mask=inside)


@torch.library.custom_op("expertserve::scale_rows", mutates_args=("y",))
def scale_rows(
    y: torch.Tensor, slot_of: torch.Tensor, affine: torch.Tensor, b_stacked: list[torch.Tensor]
) -> None:
    """Scales and shifts rows in place.

    Args:
        y: Shape [tokens, out of all slices].
        slot_of: Each token's slot, −1 for none; padding of a captured batch may hold anything.
        affine: For each slot, whether its adapter scales or shifts anything, shape [slots], int32.
        b_stacked: Per slice [slots, 1, out, rank], of y's type: its table is read, not itself.
    """
    if not len(y):
        return
    tables = [table(b) for b in b_stacked]
    places, starts, sizes, widest = _slices(
        tuple((t.data_ptr(), t.shape[2]) for t in tables), y.device
    )
    grid = (len(y), len(tables), triton.cdiv(widest, BLOCK))
    _scale_rows[grid](
        y, slot_of, affine, places, starts, sizes, y.stride(0), len(tables[0]), BLOCK=BLOCK
    )


@cache
def _slices(slices: tuple[tuple[int, int], ...], device: torch.device) -> tuple[Any, ...]:
    """Each slice's table: where it is, where its columns of y begin, and how many they are."""
    sizes = [out for _, out in slices]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    made = [
        torch.tensor(column, dtype=torch.int64, device=device)
        for column in ([place for place, _ in slices], starts, sizes)
    ]
    return (*made, max(sizes))
