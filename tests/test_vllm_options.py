"""vLLM's own options: by its names, checked before anything starts, from every place."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from expertserve import ConfigError, DeviceError, EngineConfig
from expertserve.cli import app
from expertserve.cli.engine_options import engine_config
from expertserve.engine.device import Gpu, Machine, choose
from expertserve.engine.vllm.options import OWNED, parallel, read
from expertserve.engine.vllm.sizes import gpu_sizes

TEXTS_AND_VALUES: list[tuple[str, object, object]] = [
    ("max_num_batched_tokens", "4096", 4096),
    ("max-num-batched-tokens", 4096, 4096),
    ("--gpu-memory-utilization", "0.5", 0.5),
    ("kv_cache_dtype", "fp8", "fp8"),
    ("enforce_eager", True, True),
    ("enforce_eager", "true", True),
    ("enable_expert_parallel", "false", False),
    ("cudagraph_capture_sizes", [1, 2, 4], [1, 2, 4]),
    ("cudagraph_capture_sizes", "1,2,4", [1, 2, 4]),
    ("hf_overrides", {"rope_theta": 1.0}, {"rope_theta": 1.0}),
    ("speculative_config", '{"method": "ngram", "num_speculative_tokens": 3}', ...),
    ("load_format", "dummy", "dummy"),
    ("tensor_parallel_size", "2", 2),
]


@pytest.mark.parametrize(("name", "given", "wanted"), TEXTS_AND_VALUES)
def test_options_are_converted_as_vllm_serve_does(name: str, given: object, wanted: object) -> None:
    [(key, value)] = read({name: given}).items()
    assert key == name.lstrip("-").replace("-", "_")
    if wanted is ...:
        assert value == {"method": "ngram", "num_speculative_tokens": 3}
    else:
        assert value == wanted and type(value) is type(wanted)


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"tensor_paralel_size": 2}, "has no option", "did you mean tensor_parallel_size?"),
        ({"max_num_batched_tokens": "many"}, "invalid", ""),
        ({"kv_cache_dtype": "int3"}, "invalid choice", ""),
        ({"enforce_eager": "perhaps"}, "true or false", ""),
        ({"max_num_seqs": 3}, "set by expertserve", "max_requests"),
        ({"worker_extension_cls": "mine"}, "set by expertserve", "DoRA"),
        ({"trust_remote_code": True}, "set by expertserve", "nothing that comes with a model"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_starts(
    given: dict[str, object], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read(given)
    assert caught.value.code == "bad_vllm_option" and hint in caught.value.hint


def test_what_is_ours_exists_in_vllm_and_has_a_reason() -> None:
    from vllm.engine.arg_utils import AsyncEngineArgs

    fields = {f.name for f in dataclasses.fields(AsyncEngineArgs)}
    assert set(OWNED) <= fields and all(OWNED.values())


def test_the_command_line_and_a_file_say_the_same(tmp_path: Path) -> None:
    file = tmp_path / "vllm.yaml"
    file.write_text("kv-cache-dtype: fp8\nblock-size: 16\n")
    config = engine_config(
        {
            "vllm_config": file,
            "vllm_option": ["block-size=32", "enforce_eager=true"],
            "tensor_parallel_size": 2,
            "max_num_seqs": 7,
            "kv_cache_bytes": 5,
            "no_prefix_caching": True,
        }
    )
    assert config.vllm == {
        "kv_cache_dtype": "fp8",
        "block_size": "32",
        "enforce_eager": "true",
        "tensor_parallel_size": 2,
    }
    assert (config.max_requests, config.kv_cache_bytes, config.prefix_caching) == (7, 5, False)
    assert engine_config({}) == EngineConfig()


@pytest.mark.parametrize(
    ("given", "message"),
    [({"vllm_option": ["block_size"]}, "KEY=VALUE"), ({"vllm_option": ["=3"]}, "KEY=VALUE")],
)
def test_what_is_no_pair_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        engine_config(given)


@pytest.mark.parametrize("content", ["- a\n- b\n", "a: [", "3"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "v.yaml").write_text(content)
    with pytest.raises(ConfigError) as caught:
        engine_config({"vllm_config": tmp_path / "v.yaml"})
    assert caught.value.code == "bad_file" and "v.yaml" in str(caught.value)


def test_the_transformers_engine_takes_none_of_them() -> None:
    with pytest.raises(ConfigError, match="block_size"):
        EngineConfig(engine="transformers", vllm={"block_size": 32})


def test_every_flag_that_hints_name_is_in_serves_help() -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    for flag in (
        "--max-model-len --kv-cache-bytes --threads --no-prefix-caching --max-slots"
        " --max-lora-rank --max-num-seqs --tensor-parallel-size --gpu-memory-utilization"
        " --max-num-batched-tokens --quantization --kv-cache-dtype --enforce-eager"
        " --speculative-config --vllm --vllm-config"
    ).split():
        assert flag in shown


def test_ranks_see_as_many_gpus_with_the_chosen_one_first() -> None:
    gpus = tuple(Gpu("card", 80 << 30, (9, 0), f"GPU-{i}") for i in range(4))
    machine = Machine(system="linux", gpus=gpus, vllm="cuda")
    shown = choose(machine, device="cuda:2", gpus=3).environment["CUDA_VISIBLE_DEVICES"]
    assert shown == "GPU-2,GPU-0,GPU-1"
    assert choose(machine, device="cuda:2").environment == {"CUDA_VISIBLE_DEVICES": "GPU-2"}
    with pytest.raises(DeviceError, match="5 GPUs, and there are 4"):
        choose(machine, gpus=5)
    assert parallel({"tensor_parallel_size": "2", "pipeline-parallel-size": 2}) == 4
    with pytest.raises(ConfigError, match="at least 1"):
        parallel({"tensor_parallel_size": 0})


def test_on_gpus_sizes_are_vllms_own_unless_they_are_asked_for() -> None:
    assert gpu_sizes(EngineConfig()) == {"max_model_len": -1}
    asked = EngineConfig(max_model_len=4096, max_requests=3, kv_cache_bytes=7)
    assert gpu_sizes(asked) == {
        "max_model_len": 4096,
        "max_num_seqs": 3,
        "kv_cache_memory_bytes": 7,
    }
