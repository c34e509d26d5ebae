"""Adapters on linear layers: y ← y + d ⊙ y + e + B (A x), each row by its own adapter.

The formula is that of `row_scale`; weights come from the serving form. A batch of one adapter takes
two small products a layer. A mixed one takes two as well: the adapters' ranks stand side by side,
and between the products each row's foreign ranks are masked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import embedding, linear

from expertserve.adapters.places import names_of
from expertserve.adapters.serving import EMBEDDING, LINEAR, PREFIX, ServingAdapter
from expertserve.errors import IncompatibleError, LoadError
from expertserve.package.members import WEIGHTS


@dataclass(frozen=True, slots=True)
class Weights:
    """One adapter's, or several adapters', weights for one layer.

    Shapes: a [ranks, in], b [ranks, out]; scale and shift [out] for one adapter, [adapters + 1,
    out] for several (the last row is zero, for rows without one); owner [ranks], for several: which
    adapter each rank belongs to. None where there is nothing.
    """

    a: torch.Tensor
    b: torch.Tensor
    scale: torch.Tensor | None
    shift: torch.Tensor | None
    owner: torch.Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RowAdapter:
    """An adapter in memory: weights by the base model's module names."""

    digest: str
    modules: Mapping[str, Weights]

    @property
    def bytes(self) -> int:
        """What its tensors take."""
        tensors = [
            t for w in self.modules.values() for t in (w.a, w.b, w.scale, w.shift) if t is not None
        ]
        return sum(t.nbytes for t in tensors)


@dataclass(slots=True, eq=False)
class Plan:
    """Which adapter each row of the present batch has.

    Args:
        adapters: Those in the batch, each once.
        row: For several: each row's place in `adapters`, their number for rows without one; shape
            [rows].
    """

    adapters: tuple[RowAdapter, ...] = ()
    row: torch.Tensor | None = None

    @classmethod
    def of(cls, rows: Sequence[RowAdapter | None], device: torch.device) -> Plan:
        adapters = tuple(sorted({a for a in rows if a is not None}, key=lambda a: a.digest))
        if len(adapters) <= 1 and None not in rows:
            return cls(adapters)
        place = {a: i for i, a in enumerate(adapters)}
        return cls(
            adapters,
            (
                torch.tensor(
                    [len(adapters) if a is None else place[a] for a in rows], device=device
                )
                if adapters
                else None
            ),
        )


@dataclass(slots=True)
class Current:
    """The plan of the step that runs now; every adapted layer looks here."""

    plan: Plan = field(default_factory=Plan)


class AdaptedLinear(nn.Module):
    """A linear layer of the base model, with the adapters of the present batch on it."""

    def __init__(self, name: str, base: nn.Linear, current: Current) -> None:
        super().__init__()
        self.name = name
        self.base = base
        self.current = current
        self._stacked: tuple[tuple[RowAdapter, ...], Weights | None] = ((), None)
        self._masked: tuple[Plan | None, torch.Tensor | None] = (None, None)

    @property
    def weight(self) -> torch.Tensor:
        """The base layer's; some models look at its dtype or device."""
        return self.base.weight

    @property
    def bias(self) -> torch.Tensor | None:
        return self.base.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = linear(x, self.base.weight, self.base.bias)
        plan = self.current.plan
        if not plan.adapters:
            return y
        if plan.row is None:
            own = plan.adapters[0].modules.get(self.name)
            return y if own is None else _apply(x, y, own)
        stacked = self._stack(plan.adapters)
        return (
            y
            if stacked is None
            else _apply(x, y, stacked, plan.row[:, None], self._mask(plan, stacked))
        )

    def _stack(self, adapters: tuple[RowAdapter, ...]) -> Weights | None:
        """The adapters side by side; kept until another set comes."""
        if self._stacked[0] != adapters:
            self._stacked = (adapters, stack([a.modules.get(self.name) for a in adapters]))
        return self._stacked[1]

    def _mask(self, plan: Plan, stacked: Weights) -> torch.Tensor:
        """1 where a rank belongs to the row's adapter, [rows, 1, ranks]; kept with the plan."""
        if self._masked[0] is not plan or self._masked[1] is None:
            assert plan.row is not None and stacked.owner is not None
            self._masked = (plan, (stacked.owner == plan.row[:, None])[:, None].to(stacked.a.dtype))
        mask = self._masked[1]
        assert mask is not None
        return mask

    def forget(self) -> None:
        """Frees what was kept for a batch that has ended."""
        self._stacked, self._masked = ((), None), (None, None)


class AdaptedEmbedding(nn.Module):
    """The base model's input embedding, with the adapters of the present batch on it."""

    def __init__(self, name: str, base: nn.Embedding, current: Current) -> None:
        super().__init__()
        self.name = name
        self.base = base
        self.current = current

    @property
    def weight(self) -> torch.Tensor:
        """The base layer's, which a tied output layer shares."""
        return self.base.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.base(ids)
        plan = self.current.plan
        for i, adapter in enumerate(plan.adapters):
            own = adapter.modules.get(self.name)
            if own is None:
                continue
            change = embedding(ids, own.a.T) @ own.b
            scale = getattr(self.base, "embed_scale", None)  # Gemma's multiplies what it looks up
            change = change if scale is None else change * scale.to(change.dtype)
            y = y + (change if plan.row is None else change * (plan.row == i)[:, None, None])
        return y


