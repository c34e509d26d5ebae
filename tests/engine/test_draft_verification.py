"""How drafts are verified inside vLLM, without an engine: what is drawn, and where a grammar stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace

import pytest

pytest.importorskip("vllm", reason="only where vLLM is installed")

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.decoding.mask import GlrMask, GlrVocabulary
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.engine.vllm.grammar import Sentence
from expertserve.engine.vllm.patches import drafts, masks, seeds
from expertserve.grammar.gbnf import parse

END = 256
DRAWS = 50_000
CRITICAL = 20.09
"""Of chi-square with 8 degrees of freedom at p = 0.01."""


@pytest.fixture(scope="module")
def sample() -> Callable[..., torch.Tensor]:
    """vLLM's function as it is called in the worker, with ours in its place."""
    from vllm.v1.sample import rejection_sampler
    from vllm.v1.sample.ops.topk_topp_sampler import TopKTopPSampler

    drafts.install()
    drafts.noise.sampler = TopKTopPSampler()
    drafts.noise.generators = {}

    def call(
        drafted: list[list[int]], logits: torch.Tensor, bonus: list[int], temperature: list[float]
    ) -> torch.Tensor:
        counts = [len(d) for d in drafted]
        metadata = SimpleNamespace(
            all_greedy=not any(temperature),
            all_random=all(temperature),
            temperature=torch.tensor(temperature),
            generators={},
        )
        said: torch.Tensor = rejection_sampler.rejection_sample(
            torch.tensor([t for d in drafted for t in d], dtype=torch.int32),
            counts,
            max(counts),
            torch.tensor(counts).cumsum(0),
            None,
            logits,
            torch.tensor(bonus, dtype=torch.int32).unsqueeze(1),
            metadata,
        )
        return said

    return call


def test_fifty_thousand_draws_have_the_models_distribution(
    sample: Callable[..., torch.Tensor],
) -> None:
    """Whatever is drafted, likely or not: p > 0.01."""
    torch.manual_seed(7)
    logits = torch.tensor([2.0, 1.5, 1.0, 0.5, 0.0, -0.5, -1.0, -1.5, 1.2])
    wanted = logits.softmax(0) * DRAWS
    for token in (0, 7):
        said = sample([[token]] * DRAWS, logits.repeat(DRAWS, 1), [3] * DRAWS, [1.0] * DRAWS)
        found = torch.bincount(said[:, 0].long(), minlength=9)
        assert float(((found - wanted) ** 2 / wanted).sum()) < CRITICAL
        accepted = said[:, 0] == token
        assert (said[accepted, 1] == 3).all() and (said[~accepted, 1] == -1).all()


def test_greedy_and_sampling_requests_are_verified_side_by_side(
    sample: Callable[..., torch.Tensor],
) -> None:
    logits = torch.zeros(5, 6)
    for row, likely in enumerate((1, 2, 3, 4, 5)):
        logits[row, likely] = 50.0
    said = sample([[1, 2], [], [3, 0, 5]], logits, [0, 4, 2], [0.0, 0.0, 1.0])
    assert said.tolist() == [[1, 2, 0, -1], [4, -1, -1, -1], [3, 4, -1, -1]]


def test_a_place_is_drawn_the_same_whether_it_is_drafted_or_comes_by_itself(
    sample: Callable[..., torch.Tensor],
) -> None:
    logits = torch.randn(12, 40)

    def generator(place: int) -> torch.Generator:
        return torch.Generator().manual_seed(seeds.seed_at(11, place))

    alone = [
        int(drafts.noise.sampler(logits[i : i + 1].clone(), {0: generator(i)}, None, None)[0])
        for i in range(12)
    ]
    drafts.noise.generators = {i: generator(i) for i in range(12)}
    try:
        said = sample([alone[:6], alone[6:]], logits, [1, 2], [1.0, 1.0])
    finally:
        drafts.noise.generators = {}
    assert said.tolist() == [[*alone[:6], 1], [*alone[6:], 2]]


