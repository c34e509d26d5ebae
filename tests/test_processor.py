"""Grammars in Outlines' own generators: by our masks, and as terms on the backends that Outlines
brings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import outlines
import pytest
import torch
from outlines.types import CFG
from outlines.types.dsl import Regex
from transformers import AutoModelForCausalLM, AutoTokenizer

from expertserve.decoding.processor import MaskProcessor
from expertserve.grammar.bundled import bundled
from expertserve.grammar.gbnf import parse
from expertserve.grammar.lower import to_outlines
from expertserve.grammar.recognise import Grammar
from tests import tiny

NESTED = Grammar.from_gbnf('root ::= "(" (root | [a-z]{1,3}) ")" | "[" root "]" | [0-9]{1,4}')
EOS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    """A random model of two layers: it would write anything."""
    return outlines.from_transformers(
        AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    )


def test_a_random_model_writes_sentences_and_nothing_else(model: Any, folder: Path) -> None:
    generator = outlines.Generator(model, processor=MaskProcessor(NESTED, folder, [EOS]))
    torch.manual_seed(0)
    ended = 0
    for _ in range(20):
        text = generator("x", max_new_tokens=40, do_sample=True)
        assert NESTED.is_prefix(text), text
        ended += NESTED.accepts(text)
    assert ended >= 10


def test_rows_of_a_batch_are_followed_each_by_itself(model: Any, folder: Path) -> None:
    generator = outlines.Generator(
        model, processor=MaskProcessor(NESTED, folder, [EOS], strategy="quick")
    )
    torch.manual_seed(1)
    texts = generator.batch(["a", "b" * 30, "c", "d"], max_new_tokens=40, do_sample=True)
    assert len(texts) == 4 and all(NESTED.is_prefix(t) for t in texts) and len(set(texts)) > 1


def test_a_large_grammar_is_followed(model: Any, folder: Path) -> None:
    grammar = bundled("json-object")
    assert grammar
    generator = outlines.Generator(
        model, processor=MaskProcessor(grammar, folder, [EOS], strategy="quick")
    )
    torch.manual_seed(2)
    assert all(
        grammar.is_prefix(generator("x", max_new_tokens=30, do_sample=True)) for _ in range(5)
    )


REGULAR = ['root ::= "yes" | "no"', 'root ::= [a-f]{2,4} ("-" [0-9]+)?', 'root ::= "#" [0-9a-f]{6}']
FREE = [
    'root ::= "(" root ")" | "a"',
    'root ::= "[" (root ("," root)*)? "]"',
    'root ::= "if " cond " then " cond\ncond ::= "a" | "not " cond',
]


@pytest.mark.parametrize(
    ("text", "kind", "backend"),
    [*((t, Regex, "outlines_core") for t in REGULAR), *((t, CFG, "llguidance") for t in FREE)],
)
def test_terms_run_unmodified_on_stock_backends(
    model: Any, text: str, kind: type, backend: str
) -> None:
    term, grammar = to_outlines(parse(text)), Grammar.from_gbnf(text)
    assert isinstance(term, kind)
    generator = outlines.Generator(model, term, backend=backend)
    torch.manual_seed(3)
    texts = [generator("x", max_new_tokens=30, do_sample=True) for _ in range(8)]
    assert all(grammar.is_prefix(t) for t in texts) and any(grammar.accepts(t) for t in texts), (
        texts
    )
