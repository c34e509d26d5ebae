"""PEFT's newer types, and the widest LoRA that slots hold, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from expertserve.adapters.serving import ServingAdapter
from expertserve.errors import IncompatibleError
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny
from tests.contract.conftest import LONG_VLLM, VLLM, drive
from tests.contract.driver import Driver
from tests.contract.test_generation import check, prompts
from tests.engine.reference import Reference
from tests.test_adapter_newer import CONFIGS, trained
from tests.test_adapters import convert

STRENGTHS = {"vblora": 1.0, "peanut": 0.05, "hra": 0.1, "beft": 0.3}
"""How widely a type's factors are drawn, where that differs, to be seen and not to amplify."""


def equal_peft(driver: Driver, made: list[tuple[Path, ServingAdapter]], tokens: int = 10) -> None:
    """All of them and the base in one batch."""
    digests = [*(driver.add(form) for _, form in made), None]
    asked = prompts(Tokenizer(driver.base.path), len(digests))
    requests = [
        driver.request(p, digest, max_tokens=tokens, logprobs=0, ignore_eos=True)
        for p, digest in zip(asked, digests, strict=True)
    ]
    bare = Reference(driver.base.path, None)
    for i, completion in enumerate(driver.together(requests)):
        own = Reference(driver.base.path, made[i][0]) if i < len(made) else bare
        logprobs = check(completion, asked[i], own)
        without = bare.judge(asked[i], completion.token_ids)[1]
        change = max(abs(p - q) for p, q in zip(logprobs, without, strict=True))
        assert own is bare or change > 0.01, f"{made[i][1].type} changes nothing to be seen"


@pytest.mark.parametrize("engine", ["transformers", VLLM])
def test_every_newer_type_in_one_batch_equals_peft(engine: str, tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny", "qwen2")
    made = []
    for name in [name for name in CONFIGS if " " not in name]:
        strength = STRENGTHS.get(name, 0.1)
        folder, kind, declared = trained(base, tmp_path / name, name, strength=strength)
        made.append((folder, convert(base, folder, kind, tmp_path / "forms", **declared)))
    assert len(made) >= 10
    driver = drive(engine, base, tmp_path / "cache")
    equal_peft(driver, made)
    driver.close()


def wide(base: Path, folder: Path, rank: int, kind: str = "lora", **options: object) -> Path:
    strength = 0.1 * (8 / rank) ** 0.25
    return tiny.peft_adapter(base, folder, kind, rank=rank, strength=strength, **options)


@pytest.mark.parametrize("engine", ["transformers", LONG_VLLM])
def test_a_lora_that_fills_the_widest_slot_equals_peft(engine: str, tmp_path: Path) -> None:
    """Beside one that scales rows, and one that fills the slot in some layers only."""
    base = tiny.base_model(tmp_path / "tiny")
    folders = [
        (wide(base, tmp_path / "512", 512), "lora", 512),
        (wide(base, tmp_path / "511", 511), "lora", 511),
        (wide(base, tmp_path / "some", 3, rank_pattern={"v_proj": 512}), "lora", 3),
        (wide(base, tmp_path / "dora", 8, "dora"), "dora", 8),
        (wide(base, tmp_path / "all", 512, "dora"), "dora", 512),
    ]
    made = [(f, convert(base, f, kind, tmp_path / "forms", rank)) for f, kind, rank in folders]
    assert [form.width for _, form in made] == [512, 511, 512, 8, 512]
    driver = drive(engine, base, tmp_path / "cache", rank=512)
    equal_peft(driver, made)
    driver.close()


@pytest.mark.parametrize(
    ("kind", "rank", "said"),
    [
        ("lora", 513, "at most 512 are served"),
        ("dora", 513, "at most 512 are served"),
        ("lora_bias", 513, "at most 512 are served"),
        ("pissa", 257, "its exact low-rank form has rank 514"),
    ],
)
def test_what_no_slot_holds_is_refused_with_the_room_there_is(
    kind: str, rank: int, said: str, tmp_path: Path
) -> None:
    base = tiny.base_model(tmp_path / "tiny", hidden_size=320, intermediate_size=320, layers=1)
    folder = wide(base, tmp_path / "a", rank, kind, target_modules=["up_proj"])
    declared = {"dora": "dora"}.get(kind, "lora")
    with pytest.raises(IncompatibleError, match=said) as caught:
        convert(base, folder, declared, tmp_path, rank, target_modules=["up_proj"])
    assert caught.value.code == "rank_too_large"
