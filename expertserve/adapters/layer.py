"""One layer's tensors, and its serving form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from expertserve.adapters import quantised
from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.places import Place, base_tensor
from expertserve.adapters.settings import MAX_RANK
from expertserve.errors import IncompatibleError, LoadError
from expertserve.models import LocalModel, Tensor

BLOCK = 1 << 20
"""Values of a matrix that are worked on at once: 4 MB, so that they stay in a processor's cache."""


def checked_form(module: str, form: ModuleForm, shape: tuple[int, int]) -> ModuleForm:
    out, width = shape
    rank = form.a.shape[0]
    if form.a.shape != (rank, width) or form.b.shape != (out, rank):
        raise misfit(
            module,
            f"it takes {form.a.shape[-1]} inputs and gives {form.b.shape[0]} outputs, the base's"
            f" layer {width} and {out}",
        )
    check_rank(module, rank)
    for part in (form.a, form.b, form.scale, form.shift):
        if not is_finite(part):
            raise IncompatibleError(
                f"{module}: its serving form is not finite",
                hint="the base's rows or the magnitudes are zero",
                code="non_finite",
            )
    return form


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether no value is infinite or NaN, in one pass: `isfinite` and `all` make copies."""
    if not tensor.numel():
        return True
    return all(math.isfinite(extreme) for extreme in torch.aminmax(tensor))


def check_rank(module: str, rank: int) -> None:
    """Refuses what no slot holds."""
    if rank > MAX_RANK:
        raise IncompatibleError(
            f"{module}: its exact low-rank form has rank {rank}; at most {MAX_RANK} are served",
            hint=f"vLLM's widest slot has rank {MAX_RANK}",
            code="rank_too_large",
        )


def misfit(module: str, what: str) -> IncompatibleError:
    return IncompatibleError(
        f"{module} doesn't fit the base model: {what}",
        hint="it was made for another model",
        code="shape_mismatch",
    )


@dataclass(slots=True)
class ModuleForm:
    """A layer's serving form, float32: a [rank, in], b [out, rank], scale and shift [out].

    Args:
        embedding: Whether it is the input embedding's, whose inputs are one-hot tokens.
    """

    a: torch.Tensor
    b: torch.Tensor
    scale: torch.Tensor
    shift: torch.Tensor
    embedding: bool = False

    @property
    def affine(self) -> bool:
        """Whether it scales or shifts rows."""
        return bool(self.scale.any() or self.shift.any())

    @classmethod
    def nothing(cls, shape: tuple[int, int]) -> ModuleForm:
        """What leaves a layer [out, in] as it is."""
        return cls.product(torch.zeros(0, shape[1]), torch.zeros(shape[0], 0))

    @classmethod
    def product(cls, a: torch.Tensor, b: torch.Tensor) -> ModuleForm:
        """A low-rank product alone; scale and shift change nothing."""
        return cls(a, b, torch.zeros(b.shape[0]), torch.zeros(b.shape[0]))


class Reader:
    """Reads safetensors as float32. Keeps files open: parsing a header costs more than a read."""

    def __init__(self) -> None:
        self._open: dict[Path, Any] = {}

    def __call__(self, tensor: Tensor) -> torch.Tensor:
        """One tensor, if it is finite.

        Raises:
            IncompatibleError: `non_finite`, `quantised`.
        """
        if tensor.dtype not in quantised.PLAIN:
            raise IncompatibleError(
                f"{tensor.name} has the type {tensor.dtype}; F64, F32, F16 and BF16 are served",
                code="quantised",
            )
        value = self.raw(tensor).float()
        value = value.T.contiguous() if tensor.transposed else value
        _check_finite(value, tensor)
        return value

    def blocks(self, tensor: Tensor, rows: slice) -> Iterator[torch.Tensor]:
        """Some of its rows as `__call__` gives them, a few at a time: each replaces the last one.

        Raises:
            IncompatibleError: `non_finite`, `quantised`.
        """
        if tensor.transposed or tensor.dtype not in quantised.PLAIN:
            yield from _few(self(tensor)[rows])
            return
        raw = self.raw(tensor)[rows]
        room: torch.Tensor | None = None
        for part in _few(raw):
            room = torch.empty(part.shape) if room is None else room
            value = room[: len(part)].copy_(part)
            _check_finite(value, tensor)
            yield value

    def raw(self, tensor: Tensor) -> torch.Tensor:
        """One tensor as it is stored."""
        try:
            if tensor.file not in self._open:
                self._open[tensor.file] = safe_open(tensor.file, framework="pt")
            value: torch.Tensor = self._open[tensor.file].get_tensor(tensor.name)
        except (SafetensorError, OSError) as error:
            raise LoadError(
                f"{tensor.file.name}: {tensor.name} can't be read: {error}", code="bad_safetensors"
            ) from error
        return value


def _check_finite(value: torch.Tensor, tensor: Tensor) -> None:
    if not is_finite(value):
        raise IncompatibleError(
            f"{tensor.name} has values that are not finite",
            hint="the training diverged",
            code="non_finite",
        )


def _few(matrix: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Blocks of rows."""
    return torch.split(matrix, max(1, BLOCK // matrix.shape[1]))


@dataclass(frozen=True, slots=True)
class Layer:
    """What a layer's serving form is made from: adapter tensors, and base weights on demand.

    Args:
        module: The adapter's name for it.
        place: Where it lies in the base.
    """

    module: str
    place: Place
    adapter: PeftAdapter
    tensors: Mapping[str, torch.Tensor]
    base: LocalModel
    read: Reader

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        return self.place.shape

    def part(self, name: str) -> torch.Tensor:
        return part_of(self.module, self.tensors, name)

    def setting(self, pattern: str, default: float) -> float:
        """A number of the adapter's config that single modules may have of their own."""
        return self.adapter.by_pattern(pattern, self.module, default)

    def weight(self) -> torch.Tensor:
        """The base's weight [out, in]; of a quantised layer, what it computes with."""
        parts = quantised.parts_of(self.base, self.place.layer)
        if quantised.is_quantised(parts):
            raw = {name: self.read.raw(tensor) for name, tensor in parts.items()}
            return quantised.dequantised(self.base, self.place.layer, raw)[self.place.rows]
        found = base_tensor(self.base, self.place.layer)
        assert found is not None
        return self.read(found)[self.place.rows]

    def blocks(self) -> Iterator[torch.Tensor]:
        """`weight` a few rows at a time, which stay in the processor's cache.

        Each block is overwritten by the next one.
        """
        parts = quantised.parts_of(self.base, self.place.layer)
        if quantised.is_quantised(parts):
            yield from _few(self.weight())
            return
        found = base_tensor(self.base, self.place.layer)
        assert found is not None
        yield from self.read.blocks(found, self.place.rows)

    def bias(self) -> torch.Tensor | None:
        """The base's bias [out], if the layer has one."""
        found = base_tensor(self.base, self.place.layer, "bias")
        return None if found is None else self.read(found)[self.place.rows]


def part_of(module: str, tensors: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
    if name not in tensors:
        raise IncompatibleError(f"{module}: the adapter lacks its {name}", code="adapter_tensors")
    return tensors[name]
