"""A reader's list is the catalogue's, whatever it missed, and what travels is what changed."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from expertserve.errors import LoadError
from expertserve.ray import versions
from expertserve.ray.catalogue import Catalogue, Change
from expertserve.ray.following import Following
from expertserve.ray.versions import Snapshot, Update, Wanted
from tests import tiny


@pytest.fixture
def archives(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> list[Path]:
    """Two packages of one expert."""
    made = []
    for version in ("0.1.0", "0.2.0"):
        folder = tiny.package(tmp_path / version, tiny_lora, tiny_base, version=version)
        made.append(tiny.tar_gz(tmp_path / f"{version}.expert", tiny.members(folder)))
    return made


class Site:
    """A catalogue and readers, some of whom hear its broadcasts."""

    def __init__(self, archive: Path, cache: Path) -> None:
        self.archive, self.cache = archive, cache
        self.readers: list[Following] = []
        self.deaf: set[Following] = set()
        self.sent: list[Update] = []
        self.fail: set[Following] = set()
        self.catalogue = self.restarted()

    def restarted(self) -> Catalogue:
        self.catalogue = Catalogue([f"a={self.archive}"], None, self.cache, self)
        return self.catalogue

    def reader(self) -> Following:
        async def ask(number: int) -> Update:
            self.sent.append(self.catalogue.since(number))
            return self.sent[-1]

        async def apply(update: Update) -> None:
            if reader in self.fail:
                raise LoadError("it can't be served here")

        reader = Following(ask, apply)
        self.readers.append(reader)
        return reader

    async def adopt(self, update: Update) -> None:
        self.sent.append(update)
        for reader in self.readers:
            if reader not in self.deaf:
                await reader.adopt(update)

    def agree(self) -> None:
        now = self.catalogue.snapshot()
        for reader in self.readers:
            assert reader.snapshot == now


def change(kind: str, name: str, source: Path | None = None, **more: bool) -> Change:
    return Change(kind=kind, name=name, source=str(source or ""), **more)  # type: ignore[arg-type]


async def filled(archive: Path, cache: Path, count: int) -> tuple[Site, Following]:
    """A site with a reader who knows its first list, and so many experts after that."""
    site = Site(archive, cache)
    reader = site.reader()
    await reader.look()
    for i in range(count):
        await site.catalogue.change(change("load", f"e{i}", archive))
    return site, reader


def test_a_change_sends_what_changed_and_a_reader_that_knows_all_gets_nothing(
    archives: list[Path], tmp_path: Path
) -> None:
    async def run() -> None:
        site, reader = await filled(archives[0], tmp_path / "cache", 20)
        site.sent.clear()
        await site.catalogue.change(change("replace", "e3", archives[1]))
        await site.catalogue.change(change("pin", "e4", pin=True))
        await site.catalogue.change(change("unload", "e5", force=True))
        site.agree()
        assert {(len(u.put), u.gone) for u in site.sent} == {(1, ()), (0, ("e5",))}
        assert site.sent[-1].forced == {"e5"} and not any(u.whole for u in site.sent)
        site.sent.clear()
        await reader.look()
        assert [(u.put, u.gone) for u in site.sent] == [((), ())]
        await reader.look(reader.snapshot.number)
        assert len(site.sent) == 1, "it isn't asked for what is there"

    asyncio.run(run())


def test_a_reader_that_missed_changes_gets_them_before_the_next_one(
    archives: list[Path], tmp_path: Path
) -> None:
    async def run() -> None:
        site, reader = await filled(archives[0], tmp_path / "cache", 9)
        site.deaf = {reader}
        await site.catalogue.change(change("load", "b", archives[0]))
        await site.catalogue.change(change("replace", "a", archives[1]))
        await site.catalogue.change(change("unload", "b"))
        site.deaf = set()
        site.sent.clear()
        await site.catalogue.change(change("load", "c", archives[0]))
        site.agree()
        (missed,) = [u for u in site.sent if "b" in u.gone]
        assert {e.name for e in missed.put} <= {"a", "c"} and not missed.whole
        assert [e.name for e in reader.snapshot.experts][-1] == "c"

    asyncio.run(run())


def test_one_that_is_too_far_behind_or_asks_another_catalogue_gets_the_whole_list(
    archives: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        monkeypatch.setattr(versions, "CHANGES", 3)
        site = Site(archives[0], tmp_path / "cache")
        near, far = site.reader(), site.reader()
        await near.look()
        await far.look()
        site.deaf = {far}
        for i in range(4):
            await site.catalogue.change(change("load", f"e{i}", archives[0]))
        site.sent.clear()
        await far.look()
        assert site.sent[0].whole and len(site.sent[0].put) == 5
        site.agree()
        site.restarted()  # without a state: what was loaded is gone
        site.deaf = {far}
        await site.catalogue.change(change("load", "new", archives[0]))
        assert [e.name for e in near.snapshot.experts] == ["a", "new"]
        await far.look()
        site.agree()

    asyncio.run(run())


def test_a_catalogue_whose_clock_is_behind_is_followed_too(
    archives: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        site = Site(archives[0], tmp_path / "cache")
        reader = site.reader()
        await reader.look()
        await site.catalogue.change(change("load", "b", archives[0]))
        monkeypatch.setattr("time.time", lambda: 1e9)
        site.restarted()
        assert site.catalogue.snapshot().number < reader.snapshot.number
        await reader.look()
        await reader.look()
        site.agree()
        await site.catalogue.change(change("load", "c", archives[0]))
        site.agree()

    asyncio.run(run())


def test_a_change_that_one_reader_can_not_make_is_taken_back_by_all(
    archives: list[Path], tmp_path: Path
) -> None:
    async def run() -> None:
        site = Site(archives[0], tmp_path / "cache")
        first, second = site.reader(), site.reader()
        await first.look()
        await second.look()
        before = first.snapshot.experts
        site.fail = {second}
        with pytest.raises(LoadError):
            await site.catalogue.change(change("replace", "a", archives[1]))
        assert first.snapshot.experts == before
        site.fail = set()
        await second.look()
        site.agree()
        with pytest.raises(LoadError):
            site.fail = {second}
            await site.catalogue.change(change("load", "b", archives[0]))
        assert first.snapshot.find("b") is None
        site.fail = set()
        await site.catalogue.change(change("load", "c", archives[0]))
        site.agree()

    asyncio.run(run())


def test_any_history_leads_to_the_same_list() -> None:
    rng = random.Random(5)
    history, now = versions.History(1), Snapshot(1)
    lists = [now]
    for number in range(2, 60):
        name = rng.choice("abcdef")
        new = Wanted(name, "", str(number), base=rng.choice(("x", "y")))
        there = {e.name: e for e in now.experts}
        if name in there and rng.random() < 0.4:
            del there[name]
        else:
            there[name] = new
        now = Snapshot(number, tuple(there.values()))
        history.note(number, name)
        lists.append(now)
    for old in lists:
        for base in ("x", "y"):
            mine = Snapshot(old.number, tuple(e for e in old.experts if e.base == base))
            told = mine.updated(history.update(old.number, now).of(base))
            assert set(told.experts) == {e for e in now.experts if e.base == base}
