"""Folders of many experts: registered at the start, prepared when they are asked."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from expertserve.core.registering import Registration
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ConfigError, ExpertError, LoadError
from expertserve.manager import AsyncExpertManager
from expertserve.package.build import pack, write_archive
from expertserve.package.signature import TrustPolicy
from tests import tiny
from tests.cli.conftest import run
from tests.server.conftest import Running, Serve

Fleet = Callable[..., list[Path]]
ASK = {"messages": [{"role": "user", "content": "How many?"}]}


@pytest.fixture
def fleet(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Fleet:
    """Packs experts `expert-0`, `expert-1`, … into one folder."""

    def make(count: int, **changes: object) -> list[Path]:
        made = []
        for i in range(count):
            folder = tiny.package(
                tmp_path / f"made-{i}",
                tiny_lora,
                tiny_base,
                **{"name": f"expert-{i}", "description": f"number {i}", **changes},
            )
            (tmp_path / "experts").mkdir(exist_ok=True)
            made.append(write_archive(folder, tmp_path / "experts" / f"{i}.expert"))
        return made

    return make


def found(paths: list[Path]) -> list[Registration]:
    return [Registration(path, found=True) for path in paths]


def truncate(path: Path) -> None:
    data = path.read_bytes()
    path.with_name(f"{path.name}.sha256").unlink(missing_ok=True)
    path.write_bytes(data[: len(data) // 2])


@pytest.fixture
def managed(
    tiny_base: Path, tmp_path: Path
) -> Callable[[Callable[[AsyncExpertManager], object]], None]:
    """Runs a test's coroutine with a manager on the fake engine."""

    def go(work: Callable[[AsyncExpertManager], object], **options: object) -> None:
        async def inner() -> None:
            given = {"cache_dir": tmp_path / "cache", "models_dir": tiny_base.parent, **options}
            engine = FakeEngine(lambda prompt: "SELECT 1")
            async with AsyncExpertManager(engine=lambda: engine, **given) as manager:  # type: ignore[arg-type]
                await work(manager)  # type: ignore[misc]

        asyncio.run(inner())

    return go


def test_a_registered_expert_costs_nothing_until_it_is_asked(
    fleet: Fleet, managed: Callable[..., None], tmp_path: Path
) -> None:
    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(fleet(3)))
        packages = tmp_path / "cache" / "packages"
        assert not packages.exists()
        infos = await manager.list_loaded_experts()
        assert [(i.name, i.state, i.adapter_type, i.adapter_rank) for i in infos] == [
            (f"expert-{i}", "registered", "lora", 4) for i in range(3)
        ]
        assert (await manager.generate("expert-1", "One?")).text == "SELECT 1"
        assert len(list(packages.iterdir())) == 1
        assert [r.name for r in manager.route("sql?")], "the router reads the index"
        assert manager.get("expert-2").manifest.name == "expert-2", "and `get` prepares"
        assert len(list(packages.iterdir())) == 2

    managed(work)


def test_many_requests_for_one_prepare_it_once(fleet: Fleet, managed: Callable[..., None]) -> None:
    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(fleet(1)))
        experts = await asyncio.gather(*(manager.prepared("expert-0") for _ in range(8)))
        assert len({id(one) for one in experts}) == 1

    managed(work)


def test_requests_for_others_do_not_wait_while_one_is_prepared(
    fleet: Fleet, managed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from expertserve.core import preparing

    going, slow = threading.Event(), preparing.prepare

    def held(path: Path, **options: object) -> object:
        if Path(path).name == "0.expert":
            assert going.wait(20)
        return slow(path, **options)  # type: ignore[arg-type]

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(fleet(3)))
        monkeypatch.setattr(preparing, "prepare", held)
        waiting = asyncio.create_task(manager.generate("expert-0", "One?"))
        await asyncio.sleep(0.05)
        for name in ("expert-1", "expert-2"):
            assert (await manager.generate(name, "One?")).text == "SELECT 1"
        assert not waiting.done()
        going.set()
        assert (await waiting).text == "SELECT 1"

    managed(work)


def test_the_most_used_are_prepared_first(
    fleet: Fleet, managed: Callable[..., None], tmp_path: Path
) -> None:
    paths = fleet(4)

    async def use(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths))
        for name in ("expert-2", "expert-3", "expert-3"):
            await manager.generate(name, "One?")

    async def look(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths))
        await manager.preload(1)
        assert [manager.adapter_of(f"expert-{i}") is None for i in range(4)] == [
            *(True, True, True, False)
        ]
        await manager.preload(None)
        assert all(manager.adapter_of(f"expert-{i}") for i in range(4))

    managed(use)
    managed(look)


