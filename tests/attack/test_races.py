"""Experts that are exchanged while they are read and asked."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from expertserve import AsyncExpertManager
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ExpertError
from tests import tiny


def test_an_answer_is_made_by_the_expert_that_it_names_however_often_it_is_replaced(
    tiny_base: Path, tiny_package: Path, tmp_path: Path
) -> None:
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "other", "lora", seed=7)
    other = tiny.package(tmp_path / "p2", adapter, tiny_base, version="0.2.0")
    engine = FakeEngine(lambda prompt: "SELECT 1 FROM t", delay=0.001)

    async def run() -> tuple[list[Any], int]:
        async with AsyncExpertManager(
            engine=lambda: engine, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        ) as manager:
            await manager.load_expert("sql", tiny_package)
            await manager.start()
            replacing = True

            async def replace() -> int:
                done = 0
                while replacing:
                    await manager.replace_expert("sql", (other, tiny_package)[done % 2])
                    done += 1
                return done

            exchange = asyncio.create_task(replace())
            results = []
            for _ in range(10):
                results += await asyncio.gather(
                    *(manager.generate("sql", f"question {i}") for i in range(20))
                )
            replacing = False
            return results, await exchange

    results, replaced = asyncio.run(run())
    asked = {request.id: request.adapter for request in engine.requests}
    assert replaced >= 2 and len(results) == 200
    assert all(asked[r.request_id] == r.expert.adapter.digest for r in results)
    assert {(r.expert.version, r.expert.adapter.digest) for r in results} <= {
        ("0.1.0", next(r.expert.adapter.digest for r in results if r.expert.version == "0.1.0")),
        (
            "0.2.0",
            next((r.expert.adapter.digest for r in results if r.expert.version == "0.2.0"), ""),
        ),
    }


def test_loading_replacing_and_unloading_one_name_at_once_ends_in_one_of_the_states(
    tiny_base: Path, tiny_package: Path, tmp_path: Path
) -> None:
    async def run() -> list[object]:
        async with AsyncExpertManager(
            engine=FakeEngine, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent
        ) as manager:
            outcomes: list[object] = []
            for _ in range(5):
                outcomes += await asyncio.wait_for(
                    asyncio.gather(
                        *(manager.load_expert("x", tiny_package) for _ in range(4)),
                        *(manager.replace_expert("x", tiny_package) for _ in range(4)),
                        *(manager.unload_expert("x", force=True) for _ in range(4)),
                        *(manager.generate("x", "Hello", max_tokens=2) for _ in range(4)),
                        return_exceptions=True,
                    ),
                    30,
                )
            held = [info.name for info in await manager.list_loaded_experts()]
            assert held in (["x"], [])
            return outcomes

    wrong = [
        o
        for o in asyncio.run(run())
        if isinstance(o, BaseException) and not isinstance(o, ExpertError)
    ]
    assert wrong == []


def test_a_package_that_changes_while_it_is_read_is_never_half_of_each(tmp_path: Path) -> None:
    from expertserve.package.archive import open_package

    first = {"manifest.json": b"{}", "weights": b"1" * (4 << 20)}
    second = {"manifest.json": b"{}", "weights": b"2" * (4 << 20)}
    archive = tmp_path / "x.expert"
    data = [
        tiny.zipped(tmp_path / f"{i}.zip", files).read_bytes()
        for i, files in enumerate((first, second))
    ]
    archive.write_bytes(data[0])
    stop = threading.Event()

    def change() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            archive.write_bytes(data[turn % 2])

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(30):
            try:
                opened = open_package(archive, cache_dir=tmp_path / "cache")
            except ExpertError:
                continue
            weights = (opened.folder / "weights").read_bytes()
            assert weights in (first["weights"], second["weights"])
    finally:
        stop.set()
        writer.join()
