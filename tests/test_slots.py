"""Slots of vLLM's layers on a CPU: what is written, and what needn't be cleared."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

pytest.importorskip("vllm", reason="only where vLLM is installed")

import torch

from expertserve.engine.vllm.patches.pages import LARGE, UntouchedZeros
from expertserve.engine.vllm.slots import check_embedding
from expertserve.engine.vllm.stacked import clear_when_held

SLOTS, RANK, IN, OUT = 3, 4, 6, (5, 2)


class Layer:
    """As vLLM's layers of several slices write their slots."""

    def __init__(self) -> None:
        self.lora_a_stacked = tuple(torch.zeros(SLOTS, 1, RANK, IN) for _ in OUT)
        self.lora_b_stacked = tuple(torch.zeros(SLOTS, 1, out, RANK) for out in OUT)
        self.cleared = 0

    def reset_lora(self, index: int) -> None:
        self.cleared += 1
        for stack in (*self.lora_a_stacked, *self.lora_b_stacked):
            stack[index] = 0

    def set_lora(
        self, index: int, a: list[torch.Tensor | None], b: list[torch.Tensor | None]
    ) -> None:
        self.reset_lora(index)
        for stacks, given in ((self.lora_a_stacked, a), (self.lora_b_stacked, b)):
            for stack, one in zip(stacks, given, strict=True):
                if one is not None:
                    stack[index, 0, : one.shape[0], : one.shape[1]] = one

    def held(self) -> list[torch.Tensor]:
        return [*self.lora_a_stacked, *self.lora_b_stacked]


def test_slots_hold_what_vllm_would_put_there() -> None:
    rng, (ours, theirs) = random.Random(1), (Layer(), Layer())
    torch.manual_seed(1)
    clear_when_held(ours)
    for _ in range(300):
        index, rank = rng.randrange(SLOTS), rng.choice((1, RANK, RANK, RANK))
        a: list[torch.Tensor | None] = [torch.randn(rank, IN) for _ in OUT]
        b: list[torch.Tensor | None] = [torch.randn(out, rank) for out in OUT]
        if rng.random() < 0.3:
            a[0] = b[0] = None
        ours.set_lora(index, a, b)
        theirs.set_lora(index, a, b)
        if rng.random() < 0.3:
            ours.reset_lora(index)
            theirs.reset_lora(index)
        assert all(map(torch.equal, ours.held(), theirs.held()))
    assert ours.cleared < 0.7 * theirs.cleared


def test_an_empty_slot_is_not_cleared() -> None:
    layer = Layer()
    clear_when_held(layer)
    layer.reset_lora(0)
    layer.set_lora(0, [torch.ones(1, IN), None], [torch.ones(OUT[0], 1), None])
    assert layer.cleared == 0
    layer.reset_lora(0)
    layer.reset_lora(0)
    assert layer.cleared == 1 and not any(stack.any() for stack in layer.held())


@pytest.mark.parametrize("dtype", [torch.int8, torch.bfloat16, torch.float32])
def test_untouched_zeros_are_zeros(dtype: torch.dtype) -> None:
    with UntouchedZeros():
        one = torch.zeros(LARGE, dtype=dtype)
        other = torch.zeros(4, LARGE // 4, 2, dtype=dtype, device="cpu")
        small = torch.zeros((2, 3), dtype=dtype)
        named = torch.zeros(size=(2, 3), dtype=dtype)
    assert one.shape == (LARGE,) and other.shape == (4, LARGE // 4, 2)
    assert small.shape == named.shape == (2, 3)
    for found in (one, other, small, named):
        assert found.dtype == dtype and not found.any()
    other[1, 2, 1] = 3
    assert other.sum() == 3 and not one.any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize(("rows", "columns"), [(5, 3), (8, 4), (6, 1), (1, 6), (4, 0)])
def test_a_slot_is_compared_bit_for_bit(rows: int, columns: int, dtype: torch.dtype) -> None:
    file = torch.randn(rows, columns, dtype=torch.float32).to(dtype)
    for more in (0, 2):
        slot = torch.zeros(rows + more, columns + more, dtype=dtype)
        for own in (
            slot,
            torch.zeros_like(slot.T).T,
            torch.zeros(*slot.shape, 2, dtype=dtype)[..., 0],
        ):
            own[:rows, :columns] = file
            check_embedding_part(own, file)
            check_embedding_part(torch.zeros_like(own), None)
            for place in range(own.numel()):
                wrong = own.clone()
                wrong[divmod(place, own.shape[1])] += 1
                with pytest.raises(RuntimeError, match="not the adapter's"):
                    check_embedding_part(wrong, file)
                only = torch.zeros_like(own)
                only[divmod(place, own.shape[1])] = 1
                with pytest.raises(RuntimeError, match="not the adapter's"):
                    check_embedding_part(only, None)


def check_embedding_part(own: torch.Tensor, file: torch.Tensor | None) -> None:
    """One tensor of a slot, the other being empty."""
    layer = SimpleNamespace(lora_a_stacked=[torch.zeros(0, 0)], lora_b_stacked=own[None, None])
    check_embedding("layer", layer, 0, None, file)
