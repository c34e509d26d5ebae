"""Drafts change how many steps an answer takes, and nothing else.

One engine serves all: a request without a wish for drafts is the comparison. The portable engine
drafts for what runs alone.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from expertserve import EngineConfig
from expertserve.decoding.block import NEWLINES
from expertserve.decoding.compile import vocabulary_of, write_checked
from expertserve.decoding.mask import GlrMask, GlrVocabulary
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.grammar.gbnf import parse
from expertserve.package.habits import DraftWish
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import FREE, Constraint, ReasoningRule, Request
from expertserve.result import Chunk, Completion
from tests import tiny
from tests.contract.conftest import ENGINES, LONG_VLLM, make
from tests.contract.driver import Driver, join

TOKENS = 40
KINDS = [("lora", 8), ("dora", 8), ("ia3", 0)]


@pytest.fixture(scope="module", params=["transformers", LONG_VLLM])
def driver(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("drafts")
    base = tiny.base_model(folder / "models" / "tiny")
    config = EngineConfig(
        dtype="float32",
        max_slots=4,
        max_requests=24,
        max_model_len=256,
        kv_cache_bytes=64 << 20,
        device="cpu",
        drafts=True,
    )
    made = Driver(ENGINES[request.param](), base, folder / "cache", config, rank=16)
    yield made
    made.close()


@pytest.mark.parametrize("engine", ["transformers", LONG_VLLM])
def test_an_engine_of_the_base_alone_drafts_too(engine: str, tmp_path: Path) -> None:
    """vLLM compiles such a model, and warms it up with drafts of its own."""
    base = tiny.base_model(tmp_path / "models" / "tiny")
    config = EngineConfig(max_model_len=256, kv_cache_bytes=64 << 20, device="cpu", dtype="float32")
    driver = Driver(ENGINES[engine](), base, tmp_path / "cache", config, rank=0)
    try:
        asked = [driver.request(p, max_tokens=20) for p in prompts(Tokenizer(driver.base.path), 3)]
        assert compare(driver, asked)[1] > 0
    finally:
        driver.close()


@pytest.fixture(scope="module")
def tokenizer(driver: Driver) -> Tokenizer:
    return Tokenizer(driver.base.path)


@pytest.fixture(scope="module")
def adapters(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    folder = tmp_path_factory.mktemp("trained")
    made = [make(driver.base.path, folder / k, k, r, seed=i) for i, (k, r) in enumerate(KINDS)]
    return [*(driver.add(driver.prepare(t.folder, t.kind, t.rank)) for t in made), None]


def prompts(tokenizer: Tokenizer, count: int) -> list[list[int]]:
    return [
        tokenizer.encode_plain("How many boats are in the harbour? " * (1 + i % 4) + "y" * i)
        for i in range(count)
    ]


def spoiled(answer: Completion, every: int = 7) -> tuple[int, ...]:
    """An answer with one token in so many changed: what a caller may expect, nearly right."""
    ids = answer.token_ids
    return tuple(t if i % every else (t + 1) % 200 + 3 for i, t in enumerate(ids))


def wished(request: Request, prediction: tuple[int, ...] = (), expert: str = "") -> Request:
    wish = DraftWish(expert=expert or request.id, prediction=prediction, history=False, least=0.05)
    return replace(request, drafts=wish)


def counts(chunks: list[Chunk]) -> dict[str, tuple[int, int]]:
    """Drafted and accepted, by source, at the end of a request."""
    last = [c.drafts for c in chunks if c.drafts]
    return {d.source: (d.drafted, d.accepted) for d in last[-1]} if last else {}


def drafted(driver: Driver, requests: list[Request]) -> list[tuple[Completion, tuple[int, int]]]:
    """Each one's answer, and how many tokens were drafted and accepted. On vLLM all at once."""

    async def chunks(request: Request) -> list[Chunk]:
        async with aclosing(driver.engine.stream(request)) as stream:
            return [chunk async for chunk in stream]

    async def all_of() -> list[list[Chunk]]:
        if isinstance(driver.engine, TransformersEngine):
            return [await chunks(r) for r in requests]
        return await asyncio.gather(*(chunks(r) for r in requests))

    found = []
    for own in driver.run(all_of()):
        pairs = counts(own).values()
        found.append((join(own)[0], (sum(d for d, _ in pairs), sum(a for _, a in pairs))))
    return found


