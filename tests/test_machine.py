"""What the machine and its container offer, and what an engine makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expertserve import EngineConfig, OutOfMemoryError
from expertserve.engine import cgroup, machine
from expertserve.engine.vllm.sizes import cpu_environment, gpu_sizes
from expertserve.models import LocalModel
from tests import tiny

GIB = 1 << 30


def sizes(
    layers: int, width: int, heads: int, groups: int, size: int, context: int
) -> dict[str, int]:
    """What a model's configuration says of its attention."""
    return {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "head_dim": size,
        "max_position_embeddings": context,
    }


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


@pytest.mark.parametrize(
    ("experts", "room", "slots"),
    [
        (1, 100, 8),
        (20, 100, 20),
        (1000, 100, 100),
        (1000, 900, 256),
        (1000, 12, 12),
        (1, 3, 3),
        (5, 0, 1),
    ],
)
def test_slots_follow_experts_and_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, experts: int, room: int, slots: int
) -> None:
    """`room` is how many fit into the slots' share of memory."""
    tiny.base_model(tmp_path)
    base = LocalModel("tiny", tmp_path)
    each = machine.adapter_bytes(base, 16, "bfloat16")
    monkeypatch.setattr(machine, "free_memory", lambda: 8 * each * room)
    assert machine.default_slots(base, 16, "bfloat16", experts) == slots


def test_weights_are_those_that_the_index_names(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"dtype": "bfloat16"}')
    for name in ("a.safetensors", "consolidated.safetensors"):
        (tmp_path / name).write_bytes(bytes(1000))
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"x": "a.safetensors"}}')
    assert machine.weight_bytes(LocalModel("some", tmp_path), "bfloat16") == 1000


MODELS: dict[str, tuple[float, dict[str, int]]] = {
    # billions of parameters; layers, width, heads, groups, their size, context
    "smollm2-135m": (0.135, sizes(30, 576, 9, 3, 64, 8192)),
    "gemma-3-270m": (0.27, sizes(18, 640, 4, 1, 256, 32768)),
    "qwen2.5-0.5b": (0.5, sizes(24, 896, 14, 2, 64, 32768)),
    "qwen3-0.6b": (0.6, sizes(28, 1024, 16, 8, 128, 40960)),
    "llama-3.2-1b": (1.24, sizes(16, 2048, 32, 8, 64, 131072)),
    "qwen2.5-1.5b": (1.5, sizes(28, 1536, 12, 2, 128, 32768)),
    "qwen3-1.7b": (1.7, sizes(28, 2048, 16, 8, 128, 40960)),
    "gemma-2-2b": (2.6, sizes(26, 2304, 8, 4, 256, 8192)),
    "llama-3.2-3b": (3.2, sizes(28, 3072, 24, 8, 128, 131072)),
    "phi-3.5-mini": (3.8, sizes(32, 3072, 32, 32, 96, 131072)),
    "qwen3-4b": (4.0, sizes(36, 2560, 32, 8, 128, 40960)),
    "gemma-3-4b": (4.3, sizes(34, 2560, 8, 4, 256, 131072)),
    "mistral-7b": (7.2, sizes(32, 4096, 32, 8, 128, 32768)),
    "qwen2.5-7b": (7.6, sizes(28, 3584, 28, 4, 128, 32768)),
    "llama-3.1-8b": (8.0, sizes(32, 4096, 32, 8, 128, 131072)),
    "qwen3-8b": (8.2, sizes(36, 4096, 32, 8, 128, 40960)),
    "gemma-3-12b": (12.2, sizes(48, 3840, 16, 8, 256, 131072)),
    "qwen3-14b": (14.8, sizes(40, 5120, 40, 8, 128, 40960)),
    "qwen3-32b": (32.8, sizes(64, 5120, 64, 8, 128, 40960)),
    "llama-3.3-70b": (70.6, sizes(80, 8192, 64, 8, 128, 131072)),
}
CARDS = (8, 16, 24, 48, 80, 140)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("name", MODELS)
def test_what_fits_into_a_card_is_not_refused(tmp_path: Path, name: str, card: int) -> None:
    """On GPUs vLLM decides, whatever the size. Ours, for the portable engine, take what leaves room
    for 2,048 tokens beside the weights.
    """
    billions, config = MODELS[name]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(int(billions * 2e9))  # sparse: nothing is written
    base = LocalModel(name, tmp_path)
    assert gpu_sizes(EngineConfig()) == {"max_model_len": -1}
    needed = billions * 2e9 + machine.request_bytes(base, "bfloat16", 2048)
    if needed < 0.94 * card * GIB:
        made = machine.choose_sizes(base, EngineConfig(), "bfloat16", card * GIB)
        assert 2048 <= made.max_model_len <= base.context_length
        assert made.kv_cache_bytes + billions * 2e9 <= card * GIB
    elif billions * 2e9 > card * GIB:
        with pytest.raises(OutOfMemoryError):
            machine.choose_sizes(base, EngineConfig(), "bfloat16", card * GIB)


def test_windows_and_latents_take_less(tmp_path: Path) -> None:
    plain = sizes(26, 1152, 4, 1, 256, 32768)
    kinds = ["full_attention" if i % 6 == 5 else "sliding_attention" for i in range(26)]
    latent = {"kv_lora_rank": 512, "qk_rope_head_dim": 64}
    taken = {}
    for name, config in {
        "plain": plain,
        "windows": plain | {"sliding_window": 512, "layer_types": kinds},
        "nested": dict[str, object](text_config=plain),
        "latent": plain | latent,
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(config))
        base = LocalModel(name, tmp_path / name)
        assert base.context_length == 32768
        taken[name] = machine.request_bytes(base, "bfloat16", 32768)
    assert taken["windows"] < taken["plain"] / 2 and taken["nested"] == taken["plain"]
    assert taken["latent"] == 26 * (512 + 64) * 2 * (32768 + 128)
