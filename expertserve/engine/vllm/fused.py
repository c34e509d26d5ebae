"""What adapters add to one linear layer's outputs, a step's tokens in one call, on a CPU.

y ← y + d ⊙ y + e + B (A x), each token with the weights in its own slot. For a few tokens that is
so little arithmetic that a matrix product's set-up would cost several times as much, so these are
plain loops, which Numba compiles for the CPU that they run on. They read vLLM's slots where they
are: nothing is copied when an adapter comes, and nothing is padded or masked in a mixed step. Sums
are in float32; A x and y are rounded once, as matrix products round them.

B has to be stored by ranks, [rank, out], so that loops go along the outputs; see `by_ranks`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numba
import numpy as np
import torch
from llvmlite import ir
from numba import carray, get_thread_id, njit, prange, types
from numba.extending import intrinsic

STORED: dict[torch.dtype, np.ndarray[Any, Any]] = {
    torch.float32: np.empty(0, np.float32),
    torch.bfloat16: np.empty(0, np.uint16),
}
"""How tensors of each type that can be computed with here lie in memory."""
HEAD, FIELDS = 3, 5
"""Numbers of a plan before its slices', and of a slice."""
FLAGS = {"reassoc", "contract", "nsz", "arcp"}
"""Freedom to reorder sums; values that aren't finite stay what they are."""

part = njit(fastmath=FLAGS, nogil=True)


def kept(function: Callable[..., Any], **options: bool) -> Callable[..., Any]:
    """Compiles once for each type and CPU: the result is on disk where there is a place to write.

    Numba looks for it by the function's name, and by this file's time.
    """
    options |= {"nogil": True}
    try:
        made = njit(cache=True, fastmath=FLAGS, **options)(function)
    except RuntimeError:  # neither beside this file nor in the user's cache folder
        made = njit(fastmath=FLAGS, **options)(function)
    return made  # type: ignore[no-any-return]


@cache
def threads() -> int:
    """How many may work on a step: torch's own, if Numba's OpenMP is the same as torch's.

    With a preloaded OpenMP, as vLLM has it on a CPU, there is one pool of threads. Two would wait
    for their work on the same cores.
    """
    preloaded = os.environ.get("LD_PRELOAD", "")
    count = torch.get_num_threads()
    if count == 1 or not any(name in preloaded for name in ("libgomp", "libiomp", "libomp")):
        return 1
    try:
        numba.config.THREADING_LAYER = "omp"
        numba.config.NUMBA_NUM_THREADS = max(count, numba.config.NUMBA_NUM_THREADS)
        numba.set_num_threads(count)
    except ValueError:  # no such layer, or somebody has begun with fewer threads
        return 1
    return count


@cache
def work(size: int) -> np.ndarray[Any, Any]:
    """What layers of a size work with, one after the other: float32, a row for each thread."""
    return np.zeros((numba.config.NUMBA_NUM_THREADS, size), np.float32)


@intrinsic  # type: ignore[untyped-decorator]
def _at(typing: Any, address: Any, kind: Any) -> Any:
    """A pointer to values of an array's type."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return types.CPointer(kind.dtype)(address, kind), build


@intrinsic  # type: ignore[untyped-decorator]
def _wide(typing: Any, value: Any) -> Any:
    """A stored value as float32; of 16 bits, they are the upper half of it."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if signature.args[0] == types.float32:
            return values[0]
        bits = builder.shl(builder.zext(values[0], ir.IntType(32)), ir.IntType(32)(16))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(value), build


