"""Lets vLLM apply adapters our way, so that DoRA and IA³ are exact and LoRA is fast on CPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SHIFT = 1
"""The column of B that holds the shift."""

WRAPPERS = {
    "cpu": "expertserve.engine.vllm.lora_cpu.RowScaleCPU",
    "cuda": "expertserve.engine.vllm.lora_cuda.RowScaleCUDA",
}


def install() -> None:
    """Makes vLLM's platform name our Punica wrapper.

    Raises:
        RuntimeError: For a platform that we don't know: an adapter must never be served wrong.
    """
    from vllm.platforms import current_platform

    name = WRAPPERS.get(current_platform.device_type)
    if name is None:
        raise RuntimeError(
            "expertserve has no adapter code for vLLM's platform"
            f" {current_platform.device_type!r}; start the engine with row_scale=False"
        )
    type(current_platform).get_punica_wrapper = classmethod(lambda cls: name)
    _shift_once()


def note_affine(adapter_id: int) -> None:
    """Tells the GPU wrapper that an adapter scales or shifts rows; the CPU's finds out itself."""
    from vllm.platforms import current_platform

    if current_platform.device_type == "cuda":
        from expertserve.engine.vllm.lora_cuda import RowScaleCUDA

        RowScaleCUDA.affine_ids |= {adapter_id}


def note_whole(adapter_id: int) -> None:
    """Tells the CPU wrapper that an adapter's product fills the slot, and nothing is reserved.

    A rank's part of A may be zero where the whole isn't, so the slot itself doesn't tell.
    """
    from vllm.platforms import current_platform

    if current_platform.device_type == "cpu":
        from expertserve.engine.vllm.lora_cpu import RowScaleCPU

        RowScaleCPU.whole_ids |= {adapter_id}


def _shift_once() -> None:
    """Keeps the shift of a layer that is split over its inputs on the first rank.

    There each rank computes a part of the sum. A scale applies to each part; a shift would be added
    once for each rank.
    """
    from vllm.lora.layers.row_parallel_linear import RowParallelLinearWithLoRA

    from expertserve.adapters.layer import reserved

    theirs = RowParallelLinearWithLoRA.slice_lora_b
    their_a = RowParallelLinearWithLoRA.slice_lora_a

    def slice_lora_a(self: Any, lora_a: torch.Tensor) -> torch.Tensor:
        self.shifts = bool(reserved(lora_a))  # of the B that follows it
        sliced: torch.Tensor = their_a(self, lora_a)
        return sliced

    def slice_lora_b(self: Any, lora_b: torch.Tensor) -> torch.Tensor:
        sliced: torch.Tensor = theirs(self, lora_b)
        if self.tp_rank > 0 and self.shifts and sliced[:, SHIFT].any():
            sliced = sliced.clone()
            sliced[:, SHIFT] = 0
        return sliced

    RowParallelLinearWithLoRA.slice_lora_a = slice_lora_a
    RowParallelLinearWithLoRA.slice_lora_b = slice_lora_b
