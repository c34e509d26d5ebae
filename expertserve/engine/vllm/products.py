"""Small products on a CPU, with weights in tiles of vLLM's own AVX-512 kernels.

Of a small product in bfloat16, torch spends most of the time on setting it up. vLLM's kernels for
CPUs set nothing up, and take their weights in an order that is cheap to make, in a tensor of which
a part can be written later.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import torch
from torch.nn.functional import pad

TILE = 32
"""Rows of a tile, and what both sizes of a matrix have to be multiples of."""
PAIR = torch.int32
"""A type as large as two values of bfloat16, which a tile keeps together."""
SMALL = 64
"""Up to so many tokens, products with tiles are quicker than oneDNN's."""


@lru_cache
def has_tiles() -> bool:
    """Whether this CPU and this vLLM have the kernels. Without the CPU's part they would end us."""
    return torch.cpu._is_avx512_bf16_supported() and all(
        hasattr(torch.ops._C, name)
        for name in ("convert_weight_packed", "weight_packed_linear", "bmm_cpu")
    )


def fits_tiles(dtype: torch.dtype, sizes: Sequence[int]) -> bool:
    """Whether matrices of these sizes can be held in tiles."""
    return dtype == torch.bfloat16 and not any(s % TILE for s in sizes) and has_tiles()


def tiles(matrix: torch.Tensor) -> torch.Tensor:
    """A matrix [out, in] held in tiles, as pairs [out / 32, in / 2, 32], a view."""
    out, size = matrix.shape
    return matrix.view(PAIR).view(out // TILE, size // 2, TILE)


class Product:
    """Inputs times one matrix [out, in] in tiles, its sizes filled up with zeros.

    A result is good until the next product of its width and side: its memory, which is in the
    cache, is used again.
    """

    def __init__(self, matrix: torch.Tensor, side: Literal["down", "up"]) -> None:
        out, size = matrix.shape
        if out % TILE or size % TILE:
            matrix = pad(matrix, (0, -size % TILE, 0, -out % TILE))
        self._weights = torch.ops._C.convert_weight_packed(matrix.contiguous())
        self._columns, self._side = len(matrix), side

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        made = _scratch(self._columns, x.dtype, self._side)[: len(x)]
        torch.ops._C.weight_packed_linear(made, x, self._weights, None, True)
        return made


@lru_cache
def _scratch(columns: int, dtype: torch.dtype, side: str) -> torch.Tensor:
    return torch.empty(SMALL, columns, dtype=dtype)


def multiply(made: torch.Tensor, x: torch.Tensor, matrices: torch.Tensor, *, tiled: bool) -> None:
    """Writes x [groups, tokens, in] times matrices [groups, out, in] into `made`.

    Args:
        tiled: The matrices are held in tiles.
    """
    if tiled:
        torch.ops._C.bmm_cpu(made, x, matrices, True, None)
    else:
        made.copy_(torch.bmm(x, matrices.mT))
