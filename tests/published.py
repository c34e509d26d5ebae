"""The grammars of published experts, which lie beside the project, not in it."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"


def published(name: str) -> bytes:
    """The grammar of `expert-NAME`."""
    path = SAMPLES / f"expert-{name}" / "grammar.gbnf"
    if not path.is_file():
        pytest.skip("the published samples are not beside the project")
    return path.read_bytes()
