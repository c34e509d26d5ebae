"""Which engine and device are chosen on which machine. The machines are descriptions: none of this
needs the hardware.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expertserve.config import EngineConfig
from expertserve.core.engines import suited
from expertserve.engine import device
from expertserve.engine.device import CPU_WARNING, Gpu, Machine, choose, probe
from expertserve.errors import ConfigError, DeviceError
from expertserve.models import LocalModel

RTX = Gpu("RTX 4090", 24 << 30, (8, 9), "0")
SMALL = Gpu("RTX 3050", 8 << 30, (8, 6), "1")
OLD = Gpu("GTX 1080", 8 << 30, (6, 1), "0")
AVX512 = frozenset({"avx2", "avx512"})

LINUX = Machine(system="linux", cpu=AVX512, vllm="cpu")
LINUX_CUDA = Machine(system="linux", cpu=AVX512, vllm="cuda", gpus=(RTX,))
WINDOWS = Machine(system="windows", cpu=AVX512)
WINDOWS_CUDA = Machine(system="windows", cpu=AVX512, gpus=(RTX,))
MAC = Machine(system="macos", arch="arm64", mps=True)
INTEL_MAC = Machine(system="macos", cpu=frozenset({"avx2"}))
WSL = Machine(system="linux", cpu=AVX512, vllm="cuda", gpus=(RTX,), wsl=True)
BARE_WSL = Machine(system="linux", cpu=AVX512, vllm="cpu", wsl=True)


@pytest.mark.parametrize(
    ("machine", "name", "device"),
    [
        (LINUX, "vllm", "cpu"),
        (LINUX_CUDA, "vllm", "cuda:0"),
        (Machine(system="linux", cpu=AVX512), "transformers", "cpu"),
        (Machine(system="linux", cpu=AVX512, gpus=(RTX,)), "transformers", "cuda:0"),
        (Machine(system="linux", cpu=AVX512, gpus=(RTX,), vllm="cpu"), "transformers", "cuda:0"),
        (Machine(system="linux", cpu=AVX512, gpus=(OLD,), vllm="cuda"), "transformers", "cuda:0"),
        (Machine(system="linux", cpu=AVX512, gpus=(SMALL, RTX), vllm="cuda"), "vllm", "cuda:1"),
        (Machine(system="linux", cpu=AVX512, gpus=(RTX, RTX), vllm="cuda"), "vllm", "cuda:0"),
        (Machine(system="linux", cpu=AVX512, vllm="cuda"), "transformers", "cpu"),
        (Machine(system="linux", cpu=frozenset({"avx2"}), vllm="cpu"), "vllm", "cpu"),
        (Machine(system="linux", vllm="cpu"), "transformers", "cpu"),
        (Machine(system="linux", arch="arm64", vllm="cpu"), "vllm", "cpu"),
        (WINDOWS, "transformers", "cpu"),
        (WINDOWS_CUDA, "transformers", "cuda:0"),
        (MAC, "transformers", "mps"),
        (INTEL_MAC, "transformers", "cpu"),
        (WSL, "vllm", "cuda:0"),
    ],
)
def test_the_best_there_is_is_taken(machine: Machine, name: str, device: str) -> None:
    choice = choose(machine)
    assert (choice.engine, choice.device) == (name, device) and choice.reason


def test_the_reason_says_why_and_why_not_the_other() -> None:
    assert choose(WINDOWS_CUDA).reason == "RTX 4090 is the GPU; not vLLM: it is not installed"
    assert (
        "compute capability 6.1, 7.5 is needed"
        in choose(Machine(system="linux", gpus=(OLD,), vllm="cuda")).reason
    )
    assert (
        "largest of 2 GPUs"
        in choose(Machine(system="linux", gpus=(SMALL, RTX), vllm="cuda")).reason
    )


def test_a_gpu_that_was_asked_for_is_shown_to_the_engines_process_alone() -> None:
    machine = Machine(system="linux", gpus=(RTX, SMALL), vllm="cuda")
    choice = choose(machine, device="cuda:1")
    assert (choice.engine, choice.device, choice.environment) == (
        "vllm",
        "cuda:1",
        {"CUDA_VISIBLE_DEVICES": "1"},
    )
    renumbered = Machine(
        system="linux", gpus=(Gpu("A", 1, (8, 0), "5"), Gpu("B", 1, (8, 0), "GPU-7f")), vllm="cuda"
    )
    assert choose(renumbered, device="cuda:1").environment == {"CUDA_VISIBLE_DEVICES": "GPU-7f"}
    assert choose(machine, device="cuda").device == "cuda:0"
    assert choose(machine, device="cuda:1", engine="transformers").environment == {}, (
        "torch takes the name as it is"
    )


@pytest.mark.parametrize(
    ("machine", "device", "there"),
    [
        (LINUX, "cuda", "there is cpu"),
        (LINUX, "cuda:0", "there is cpu"),
        (LINUX_CUDA, "cuda:1", r"there is cuda:0 \(RTX 4090\), cpu"),
        (MAC, "cuda", "there is mps, cpu"),
        (WINDOWS, "mps", "there is cpu"),
        (LINUX, "tpu", "there is cpu"),
        (LINUX_CUDA, "cuda:-1", "there is cuda:0"),
        (LINUX_CUDA, "CUDA:0 ", "there is cuda:0"),
    ],
)
def test_an_absent_device_lists_what_exists(machine: Machine, device: str, there: str) -> None:
    with pytest.raises(DeviceError, match=there) as caught:
        choose(machine, device=device)
    assert caught.value.code == "no_device" and caught.value.hint


def test_falling_back_to_the_cpu_warns_and_asking_for_it_does_not() -> None:
    assert choose(LINUX).warnings == (CPU_WARNING,)
    assert choose(LINUX, device="cpu").warnings == ()
    assert choose(LINUX_CUDA).warnings == ()
    assert any("AVX-512" in w for w in choose(INTEL_MAC).warnings)
    assert any("WSL" in w for w in choose(BARE_WSL).warnings)


def test_an_engine_that_was_asked_for_is_taken_or_refused_with_the_reason() -> None:
    assert choose(LINUX, engine="transformers").engine == "transformers"
    both = Machine(system="linux", cpu=AVX512, gpus=(RTX,), vllm="cpu")
    assert choose(both, engine="vllm").device == "cpu", "the build that is there decides"
    assert choose(LINUX, engine="vllm", device="cpu").engine == "vllm"
    with pytest.raises(ConfigError, match="not installed"):
        choose(WINDOWS, engine="vllm")
    with pytest.raises(DeviceError, match="built for the CPU"):
        choose(both, engine="vllm", device="cuda:0")
    with pytest.raises(DeviceError, match="built for CUDA"):
        choose(LINUX_CUDA, engine="vllm", device="cpu")
    with pytest.raises(DeviceError, match="Linux only"):
        choose(Machine(system="macos", mps=True, vllm="cpu"), engine="vllm", device="mps")
    with pytest.raises(ConfigError, match="'ollama'"):
        choose(LINUX, engine="ollama")


def test_without_any_engine_the_extras_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        choose(Machine(system="windows", transformers=False))
    assert "[transformers]" in caught.value.hint


def test_the_probe_describes_this_machine() -> None:
    machine = probe()
    assert machine.devices[-1] == "cpu" and machine.memory > 1 << 30 and machine.transformers
    assert choose(machine).device in machine.devices


def test_questions_one_at_a_time_are_for_the_engine_that_starts_soonest(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "vllm_build", lambda: "cpu")
    plain = LocalModel("tiny", tiny_base)
    assert suited(EngineConfig(single=True), plain).engine == "transformers"
    for config in (
        EngineConfig(),
        EngineConfig(single=True, device="cuda"),
        EngineConfig(single=True, vllm={"block_size": 32}),
    ):
        assert suited(config, plain) is config
    named = EngineConfig(single=True, engine="vllm")
    assert suited(named, plain) is named
    for name, change in (("packed", {"quantization_config": {"bits": 4}}),
                         ("odd", {"layer_types": ["mamba"]})):  # fmt: skip
        folder = tmp_path / name
        folder.mkdir()
        settings = json.loads((tiny_base / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(settings | change))
        assert suited(EngineConfig(single=True), LocalModel(name, folder)).engine is None
    monkeypatch.setattr(device, "vllm_build", lambda: "cuda")
    assert suited(EngineConfig(single=True), plain).engine is None
