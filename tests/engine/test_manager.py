"""Lifecycle, streams and batches on the real engine: what is loaded, replaced and cancelled, and
that nothing is left behind.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from expertserve import ConfigError, Expert, ExpertManager, ExpertNotLoadedError, GenerateArgs
from expertserve.config import EngineConfig
from expertserve.engine.vllm.early import EarlyCore
from tests.conftest import Shared

Another = Callable[..., ExpertManager]
pytestmark = pytest.mark.engine
SHORT: GenerateArgs = {"max_tokens": 3, "temperature": 0, "stop": []}
STORY = "Write a long story about a king, a queen and their seven daughters."
LONG: GenerateArgs = {"max_tokens": 400, "temperature": 0, "stop": []}


def held(manager: ExpertManager) -> set[str]:
    """The adapters that the engine says it holds."""
    (adapters,) = manager.resident_adapters().values()
    return set(adapters)


def nothing_left(manager: ExpertManager) -> bool:
    """Whether the engine has no request and no used block: only then does vLLM reset its prefix
    cache.
    """
    llm = Shared.latest.engine.llm  # type: ignore[attr-defined]

    async def reset() -> bool:
        return (
            bool(await llm.reset_prefix_cache())
            and not llm.output_processor.has_unfinished_requests()
        )

    return asyncio.run_coroutine_threadsafe(reset(), Shared.latest.loop).result()


def eventually(claim: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def memory() -> int:
    """Bytes used by this process and all its children."""
    own = psutil.Process()
    return sum(
        p.memory_full_info().uss for p in [own, *own.children(recursive=True)] if p.is_running()
    )


def test_more_experts_cost_hardly_more_memory(
    another: Another, variants: list[Path], engine: Expert
) -> None:
    manager = another()
    manager.load_expert("a", variants[0])
    manager.generate("a", "x", **SHORT)
    gc.collect()
    before = memory()
    for name, path in zip("bcd", variants[1:], strict=True):
        manager.load_expert(name, path)
        manager.generate(name, "x", **SHORT)
    gc.collect()
    assert memory() - before < 3 * 0.05 * before
    assert len(manager.info().base_models) == 1
    infos = {i.name: i for i in manager.list_loaded_experts()}
    assert all(
        i.state == "slot" and i.adapter_bytes > 100_000 and i.uses == 1 for i in infos.values()
    )


def test_the_least_recently_used_is_evicted_and_reloaded_transparently(
    another: Another, variants: list[Path]
) -> None:
    manager = another(max_loaded_experts=2)
    manager.load_expert("a", variants[0])
    first = manager.generate("a", "x", **SHORT)
    for name, path in zip("bc", variants[1:], strict=False):
        manager.load_expert(name, path)
        manager.generate(name, "x", **SHORT)
    assert {i.name: i.resident for i in manager.list_loaded_experts()} == {
        "a": False,
        "b": True,
        "c": True,
    }
    assert first.expert.adapter and first.expert.adapter.digest not in held(manager)
    again = manager.generate("a", "x", **SHORT)
    assert (again.text, again.expert.digest) == (first.text, first.expert.digest)
    assert again.timing.load > 0
    assert {i.name for i in manager.list_loaded_experts() if not i.resident} == {"b"}


def test_pinned_experts_are_never_evicted(another: Another, variants: list[Path]) -> None:
    manager = another(max_loaded_experts=1)
    manager.load_expert("a", variants[0], pin=True)
    manager.generate("a", "x", **SHORT)
    for name, path in zip("bcd", variants[1:], strict=True):
        manager.load_expert(name, path)
        manager.generate(name, "x", **SHORT)
    infos = {i.name: i for i in manager.list_loaded_experts()}
    assert infos["a"].resident and infos["a"].pinned and not infos["b"].resident


def test_an_expert_that_answers_is_not_evicted(another: Another, variants: list[Path]) -> None:
    manager = another(max_loaded_experts=1)
    manager.load_expert("a", variants[0])
    stream = manager.generate_stream("a", STORY, **LONG)
    chunks = iter(stream)
    next(chunks)
    manager.load_expert("b", variants[1])
    manager.generate("b", "x", **SHORT)
    assert {i.name: i.resident for i in manager.list_loaded_experts()}["a"]
    stream.close()


def test_unloading_frees_the_engine_for_real(another: Another, variants: list[Path]) -> None:
    manager = another()
    manager.load_expert("a", variants[0])
    manager.load_expert("b", variants[1])
    result = manager.generate("a", "x", **SHORT)
    assert result.expert.adapter and result.expert.adapter.digest in held(manager)
    manager.unload_expert("a")
    assert result.expert.adapter.digest not in held(manager)
    with pytest.raises(ExpertNotLoadedError, match="loaded: b"):
        manager.generate("a", "x")
    assert manager.generate("b", "x", **SHORT).usage.completion_tokens == 3


def test_unloading_waits_for_what_runs_or_aborts_it_by_force(
    another: Another, variants: list[Path]
) -> None:
    manager = another()
    manager.load_expert("a", variants[0])
    stream = manager.generate_stream("a", STORY, max_tokens=40, temperature=0, stop=[])
    chunks = iter(stream)
    next(chunks)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(manager.unload_expert, "a")
        list(chunks)
        waiting.result(timeout=30)
    assert stream.result.usage.completion_tokens == 40
    manager.load_expert("a", variants[0])
    stream = manager.generate_stream("a", STORY, **LONG)
    chunks = iter(stream)
    next(chunks)
    manager.unload_expert("a", force=True)
    with pytest.raises(ExpertNotLoadedError, match="unloaded by force"):
        list(chunks)
    assert eventually(lambda: nothing_left(manager))


def alternate(manager: ExpertManager, variants: list[Path], times: int) -> int:
    """Replaces an expert again and again while eight threads ask it; gives how many answers were
    checked.
    """
    expected: dict[str, str] = {}
    manager.load_expert("x", variants[0])
    for path in variants[:2]:
        manager.replace_expert("x", path)
        result = manager.generate("x", "Once upon a time", **SHORT)
        expected[result.expert.digest] = result.text
    assert len(set(expected.values())) == 2
    over = threading.Event()

    def ask() -> int:
        checked = 0
        while not over.is_set():
            result = manager.generate("x", "Once upon a time", **SHORT)
            assert expected[result.expert.digest] == result.text
            checked += 1
        return checked

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask) for _ in range(8)]
        try:
            for turn in range(times):
                manager.replace_expert("x", variants[turn % 2])
        finally:
            over.set()
        return sum(one.result() for one in asking)  # raises what a thread raised


def test_replacing_under_traffic_never_serves_the_old_weights(
    another: Another, variants: list[Path]
) -> None:
    manager = another()
    assert alternate(manager, variants, 30) > 10
    loaded = [manager.get(info.name).adapter for info in manager.list_loaded_experts()]
    assert len(held(manager) & {adapter.digest for adapter in loaded if adapter}) == 1
    assert eventually(lambda: nothing_left(manager))


@pytest.mark.soak
def test_a_thousand_replacements_under_traffic_never_serve_the_old_weights(
    another: Another, variants: list[Path]
) -> None:
    manager = another()
    assert alternate(manager, variants, 1000) > 200


def test_a_failed_replacement_leaves_the_old_expert(
    another: Another, variants: list[Path], tmp_path: Path
) -> None:
    manager = another()
    manager.load_expert("a", variants[0])
    before = manager.generate("a", "x", **SHORT)
    with pytest.raises(Exception, match="no manifest"):
        manager.replace_expert("a", tmp_path)
    after = manager.generate("a", "x", **SHORT)
    assert (after.text, after.expert.digest) == (before.text, before.expert.digest)


def test_a_stream_gives_what_generate_gives(engine: Expert) -> None:
    asked = {"schema": "CREATE TABLE lighthouses (id INTEGER, name TEXT, country TEXT);"}
    whole = engine.generate("How many lighthouses are in Norway?", **asked)  # type: ignore[arg-type]
    stream = engine.generate_stream("How many lighthouses are in Norway?", **asked)  # type: ignore[arg-type]
    chunks = list(stream)
    assert "".join(c.text for c in chunks) == whole.text == stream.result.text
    assert len(chunks) > 3
    assert (stream.result.token_ids, stream.result.finish_reason) == (
        whole.token_ids,
        whole.finish_reason,
    )


def test_a_stream_never_splits_a_character_nor_shows_a_stop(engine: Expert) -> None:
    asked: GenerateArgs = {"grammar": None, "max_tokens": 60, "temperature": 1.2, "seed": 4}
    whole = engine.generate("Write ten emoji.", stop=[], **asked).text
    stop = whole[len(whole) // 2 :][:3]
    pieces = [c.text for c in engine.generate_stream("Write ten emoji.", stop=[stop], **asked)]
    assert not any("\ufffd" in piece for piece in pieces)
    assert stop and "".join(pieces) == whole[: whole.index(stop)]


def test_leaving_a_stream_early_aborts_it_at_once(engine: Expert, manager: ExpertManager) -> None:
    ways: list[Callable[[], object]] = []

    def leave_the_loop() -> None:
        stream = engine.generate_stream(STORY, grammar=None, **LONG)
        for _ in stream:
            break
        assert (
            stream.result.finish_reason == "cancelled"
            and stream.result.usage.completion_tokens < 400
        )

    def close() -> None:
        engine.generate_stream(STORY, grammar=None, **LONG).close()

    def fail_in_the_consumer() -> None:
        with pytest.raises(ZeroDivisionError):
            for _ in engine.generate_stream(STORY, grammar=None, **LONG):
                1 / 0  # noqa: B018

    def forget_it() -> None:
        stream = engine.generate_stream(STORY, grammar=None, **LONG)
        next(iter(stream))
        del stream
        gc.collect()

    ways = [leave_the_loop, close, fail_in_the_consumer, forget_it]
    for way in ways:
        way()
        assert eventually(lambda: nothing_left(manager), 5), way.__name__
        assert manager.info().running == 0


def cancel_many(engine: Expert, manager: ExpertManager, count: int) -> None:
    rng = random.Random(5)

    def one(after: int) -> None:
        stream = engine.generate_stream("Tell me a story.", grammar=None, **LONG)
        for n, _ in enumerate(stream):
            if n >= after:
                break
        assert stream.result.finish_reason == "cancelled"

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, [rng.randrange(6) for _ in range(count)]))
    assert eventually(lambda: nothing_left(manager))
    assert manager.info().running == 0 and engine.info.in_flight == 0


def test_cancelled_streams_leave_nothing_behind(engine: Expert, manager: ExpertManager) -> None:
    cancel_many(engine, manager, 48)


@pytest.mark.soak
def test_a_thousand_cancelled_streams_leave_nothing_behind(
    engine: Expert, manager: ExpertManager
) -> None:
    cancel_many(engine, manager, 1000)


def test_a_batch_gives_what_single_calls_give_and_failures_as_values(engine: Expert) -> None:
    prompts = [
        "How many?",
        "",
        "List the names of all the lighthouses that are in Norway or from Italy, please.",
        "x " * 300,
    ]
    batch = engine.generate_batch(prompts, return_exceptions=True, grammar=None, max_tokens=12)
    assert isinstance(batch[1], ConfigError)
    for prompt, result in zip(prompts, batch, strict=True):
        if prompt:
            single = engine.generate(prompt, grammar=None, max_tokens=12)
            assert not isinstance(result, Exception) and result.token_ids == single.token_ids
    with pytest.raises(ConfigError):
        engine.generate_batch(prompts, max_tokens=4)


def test_one_batch_mixes_experts_and_the_bare_base(
    another: Another, variants: list[Path], engine: Expert
) -> None:
    manager = another()
    for name, path in zip("abcd", variants, strict=True):
        manager.load_expert(name, path)
    base = engine.manager.get("expert").base.name
    jobs = [(name, "Once upon a time", SHORT) for name in ("a", "b", "c", "d", base) * 3]
    results = manager.generate_many(jobs)
    singles = {
        name: manager.generate(name, "Once upon a time", **SHORT).text
        for name in ("a", "b", "c", "d", base)
    }
    assert [r.text for r in results] == [singles[name] for name, _, _ in jobs]
    assert len(set(singles.values())) >= 4


def test_the_asynchronous_face_works_from_several_loops(
    engine: Expert, manager: ExpertManager
) -> None:
    face = manager.for_asyncio()

    async def ask() -> str:
        stream = face.generate_stream("expert", "Count.", grammar=None, max_tokens=8)
        text = "".join([chunk.text async for chunk in stream])
        assert (
            text
            == stream.result.text
            == (await face.generate("expert", "Count.", grammar=None, max_tokens=8)).text
        )
        task = asyncio.create_task(face.generate("expert", "x", grammar=None, **LONG))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return text

    with ThreadPoolExecutor(3) as pool:
        texts = list(pool.map(lambda _: asyncio.run(ask()), range(3)))
    assert len(set(texts)) == 1
    assert eventually(lambda: nothing_left(manager))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_churn_leaves_an_empty_engine(another: Another, variants: list[Path]) -> None:
    """Load, use, replace, cancel and unload at random; memory after the first minute stays where it
    was.
    """
    manager, rng = another(max_loaded_experts=3), random.Random(11)
    end, warm = time.monotonic() + 300, time.monotonic() + 60
    baseline = 0
    names = [f"n{i}" for i in range(6)]
    while time.monotonic() < end:
        if not baseline and time.monotonic() > warm:
            gc.collect()
            baseline = memory()
        name, path, what = rng.choice(names), rng.choice(variants), rng.random()
        loaded = {i.name for i in manager.list_loaded_experts()}
        if name not in loaded:
            manager.load_expert(name, path)
        elif what < 0.15:
            manager.unload_expert(name, force=rng.random() < 0.5)
        elif what < 0.35:
            manager.replace_expert(name, path)
        elif what < 0.6:
            for _ in zip(
                manager.generate_stream(name, "Tell me.", **LONG),
                range(rng.randrange(4)),
                strict=False,
            ):
                pass
        else:
            manager.generate_many(
                [(n, "Go on.", SHORT) for n in loaded & set(rng.sample(names, 3))]
            )
    for info in manager.list_loaded_experts():
        manager.unload_expert(info.name)
    gc.collect()
    assert eventually(lambda: nothing_left(manager))
    assert abs(memory() - baseline) < 0.03 * baseline


@pytest.mark.long
def test_a_killed_engine_is_started_again_and_its_stream_goes_on(sql_package: Path) -> None:
    config = EngineConfig(max_model_len=1024, kv_cache_bytes=128 << 20)
    with Expert.load(sql_package, config=config) as expert:
        before = expert.generate("How many lighthouses?", max_tokens=20)
        whole = expert.generate(STORY, grammar=None, **LONG)
        chunks = iter(expert.generate_stream(STORY, grammar=None, **LONG))
        said = next(chunks).text
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # one that has just ended
                if "EngineCore" in " ".join((child.name(), *child.cmdline())):
                    child.kill()
        assert said + "".join(chunk.text for chunk in chunks) == whole.text
        after = expert.generate("How many lighthouses?", max_tokens=20)
        assert after.text == before.text
        assert expert.info.resident


def test_the_engine_cores_process_imported_while_this_one_did(engine: Expert) -> None:
    """If this fails, vLLM wants another environment for its processes than `early` gives them."""
    assert engine.generate("q", **SHORT).text
    cores = [p for p in multiprocessing.active_children() if p.name.startswith("EngineCore")]
    assert any(isinstance(core, EarlyCore) for core in cores)
