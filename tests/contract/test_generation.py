"""What an engine must compute: PEFT's tokens and log-probabilities for every type of adapter,
whatever else is in the batch.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
import torch

from expertserve.adapters.serving import ServingAdapter
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.result import Chunk, Completion
from tests.contract.conftest import Trained
from tests.contract.driver import Driver, join
from tests.engine.reference import Reference

TOKENS = 24
TOLERANCE = 2e-5
QUESTION = "How many lighthouses are in Norway? "


def prompts(tokenizer: Tokenizer, count: int) -> list[list[int]]:
    """Prompts of very different lengths."""
    return [tokenizer.encode_plain(QUESTION * (1 + 2 * (i % 5)) + "x" * i) for i in range(count)]


def check(completion: Completion, prompt: list[int], reference: Reference) -> list[float]:
    """Every token is the likeliest to the reference, and as likely as it says. Returns the
    log-probabilities.
    """
    likeliest, logprobs = reference.judge(prompt, completion.token_ids)
    assert list(completion.token_ids) == likeliest
    assert completion.logprobs is not None
    assert (
        max(abs(p.logprob - q) for p, q in zip(completion.logprobs, logprobs, strict=True))
        <= TOLERANCE
    )
    return logprobs


def test_every_type_in_one_batch_equals_peft(
    driver: Driver, trained: list[Trained], references: list[Reference], tokenizer: Tokenizer
) -> None:
    digests = [driver.add(driver.prepare(t.folder, t.kind, t.rank)) for t in trained] + [None]
    asked = prompts(tokenizer, 2 * len(digests))
    requests = [
        driver.request(p, digests[i % len(digests)], max_tokens=TOKENS, logprobs=0, ignore_eos=True)
        for i, p in enumerate(asked)
    ]
    for i, completion in enumerate(driver.together(requests)):
        own = references[i % len(digests)]
        logprobs = check(completion, asked[i], own)
        bare = references[-1].judge(asked[i], completion.token_ids)[1]
        changed = max(abs(p - q) for p, q in zip(logprobs, bare, strict=True))
        assert changed > 0.05 or own is references[-1], (
            "the adapter changes nothing that could be seen"
        )


def test_a_result_is_the_same_alone_and_beside_others_that_come_and_go(
    driver: Driver, trained: list[Trained], tokenizer: Tokenizer
) -> None:
    digests = [driver.add(driver.prepare(t.folder, t.kind, t.rank)) for t in trained[:3]] + [None]
    asked = [
        (p, digests[i % 4], 3 + 5 * (i % 6)) for i, p in enumerate(prompts(tokenizer, 20))
    ]  # more than run at once
    together = driver.together(
        [driver.request(p, a, max_tokens=m, ignore_eos=True) for p, a, m in asked]
    )
    alone = [driver.generate(p, a, max_tokens=m, ignore_eos=True) for p, a, m in asked]
    assert [c.token_ids for c in together] == [c.token_ids for c in alone]
    assert [c.text for c in together] == [c.text for c in alone]


def test_greedy_answers_are_those_of_generate(
    driver: Driver, references: list[Reference], tokenizer: Tokenizer
) -> None:
    prompt = prompts(tokenizer, 1)[0]
    end = references[-1].greedy(prompt, 12, [2])[-1]  # a token that does come, as an end
    wanted = references[-1].greedy(prompt, 40, [2, end])
    got = driver.generate(prompt, max_tokens=40, stop_token_ids=(2, end))
    assert list(got.token_ids) == wanted and got.finish_reason == "stop"
    assert got.text == tokenizer.decode(wanted[:-1])


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}])
def test_sampling_that_leaves_one_token_is_greedy(
    driver: Driver, tokenizer: Tokenizer, narrow: dict[str, float]
) -> None:
    prompt = prompts(tokenizer, 2)[1]
    greedy = driver.generate(prompt, max_tokens=12)
    assert (
        driver.generate(prompt, max_tokens=12, temperature=1.0, **narrow).token_ids
        == greedy.token_ids
    )


def test_a_repetition_penalty_is_the_one_of_generate(
    driver: Driver, references: list[Reference], tokenizer: Tokenizer
) -> None:
    prompt = prompts(tokenizer, 1)[0]
    ids = torch.tensor([prompt])
    model = references[-1].model
    wanted = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=20,
        do_sample=False,
        repetition_penalty=1.3,
        eos_token_id=2,
        pad_token_id=2,
    )[0, len(prompt) :]
    got = driver.generate(prompt, max_tokens=20, repetition_penalty=1.3, stop_token_ids=(2,))
    assert list(got.token_ids) == wanted.tolist()
    assert got.token_ids != driver.generate(prompt, max_tokens=20, stop_token_ids=(2,)).token_ids


def test_a_seed_repeats_its_answer_alone_and_in_a_batch(
    driver: Driver, tokenizer: Tokenizer
) -> None:
    prompt = prompts(tokenizer, 3)[2]
    sampled = {"temperature": 1.0, "max_tokens": 16, "ignore_eos": True}
    alone = [driver.generate(prompt, seed=seed, **sampled).token_ids for seed in (1, 2, 1)]
    assert alone[0] == alone[2] != alone[1]
    beside = driver.together([driver.request(prompt, seed=seed, **sampled) for seed in (2, 1, 5)])
    assert [c.token_ids for c in beside[:2]] == [alone[1], alone[0]]
    assert (
        driver.generate(prompt, **sampled).token_ids != driver.generate(prompt, **sampled).token_ids
    )


def test_seeds_hold_where_long_prompts_are_read_in_parts(
    driver: Driver, tokenizer: Tokenizer
) -> None:
    long = [tokenizer.encode_plain(f"{i} is the number. " + QUESTION * 60)[:440] for i in range(16)]
    sampled = {"temperature": 1.0, "max_tokens": 8, "ignore_eos": True}
    beside = driver.together(
        [driver.request(prompt, seed=i, **sampled) for i, prompt in enumerate(long)]
    )
    for i in (0, 7, 15):
        assert driver.generate(long[i], seed=i, **sampled).token_ids == beside[i].token_ids


def test_adapters_come_while_every_slot_is_in_use(
    driver: Driver, trained: list[Trained], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Twice as many as there are slots, each loaded while others answer."""
    prompt = tokenizer.encode_plain(QUESTION)
    kept = driver.add(driver.prepare(trained[0].folder, trained[0].kind, trained[0].rank))
    wanted = driver.generate(prompt, kept, max_tokens=12, ignore_eos=True).token_ids
    copies = [shutil.copytree(trained[0].folder, tmp_path / f"copy-{i}") for i in range(24)]
    prepared = [driver.prepare(copy, trained[0].kind, trained[0].rank) for copy in copies]

    async def use(adapter: ServingAdapter) -> list[Chunk]:
        await driver.engine.add(adapter)
        try:
            return [
                c
                async for c in driver.engine.stream(
                    driver.request(prompt, adapter.digest, max_tokens=12, ignore_eos=True)
                )
            ]
        finally:
            await driver.engine.remove(adapter.digest)

    async def use_all() -> list[list[Chunk]]:
        return await asyncio.gather(*(use(adapter) for adapter in prepared))

    for _ in range(3):
        assert all(join(chunks)[0].token_ids == wanted for chunks in driver.run(use_all()))


