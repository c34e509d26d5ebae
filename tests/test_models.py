"""Which base model a name means on this machine."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from expertserve import LoadError, models

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Hugging Face cache, empty."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def cached(hub: Path, name: str, base: Path, missing: str = "") -> None:
    """A model as `pull` leaves it there: the files that are taken, and a list of all that the
    repository has.
    """
    folder = hub / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    shutil.copytree(base, snapshot)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    listed = [p.name for p in snapshot.iterdir()] + [
        "README.md",
        ".gitattributes",
        "pytorch_model.bin",
    ]
    (folder / "trees").mkdir()
    tree = {
        "format_version": 1,
        "files": {name: {"size": 1, "blob_id": "0" * 40} for name in listed},
    }
    (folder / "trees" / f"{COMMIT}.json").write_text(json.dumps(tree))
    if missing:
        (snapshot / missing).unlink()


def test_what_was_pulled_is_found_without_the_network(
    hub: Path, tiny_base: Path, tmp_path: Path
) -> None:
    cached(hub, "someone/tiny", tiny_base)
    for find in (models.find, models.find_given):
        assert find("someone/tiny", models_dir=tmp_path / "none").path.parent.name == "snapshots"


def test_an_interrupted_download_is_no_model(hub: Path, tiny_base: Path, tmp_path: Path) -> None:
    cached(hub, "someone/other", tiny_base, missing="tokenizer.json")
    with pytest.raises(LoadError):
        models.find("someone/other", models_dir=tmp_path / "none")


def test_a_path_that_is_not_there_is_not_another_model(tiny_base: Path, hub: Path) -> None:
    with pytest.raises(LoadError, match="no folder") as caught:
        models.find_given(f"/nowhere/{tiny_base.name}", models_dir=tiny_base.parent)
    assert caught.value.code == "base_model_missing"
    assert models.find_given(tiny_base.name, models_dir=tiny_base.parent).path == tiny_base


def test_another_organisations_model_is_not_the_one_of_that_name_here(
    tiny_base: Path, hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(models, "pull", lambda name: asked.append(name) or tiny_base)
    models.add_alias("Qwen3-0.6B", tiny_base, models_dir=tmp_path / "models")
    assert (
        models.find_given("Qwen/Qwen3-0.6B", models_dir=tmp_path / "models").path == tiny_base
        and not asked
    )
    models.find_given("someone/Qwen3-0.6B", models_dir=tmp_path / "models")
    assert asked == ["someone/Qwen3-0.6B"]


def test_aliases_are_for_everybody_to_read(tiny_base: Path, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        models.add_alias("a", tiny_base, models_dir=tmp_path)
    finally:
        os.umask(before)
    assert (
        stat.S_IMODE((tmp_path / models.ALIASES).stat().st_mode) == 0o644
        and len(list(tmp_path.iterdir())) == 1
    )