def test_a_broken_package_of_a_folder_stops_nothing(
    fleet: Fleet, managed: Callable[..., None]
) -> None:
    paths = fleet(3)
    truncate(paths[1])

    async def work(manager: AsyncExpertManager) -> None:
        done = await manager.register_experts(found(paths))
        assert [one.name for one in done if not one.error] == ["expert-0", "expert-2"]
        (broken,) = manager.broken_packages()
        assert (broken.path, broken.code) == (str(paths[1]), "corrupt_archive")
        assert (await manager.generate("expert-2", "One?")).text == "SELECT 1"
        with pytest.raises(LoadError) as strict:
            await manager.register_experts(found(paths[1:2]), strict=True)
        with pytest.raises(LoadError) as named:
            await manager.register_experts([Registration(paths[1])])
        assert strict.value.code == named.value.code == "corrupt_archive"

    managed(work)


def test_a_broken_package_that_was_mended_is_broken_no_more(
    fleet: Fleet, managed: Callable[..., None]
) -> None:
    paths = fleet(2)
    whole = paths[1].read_bytes()
    truncate(paths[1])

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths))
        assert len(manager.broken_packages()) == 1
        paths[1].write_bytes(whole)
        await manager.load_expert("expert-1", paths[1])
        assert manager.broken_packages() == []

    managed(work)


def test_what_shows_only_when_it_is_prepared_is_listed_then(
    fleet: Fleet, managed: Callable[..., None]
) -> None:
    paths = fleet(2, base_models=tiny.base_entry(targets=["q_proj"]))  # which the files deny

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths))
        assert manager.broken_packages() == []
        with pytest.raises(ExpertError) as caught:
            await manager.generate("expert-0", "One?")
        assert caught.value.code == "adapter_disagrees"
        (broken,) = manager.broken_packages()
        assert (broken.name, broken.code) == ("expert-0", "adapter_disagrees")

    managed(work)


def test_a_file_that_changed_since_it_was_registered_is_refused(
    fleet: Fleet, managed: Callable[..., None]
) -> None:
    paths = fleet(2)

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths[:1]))
        paths[1].replace(paths[0])
        paths[0].with_name("1.expert.sha256").replace(paths[0].with_name("0.expert.sha256"))
        with pytest.raises(ExpertError) as caught:
            await manager.generate("expert-0", "One?")
        assert caught.value.code == "checksum_mismatch"

    managed(work)


def test_two_of_a_folder_with_one_name_are_one_and_a_broken_one(
    fleet: Fleet, managed: Callable[..., None]
) -> None:
    paths = fleet(2, name="expert-same")

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths))
        assert [i.name for i in await manager.list_loaded_experts()] == ["expert-same"]
        assert [b.code for b in manager.broken_packages()] == ["name_taken"]

    managed(work)


def test_constraints_hold_among_registered_experts(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path, managed: Callable[..., None]
) -> None:
    rules = {
        "a": {"requires": ["b@>=1.0"]},
        "b": {"incompatible_with": ["c"]},
        "c": {},
        "d": {"requires": ["e"]},
    }
    paths = []
    for name, constraints in rules.items():
        folder = tiny.package(
            tmp_path / name,
            tiny_lora,
            tiny_base,
            name=name,
            version="1.2.0",
            constraints=constraints,
        )
        paths.append(pack(folder, tmp_path / f"{name}.expert"))

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths))
        assert {i.name for i in await manager.list_loaded_experts()} == {"a", "b"}
        assert {b.name: b.code for b in manager.broken_packages()} == {
            "c": "incompatible_with",
            "d": "requires",
        }

    managed(work)


def test_a_signature_policy_holds_before_anything_is_served(
    fleet: Fleet, managed: Callable[..., None]
) -> None:
    policy = TrustPolicy("require", frozenset({"ed25519:" + "ab" * 32}))

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(fleet(1)))
        assert [b.code for b in manager.broken_packages()] == ["unsigned"]
        assert await manager.list_loaded_experts() == []

    async def loose(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(fleet(1)))
        await manager.prepared("expert-0")  # what its signature is worth is known from now on

    managed(work, trust=policy)
    managed(loose)
    managed(work, trust=policy)


def test_a_registered_expert_can_be_pinned_replaced_and_unloaded(
    fleet: Fleet, managed: Callable[..., None]
) -> None:
    paths = fleet(3)

    async def work(manager: AsyncExpertManager) -> None:
        await manager.register_experts(found(paths[:2]))
        assert (await manager.pin_expert("expert-0")).pinned
        assert manager.adapter_of("expert-0")
        await manager.replace_expert("expert-1", paths[2])
        assert manager.get("expert-1").manifest.name == "expert-2"
        await manager.unload_expert("expert-0")
        await manager.register_experts([*found(paths[:1])])
        await manager.unload_expert("expert-0")
        assert [i.name for i in await manager.list_loaded_experts()] == ["expert-1"]
        await manager.load_expert("expert-0", paths[0])
        with pytest.raises(ConfigError):
            await manager.register_experts([Registration(paths[2], "expert-0")])

    managed(work)


