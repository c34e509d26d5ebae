"""Expert and ExpertManager over the fake engine: what reaches the engine, what comes back, what is
refused.
"""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from expertserve import (
    ConfigError,
    EngineConfig,
    Expert,
    ExpertManager,
    ExpertNotLoadedError,
    IncompatibleError,
    IntegrityError,
    LoadError,
)
from expertserve.engine.fake import FakeEngine
from tests import tiny

Load = Callable[..., Expert]


def test_the_manifests_prompt_and_sampling_reach_the_engine(load: Load, tiny_package: Path) -> None:
    fake = FakeEngine(lambda prompt: f"seen: {prompt}")
    expert = load(tiny_package, engine=lambda: fake)
    result = expert.generate(
        "How many?", schema="CREATE TABLE t (id INT)", dialect="sqlite", max_tokens=300
    )
    assert result.text.startswith(
        "seen: <|im_start|>system\nDialect: sqlite\nSchema:\nCREATE TABLE t (id INT)<|im_end|>"
    )
    sampling = fake.requests[0].sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.stop) == (
        0.7,
        0.8,
        20,
        (";", "\n\n"),
    )
    assert (
        fake.requests[0].adapter == result.expert.adapter.digest if result.expert.adapter else False
    )


def test_a_result_proves_what_gave_it(load: Load, tiny_package: Path) -> None:
    expert = load(tiny_package)
    result = expert.generate("x")
    assert (result.expert.name, result.expert.version, len(result.expert.digest)) == (
        "expert-tiny",
        "0.1.0",
        64,
    )
    assert result.expert.adapter is not None
    assert (
        result.expert.adapter.type,
        result.expert.adapter.rank,
        result.expert.adapter.modules,
    ) == ("lora", 4, 12)
    assert result.base_model.name == "tiny" and len(result.base_model.digest) == 64
    assert 0 <= result.timing.queue <= result.timing.first_token <= result.timing.total
    assert result.usage.total_tokens == result.usage.prompt_tokens + result.usage.completion_tokens
    plain = json.loads(json.dumps(result.to_dict()))
    assert (
        plain["text"] == "SELECT 1"
        and plain["expert"]["adapter"]["modules"] == 12
        and plain["usage"]["total_tokens"] > 0
    )


def test_stop_sequences_are_cut_off_and_max_tokens_ends_by_length(
    load: Load, tiny_package: Path
) -> None:
    expert = load(tiny_package, script=lambda prompt: "SELECT 1; SELECT 2")
    assert (expert.generate("x").text, expert.generate("x").finish_reason) == ("SELECT 1", "stop")
    short = expert.generate("x", max_tokens=2)
    assert (short.finish_reason, short.usage.completion_tokens) == ("length", 2)


def test_a_batch_keeps_its_order_whatever_the_lengths(load: Load, tiny_package: Path) -> None:
    expert = load(
        tiny_package, script=lambda prompt: prompt.split("user\n")[1].split("<|im_end|>")[0]
    )
    prompts = [f"question {i} " * (1 + i % 7) for i in range(200)]
    results = expert.generate_batch(prompts, max_tokens=400)
    assert [r.text for r in results] == prompts
    assert len({r.request_id for r in results}) == 200
    assert expert.generate_batch([]) == []
    with pytest.raises(ConfigError, match="several prompts"):
        expert.generate_batch("one text")


def test_a_failure_in_a_batch_is_raised_as_it_is(load: Load, tiny_package: Path) -> None:
    expert = load(tiny_package)
    with pytest.raises(ConfigError) as caught:
        expert.generate_batch(["fine", "", "fine"])
    assert caught.value.code == "empty_prompt"
    assert expert.info.in_flight == 0


