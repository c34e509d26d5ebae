"""Verifies drafts by drawing each place's token and comparing; and four mends of vLLM's drafts.

vLLM accepts a drafted token by chance, and draws another where it doesn't. Drawing the token first
has the same distribution, and with a seed the same outcome as without drafts: see `seeds`.

vLLM 0.32 casts the output of a Triton kernel's replacement and fills the cast's copy, so that
temperature, top-k and top-p of drafted places are whatever lay in memory on a CPU, and what is
sampled is garbage. A step for which nothing was drafted ends the engine where a request has a
top-k. Near the end of the context it copies drafts by a CUDA stream, on a CPU, too. And an engine
that speculates applies `min_p` and `logit_bias` to nobody; with ours it does, to requests for which
nothing is drafted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch

from expertserve.engine.vllm.options import PROPOSER
from expertserve.engine.vllm.patches.kernels import likeliest


@dataclass(slots=True)
class Noise:
    """What this step's drafted places are drawn with.

    Args:
        sampler: vLLM's, which draws for the other places.
        generators: By drafted place in the batch; the others are drawn without a seed.
    """

    sampler: Any = None
    generators: dict[int, torch.Generator] = field(default_factory=dict)


noise = Noise()
"""Of the worker's current step; `seeds` sets it."""


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


def verify(drafted: list[list[int]], drawn: list[int], bonus: list[int]) -> list[list[int]]:
    """What each request says: the draft as far as it was drawn, and the token after it.

    Args:
        drafted: Each request's draft.
        drawn: A token for each drafted place, one request after the other.
        bonus: For each request, the token after its whole draft.

    Example:
        >>> verify([[5, 6], []], [5, 7], [8, 9])
        [[5, 7], [9]]
    """
    said, first = [], 0
    for draft, after in zip(drafted, bonus, strict=True):
        own = drawn[first : first + len(draft)]
        first += len(draft)
        same = next((i for i, (a, b) in enumerate(zip(draft, own, strict=True)) if a != b), None)
        said.append([*own, after] if same is None else own[: same + 1])
    return said


def _draw(logits: torch.Tensor, ends: torch.Tensor, metadata: Any) -> torch.Tensor:
    """A token for each drafted place: the likeliest for greedy requests.

    Args:
        logits: As they are sampled, shape [places, vocabulary].
        ends: Where each request's places end, shape [requests].
    """
    if metadata.all_greedy or noise.sampler is None:  # None while vLLM warms up
        return likeliest(logits)
    sampled: torch.Tensor = noise.sampler(logits, noise.generators, None, None)[0].view(-1)
    if metadata.all_random:
        return sampled
    warm = expand_batch_to_tokens(metadata.temperature, ends, len(logits)) > 0
    return torch.where(warm, sampled, likeliest(logits))


def _said(
    drafted: torch.Tensor, counts: list[int], drawn: torch.Tensor, bonus: torch.Tensor
) -> torch.Tensor:
    """`verify` in tensors. Shape: [requests, longest draft + 1], -1 where nothing is said."""
    tokens = iter(drafted.tolist())
    drafts = [list(islice(tokens, count)) for count in counts]
    said = verify(drafts, drawn.tolist(), bonus.view(-1).tolist())
    width = max(counts) + 1
    rows = [[*row, *[-1] * (width - len(row))] for row in said]
    return torch.tensor(rows, dtype=torch.int32, device=drafted.device)


def _is_plain(sampling: Any) -> bool:
    """Whether every request takes the likeliest token of what the model and grammars left."""
    holder = sampling.thinking_budget_state_holder
    return (
        sampling.all_greedy
        and sampling.no_penalties
        and sampling.max_num_logprobs is None
        and sampling.allowed_token_ids_mask is None
        and not (sampling.bad_words_token_ids or sampling.logprob_token_ids)
        and not (holder is not None and holder.has_tracked_requests())
        and all(map(_is_idle, sampling.logitsprocs.non_argmax_invariant))
    )


