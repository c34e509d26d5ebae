"""Bases that are split over ranks or quantised: every type of adapter is still what PEFT computes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from expertserve import EngineConfig, EngineDeadError, IncompatibleError
from expertserve.engine.vllm.engine import VLLMEngine
from expertserve.prompt.tokenizer import Tokenizer
from tests import quantise, tiny
from tests.contract.conftest import KINDS, Trained, make
from tests.contract.driver import Driver
from tests.engine.reference import Reference

pytestmark = pytest.mark.engine
TOKENS = 16


def driver(
    base: Path, cache: Path, dtype: Literal["float32", "float16"] = "float32", **vllm: Any
) -> Driver:
    config = EngineConfig(
        dtype=dtype,
        max_slots=12,
        max_model_len=512,
        kv_cache_bytes=64 << 20,
        device="cpu",
        vllm=vllm,
    )
    return Driver(VLLMEngine(), base, cache, config, rank=64)


def check(
    driver: Driver, base: Path, adapters: list[Trained], references: list[Reference], bound: float
) -> None:
    """All adapters and the base in one batch, against their references."""
    found = gaps(driver, base, adapters, references, "The harbour", greedy=bound <= 1e-4)
    assert max(map(max, found)) <= bound


def gaps(
    driver: Driver,
    base: Path,
    adapters: list[Trained],
    references: list[Reference],
    about: str,
    *,
    greedy: bool = False,
) -> list[list[float]]:
    """How far each answer's log-probabilities are from its reference's.

    Args:
        greedy: Whether each token must be the reference's likeliest.
    """
    tokenizer = Tokenizer(base)
    digests = [driver.add(driver.prepare(t.folder, t.kind, t.rank)) for t in adapters] + [None]
    asked = [
        tokenizer.encode_plain(f"{about}: how many boats are there? " * (1 + i % 4))
        for i in range(len(digests))
    ]
    requests = [
        driver.request(p, digest, max_tokens=TOKENS, logprobs=0, ignore_eos=True)
        for p, digest in zip(asked, digests, strict=True)
    ]
    found = []
    for prompt, reference, answer in zip(asked, references, driver.together(requests), strict=True):
        likeliest, logprobs = reference.judge(prompt, answer.token_ids)
        assert list(answer.token_ids) == likeliest or not greedy
        assert answer.logprobs is not None
        found.append([abs(p.logprob - q) for p, q in zip(answer.logprobs, logprobs, strict=True)])
    return found


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Driver]]:
    folder = tmp_path_factory.mktemp("ranks")
    base = tiny.base_model(folder / "models" / "tiny", "qwen2")  # q, k and v have biases
    made = driver(base, folder / "cache", tensor_parallel_size=2)
    yield base, folder, made
    made.close()


def test_two_ranks_compute_what_peft_computes(ranks: tuple[Path, Path, Driver]) -> None:
    base, folder, made = ranks
    adapters = [
        make(base, folder / f"{i}-{kind}", kind, rank, seed=i)
        for i, (kind, rank) in enumerate(KINDS)
    ]
    references = [*(Reference(base, t.folder) for t in adapters), Reference(base, None)]
    check(made, base, adapters, references, 2e-5)


@pytest.mark.long
def test_a_shift_on_a_layer_split_over_its_inputs_is_added_once(
    ranks: tuple[Path, Path, Driver],
) -> None:
    """DoRA on an output projection with a bias, which it doesn't scale."""
    _, folder, _ = ranks
    base = tiny.base_model(folder / "models" / "biased", "llama", attention_bias=True)
    made = driver(base, folder / "cache", tensor_parallel_size=2)
    try:
        adapters = [make(base, folder / "biased-dora", "dora", 4, seed=1)]
        references = [Reference(base, adapters[0].folder), Reference(base, None)]
        check(made, base, adapters, references, 2e-5)
    finally:
        made.close()


