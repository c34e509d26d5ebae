"""An answer ends where the package says that its sequences end."""

from __future__ import annotations

import json
from pathlib import Path

from expertserve import EngineConfig, Expert, InferenceResult
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.prompt.tokenizer import Tokenizer


def ask(package: Path, models: Path, cache: Path) -> InferenceResult:
    config = EngineConfig(device="cpu", dtype="float32", kv_cache_bytes=64 << 20)
    with Expert.load(
        package, engine=TransformersEngine, config=config, models_dir=models, cache_dir=cache
    ) as expert:
        return expert.generate("How many?", max_tokens=8, temperature=0.0, stop=[])


def test_a_packages_end_of_sequence_ends_answers(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    """Whatever token comes third: once the package says that it ends a sequence, it does."""
    cache = tmp_path / "cache"
    before = ask(tiny_package, tiny_base.parent, cache)
    assert before.finish_reason == "length"
    third = before.token_ids[2]
    assert third not in before.token_ids[:2]
    names = {i: text for text, i in Tokenizer(tiny_base).vocabulary.items()}
    path = tiny_package / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token": names[third]}))
    after = ask(tiny_package, tiny_base.parent, cache)
    assert after.finish_reason == "stop"
    assert after.token_ids[:2] == before.token_ids[:2] and len(after.token_ids) <= 3
