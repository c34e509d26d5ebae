"""Demo experts with the habits in their packages: the same answers and verdicts, in fewer steps."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from expertserve import EngineConfig, ExpertManager, InferenceResult
from tests.conftest import EXPERTS
from tests.engine.test_experts import beside, questions
from training import json_extract, sql

pytestmark = [pytest.mark.engine, pytest.mark.long]
COUNT = 8


def strict(kind: str, folder: Path) -> Path:
    """A demo expert whose answers a parser of its language has to take."""
    with tarfile.open(next(EXPERTS.glob(f"expert-{kind}-*.expert"))) as archive:
        archive.extractall(folder, filter="data")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["training"].setdefault("decoding", {})["validation"] = "parser-strict"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def answers(base: Path, packages: dict[str, Path], *, drafts: bool) -> list[InferenceResult]:
    config = EngineConfig(dtype="float32", max_model_len=1024, drafts=drafts, device="cpu")
    tasks = {"sql": sql, "json": json_extract}
    with ExpertManager(base, config=config) as manager:
        for name, package in packages.items():
            manager.load_expert(name, package)
        return manager.generate_many(
            [
                (name, pair.question, {**beside(lesson), "temperature": 0.0})
                for name, task in tasks.items()
                for lesson, pair in questions(task, COUNT)
            ]
        )


def test_texts_and_verdicts_are_the_same_in_fewer_steps(demo_base: Path, tmp_path: Path) -> None:
    packages = {kind: strict(kind, tmp_path / kind) for kind in ("sql", "json")}
    plain = answers(demo_base, packages, drafts=False)
    drafted = answers(demo_base, packages, drafts=True)
    assert [r.text for r in drafted] == [r.text for r in plain]
    assert [r.grammar for r in drafted] == [r.grammar for r in plain]
    assert all(r.grammar and r.grammar.parser for r in plain)
    assert all("drafts:habits" in r.applied for r in drafted)
    counts = [count for result in drafted for count in result.usage.drafts]
    made = sum(count.drafted for count in counts)
    assert sum(count.accepted for count in counts) > made / 2 > 0
    assert sum(c.accepted for c in counts if c.source == "habits") > 0
