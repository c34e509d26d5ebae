"""What a catalogue keeps of what was loaded, over an upgrade and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expertserve.errors import ConfigError
from expertserve.ray.catalogue import FILE, Catalogue
from expertserve.server.state import FORMAT
from tests.ray.test_parts import Recorder


@pytest.mark.parametrize("form", ["list", "object"])
def test_a_list_without_and_with_a_format_is_read(form: str, tmp_path: Path) -> None:
    gone = {"name": "a", "source": "/gone.expert", "digest": "0" * 64}
    facts = [gone] if form == "list" else {"format": FORMAT, "experts": [gone]}
    (tmp_path / FILE).write_text(json.dumps(facts))
    catalogue = Catalogue([], str(tmp_path), tmp_path / "cache", Recorder())
    assert catalogue.snapshot().experts == ()  # its package is gone: it is left out, and logged


def test_what_a_later_version_changed_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"format": FORMAT + 1, "experts": {}}))
    with pytest.raises(ConfigError) as caught:
        Catalogue([], str(tmp_path), tmp_path / "cache", Recorder())
    assert caught.value.code == "later_state"