def _apply(
    x: torch.Tensor,
    y: torch.Tensor,
    own: Weights,
    row: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    if own.scale is not None:
        y.addcmul_(y, own.scale if row is None else own.scale[row])
    if own.shift is not None:
        y.add_(own.shift if row is None else own.shift[row])
    if not len(own.a):
        return y
    inner = linear(x, own.a)
    if mask is not None:
        inner.mul_(mask)
    rows = y.view(-1, y.shape[-1])
    rows.addmm_(inner.view(-1, inner.shape[-1]), own.b)
    return y


def stack(parts: Sequence[Weights | None]) -> Weights | None:
    """Several adapters' weights for one layer, None where one lacks it; None if all do."""
    there = [(i, w) for i, w in enumerate(parts) if w is not None]
    if not there:
        return None
    owner = torch.cat([torch.full((len(w.a),), i, device=w.a.device) for i, w in there])
    rows = {name: [getattr(w, name) if w else None for w in parts] for name in ("scale", "shift")}
    one = there[0][1].b
    return Weights(
        torch.cat([w.a for _, w in there]),
        torch.cat([w.b for _, w in there]),
        _table(rows["scale"], one),
        _table(rows["shift"], one),
        owner,
    )


def _table(vectors: Sequence[torch.Tensor | None], like: torch.Tensor) -> torch.Tensor | None:
    if all(v is None for v in vectors):
        return None
    zero = like.new_zeros(like.shape[1])
    return torch.stack([zero if v is None else v for v in (*vectors, None)])


def read(
    adapter: ServingAdapter,
    layers: Mapping[str, nn.Module],
    dtype: torch.dtype,
    device: torch.device,
) -> RowAdapter:
    """Reads a serving form, and checks that every part of it has its layer.

    Raises:
        LoadError: The file can't be read.
        IncompatibleError: A module isn't a linear layer here, a shape doesn't fit, or the file
            holds another number of modules.
    """
    try:
        tensors = load_file(adapter.folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise LoadError(
            f"the serving form in {adapter.folder} can't be read: {error}", code="io"
        ) from error
    names = {
        key.removeprefix(PREFIX).removesuffix(ending.format("A")): ending
        for key in tensors
        for ending in (LINEAR, EMBEDDING)
        if key.endswith(ending.format("A"))
    }
    if len(names) != adapter.modules or 2 * len(names) != len(tensors):
        raise IncompatibleError(
            f"the serving form has {len(names)} modules, {adapter.modules} were made",
            code="engine_refused",
        )
    modules = {}
    for name, ending in names.items():
        a, b = (tensors[f"{PREFIX}{name}{ending.format(side)}"] for side in "AB")
        own = next((n for n in names_of(name) if n in layers), name)
        modules[own] = _fitted(own, layers.get(own), a, b, adapter.width, dtype, device)
    return RowAdapter(adapter.digest, modules)


def _fitted(
    name: str,
    layer: nn.Module | None,
    a: torch.Tensor,
    b: torch.Tensor,
    rank: int,
    dtype: torch.dtype,
    device: torch.device,
) -> Weights:
    if isinstance(layer, AdaptedLinear | AdaptedEmbedding):
        layer = layer.base
    looked_up = isinstance(layer, nn.Embedding)
    if not isinstance(layer, nn.Linear | nn.Embedding):
        raise IncompatibleError(
            f"{name} is not a linear layer of this model in transformers",
            hint="transformers may fuse it; the vllm engine may serve this expert",
            code="engine_refused",
        )
    inputs, outputs = layer.weight.shape if looked_up else layer.weight.shape[::-1]
    if (a.shape[1], b.shape[0]) != (inputs, outputs):
        raise IncompatibleError(
            f"{name} has the shape {outputs} × {inputs}, the adapter's {b.shape[0]} × {a.shape[1]}",
            code="engine_refused",
        )
    start = len(a) - rank
    used = a[start:].any(dim=1).nonzero()
    end = start + (int(used[-1]) + 1 if len(used) else 0)
    scale, shift = b[:, :start].T if start else (b[:0, 0], b[:0, 0])

    def moved(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(device=device, dtype=dtype).contiguous()

    return Weights(
        moved(a[start:end]),
        moved(b[:, start:end].T),
        moved(scale) if scale.any() else None,
        moved(shift) if shift.any() else None,
    )


def adapt(
    model: nn.Module, layers: dict[str, nn.Module], names: Sequence[str], current: Current
) -> None:
    """Wraps the named layers in place, once; `layers` then names the wrappers."""
    for name in names:
        layer = layers[name]
        if isinstance(layer, nn.Linear | nn.Embedding):
            parent, _, child = name.rpartition(".")
            layers[name] = (
                AdaptedLinear(name, layer, current)
                if isinstance(layer, nn.Linear)
                else AdaptedEmbedding(name, layer, current)
            )
            setattr(model.get_submodule(parent), child, layers[name])