def _is_idle(processor: Any) -> bool:
    """Whether one of vLLM's own has nothing to do in this batch; others may always have."""
    return getattr(processor, "biases", None) == {} or getattr(processor, "min_toks", None) == {}


def _forward(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """`RejectionSampler.forward`, which copies all logits three times before it looks at them."""
    from vllm.v1.outputs import SamplerOutput

    def forward(
        self: Any, metadata: Any, draft_probs: Any, logits: torch.Tensor, sampling: Any
    ) -> Any:
        if draft_probs is not None or self.synthetic_mode or not _is_plain(sampling):
            return theirs(self, metadata, draft_probs, logits, sampling)
        tokens = likeliest(logits)
        drawn = tokens[metadata.target_logits_indices]
        bonus = tokens[metadata.bonus_logits_indices]
        said = _said(metadata.draft_token_ids, metadata.num_draft_tokens, drawn, bonus)
        return SamplerOutput(sampled_token_ids=said, logprobs_tensors=None)

    return forward


def _processors(build: Callable[..., Any]) -> Callable[..., Any]:
    """vLLM's `build_logitsprocs`, which makes all of its own for an engine that we draft for."""
    from vllm.v1.sample.logits_processor import BUILTIN_LOGITS_PROCESSORS, LogitsProcessors

    def build_logitsprocs(config: Any, device: Any, pinned: bool, *others: Any) -> Any:
        if getattr(config.speculative_config, "model", None) != PROPOSER:
            return build(config, device, pinned, *others)
        return LogitsProcessors(made(config, device, pinned) for made in BUILTIN_LOGITS_PROCESSORS)

    return build_logitsprocs


def install() -> None:
    """In the modules that look the functions up by their names."""
    from vllm.v1.sample import rejection_sampler
    from vllm.v1.worker import gpu_model_runner
    from vllm.v1.worker.gpu_model_runner import GPUModelRunner

    theirs, constrain = (
        rejection_sampler.rejection_sample,
        rejection_sampler.apply_sampling_constraints,
    )
    fits = GPUModelRunner._input_fits_in_drafter

    def rejection_sample(
        draft_token_ids: torch.Tensor,
        num_draft_tokens: list[int],
        max_spec_len: int,
        cu_num_draft_tokens: torch.Tensor,
        draft_probs: torch.Tensor | None,
        target_logits: torch.Tensor,
        bonus_token_ids: torch.Tensor,
        sampling_metadata: Any,
        **others: Any,
    ) -> torch.Tensor:
        if draft_probs is not None or others.get("synthetic_mode"):
            found: torch.Tensor = theirs(
                draft_token_ids,
                num_draft_tokens,
                max_spec_len,
                cu_num_draft_tokens,
                draft_probs,
                target_logits,
                bonus_token_ids,
                sampling_metadata,
                **others,
            )
            return found
        drawn = _draw(target_logits, cu_num_draft_tokens, sampling_metadata)
        return _said(draft_token_ids, num_draft_tokens, drawn, bonus_token_ids)

    def apply_sampling_constraints(logits: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        return constrain(logits, *args, **kwargs) if len(logits) else logits

    def _input_fits_in_drafter(self: Any, metadata: Any) -> bool:
        """Our proposer takes no input."""
        ours = type(self.drafter).__module__.startswith("expertserve.")
        return (ours and metadata is not None) or fits(self, metadata)

    rejection_sampler.expand_batch_to_tokens = expand_batch_to_tokens
    rejection_sampler.apply_sampling_constraints = apply_sampling_constraints
    rejection_sampler.rejection_sample = rejection_sample
    RejectionSampler = rejection_sampler.RejectionSampler
    RejectionSampler.forward = _forward(RejectionSampler.forward)
    GPUModelRunner._input_fits_in_drafter = _input_fits_in_drafter
    gpu_model_runner.build_logitsprocs = _processors(gpu_model_runner.build_logitsprocs)
