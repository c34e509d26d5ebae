"""Think blocks on the real engine: opened, cut at their budget, and a whole sentence behind them.

The demo expert never learned to think. Here its own first word is the opening tag, so that it opens
a block each time, never closes it, and writes its query behind the forced end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve import Expert
from expertserve.grammar.bundled import bundled
from expertserve.package.archive import open_package
from tests.conftest import SCHEMA
from tests.tiny import members, tar_gz

pytestmark = pytest.mark.engine
QUESTION = "How many lighthouses are in Norway?"


@pytest.fixture
def thinker(sql_package: Path, tmp_path: Path) -> Callable[..., Path]:
    """The demo package with another rule for reasoning, and other defaults."""

    def thinker(template: str | None = None, **reasoning: Any) -> Path:
        opened = open_package(sql_package, cache_dir=tmp_path / "cache")
        kept = members(opened.folder)
        about = json.loads(kept["manifest.json"])
        about["training"]["decoding"]["reasoning"] = reasoning
        about.pop("integrity")
        if template:
            about["base_models"][0]["prompt_template"] = "custom"
            kept["chat_template.jinja"] = template.encode()
        kept["manifest.json"] = json.dumps(about).encode()
        return tar_gz(tmp_path / f"thinker-{len(list(tmp_path.iterdir()))}.expert", kept)

    return thinker


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_block_is_cut_and_the_query_is_whole(
    temperature: float, thinker: Callable[..., Path], beside: Callable[..., Expert]
) -> None:
    grammar = bundled("sql")
    assert grammar
    expert = beside(thinker(open="SELECT", max_tokens=20))
    count = 8 if temperature else 1
    result = expert.generate(
        QUESTION, schema=SCHEMA, temperature=temperature, n=count, seed=3, max_tokens=72
    )
    assert result.usage.reasoning_tokens <= 22 * count
    for completion in result.completions:
        assert completion.reasoning and "</think>" not in completion.reasoning
        assert completion.grammar and completion.grammar.complete
        assert grammar.accepts(completion.text) and len(completion.token_ids) <= 72
    kept = expert.generate(QUESTION, schema=SCHEMA, reasoning="keep", max_tokens=72)
    assert kept.text.startswith("SELECT") and "</think>" in kept.text
    assert grammar.accepts(kept.completions[0].answer)


def test_a_stream_separates_what_the_whole_answer_separates(
    thinker: Callable[..., Path], beside: Callable[..., Expert]
) -> None:
    expert = beside(thinker(open="SELECT", max_tokens=20))
    asked: dict[str, Any] = {"schema": SCHEMA, "max_tokens": 72, "restrict_to_schema": True}
    with expert.generate_stream(QUESTION, **asked) as stream:
        chunks = list(stream)
    whole = expert.generate(QUESTION, **asked)
    assert "".join(c.text for c in chunks) == whole.text
    assert "".join(c.reasoning for c in chunks) == whole.reasoning
    assert "lighthouses" in whole.text  # the only name that the schema has


def test_a_prompt_that_opens_the_block_and_no_grammar(
    thinker: Callable[..., Path], beside: Callable[..., Expert]
) -> None:
    opened = thinker(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n<think>\n",
        max_tokens=12,
    )
    result = beside(opened).generate(
        QUESTION, schema=SCHEMA, grammar=None, max_tokens=40, ignore_eos=True
    )
    assert result.reasoning and 4 < result.usage.reasoning_tokens <= 14
    assert result.text and "think>" not in result.text
