"""Masks of bound grammars say what the recogniser says."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from expertserve.decoding.compile import vocabulary_of
from expertserve.decoding.ddl import schema_of
from expertserve.decoding.marked import MarkedMask
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary
from expertserve.grammar.gbnf import parse
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.marks import machine_text
from expertserve.grammar.names.scope import scope_of
from expertserve.grammar.names.sql_rules import bound_sql
from tests.names.walks import ddl, walk


def test_masks_allow_what_the_recogniser_allows(demo_base: Path) -> None:
    own = vocabulary_of(demo_base)
    vocabulary, grammar = MarkedVocabulary(own), bound_sql("sql")
    rules = parse(machine_text(grammar.rules), bounded=False)
    compiled = GlrMask.compile(rules, GlrVocabulary(vocabulary.whole), "quick")
    words = (max(own.tokens) // 32) + 1
    for seed in range(6):
        rng = random.Random(seed)
        scope = scope_of(schema_of(ddl(rng), "sql"))
        narrow = GroundedGrammar.over(grammar, "", names=scope)
        assert isinstance(narrow, GroundedGrammar)
        state = MarkedMask(compiled, vocabulary, narrow.numbered, "", scope).start()
        cursor, wanted, said = narrow.start(), walk(grammar, scope, rng, 120).encode(), b""
        row = np.zeros(words, dtype=np.int32)
        while wanted:
            state.fill(row)
            found = np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little")).tolist()
            some = rng.sample(found, min(len(found), 30))
            for token in some:
                assert cursor.copy().take(token, own.tokens[token]), (said, own.tokens[token])
            others = rng.sample(sorted(own.tokens.keys() - set(found)), 30)
            for token in others:
                if cursor.copy().take(token, own.tokens[token]):
                    assert len(own.tokens[token]) > 1, (said, own.tokens[token])
            token = next(
                i
                for i in sorted(found, key=lambda i: -len(own.tokens[i]))
                if wanted.startswith(own.tokens[i])
            )
            other = state.copy()
            assert state.commit(token) and other.commit(token)
            assert cursor.take(token, own.tokens[token])
            said, wanted = said + own.tokens[token], wanted[len(own.tokens[token]) :]
            assert state.accepting == cursor.complete, said
        assert cursor.complete, said
