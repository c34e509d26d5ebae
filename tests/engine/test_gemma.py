"""A second real base: Gemma-3-270M, with sliding windows and 262,144 tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from expertserve import EngineConfig, ExpertManager
from expertserve.config import models_dir
from tests import tiny
from tests.contract.conftest import Trained
from tests.engine.reference import Reference
from tests.engine.test_bases import check, driver

pytestmark = pytest.mark.long
GEMMA = "gemma-3-270m"


@pytest.fixture(scope="module")
def gemma() -> Path:
    """What `make base-gemma` made."""
    return models_dir() / GEMMA


def test_adapters_are_what_peft_computes(gemma: Path, tmp_path: Path) -> None:
    made = driver(gemma, tmp_path / "cache")
    adapters = [
        Trained(
            tiny.peft_adapter(gemma, tmp_path / kind, kind, rank=4, seed=i, strength=0.02),
            kind,
            rank,
        )
        for i, (kind, rank) in enumerate([("lora", 4), ("dora", 4), ("ia3", 0)])
    ]
    references = [*(Reference(gemma, a.folder) for a in adapters), Reference(gemma, None)]
    try:
        check(made, gemma, adapters, references, 1e-4)
    finally:
        made.close()


@pytest.fixture(scope="module")
def manager(gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExpertManager]:
    folder = tmp_path_factory.mktemp("manager")
    config = EngineConfig(max_model_len=512, kv_cache_bytes=128 << 20)
    with ExpertManager(gemma, config=config, cache_dir=folder / "cache") as made:
        bare = [{"name": GEMMA, "prompt_template": "alpaca", "adapters": []}]
        made.load_expert("gemma", tiny.package(folder / "p", None, gemma, base_models=bare))
        yield made


def test_a_grammar_over_a_quarter_of_a_million_tokens_holds(manager: ExpertManager) -> None:
    grammar = 'root ::= "{\\"name\\": \\"" [a-zé ]{3,12} "\\", \\"n\\": " [0-9]{1,3} "}"'
    for seed in range(6):
        result = manager.generate(
            "gemma", "Describe a boat.", grammar=grammar, temperature=1.0, seed=seed, max_tokens=60
        )
        verdict = result.completions[0].grammar
        assert verdict is not None and verdict.complete
        assert re.fullmatch(r'\{"name": "[a-zé ]{3,12}", "n": [0-9]{1,3}\}', result.text)
