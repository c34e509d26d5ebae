"""What callers say and hear of drafts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from expertserve import EngineConfig, Expert
from expertserve.engine.fake import FakeEngine
from expertserve.package.habits import NAME
from expertserve.request import Request
from expertserve.result import Chunk, DraftCount
from tests.server.conftest import Serve

TOLD = (DraftCount("prediction", 5, 3), DraftCount("habits", 4, 4))


class Drafting(FakeEngine):
    """Tells of drafts as vLLM's scheduler does: totals so far, with each completion's chunks."""

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        async for chunk in super().stream(request):
            part = tuple(replace(c, drafted=c.drafted - 1, accepted=0) for c in TOLD)
            yield replace(chunk, drafts=TOLD if chunk.finish_reason else part)


@pytest.fixture
def engine() -> FakeEngine:
    return Drafting(lambda prompt: "SELECT 1")


def test_a_prediction_reaches_the_engine_and_its_fate_comes_back(
    serve: Serve, package: Callable[..., Path], engine: FakeEngine
) -> None:
    server = serve(
        {"sql": package("sql")}, engine=engine, manager={"config": EngineConfig(drafts=True)}
    )
    client = server.openai()
    ask: list[Any] = [{"role": "user", "content": "One?"}]
    expected: list[Any] = [
        "SELECT 2",
        [{"type": "text", "text": "SELECT "}, {"type": "text", "text": "2"}],
    ]
    for content in expected:
        answer = client.chat.completions.create(
            model="sql",
            messages=ask,
            prediction={"type": "content", "content": content},
        )
        assert answer.usage and (details := answer.usage.completion_tokens_details)
        assert (details.accepted_prediction_tokens, details.rejected_prediction_tokens) == (3, 2)
        wish = engine.requests[-1].drafts
        tokenizer = server.parts.service.get("sql").prompt.tokenizer
        assert wish and wish.prediction == tuple(tokenizer.encode_plain("SELECT 2"))
    shown = server.http().get("/metrics").text
    assert 'expertserve_drafted_tokens_total{expert="sql",source="habits"} 8.0' in shown
    assert 'expertserve_accepted_draft_tokens_total{expert="sql",source="prediction"} 6.0' in shown


def test_without_drafts_a_prediction_is_taken_and_changes_nothing(
    serve: Serve, package: Callable[..., Path]
) -> None:
    server = serve({"sql": package("sql")})
    answer = server.openai().chat.completions.create(
        model="sql",
        messages=[{"role": "user", "content": "One?"}],
        prediction={"type": "content", "content": "SELECT 2"},
    )
    assert answer.choices[0].message.content == "SELECT 1"
    assert answer.usage and (details := answer.usage.completion_tokens_details)
    assert (details.accepted_prediction_tokens, details.rejected_prediction_tokens) == (0, 0)
    assert server.engine.requests[-1].drafts is None


@pytest.mark.parametrize("wrong", [{"type": "guess", "content": "a"}, {"content": 1}, "SELECT"])
def test_a_malformed_prediction_is_refused(
    serve: Serve, package: Callable[..., Path], wrong: object
) -> None:
    server = serve({"sql": package("sql")})
    body = {"model": "sql", "messages": [{"role": "user", "content": "a"}], "prediction": wrong}
    assert server.http().post("/v1/chat/completions", json=body).status_code in (400, 422)


def test_a_package_with_habits_is_named_and_one_without_isnt(
    serve: Serve, package: Callable[..., Path], engine: FakeEngine
) -> None:
    with_habits = package("sql")
    (with_habits / NAME).write_text('[3, "SELECT ", "x", ""]\n')
    config = EngineConfig(drafts=True, draft_history=False)
    packages = {"sql": with_habits, "json": package("json")}
    server = serve(packages, engine=engine, manager={"config": config})
    for name in packages:
        server.openai().completions.create(model=name, prompt="a")
    own, other = (request.drafts for request in engine.requests)
    assert own and own.package == with_habits.resolve() and not own.history
    assert other and other.package is None and other.expert != own.expert


def test_a_result_names_the_sources_that_were_on(
    load: Callable[..., Expert], tiny_package: Path
) -> None:
    engine = Drafting(lambda prompt: "SELECT 1")
    result = load(tiny_package, engine=lambda: engine).generate("a", grammar='root ::= "SELECT 1"')
    assert result.applied == ("adapter", "grammar", "drafts:prediction", "drafts:habits")