def compare(driver: Driver, requests: list[Request], tolerance: float = 2e-5) -> tuple[int, int]:
    """Asks without drafts, and with the answers, partly spoiled, as predictions; sums of drafts."""
    plain = driver.together(requests)
    asked = [wished(r, spoiled(a)) for r, a in zip(requests, plain, strict=True)]
    total = [0, 0]
    for request, before, (after, pair) in zip(
        requests, plain, drafted(driver, [replace(r, id=r.id + "d") for r in asked]), strict=True
    ):
        assert after.token_ids == before.token_ids, request
        assert (after.text, after.finish_reason) == (before.text, before.finish_reason)
        for a, b in zip(after.logprobs or (), before.logprobs or (), strict=True):
            assert a.token_id == b.token_id and abs(a.logprob - b.logprob) < tolerance
        total = [total[0] + pair[0], total[1] + pair[1]]
    return total[0], total[1]


def test_greedy_answers_of_mixed_adapters_are_the_same_tokens(
    driver: Driver, adapters: list[str | None], tokenizer: Tokenizer
) -> None:
    asked = [
        driver.request(p, adapters[i % 4], max_tokens=8 + 3 * i, ignore_eos=True, logprobs=2)
        for i, p in enumerate(prompts(tokenizer, 12))
    ]
    drafts, accepted = compare(driver, asked)
    assert drafts > accepted > 20
    alone = [compare(driver, [replace(r, id=r.id + "a")]) for r in asked[8:10]]
    assert all(d >= a > 0 for d, a in alone)


def test_a_seed_gives_the_same_answer_with_drafts_and_in_any_company(
    driver: Driver, adapters: list[str | None], tokenizer: Tokenizer
) -> None:
    options: list[dict[str, Any]] = [
        {"temperature": 0.8},
        {"temperature": 1.2, "top_k": 20},
        {"temperature": 1.0, "top_p": 0.9},
        {"temperature": 0.7, "top_k": 8, "top_p": 0.95, "repetition_penalty": 1.2},
        {},
    ]
    asked = [
        driver.request(p, adapters[i % 4], max_tokens=24, seed=i, **options[i % 5])
        for i, p in enumerate(prompts(tokenizer, 10))
    ]
    drafts, accepted = compare(driver, asked)
    assert drafts > accepted > 10
    together = driver.together([replace(r, id=r.id + "t") for r in asked])
    alone = [driver.together([replace(r, id=r.id + "s")])[0] for r in asked[:5]]
    assert [a.token_ids for a in alone] == [a.token_ids for a in together[:5]]


@pytest.mark.parametrize(
    "options",
    [
        {"repetition_penalty": 1.3},
        {"presence_penalty": 0.8, "frequency_penalty": 0.4},
        {"allowed_token_ids": tuple(range(3, 60))},
        {"stop": ("e", "zz")},
        {"stop_token_ids": tuple(range(100, 140))},
        {"prompt_logprobs": 1, "logprobs": 3},
    ],
    ids=str,
)
def test_what_a_request_asks_for_holds_in_drafted_places(
    driver: Driver, tokenizer: Tokenizer, options: dict[str, Any]
) -> None:
    asked = [driver.request(p, max_tokens=20, **options) for p in prompts(tokenizer, 4)]
    compare(driver, asked)


def test_min_p_and_a_bias_hold_beside_requests_that_are_drafted(
    driver: Driver, tokenizer: Tokenizer
) -> None:
    """vLLM applies neither while it speculates; nothing is drafted for the requests that ask."""
    prompt = prompts(tokenizer, 1)[0]
    plain = driver.request(prompt, max_tokens=12, ignore_eos=True)
    greedy = driver.together([plain])[0]
    other = 7 if greedy.token_ids[0] != 7 else 8
    hopeful = wished(replace(plain, id="drafted"), greedy.token_ids)
    biased, sure = (
        wished(driver.request(prompt, max_tokens=12, ignore_eos=True, **options))
        for options in (
            {"logit_bias": ((other, 100.0),)},
            {"min_p": 1.0, "temperature": 2.0, "seed": 3},
        )
    )
    found = drafted(driver, [hopeful, biased, sure])
    assert [answer.token_ids for answer, _ in found] == [
        greedy.token_ids,
        (other,) * 12,
        greedy.token_ids,
    ]
    assert found[0][1][1] > 0
    greedily = drafted(driver, [replace(hopeful, id="again"), replace(biased, id="biased")])
    assert [answer.token_ids for answer, _ in greedily] == [greedy.token_ids, (other,) * 12]
    assert greedily[0][1][1] > 0


