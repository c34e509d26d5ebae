"""Trained token embeddings on both engines, beside adapters that train none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve.adapters.serving import ServingAdapter
from expertserve.errors import IncompatibleError
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny
from tests.contract.conftest import LONG_VLLM, drive
from tests.contract.test_generation import check, prompts
from tests.engine.reference import Reference
from tests.test_adapters import changed, convert

WEIGHTS = "adapter_model.safetensors"
TARGETS = ["embed_tokens", "q_proj", "down_proj"]


def low_rank(base: Path, folder: Path, **options: Any) -> Path:
    return tiny.peft_adapter(
        base, folder, "lora", strength=0.1, target_modules=[*TARGETS], **options
    )


def new_rows(base: Path, folder: Path, tokens: object) -> Path:
    """A LoRA, and new rows for single tokens."""
    return tiny.peft_adapter(
        base,
        folder,
        "lora",
        strength=0.1,
        target_modules=TARGETS[1:],
        trainable_token_indices=tokens,
    )


def served(base: Path, folder: Path, cache: Path, targets: list[str]) -> ServingAdapter:
    return convert(base, folder, "lora", cache, target_modules=targets)


@pytest.mark.parametrize("engine", ["transformers", LONG_VLLM])
@pytest.mark.parametrize("tie", [True, False])
def test_trained_embeddings_equal_peft(engine: str, tie: bool, tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "tiny", tie=tie)
    tokenizer = Tokenizer(base)
    asked = prompts(tokenizer, 8)
    used = sorted({i for prompt in asked for i in prompt})[:40:3]
    made = [
        (low_rank(base, tmp_path / "a"), TARGETS),
        (new_rows(base, tmp_path / "b", used), TARGETS[1:]),
        (tiny.peft_adapter(base, tmp_path / "c", "dora", target_modules=["q_proj"]), ["q_proj"]),
    ]
    driver = drive(engine, base, tmp_path / "cache")
    kinds = ["lora", "lora", "dora"]
    forms = [
        convert(base, folder, kind, tmp_path / "forms", target_modules=targets)
        for (folder, targets), kind in zip(made, kinds, strict=True)
    ]
    digests = [*(driver.add(form) for form in forms), None]
    requests = [
        driver.request(p, digests[i % 4], max_tokens=12, logprobs=0, ignore_eos=True)
        for i, p in enumerate(asked)
    ]
    judges = [*(Reference(base, folder) for folder, _ in made), Reference(base, None)]
    for i, completion in enumerate(driver.together(requests)):
        check(completion, asked[i], judges[i % 4])
    driver.close()


def test_the_form_of_new_rows_names_their_tokens(tiny_base: Path, tmp_path: Path) -> None:
    adapter = new_rows(tiny_base, tmp_path / "adapter", {"embed_tokens": [3, 300]})
    form = load_file(served(tiny_base, adapter, tmp_path, TARGETS[1:]).folder / WEIGHTS)
    a = form["base_model.model.model.embed_tokens.lora_embedding_A"]
    assert a.nonzero().tolist() == [[0, 3], [1, 300]]
    assert torch.equal(form["base_model.model.lm_head.lora_B.weight"][:, 0:2].nonzero()[:, 0],
                       torch.tensor([3, 300]))  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"trainable_token_indices": [3]}, "trained tokens"),
        ({"trainable_token_indices": [3, 512]}, "which tokens"),
        ({"trainable_token_indices": [3, 3]}, "trained tokens"),
        ({"trainable_token_indices": None}, "which tokens"),
        ({"trainable_token_indices": {"lm_head": [3, 4]}}, "which tokens"),
    ],
)
def test_new_rows_without_their_tokens_are_refused(
    settings: dict[str, Any], said: str, tiny_base: Path, tmp_path: Path
) -> None:
    adapter = new_rows(tiny_base, tmp_path / "adapter", [3, 4])
    folder = changed(adapter, tmp_path / "other", **settings)
    with pytest.raises(IncompatibleError, match=said) as caught:
        served(tiny_base, folder, tmp_path, TARGETS[1:])
    assert caught.value.code == "token_embeddings"


def test_a_low_rank_of_another_vocabulary_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    adapter = low_rank(tiny_base, tmp_path / "adapter")
    tensors = load_file(adapter / WEIGHTS)
    key = next(k for k in tensors if "lora_embedding_A" in k)
    copy = next((k for k in tensors if "base_layer" in k), None)
    tensors.pop(copy) if copy else None
    save_file(tensors | {key: tensors[key][:, :-1].contiguous()}, adapter / WEIGHTS)
    with pytest.raises(IncompatibleError, match=r"vocabulary was extended|shape"):
        served(tiny_base, adapter, tmp_path, TARGETS)


def test_a_magnitude_of_embeddings_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "adapter", "dora", target_modules=[*TARGETS])
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["use_dora"]
    with pytest.raises(IncompatibleError, match="embed_tokens"):
        convert(tiny_base, adapter, "dora", tmp_path, target_modules=TARGETS)
