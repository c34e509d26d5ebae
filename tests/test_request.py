"""Sampling: the call before the manifest before the defaults, and nothing out of range."""

from __future__ import annotations

import math
from typing import Any

import pytest

from expertserve.core.defaults import resolve_sampling
from expertserve.errors import ConfigError
from expertserve.package.manifest import Decoding

DEFAULTS = Decoding(temperature=0.7, top_p=0.8, top_k=20, min_p=0, stop_sequences=(";", "\n\n"))


def resolve(
    prompt_tokens: int = 10, context_length: int = 1000, defaults: Decoding = DEFAULTS, **args: Any
) -> Any:
    return resolve_sampling(
        args, defaults, prompt_tokens=prompt_tokens, context_length=context_length
    )  # type: ignore[arg-type]


def test_the_call_goes_before_the_manifest_before_the_defaults() -> None:
    assert (resolve().temperature, resolve().top_k, resolve().stop) == (0.7, 20, (";", "\n\n"))
    assert (
        resolve(temperature=0.5, stop="x").temperature,
        resolve(stop="x").stop,
        resolve(stop=[]).stop,
    ) == (0.5, ("x",), ())
    bare = resolve(defaults=Decoding())
    assert (bare.temperature, bare.top_p, bare.top_k, bare.max_tokens) == (0.0, 1.0, 0, 512)


def test_an_answer_without_a_bound_fits_the_context() -> None:
    assert resolve(prompt_tokens=900).max_tokens == 100
    assert resolve(prompt_tokens=100).max_tokens == 512


@pytest.mark.parametrize("value", [-1, 2.1, math.nan, math.inf, "hot", True])
def test_a_temperature_out_of_range_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="temperature"):
        resolve(temperature=value)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_k": -2}, "top_k"),
        ({"top_k": 1.5}, "top_k"),
        ({"min_p": 2}, "min_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"logprobs": -1}, "logprobs"),
        ({"logprobs": 1000}, "logprobs"),
        ({"n": 0}, "n must be"),
        ({"seed": 1.5}, "seed"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["x"] * 100}, "stop"),
        ({"temperature": 0, "n": 3}, "the same"),
        ({"temprature": 0.5}, "no argument 'temprature'"),
    ],
)
def test_values_out_of_range_or_in_contradiction_are_refused(
    args: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        resolve(**args)


@pytest.mark.parametrize(("prompt", "wanted"), [(1000, 1), (2000, 1), (600, 500)])
def test_what_does_not_fit_the_context_is_refused_with_the_numbers(
    prompt: int, wanted: int
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(prompt_tokens=prompt, max_tokens=wanted)
    assert caught.value.code == "prompt_too_long"
    assert (
        f"{prompt:,}" in caught.value.message
        and f"{wanted:,}" in caught.value.message
        and "maximum context length is 1000 tokens" in caught.value.message
    )
