"""`generate` and `chat` ask a server that runs on this machine already."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve.engine.fake import FakeEngine
from expertserve.package.build import pack
from tests.server.conftest import Running, keys_file, package, serve  # noqa: F401

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")
Ask = Callable[..., Any]


@pytest.fixture
def archive(package: Any, tmp_path: Path) -> Path:  # noqa: F811
    return pack(package("sql", takes="schema"), tmp_path / "sql.expert")


@pytest.fixture
def running(
    serve: Any,  # noqa: F811
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Running:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    answer = serve(
        {"mine": archive}, lambda prompt: "SELECT 7", local_folder=tmp_path / "expertserve"
    )
    assert isinstance(answer, Running)
    return answer


def refusing() -> FakeEngine:
    def script(prompt: str) -> str:
        raise AssertionError("no engine should be started")

    return FakeEngine(script)


def test_the_server_answers_as_an_engine_would(ask: Ask, archive: Path, running: Running) -> None:
    for options in ((), ("--stream",)):
        done = ask("generate", archive, "How many?", *options, engine=refusing())
        assert (done.exit_code, done.stdout) == (0, "SELECT 7\n"), done.output
    own = FakeEngine(lambda prompt: "SELECT 7")
    there, here = (
        json.loads(ask("generate", archive, "q", "--json", *more, engine=own).stdout)
        for more in ((), ("--no-server",))
    )
    for facts in (there, here):
        for varying in ("timing", "request_id", "kept", "reasoning_tokens"):
            facts.pop(varying, None)
        facts["usage"].pop("cached_tokens")
    assert there == here
    assert len(own.requests) == 1, "--no-server declines"


def test_options_are_the_same_ones_there(
    ask: Ask, archive: Path, running: Running, tmp_path: Path
) -> None:
    (tmp_path / "s.sql").write_text("CREATE TABLE t (id INT);")
    options = ("--schema", tmp_path / "s.sql", "--system", "Be brief.", "--max-tokens", 5, "--seed", 3,
               "--stop", "7", "--temperature", 0.5, "--top-p", 0.6, "--top-k", 7, "--min-p", 0.1, "--n", 2)  # fmt: skip
    own = FakeEngine(lambda prompt: "SELECT 7")
    there = ask("generate", archive, "q", *options, engine=refusing())
    here = ask("generate", archive, "q", *options, "--no-server", engine=own)
    assert there.stdout == here.stdout == "SELECT \n---\nSELECT \n", there.output
    theirs, ours = running.engine.requests[-1], own.requests[-1]
    assert theirs.prompt_token_ids == ours.prompt_token_ids
    assert theirs.sampling == ours.sampling


def test_verbose_says_who_answers_and_options_of_the_engine_ask_for_one(
    ask: Ask, archive: Path, running: Running
) -> None:
    done = ask("generate", archive, "q", "--verbose")
    assert "answered by the server at" in done.stderr and "mine" in done.stderr
    done = ask("generate", archive, "q", "--verbose", "--dtype", "float32")
    assert done.stdout == "SELECT 1\n" and "in this process" in done.stderr


def test_an_error_of_the_server_is_an_error_of_the_command(
    ask: Ask, archive: Path, running: Running
) -> None:
    done = ask("generate", archive, "q", "--temperature", 7, "--json", engine=refusing())
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "bad_sampling"


def test_a_conversation_goes_over_the_server_too(ask: Ask, archive: Path, running: Running) -> None:
    done = ask("chat", archive, input="one\ntwo\n/quit\n", engine=refusing())
    assert done.exit_code == 0 and done.stdout.count("SELECT 7") == 2, done.output
    prompt = running.engine.requests[-1]
    assert len(prompt.prompt_token_ids) > len(running.engine.requests[-2].prompt_token_ids)


def test_a_server_with_keys_leaves_no_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expertserve.server import run
    from expertserve.server.settings import ServerSettings

    seen: list[Path | None] = []

    class Stop(Exception):
        pass

    def noted(folder: Path | None) -> Any:
        seen.append(folder)
        raise Stop

    monkeypatch.setattr(run, "local_socket", noted)
    folder = tmp_path / "run"
    for keys in (None, keys_file(tmp_path / "keys.toml", reports={})):
        with pytest.raises(Stop):
            run.serve(
                lambda: None,  # type: ignore[arg-type, return-value]
                ServerSettings(port=0, keys=keys, local_folder=folder),
            )
    assert seen == [folder, None]
