"""Scales and shifts output rows by each token's adapter, in plain vectorised torch.

No host synchronisation and no shape that depends on data, so it may stand in a captured CUDA graph.
Written for vLLM's GPU wrapper; tested on the CPU, not measured on a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch


def scale_rows(y: torch.Tensor, index: torch.Tensor, b_stacked: Sequence[torch.Tensor]) -> None:
    """y ← y + d ⊙ y + e, in place, with d and e from the first two columns of each slice's B.

    Shapes: y [tokens, out of all slices], index [tokens] (slot, −1 for none), b_stacked: per slice
    [slots, 1, out, rank].
    """
    slots = b_stacked[0].shape[0]
    safe = index.clamp(0, slots - 1)  # padding of a captured batch may hold anything
    own = ((index >= 0) & (index < slots)).unsqueeze(1)
    start = 0
    for b in b_stacked:
        part = y[:, start : start + b.shape[2]]
        scale, shift = (b[:, 0, :, i].index_select(0, safe) * own for i in (0, 1))
        part.addcmul_(part, scale.to(part.dtype)).add_(shift.to(part.dtype))
        start += b.shape[2]
