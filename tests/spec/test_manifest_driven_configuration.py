"""Requirement: Manifest-Driven Configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from expertserve import Expert
from tests import tiny
from tests.conftest import SCHEMA

Beside = Callable[..., Expert]


def test_load_decoding_params_from_manifest(
    beside: Beside, demo_base: Path, tmp_path: Path
) -> None:
    decoding = {"temperature": 2.0, "top_p": 1.0, "top_k": 0, "max_tokens": 8}
    package = tiny.package(
        tmp_path / "p",
        None,
        demo_base,
        base_models=tiny.base_entry(name=demo_base.name, adapters=[]),
        training={"decoding": decoding},
    )
    hot = beside(package)
    texts = {hot.generate("Tell me a story.", seed=seed).text for seed in range(4)}
    assert len(texts) == 4  # the manifest's temperature
    cold = {hot.generate("Tell me a story.", seed=seed, temperature=0.0).text for seed in range(4)}
    assert len(cold) == 1  # the call's
    assert {hot.generate("Tell me a story.", seed=seed, top_k=1).text for seed in range(4)} == cold
    assert hot.generate("Tell me a story.").usage.completion_tokens == 8
    assert hot.generate("Tell me a story.", max_tokens=3).usage.completion_tokens == 3


def test_load_adapter_config_from_manifest(beside: Beside, demo_base: Path, tmp_path: Path) -> None:
    """A package with two checkpoints of one DoRA expert, and a LoRA one: the manifest decides which
    is served.
    """
    for i, name in enumerate(("final", "checkpoint-100")):
        tiny.peft_adapter(demo_base, tmp_path / "p" / name, "dora", seed=i, strength=0.02)
    steps = [
        {**tiny.adapters_entry("dora", 4), "path": "final"},
        {**tiny.adapters_entry("dora", 4), "checkpoint_step": 100},
    ]
    package = tiny.package(
        tmp_path / "p",
        None,
        demo_base,
        base_models=tiny.base_entry(name=demo_base.name, adapters=steps),
    )
    final, early = beside(package), beside(package, checkpoint="checkpoint-100")
    lora = tiny.package(
        tmp_path / "l",
        tiny.peft_adapter(demo_base, tmp_path / "a", "lora", strength=0.02),
        demo_base,
        base_models=tiny.base_entry(name=demo_base.name),
    )
    results = [
        e.generate("Tell me a story.", max_tokens=10, temperature=0.0)
        for e in (final, early, beside(lora))
    ]
    assert [r.expert.adapter.type for r in results if r.expert.adapter] == ["dora", "dora", "lora"]
    assert len({r.expert.adapter.digest for r in results if r.expert.adapter}) == 3
    assert len({r.token_ids for r in results}) == 3


def test_load_stop_sequences_from_manifest(
    beside: Beside, sql_package: Path, demo_base: Path, tmp_path: Path
) -> None:
    decoding = {"temperature": 0.0, "stop_sequences": [" FROM", "\n\n"]}
    package = tiny.package(
        tmp_path / "p",
        None,
        demo_base,
        base_models=tiny.base_entry(name=demo_base.name, adapters=[]),
        training={"decoding": decoding},
    )
    stopped = beside(package)
    whole = stopped.generate("Repeat exactly: one two three", stop=[], max_tokens=20)
    word = whole.text.split()[2]
    cut = stopped.generate("Repeat exactly: one two three", stop=[word], max_tokens=20)
    assert cut.text == whole.text[: whole.text.index(word)] and cut.finish_reason == "stop"
    sql = beside(sql_package)
    assert sql.manifest.decoding.stop_sequences == (";",)
    assert (
        sql.generate("List all lighthouses.", schema=SCHEMA, stop=[" FROM"], grammar=None).text
        == "SELECT *"
    )
    followed = sql.generate("List all lighthouses.", schema=SCHEMA, stop=[" FROM"])
    assert followed.text.startswith(
        "SELECT * FROM"
    )  # under a grammar, a stop acts only where the sentence is complete
