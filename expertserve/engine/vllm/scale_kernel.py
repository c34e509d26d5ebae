"""The row scale on GPUs: one Triton kernel over all slices of a fused layer.

y ← y + d ⊙ y + e for every token whose adapter scales or shifts rows; d and e are the first two
columns of its slot's B. A program that meets a token without an adapter, or with a plain LoRA, ends
after two loads. Nothing is read back to the host and no shape depends on data, so the kernel may
stand in a captured CUDA graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from vllm.triton_utils import tl, triton

BLOCK = 256
"""Output columns of one program."""


@triton.jit  # type: ignore[untyped-decorator]
def _scale_rows(  # type: ignore[no-untyped-def]
    y,
    slot_of,
    affine,
    b_places,
    b_strides,
    starts,
    sizes,
    y_stride,
    row_stride,
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
    inside = columns < tl.load(sizes + piece)
    b = tl.load(b_places + piece).to(tl.pointer_type(y.dtype.element_ty))
    own = b + slot * tl.load(b_strides + piece) + columns * row_stride
    scale = tl.load(own, mask=inside, other=0.0).to(tl.float32)
    shift = tl.load(own + 1, mask=inside, other=0.0).to(tl.float32)
    place = y + token * y_stride + tl.load(starts + piece) + columns
    value = tl.load(place, mask=inside, other=0.0).to(tl.float32)
    tl.store(place, (value + scale * value + shift).to(y.dtype.element_ty), mask=inside)


def scale_rows(
    y: torch.Tensor, slot_of: torch.Tensor, affine: torch.Tensor, b_stacked: Sequence[torch.Tensor]
) -> None:
    """Scales and shifts rows in place.

    Args:
        y: Shape [tokens, out of all slices].
        slot_of: Each token's slot, −1 for none; padding of a captured batch may hold anything.
        affine: For each slot, whether its adapter scales or shifts anything, shape [slots], int32.
        b_stacked: Per slice [slots, 1, out, rank], of y's type.
    """
    if not len(y):
        return
    places, strides, starts, sizes, widest = _slices(
        tuple((b.data_ptr(), b.stride(0), b.shape[2]) for b in b_stacked), y.device
    )
    grid = (len(y), len(b_stacked), triton.cdiv(widest, BLOCK))
    first = b_stacked[0]
    _scale_rows[grid](
        y,
        slot_of,
        affine,
        places,
        strides,
        starts,
        sizes,
        y.stride(0),
        first.stride(2),
        first.shape[0],
        BLOCK=BLOCK,
    )


@cache
def _slices(slices: tuple[tuple[int, int, int], ...], device: torch.device) -> tuple[Any, ...]:
    """Each slice's B: where it begins, its stride from slot to slot, its columns of y."""
    sizes = [out for _, _, out in slices]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    columns = ([p for p, _, _ in slices], [s for _, s, _ in slices], starts, sizes)
    made = [torch.tensor(column, dtype=torch.int64, device=device) for column in columns]
    return (*made, max(sizes))
