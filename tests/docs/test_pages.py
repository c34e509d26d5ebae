"""What is generated is current, links lead somewhere, the whole API is documented, and the site
builds without a warning.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import check_docs
import check_links
import cli_reference
import error_page
import pytest

from expertserve import errors
from expertserve.errors import ExpertError
from tests.conftest import EXPERTS
from tests.docs.blocks import ROOT


@pytest.mark.parametrize("script", ["cli_reference", "error_page", "benchmark_page"])
def test_generated_pages_are_current(script: str) -> None:
    done = subprocess.run(
        [sys.executable, f"scripts/{script}.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert cli_reference.PAGE.is_file()


def test_the_readme_has_the_figures_of_the_package_and_of_the_benchmark() -> None:
    readme = (ROOT / "README.md").read_text()
    with tarfile.open(next(EXPERTS.glob("expert-sql-*.expert"))) as archive:
        said = json.load(archive.extractfile("manifest.json"))["quality_metrics"]  # type: ignore[arg-type]
    right, base = (
        f"{100 * said[key]:.1f} %"
        for key in ("execution_accuracy", "base_model_execution_accuracy")
    )
    assert f"{right} of {said['test_queries']} (the base model: {base})" in readme
    routing = json.loads((ROOT / "benchmarks" / "results" / "routing.json").read_text())
    assert (
        f"| {100 * routing['rows']['sql: with its schema']['first']:g} % of {routing['questions']} |"
        in readme
    )
    assert (
        f"| {100 * routing['rows']['sql: the prompt alone']['first']:g} % of {routing['questions']} |"
        in readme
    )


def test_links_lead_somewhere() -> None:
    assert [line for page in check_links.pages() for line in check_links.broken(page)] == []


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_links, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# Some heading\n\n[a](#some-heading) [b](#other) [c](gone.md) [d](https://example.org)\n\n```sh\n[e](code.md)\n```\n"
    )
    assert check_links.broken(page) == [
        "page.md: #other: no such heading",
        "page.md: gone.md: nothing is there",
    ]


def test_every_class_of_error_and_every_code_is_on_the_page() -> None:
    text = error_page.PAGE.read_text()
    for kind in error_page.kinds():
        if kind not in (ExpertError, errors.Located):
            assert f"\n## {kind.__name__}\n" in text
    codes = {one.code for one in error_page.raised()}
    assert len(codes) > 100
    assert all(f"`{code}`" in text for code in codes)
    assert {"no_ending_fits", "queue_full", "checksum_mismatch", "name_taken"} <= codes


def test_every_finding_of_the_linters_is_on_the_page() -> None:
    from expertserve.grammar.check import check

    told = {row[0] for row in error_page.findings()}
    assert {
        f.code for f in check('root ::= a* [0-9]*\na ::= "x"?\nb ::= "y"', stops=["x", "q"])
    } <= told
    assert {"pickled_file", "no_license", "high_temperature", "unbounded_blanks"} <= told


def test_all_that_is_public_is_documented() -> None:
    names = check_docs.public()
    assert len(names) > 150
    assert check_docs.undocumented(names) == []
    assert check_docs.not_shown(names) == []
    assert check_docs.undescribed(names) == []
    assert check_docs.without_example(names) == []


def test_a_bare_function_is_found() -> None:
    def bare() -> None: ...

    assert check_docs.undocumented([check_docs.Name("x.bare", bare)]) == ["x.bare"]


@pytest.mark.timeout(180)
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "search" / "search_index.json").is_file()
