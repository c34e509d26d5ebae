"""The examples work: on the fake engine here, unchanged on the real one in the long tests."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
import uvicorn
from nbclient import NotebookClient

from expertserve import AsyncExpertManager, Expert, ExpertManager
from expertserve.core import engines
from expertserve.engine.fake import FakeEngine
from tests.conftest import EXPERTS, SCHEMA
from tests.docs.blocks import ROOT

EXAMPLES = ROOT / "examples"
NOTEBOOK = EXAMPLES / "notebook" / "expertserve.ipynb"
Reader = Callable[[], dict[str, object]]


def example(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.replace("/", "_"), EXAMPLES / f"{path}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # FastAPI looks annotations up there
    spec.loader.exec_module(module)
    return module


def test_the_cli_tool_answers_with_rows(reader: Reader) -> None:
    ask = example("cli_tool/ask")
    with Expert.load("sql.expert") as expert:
        sql, rows = ask.ask(expert, ask.open_database(None), "Which lighthouses are in Norway?")
    assert (sql, rows) == (
        "SELECT name FROM lighthouses WHERE country = 'Norway'",
        [("Lindesnes",), ("Utsira",)],
    )


def test_the_cli_tool_cannot_write_to_a_database(reader: Reader, tmp_path: Path) -> None:
    import sqlite3

    ask = example("cli_tool/ask")
    sqlite3.connect(tmp_path / "coast.db").executescript(ask.COAST)
    for database in (ask.open_database(None), ask.open_database(tmp_path / "coast.db")):
        assert "CREATE TABLE lighthouses" in ask.schema_of(database)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            database.execute("DELETE FROM lighthouses")


def test_the_rest_service_answers_its_client(reader: Reader) -> None:
    server, client = example("rest_api/server"), example("rest_api/client")
    app = server.make_app(AsyncExpertManager(), sorted(Path("examples/experts").glob("*.expert")))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(
            target=lambda: asyncio.run(running.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        end = time.monotonic() + 30
        while not running.started and time.monotonic() < end:
            time.sleep(0.02)
        said = client.ask("How many lighthouses are in Norway?", url=url)
        refused = client.ask("", "", url=url)
        running.should_exit = True
        thread.join(timeout=20)
    assert (said["answer"], said["expert"]) == (
        "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'",
        "expert-sql",
    )
    assert refused["error"]
    assert not thread.is_alive()


def test_the_batch_job_answers_every_question_and_resumes(reader: Reader, tmp_path: Path) -> None:
    job = example("batch_job/job")
    rows = job.read(EXAMPLES / "batch_job" / "questions.jsonl")
    assert len(rows) == 8
    answers = tmp_path / "answers.jsonl"
    with ExpertManager() as manager:
        manager.load_expert("sql", "sql.expert")
        said = list(job.answer_all(manager, rows))
        assert [row["id"] for row in said] == [row["id"] for row in rows]
        failed = list(
            job.answer_all(manager, [{"id": "x", "question": "", "schema": SCHEMA}, rows[0]])
        )
    assert "error" in failed[0]
    assert "answer" in failed[1]
    answers.write_text("".join(json.dumps(row) + "\n" for row in [*said[:3], failed[0]]))
    assert len(job.open_questions(EXAMPLES / "batch_job" / "questions.jsonl", answers)) == 5


def test_many_experts_answer_in_one_batch(reader: Reader) -> None:
    many = example("many_experts")
    with ExpertManager() as manager:
        names = many.load_all(manager, Path("examples/experts"))
        assert names == ["cypher", "json", "sql"]
        said = many.ask_all(manager, names)
        assert [who.split()[0] for who, _ in said] == [
            "expert-sql",
            "expert-cypher",
            "expert-json",
            "expert-sql",
        ]
        assert said[1][1].startswith("MATCH")
        assert manager.route("Write an SQL query: how many orders are there?")[0].name == "sql"


def test_streams_come_whole_or_are_cancelled(
    reader: Reader, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = example("streaming/stream")
    sentence = "SELECT name FROM lighthouses WHERE country = 'Norway' AND height > 40"
    monkeypatch.setattr(
        engines, "default_engine", lambda config: FakeEngine(lambda prompt: sentence, delay=0.05)
    )
    with Expert.load("sql.expert") as expert:
        assert stream.whole(expert).finish_reason == "stop"
        part = stream.cancelled(expert, 2)
    assert part.finish_reason == "cancelled"
    assert part.text
    assert sentence.startswith(part.text)

    async def race() -> str:
        async with AsyncExpertManager() as manager:
            await manager.load_expert("sql", "sql.expert")
            return str((await stream.first_of_two(manager, "sql")).text)

    assert asyncio.run(race()).startswith("SELECT")
    assert "cancelled" in capsys.readouterr().out


@pytest.mark.timeout(180)
def test_your_own_expert_is_trained_packed_checked_signed_and_served(
    world: SimpleNamespace, reader: Reader, tmp_path: Path
) -> None:
    from expertserve.check import check_package
    from expertserve.package import keys
    from expertserve.package.signature import TrustPolicy

    make = example("own_expert/make_expert")
    adapter = make.train(world.base, tmp_path / "adapter", steps=2)
    archive = make.publish(
        make.gather(adapter, world.base, tmp_path / "package"), tmp_path / "publisher.pem", tmp_path
    )
    found = [f for f in check_package(archive) if f.severity != "info"]
    assert not found, found
    trust = TrustPolicy("require", keys.read_trusted(str(tmp_path / "publisher.pem.pub")))
    with Expert.load(archive, trust=trust) as expert:
        result = expert.generate("My parcel is late.")
    assert result.text == "shipping"
    assert result.grammar
    assert result.grammar.complete


SETUP = """
from pathlib import Path
from expertserve import config
from expertserve.core import engines
from expertserve.engine.fake import FakeEngine
from tests.docs.conftest import answer
engines.default_engine = lambda config: FakeEngine(answer)
config.models_dir = lambda: Path({models!r})
config.cache_dir = lambda: Path({cache!r})
"""


def execute(cells: list[str], folder: Path) -> list[str]:
    """Runs the notebook after our cells, in a kernel of this interpreter; returns the cells' output."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells[:0] = [nbformat.v4.new_code_cell(cell) for cell in cells]
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    return [o.get("text") or o.data.get("text/plain", "") for o in outputs]


