"""The command line as a whole: help, errors and exit statuses, signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cli_reference
import pytest
import typer

from expertserve import __version__
from expertserve.cli import app
from expertserve.errors import ExpertError
from tests import tiny
from tests.cli.conftest import run

COMMANDS = "serve ray generate chat batch init import pack inspect check prepare test install update uninstall list search keygen sign verify doctor models cache drafts key registry bench completion".split()


def test_help_has_an_example_for_every_command() -> None:
    assert run("--version").stdout.strip() == __version__
    root: Any = typer.main.get_command(app)
    assert root.list_commands(None) == COMMANDS
    for command in (
        *([c] for c in COMMANDS if c not in ("models", "cache", "drafts", "key", "registry")),
        ["cache", "list"],
        ["cache", "path"],
        ["cache", "prune"],
        ["registry", "build"],
        ["drafts", "build"],
        ["drafts", "learn"],
        ["models", "list"],
        ["models", "add"],
        ["models", "pull"],
        ["models", "quantize"],
        ["key", "new"],
        ["key", "hash"],
    ):
        shown = run(*command, "--help")
        assert shown.exit_code == 0 and "Example" in shown.stdout, command


def test_the_reference_in_the_docs_is_current() -> None:
    assert cli_reference.PAGE.read_text(encoding="utf-8") == cli_reference.page()


def test_importing_the_command_line_is_light() -> None:
    code = "import expertserve.cli, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout.split()
    assert not {
        "fastapi",
        "uvicorn",
        "torch",
        "vllm",
        "transformers",
        "pydantic",
        "httpx",
        "cryptography",
    } & set(loaded)


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 3, "there is no package"),
        (b"junk", 3, "neither"),
        ({"manifest.json": b"{"}, 4, "malformed JSON"),
        ({"x": b""}, 3, "no manifest"),
    ],
)
def test_errors_give_message_hint_and_a_status_by_kind(
    content: Any, status: int, said: str, tmp_path: Path
) -> None:
    package = tmp_path / "p.expert"
    if isinstance(content, bytes):
        package.write_bytes(content)
    elif content:
        tiny.tar_gz(package, content)
    done = run("inspect", package, "--cache-dir", tmp_path / "c")
    assert done.exit_code == status
    assert (
        "Error:" in done.stderr
        and said in done.stderr
        and "Traceback" not in done.stderr + done.stdout
    )


def test_models_are_added_and_listed(tiny_base: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    assert "none" in run("models", "list", "--models-dir", models).stdout
    assert run("models", "add", "F:/x/Nice", tiny_base, "--models-dir", models).exit_code == 0
    assert json.loads(run("models", "list", "--models-dir", models, "--json").stdout) == [
        {"name": "Nice", "path": str(tiny_base)}
    ]
    assert run("models", "add", "Bad", tmp_path, "--models-dir", models).exit_code == 2


def test_debug_leaves_the_error_as_it_is_in_subgroups_too(tmp_path: Path) -> None:
    for command in (["inspect", tmp_path / "none"], ["models", "add", "x", tmp_path]):
        assert isinstance(run("--debug", *command).exception, ExpertError)
        assert isinstance(run(*command).exception, SystemExit)


def test_completion_prints_a_script() -> None:
    for shell in ("bash", "zsh", "fish"):
        done = run("completion", shell)
        assert done.exit_code == 0 and "_EXPERTSERVE_COMPLETE" in done.stdout


ENDLESS = """
import sys
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ExpertError
app(sys.argv[1:], obj=Seams(engine=lambda: FakeEngine(lambda prompt: "word " * 500, delay=0.05)))
"""


def test_ctrl_c_ends_a_command_cleanly(tiny_package: Path, tiny_base: Path, tmp_path: Path) -> None:
    where = ["--models-dir", str(tiny_base.parent), "--cache-dir", str(tmp_path / "c")]
    command = [
        sys.executable,
        "-c",
        ENDLESS,
        "generate",
        str(tiny_package),
        "q",
        "--stream",
        *where,
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.read(5) == "word "
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in said and time.monotonic() - started < 5
