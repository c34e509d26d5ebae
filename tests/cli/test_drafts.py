"""`expertserve drafts`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expertserve.engine.fake import FakeEngine
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.habits import NAME, read_habits
from tests.cli.conftest import run


def test_build_writes_habits_and_says_what_they_gain(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    opened = open_package(tiny_package, cache_dir=tmp_path / "c")
    folder = tmp_path / "own"
    shutil.copytree(opened.folder, folder)
    lines = [
        {
            "prompt": f"CREATE TABLE boats_{i} (id INT)\nHow many?",
            "answer": f"SELECT COUNT(*) FROM boats_{i}",
        }
        for i in range(40)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    places = ("--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c")
    done = run("drafts", "build", folder, "--from", tmp_path / "a.jsonl", "--json", *places)
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    shapes = read_habits(folder)
    assert [s.parts for s in shapes] == [("SELECT COUNT(*) FROM ", " TABLE\tx", "")]
    assert shapes[0].times == 36, "every tenth is held back"
    assert facts["bytes"] == (folder / NAME).stat().st_size
    assert facts["tokens_a_step"] > facts["without_habits"] >= 1


def test_build_refuses_a_file_without_answers(tiny_package: Path, tmp_path: Path) -> None:
    opened = open_package(tiny_package, cache_dir=tmp_path / "c")
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    done = run("drafts", "build", opened.folder, "--from", tmp_path / "a.jsonl")
    assert done.exit_code != 0 and "line 1" in done.stderr
    assert not (opened.folder / NAME).exists()


def test_learn_asks_the_expert_and_writes_a_new_archive(
    ask: Callable[..., Any], tiny_package: Path, tmp_path: Path
) -> None:
    archive = pack(tiny_package, tmp_path / "x.expert")
    before = archive.read_bytes()
    questions = [{"prompt": f"How many of boats_{i}?"} for i in range(30)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(q) + "\n" for q in questions))
    engine = FakeEngine(lambda prompt: "SELECT 7")
    target = tmp_path / "faster.expert"
    source = ("--from", tmp_path / "q.jsonl", "-o", target, "--max-model-len", 512)
    done = ask("drafts", "learn", archive, *source, "--json", engine=engine)
    assert done.exit_code == 0, done.output
    assert len(engine.requests) == len(questions) and archive.read_bytes() == before
    shapes = read_habits(open_package(target, cache_dir=tmp_path / "c").folder)
    assert [(s.times, s.parts) for s in shapes] == [(27, ("SELECT 7",))]
    assert json.loads(done.stdout)["habits"] == str(target)