def test_n_answers_come_by_index_and_differ(driver: Driver, tokenizer: Tokenizer) -> None:
    request = driver.request(
        prompts(tokenizer, 1)[0], temperature=1.0, seed=3, n=4, max_tokens=8, ignore_eos=True
    )
    completions = join(driver.chunks(request))
    assert len(completions) == 4 and all(len(c.token_ids) == 8 for c in completions)
    assert len({c.token_ids for c in completions}) > 1
    first = driver.generate(
        request.prompt_token_ids, temperature=1.0, seed=3, max_tokens=8, ignore_eos=True
    )
    assert first.token_ids == completions[0].token_ids


def test_logprobs_are_raw_and_the_top_ones_come_likeliest_first(
    driver: Driver, references: list[Reference], tokenizer: Tokenizer
) -> None:
    prompt = prompts(tokenizer, 1)[0]
    got = driver.generate(
        prompt,
        temperature=0.7,
        seed=11,
        max_tokens=6,
        logprobs=3,
        ignore_eos=True,
        repetition_penalty=1.2,
    )
    logits = (
        references[-1]
        .model(input_ids=torch.tensor([[*prompt, *got.token_ids]]))
        .logits[0, len(prompt) - 1 : -1]
    )
    logprobs = logits.detach().log_softmax(-1)
    assert got.logprobs is not None and len(got.logprobs) == 6
    for place, entry in enumerate(got.logprobs):
        assert entry.token_id == got.token_ids[place]
        assert entry.logprob == pytest.approx(float(logprobs[place, entry.token_id]), abs=TOLERANCE)
        values, ids = logprobs[place].topk(3)
        assert [i for i, _ in entry.top[:3]] == ids.tolist()
        assert [p for _, p in entry.top[:3]] == pytest.approx(values.tolist(), abs=TOLERANCE)
