"""Answers followed as they come: where they stop, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydantic
import pytest

from expertserve import Expert
from expertserve.decoding.follow import Follower
from expertserve.engine.fake import FakeEngine
from expertserve.errors import GrammarError
from expertserve.grammar.recognise import Grammar
from expertserve.result import Chunk


def test_a_stop_behind_one_that_does_not_count_is_seen() -> None:
    """Both come in one token; the first stands inside a string."""
    tokens = {0: b"'", 1: b";';", 2: b"x"}
    grammar = Grammar.from_gbnf('root ::= "\'" [^\']* "\'" ";"? "x"?')
    follower = Follower(
        grammar, tokens, lambda text: [], max_tokens=10, ends=frozenset({9}), stops=(";",)
    )
    chunks = [follower.follow(Chunk("", (token,))) for token in (0, 1)]
    assert "".join(c.text for c in chunks if c) == "';'" and follower.ended and follower.complete


def test_what_a_models_own_validator_refuses_is_an_error_of_ours(
    load: Callable[..., Expert], tiny_package: Path
) -> None:
    class Even(pydantic.BaseModel):
        number: int

        @pydantic.field_validator("number")
        @classmethod
        def even(cls, value: int) -> int:
            if value % 2:
                raise ValueError("odd")
            return value

    answers = iter(['{"number": 2}', '{"number": 3}'])
    expert = load(tiny_package, engine=lambda: FakeEngine(lambda prompt: next(answers)))
    assert expert.generate("x", json_schema=Even).parsed == Even(number=2)
    with pytest.raises(GrammarError, match="odd") as caught:
        expert.generate("x", json_schema=Even)
    assert caught.value.code == "not_valid"
