"""A package comes to a replica's machine at its first use: once, from the nearest, verified."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import fsspec
import pytest

from expertserve.errors import IntegrityError, LoadError
from expertserve.files import file_digest
from expertserve.package import cache
from expertserve.package.index import IndexRow
from expertserve.ray import source as ray_source
from expertserve.ray import supply as ray_supply
from expertserve.ray.catalogue import Catalogue
from expertserve.ray.config import read_config
from expertserve.ray.replica import Replica
from expertserve.ray.supply import Holders, Supply
from expertserve.ray.versions import Update
from tests import tiny
from tests.ray.conftest import make_experts
from tests.ray.test_front import Quiet
from tests.ray.test_parts import Recorder


class Street:
    """Replicas of different machines in one process."""

    def __init__(self) -> None:
        self.known = Holders()
        self.supplies: dict[str, Any] = {}
        self.asked: list[str] = []
        self.silent = False
        self.spoiled = False

    async def holders(self, digest: str) -> Sequence[str]:
        if self.silent:
            raise RuntimeError("the catalogue is gone")
        return self.known.of(digest)

    async def hold(self, who: str, digests: Sequence[str]) -> None:
        if self.silent:
            raise RuntimeError("the catalogue is gone")
        self.known.note(who, digests)

    async def pieces(self, who: str, digest: str) -> AsyncGenerator[bytes, None]:
        self.asked.append(who)
        await asyncio.sleep(0.01)
        async for piece in self.supplies[who].pieces(digest):
            yield b"x" + piece[1:] if self.spoiled else piece

    def supply(self, who: str, cache: Path) -> Supply:
        made = self.supplies[who] = Supply(who, cache, self)
        return made


@pytest.fixture
def store(tiny_package: Path, tmp_path: Path) -> tuple[str, str]:
    """A package's address and digest."""
    archive = tiny.tar_gz(tmp_path / "tiny.expert", tiny.members(tiny_package))
    fsspec.filesystem("memory").put_file(str(archive), "/supply/a.expert")
    return "memory://supply/a.expert", file_digest(archive)


async def told(supply: Supply) -> None:
    await asyncio.sleep(0.01)
    await supply.say()


