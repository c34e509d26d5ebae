"""Drives any engine through its narrow seam, from ordinary tests."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

from expertserve import EngineConfig
from expertserve.adapters.peft import read_adapter
from expertserve.adapters.serving import ServingAdapter, prepare_adapter
from expertserve.engine.base import Engine, EngineInfo
from expertserve.models import LocalModel
from expertserve.package.manifest import Adapter
from expertserve.package.members import WEIGHTS
from expertserve.request import Request, Sampling
from expertserve.result import Chunk, Completion, TokenLogprob
from tests import tiny

T = TypeVar("T")


class Driver:
    """An engine, started on a base model, with an event loop of its own."""

    def __init__(
        self, engine: Engine, base: Path, cache: Path, config: EngineConfig, rank: int
    ) -> None:
        self.engine = engine
        self.base = LocalModel(base.name, base)
        self._cache = cache
        self._ids = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.info: EngineInfo = self.run(engine.start(self.base, config, rank))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def prepare(
        self, folder: Path, kind: str, rank: int, targets: list[str] | None = None
    ) -> ServingAdapter:
        """The serving form of a PEFT folder."""
        declared = Adapter.model_validate_json(json.dumps(tiny.adapters_entry(kind, rank, targets)))
        return prepare_adapter(
            read_adapter(folder, declared, folder / WEIGHTS), self.base, folder.name, self._cache
        )

    def add(self, adapter: ServingAdapter) -> str:
        self.run(self.engine.add(adapter))
        return adapter.digest

    def request(
        self, prompt: Sequence[int], adapter: str | None = None, **sampling: Any
    ) -> Request:
        return Request(
            id=f"r{next(self._ids)}",
            prompt_token_ids=tuple(prompt),
            sampling=Sampling(**sampling),
            adapter=adapter,
        )

    def chunks(self, request: Request) -> list[Chunk]:
        return self.run(self._chunks(request))

    async def _chunks(self, request: Request) -> list[Chunk]:
        async with aclosing(self.engine.stream(request)) as stream:
            return [chunk async for chunk in stream]

    def generate(
        self, prompt: Sequence[int], adapter: str | None = None, **sampling: Any
    ) -> Completion:
        return self.together([self.request(prompt, adapter, **sampling)])[0]

    def together(self, requests: Sequence[Request]) -> list[Completion]:
        """All at once; the first completion of each."""

        async def all_of() -> list[list[Chunk]]:
            return await asyncio.gather(*(self._chunks(r) for r in requests))

        return [join(chunks)[0] for chunks in self.run(all_of())]

    def close(self) -> None:
        self.run(self.engine.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def join(chunks: Sequence[Chunk]) -> list[Completion]:
    """A request's completions, by index."""
    made = []
    for index in sorted({c.index for c in chunks}):
        own = [c for c in chunks if c.index == index]
        ends = [c.finish_reason for c in own if c.finish_reason]
        assert len(ends) == 1 and own[-1].finish_reason, "exactly the last chunk ends a completion"
        logprobs: tuple[TokenLogprob, ...] = tuple(p for c in own for p in c.logprobs)
        tokens = tuple(t for c in own for t in c.token_ids)
        made.append(Completion("".join(c.text for c in own), tokens, ends[0], logprobs or None))
    return made