@intrinsic  # type: ignore[untyped-decorator]
def _narrow(typing: Any, value: Any, like: Any) -> Any:
    """float32 as it is stored, rounded to the nearest, ties to even."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if signature.return_type == types.float32:
            return values[0]
        word = ir.IntType(32)
        bits = builder.bitcast(values[0], word)
        odd = builder.and_(builder.lshr(bits, word(16)), word(1))
        rounded = builder.add(bits, builder.add(odd, word(0x7FFF)))
        return builder.trunc(builder.lshr(rounded, word(16)), ir.IntType(16))

    return like(types.float32, like), build


@part  # type: ignore[untyped-decorator]
def _rounded(value: Any, like: Any) -> Any:
    """As a matrix product leaves it, which long runs take, so that both give the same."""
    return _wide(_narrow(value, like))


@part  # type: ignore[untyped-decorator]
def _down(a: Any, rank: int, size: int, x: Any, inner: Any) -> None:
    """A x for four tokens, x [4, in] and inner [4, ranks]: a weight is read once for all."""
    x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
    for r in range(0, rank - 1, 2):
        first, second = a[r * size : (r + 1) * size], a[(r + 1) * size : (r + 2) * size]
        s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = np.float32(0)
        for k in range(size):
            one, two = _wide(first[k]), _wide(second[k])
            s00 += x0[k] * one
            s01 += x1[k] * one
            s02 += x2[k] * one
            s03 += x3[k] * one
            s10 += x0[k] * two
            s11 += x1[k] * two
            s12 += x2[k] * two
            s13 += x3[k] * two
        like = first[0]
        inner[0, r], inner[1, r] = _rounded(s00, like), _rounded(s01, like)
        inner[2, r], inner[3, r] = _rounded(s02, like), _rounded(s03, like)
        inner[0, r + 1], inner[1, r + 1] = _rounded(s10, like), _rounded(s11, like)
        inner[2, r + 1], inner[3, r + 1] = _rounded(s12, like), _rounded(s13, like)
    if rank % 2:
        last = a[(rank - 1) * size : rank * size]
        for token in range(4):
            own, one = x[token], np.float32(0)
            for k in range(size):
                one += own[k] * _wide(last[k])
            inner[token, rank - 1] = _rounded(one, last[0])


@part  # type: ignore[untyped-decorator]
def _up(b: Any, rank: int, out: int, inner: Any, y: Any) -> None:
    """y += B inner for one token, four ranks at a time; b is flat."""
    whole = rank - rank % 4
    for r in range(0, whole, 4):
        first, second = b[r * out : (r + 1) * out], b[(r + 1) * out : (r + 2) * out]
        third, fourth = b[(r + 2) * out : (r + 3) * out], b[(r + 3) * out : (r + 4) * out]
        one, two, three, four = inner[r], inner[r + 1], inner[r + 2], inner[r + 3]
        for j in range(out):
            y[j] += (
                one * _wide(first[j])
                + two * _wide(second[j])
                + three * _wide(third[j])
                + four * _wide(fourth[j])
            )
    for r in range(whole, rank):
        row, one = b[r * out : (r + 1) * out], inner[r]
        for j in range(out):
            y[j] += one * _wide(row[j])


@part  # type: ignore[untyped-decorator]
def _up_four(b: Any, rank: int, out: int, inner: Any, y: Any) -> None:
    """y += B inner for four tokens, inner [4, ranks] and y [4, out]."""
    y0, y1, y2, y3 = y[0][:out], y[1][:out], y[2][:out], y[3][:out]
    whole = rank - rank % 4
    for r in range(0, whole, 4):
        first, second = b[r * out : (r + 1) * out], b[(r + 1) * out : (r + 2) * out]
        third, fourth = b[(r + 2) * out : (r + 3) * out], b[(r + 3) * out : (r + 4) * out]
        i00, i01, i02, i03 = inner[0, r], inner[0, r + 1], inner[0, r + 2], inner[0, r + 3]
        i10, i11, i12, i13 = inner[1, r], inner[1, r + 1], inner[1, r + 2], inner[1, r + 3]
        i20, i21, i22, i23 = inner[2, r], inner[2, r + 1], inner[2, r + 2], inner[2, r + 3]
        i30, i31, i32, i33 = inner[3, r], inner[3, r + 1], inner[3, r + 2], inner[3, r + 3]
        for j in range(out):
            one, two, three, four = (
                _wide(first[j]),
                _wide(second[j]),
                _wide(third[j]),
                _wide(fourth[j]),
            )
            y0[j] += i00 * one + i01 * two + i02 * three + i03 * four
            y1[j] += i10 * one + i11 * two + i12 * three + i13 * four
            y2[j] += i20 * one + i21 * two + i22 * three + i23 * four
            y3[j] += i30 * one + i31 * two + i32 * three + i33 * four
    if rank > whole:
        for token in range(4):
            _up(b[whole * out : rank * out], rank - whole, out, inner[token, whole:], y[token])


@part  # type: ignore[untyped-decorator]
def _begin(y: Any, table: int, slot: int, kind: Any, made: Any) -> None:
    """y + d ⊙ y + e as float32; the table's address is 0 where there is none."""
    out = len(y)
    if table:
        place = table + slot * 2 * out * kind.itemsize
        scale = carray(_at(place, kind), out)
        shift = carray(_at(place + out * kind.itemsize, kind), out)
        for j in range(out):
            value = _wide(y[j])
            made[j] = value + value * _wide(scale[j]) + _wide(shift[j])
    else:
        for j in range(out):
            made[j] = _wide(y[j])


