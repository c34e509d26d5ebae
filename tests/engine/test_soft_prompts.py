"""Soft prompts beside adapters in one batch, on both engines: PEFT's tokens, and its
log-probabilities within 1e-4 in float32; what is remembered of prompts never mixes them up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve import EngineConfig, ExpertManager, InferenceResult
from expertserve.package.members import WEIGHTS
from tests import tiny
from tests.engine.reference import Reference
from tests.engine.test_parity import distance
from tests.soft import soft_prompt

TOLERANCE = 1e-4
VISIBLE = 0.05
TOKENS = 24
SOFT = {"": None, "long": 12, "short": 5, "other": 5}
WORDS = ["How many lighthouses?", "How many lighthouses are in Norway? " * 6]

pytestmark = pytest.mark.engine


class SoftReference(Reference):
    """PEFT's adapter, and PEFT's soft prompt before the prompt's embeddings."""

    def __init__(self, base: Path, adapter: Path | None, soft: Path | None) -> None:
        super().__init__(base, adapter)
        self.soft = load_file(soft / WEIGHTS)["prompt_embeddings"] if soft else torch.zeros(0)

    @torch.no_grad()
    def judge(self, prompt: Any, answer: Any) -> tuple[list[int], list[float]]:
        if not len(self.soft):
            return super().judge(prompt, answer)
        tokens = self.model.get_input_embeddings()(torch.tensor([[*prompt, *answer]]))
        inputs = torch.cat([self.soft[None], tokens], dim=1)
        logits = self.model(inputs_embeds=inputs).logits[0, -len(answer) - 1 : -1].float()
        chosen = logits.log_softmax(-1).gather(1, torch.tensor(answer)[:, None])[:, 0]
        return [int(t) for t in logits.argmax(-1)], [float(p) for p in chosen]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base_model(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="module")
def soft(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | None]:
    folder = tmp_path_factory.mktemp("soft")
    return {
        name: soft_prompt(base, folder / name, tokens, seed=i, strength=0.3) if tokens else None
        for i, (name, tokens) in enumerate(SOFT.items())
    }


@pytest.fixture(scope="module")
def adapters(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | None]:
    folder = tmp_path_factory.mktemp("adapters")
    made = {
        kind: tiny.peft_adapter(base, folder / kind, kind, rank=4, seed=i, strength=0.1)
        for i, kind in enumerate(("lora", "dora"))
    }
    embedding = tiny.peft_adapter(
        base, folder / "embedding", "lora", seed=9, target_modules=["q_proj", "embed_tokens"]
    )
    return {"none": None, **made, "embedding": embedding}


