"""A request → vLLM's sampling parameters, with its grammar and its wish for drafts."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from expertserve.engine.vllm.options import DRAFTS
from expertserve.errors import InferenceError
from expertserve.request import Constraint, Request, Sampling

if TYPE_CHECKING:
    from vllm.sampling_params import SamplingParams

SEED_FOR_MINUS_ONE = (1 << 63) - 2
"""Stands in for the seed −1, which vLLM takes for none."""


def sampling_params(request: Request, drafts: bool) -> SamplingParams:
    """What vLLM is told of a request.

    Args:
        drafts: Whether the engine makes drafts.

    Raises:
        InferenceError: `not_resumable`.
    """
    from vllm.sampling_params import RequestOutputKind

    from expertserve.engine.vllm.grammar import Params

    sampling = request.sampling
    if request.written and (sampling.presence_penalty or sampling.frequency_penalty):
        raise InferenceError(
            "vLLM can't go on with an answer whose penalties count what was written before",
            hint="ask again",
            code="not_resumable",
        )
    arguments: dict[str, Any] = {
        "n": sampling.n,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "seed": seed_after(sampling.seed, request.written),
        "stop": list(sampling.stop),
        "stop_token_ids": list(sampling.stop_token_ids),
        "max_tokens": sampling.max_tokens,
        "repetition_penalty": sampling.repetition_penalty,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "logit_bias": dict(sampling.logit_bias) or None,
        "min_tokens": sampling.min_tokens,
        "allowed_token_ids": list(sampling.allowed_token_ids or ()) or None,
        "bad_words": list(sampling.bad_words) or None,
        "skip_special_tokens": sampling.skip_special_tokens,
        "include_stop_str_in_output": sampling.include_stop,
        "logprobs": sampling.logprobs,
        "prompt_logprobs": sampling.prompt_logprobs,
        "ignore_eos": sampling.ignore_eos,
        "output_kind": RequestOutputKind.DELTA,
    }
    if drafts and request.drafts and not request.soft_prompt and not _unverified(sampling):
        wish = replace(request.drafts, request=request.id)
        arguments["extra_args"] = {DRAFTS: {**asdict(wish), "package": str(wish.package or "")}}
    if request.constraint:
        arguments |= _constrained(request.constraint)
    return Params(**arguments)


def seed_after(seed: int | None, written: int) -> int | None:
    """A seed whose draws begin behind so many tokens: see `seed_at`, which adds so much a place."""
    if seed is None:
        return None
    seed = SEED_FOR_MINUS_ONE if seed == -1 else seed
    if not written:
        return seed
    from expertserve.engine.vllm.patches.seeds import GOLDEN, WORD

    half = (WORD + 1) // 2
    return ((seed + written * GOLDEN + half) & WORD) - half


def _unverified(sampling: Sampling) -> bool:
    """Whether a request asks for something that vLLM takes, and doesn't apply to drafted places."""
    return bool(sampling.bad_words or sampling.min_tokens or sampling.min_p or sampling.logit_bias)


def _constrained(constraint: Constraint) -> dict[str, Any]:
    """Arguments for our backend. Detokenised in `decoding.follow`."""
    from vllm.sampling_params import StructuredOutputsParams

    grammar = StructuredOutputsParams(grammar=constraint.as_json())
    return {"detokenize": False, "structured_outputs": grammar}