@part  # type: ignore[untyped-decorator]
def _store(made: Any, y: Any) -> None:
    for j in range(len(y)):
        y[j] = _narrow(made[j], y[j])


@part  # type: ignore[untyped-decorator]
def _block(
    block: Any,
    x: int,
    x_stride: int,
    y: int,
    y_stride: int,
    plan: Any,
    ranks: Any,
    kind: Any,
    work: Any,
) -> None:
    """Up to four tokens of one slot; as `add`."""
    slices, size, most, each = plan[0], plan[1], plan[2], kind.itemsize
    inner, wide = work[: 4 * most].reshape(4, most), work[4 * most : 4 * (most + size)]
    wide = wide.reshape(4, size)
    slot, tokens = block[0], block[1:]
    count = 4
    while tokens[count - 1] < 0:
        count -= 1
    for i in range(count):
        given = carray(_at(x + tokens[i] * x_stride * each, kind), size)
        for k in range(size):
            wide[i, k] = _wide(given[k])
    for part in range(slices):
        rank = ranks[slot, part]
        if rank < 0:
            continue
        field = HEAD + FIELDS * part
        first, out = plan[field + 3], plan[field + 4]
        made = work[4 * (most + size) : 4 * (most + size + out)].reshape(4, out)
        a = carray(_at(plan[field] + slot * most * size * each, kind), most * size)
        b = carray(_at(plan[field + 1] + slot * most * out * each, kind), most * out)
        for i in range(count):
            own = carray(_at(y + (tokens[i] * y_stride + first) * each, kind), out)
            _begin(own, plan[field + 2], slot, kind, made[i])
        _down(a, rank, size, wide, inner)  # also for one: sums are in the same order
        if count == 1:
            _up(b, rank, out, inner[0], made[0])
        else:
            _up_four(b, rank, out, inner, made)
        for i in range(count):
            own = carray(_at(y + (tokens[i] * y_stride + first) * each, kind), out)
            _store(made[i], own)


@kept
def add(
    blocks: Any,
    x: int,
    x_stride: int,
    y: int,
    y_stride: int,
    plan: Any,
    ranks: Any,
    kind: Any,
    work: Any,
) -> None:
    """Adds to y in place.

    Args:
        blocks: A slot and up to four tokens of it, −1 for none, [blocks, 5], int64.
        x: The address of the inputs [tokens, in], whose rows are `x_stride` values apart.
        y: The address of the outputs [tokens, out].
        plan: The layer: slices, inputs, ranks of a slot; for each slice the address of its A
            [slots, rank, in] and of its B [slots, rank, out], the address of its table of scales
            and shifts [slots, 2, out] or 0, its first column in y, its columns. int64.
        ranks: How many of a slot's ranks count, [slots, slices], −1 where nothing is changed.
        kind: An empty array of the type that all of these values are stored in.
        work: `work` of four times the ranks, the inputs and the largest slice's outputs.
    """
    for block in range(len(blocks)):
        _block(blocks[block], x, x_stride, y, y_stride, plan, ranks, kind, work[0])


@partial(kept, parallel=True)
def add_side_by_side(
    blocks: Any,
    x: int,
    x_stride: int,
    y: int,
    y_stride: int,
    plan: Any,
    ranks: Any,
    kind: Any,
    work: Any,
) -> None:
    """`add`, by all of `threads`."""
    for block in prange(len(blocks)):
        own = work[get_thread_id()]
        _block(blocks[block], x, x_stride, y, y_stride, plan, ranks, kind, own)


@kept
def used(a: int, size: int, most: int, kind: Any) -> int:
    """How many ranks of A [ranks, in] count: zeros at the end don't."""
    held = carray(_at(a, kind), most * size)
    for place in range(most * size - 1, -1, -1):
        if _wide(held[place]) != 0:
            return place // size + 1
    return 0


def prepare(dtype: torch.dtype) -> None:
    """Compiles what a type needs, or reads it: some six seconds, or a tenth of one."""
    kind = STORED.get(dtype)
    if kind is None:
        return
    nothing = np.zeros((0, 0), np.int64)
    for function in (add, add_side_by_side)[: 1 + (threads() > 1)]:
        function(nothing, 0, 0, 0, 0, nothing.ravel(), nothing, kind, work(0))
    used(kind.ctypes.data, 0, 0, kind)
