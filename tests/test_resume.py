"""An answer goes on in another engine from any place, as if nothing had happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from expertserve import AsyncExpertManager
from expertserve.core import host
from expertserve.engine.base import Engine
from expertserve.engine.fake import FakeEngine
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.engine.vllm.params import seed_after
from expertserve.engine.vllm.patches.seeds import seed_at
from expertserve.errors import EngineDeadError
from expertserve.request import Request
from expertserve.result import Chunk, InferenceResult, Written
from tests import tiny

GRAMMAR = 'root ::= "SELECT " ("a" | "é" | ", ")+ " FROM t"'
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "free": ("Größe: 12 €, 東京 — done", {}),
    "free, cut": ("Größe: 12 €, 東京 — done", {"max_tokens": 9}),
    "free, stopped": ("one two three STOP four", {"stop": ["STOP"]}),
    "grammar": ("SELECT a, é, a FROM t", {"grammar": GRAMMAR}),
    "grammar, forced": ("SELECT " + "a, " * 30, {"grammar": GRAMMAR, "max_tokens": 20}),
    "grammar, stopped": (
        "a;b;c",
        {"grammar": 'root ::= [a-c] (";" [a-c])*', "stop": [";c"]},
    ),
    "think block": ("<think>\nCount é.\n</think>\nSELECT 1", {"reasoning": "strip"}),
    "kept block": ("<think>\nCount é.\n</think>\nSELECT 1", {"reasoning": "keep"}),
}


Make = Callable[[], Engine]


async def read(stream: Any) -> tuple[list[Chunk], InferenceResult]:
    chunks = [chunk async for chunk in stream]
    return chunks, stream.result


def text_of(chunks: Sequence[Chunk]) -> str:
    return "".join(c.text for c in chunks)


def same(chunks: Sequence[Chunk], result: InferenceResult, whole: InferenceResult) -> None:
    """What a reader had and got is the answer that the first engine would have given."""
    assert text_of(chunks) == whole.text == result.text
    assert "".join(c.reasoning for c in chunks) == (whole.reasoning or "")
    ids = tuple(t for c in chunks for t in c.token_ids)
    if whole.completions[0].stop and not whole.grammar:
        ids = ids[: len(whole.token_ids)]  # the fake engine leaves a stop's own tokens out
    else:
        assert result.token_ids == whole.token_ids
        own, wanted = (replace(r.usage, drafts=()) for r in (result, whole))
        assert own == wanted  # what was drafted is the engine's own business
    assert ids == whole.token_ids
    assert [c.finish_reason for c in chunks if c.finish_reason] == [whole.finish_reason]
    for name in ("grammar", "reasoning", "prompt_token_ids"):
        assert getattr(result, name) == getattr(whole, name), name
    for name in ("logprobs", "prompt_logprobs"):
        mine, theirs = getattr(result, name) or (), getattr(whole, name) or ()
        assert [p.token_id for p in mine] == [p.token_id for p in theirs], name
        assert [p.logprob for p in mine] == pytest.approx([p.logprob for p in theirs], abs=1e-4)
    first, other = result.completions[0], whole.completions[0]
    assert (first.kept, first.reasoning_tokens) == (other.kept, other.reasoning_tokens)
    assert first.stop == other.stop


async def cut_anywhere(
    manager: AsyncExpertManager, places: Callable[[int], Sequence[int]], **args: Any
) -> None:
    chunks, whole = await read(manager.generate_stream("one", "Which?", **args))
    for place in places(len(chunks)):
        had = chunks[:place]
        written = Written.of(whole.expert.digest, had)
        rest, result = await read(manager.resume_stream("one", "Which?", dict(args), written))  # type: ignore[arg-type]
        assert result.resumed == 1 and whole.resumed == 0
        same([*had, *rest], result, whole)


def with_manager(
    make: Make, package: Path, base: Path, cache: Path, work: Callable[[AsyncExpertManager], Any]
) -> None:
    async def run() -> None:
        options: Any = {"engine": make, "cache_dir": cache, "models_dir": base.parent}
        async with AsyncExpertManager(**options) as manager:
            await manager.load_expert("one", package)
            await work(manager)

    asyncio.run(run())


@pytest.fixture
def package(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Path:
    return tiny.package(
        tmp_path / "package",
        tiny_lora,
        tiny_base,
        training={"decoding": {"temperature": 0, "max_tokens": 80}},
    )


@pytest.mark.parametrize("kind", ANSWERS)
def test_from_every_place_the_reader_sees_no_seam(
    kind: str, package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    answer, args = ANSWERS[kind]

    async def work(manager: AsyncExpertManager) -> None:
        await cut_anywhere(manager, lambda n: range(1, n), **args)

    with_manager(
        lambda: FakeEngine(lambda prompt: answer), package, tiny_base, tmp_path / "cache", work
    )


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"logprobs": 1, "prompt_logprobs": 0},
        {"temperature": 1.0, "seed": 7, "top_k": 5},
        {"temperature": 0.7, "seed": 11},
        {"presence_penalty": 1.5, "frequency_penalty": 0.5, "repetition_penalty": 1.2},
        {"grammar": 'root ::= "{" [a-z]{4,12} "}"', "temperature": 1.0, "seed": 3},
    ],
    ids=["greedy", "logprobs", "seeded, top_k", "seeded", "penalties", "grammar"],
)
def test_a_real_model_writes_what_it_would_have_written(
    args: dict[str, Any], package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    async def work(manager: AsyncExpertManager) -> None:
        await cut_anywhere(manager, lambda n: (1, n // 2, n - 1), max_tokens=24, **args)

    with_manager(TransformersEngine, package, tiny_base, tmp_path / "cache", work)


@pytest.mark.parametrize("seed", [0, 7, -5, (1 << 63) - 1, -(1 << 63)])
def test_on_vllm_a_seed_goes_on_at_its_place(seed: int) -> None:
    for written in (1, 40, 1000):
        later = seed_after(seed, written)
        assert later is not None and -(1 << 63) <= later < 1 << 63
        assert [seed_at(later, place) for place in range(9)] == [
            seed_at(seed, place + written) for place in range(9)
        ]


class Dying(FakeEngine):
    """Ends at the tokens named, each time once.

    Args:
        at: Shared by all that are made.
    """

    def __init__(self, at: list[int], answer: str) -> None:
        super().__init__(lambda prompt: answer)
        self._at, self._dead = at, False

    @property
    def alive(self) -> bool:
        return super().alive and not self._dead

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        place = request.written
        async for chunk in super().stream(request):
            yield chunk
            place += 1
            if self._at and place == self._at[0]:
                self._at.pop(0)
                self._dead = True
                raise EngineDeadError("the engine died")


@pytest.mark.parametrize("kind", ["free, stopped", "grammar, forced", "kept block"])
def test_a_stream_outlives_its_engine_twice(
    kind: str,
    package: Path,
    tiny_base: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer, args = ANSWERS[kind]
    at: list[int] = []

    async def no_pause(self: object) -> None:
        pass

    async def work(manager: AsyncExpertManager) -> None:
        _, whole = await read(manager.generate_stream("one", "Which?", **args))
        third = len(whole.token_ids) // 3
        at[:] = [third, 2 * third]
        chunks, result = await read(manager.generate_stream("one", "Which?", **args))
        assert result.resumed == 2
        same(chunks, result, whole)
        at[:] = [third, third + 1, third + 2]
        with pytest.raises(EngineDeadError):
            await read(manager.generate_stream("one", "Which?", **args))
        at[:] = [third]
        with pytest.raises(EngineDeadError):  # its caller has nothing of it, and can ask again
            await manager.generate("one", "Which?", **args)

    monkeypatch.setattr(host.RestartPolicy, "record_crash", no_pause)
    with_manager(lambda: Dying(at, answer), package, tiny_base, tmp_path / "cache", work)
    assert "goes on in another engine" in caplog.text


def test_an_expert_that_was_replaced_meanwhile_goes_on_with_nothing(
    package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    async def work(manager: AsyncExpertManager) -> None:
        written = Written("0" * 64, (5, 6), "ab", "", ())
        with pytest.raises(EngineDeadError, match="replaced"):
            await read(manager.resume_stream("one", "Which?", {}, written))

    with_manager(
        lambda: FakeEngine(lambda prompt: "abc"), package, tiny_base, tmp_path / "cache", work
    )
