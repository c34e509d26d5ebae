"""An ingress lists by the index alone, also where its machine has none of the packages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from expertserve import AsyncExpertManager
from expertserve.engine.base import Engine
from expertserve.errors import ExpertNotLoadedError, LoadError
from expertserve.package.index import IndexRow, index_of
from expertserve.ray.catalogue import Catalogue, Change, Snapshot, Wanted
from expertserve.ray.listing import IndexFollower
from tests import tiny
from tests.ray.test_parts import Recorder


def no_engine() -> Engine:
    raise AssertionError("a front starts no engine")


@pytest.fixture
def archive(tiny_package: Path, tmp_path: Path) -> Path:
    return tiny.tar_gz(tmp_path / "tiny.expert", tiny.members(tiny_package))


def test_a_front_on_another_machine_lists_what_the_catalogue_knows(
    archive: Path, tiny_base: Path, tmp_path: Path
) -> None:
    asked: list[int] = []
    told: list[Snapshot] = []

    async def run() -> None:
        catalogue = Catalogue([f"a={archive}"], None, tmp_path / "there", Recorder())

        async def rows(digests: Sequence[str]) -> list[IndexRow]:
            asked.append(len(digests))
            return catalogue.rows(digests)

        here = tmp_path / "here"
        async with AsyncExpertManager(
            engine=no_engine, cache_dir=here, models_dir=tiny_base.parent
        ) as manager:
            follower = IndexFollower(manager, index_of(here), rows, told.append)
            first = catalogue.snapshot()
            await follower.adopt(first)
            known = manager.registered("a")
            assert known.package.digest == first.experts[0].digest
            assert known.manifest.name and manager.route("Which lighthouse?") is not None
            assert list(manager.manifest_facts([known.package.digest]))

            archive.rename(tmp_path / "gone")  # nobody reads it here
            both = Snapshot(first.number + 1, (*first.experts, Wanted(
                "b", "s3://nowhere/b.expert", known.package.digest, pin=True
            )))  # fmt: skip
            await follower.adopt(both)
            infos = {i.name: i for i in await manager.list_loaded_experts()}
            assert set(infos) == {"a", "b"} and infos["b"].pinned and not infos["a"].pinned
            assert asked == [1], "what is known isn't asked for again"
            await follower.adopt(first)  # an older list
            assert manager.registered("b")
            await follower.adopt(Snapshot(both.number + 1, both.experts[1:]))
            with pytest.raises(ExpertNotLoadedError):
                manager.registered("a")
            unknown = Wanted("c", "/c.expert", "0" * 64)
            with pytest.raises(LoadError):
                await follower.adopt(Snapshot(both.number + 2, (unknown,)))
            assert manager.registered("b") and follower.snapshot.number == both.number + 1
        assert not (here / "packages").exists() and not (here / "adapters").exists()

    asyncio.run(run())
    assert [len(s.experts) for s in told] == [1, 2, 1]


def test_a_replaced_package_travels_with_the_change(
    archive: Path, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    package = tiny.package(tmp_path / "newer", tiny_lora, tiny_base, version="0.2.0")
    newer = tiny.tar_gz(tmp_path / "newer.expert", tiny.members(package))

    async def run() -> None:
        catalogue = Catalogue([f"a={archive}"], None, tmp_path / "there", Recorder())

        async def rows(digests: Sequence[str]) -> list[IndexRow]:
            return catalogue.rows(digests)

        here = tmp_path / "here"
        async with AsyncExpertManager(
            engine=no_engine, cache_dir=here, models_dir=tiny_base.parent
        ) as manager:
            follower = IndexFollower(manager, index_of(here), rows, lambda snapshot: None)
            await follower.adopt(catalogue.snapshot())
            await catalogue.change(Change(kind="replace", name="a", source=str(newer)))
            await follower.adopt(catalogue.snapshot())
            assert manager.registered("a").package.version == "0.2.0"

    asyncio.run(run())
