"""Draws a seeded request's tokens with noise that belongs to its seed and the token's place.

vLLM draws from a generator that moves on with every draw: with drafts, how often it has moved says
nothing about the place any more, so that a seed would give another answer with drafts than without.
Here the generator is set by seed and place before each draw, and drafted places get generators of
their own.

A row whose prefill isn't finished is drawn for, too, and vLLM rewinds its generator by an offset.
CPU generators have none, so the worker, and with it the engine, dies (vLLM 0.32,
`GPUModelRunner._bookkeeping_sync`). Nothing has to be rewound here, so they are hidden from it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from expertserve.engine.vllm.patches.drafts import noise

if TYPE_CHECKING:
    import torch

GOLDEN = 0x9E3779B97F4A7C15
WORD = (1 << 64) - 1


def seed_at(seed: int, place: int) -> int:
    """A seed for one place of one answer: SplitMix64's output for the place-th state.

    Source: https://prng.di.unimi.it/splitmix64.c
    """
    mixed = (seed + GOLDEN * (place + 1)) & WORD
    mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & WORD
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & WORD
    return mixed ^ mixed >> 31


def install() -> None:
    """Wraps the two methods between which vLLM draws."""
    from vllm.v1.worker.gpu_model_runner import GPUModelRunner

    sample, bookkeeping = GPUModelRunner._sample, GPUModelRunner._bookkeeping_sync

    def _sample(self: Any, logits: torch.Tensor, metadata: Any) -> Any:
        _set(self, [] if metadata is None else metadata.num_draft_tokens)
        return sample(self, logits, metadata)

    def _bookkeeping_sync(self: Any, *args: Any, **kwargs: Any) -> Any:
        batch, hidden = self.input_batch, self.discard_request_mask.np
        everything = batch.generators
        batch.generators = {row: g for row, g in everything.items() if not hidden[row]}
        try:
            return bookkeeping(self, *args, **kwargs)
        finally:
            batch.generators = everything

    GPUModelRunner._sample, GPUModelRunner._bookkeeping_sync = _sample, _bookkeeping_sync


def _set(runner: Any, drafted: list[int]) -> None:
    """Sets the generators of a step's rows, and makes those of its drafted places.

    Args:
        drafted: How many tokens are drafted for each row; empty where none are.
    """
    import torch

    batch = runner.input_batch
    firsts = list(accumulate(drafted, initial=0))
    noise.sampler, noise.generators = runner.sampler.topk_topp_sampler, {}
    for row, generator in batch.generators.items():
        request = runner.requests[batch.req_ids[row]]
        seed, place = request.sampling_params.seed, len(request.output_token_ids)
        ahead = drafted[row] if drafted else 0
        generator.manual_seed(seed_at(seed, place + ahead))
        for i in range(ahead):
            made = torch.Generator(device=generator.device)
            made.manual_seed(seed_at(seed, place + i))
            noise.generators[firsts[row] + i] = made
