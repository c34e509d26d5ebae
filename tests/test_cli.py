"""The command line, without an engine: inspect, pack, models, errors and exit statuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from expertserve import __version__
from expertserve.cli import app
from tests import tiny


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_help_has_an_example_for_every_command() -> None:
    assert run("--version").stdout.strip() == __version__
    for command in (["generate"], ["inspect"], ["pack"], ["models", "list"], ["models", "add"], ["models", "pull"]):
        shown = run(*command, "--help")
        assert shown.exit_code == 0 and "Example" in shown.stdout, command


def test_inspect_tells_what_a_package_is_and_what_would_be_applied(tiny_package: Path, tiny_base: Path, tmp_path: Path) -> None:
    facts = json.loads(run("inspect", tiny_package, "--json", "--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c").stdout)
    assert (facts["name"], facts["version"], len(facts["digest"])) == ("expert-tiny", "0.1.0", 64)
    assert facts["applied"]["type"] == "lora" and facts["applied"]["modules"] == 12 and facts["served_on"]["name"] == "tiny"
    assert {f["path"] for f in facts["files"]} >= {"manifest.json", "adapter_model.safetensors"}
    shown = run("inspect", tiny_package, "--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c").stdout
    assert "expert-tiny" in shown and "rank=4" in shown


def test_inspect_works_without_the_base_model(tiny_package: Path, tmp_path: Path) -> None:
    done = run("inspect", tiny_package, "--json", "--models-dir", tmp_path, "--cache-dir", tmp_path / "c")
    facts = json.loads(done.stdout)
    assert done.exit_code == 0 and facts["served_on"] is None and "'tiny'" in facts["base_model_missing"]


def test_unknown_keys_are_reported(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    package = tiny.package(tmp_path / "p", tiny_lora, tiny_base, novelty=1)
    facts = json.loads(run("inspect", package, "--json", "--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c").stdout)
    assert facts["unknown_keys"] == ["novelty"] and "novelty" in facts["warnings"][0]


def test_pack_writes_an_archive_that_inspects_the_same(tiny_package: Path, tiny_base: Path, tmp_path: Path) -> None:
    packed = json.loads(run("pack", tiny_package, "-o", tmp_path / "x.expert", "--json").stdout)
    facts = json.loads(
        run("inspect", tmp_path / "x.expert", "--json", "--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c").stdout
    )
    assert facts["digest"] == packed["sha256"] and facts["warnings"] == []


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 3, "there is no package"),
        (b"junk", 3, "neither"),
        ({"manifest.json": b"{"}, 4, "malformed JSON"),
        ({"x": b""}, 3, "no manifest"),
    ],
)
def test_errors_give_message_hint_and_a_status_by_kind(content: Any, status: int, said: str, tmp_path: Path) -> None:
    package = tmp_path / "p.expert"
    if isinstance(content, bytes):
        package.write_bytes(content)
    elif content:
        tiny.tar_gz(package, content)
    done = run("inspect", package, "--cache-dir", tmp_path / "c")
    assert done.exit_code == status
    assert "Error:" in done.stderr and said in done.stderr and "Traceback" not in done.stderr + done.stdout


def test_models_are_added_and_listed(tiny_base: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    assert "none" in run("models", "list", "--models-dir", models).stdout
    assert run("models", "add", "F:/x/Nice", tiny_base, "--models-dir", models).exit_code == 0
    assert json.loads(run("models", "list", "--models-dir", models, "--json").stdout) == [{"name": "Nice", "path": str(tiny_base)}]
    assert run("models", "add", "Bad", tmp_path, "--models-dir", models).exit_code == 2