def test_many_who_ask_at_once_fetch_once_and_the_next_machine_asks_its_neighbour(
    store: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, digest = store
    fetched: list[str] = []
    whole = ray_supply.fetch

    def counted(source: str, cache: Path | None, digest: str | None = None) -> Path:
        fetched.append(source)
        return whole(source, cache, digest)

    monkeypatch.setattr(ray_supply, "fetch", counted)
    monkeypatch.setattr(ray_supply, "PIECE", 1000)

    async def run() -> None:
        street = Street()
        first = street.supply("first", tmp_path / "1")
        paths = await asyncio.gather(*(first.get(source, digest) for _ in range(20)))
        assert len(set(paths)) == 1 and file_digest(paths[0]) == digest
        assert fetched == [source] and not street.asked
        await told(first)
        second = street.supply("second", tmp_path / "2")
        paths = await asyncio.gather(*(second.get(source, digest) for _ in range(20)))
        assert len(set(paths)) == 1 and file_digest(paths[0]) == digest
        assert paths[0].is_relative_to(tmp_path / "2") and street.asked == ["first"]
        assert fetched == [source], "the store isn't asked again"
        await second.get(source, digest)
        assert street.asked == ["first"], "it is at hand"
        await told(second)
        assert street.known.of(digest) == ["second", "first"]

    asyncio.run(run())


@pytest.mark.parametrize("trouble", ["spoiled", "gone", "silent"])
def test_where_a_neighbour_fails_the_store_is_asked(
    trouble: str, store: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, digest = store
    monkeypatch.setattr(ray_supply, "PIECE_SECONDS", 0.2)

    async def run() -> None:
        street = Street()
        first = street.supply("first", tmp_path / "1")
        path = await first.get(source, digest)
        await told(first)
        second = street.supply("second", tmp_path / "2")
        if trouble == "spoiled":
            street.spoiled = True
        elif trouble == "gone":
            path.unlink()
        else:
            street.silent = True
        found = await second.get(source, digest)
        assert file_digest(found) == digest
        assert street.asked == ([] if trouble == "silent" else ["first"])
        assert [p.name for p in found.parent.iterdir()] == [found.name], "nothing half is left"

    asyncio.run(run())


def test_a_neighbour_that_stalls_is_not_waited_for(
    store: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, digest = store
    monkeypatch.setattr(ray_supply, "PIECE_SECONDS", 0.1)

    class Stalled:
        async def pieces(self, digest: str) -> AsyncGenerator[bytes, None]:
            yield b"begun"
            await asyncio.sleep(60)

    async def run() -> None:
        street = Street()
        street.supplies["first"] = Stalled()
        street.known.note("first", [digest])
        began = time.monotonic()
        assert file_digest(await street.supply("second", tmp_path / "2").get(source, digest))
        assert time.monotonic() - began < 5

    asyncio.run(run())


def test_nothing_is_taken_that_is_larger_than_a_package_may_be(
    store: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a neighbour, that sends without an end, nor of the store."""
    source, digest = store
    for module in (ray_supply, ray_source):
        monkeypatch.setattr(module, "MAX_BYTES", 100)
    sent = 0

    class Endless:
        async def pieces(self, digest: str) -> AsyncGenerator[bytes, None]:
            nonlocal sent
            while True:
                sent += 60
                yield b"x" * 60

    async def run() -> None:
        street = Street()
        street.supplies["first"] = Endless()
        street.known.note("first", [digest])
        with pytest.raises(LoadError) as caught:
            await street.supply("second", tmp_path / "2").get(source, digest)
        assert caught.value.code == "download_too_large" and sent == 120
        assert not [p for p in (tmp_path / "2").rglob("*") if p.is_file()]

    asyncio.run(run())


def test_what_the_store_has_is_compared_too_and_a_failure_is_no_answer_for_ever(
    store: tuple[str, str], tmp_path: Path
) -> None:
    source, digest = store
    files = fsspec.filesystem("memory")
    right = files.cat_file("/supply/a.expert")

    async def run() -> None:
        supply = Street().supply("one", tmp_path / "1")
        files.pipe_file("/supply/a.expert", b"other bytes")
        with pytest.raises(IntegrityError):
            await supply.get(source, digest)
        with pytest.raises(LoadError):
            await supply.get("memory://supply/none.expert", digest)
        files.pipe_file("/supply/a.expert", right)
        assert file_digest(await supply.get(source, digest)) == digest
        assert not list((tmp_path / "1" / "fetched").glob(".part-*"))

    asyncio.run(run())


def test_a_path_of_this_machine_is_read_where_it_is_and_a_neighbours_is_copied(
    tiny_package: Path, tmp_path: Path
) -> None:
    archive = tiny.tar_gz(tmp_path / "mine.expert", tiny.members(tiny_package))
    digest = file_digest(archive)

    async def run() -> None:
        street = Street()
        first = street.supply("first", tmp_path / "1")
        assert await first.get(str(archive), digest) == archive
        await told(first)
        elsewhere = street.supply("second", tmp_path / "2")
        found = await elsewhere.get("/no/such/folder/a.expert", digest)
        assert file_digest(found) == digest and street.asked == ["first"]

    asyncio.run(run())


def test_what_nobody_uses_goes_when_the_cache_is_full_and_comes_again(
    store: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, digest = store
    monkeypatch.setattr(cache, "YOUNG", 0.0)

    async def run() -> None:
        supply = Street().supply("one", tmp_path / "1")
        cache.keep_within(tmp_path / "1", 10)
        path = await supply.get(source, digest)
        cache.keep_within(tmp_path / "1", 10)
        assert not path.exists()
        assert [piece async for piece in supply.pieces(digest)] == []
        assert await supply.get(source, digest) == path and path.exists()

    asyncio.run(run())


class Alone:
    """The catalogue of one replica, whose machine has no package; fetches take a while."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.held: list[str] = []

    async def since(self, number: int) -> Update:
        return self._catalogue.since(number)

    async def rows(self, digests: Sequence[str]) -> list[IndexRow]:
        return self._catalogue.rows(digests)

    async def holders(self, digest: str) -> Sequence[str]:
        return []

    async def hold(self, who: str, digests: Sequence[str]) -> None:
        self.held += digests

    async def pieces(self, who: str, digest: str) -> AsyncGenerator[bytes, None]:
        raise AssertionError("nobody was named")
        yield b""


def test_a_replica_starts_without_packages_and_only_who_asks_for_one_waits(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_experts(tmp_path / "made", tiny_base, tiny_lora, ["a", "b", "c"])
    files = fsspec.filesystem("memory")
    for file in made:
        files.put_file(str(file), f"/lazy/{file.name}")
    fetched: list[str] = []
    whole = ray_supply.fetch

    def slow(source: str, cache: Path | None, digest: str | None = None) -> Path:
        fetched.append(source)
        time.sleep(1.0 if "/b-" in source else 0.0)
        return whole(source, cache, digest)

    monkeypatch.setattr(ray_supply, "fetch", slow)
    size = sum(file.stat().st_size for file in made)

    async def run() -> None:
        catalogue = Catalogue(["memory://lazy"], None, tmp_path / "there", Recorder())
        config = read_config(
            {
                "engine": "tests.ray.stand_ins:SlowFake",
                "models_dir": str(tiny_base.parent),
                "cache_dir": str(tmp_path / "here"),
                "cache_size": 20 * size,
            }
        )
        alone = Alone(catalogue)
        replica = Replica(config, alone, "one", Quiet())
        await replica.begin()
        assert not fetched and not (tmp_path / "here" / "fetched").exists()
        number = catalogue.snapshot().number

        async def ask(name: str) -> float:
            began = time.monotonic()
            assert (await replica.generate(number, name, "One?", {})).text == "SELECT 1"
            return time.monotonic() - began

        await ask("a")
        slow_ones = [asyncio.create_task(ask("b")) for _ in range(8)]
        await asyncio.sleep(0.1)
        assert await ask("a") < 0.5, "a request for another one waited"
        assert not any(task.done() for task in slow_ones)
        assert min(await asyncio.gather(*slow_ones)) > 0.5
        assert [source.count("/b-") for source in fetched] == [0, 1], "fetched once for all"
        await replica.check_health()
        assert len(alone.held) == 2
        (report,) = [r.experts for r in [await replica.report()]]
        assert {e.name for e in report} == {"a", "b", "c"}
        await replica.close()

    asyncio.run(run())
