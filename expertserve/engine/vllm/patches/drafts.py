"""Gives drafted tokens their request's temperature, top-k and top-p, on CPUs.

vLLM 0.32 casts the output of a Triton kernel's replacement and fills the cast's copy, so that these
values of drafted places are whatever lay in memory, and what is sampled is garbage. A step for
which nothing was drafted ends the engine where a request has a top-k.
"""

from __future__ import annotations

from typing import Any

import torch


def expand_batch_to_tokens(
    x: torch.Tensor,
    cu_num_tokens: torch.Tensor,
    num_tokens: int,
    replace_from: int = 0,
    replace_to: int = 0,
) -> torch.Tensor:
    """A value for each request → one for each of its tokens.

    Args:
        x: Shape [requests].
        cu_num_tokens: Where each request's tokens end, shape [requests].
        num_tokens: How many there are.
        replace_from: A value that stands for none, and becomes `replace_to`.
    """
    counts = torch.diff(cu_num_tokens, prepend=cu_num_tokens.new_zeros(1)).long()
    wide = x.repeat_interleave(counts)
    return wide.masked_fill(wide == replace_from, replace_to) if replace_to else wide


def install() -> None:
    """In the module that looks the functions up by their names."""
    from vllm.v1.sample import rejection_sampler

    theirs = rejection_sampler.apply_sampling_constraints

    def apply_sampling_constraints(logits: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        return theirs(logits, *args, **kwargs) if len(logits) else logits

    rejection_sampler.expand_batch_to_tokens = expand_batch_to_tokens
    rejection_sampler.apply_sampling_constraints = apply_sampling_constraints
