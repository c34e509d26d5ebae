"""Installing experts: the published layout, registries in every form, what an expert requires."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve.errors import LoadError
from expertserve.package.build import pack
from expertserve.package.install import ExpertsFolder
from expertserve.package.registry import Record, Registry, Release, read_registry
from expertserve.server.watch import packages_in
from tests import tiny
from tests.cli.conftest import run

Make = Callable[..., Path]


@pytest.fixture
def make(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Make:
    """Packs experts into a shelf: `make("expert-a", "1.0.0", requires=["expert-b@>=1"])`."""

    def make(name: str, version: str = "1.0.0", **constraints: Any) -> Path:
        folder = tiny.package(
            tmp_path / "src" / f"{name}-{version}",
            tiny_lora,
            tiny_base,
            name=name,
            version=version,
            constraints=constraints,
            description=f"about {name}",
        )
        shelf = tmp_path / "shelf"
        shelf.mkdir(exist_ok=True)
        return pack(folder, shelf / f"{name}.v{version}.expert")

    return make


@pytest.fixture
def do(tmp_path: Path, tiny_base: Path) -> Callable[..., Any]:
    """Runs a command on an experts folder of its own."""

    def do(command: str, *arguments: object, **options: Any) -> Any:
        places: list[object] = ["--cache-dir", tmp_path / "cache"]
        if command not in ("search", "registry"):
            places += ["--experts-dir", tmp_path / "experts"]
        if command == "install":
            places += ["--models-dir", tiny_base.parent]
        return run(command, *arguments, *places, **options)

    return do


def test_an_expert_is_installed_in_the_published_layout(
    make: Make, do: Any, tmp_path: Path
) -> None:
    for version in ("0.9.0", "0.10.0"):
        done = do("install", make("expert-a", version))
        assert done.exit_code == 0, done.stderr
    home = tmp_path / "experts"
    assert (home / "expert-a" / "0.10.0" / "adapter_model.safetensors").is_file()
    assert (home / "expert-a" / "current.txt").read_text().strip() == "0.10.0"
    listed = json.loads(do("list", "--json").stdout)["experts"]
    assert [(e["version"], e["current"]) for e in listed] == [("0.10.0", True), ("0.9.0", False)]
    assert "* expert-a 0.10.0" in do("list").stdout
    assert list(packages_in(home)) == [home / "expert-a" / "0.10.0"]  # what `serve` takes
    about = json.loads((home / "expert-registry.json").read_text())
    assert {"version", "last_updated", "install_dir", "models_dir", "base_models"} < about.keys()
    entry = about["experts"][0]["versions"][0]
    assert {"version", "base_model", "path", "source", "installed_at"} < entry.keys()
    assert {"adapters", "capabilities", "dependencies"} < entry.keys()


def test_an_installation_that_fails_changes_nothing(make: Make, do: Any, tmp_path: Path) -> None:
    archive = make("expert-a")
    assert do("install", archive).exit_code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "experts").rglob("*") if p.is_file()}
    broken = tmp_path / "broken.expert"
    broken.write_bytes(archive.read_bytes()[:-100])
    assert do("install", broken).exit_code == 4 or do("install", broken).exit_code > 0
    wrong = do("install", make("expert-b"), "--checksum", "0" * 64)
    assert wrong.exit_code > 0 and "SHA-256" in wrong.stderr
    after = {p: p.read_bytes() for p in (tmp_path / "experts").rglob("*") if p.is_file()}
    assert after == before


def test_versions_are_uninstalled_one_or_all(make: Make, do: Any, tmp_path: Path) -> None:
    for version in ("1.0.0", "1.1.0"):
        do("install", make("expert-a", version))
    assert "removed expert-a 1.1.0" in do("uninstall", "expert-a@1.1.0").stdout
    assert (tmp_path / "experts/expert-a/current.txt").read_text().strip() == "1.0.0"
    assert do("uninstall", "expert-a").exit_code == 0
    assert not (tmp_path / "experts" / "expert-a").exists()
    assert "not installed" in do("uninstall", "expert-a").stderr
    assert "not installed" in do("uninstall", "../experts").stderr


def test_a_registry_is_built_searched_and_installed_from(
    make: Make, do: Any, tmp_path: Path
) -> None:
    for version in ("1.2.0", "1.2.7", "2.0.0"):
        make("expert-a", version)
    make("expert-b")
    shelf = tmp_path / "shelf"
    assert do("registry", "build", shelf).exit_code == 0
    file = shelf / "expert-registry.json"
    found = do("search", "ABOUT expert-a", "--registry", file).stdout
    assert found == "expert-a 2.0.0  about expert-a\n"
    done = do("install", "expert-a@1.2", "--registry", file)
    assert done.exit_code == 0 and "expert-a 1.2.7" in done.stdout
    assert "no expert-a@3" in do("install", "expert-a@3", "--registry", file).stderr
    assert do("update", "--registry", file).stdout.splitlines()[-1] == "updated 1 of 1"
    assert (tmp_path / "experts/expert-a/current.txt").read_text().strip() == "2.0.0"
    assert do("update", "--registry", file).stdout.splitlines()[-1] == "updated 0 of 1"
    archive = shelf / "expert-b.v1.0.0.expert"
    archive.write_bytes(archive.read_bytes() + b"x")
    archive.with_name(archive.name + ".sha256").unlink()
    changed = do("install", "registry:expert-b", "--registry", file)
    assert changed.exit_code > 0 and not (tmp_path / "experts" / "expert-b").exists()


def test_what_an_expert_requires_is_fetched_where_one_agrees(
    make: Make, do: Any, tmp_path: Path
) -> None:
    make("expert-c")
    make("expert-b", requires=["expert-c@>=1.0"])
    make("expert-a", requires=["expert-b@*"])
    do("registry", "build", tmp_path / "shelf")
    file = tmp_path / "shelf" / "expert-registry.json"
    alone = do("install", "expert-a", "--registry", file)
    assert alone.exit_code == 0 and "it requires expert-b@*" in alone.stderr
    assert not (tmp_path / "experts" / "expert-b").exists()
    both = do("install", "expert-a", "--registry", file, "--yes", "--json")
    names = [one["name"] for one in json.loads(both.stdout)["installed"]]
    assert names == ["expert-a", "expert-b", "expert-c"]


def test_update_goes_back_to_where_an_expert_came_from(make: Make, do: Any, tmp_path: Path) -> None:
    place = tmp_path / "latest.expert"
    shutil.copy(make("expert-a", "1.0.0"), place)
    do("install", place)
    assert do("update").stdout.splitlines()[-1] == "updated 0 of 1"
    shutil.copy(make("expert-a", "1.1.0"), place)
    assert do("update", "expert-a").stdout.splitlines()[-1] == "updated 1 of 1"
    assert "not installed" in do("update", "expert-z").stderr


@pytest.mark.parametrize("form", ["versions", "one"])
def test_both_published_forms_are_read(form: str, tmp_path: Path) -> None:
    entry = {
        "version": "0.0.1",
        "base_model": "Qwen3-0.6B",
        "path": "/home/x",
        "source": "git+https://github.com/org/expert-sql#v0.0.1",
        "installed_at": "2025-11-05T00:00:00Z",
        "adapters": [{"type": "dora", "path": "x", "size_bytes": 0, "sha256": ""}],
        "capabilities": ["database:sql"],
        "dependencies": [],
    }
    expert = {"name": "expert-sql"} | ({"versions": [entry]} if form == "versions" else entry)
    file = tmp_path / "expert-registry.json"
    file.write_text(json.dumps({"version": "1.0", "base_models": [], "experts": [expert]}))
    release = read_registry(file).find("expert-sql@0.0.1")
    assert (release.source, release.base_model) == (entry["source"], "Qwen3-0.6B")


@pytest.mark.parametrize(
    ("wanted", "version"),
    [("x", "10.0.0"), ("x@1", "1.10.0"), ("x@1.2", "1.2.3"), ("x@1.2.3", "1.2.3"), ("x@<1.3", "1.2.3")],
)  # fmt: skip
def test_the_newest_version_that_is_meant_is_found(wanted: str, version: str) -> None:
    versions = tuple(Release(version=v) for v in ("1.2.3", "1.10.0", "10.0.0", "1.2.0"))
    assert Registry(experts=(Record(name="x", versions=versions),)).find(wanted).version == version


@pytest.mark.parametrize("text", ["", "[]", '{"experts": 1}', '{"experts": [{"name": "x"}]}', '{"experts": [{"name": "x", "version": "new"}]}'])  # fmt: skip
def test_what_is_no_registry_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(LoadError) as caught:
        read_registry(tmp_path / "r.json")
    assert caught.value.code == "bad_registry"


def test_a_current_version_never_leads_out_of_its_folder(make: Make, tmp_path: Path) -> None:
    home = ExpertsFolder(tmp_path / "experts", tmp_path / "cache")
    home.install(make("expert-a"))
    (tmp_path / "experts" / "expert-a" / "current.txt").write_text("../../../shelf")
    assert home.current("expert-a") == tmp_path / "experts" / "expert-a" / "shelf"
    assert list(packages_in(tmp_path / "experts")) == []
