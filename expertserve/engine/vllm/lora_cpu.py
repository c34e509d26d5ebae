"""Adapters in vLLM's CPU workers: y ← y + d ⊙ y + e + B (A x), per token.

vLLM calls its Punica wrapper (arXiv:2310.18547) for every linear layer. Its CPU wrapper gathers A
and B once per token, which costs several times what the layer itself does. Here

- a long run of tokens of one adapter is multiplied with its slot's weights, see `stacked`;
- all other tokens, mixed as they may be, take one call of compiled loops, see `fused`.

Both read the slots where they are, so an adapter that comes costs what filling its slot does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from expertserve.engine.vllm.fused import prepare, threads
from expertserve.engine.vllm.runs import Step, runs
from expertserve.engine.vllm.stacked import Stacked

if TYPE_CHECKING:
    from vllm.lora.layers import LoRAMapping


class RowScaleCPU(PunicaWrapperCPU):  # type: ignore[misc]
    """vLLM's CPU wrapper, with `add_lora_linear` and `add_lora_logits` done as above."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ids = np.empty(0, np.int64)
        self._tokens = self._sampled = Step(None, ())
        self._layers: dict[int, Stacked] = {}
        prepare(kwargs["lora_config"].lora_dtype)

    def update_metadata(
        self, mapping: LoRAMapping, lora_index_to_id: list[int | None], *args: Any, **kwargs: Any
    ) -> None:
        """Finds the step's runs; called by vLLM whenever the mapping or the slots changed."""
        super().update_metadata(mapping, lora_index_to_id, *args, **kwargs)
        ids = np.array([one or 0 for one in lora_index_to_id])
        if not np.array_equal(ids, self._ids):
            self._ids = ids
        self._tokens = runs(self.token_lora_indices.numpy())
        self._sampled = runs(self.sampler_indices.numpy())

    def add_lora_linear(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: tuple[torch.Tensor, ...],
        lora_b_stacked: tuple[torch.Tensor, ...],
        scale: float,
        output_slices: tuple[int, ...],
        **kwargs: Any,
    ) -> None:
        """y [tokens, out], x [tokens, in], a [slots, 1, rank, in], b [slots, 1, out, rank]."""
        self._add(self._tokens, y, x, lora_a_stacked, lora_b_stacked)

    def add_lora_logits(
        self,
        y: torch.Tensor,
        x: torch.Tensor,
        lora_a_stacked: torch.Tensor,
        lora_b_stacked: torch.Tensor,
        scale: float,
        **kwargs: Any,
    ) -> None:
        """The same for the output layer, whose tokens are those that are sampled."""
        self._add(self._sampled, y, x.to(y.dtype), (lora_a_stacked,), (lora_b_stacked,))

    def _add(
        self,
        step: Step,
        y: torch.Tensor,
        x: torch.Tensor,
        a: tuple[torch.Tensor, ...],
        b: tuple[torch.Tensor, ...],
    ) -> None:
        if step.few is None and not step.runs:
            return
        layer = self._layers.get(id(a[0]))
        if layer is None:
            layer = self._layers[id(a[0])] = Stacked(a, b, threads())
        layer.look(self._ids)
        x, y = x.view(-1, x.shape[-1]), y.view(-1, y.shape[-1])
        if step.few is not None:
            layer.add_few(y, x, step.few)
        for where, slot in step.runs:
            layer.add_run(y[where], x[where], slot)