def test_several_answers_of_one_request_are_the_same(driver: Driver, tokenizer: Tokenizer) -> None:
    prompt = prompts(tokenizer, 1)[0]
    asked = driver.request(prompt, n=3, temperature=0.9, seed=5, max_tokens=20, ignore_eos=True)
    plain = join(driver.chunks(asked))
    hopeful = wished(replace(asked, id="several"), spoiled(plain[1]))
    assert [c.token_ids for c in join(driver.chunks(hopeful))] == [c.token_ids for c in plain]


def test_an_answer_up_to_the_contexts_end_is_the_same(driver: Driver, tokenizer: Tokenizer) -> None:
    prompt = (prompts(tokenizer, 4)[3] * 9)[:200]
    asked = driver.request(prompt, max_tokens=56, ignore_eos=True)
    assert compare(driver, [asked])[1] > 0


def test_what_was_drafted_for_a_cancelled_request_is_forgotten(
    driver: Driver, tokenizer: Tokenizer
) -> None:
    prompt = prompts(tokenizer, 1)[0]
    whole = driver.generate(prompt, max_tokens=TOKENS, ignore_eos=True)

    async def begin() -> None:
        request = driver.request(prompt, max_tokens=TOKENS, ignore_eos=True)
        async with aclosing(driver.engine.stream(wished(request, whole.token_ids))) as stream:
            async for chunk in stream:
                if chunk.token_ids:
                    return

    for _ in range(3):
        driver.run(begin())
    again = driver.request(prompt, max_tokens=TOKENS, ignore_eos=True)
    found, pair = drafted(driver, [wished(again, whole.token_ids)])[0]
    assert found.token_ids == whole.token_ids and pair[1] > TOKENS // 2


def test_what_an_expert_said_before_is_drafted(driver: Driver, tokenizer: Tokenizer) -> None:
    prompt = prompts(tokenizer, 3)[2]
    ends = tuple(driver.generate(prompt, max_tokens=30, ignore_eos=True).token_ids[-1:])
    asked = [
        replace(
            driver.request(prompt, max_tokens=60, stop_token_ids=ends),
            drafts=DraftWish(expert="same", least=0.05),
        )
        for _ in range(4)
    ]
    found = [drafted(driver, [r])[0] for r in asked]
    assert len({a.token_ids for a, _ in found}) == 1
    assert found[-1][1][1] > found[0][1][1]


GRAMMAR = 'root ::= "{\\"the_key\\": " [a-z]{1,9} ", \\"other_key\\": " [0-9]{1,5} "}"'


