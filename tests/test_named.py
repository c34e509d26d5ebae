"""Packages by name: `registry:NAME@1.2`, wherever a package may be named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from expertserve import Expert, config
from expertserve.errors import ExpertError, IntegrityError, LoadError
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.manifest import read_manifest
from expertserve.package.named import choose
from expertserve.package.registry import FILE, build_registry
from expertserve.package.source import is_address, local_path
from expertserve.ray.source import fetch, packages_at


@pytest.fixture
def shelf(tiny_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with versions 0.1.0, 0.1.4 and 0.2.0, and its registry; no registry is chosen."""
    monkeypatch.setattr(config, "experts_dir", lambda: tmp_path / "data" / "experts")
    folder = tmp_path / "shelf"
    folder.mkdir()
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    for version in ("0.1.0", "0.1.4", "0.2.0"):
        text = json.dumps(manifest | {"version": version})
        (tiny_package / "manifest.json").write_text(text)
        pack(tiny_package, folder / f"tiny-{version}.expert")
    (folder / FILE).write_text(json.dumps(build_registry(folder, tmp_path / "cache")))
    return folder


def version(address: str | Path, cache: Path) -> str:
    return read_manifest(open_package(address, cache_dir=cache).folder).version


def test_a_name_means_the_newest_version_of_the_chosen_registry(
    shelf: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(LoadError, match="needs a registry") as caught:
        local_path("registry:expert-tiny", cache_dir=cache)
    assert caught.value.code == "not_found"
    choose(str(shelf / FILE))
    assert version("registry:expert-tiny", cache) == "0.2.0"
    assert version("registry:expert-tiny@0.1", cache) == "0.1.4"
    assert version(Path("registry:expert-tiny@0.1.0"), cache) == "0.1.0"
    assert version("registry:expert-tiny@<0.1.4", cache) == "0.1.0"
    for wrong in ("registry:expert-other", "registry:expert-tiny@3", "registry:expert-tiny@x.y"):
        with pytest.raises(ExpertError):
            local_path(wrong, cache_dir=cache)


def test_an_address_may_name_its_registry(shelf: Path, tmp_path: Path) -> None:
    address = f"registry:expert-tiny@0.1#{shelf / FILE}"
    assert version(address, tmp_path / "cache") == "0.1.4"
    assert version(Path(address), tmp_path / "cache") == "0.1.4"
    assert is_address(address)


def test_the_published_registrys_entries_are_addresses(shelf: Path, tmp_path: Path) -> None:
    """The older form: an expert with one version, its source an address, or a path alone."""
    file = shelf / "published.json"
    entry = {
        "name": "expert-tiny",
        "version": "0.1.0",
        "base_model": "tiny",
        "path": str(shelf / "tiny-0.1.0.expert"),
        "source": f"file://{shelf}/tiny-0.2.0.expert",
        "installed_at": "2025-11-12T00:00:00Z",
        "adapters": [{"type": "dora", "path": "x", "size_bytes": 1, "sha256": ""}],
        "capabilities": ["database:sql"],
        "dependencies": [],
    }
    file.write_text(json.dumps({"version": "1.0", "experts": [entry]}))
    address = f"registry:expert-tiny@0.1#{file}"
    assert version(address, tmp_path / "cache") == "0.2.0"
    file.write_text(json.dumps({"version": "1.0", "experts": [entry | {"source": ""}]}))
    assert version(address, tmp_path / "cache") == "0.1.0"


def test_a_package_that_was_changed_after_it_was_registered_is_refused(
    shelf: Path, tmp_path: Path
) -> None:
    (shelf / "tiny-0.2.0.expert").write_bytes((shelf / "tiny-0.1.0.expert").read_bytes())
    (shelf / "tiny-0.2.0.expert.sha256").unlink(missing_ok=True)
    with pytest.raises(IntegrityError) as caught:
        local_path(f"registry:expert-tiny#{shelf / FILE}", cache_dir=tmp_path / "cache")
    assert caught.value.code == "checksum_mismatch"


def test_the_library_and_ray_take_names(
    shelf: Path, load: Callable[..., Expert], tmp_path: Path
) -> None:
    address = f"registry:expert-tiny@0.1#{shelf / FILE}"
    assert load(address).generate("One?").expert.version == "0.1.4"
    assert packages_at(address) == [address]
    assert version(fetch(address, tmp_path / "cache"), tmp_path / "cache") == "0.1.4"


def test_only_what_is_a_registry_is_chosen(shelf: Path, tmp_path: Path) -> None:
    for wrong in (shelf / "none.json", shelf / "tiny-0.1.0.expert"):
        with pytest.raises(LoadError):
            choose(str(wrong))
    assert not (tmp_path / "data").exists()