def test_invalid_arguments_are_reported_before_the_engine_starts(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    started: list[int] = []
    expert = Expert.load(
        tiny_package,
        engine=lambda: started.append(1) or FakeEngine(),
        models_dir=tiny_base.parent,
        cache_dir=tmp_path / "c",
        start=False,  # type: ignore[func-returns-value]
    )
    for wrong in ({"temperature": -1}, {"top_p": 2}, {"max_tokens": 10_000}, {"wrong": 1}):
        with pytest.raises(ConfigError):
            expert.generate("x", **wrong)  # type: ignore[arg-type]
    assert started == []
    expert.close()


def test_another_tokenizer_is_refused(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    other = tiny.package(tmp_path / "other", tiny_lora, tiny_base)
    text = json.loads((other / "tokenizer.json").read_text())
    a, b = sorted(text["model"]["vocab"])[100:102]
    text["model"]["vocab"][a], text["model"]["vocab"][b] = (
        text["model"]["vocab"][b],
        text["model"]["vocab"][a],
    )
    (other / "tokenizer.json").write_text(json.dumps(text))
    with pytest.raises(IncompatibleError, match="2 tokens") as caught:
        load(other)
    assert caught.value.code == "tokenizer_mismatch"


def test_a_missing_base_model_says_where_it_looked_and_how_to_get_it(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    package = tiny.package(
        tmp_path / "p", tiny_lora, tiny_base, base_models=tiny.base_entry(name="F:/x/Qwen3-0.6B")
    )
    with pytest.raises(LoadError) as caught:
        load(package)
    assert caught.value.code == "base_model_missing"
    assert str(tiny_base.parent) in caught.value.message and "'Qwen3-0.6B'" in caught.value.message
    assert "models pull Qwen/Qwen3-0.6B" in caught.value.hint


def test_a_manifest_never_names_a_folder_of_the_users(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    hidden = tiny.base_model(tmp_path / "hidden" / "secret")
    package = tiny.package(
        tmp_path / "p", tiny_lora, tiny_base, base_models=tiny.base_entry(name=str(hidden))
    )
    with pytest.raises(LoadError) as caught:
        load(package)
    assert caught.value.code == "base_model_missing"
    assert load(package, base_model=hidden).info.base_model == "secret"


def test_declared_base_weights_must_be_those_that_are_served(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    entry = tiny.base_entry(sha256="0" * 64)
    with pytest.raises(IncompatibleError) as caught:
        load(tiny.package(tmp_path / "a", tiny_lora, tiny_base, base_models=entry))
    assert caught.value.code == "base_model_differs"
    entry[0]["quantization"] = "int4"
    assert (
        "int4"
        in load(
            tiny.package(tmp_path / "b", tiny_lora, tiny_base, base_models=entry)
        ).info.warnings[0]
    )


def test_declared_hashes_are_compared_whatever_names_the_weights(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    wrong = {**tiny.adapters_entry("lora", 4), "sha256": "0" * 64, "checkpoint_step": 5}
    package = tiny.package(
        tmp_path / "a", tiny_lora, tiny_base, base_models=tiny.base_entry(adapters=[wrong])
    )
    for checkpoint in (None, "checkpoint-5", "5"):
        with pytest.raises(IntegrityError):
            load(package, checkpoint=checkpoint)
    hidden = {**tiny.adapters_entry("lora", 4), "path": ".h"}
    package = tiny.package(
        tmp_path / "b", tiny_lora, tiny_base, base_models=tiny.base_entry(adapters=[hidden])
    )
    (package / ".h").write_bytes((tiny_lora / "adapter_model.safetensors").read_bytes())
    with pytest.raises(LoadError) as caught:
        load(package)
    assert caught.value.code == "unsafe_member"


def test_a_manager_serves_several_experts_and_names_those_it_has(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    dora = tiny.package(
        tmp_path / "dora",
        tiny.peft_adapter(tiny_base, tmp_path / "adapter", "dora"),
        tiny_base,
        base_models=tiny.base_entry("dora"),
    )
    fake = FakeEngine(lambda prompt: "ok")
    with ExpertManager(
        engine=lambda: fake, models_dir=tiny_base.parent, cache_dir=tmp_path / "cache"
    ) as manager:
        with pytest.raises(ExpertNotLoadedError, match="loaded: none"):
            manager.generate("a", "x")
        manager.load_expert("a", tiny_package)
        manager.load_expert("b", dora)
        results = manager.generate_many(
            [("a", "x", {}), ("b", "y", {"temperature": 0.0}), ("a", "z", {})]
        )
        assert [r.expert.adapter.type for r in results if r.expert.adapter] == [
            "lora",
            "dora",
            "lora",
        ]
        assert [
            (i.name, i.adapter_type, i.uses, i.resident) for i in manager.list_loaded_experts()
        ] == [
            ("a", "lora", 2, True),
            ("b", "dora", 1, True),
        ]
        with pytest.raises(ConfigError) as caught:
            manager.load_expert("a", dora)
        assert caught.value.code == "name_taken"
        manager.unload_expert("a")
        assert [len(held) for held in manager.resident_adapters().values()] == [1]
        with pytest.raises(ExpertNotLoadedError, match="loaded: b"):
            manager.generate("a", "x")
    with pytest.raises(ConfigError):
        manager.load_expert("c", tiny_package)


def test_an_expert_that_comes_back_before_its_last_answer_ended_can_still_be_evicted(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    dora = tiny.package(
        tmp_path / "dora",
        tiny.peft_adapter(tiny_base, tmp_path / "adapter", "dora"),
        tiny_base,
        base_models=tiny.base_entry("dora"),
    )
    fake = FakeEngine(lambda prompt: "one two three", delay=0.02)
    with (
        ExpertManager(
            engine=lambda: fake,
            models_dir=tiny_base.parent,
            cache_dir=tmp_path / "cache",
            max_loaded_experts=1,
        ) as manager,
        ThreadPoolExecutor() as pool,
    ):
        manager.load_expert("a", tiny_package)
        stream = iter(manager.generate_stream("a", "x"))
        next(stream)
        unloading = pool.submit(manager.unload_expert, "a")  # waits for the stream
        while manager.list_loaded_experts():
            pass
        manager.load_expert("a", tiny_package)
        assert "".join(chunk.text for chunk in stream) and unloading.result() is None
        manager.load_expert("b", dora)
        assert [(i.name, i.resident) for i in manager.list_loaded_experts()] == [
            ("a", False),
            ("b", True),
        ]


def test_experts_of_another_base_are_refused(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    tiny.base_model(tiny_base.parent / "second", seed=5)
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", "lora")
    other = tiny.package(
        tmp_path / "other", adapter, tiny_base, base_models=tiny.base_entry(name="second")
    )
    with ExpertManager(
        engine=FakeEngine, models_dir=tiny_base.parent, cache_dir=tmp_path / "cache"
    ) as manager:
        manager.load_expert("a", tiny_package)
        with pytest.raises(IncompatibleError) as caught:
            manager.load_expert("b", other)
        assert caught.value.code == "other_base"


def test_it_is_thread_safe(load: Load, tiny_package: Path) -> None:
    expert = load(
        tiny_package, script=lambda prompt: prompt.split("user\n")[1].split("<|im_end|>")[0]
    )
    wrong: list[str] = []

    def ask(i: int) -> None:
        for j in range(10):
            if expert.generate(f"q{i}-{j}").text != f"q{i}-{j}":
                wrong.append(f"{i}-{j}")

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and expert.info.uses == 80


def test_a_forgotten_expert_is_closed_when_it_is_collected(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    fake = FakeEngine(lambda prompt: "x")
    expert = Expert.load(
        tiny_package, engine=lambda: fake, models_dir=tiny_base.parent, cache_dir=tmp_path / "cache"
    )
    expert.generate("x")
    before = threading.active_count()
    del expert
    gc.collect()
    assert not fake.alive and threading.active_count() < before


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"max_slots": 0}, {"max_model_len": -1}, {"dtype": "int3"}, {"threads": True}):
        with pytest.raises(ConfigError):
            EngineConfig(**wrong)  # type: ignore[arg-type]
