"""The expert's defaults, from its manifest, under a caller's arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from expertserve.errors import ConfigError
from expertserve.package.manifest import Decoding
from expertserve.request import DEFAULT_MAX_TOKENS, Sampling, SamplingArgs, check_names, check_whole

T = TypeVar("T")


def resolve_sampling(
    args: SamplingArgs,
    defaults: Decoding,
    *,
    prompt_tokens: int,
    context_length: int,
    stop_token_ids: tuple[int, ...] = (),
) -> Sampling:
    """The caller's arguments over the manifest's defaults over ours, checked against the context.

    Raises:
        ConfigError: See `Sampling`; `prompt_too_long` where prompt and answer exceed the context.

    Example:
        >>> defaults = Decoding(temperature=0.7)
        >>> resolve_sampling({}, defaults, prompt_tokens=10, context_length=100).max_tokens
        90
    """
    check_names(args)
    room = context_length - prompt_tokens
    wanted = args.get("max_tokens")
    if wanted is not None:
        check_whole("max_tokens", wanted, 1, 1 << 31)
    if room < (wanted or 1):
        asked = f" and max_tokens is {wanted:,}" if wanted else ""
        raise ConfigError(
            f"this model's maximum context length is {context_length} tokens; the prompt has"
            f" {prompt_tokens:,}{asked}",
            hint=f"shorten the prompt{f', or lower max_tokens to {room:,}' if room > 0 else ''}",
            code="prompt_too_long",
            param="max_tokens" if wanted and room > 0 else "messages",
        )
    stop = args.get("stop", defaults.stop_sequences)
    allowed = args.get("allowed_token_ids")
    if not isinstance(stop, str | Sequence):
        raise ConfigError(
            f"stop must be a text or a list of texts, not {type(stop).__name__}",
            code="bad_sampling",
        )
    top_k = args.get("top_k", defaults.top_k or 0)
    return Sampling(
        temperature=_first(args.get("temperature"), defaults.temperature, 0.0),
        top_p=_first(args.get("top_p"), defaults.top_p, 1.0),
        top_k=0 if top_k == -1 else top_k,
        min_p=_first(args.get("min_p"), defaults.min_p, 0.0),
        max_tokens=wanted or min(defaults.limit or DEFAULT_MAX_TOKENS, room),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        stop_token_ids=(
            *(() if args.get("ignore_eos") else stop_token_ids),
            *_listed("stop_token_ids", args.get("stop_token_ids", ())),
        ),
        seed=args.get("seed"),
        repetition_penalty=_first(args.get("repetition_penalty"), defaults.repetition_penalty, 1.0),
        presence_penalty=args.get("presence_penalty", 0.0),
        frequency_penalty=args.get("frequency_penalty", 0.0),
        logit_bias=_biases(args.get("logit_bias")),
        logprobs=args.get("logprobs"),
        prompt_logprobs=args.get("prompt_logprobs"),
        n=args.get("n", 1),
        min_tokens=args.get("min_tokens", 0),
        ignore_eos=args.get("ignore_eos", False),
        allowed_token_ids=None if allowed is None else _listed("allowed_token_ids", allowed),
        bad_words=_listed("bad_words", args.get("bad_words", ())),
        skip_special_tokens=args.get("skip_special_tokens", True),
        include_stop=args.get("include_stop", False),
    )


def _listed(name: str, values: Sequence[T]) -> tuple[T, ...]:
    """Raises ConfigError `bad_sampling` for what is no list."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ConfigError(
            f"{name} must be a list, not {type(values).__name__}", code="bad_sampling"
        )
    return tuple(values)


def _biases(given: Mapping[int, float] | None) -> tuple[tuple[int, float], ...]:
    if given is not None and not isinstance(given, Mapping):
        raise ConfigError(
            f"logit_bias must be a dictionary, not {type(given).__name__}", code="bad_sampling"
        )
    return tuple((given or {}).items())


def _first(*values: float | None) -> float:
    return next(v for v in values if v is not None)
