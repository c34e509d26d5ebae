"""Whoever trains, checks, packs and signs needs no engine: neither vLLM nor what else runs one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("vllm", "ray", "peft", "accelerate"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def without_engines(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line, and every process that it starts, where engines can't be imported."""
    (work / "block").mkdir(exist_ok=True)
    (work / "block" / "sitecustomize.py").write_text(BLOCKER)
    path = os.pathsep.join([str(work / "block"), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "expertserve.cli", *arguments],
        cwd=work,
        env={**os.environ, "PYTHONPATH": path, "EXPERTSERVE_CACHE_DIR": str(work / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_expert_is_made_checked_packed_and_signed_without_an_engine(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    models = ("--models-dir", str(tiny_base.parent))
    made = ("--base", "tiny", "--template", "chatml", "--license", "MIT", "-o", "mine")
    for command in (
        ("init", str(tiny_lora), *made, *models),
        ("check", "mine", *models),
        ("pack", "mine", "-o", "mine.expert"),
        ("keygen", "key.pem"),
        ("sign", "mine.expert", "--key", "key.pem"),
        ("verify", "mine.expert", "--trusted-key", "key.pem.pub"),
        ("doctor", "mine.expert", *models),
    ):
        done = without_engines(tmp_path, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert (tmp_path / "mine.expert").is_file()


@pytest.mark.parametrize("name", ["vllm", "ray"])
def test_the_blocker_blocks(name: str, tmp_path: Path) -> None:
    without_engines(tmp_path, "--version")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "block")}
    asked = [sys.executable, "-c", f"import {name}"]
    done = subprocess.run(
        asked, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1 and "No module named" in done.stderr
