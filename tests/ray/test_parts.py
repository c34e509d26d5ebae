"""What runs without Ray: configuration, sources, the catalogue, the command."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import fsspec
import pytest

from expertserve import AsyncExpertManager
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ConfigError, ExpertNotLoadedError, IntegrityError, LoadError
from expertserve.files import file_digest
from expertserve.package.index import IndexRow, index_of
from expertserve.ray import catalogue as ray_catalogue
from expertserve.ray.catalogue import Catalogue, Change
from expertserve.ray.config import read_config
from expertserve.ray.following import ServedExperts
from expertserve.ray.rows import RowReader
from expertserve.ray.source import fetch, packages_at, publish
from expertserve.ray.versions import Snapshot, Update, Wanted
from tests import tiny

YAML = Path(__file__).parent.parent.parent / "examples" / "ray" / "serve.yaml"


@pytest.mark.parametrize(
    "wrong",
    [
        {"exprts": []},
        {"engine": "gpu"},
        {"engine_config": {"slots": 3}},
        {"server": {"hots": "x"}},
        {"replicas": {"number": 0}},
        {"spill": -1},
    ],
)
def test_a_mistake_in_the_configuration_is_told_with_its_place(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as told:
        read_config(wrong)
    assert told.value.code == "bad_setting" and str(next(iter(wrong)))[:5] in str(told.value)


def test_experts_can_be_one_text_as_serve_run_passes_it() -> None:
    assert read_config({"experts": "a.expert, b=s3://x/b.expert"}).experts == (
        "a.expert",
        "b=s3://x/b.expert",
    )


def test_the_shipped_file_is_right() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "expertserve.cli", "ray", "--config", str(YAML), "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "is right" in done.stdout, done.stderr


def test_without_ray_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ImportError('no ray here')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from expertserve.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "ray", "--config", str(YAML)], capture_output=True, text=True
    )
    assert (
        done.returncode == 2
        and "expertserve[ray]" in done.stderr
        and "Traceback" not in done.stderr
    )


@pytest.fixture
def archive(tiny_package: Path, tmp_path: Path) -> Path:
    return tiny.tar_gz(tmp_path / "tiny.expert", tiny.members(tiny_package))


def test_packages_of_any_filesystem_are_fetched_once_and_verified(
    archive: Path, tmp_path: Path
) -> None:
    url = publish(archive, "memory://store")
    digest = file_digest(archive)
    (found,) = packages_at("memory://store")
    assert found.rsplit("/", 1)[1] == url.rsplit("/", 1)[1]
    copy = fetch(url, tmp_path / "cache", digest)
    assert file_digest(copy) == digest
    fsspec.filesystem("memory").pipe_file("/store/bad.expert", b"other bytes")
    with pytest.raises(IntegrityError):
        fetch("memory://store/bad.expert", tmp_path / "cache", digest + "0")
    fsspec.filesystem("memory").rm("/store", recursive=True)
    assert fetch(url, tmp_path / "cache", digest) == copy  # not asked for again
    with pytest.raises(LoadError, match="isn't there"):
        fetch("memory://store/gone.expert", tmp_path / "cache")
    with pytest.raises(LoadError):
        fetch("nosuch://store/gone.expert", tmp_path / "cache")


def test_a_sidecar_beside_a_remote_package_is_checked(archive: Path, tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.put_file(str(archive), "/side/a.expert")
    files.pipe_file("/side/a.expert.sha256", b"0" * 64 + b"  a.expert\n")
    with pytest.raises(IntegrityError):
        fetch("memory://side/a.expert", tmp_path / "cache")


class Recorder:
    """Followers that note what they are told."""

    def __init__(self) -> None:
        self.told: list[Update] = []
        self.has: Snapshot | None = None
        self.fail: Exception | None = None

    async def adopt(self, update: Update) -> None:
        self.told.append(update)
        self.has = self.has and self.has.updated(update)
        fail, self.fail = self.fail, None
        if fail:
            raise fail


def served_by(manager: AsyncExpertManager, catalogue: Catalogue, cache: Path) -> ServedExperts:
    """What a replica does with a list, where its cache isn't the catalogue's."""

    async def rows(digests: Sequence[str]) -> list[IndexRow]:
        return catalogue.rows(digests)

    return ServedExperts(manager, RowReader(index_of(cache), rows))


@pytest.mark.parametrize(
    "failure",
    [LoadError("can't"), TimeoutError(), RuntimeError("Ray's own")],
    ids=lambda e: type(e).__name__,
)
def test_a_change_is_everywhere_or_nowhere(
    failure: Exception, archive: Path, tmp_path: Path
) -> None:
    followers = Recorder()
    catalogue = Catalogue([f"a={archive}"], None, tmp_path / "cache", followers)
    first = followers.has = catalogue.snapshot()
    followers.fail = failure
    with pytest.raises(type(failure)):
        asyncio.run(catalogue.change(Change(kind="load", name="b", source=str(archive))))
    assert [e.name for e in catalogue.snapshot().experts] == ["a"]
    assert followers.has == catalogue.snapshot()
    update = asyncio.run(
        catalogue.change(Change(kind="load", name="b", source=str(archive), pin=True))
    )
    after = catalogue.snapshot()
    assert [e.name for e in after.experts] == ["a", "b"] and after.experts[1].pin
    assert followers.has == after and [one.name for one in update.put] == ["b"]
    assert first.number < followers.told[0].number < followers.told[1].number < after.number
    with pytest.raises(ExpertNotLoadedError):
        asyncio.run(catalogue.change(Change(kind="unload", name="c")))
    with pytest.raises(IntegrityError):
        asyncio.run(
            catalogue.change(Change(kind="replace", name="b", source=str(archive), digest="0" * 64))
        )


def test_what_was_noted_and_is_gone_keeps_nobody_from_serving(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> Path:
        raise LoadError("the store doesn't answer", code="unreadable")

    state, other = str(tmp_path / "state"), tmp_path / "other.expert"
    other.write_bytes(archive.read_bytes())
    catalogue = Catalogue([f"a={archive}"], state, tmp_path / "cache", Recorder())
    for name in ("a", "b"):
        kind = "replace" if name == "a" else "load"
        asyncio.run(catalogue.change(Change(kind=kind, name=name, source=str(other), pin=True)))
    other.write_bytes(b"another one by now")
    again = Catalogue([f"a={archive}"], state, tmp_path / "cache", Recorder())
    assert [(e.name, e.source) for e in again.snapshot().experts] == [("a", str(archive))]
    asyncio.run(again.change(Change(kind="load", name="c", source=str(archive))))
    other.write_bytes(archive.read_bytes())
    monkeypatch.setattr(ray_catalogue, "fetch", silent)
    with pytest.raises(LoadError):  # the store may answer again in a moment
        Catalogue([], state, tmp_path / "cache", Recorder())
    monkeypatch.undo()
    back = Catalogue([f"a={archive}"], state, tmp_path / "cache", Recorder()).snapshot()
    assert {e.name for e in back.experts} == {"a", "b", "c"}


def test_one_package_that_can_not_be_served_holds_up_no_other(
    tiny_base: Path, archive: Path, tmp_path: Path
) -> None:
    async def run() -> None:
        async with AsyncExpertManager(
            engine=FakeEngine, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        ) as manager:
            catalogue = Catalogue([f"good={archive}"], None, tmp_path / "there", Recorder())
            good = catalogue.snapshot().experts
            served = served_by(manager, catalogue, tmp_path / "cache")
            with pytest.raises(LoadError):
                await served.apply(Update(0, 1, (Wanted("bad", "/none.expert", "0" * 64), *good)))
            assert [e.name for e in await manager.list_loaded_experts()] == ["good"]

    asyncio.run(run())


def test_a_folders_broken_package_is_left_out_and_a_named_one_is_not(
    archive: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good.expert").write_bytes(archive.read_bytes())
    (folder / "cut.expert").write_bytes(archive.read_bytes()[:9000])
    catalogue = Catalogue([str(folder)], None, tmp_path / "cache", Recorder())
    assert [Path(e.source).name for e in catalogue.snapshot().experts] == ["good.expert"]
    assert not (tmp_path / "cache" / "packages").exists(), "nothing was unpacked for it"
    with pytest.raises(LoadError):
        Catalogue([str(folder / "cut.expert")], None, tmp_path / "cache", Recorder())


def test_a_process_that_starts_registers_and_a_change_is_prepared(
    tiny_base: Path, archive: Path, tmp_path: Path
) -> None:
    async def run() -> None:
        async with AsyncExpertManager(
            engine=FakeEngine, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        ) as manager:
            catalogue = Catalogue([f"first={archive}"], None, tmp_path / "there", Recorder())
            served = served_by(manager, catalogue, tmp_path / "cache")
            await served.apply(catalogue.since(0))
            assert manager.adapter_of("first") is None, "it waits until it is asked"
            second = Wanted("second", str(archive), file_digest(archive))
            await served.apply(Update(1, 2, (second,)))
            assert manager.adapter_of("second"), "everybody has to be able to serve it"

    asyncio.run(run())


def test_a_change_that_can_not_be_noted_is_not_made(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    followers = Recorder()
    catalogue = Catalogue(
        [f"a={archive}"], str(tmp_path / "state" / "deeper"), tmp_path / "cache", followers
    )
    followers.has = catalogue.snapshot()
    with pytest.raises(LoadError):
        asyncio.run(catalogue.change(Change(kind="load", name="b", source=str(archive))))
    assert [e.name for e in catalogue.snapshot().experts] == ["a"]
    assert followers.has == catalogue.snapshot()


def test_what_others_require_comes_before_them(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    for name, changes in (("a", {"constraints": {"requires": ["expert-z@>=0.1.0"]}}), ("z", {})):
        package = tiny.package(
            tmp_path / "folders" / name, tiny_lora, tiny_base, name=f"expert-{name}", **changes
        )
        tiny.tar_gz(tmp_path / f"{name}.expert", tiny.members(package))
    catalogue = Catalogue(
        [str(tmp_path / "a.expert"), str(tmp_path / "z.expert")],
        None,
        tmp_path / "cache",
        Recorder(),
    )
    assert [e.name for e in catalogue.snapshot().experts] == ["expert-z", "expert-a"]


def test_an_upload_that_broke_off_can_be_tried_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, source: str, target: str, **_: object) -> None:
        Path(target).write_bytes(b"half")
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("fsspec.implementations.local.LocalFileSystem.put_file", broken)
        with pytest.raises(LoadError):
            publish(archive, str(tmp_path / "store"))
    assert not list((tmp_path / "store").iterdir())
    assert Path(publish(archive, str(tmp_path / "store"))).read_bytes() == archive.read_bytes()


def test_changes_survive_the_catalogue(archive: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    catalogue = Catalogue([f"a={archive}"], state, tmp_path / "cache", Recorder())
    asyncio.run(catalogue.change(Change(kind="load", name="b", source=str(archive))))
    asyncio.run(catalogue.change(Change(kind="pin", name="a", pin=True)))
    again = Catalogue([f"a={archive}"], state, tmp_path / "cache", Recorder()).snapshot()
    assert {e.name: e.pin for e in again.experts} == {"a": True, "b": False}
    (tmp_path / "state" / "experts.json").write_text("[{")
    with pytest.raises(ConfigError, match="experts"):
        Catalogue([], state, tmp_path / "cache", Recorder())
