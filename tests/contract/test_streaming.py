"""How every engine streams: whole characters, stops cut off, ends told once, and requests that are
closed are gone.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from expertserve.errors import EngineDeadError
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import Request
from expertserve.result import Chunk
from tests.contract.conftest import Trained, drive
from tests.contract.driver import Driver, join

PROMPT = "How many lighthouses are in Norway?"


def test_chunks_add_up_to_the_answer(any_driver: Driver, tokenizer: Tokenizer) -> None:
    request = any_driver.request(tokenizer.encode_plain(PROMPT), max_tokens=10, ignore_eos=True)
    chunks = any_driver.chunks(request)
    (whole,) = join(chunks)
    assert len(whole.token_ids) == 10 and whole.finish_reason == "length"
    assert whole.text == tokenizer.decode(list(whole.token_ids)).rstrip("\ufffd")
    assert len([c for c in chunks if c.token_ids]) > 5, (
        "tokens come as they are made, not at the end"
    )


def test_no_character_is_ever_split(driver: Driver, tokenizer: Tokenizer) -> None:
    """A random model of a byte-level tokenizer writes bytes that are no characters, and now and
    then some that are.
    """
    request = driver.request(
        tokenizer.encode_plain(PROMPT), max_tokens=60, temperature=1.5, seed=4, ignore_eos=True
    )
    chunks = driver.chunks(request)
    (whole,) = join(chunks)
    decoded = tokenizer.decode(list(whole.token_ids))
    assert whole.text.strip("\ufffd")
    assert decoded.startswith(whole.text.rstrip("\ufffd")) or whole.text in decoded


def test_a_stop_sequence_ends_the_answer_and_is_never_shown(
    any_driver: Driver, tokenizer: Tokenizer
) -> None:
    prompt = tokenizer.encode_plain(PROMPT)
    free = any_driver.generate(prompt, max_tokens=30, ignore_eos=True)
    text = free.text
    stop = text[len(text) // 2 : len(text) // 2 + 3]
    cut = text[: text.index(stop)]
    chunks = any_driver.chunks(
        any_driver.request(prompt, max_tokens=30, ignore_eos=True, stop=(stop, "never to come"))
    )
    (stopped,) = join(chunks)
    assert stopped.text == cut and stopped.finish_reason == "stop"
    shown = ""
    for chunk in chunks:
        shown += chunk.text
        assert cut.startswith(shown), "what was shown must stand"


def test_text_that_might_have_become_a_stop_comes_at_the_end(
    any_driver: Driver, tokenizer: Tokenizer
) -> None:
    prompt = tokenizer.encode_plain(PROMPT)
    free = any_driver.generate(prompt, max_tokens=12, ignore_eos=True)
    almost = free.text[-2:] + "\n!"
    same = any_driver.generate(prompt, max_tokens=12, ignore_eos=True, stop=(almost,))
    assert (same.text, same.finish_reason) == (free.text, "length")


def test_the_models_own_end_is_kept_out_of_the_text(driver: Driver, tokenizer: Tokenizer) -> None:
    prompt = tokenizer.encode_plain(PROMPT)
    free = driver.generate(prompt, max_tokens=12, ignore_eos=True)
    end = free.token_ids[5]
    place = free.token_ids.index(end)
    stopped = driver.generate(prompt, max_tokens=12, ignore_eos=True, stop_token_ids=(end,))
    assert stopped.token_ids == free.token_ids[: place + 1] and stopped.finish_reason == "stop"
    assert free.text.startswith(stopped.text) and len(stopped.text) < len(free.text)


def test_closing_a_stream_ends_its_request_and_no_other(
    driver: Driver, tokenizer: Tokenizer
) -> None:
    prompt = tokenizer.encode_plain(PROMPT)
    wanted = driver.generate(prompt, max_tokens=30, ignore_eos=True)

    async def take(request: Request, count: int) -> list[Chunk]:
        taken = []
        async with aclosing(driver.engine.stream(request)) as stream:
            async for chunk in stream:
                taken.append(chunk)
                if len(taken) == count:
                    break
        return taken

    async def both() -> tuple[list[Chunk], list[Chunk]]:
        long = driver.request(prompt, max_tokens=400, ignore_eos=True)
        other = driver.request(prompt, max_tokens=30, ignore_eos=True)
        return await asyncio.gather(take(long, 3), take(other, 1000))

    started = time.perf_counter()
    cut, whole = driver.run(both())
    assert len(cut) == 3 and cut[-1].finish_reason is None
    assert join(whole)[0].token_ids == wanted.token_ids
    driver.generate(prompt, max_tokens=2)
    assert time.perf_counter() - started < 20


def test_cancelling_the_task_that_reads_ends_the_request(
    driver: Driver, tokenizer: Tokenizer
) -> None:
    request = driver.request(tokenizer.encode_plain(PROMPT), max_tokens=400, ignore_eos=True)

    async def cancelled() -> int:
        seen = 0

        async def read() -> None:
            nonlocal seen
            async with aclosing(driver.engine.stream(request)) as stream:
                async for _ in stream:
                    seen += 1

        task = asyncio.create_task(read())
        while not seen:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return seen

    assert 0 < driver.run(cancelled()) < 400


def test_adapters_come_and_go_without_touching_the_base(
    any_driver: Driver, trained: list[Trained], tokenizer: Tokenizer
) -> None:
    prompt = tokenizer.encode_plain(PROMPT)
    before = any_driver.generate(prompt, max_tokens=8, ignore_eos=True)
    prepared = [any_driver.prepare(t.folder, t.kind, t.rank) for t in trained[:2]]
    first = [
        any_driver.generate(prompt, any_driver.add(p), max_tokens=8, ignore_eos=True)
        for p in prepared
    ]
    held = any_driver.run(any_driver.engine.resident())
    assert {p.digest for p in prepared} <= set(held) and all(
        held[p.digest].bytes > 0 for p in prepared
    )
    any_driver.add(prepared[0])  # again is no error
    for p in prepared:
        any_driver.run(any_driver.engine.remove(p.digest))
        any_driver.run(any_driver.engine.remove(p.digest))
    assert not {p.digest for p in prepared} & set(any_driver.run(any_driver.engine.resident()))
    again = [
        any_driver.generate(prompt, any_driver.add(p), max_tokens=8, ignore_eos=True)
        for p in reversed(prepared)
    ][::-1]
    assert [c.token_ids for c in again] == [c.token_ids for c in first]
    assert any_driver.generate(prompt, max_tokens=8, ignore_eos=True).token_ids == before.token_ids


@pytest.mark.parametrize("name", ["fake", "transformers"])
def test_a_closed_engine_says_so(
    name: str, tiny_base: Path, tmp_path: Path, tokenizer: Tokenizer
) -> None:
    made = drive(name, tiny_base, tmp_path)
    request = made.request(tokenizer.encode_plain(PROMPT), max_tokens=4)
    assert made.engine.alive and len(made.chunks(request)) >= 4
    made.run(made.engine.close())
    assert not made.engine.alive
    with pytest.raises(EngineDeadError):
        made.chunks(request)
    made.close()