@pytest.fixture(scope="module")
def packages(
    base: Path,
    adapters: dict[str, Path | None],
    soft: dict[str, Path | None],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """A package of each adapter, with all soft prompts: two in a pickle's form, one as PEFT saves."""
    made = {}
    for name, adapter in adapters.items():
        kind = {"embedding": "lora"}.get(name, name)
        targets = ["q_proj", "embed_tokens"] if name == "embedding" else None
        entry = tiny.base_entry(kind, 4, base.name, targets) if adapter else [{"name": base.name, "prompt_template": "chatml", "adapters": []}]  # fmt: skip
        folder = tmp_path_factory.mktemp("package") / name
        package = tiny.package(
            folder,
            adapter,
            base,
            base_models=entry,
            capabilities=[],
            soft_prompts=[
                {"name": "long", "path": "soft/long.pt", "tokens": 12},
                {"name": "short", "path": "soft/short.safetensors", "length": 5},
                {"name": "other", "path": "soft/other"},
            ],
        )
        (package / "soft").mkdir()
        vectors = {n: load_file(p / WEIGHTS)["prompt_embeddings"] for n, p in soft.items() if p}
        torch.save(vectors["long"], package / "soft/long.pt")
        save_file({"x": vectors["short"]}, package / "soft/short.safetensors")
        (package / "soft/other").mkdir()
        for file in ("adapter_config.json", WEIGHTS):
            (package / "soft/other" / file).write_bytes((soft["other"] / file).read_bytes())  # type: ignore[operator]
        made[name] = package
    return made


@pytest.fixture(params=["vllm", "transformers"], scope="module")
def manager(
    request: pytest.FixtureRequest,
    base: Path,
    packages: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ExpertManager]:
    config = EngineConfig(engine=request.param, max_slots=4, kv_cache_bytes=64 << 20)
    cache = tmp_path_factory.mktemp("cache")
    with ExpertManager(base, dtype="float32", config=config, cache_dir=cache) as manager:
        for name, package in packages.items():
            manager.load_expert(name, package)
        yield manager


def test_soft_prompts_and_adapters_in_one_batch_equal_peft(
    manager: ExpertManager,
    base: Path,
    adapters: dict[str, Path | None],
    soft: dict[str, Path | None],
) -> None:
    """Twice: the second time from the prefix cache, where the engine has one."""
    jobs: list[Any] = [
        (
            adapter,
            words,
            {"max_tokens": TOKENS, "logprobs": 0, "temperature": 0.0, "stop": [], "soft_prompt": s},
        )
        for s, words, adapter in product(SOFT, WORDS, adapters)
    ]
    results = manager.generate_many(jobs)
    references: dict[tuple[str, str], SoftReference] = {}
    for (adapter, words, args), result in zip(jobs, results, strict=True):
        key = adapter, args["soft_prompt"]
        if key not in references:
            references[key] = SoftReference(base, adapters[adapter], soft[args["soft_prompt"]])
        prompt = manager.get(adapter).prompt.render([{"role": "user", "content": words}])
        likeliest, logprobs = references[key].judge(prompt, result.token_ids)
        assert list(result.token_ids) == likeliest, key
        assert distance(result, logprobs) <= TOLERANCE, key
        places = len(prompt) + (SOFT[args["soft_prompt"]] or 0)
        assert result.usage.prompt_tokens == places
    for fresh, cached in zip(results, manager.generate_many(jobs), strict=True):
        assert fresh.token_ids == cached.token_ids
        assert distance(cached, [p.logprob for p in fresh.logprobs or ()]) <= TOLERANCE


def test_every_soft_prompt_is_seen(manager: ExpertManager) -> None:
    """Of the same length too, with the same words, from the prefix cache or not."""

    def first(soft_prompt: str) -> InferenceResult:
        return manager.generate(
            "lora", WORDS[1], soft_prompt=soft_prompt, logprobs=20, max_tokens=1
        )

    tops = {name: dict(first(name).logprobs[0].top) for name in (*SOFT, *SOFT)}  # type: ignore[index]
    assert len({result.digest for name in SOFT if (result := first(name).expert.soft_prompt)}) == 3
    for one, other in product(SOFT, SOFT):
        shared = tops[one].keys() & tops[other].keys()
        apart = max((abs(tops[one][t] - tops[other][t]) for t in shared), default=1.0)
        assert one == other or apart > VISIBLE, (one, other)


def test_a_soft_prompt_goes_with_grammars_penalties_and_seeds(manager: ExpertManager) -> None:
    args: Any = {"soft_prompt": "long", "max_tokens": 16, "temperature": 1.0, "n": 3, "seed": 5}
    made = manager.generate("dora", WORDS[0], choice=["yes", "no"], **args)
    assert {c.text for c in made.completions} <= {"yes", "no"}
    one = manager.generate("dora", WORDS[0], repetition_penalty=1.3, **args)
    again = manager.generate("dora", WORDS[0], repetition_penalty=1.3, **args)
    assert [c.token_ids for c in one.completions] == [c.token_ids for c in again.completions]


def test_a_default_is_the_manifests(
    manager: ExpertManager, packages: dict[str, Path], copy: Callable[[Path], Path]
) -> None:
    package = copy(packages["lora"])
    manifest = json.loads((package / "manifest.json").read_text())
    manifest |= {"name": "expert-soft", "prompt": {"soft_prompt": "short"}}
    (package / "manifest.json").write_text(json.dumps(manifest))
    manager.load_expert("default", package)
    wanted: Any = {"max_tokens": 8, "temperature": 0.0, "logprobs": 0}
    chosen = manager.generate("default", WORDS[0], **wanted)
    named = manager.generate("lora", WORDS[0], soft_prompt="short", **wanted)
    assert chosen.token_ids == named.token_ids
    assert distance(chosen, [p.logprob for p in named.logprobs or ()]) <= TOLERANCE
    manager.unload_expert("default")


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    import shutil

    return lambda folder: Path(shutil.copytree(folder, tmp_path / "copy"))