def test_seeds_of_places_differ() -> None:
    found = {seeds.seed_at(seed, place) for seed in range(-3, 60) for place in range(300)}
    assert len(found) == 63 * 300
    assert all(0 <= s < 1 << 64 for s in found)


def test_masks_of_drafted_places_reach_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of a step in another order than their masks', some drafted for and some without."""
    from vllm.v1.worker import gpu_model_runner

    monkeypatch.setattr(gpu_model_runner, "apply_grammar_bitmask", None)  # theirs isn't needed
    masks.install()
    size, drafted = 64, {"b": [1, 2], "c": [3]}
    rng = np.random.default_rng(1)
    bits = rng.integers(-(2**31), 2**31, (5, 2)).astype(np.int32)
    grammars = SimpleNamespace(grammar_bitmask=bits, structured_output_request_ids=["c", "b"])
    scheduled = SimpleNamespace(scheduled_spec_decode_tokens=drafted)
    batch = SimpleNamespace(req_ids=["a", "b", "c"])
    logits = torch.zeros(6, size)
    gpu_model_runner.apply_grammar_bitmask(scheduled, grammars, batch, logits)
    wanted = {1: bits[2], 2: bits[3], 3: bits[4], 4: bits[0], 5: bits[1]}
    assert (logits[0] == 0).all()
    for row, own in wanted.items():
        allowed = [bool(int(own[t >> 5]) >> (t & 31) & 1) for t in range(size)]
        assert ((logits[row] == 0) == torch.tensor(allowed)).all()


GRAMMAR = 'root ::= ("ab" | "acd" | "e" root "f")+'
BYTES = Vocabulary({i: bytes([i]) for i in range(256)})


@cache
def mask() -> GlrMask:
    return GlrMask.compile(parse(GRAMMAR), GlrVocabulary(BYTES))


def sentence() -> Sentence:
    return Sentence(mask(), [END], size=257)


def allowed(one: Sentence) -> set[int]:
    row = torch.zeros(1, 9, dtype=torch.int32)
    one.fill_bitmask(row, 0)
    return {i for i in range(257) if int(row[0, i >> 5]) >> (i & 31) & 1}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("draft mask roll say".split()), st.integers(0, 5))))
def test_a_sentence_that_was_drafted_and_rolled_back_stands_where_a_fresh_one_does(
    moves: list[tuple[str, int]],
) -> None:
    one, said, ahead = sentence(), list[int](), list[int]()
    for move, number in moves:
        fresh = sentence()
        assert fresh.accept_tokens("", said + ahead)
        choices = sorted(allowed(fresh)) if not fresh.is_terminated() else []
        if move == "roll" or not choices:
            one.rollback(len(ahead))
            ahead = []
        elif move == "draft":
            assert not one.take((choices[0] + 1) % 256) or (choices[0] + 1) % 256 in choices
            fresh.accept_tokens("", [])
            one.rollback(one.length - len(said) - len(ahead))
            token = choices[number % len(choices)]
            assert one.take(token)
            ahead.append(token)
        elif move == "mask":
            assert allowed(one) == set(choices)
        else:
            one.rollback(len(ahead))
            ahead = []
            fresh = sentence()
            fresh.accept_tokens("", said)
            if fresh.is_terminated():
                continue
            now = sorted(allowed(fresh))
            said.append(now[number % len(now)])
            assert one.accept_tokens("", said[-1:])
        check = sentence()
        assert check.accept_tokens("", said + ahead)
        assert one.is_terminated() == check.is_terminated()
        if not check.is_terminated():
            assert allowed(one) == allowed(check)


def test_forced_text_is_told_without_moving() -> None:
    grammar = GlrMask.compile(parse('root ::= "{key: " [0-9] "}"'), GlrVocabulary(BYTES))
    one = Sentence(grammar, [END], size=257)
    assert bytes(one.forced()) == b"{key: "
    assert one.take(ord("{")) and bytes(one.forced()) == b"key: "
    one.rollback(1)
    assert bytes(one.forced()) == b"{key: " and allowed(one) == {ord("{")}
