"""The JSON-Schema-Test-Suite, where it is: what deviates is listed in the docs, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.schema_suite import PAGE, page

SUITE = Path(__file__).parent.parent.parent / "shared" / "data" / "json-schema-test-suite"


@pytest.mark.skipif(not SUITE.is_dir(), reason="the suite isn't on this machine")
def test_the_page_lists_every_deviation_from_the_suite() -> None:
    assert page(SUITE) == PAGE.read_text(encoding="utf-8")


def test_nothing_invalid_is_let_through() -> None:
    assert "| invalid, and let through |" not in PAGE.read_text(encoding="utf-8")
