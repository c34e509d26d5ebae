"""Where drafts are made when nobody says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from expertserve import EngineConfig
from expertserve.engine.vllm.choice import drafts
from expertserve.models import LocalModel

PLAIN = {"model_type": "llama", "num_hidden_layers": 2, "rope_scaling": None}


def model(folder: Path, config: Mapping[str, object]) -> LocalModel:
    (folder / "config.json").write_text(json.dumps(config))
    return LocalModel("model", folder)


@pytest.mark.parametrize(
    "config",
    [
        PLAIN,
        PLAIN | {"layer_types": ["full_attention", "sliding_attention"]},
        {"model_type": "gemma3", "text_config": PLAIN, "vision_config": {}},
    ],
)
def test_a_cpu_drafts_for_bases_of_keys_and_values(
    tmp_path: Path, config: Mapping[str, object]
) -> None:
    base = model(tmp_path, config)
    assert drafts(base, EngineConfig(), "cpu")
    assert not drafts(base, EngineConfig(), "cuda")
    assert not drafts(base, EngineConfig(drafts=False), "cpu")


@pytest.mark.parametrize(
    "fields",
    [
        {"mamba_d_state": 16},
        {"layer_types": ["linear_attention", "full_attention"]},
        {"layer_types": ["conv", "full_attention"]},
        {"hybrid_override_pattern": "M*M-"},
        {"attn_type_list": [0, 1]},
    ],
    ids=str,
)
def test_a_base_that_keeps_states_is_asked_for(
    tmp_path: Path, fields: Mapping[str, object]
) -> None:
    base = model(tmp_path, PLAIN | fields)
    assert not drafts(base, EngineConfig(), "cpu")
    assert drafts(base, EngineConfig(drafts=True), "cpu")


@pytest.mark.parametrize(
    "config",
    [
        EngineConfig(soft_prompts=True),
        EngineConfig(vllm={"tensor_parallel_size": 2}),
        EngineConfig(vllm={"logits_processors": ["mine.Processor"]}),
        EngineConfig(vllm={"async-scheduling": True}),
    ],
    ids=str,
)
def test_what_drafts_would_change_goes_without(tmp_path: Path, config: EngineConfig) -> None:
    assert not drafts(model(tmp_path, PLAIN), config, "cpu")


def test_a_speculative_config_takes_their_place(tmp_path: Path) -> None:
    base = model(tmp_path, PLAIN)
    ngram = {"method": "ngram", "num_speculative_tokens": 3}
    assert not drafts(base, EngineConfig(drafts=True, vllm={"speculative_config": ngram}), "cpu")
