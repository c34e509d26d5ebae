"""On vLLM: an answer that goes on from any place is the one that would have been given."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from expertserve import AsyncExpertManager, Expert
from expertserve.errors import InferenceError
from expertserve.result import Written
from tests.conftest import SCHEMA, Borrowed, Shared
from tests.test_resume import cut_anywhere, read

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
ASKED: list[dict[str, Any]] = [
    {"schema": SCHEMA, "max_tokens": 48},
    {"schema": SCHEMA, "temperature": 0.8, "seed": 5, "max_tokens": 48},
    {"grammar": None, "max_tokens": 32, "temperature": 1.0, "seed": 11, "top_k": 40},
    {"grammar": None, "max_tokens": 32, "logprobs": 0},
]


def test_an_answer_of_vllm_goes_on_from_any_place(engine: Expert, sql_package: Path) -> None:
    engine.start()

    async def run() -> None:
        borrowed: Any = lambda: Borrowed(Shared.latest)  # noqa: E731
        async with AsyncExpertManager(engine=borrowed) as manager:
            await manager.load_expert("one", sql_package)
            for args in ASKED:
                await cut_anywhere(manager, lambda n: (1, n // 2, n - 1), **args)
            chunks, whole = await read(manager.generate_stream("one", "Which?", **ASKED[3]))
            counted: Any = ASKED[3] | {"presence_penalty": 1.0}
            written = Written.of(whole.expert.digest, chunks[:3])
            with pytest.raises(InferenceError, match="penalties"):
                await read(manager.resume_stream("one", "Which?", counted, written))

    asyncio.run(run())
