"""A server for the clients, whose answers are known.

python -m tests.clients.server FOLDER [vllm], which prints the address once it answers.

Rules say what is answered. Without `vllm` the fake engine says it. With it, vLLM does, on the demo
base with an adapter: a grammar that has one sentence leaves the model no other answer, and all the
rest is real: prompts, tokens, masks, streams, log-probabilities, counts.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from expertserve.config import EngineConfig, models_dir
from expertserve.decoding.compile import masks
from expertserve.decoding.free import FreeText
from expertserve.engine.base import Engine, EngineInfo
from expertserve.engine.fake import FakeEngine
from expertserve.engine.vllm.engine import VLLMEngine
from expertserve.grammar.recognise import Grammar
from expertserve.manager import AsyncExpertManager
from expertserve.models import LocalModel
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import Request
from expertserve.result import Chunk
from expertserve.server.run import NamedPackage, serve
from expertserve.server.settings import ServerSettings
from tests import tiny

ANSWER = "SELECT COUNT(*) FROM lighthouses"
COUNTRY = {"name": "Norway", "people": 5}
TOOL = re.compile(r'^\{"name": .*\}$', re.MULTILINE)


def answer(prompt: str) -> str:
    """A call where one must be made or the weather is asked for, JSON for a country, else SQL."""
    system, _, turns = prompt.partition("<|im_start|>user")
    tools = [json.loads(line) for line in TOOL.findall(system)]
    asked = turns.rpartition("<|im_start|>user")[2] or turns
    if tools and "<|im_start|>tool" not in asked:
        must = "Call one by answering" in system
        if must or "weather" in asked:
            tool = tools[0]
            return json.dumps({"name": tool["name"], "arguments": example(tool["parameters"])})
    return json.dumps(COUNTRY) if "country" in asked.lower() else ANSWER


def example(schema: dict[str, Any], whole: dict[str, Any] | None = None) -> Any:
    """A small instance of a schema."""
    whole = whole or schema
    if "$ref" in schema:
        return example(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {k: example(v, whole) for k, v in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items", {}), whole)]
    return {"integer": 5, "number": 5.0, "boolean": True, "null": None}.get(str(kind), "Norway")


class HeldEngine(VLLMEngine):
    """vLLM, held by a grammar to the sentence that the rules have for a prompt."""

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self._cache = cache

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        self._folder, self._reader = base.path, Tokenizer(base.path)
        return await super().start(base, config, rank)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        said = answer(self._reader.decode_whole(list(request.prompt_token_ids)))
        grammar = Grammar.from_gbnf(f"root ::= {json.dumps(said)}")
        held = await asyncio.to_thread(masks.ready, grammar, self._folder, self._cache, own=False)
        usual = dict.fromkeys(self._reader.encode_plain(said), 100.0)  # else it would be spelt
        sampling = replace(request.sampling, logit_bias=tuple(usual.items()), stop=())
        told = replace(request, constraint=held, sampling=sampling)
        texts = [self._text(request, index) for index in range(request.sampling.n)]
        async with aclosing(super().stream(told)) as chunks:
            async for chunk in chunks:
                # whoever asked without a grammar has the text from the engine
                read = chunk if request.constraint else texts[chunk.index].follow(chunk)
                if read:
                    yield replace(read, prompt_logprobs=chunk.prompt_logprobs, drafts=chunk.drafts)

    def _text(self, request: Request, index: int) -> FreeText:
        ends = frozenset(request.sampling.stop_token_ids)
        return FreeText(
            self._reader.library,
            request.prompt_token_ids,
            ends=ends,
            sampling=request.sampling,
            index=index,
        )


def main(folder: Path, *, real: bool) -> None:
    """Serves the expert `sql`, on the base model `tiny` or, with vLLM, on the demo base."""
    cache, models = folder / "cache", models_dir() if real else folder / "models"
    name = "SmolLM2-135M-Instruct" if real else "tiny"
    base = models / name if real else tiny.base_model(models / name)
    adapter = tiny.peft_adapter(base, folder / "adapter", "lora", rank=4, seed=0)
    sound = {"name": "expert-sql", "training": {"decoding": {"temperature": 0}}}
    entry = tiny.base_entry(name=name)
    package = tiny.package(folder / "sql", adapter, base, base_models=entry, **sound)
    config = EngineConfig(
        max_slots=2, max_model_len=2048, max_requests=16, kv_cache_bytes=256 << 20
    )

    def engine() -> Engine:
        return HeldEngine(cache) if real else FakeEngine(answer)

    def make() -> AsyncExpertManager:
        return AsyncExpertManager(engine=engine, config=config, cache_dir=cache, models_dir=models)

    settings = ServerSettings(port=0, log_json=True)
    named = [NamedPackage("sql", package)]
    serve(make, settings, named, ready=lambda url, parts: print(f"{url} {base}", flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), real="vllm" in sys.argv[2:])
