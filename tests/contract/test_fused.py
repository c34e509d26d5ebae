"""Adapters that were trained on q, k, v, gate and up, on a base that has them in two layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny
from tests.contract.conftest import LONG_VLLM, drive, make
from tests.contract.test_generation import check, prompts
from tests.engine.reference import Reference


@pytest.mark.parametrize("engine", ["transformers", LONG_VLLM])
def test_split_adapters_on_fused_layers_equal_peft_on_split_ones(
    engine: str, tmp_path: Path
) -> None:
    base = tiny.base_model(tmp_path / "split")
    fused = tiny.fused(base, tmp_path / "fused")
    made = [
        make(base, tmp_path / kind, kind, 4, seed=i)
        for i, kind in enumerate(("lora", "dora", "ia3", "pissa"))
    ]
    driver = drive(engine, fused, tmp_path / "cache")
    digests = [driver.add(driver.prepare(t.folder, t.kind, t.rank)) for t in made]
    asked = prompts(Tokenizer(base), 8)
    requests = [
        driver.request(p, digests[i % 4], max_tokens=12, logprobs=0, ignore_eos=True)
        for i, p in enumerate(asked)
    ]
    for i, completion in enumerate(driver.together(requests)):
        check(completion, asked[i], Reference(base, made[i % 4].folder))
    driver.close()