# ── the server ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def many(serve: Serve, fleet: Fleet, managed: Callable[..., None]) -> Running:
    """A server with five experts of a folder, of which one is broken."""
    paths = fleet(5)
    truncate(paths[3])
    return serve({}, registrations=found(paths), open_admin=True)


def test_lists_have_pages(many: Running) -> None:
    http = many.http()
    whole = http.get("/v1/models").json()
    ids = [model["id"] for model in whole["data"]]
    assert ids == ["expert-0", "expert-1", "expert-2", "expert-4", "tiny", "auto"]
    assert whole["has_more"] is False
    seen, after = [], {}
    while True:
        page = http.get("/v1/models", params={"limit": 2, **after}).json()
        seen += [model["id"] for model in page["data"]]
        assert len(page["data"]) == 2
        if not page["has_more"]:
            break
        after = {"after": seen[-1]}
    assert seen == ids
    assert http.get("/v1/models", params={"after": "auto"}).json()["data"] == []
    assert http.get("/v1/models", params={"after": "nobody"}).status_code == 400
    assert http.get("/v1/models", params={"limit": 0}).status_code == 400
    assert [m.id for m in many.openai().models.list()] == ids


def test_a_list_that_did_not_change_is_not_sent_again(many: Running) -> None:
    http = many.http()
    first = http.get("/v1/models")
    again = http.get("/v1/models", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    http.post("/v1/chat/completions", json={**ASK, "model": "expert-1"})
    third = http.get("/v1/models", headers={"if-none-match": first.headers["etag"]})
    assert third.status_code == 200
    assert third.json()["data"][1]["expertserve"]["uses"] == 1


def test_an_unprepared_expert_is_described_as_a_prepared_one(many: Running) -> None:
    http = many.http()
    before = http.get("/v1/models/expert-0").json()
    http.post("/v1/chat/completions", json={**ASK, "model": "expert-0"})
    after = http.get("/v1/models/expert-0").json()
    told = {"grammar", "warnings", "adapter_bytes", "state", "uses", "last_used"}
    assert before.keys() == after.keys()
    assert {k: v for k, v in before["expertserve"].items() if k not in told} == {
        k: v for k, v in after["expertserve"].items() if k not in told
    }


def test_broken_packages_are_told_where_operators_look(many: Running) -> None:
    http = many.http()
    assert http.get("/ready").json() == {
        "status": "ready",
        "broken": [{"package": "3.expert", "code": "corrupt_archive"}],
        "broken_count": 1,
    }
    assert "expertserve_broken_packages 1.0" in http.get("/metrics").text
    listed = http.get("/v1/experts").json()
    assert [m["id"] for m in listed["data"]] == ["expert-0", "expert-1", "expert-2", "expert-4"]
    (broken,) = listed["broken"]
    assert broken["path"].endswith("3.expert") and "corrupt" in broken["error"]


def test_an_installed_expert_that_is_damaged_is_listed_with_its_reason(
    fleet: Fleet, tmp_path: Path
) -> None:
    home, cache = str(tmp_path / "home"), str(tmp_path / "cache")
    paths = fleet(2)
    for path in paths:
        run("install", str(path), "--experts-dir", home, "--cache-dir", cache)
    (Path(home) / "expert-1" / "0.1.0" / "manifest.json").write_text("{")
    listed = json.loads(run("list", "--experts-dir", home, "--cache-dir", cache, "--json").stdout)
    broken = {e["name"]: e["broken"] for e in listed["experts"]}
    assert broken["expert-0"] is None
    assert "manifest.json" in broken["expert-1"]


def test_what_a_folder_holds_was_found_and_what_is_named_was_not(
    fleet: Fleet, tmp_path: Path
) -> None:
    from expertserve.cli.serve import expand

    paths = fleet(2)
    given = expand([str(tmp_path / "experts"), f"x={paths[0]}", str(paths[1])])
    assert [(one.path, one.name, one.found) for one in given] == [
        (paths[0], None, True),
        (paths[1], None, True),
        (paths[0], "x", False),
        (paths[1], None, False),
    ]


def test_preload_takes_all_none_or_a_number() -> None:
    from expertserve.cli.http import preload_of

    assert [preload_of(text) for text in ("all", "none", "12")] == [None, 0, 12]
    with pytest.raises(ConfigError):
        preload_of("some")
