"""Runs the command line on a fake engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine


def run(*arguments: object, seams: Seams | None = None, **options: Any) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], obj=seams, **options)


@pytest.fixture
def ask(tiny_package: Path, tiny_base: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs a command that loads packages, on a fake engine."""
    where = ["--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "cache"]

    def ask(*arguments: object, engine: FakeEngine | None = None, **options: Any) -> Any:
        made = engine or FakeEngine(lambda prompt: "SELECT 1")
        return run(*arguments, *where, seams=Seams(engine=lambda: made), **options)

    return ask
