"""Grammars in which words may not run together: exactly the sentences without such a place."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from expertserve.grammar.boundaries import with_boundaries
from expertserve.grammar.recognise import Grammar
from tests.published import published

SPACED = """
root ::= "SELECT" ws names ws "FROM" ws name (ws "WHERE" ws test)? (ws "LIMIT" ws [0-9]{1,4})?
names ::= name (ws "," ws name){0,3} | "*"
name ::= [a-z] [a-z0-9_]{0,3} | "\\"" [^"]{1,3} "\\""
test ::= test ws ("AND" | "OR") ws test | "NOT" ws test | name ws ("=" | "LIKE" | "IS" ws "NOT") ws value
value ::= "-"? [0-9]+ | "'" [^']{0,4} "'" | "(" ws test ws ")" | "NULL"
ws ::= [ \\t\\n]*
"""


def test_words_need_a_blank_and_marks_do_not() -> None:
    grammar, fixed = Grammar.from_gbnf(SPACED), with_boundaries(Grammar.from_gbnf(SPACED))
    for text in (
        "SELECT a FROM b",
        "SELECT*FROM b",
        'SELECT"a"FROM"b"',
        "SELECT a,b,c FROM d WHERE a='x'AND b=-1 LIMIT 10",
        "SELECT a FROM b WHERE NOT(a=1)",
        "SELECT  a\nFROM\tb",
    ):
        if grammar.accepts(text):
            assert fixed.accepts(text), text
    for text in (
        "SELECTa FROM b",
        "SELECT aFROM b",
        "SELECT a FROMb",
        "SELECT a FROM bWHERE a=1",
        "SELECT a FROM b WHERE aLIKE'x'",
        "SELECT a FROM b WHERE a ISNOT NULL",
        "SELECT a FROM b WHERE a=1AND b=2",
        "SELECT a FROM b LIMIT10",
        "SELECT a FROM b WHERE NOTa=1",
    ):
        assert grammar.accepts(text) and not fixed.accepts(text), text


PIECES = st.recursive(
    st.sampled_from(['"ab"', '"="', "[a-c]", "[a-c=]", '"("', '"x="']),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda p: "(" + " ws ".join(p) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: "(" + " ".join(p) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: "(" + " | ".join(p) + ")"),
        st.tuples(inner, st.sampled_from(["*", "?", "+", "{1,3}", "{0,2}"])).map("".join),
        inner.map(lambda p: f"(ws {p})*"),
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(PIECES, st.randoms(use_true_random=False))
def test_the_fixed_grammar_is_the_marked_grammar_without_joined_words(
    body: str, chance: random.Random
) -> None:
    """Judged by a grammar whose empty blanks write a mark that can be seen."""
    blank = Grammar.from_gbnf(f"root ::= {body}\nws ::= [ ]*")
    marked = Grammar.from_gbnf(f'root ::= {body}\nws ::= [ ]+ | "#"')
    try:
        fixed = with_boundaries(blank)
    except Exception as error:  # noqa: BLE001
        assert getattr(error, "code", "") in ("no_sentence", "empty_language"), error
        fixed = None
    for _ in range(8):
        sentence = marked.sample(chance, max_chars=12)
        sound = not re.search(r"[a-z]#+[a-z]", sentence)
        if sound:
            assert fixed is not None and fixed.accepts(sentence.replace("#", "")), sentence
        if fixed is not None:
            written = fixed.sample(chance, max_chars=12)
            assert blank.accepts(written)
            assert any_marking(marked, written), written


def any_marking(marked: Grammar, text: str) -> bool:
    """Whether some way to put marks into the text is a sentence without joined words.

    Rejects the example where so many ways begin well that it would take minutes.
    """
    waiting = [(0, "", 0)]
    for _ in range(5000):
        if not waiting:
            return False
        at, done, joined = waiting.pop()
        if not marked.is_prefix(done):
            continue
        if at == len(text) and marked.accepts(done):
            return True
        if at < len(text):
            waiting.append((at + 1, done + text[at], 0))
        joins = re.search(r"[a-z]#*$", done) and at < len(text) and text[at].isalpha()
        if joined < 5 and not joins:
            waiting.append((at, done + "#", joined + 1))
    return reject()


@pytest.mark.parametrize("name", ["sql"])
def test_a_published_grammar_no_longer_runs_words_together(name: str) -> None:
    grammar = Grammar.from_gbnf(published(name))
    fixed, chance = with_boundaries(grammar), random.Random(3)
    assert grammar.accepts("SELECTfooFROMa") and not fixed.accepts("SELECTfooFROMa")
    assert fixed.accepts("SELECT foo FROM a WHERE b = 1 ORDER BY c DESC")
    for _ in range(300):
        text = fixed.sample(chance, max_chars=80)
        assert grammar.accepts(text) and re.match(r"SELECT[^A-Za-z0-9_]", text), text
