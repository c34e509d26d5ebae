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
from expertserve.ray.catalogue import Catalogue, Change
from expertserve.ray.following import Following
from expertserve.ray.listing import ListedExperts
from expertserve.ray.rows import RowReader
from expertserve.ray.versions import Update, Wanted
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
    told: list[Update] = []

    async def run() -> None:
        catalogue = Catalogue([f"a={archive}"], None, tmp_path / "there", Recorder())

        async def rows(digests: Sequence[str]) -> list[IndexRow]:
            asked.append(len(digests))
            return catalogue.rows(digests)

        async def since(number: int) -> Update:
            return catalogue.since(number)

        here = tmp_path / "here"
        async with AsyncExpertManager(
            engine=no_engine, cache_dir=here, models_dir=tiny_base.parent
        ) as manager:
            listed = ListedExperts(manager, RowReader(index_of(here), rows), told.append)
            follower = Following(since, listed.apply)
            await follower.look()
            known = manager.registered("a")
            first = follower.snapshot
            assert known.package.digest == first.experts[0].digest
            assert known.manifest.name and manager.route("Which lighthouse?") is not None
            assert list(manager.manifest_facts([known.package.digest]))

            archive.rename(tmp_path / "gone")  # nobody reads it here
            at = first.number
            b = Wanted("b", "s3://nowhere/b.expert", known.package.digest, pin=True)
            await follower.adopt(Update(at, at + 1, (b,)))
            infos = {i.name: i for i in await manager.list_loaded_experts()}
            assert set(infos) == {"a", "b"} and infos["b"].pinned and not infos["a"].pinned
            assert asked == [1], "what is known isn't asked for again"
            await follower.adopt(Update(0, at, first.experts))  # an older list
            assert manager.registered("b")
            await follower.adopt(Update(at + 1, at + 2, (), ("a",)))
            with pytest.raises(ExpertNotLoadedError):
                manager.registered("a")
            unknown = Wanted("c", "/c.expert", "0" * 64)
            with pytest.raises(LoadError):
                await follower.adopt(Update(0, at + 3, (unknown,)))
            assert manager.registered("b") and follower.snapshot.number == at + 2
        assert not (here / "packages").exists() and not (here / "adapters").exists()

    asyncio.run(run())
    assert [(len(u.put), len(u.gone)) for u in told] == [(1, 0), (1, 0), (0, 1)]


def test_a_replaced_package_travels_with_the_change(
    archive: Path, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    package = tiny.package(tmp_path / "newer", tiny_lora, tiny_base, version="0.2.0")
    newer = tiny.tar_gz(tmp_path / "newer.expert", tiny.members(package))

    async def run() -> None:
        catalogue = Catalogue([f"a={archive}"], None, tmp_path / "there", Recorder())

        async def rows(digests: Sequence[str]) -> list[IndexRow]:
            return catalogue.rows(digests)

        async def since(number: int) -> Update:
            return catalogue.since(number)

        here = tmp_path / "here"
        async with AsyncExpertManager(
            engine=no_engine, cache_dir=here, models_dir=tiny_base.parent
        ) as manager:
            listed = ListedExperts(manager, RowReader(index_of(here), rows), lambda update: None)
            follower = Following(since, listed.apply)
            await follower.look()
            await catalogue.change(Change(kind="replace", name="a", source=str(newer)))
            await follower.look()
            assert manager.registered("a").package.version == "0.2.0"

    asyncio.run(run())
