"""Six clients against a server: those that the project's own environment has."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.clients.suite import HERE, ROOT, Client, clients, pins, run, server

SUBSET = (
    "OpenAI (Python)", "Anthropic (Python)", "Outlines, from_openai", "Outlines, from_vllm",
    "curl", pytest.param("vllm bench serve", marks=pytest.mark.long),
)  # fmt: skip
"""Those whose package this environment has; `make clients` runs them all."""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with server(tmp_path_factory.mktemp("clients")) as found:
        yield found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SUBSET)
def test_a_client_works_unchanged(name: str, variables: dict[str, str], tmp_path: Path) -> None:
    client = next(c for c in clients() if c.name == name)
    checks = run(replace(client, environment="main"), variables, tmp_path)
    assert [c for c in checks if not c.ok] == [] and len(checks) > 1


def test_a_script_that_breaks_is_a_failed_check(tmp_path: Path) -> None:
    broken = Client("x", "x", "main", "no_such_script.py")
    (check,) = run(broken, {"EXPERTSERVE_URL": "http://127.0.0.1:1"}, tmp_path)
    assert not check.ok and "no_such_script.py" in check.why


def test_every_client_has_a_script_and_a_pin_and_is_on_the_page() -> None:
    page = (ROOT / "docs" / "clients.md").read_text()
    for client in clients():
        script = client.run.split()[0]
        folder = "node" if script.endswith(".mjs") else "scripts"
        assert (HERE / folder / script).is_file(), client
        assert f"| {client.name} |" in page, client
        if client.environment not in ("main", "node"):
            assert re.search(rf"^{re.escape(client.package)}==", pins(client.environment), re.M)
    assert len(clients()) >= 28 and "**not" not in page


def test_subset_runs_with_this_interpreter() -> None:
    assert str(replace(clients()[0], environment="main").python) == sys.executable
