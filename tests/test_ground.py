"""Values that are spans of the user's text: what they may be, and that masks say the same."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.decoding.marked import MarkedMask, MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Mask
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar import terms
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.marks import SourceMark, machine_text
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.spans import Spans, words

PIECES = r"""An|Ana| Gil|Gil|", |": |"A| "|a"|{"|"}| a|é|l's|'s| (|\"|\n|12|,5|.",|null| b|il"}|A.| A""".split(
    "|"
)
SMALL = Vocabulary(
    {i: bytes([i]) for i in range(256)} | {256 + i: p.encode() for i, p in enumerate(PIECES)},
    frozenset({300, 301}),
)
OURS = MarkedVocabulary(SMALL)
GLR = GlrVocabulary(OURS.whole)
SIZE = 320


def masked(grammar: GroundedGrammar) -> Mask:
    rules = parse(machine_text(grammar.rules), bounded=False)
    mask = GlrMask.compile(rules, GLR, "quick")
    return MarkedMask(mask, OURS, grammar.numbered, grammar.source)


def over(grammar: Grammar, source: str, **ids: int) -> GroundedGrammar:
    made = GroundedGrammar.over(grammar, source, ids=ids, spelt=SMALL.tokens)
    assert isinstance(made, GroundedGrammar)
    return made


def compare(grammar: GroundedGrammar, rng: random.Random, steps: int = 14) -> str:
    """Walks at random; the mask allows what the recogniser does, but tokens with a whole span."""
    state, cursor, said = masked(grammar).start(), grammar.start(), b""
    for _ in range(steps):
        row = np.zeros(SIZE // 32, dtype=np.int32)
        state.fill(row)
        bits = np.unpackbits(row.view(np.uint8), bitorder="little")
        found = set(np.flatnonzero(bits).tolist())
        tokens = {**dict.fromkeys(SMALL.specials), **SMALL.tokens}
        wanted = {i for i, data in tokens.items() if cursor.copy().take(i, data)}
        assert found <= wanted, (said, [tokens[i] for i in found - wanted])
        for token in wanted - found:
            data = tokens[token] or b""
            inner = [data[a:b] for a in range(len(data)) for b in range(a + 1, len(data))]
            whole = [
                i for i in inner for s in grammar.spans.values() if s.may_end(s.begin(i), len(i))
            ]
            assert whole, (said, data)
        assert state.accepting == cursor.complete, said
        if not found:
            break
        token = rng.choice(sorted(found))
        other = state.copy()
        assert state.commit(token) and cursor.take(token, tokens[token])
        assert other.commit(token)
        said += tokens[token] or b"<>"
    return said.decode(errors="replace")


GRAMMARS = [
    'root ::= "{\\"" [a-c]+ "\\": " ("\\"" <source:json> "\\"" | <source:number> | "null") "}"',
    'root ::= <source> (" " <source>)*',
    'root ::= ["] <source:json:any-case> ["] | [a-b]* <source:cypher:2..9>',
    'root ::= "\'" <source:sql> "\'" ("." | "a" <source:integer:(1..>)*',
]


@pytest.mark.parametrize("text", GRAMMARS)
@pytest.mark.parametrize(
    "source", ["Ana Gil", 'An "A. Gil" said a\n12,5 b', "é's Ana's; 12 1,200."]
)
def test_masks_say_what_the_recogniser_says_of_spans(text: str, source: str) -> None:
    grammar = over(Grammar.from_gbnf(text), source)
    for seed in range(6):
        compare(grammar, random.Random(seed))
