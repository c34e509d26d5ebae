"""Requirement: Error Handling."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from expertserve import ConfigError, EngineConfig, Expert, ManifestError, OutOfMemoryError
from tests import tiny

HIDE = """
import sys, importlib.abc
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
from importlib import util
found = util.find_spec
util.find_spec = lambda name, package=None: None if name.split(".")[0] in {names!r} else found(name, package)
import expertserve
"""


def import_without(*names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HIDE.format(names=names)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_missing_dependencies() -> None:
    done = import_without("torch", "outlines")
    assert done.returncode != 0 and "ImportError" in done.stderr
    assert "torch, outlines" in done.stderr and "pip install" in done.stderr
    assert "expertserve[cpu]" in done.stderr
    assert import_without("vllm", "peft").returncode == 0  # the portable engine needs neither


def test_invalid_manifest(tmp_path: Path) -> None:
    for text, line, said in (
        (b'{\n  "name": "expert-x",\n  "version" "1.0.0"\n}', 3, "malformed JSON"),
        (
            b'{\n  "name": "expert-x",\n  "version": "1.0.0",\n  "base_models": "none"\n}',
            4,
            "valid array",
        ),
    ):
        package = tiny.tar_gz(tmp_path / "bad.expert", {"manifest.json": text})
        with pytest.raises(ManifestError, match=said) as caught:
            Expert.load(package, cache_dir=tmp_path / "cache")
        assert caught.value.line == line and f"line {line}" in str(caught.value)


def test_out_of_memory(sql_package: Path) -> None:
    config = EngineConfig(kv_cache_bytes=16 << 20, max_model_len=8192)
    with (
        Expert.load(sql_package, config=config, start=False) as expert,
        pytest.raises(OutOfMemoryError) as caught,
    ):
        expert.generate("How many lighthouses?")  # the manager starts its engine now
    assert caught.value.code == "out_of_memory" and "lower max_model_len to" in caught.value.hint
    limited = EngineConfig(max_model_len=256)
    with (
        pytest.raises(ConfigError, match="maximum context length is 256 tokens") as long,
        Expert.load(sql_package, config=limited, start=False) as expert,
    ):
        expert.generate("word " * 300)
    assert "shorten the prompt" in long.value.hint