@pytest.mark.parametrize("engine", ["glrmask", "xgrammar"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_sentences_of_a_grammar_are_the_same(
    driver: Driver, tokenizer: Tokenizer, tmp_path: Path, engine: str, temperature: float
) -> None:
    end = 2
    constraint = Constraint(gbnf=GRAMMAR, digest=engine, engine=engine)
    if engine == "glrmask":
        vocabulary = GlrVocabulary(vocabulary_of(driver.base.path))
        write_checked(tmp_path / "own.mask", GlrMask.compile(parse(GRAMMAR), vocabulary).save())
        constraint = Constraint(gbnf="", digest="", mask=tmp_path / "own.mask")
    asked = [
        replace(
            driver.request(
                p, max_tokens=60, stop_token_ids=(end,), temperature=temperature, seed=i, logprobs=1
            ),
            constraint=constraint,
        )
        for i, p in enumerate(prompts(tokenizer, 4))
    ]
    _, accepted = compare(driver, asked)
    assert accepted > 0
    plain = driver.together([replace(r, id=r.id + "p") for r in asked])
    forced = drafted(driver, [wished(replace(r, id=r.id + "f")) for r in asked])
    assert [a.token_ids for a, _ in forced] == [a.token_ids for a in plain]
    if engine == "glrmask":
        assert sum(pair[1] for _, pair in forced) > 4, "text that must come is drafted"


def test_a_think_block_before_a_sentence_is_the_same(driver: Driver, tokenizer: Tokenizer) -> None:
    spell = tokenizer.encode_plain
    closings = tuple(tuple(spell("</t>"[at:])) for at in range(4))
    rule = ReasoningRule(
        open="<t>", close="</t>", budget=24, closings=((*spell("\n"), *closings[0]), *closings[1:])
    )
    for engine, gbnf in (("xgrammar", GRAMMAR), (FREE, "")):
        constraint = Constraint(gbnf=gbnf, digest=engine, engine=engine, reasoning=rule)
        asked = [
            replace(
                driver.request(p, max_tokens=60 + NEWLINES, stop_token_ids=(2,), temperature=t),
                constraint=constraint,
            )
            for p in prompts(tokenizer, 3)
            for t in (0.0,)
        ]
        compare(driver, asked)


@pytest.mark.parametrize("driver", [LONG_VLLM], indirect=True)
@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_a_thousand_answers_in_changing_company_are_the_same(
    driver: Driver, adapters: list[str | None], tokenizer: Tokenizer, temperature: float
) -> None:
    """Alone and beside up to 31 others, each time others."""
    asked = [
        driver.request(
            p, adapters[i % 4], max_tokens=4 + i % 17, temperature=temperature, seed=i, top_k=40
        )
        for i, p in enumerate(prompts(tokenizer, 40) * 25)
    ]
    chance = random.Random(1)
    plain: dict[str, Completion] = {}
    for group in groups(chance, asked):
        plain |= dict(zip([r.id for r in group], driver.together(group), strict=True))
    accepted = 0
    for group in groups(chance, asked):
        hopeful = [
            replace(wished(r, spoiled(plain[r.id])), id=r.id + f"t{temperature}") for r in group
        ]
        for request, (after, pair) in zip(group, drafted(driver, hopeful), strict=True):
            assert after.token_ids == plain[request.id].token_ids, request
            accepted += pair[1]
    assert accepted > 1000


def groups(chance: random.Random, requests: list[Request]) -> Iterator[list[Request]]:
    """All of them in another order, in groups of 1 to 32."""
    left = chance.sample(requests, len(requests))
    while left:
        count = chance.randint(1, 32)
        yield left[:count]
        left = left[count:]


@pytest.mark.engine
@pytest.mark.long
def test_requests_that_lose_their_memory_and_come_back_give_the_same_answers(
    tmp_path: Path,
) -> None:
    """The cache holds two whole requests; eight begin, since their prompts are short."""
    base = tiny.base_model(tmp_path / "models" / "tiny")
    config = EngineConfig(
        dtype="float32",
        max_slots=1,
        max_requests=8,
        max_model_len=256,
        kv_cache_bytes=2 * 256 * bytes_of_a_token(base),
        device="cpu",
        drafts=True,
    )
    driver = Driver(ENGINES["vllm"](), base, tmp_path / "cache", config, rank=16)
    try:
        spell = Tokenizer(base).encode_plain
        asked = [
            driver.request(spell(f"Boats {i}")[:8], max_tokens=200, ignore_eos=True)
            for i in range(8)
        ]
        alone = [driver.together([replace(r, id=r.id + "a")])[0] for r in asked]
        hopeful = [wished(r, spoiled(a)) for r, a in zip(asked, alone, strict=True)]
        found = drafted(driver, hopeful)
        assert [a.token_ids for a, _ in found] == [a.token_ids for a in alone]
        assert sum(accepted for _, (_, accepted) in found) > 100
    finally:
        driver.close()


def bytes_of_a_token(base: Path) -> int:
    """Keys and values of all layers in float32."""
    config = json.loads((base / "config.json").read_text())
    size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    return 2 * 4 * int(config["num_hidden_layers"] * config["num_key_value_heads"] * size)
