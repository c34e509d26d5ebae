"""Requirement: Cross-Platform Support. Each system is described, its engine chosen, and that engine
run here on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PureWindowsPath

import pytest

from expertserve import Expert
from expertserve.engine.device import Gpu, Machine, choose
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.models import last_component
from expertserve.package.members import safe_path
from tests import tiny

GPU = Gpu("RTX 4090", 24 << 30, (8, 9), "0")
Load = Callable[..., Expert]


def works(expert: Expert) -> None:
    """One answer, a batch, a stream."""
    options = {"max_tokens": 6, "temperature": 0.0, "stop": []}
    whole = expert.generate("How many lighthouses?", **options)
    assert whole.usage.completion_tokens > 0 and whole.expert.adapter is not None
    assert (
        expert.generate_batch(["How many lighthouses?", "x"], **options)[0].token_ids
        == whole.token_ids
    )
    with expert.generate_stream("How many lighthouses?", **options) as stream:
        assert "".join(chunk.text for chunk in stream) == whole.text


@pytest.mark.simulated
def test_load_expert_on_windows(
    load: Load, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    choice = choose(Machine(system="windows", gpus=(GPU,)))
    assert (choice.engine, choice.device) == ("transformers", "cuda:0")
    cache = PureWindowsPath("C:\\Users\\Some Body\\AppData\\Local\\expertserve")
    assert (cache / str(safe_path("weights/adapter.safetensors"))).parts[-2:] == (
        "weights",
        "adapter.safetensors",
    )
    assert last_component("F:\\models\\tiny\\") == "tiny"
    package = tiny.package(tmp_path / "with blanks and ä", tiny_lora, tiny_base)
    manifest = package / "manifest.json"
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes().replace(b"\n", b"\r\n"))
    works(load(package, engine=TransformersEngine))


@pytest.mark.simulated
def test_load_expert_on_linux(load: Load, tiny_package: Path) -> None:
    """On Linux itself, but without CUDA."""
    choice = choose(Machine(system="linux", gpus=(GPU,), vllm="cuda"))
    assert (choice.engine, choice.device) == ("vllm", "cuda:0")
    works(load(tiny_package, engine=TransformersEngine))


@pytest.mark.simulated
def test_load_expert_on_macos_with_mps(load: Load, tiny_package: Path) -> None:
    choice = choose(Machine(system="macos", arch="arm64", mps=True))
    assert (choice.engine, choice.device, choice.warnings) == ("transformers", "mps", ())
    works(load(tiny_package, engine=TransformersEngine))
