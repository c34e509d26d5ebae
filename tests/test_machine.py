"""What the machine and its container offer, and what an engine makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expertserve import EngineConfig, OutOfMemoryError
from expertserve.engine import cgroup, machine
from expertserve.engine.vllm.sizes import cpu_environment
from expertserve.models import LocalModel

GIB = 1 << 30


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A control group of version 2 inside another one."""
    own = tmp_path / "outer" / "own"
    own.mkdir(parents=True)
    (tmp_path / "of-process").write_text("0::/outer/own\n")
    monkeypatch.setattr(cgroup, "ROOT", tmp_path)
    monkeypatch.setattr(cgroup, "OWN", tmp_path / "of-process")
    return own


def test_without_a_container_nothing_is_bounded(group: Path) -> None:
    assert cgroup.memory_left() == cgroup.cpu_share() == float("inf")
    (group / "memory.max").write_text("max\n")
    (group / "cpu.max").write_text("max 100000\n")
    assert cgroup.memory_left() == cgroup.cpu_share() == float("inf")


def test_a_containers_limits_count_and_those_around_it(group: Path) -> None:
    (group / "memory.max").write_text(f"{8 * GIB}\n")
    (group / "memory.current").write_text(f"{3 * GIB}\n")
    (group / "memory.stat").write_text(f"anon 5\ninactive_file {GIB}\n")
    (group.parent / "cpu.max").write_text("150000 100000\n")
    assert cgroup.memory_left() == 6 * GIB and cgroup.cpu_share() == 1.5
    assert machine.free_memory() <= 6 * GIB
    (group.parent / "memory.max").write_text(f"{4 * GIB}\n")
    (group.parent / "memory.current").write_text(f"{4 * GIB}\n")
    assert cgroup.memory_left() == machine.free_memory() == 0


def test_version_1_counts_too(tmp_path: Path, group: Path) -> None:
    (tmp_path / "of-process").write_text("3:cpu,cpuacct:/\n2:memory:/docker/x\n")
    for name in ("memory", "cpu,cpuacct"):
        (tmp_path / name).mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text(f"{2 * GIB}")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text(f"{GIB}")
    (tmp_path / "cpu,cpuacct" / "cpu.cfs_quota_us").write_text("-1")
    (tmp_path / "cpu,cpuacct" / "cpu.cfs_period_us").write_text("100000")
    assert cgroup.memory_left() == GIB and cgroup.cpu_share() == float("inf")


def test_ranks_have_cores_of_their_own_where_all_are_ours(
    group: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expertserve.engine.vllm.sizes.cpus", lambda: [0, 1, 2, 3])
    alone = cpu_environment(EngineConfig())
    assert (alone["VLLM_CPU_OMP_THREADS_BIND"], alone["OMP_NUM_THREADS"]) == ("nobind", "3")
    assert cpu_environment(EngineConfig(), 2)["VLLM_CPU_OMP_THREADS_BIND"] == "2|3"
    shared = cpu_environment(EngineConfig(threads=2))
    assert (shared["VLLM_CPU_OMP_THREADS_BIND"], shared["OMP_NUM_THREADS"]) == ("nobind", "2")
    (group / "cpu.max").write_text("150000 100000")
    shared = cpu_environment(EngineConfig())
    assert (shared["VLLM_CPU_OMP_THREADS_BIND"], shared["OMP_NUM_THREADS"]) == ("nobind", "2")


def test_float32_is_taken_for_speed_only_where_a_whole_request_fits_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {
        "dtype": "bfloat16",
        "hidden_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "max_position_embeddings": 40_000,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(bytes(1 << 20))
    base = LocalModel("some", tmp_path)
    monkeypatch.setattr(machine, "fast_bfloat16", lambda: False)
    monkeypatch.setattr(
        machine, "free_memory", lambda: 64 << 20
    )  # keys and values of a whole request: 39 MiB, in float32 78
    assert machine.choose_dtype(base, EngineConfig(), "cpu") == "bfloat16"
    assert machine.choose_dtype(base, EngineConfig(max_model_len=2000), "cpu") == "float32"
    assert machine.choose_sizes(base, EngineConfig(), "bfloat16").max_model_len == 40_000
    with pytest.raises(OutOfMemoryError, match="40,000 tokens") as caught:
        machine.choose_sizes(base, EngineConfig(max_model_len=40_000), "float32")
    assert "--max-model-len" in caught.value.hint
    unasked = machine.choose_sizes(base, EngineConfig(), "float32")
    assert 25_000 < unasked.max_model_len < 40_000


def test_weights_are_those_that_the_index_names(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"dtype": "bfloat16"}')
    for name in ("a.safetensors", "consolidated.safetensors"):
        (tmp_path / name).write_bytes(bytes(1000))
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"x": "a.safetensors"}}')
    assert machine.weight_bytes(LocalModel("some", tmp_path), "bfloat16") == 1000
