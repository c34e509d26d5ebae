"""An expert that is trained with think blocks, on the real engine: the block, the query behind it,
and what every face tells of them.

A hundred steps of the trainer on three questions and a tiny base: it learns to open and close its
blocks, and these questions by heart.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from expertserve import EngineConfig, Expert, ExpertManager
from expertserve.grammar.bundled import bundled
from expertserve.server.run import DrainingServer
from expertserve.server.settings import ServerSettings
from tests import tiny
from tests.conftest import SCHEMA
from tests.server.conftest import until
from training import sql
from training.task import Lesson, Pair
from training.train import train

pytestmark = [pytest.mark.engine, pytest.mark.long]
RANK = 16
PAIRS = (
    Pair(
        "How many lighthouses are in Norway?",
        "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'",
    ),
    Pair("What are the names of all lighthouses?", "SELECT name FROM lighthouses"),
    Pair("What is the average height?", "SELECT AVG(height) FROM lighthouses"),
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The expert, trained in half a minute."""
    folder = tmp_path_factory.mktemp("thinking")
    base = tiny.base_model(folder / "models" / "tiny-llama")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sql, "lessons", lambda *_: itertools.repeat(Lesson(SCHEMA, None, PAIRS)))
        train(
            argparse.Namespace(
                task="sql", out=folder / "run", steps=100, rank=RANK, dora=False,
                learning_rate=1e-2, seed=1, start=None, minutes=60, think=True, base=base,
            )
        )  # fmt: skip
    decoding = {"temperature": 0, "use_grammar": True, "grammar_type": "sql", "max_tokens": 200}
    return tiny.package(
        folder / "package",
        folder / "run" / "adapter",
        base,
        base_models=tiny.base_entry("lora", RANK, base.name),
        prompt={"dialect": "none"},
        training={"decoding": {**decoding, "reasoning": {"max_tokens": 80}}},
    )


@pytest.fixture(scope="module")
def manager(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExpertManager]:
    base = package.parent / "models" / "tiny-llama"
    config = EngineConfig(max_requests=32, kv_cache_bytes=64 << 20)
    cache = tmp_path_factory.mktemp("cache")
    with ExpertManager(base, dtype="float32", config=config, cache_dir=cache) as manager:
        manager.load_expert("thinking", package)
        yield manager


@pytest.fixture(scope="module")
def expert(manager: ExpertManager) -> Expert:
    return Expert(manager, "thinking")


@pytest.fixture(scope="module")
def client(manager: ExpertManager) -> Iterator[openai.OpenAI]:
    server = DrainingServer(manager.for_asyncio(), ServerSettings())
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    until(lambda: server.started, 30)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
        yield client
    server.should_exit = True
    thread.join(timeout=20)


def own(result: Any) -> bool:
    """Whether the expert closed its block itself, behind what it was taught to say."""
    thought = result.reasoning or ""
    return bool(thought.startswith("I need") and thought.endswith("."))


def test_it_thinks_and_then_writes_a_whole_query(expert: Expert) -> None:
    grammar = bundled("sql")
    assert grammar
    results = [expert.generate(pair.question, schema=SCHEMA) for pair in PAIRS]
    assert all(map(own, results)), [result.reasoning for result in results]
    for result in results:
        assert grammar.accepts(result.text) and "think>" not in result.text
        assert 0 < result.usage.reasoning_tokens < result.usage.completion_tokens
    off = expert.generate(PAIRS[0].question, schema=SCHEMA, reasoning="off")
    assert off.reasoning is None and grammar.accepts(off.text)
    kept = expert.generate(PAIRS[0].question, schema=SCHEMA, reasoning="keep")
    assert kept.text.startswith("<think>\nI need") and kept.reasoning == results[0].reasoning
    assert kept.completions[0].answer == results[0].text


def test_without_a_grammar_its_block_still_comes_apart(expert: Expert) -> None:
    results = [expert.generate(p.question, schema=SCHEMA, grammar=None) for p in PAIRS]
    assert all(map(own, results)) and not any("think>" in result.text for result in results)


def test_a_hundred_sampled_answers_are_whole(expert: Expert) -> None:
    """At temperature 1: each block in its budget, each sentence complete, within `max_tokens`."""
    grammar = bundled("sql")
    assert grammar
    asked: dict[str, Any] = {"schema": SCHEMA, "temperature": 1.0, "n": 34, "max_tokens": 160}
    results = [expert.generate(p.question, seed=i, **asked) for i, p in enumerate(PAIRS)]
    found = [c for result in results for c in result.completions]
    assert sum(c.reasoning is not None for c in found) > 30
    for completion in found:
        assert completion.reasoning_tokens <= 80 + 2 and len(completion.token_ids) <= 160
        assert completion.grammar and completion.grammar.complete
        assert grammar.accepts(completion.text), completion.text


def test_streams_and_the_server_tell_the_same(expert: Expert, client: openai.OpenAI) -> None:
    question = PAIRS[0].question
    whole = expert.generate(question, schema=SCHEMA)
    with expert.generate_stream(question, schema=SCHEMA) as stream:
        chunks = list(stream)
    assert "".join(c.text for c in chunks) == whole.text
    assert "".join(c.reasoning for c in chunks) == whole.reasoning
    asked: dict[str, Any] = {
        "model": "thinking",
        "messages": [{"role": "user", "content": question}],
        "extra_body": {"schema": SCHEMA},
    }
    answer: Any = client.chat.completions.create(**asked)
    assert answer.choices[0].message.content == whole.text
    assert answer.choices[0].message.reasoning_content == whole.reasoning
    details = answer.usage.completion_tokens_details
    assert details.reasoning_tokens == whole.usage.reasoning_tokens > 0
    options = {"stream": True, "stream_options": {"include_usage": True}}
    events: Any = list(client.chat.completions.create(**asked, **options))
    deltas = [e.choices[0].delta for e in events if e.choices]
    assert "".join(getattr(d, "reasoning_content", None) or "" for d in deltas) == whole.reasoning
    assert "".join(d.content or "" for d in deltas) == whole.text
    first = next(i for i, d in enumerate(deltas) if d.content)
    assert not any(getattr(d, "reasoning_content", None) for d in deltas[first + 1 :])
    assert events[-1].usage.completion_tokens_details.reasoning_tokens == details.reasoning_tokens
