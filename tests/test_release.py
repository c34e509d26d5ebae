"""A release's files: the change log's part, checksums, and one version everywhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from release import SUMS, changes, sums

from expertserve import __version__
from tests.conftest import ROOT


def test_the_change_logs_part_of_a_version_is_taken() -> None:
    log = (ROOT / "CHANGELOG.md").read_text()
    text = changes(log, __version__)
    assert text.startswith("**") and "\n## " not in text and len(text) > 1000
    two = "# C\n\n## 0.2.0\n\n- b\n\n## 0.1.10\n- c\n\n## 0.1.0 (unreleased)\n- a\n"
    assert [changes(two, v) for v in ("0.2.0", "0.1.10", "0.1.0")] == ["- b\n", "- c\n", "- a\n"]


@pytest.mark.parametrize("log", ["# C\n", "## 0.1.0\n\n## 0.0.9\n- a\n", "## 0.1.01\n- a\n"])
def test_a_version_without_changes_is_no_release(log: str) -> None:
    with pytest.raises(SystemExit, match=r"0\.1\.0"):
        changes(log, "0.1.0")


def test_checksums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    (tmp_path / "b.whl").write_bytes(b"b")
    (tmp_path / "a.tar.gz").write_bytes(b"a")
    (tmp_path / SUMS).write_text("old")
    (tmp_path / SUMS).write_text(sums(tmp_path))
    check = ["sha256sum", "--check", "--strict", SUMS]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout == "a.tar.gz: OK\nb.whl: OK\n"
    (tmp_path / "b.whl").write_bytes(b"changed")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_one_version_everywhere() -> None:
    chart = yaml.safe_load((ROOT / "charts" / "expertserve" / "Chart.yaml").read_text())
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert chart["appVersion"] == cited["version"] == __version__
    assert re.search(rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.M)
