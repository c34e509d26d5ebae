"""Dockerfiles pass hadolint; alerts and the dashboard's queries are PromQL.

make manifests
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import helm_python
import promql_parser
import pytest

from tests.conftest import ROOT
from tests.deploy.test_observability import FILES, expressions

pytestmark = pytest.mark.long
HADOLINT = Path(helm_python.__file__).parents[1] / "bin" / "hadolint"
VARIABLES = {"$__rate_interval": "5m", "$__interval": "5m", "$instance": ".*", "$expert": ".*"}
"""Grafana's, as it would put them in."""


def lint(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HADOLINT, file], capture_output=True, text=True, timeout=60, check=False)


def test_dockerfiles_pass_hadolint() -> None:
    files = sorted((ROOT / "docker").glob("Dockerfile.*"))
    assert len(files) == 2
    for file in files:
        done = lint(file)
        assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN apt-get install gcc\n")
    assert lint(tmp_path / "Dockerfile").returncode == 1


@pytest.mark.parametrize(
    ("place", "query"), [e for e in expressions() if "label_values" not in e[1]]
)
def test_every_query_is_promql(place: str, query: str) -> None:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    assert not re.search(r"\$\w", query), place
    promql_parser.parse(query)  # raises where it isn't


def test_what_is_no_promql_is_found() -> None:
    with pytest.raises(ValueError):
        promql_parser.parse("sum by (rate(x[5m])")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool isn't installed")
@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", FILES / "alerts.yaml"),
        ("test", "rules", ROOT / "tests" / "deploy" / "alerts.yaml"),
    ],
    ids=lambda c: str(c[0]),
)
def test_alerts_fire_when_they_should(command: tuple[str | Path, ...]) -> None:
    done = subprocess.run(
        ["promtool", *command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