@pytest.mark.timeout(180)
def test_the_notebook_runs(
    world: SimpleNamespace, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    said = execute([SETUP.format(models=str(world.models), cache=str(world.cache))], Path.cwd())
    assert any("SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'" in text for text in said)
    assert said[-1].strip() == "(True, True)"


SCRIPTS = {
    "demo.py": [],
    "cli_tool/ask.py": ["Which lighthouses are in Norway?"],
    "batch_job/job.py": [str(EXAMPLES / "batch_job" / "questions.jsonl"), "answers.jsonl"],
    "many_experts.py": [],
    "streaming/stream.py": [],
    "own_expert/make_expert.py": ["own"],
}


@pytest.mark.long
@pytest.mark.engine
@pytest.mark.timeout(600)
@pytest.mark.parametrize("script", SCRIPTS)
def test_examples_run_unchanged_on_the_real_engine(
    script: str, demo_base: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *SCRIPTS[script]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


@pytest.mark.long
@pytest.mark.engine
@pytest.mark.timeout(600)
def test_the_notebook_runs_on_the_real_engine(demo_base: Path) -> None:
    assert any("SELECT" in text for text in execute([], NOTEBOOK.parent))


@pytest.mark.long
@pytest.mark.engine
@pytest.mark.timeout(600)
def test_the_rest_service_runs_unchanged_on_the_real_engine(demo_base: Path) -> None:
    service = subprocess.Popen(
        [sys.executable, EXAMPLES / "rest_api" / "server.py"], env=dict(os.environ)
    )
    try:
        client = example("rest_api/client")
        end = time.monotonic() + 240
        said: dict[str, object] = {}
        while "answer" not in said and time.monotonic() < end and service.poll() is None:
            try:
                said = client.ask("How many lighthouses are in Norway?")
            except OSError:
                time.sleep(1)
        assert str(said["answer"]).startswith("SELECT")
    finally:
        service.terminate()
        service.wait(timeout=60)


def test_every_example_is_listed_and_tested() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.iterdir():
        if path.name not in ("experts", "README.md", "__pycache__", "ray"):
            assert path.name in listed, path.name
    assert next(EXPERTS.glob("expert-sql-*.expert"))