@pytest.mark.long
@pytest.mark.parametrize("form", ["int8", "fp8"])
def test_adapters_on_a_base_that_rounds_its_inputs(tmp_path: Path, form: str) -> None:
    """Exact, but where a last bit decides how an input is rounded; of tiny rows of a hundred inputs
    one step is seen, with an adapter or without.
    """
    plain = tiny.base_model(tmp_path / "models" / "plain")
    make_base, rounded = (
        (quantise.w8a8, torch.int8) if form == "int8" else (quantise.fp8, torch.float8_e4m3fn)
    )
    base = make_base(plain, tmp_path / "models" / form)
    whole = quantise.dequantised(base, plain, tmp_path / "models" / "whole")
    adapters = [
        make(whole, tmp_path / f"{i}-{kind}", kind, rank, seed=i)
        for i, (kind, rank) in enumerate([("ia3", 0), ("lora", 8), ("dora", 8)])
    ]
    references = [*(Reference(whole, t.folder) for t in adapters), Reference(whole, None)]
    for reference in references:
        quantise.round_inputs(reference.model, rounded)
    made = driver(base, tmp_path / "cache")
    try:
        turns = [gaps(made, base, adapters, references, f"Harbour {i}") for i in range(4)]
        found = [gap for turn in turns for answer in turn for gap in answer]
        assert statistics.median(found) <= 1e-4 and max(found) <= 0.1
    finally:
        made.close()


@pytest.mark.long
@pytest.mark.parametrize("form", quantise.FORMS)
def test_adapters_on_a_four_bit_base(tmp_path: Path, form: str) -> None:
    """Weights are rounded and inputs aren't. vLLM's kernel takes no float32, and float16 alone is
    as far from PEFT's float32 on the weights that were dequantised.
    """
    plain = tiny.base_model(tmp_path / "models" / "plain")
    base = quantise.four_bits(plain, tmp_path / "models" / form, form)
    whole = quantise.dequantised(base, plain, tmp_path / "models" / "whole")
    adapters = [
        make(whole, tmp_path / f"{i}-{kind}", kind, rank, seed=i)
        for i, (kind, rank) in enumerate([("ia3", 0), ("lora", 8), ("dora", 8)])
    ]
    references = [*(Reference(whole, t.folder) for t in adapters), Reference(whole, None)]
    made = driver(base, tmp_path / "cache", "float16")
    try:
        check(made, base, adapters, references, 5e-3)
    finally:
        made.close()


@pytest.mark.long
def test_drafted_tokens_are_sampled_as_the_request_says(tmp_path: Path) -> None:
    """vLLM's n-grams at a temperature: of two tokens that may come, none but these came."""
    base = tiny.base_model(tmp_path / "models" / "tiny")
    drafts = {"method": "ngram", "num_speculative_tokens": 3, "prompt_lookup_max": 2}
    made = driver(base, tmp_path / "cache", speculative_config=drafts)
    try:
        prompt = Tokenizer(base).encode_plain("over and over and over and over and over")
        asked = [
            made.request(prompt, temperature=0.8, top_k=2, max_tokens=40, ignore_eos=True, seed=i)
            for i in range(8)
        ]
        reference = Reference(base, None)
        for answer in made.together(asked):
            likeliest = reference.likeliest(prompt, answer.token_ids, 2)
            assert all(t in two for t, two in zip(answer.token_ids, likeliest, strict=True))
    finally:
        made.close()


def test_a_base_that_the_cpu_cant_compute_says_so_at_the_start(tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "models" / "small-heads", head_dim=16)
    with pytest.raises(EngineDeadError, match="head_dim=16") as caught:
        driver(base, tmp_path / "cache")
    assert caught.value.code == "engine_unfit"


@pytest.mark.long
def test_a_base_without_adapter_slots_says_so_at_the_start(tmp_path: Path) -> None:
    from tests import architectures

    gpt2 = next(a for a in architectures.ARCHITECTURES if a.model_type == "gpt2")
    base = architectures.make(tmp_path / "models" / "gpt2", gpt2)
    with pytest.raises((EngineDeadError, IncompatibleError), match="does not support LoRA"):
        driver(base, tmp_path / "cache")
