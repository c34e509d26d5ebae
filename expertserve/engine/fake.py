"""An engine without a model, for tests: it answers by a function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.engine.base import EngineInfo, Resident
from expertserve.engine.machine import FEW_SLOTS
from expertserve.errors import EngineDeadError
from expertserve.models import LocalModel
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import Request
from expertserve.result import Chunk, FinishReason

Script = Callable[[str], str]
PART = "\ufffd"
"""What a tokenizer writes for a part of a character."""


class FakeEngine:
    """Answers by a function of the prompt, token by token, with `max_tokens` and `stop`.

    Args:
        script: The prompt as the model would read it, special tokens included → the answer.
        delay: Seconds before each token.

    Attributes:
        requests: Every request that came, in order.
        aborted: Ids of those that were closed before their end.

    Example:
        >>> engine = FakeEngine(lambda prompt: "SELECT COUNT(*) FROM lighthouses")
        >>> engine.script("How many lighthouses?")
        'SELECT COUNT(*) FROM lighthouses'
    """

    def __init__(self, script: Script = lambda prompt: "", *, delay: float = 0.0) -> None:
        self.script = script
        self.delay = delay
        self.requests: list[Request] = []
        self.aborted: list[str] = []
        self._adapters: dict[str, Resident] = {}
        self._tokenizer: Tokenizer | None = None

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        """Reads the base model's tokenizer; its weights stay on disk."""
        self._tokenizer = Tokenizer(base.path)
        return EngineInfo(
            "fake",
            config.device or "cpu",
            "none",
            config.max_model_len or base.context_length,
            soft_prompts=config.soft_prompts,
            max_slots=config.max_slots or FEW_SLOTS,
        )

    async def add(self, adapter: ServingAdapter) -> None:
        """Notes the adapter; nothing is applied."""
        size = sum(f.stat().st_size for f in adapter.folder.glob("*.safetensors"))
        self._adapters.setdefault(adapter.digest, Resident(size, in_slot=True))

    async def remove(self, digest: str) -> None:
        """Forgets the adapter."""
        self._adapters.pop(digest, None)

    async def resident(self) -> Mapping[str, Resident]:
        """The adapters that were added, with the sizes of their files."""
        return dict(self._adapters)

    @property
    def alive(self) -> bool:
        """Whether it was started, and not closed since."""
        return self._tokenizer is not None

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """The script's answer, token by token, `n` times."""
        tokenizer = self._tokenizer
        if tokenizer is None:
            raise EngineDeadError("the engine was not started")
        self.requests.append(request)
        prompt = request.prompt_token_ids[: len(request.prompt_token_ids) - request.written]
        answer = self.script(tokenizer.decode_whole(list(prompt)))
        text, stop = _cut(answer, request.sampling.stop)
        ids = tokenizer.encode_plain(text)[request.written :]
        kept = ids[: request.sampling.max_tokens]
        room = request.sampling.max_tokens - len(ids)
        end: FinishReason = "stop" if room > 0 or (stop and room == 0) else "length"
        try:
            for index in range(request.sampling.n):
                done = 0
                for i, token in enumerate(kept):
                    await asyncio.sleep(self.delay)
                    whole = tokenizer.decode(kept[: i + 1])
                    if whole.endswith(PART) and i + 1 < len(kept):
                        piece = ""
                    else:
                        done, piece = len(whole), whole[done:]
                    yield Chunk(piece, (token,), index)
                yield Chunk("", (), index, finish_reason=end, stop=stop if end == "stop" else None)
        except (GeneratorExit, asyncio.CancelledError):
            self.aborted.append(request.id)
            raise

    async def close(self) -> None:
        """Forgets everything but `requests` and `aborted`."""
        self._tokenizer = None
        self._adapters.clear()


def _cut(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    """The text before the first stop sequence, and which one that is."""
    found = [(i, s) for i, s in ((text.find(s), s) for s in stops) if i >= 0]
    return (text[: min(found)[0]], min(found)[1]) if found else (text, None)
