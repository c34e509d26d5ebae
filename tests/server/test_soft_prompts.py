"""Soft prompts over HTTP: asked for by name, told in the answer, listed with the model."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.server.conftest import Running, Serve
from tests.server.test_chat import ASK


@pytest.fixture
def styled(serve: Serve, package: Any) -> Running:
    folder = package("sql", soft_prompts=[{"name": "style", "path": "style.pt", "tokens": 6}])
    torch.save(torch.zeros(6, 128), folder / "style.pt")
    return serve({"sql": folder})


def test_a_soft_prompt_is_a_field_of_every_call(styled: Running) -> None:
    client = styled.openai()
    plain: Any = client.chat.completions.create(model="sql", messages=ASK)
    chat: Any = client.chat.completions.create(
        model="sql", messages=ASK, extra_body={"soft_prompt": "style"}
    )
    assert chat.expertserve["expert"]["soft_prompt"]["name"] == "style"
    assert plain.expertserve["expert"]["soft_prompt"] is None
    assert chat.usage.prompt_tokens == plain.usage.prompt_tokens + 6
    client.completions.create(model="sql", prompt="x", extra_body={"soft_prompt": "style"})
    asked = [request.soft_prompt for request in styled.engine.requests]
    assert [soft and soft.name for soft in asked] == [None, "style", "style"]


def test_one_that_is_not_there_is_a_400_that_names_the_field(styled: Running) -> None:
    body = {"model": "sql", "messages": ASK, "soft_prompt": "other"}
    answer = styled.http().post("/v1/chat/completions", json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "no_soft_prompt" and error["param"] == "soft_prompt"
    assert "style" in error["message"]


def test_a_model_says_which_it_has(styled: Running) -> None:
    assert styled.http().get("/v1/models/sql").json()["expertserve"]["soft_prompts"] == ["style"]
