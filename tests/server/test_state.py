"""What a server keeps of what was loaded, over an upgrade and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expertserve.errors import ConfigError
from expertserve.server.state import FILE, FORMAT, ServerState, StateEntry


def written(folder: Path) -> Any:
    return json.loads((folder / FILE).read_text())


def write(folder: Path, **facts: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text(json.dumps(facts))


def test_the_file_says_its_format(tmp_path: Path) -> None:
    ServerState(tmp_path).put(StateEntry(name="a", path="/a"))
    assert written(tmp_path)["format"] == FORMAT


def test_a_file_from_before_there_were_formats_is_read(tmp_path: Path) -> None:
    write(tmp_path, experts=[{"name": "a", "path": "/a", "pin": True}])
    (entry,) = ServerState(tmp_path).entries
    assert (entry.name, entry.pin) == ("a", True)


def test_what_a_later_version_added_is_kept_when_an_older_one_writes(tmp_path: Path) -> None:
    added = {"name": "a", "path": "/a", "weight": 3}
    write(tmp_path, format=FORMAT, experts=[added])
    ServerState(tmp_path).put(StateEntry(name="b", path="/b"))
    assert written(tmp_path)["experts"][0] == {**added, "pin": False}


def test_what_a_later_version_changed_is_refused_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path, format=FORMAT + 1, experts={"a": "/a"})
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(ConfigError, match="later version") as caught:
        ServerState(tmp_path)
    assert caught.value.code == "later_state" and "before the upgrade" in caught.value.hint
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "text", ["[{", "[]", '"x"', '{"experts": [{"name": "a"}]}', '{"format": "x"}']
)
def test_what_is_not_ours_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ConfigError) as caught:
        ServerState(tmp_path)
    assert caught.value.code == "bad_state"
