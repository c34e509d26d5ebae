"""Requirement: Device Management. Where a GPU would be needed, the decision is tested;
what runs, runs on the portable engine's CPU.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from expertserve import DeviceError, Expert
from expertserve.engine.device import Gpu, Machine, announce, choose
from expertserve.engine.portable.engine import TransformersEngine

LARGE, SMALL = Gpu("RTX 4090", 24 << 30, (8, 9), "0"), Gpu("RTX 3050", 8 << 30, (8, 6), "1")


@pytest.mark.simulated
def test_auto_detect_cuda(caplog: pytest.LogCaptureFixture) -> None:
    choice = choose(Machine(system="linux", gpus=(LARGE,), vllm="cuda"))
    assert (choice.engine, choice.device) == ("vllm", "cuda:0")
    with caplog.at_level(logging.INFO, "expertserve"):
        announce(choice)
    assert "vllm on cuda:0: RTX 4090 is the GPU" in caplog.text


def test_fallback_to_cpu(
    load: Callable[..., Expert], tiny_package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """This machine has no GPU, as the scenario requires."""
    with caplog.at_level(logging.INFO, "expertserve"):
        expert = load(tiny_package, engine=TransformersEngine)
    assert expert.start().device == "cpu"
    assert "inference runs on the CPU" in caplog.text
    assert expert.generate("How many?", max_tokens=4, temperature=0.0).usage.completion_tokens > 0


@pytest.mark.simulated
def test_explicit_device_selection(load: Callable[..., Expert], tiny_package: Path) -> None:
    machine = Machine(system="linux", gpus=(LARGE, SMALL), vllm="cuda")
    choice = choose(machine, device="cuda:1")
    assert (choice.device, choice.environment) == ("cuda:1", {"CUDA_VISIBLE_DEVICES": "1"}), (
        "the engine's process sees that GPU alone"
    )
    assert choose(machine, device="cuda:1", engine="transformers").device == "cuda:1"
    with pytest.raises(DeviceError, match=r"cuda:0 \(RTX 4090\), cuda:1 \(RTX 3050\), cpu"):
        choose(machine, device="cuda:2")
    assert tensor_places(load(tiny_package, engine=TransformersEngine, device="cpu")) == {"cpu"}


def tensor_places(expert: Expert) -> set[str]:
    """The devices of all tensors that take part in an answer."""
    places: set[str] = set()

    def note(module: torch.nn.Module, inputs: object) -> None:
        own = (*module.parameters(recurse=False), *module.buffers(recurse=False))
        places.update(str(tensor.device) for tensor in own)

    hook = torch.nn.modules.module.register_module_forward_pre_hook(note)
    try:
        expert.generate("How many?", max_tokens=2, temperature=0.0)
    finally:
        hook.remove()
    return places
