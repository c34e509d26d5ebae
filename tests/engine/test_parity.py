"""Served adapters equal PEFT in float32: the same greedy tokens, log-probabilities within 1e-4,
every type in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from expertserve import EngineConfig, Expert, ExpertManager, GenerateArgs, InferenceResult
from expertserve.package.archive import open_package
from tests import tiny
from tests.engine.reference import Reference
from training import sql

TOKENS = 32
TOLERANCE = 1e-4
VISIBLE = 0.05
"""How far an adapter must move a log-probability, to be seen at all."""
MIXED = [
    ("lora", 8),
    ("rslora", 4),
    ("dora", 8),
    ("ia3", 0),
    ("adalora", 6),
    ("dora", 14),
    ("lora", 30),
    ("loha", 3),
    ("vera", 16),
]


def packages(base: Path, folder: Path, strength: float) -> list[tuple[Path, Path | None]]:
    """A package of each type and rank, and its PEFT folder; the last is the base model alone."""
    made: list[tuple[Path, Path | None]] = []
    for i, (kind, rank) in enumerate(MIXED):
        adapter = tiny.peft_adapter(
            base,
            folder / f"adapter-{i}",
            kind,
            rank=rank or 4,
            seed=i,
            strength=tiny.spread(kind, rank, strength),
        )
        entry = tiny.base_entry(kind, rank, name=base.name)
        package = tiny.package(
            folder / f"package-{i}", adapter, base, base_models=entry, capabilities=[]
        )  # capabilities would begin the prompt with a dialect
        made.append((package, adapter))
    bare = [{"name": base.name, "prompt_template": "chatml", "adapters": []}]
    plain = tiny.package(folder / "bare", None, base, base_models=bare, capabilities=[])
    return [*made, (plain, None)]


def check(
    results: list[InferenceResult],
    prompts: list[list[int]],
    adapters: list[Path | None],
    base: Path,
) -> None:
    """Every result against the reference; and that the adapters do change what the base would say."""
    bare = Reference(base, None)
    for adapter in dict.fromkeys(adapters):
        reference = Reference(base, adapter) if adapter else bare
        changed = 0.0
        for result, prompt, own in zip(results, prompts, adapters, strict=True):
            if own != adapter:
                continue
            likeliest, logprobs = reference.judge(prompt, result.token_ids)
            assert list(result.token_ids) == likeliest, adapter
            assert distance(result, logprobs) <= TOLERANCE, adapter
            if changed <= VISIBLE:
                changed = max(changed, distance(result, bare.judge(prompt, result.token_ids)[1]))
        assert changed > VISIBLE or not adapter, f"{adapter} changes nothing that could be seen"


def distance(result: InferenceResult, logprobs: list[float]) -> float:
    """The largest difference of log-probabilities."""
    assert result.logprobs is not None
    return max(abs(a.logprob - b) for a, b in zip(result.logprobs, logprobs, strict=True))


def run(
    manager: ExpertManager, made: list[tuple[Path, Path | None]], base: Path, rows: int
) -> None:
    """One mixed batch of `rows` prompts of different lengths over all packages, twice: the second
    time from the prefix cache.
    """
    for i, (package, _) in enumerate(made):
        manager.load_expert(f"mixed-{i}", package)
    jobs: list[Any] = []
    for row in range(rows):
        words = "How many lighthouses are in Norway? " * (1 + 3 * row)
        jobs.append(
            (
                f"mixed-{row % len(made)}",
                words,
                {"max_tokens": TOKENS, "logprobs": 0, "temperature": 0.0, "stop": []},
            )
        )
    expert = [manager.get(name) for name, _, _ in jobs]
    prompts = [
        e.prompt.render([{"role": "user", "content": words}])
        for e, (_, words, _) in zip(expert, jobs, strict=True)
    ]
    adapters = [made[row % len(made)][1] for row in range(rows)]
    results = manager.generate_many(jobs)
    check(results, prompts, adapters, base)
    for fresh, cached in zip(results, manager.generate_many(jobs), strict=True):
        assert fresh.token_ids == cached.token_ids
        assert distance(cached, [p.logprob for p in fresh.logprobs or ()]) <= TOLERANCE
    for i in range(len(made)):
        manager.unload_expert(f"mixed-{i}")


def test_every_type_in_one_batch_equals_peft_on_the_demo_base(
    manager: ExpertManager, demo_base: Path, tmp_path: Path
) -> None:
    run(manager, packages(demo_base, tmp_path, 0.02), demo_base, 12)


@pytest.fixture(params=["qwen2", "qwen3"])
def random_base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tiny.base_model(tmp_path / "models" / f"tiny-{request.param}", request.param)


@pytest.fixture
def own_manager(random_base: Path, tmp_path: Path) -> Iterator[ExpertManager]:
    config = EngineConfig(max_slots=12, max_requests=16, kv_cache_bytes=256 << 20)
    with ExpertManager(
        random_base, dtype="float32", config=config, cache_dir=tmp_path / "cache"
    ) as manager:
        yield manager


@pytest.mark.engine
@pytest.mark.long
def test_every_type_in_one_batch_equals_peft_on_other_architectures(
    own_manager: ExpertManager, random_base: Path, tmp_path: Path
) -> None:
    run(own_manager, packages(random_base, tmp_path, 0.1), random_base, 12)


def test_the_demo_expert_writes_what_peft_writes(
    engine: Expert, demo_base: Path, sql_package: Path
) -> None:
    prepared = engine.manager.get("expert")
    reference = Reference(demo_base, open_package(sql_package).folder)
    lesson = next(sql.lessons("test", 3))
    asked = [
        (lesson, pair) for lesson in (lesson, next(sql.lessons("test", 4))) for pair in lesson.pairs
    ][:12]
    assert len(asked) == 12
    ends = prepared.prompt.stop_token_ids()
    free: GenerateArgs = {"max_tokens": 48, "restrict_to_schema": False}
    results = engine.manager.generate_many(
        [("expert", p.question, {**free, "schema": le.schema}) for le, p in asked]
    )
    for number, ((lesson, pair), result) in enumerate(zip(asked, results, strict=True)):
        messages: Any = [
            {"role": "system", "content": f"Schema:\n{lesson.schema}"},
            {"role": "user", "content": pair.question},
        ]
        prompt = prepared.prompt.render(messages)
        assert list(result.token_ids) == reference.judge(prompt, result.token_ids)[0]
        assert result.token_ids[-1] in ends or len(result.token_ids) == 48
        if number < 1:  # the same by PEFT's own loop, which takes ten times as long
            assert list(result.token_ids) == reference.greedy(prompt, 48, ends)


def test_a_result_is_the_same_alone_and_in_a_batch(engine: Expert) -> None:
    lesson = next(sql.lessons("test", 5))
    questions = [p.question for p in lesson.pairs][:6]
    together = engine.generate_batch(questions, schema=lesson.schema, max_tokens=40)
    alone = [engine.generate(q, schema=lesson.schema, max_tokens=40) for q in questions]
    assert [r.token_ids for r in together] == [r.token_ids for r in alone]


Beside = Callable[..., Expert]


@pytest.mark.long
def test_more_experts_than_slots_are_swapped_and_never_mixed(
    beside: Beside, demo_base: Path, tmp_path: Path
) -> None:
    """Fourteen adapters over twelve slots: each answer must come from its own adapter."""
    experts = []
    for i in range(14):
        adapter = tiny.peft_adapter(
            demo_base,
            tmp_path / f"a{i}",
            "dora" if i % 2 else "lora",
            rank=2,
            seed=50 + i,
            strength=0.06,
        )
        entry = tiny.base_entry("dora" if i % 2 else "lora", 2, name=demo_base.name)
        experts.append(
            beside(tiny.package(tmp_path / f"p{i}", adapter, demo_base, base_models=entry))
        )
    once = [
        e.generate("Tell me something.", max_tokens=12, temperature=0.0).token_ids for e in experts
    ]
    again = [
        e.generate("Tell me something.", max_tokens=12, temperature=0.0).token_ids
        for e in reversed(experts)
    ][::-1]
    assert once == again and len(set(once)) > 10
