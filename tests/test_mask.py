"""Masks agree with the recogniser: on random grammars and the real ones, by both engines."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expertserve.decoding.compile import prune
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Mask, XMask
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.bundled import bundled, names
from expertserve.grammar.gbnf import parse
from expertserve.grammar.glrm import to_glrm
from expertserve.grammar.lower import to_outlines, to_regex
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Rules, Seq

TEXTS = ["a", "b", "c", "ab", "ba", "abc", "aa", "cc", "bcb", " ", "é", "aé", "éb", "😀"]
SIZE = 256 + 32
WORDS = Vocabulary(
    {
        **{i: bytes([i]) for i in range(256)},
        **{256 + i: t.encode() for i, t in enumerate(TEXTS)},
        284: "é".encode()[:1] + b"",
        285: b"b\xc3",
    }
)
GLR = GlrVocabulary(WORDS)


def allowed(mask: Mask, taken: list[int]) -> tuple[set[int], bool]:
    """What a mask lets come next after these tokens, and whether the sentence may end."""
    state = mask.start()
    for token in taken:
        assert state.commit(token), taken
    row = np.zeros((SIZE + 31) // 32, dtype=np.int32)
    state.fill(row)
    bits = np.unpackbits(row.view(np.uint8), bitorder="little")
    return {i for i in np.flatnonzero(bits).tolist() if i in WORDS.tokens}, state.accepting


def expected(grammar: Grammar, taken: list[int]) -> tuple[set[int], bool]:
    cursor = grammar.start()
    for token in taken:
        assert cursor.feed(WORDS.tokens[token])
    return {i for i, data in WORDS.tokens.items() if cursor.copy().feed(data)}, cursor.complete


def walk(grammar: Grammar, masks: list[Mask], rng: random.Random, steps: int = 12) -> None:
    """Takes random tokens that are allowed; everywhere, every mask says what the recogniser says."""
    taken: list[int] = []
    for _ in range(steps):
        wanted = expected(grammar, taken)
        for mask in masks:
            assert allowed(mask, taken) == wanted, (
                b"".join(WORDS.tokens[t] for t in taken),
                type(mask),
            )
        if not wanted[0]:
            return
        taken.append(rng.choice(sorted(wanted[0])))


def nodes() -> st.SearchStrategy[Node]:
    leaves: st.SearchStrategy[Node] = st.one_of(
        st.sampled_from(
            [Literal("a"), Literal("ab"), Literal("c"), Literal("é"), Literal("bc"), Seq()]
        ),
        st.sampled_from(
            [
                Class(((97, 98),)),
                Class(((98, 99), (233, 233))),
                Class(((0, 96), (100, 0xD7FF), (0xE000, 0x10FFFF))),
            ]
        ),
        st.sampled_from([Ref("root"), Ref("x"), Ref("y")]),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda items: Seq(tuple(items))),
            st.lists(inner, min_size=2, max_size=3, unique=True).map(
                lambda options: Alt(tuple(options))
            ),
            st.tuples(
                inner, st.sampled_from([(0, 1), (0, None), (1, None), (0, 2), (2, 3), (2, None)])
            ).map(lambda p: Repeat(p[0], *p[1])),
        ),
        max_leaves=6,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(root=nodes(), x=nodes(), y=nodes(), seed=st.integers(0, 1 << 30))
def test_glrmask_agrees_with_the_recogniser_on_random_grammars(
    root: Node, x: Node, y: Node, seed: int
) -> None:
    rules = Rules({"root": root, "x": x, "y": y}, {"root": 1, "x": 2, "y": 3})
    grammar = productive(rules)
    if grammar is not None:
        walk(
            grammar, [GlrMask.compile(rules, GLR, "walk")], random.Random(seed), 6
        )  # the others may take any memory


def productive(rules: Rules) -> Grammar | None:
    from expertserve import GrammarError

    try:
        return Grammar(rules)
    except GrammarError:
        return None


SIMPLE = [
    'root ::= "a" | "b" root',
    'root ::= root "a" | "b"',
    'root ::= ("a" | "b" | "é")+ "c"?',
    'root ::= ("a"{0,3}){0,3} "b"',
    'root ::= x* "c"\nx ::= "a"? "b"?',
    'root ::= [^a] | "ab" root',
    'root ::= "" | "(" root ")" root',
    'Token ::= "ab"\nroot ::= Token{2,3} import\nimport ::= .?',
    'root ::= "😀" [é-ü]{2,}',
    'root ::= [bcé]* "c"',
    'root ::= "a" x\nx ::= ("b" | "é" "b") | x2\nx2 ::= [bé]+ "c"',
    'root ::= "a" x\nx ::= ("a"+){2,3} "a"',
    'root ::= x "c" | "b"\nx ::= ("a" | "ab"){2} "b" | "c" y{3} "a"\ny ::= [ac]{1,2}',
    'root ::= x* "a"\nx ::= "" | y\ny ::= x | ""',
]


TWO_QUOTES = """
root ::= text ("," text)*
text ::= "a" ([^a\\\\] | more)* "a" | "b" ([^b\\\\] | more)* "b"
more ::= "\\\\" [abc]
"""


@pytest.mark.parametrize("text", SIMPLE)
def test_both_engines_agree_with_the_recogniser(text: str) -> None:
    rules = parse(text)
    walk(
        Grammar(rules),
        [
            GlrMask.compile(rules, GLR),
            GlrMask.compile(rules, GLR, "quick"),
            XMask.compile(rules, WORDS),
        ],
        random.Random(1),
        10,
    )


@pytest.mark.parametrize("name", ["json", "date", "number", "list"])
def test_both_engines_agree_on_our_small_grammars(name: str) -> None:
    grammar = bundled(name)
    assert grammar
    masks = [GlrMask.compile(grammar.rules, GLR, "quick"), XMask.compile(grammar.rules, WORDS)]
    for seed in range(5):
        walk(grammar, masks, random.Random(seed), 25)


@pytest.mark.parametrize("name", [n for n in names() if n.startswith(("sql", "cypher"))])
def test_masks_of_our_large_grammars_follow_their_sentences(name: str) -> None:
    grammar = bundled(name)
    assert grammar
    mask = GlrMask.compile(grammar.rules, GLR, "quick")
    rng = random.Random(7)
    for _ in range(10):
        sentence = grammar.sample(rng, 120).encode()
        cut = rng.randrange(len(sentence) + 1)
        taken = list(sentence[:cut])
        assert allowed(mask, taken) == expected(grammar, taken)


@pytest.mark.parametrize(
    "sample",
    sorted(Path(__file__).parents[2].glob("shared/samples/*/grammar.gbnf")),
    ids=lambda p: p.parent.name,
)
def test_published_grammars_are_enforced_as_written(sample: Path) -> None:
    grammar = Grammar.from_gbnf(sample.read_bytes())
    mask = GlrMask.compile(grammar.rules, GLR)
    rng = random.Random(3)
    for _ in range(10):
        sentence = grammar.sample(rng, 60).encode()
        for cut in {0, len(sentence) // 2, len(sentence)}:
            taken = list(sentence[:cut])
            assert allowed(mask, taken) == expected(grammar, taken)


def test_a_mask_survives_saving() -> None:
    rules = parse(SIMPLE[2])
    mask = GlrMask.compile(rules, GLR)
    again = GlrMask.load(mask.save(), GLR)
    assert allowed(again, [97, 98]) == allowed(mask, [97, 98]) == expected(Grammar(rules), [97, 98])


def test_a_token_that_may_not_come_is_refused() -> None:
    state = GlrMask.compile(parse('root ::= "ab"'), GLR).start()
    assert state.commit(97) and not state.copy().commit(99) and state.commit(98) and state.accepting


@pytest.mark.parametrize("ids", [range(32), range(1, 33)])
def test_the_token_that_ends_sentences_stays_inside(ids: range) -> None:
    """Its id is one that logits may have and no text, or one behind them all."""
    words = Vocabulary({i: bytes([97 + i]) for i in ids})
    vocabulary = GlrVocabulary(words)
    state = GlrMask.compile(parse('root ::= "cd"'), vocabulary).start()
    row = np.full(max(ids) // 32 + 1, -1, dtype=np.int32)
    for token in (2, 3):
        state.fill(row)
        assert row.tolist()[0] == 1 << token and not row[1:].any()
        assert not state.accepting and not state.copy().commit(vocabulary.end)
        assert state.forced() == [2, 3][token - 2 :]
        assert state.commit(token)
    state.fill(row)
    assert not row.any() and state.accepting and state.copy().accepting
    assert state.forced() == [] and not state.commit(vocabulary.end)


@pytest.mark.parametrize("name", names())
def test_a_lexer_reads_our_grammars(name: str) -> None:
    """Read by characters, names and strings made compiles ten times as long."""
    grammar = bundled(name)
    assert grammar and not to_glrm(grammar.rules).spelt


def test_a_small_part_that_two_words_share_does_not_join_them() -> None:
    said = to_glrm(parse(TWO_QUOTES))
    assert not said.spelt and said.text.count("\nt T") == 1
    grammar = Grammar(parse(TWO_QUOTES))
    walk(grammar, [GlrMask.compile(grammar.rules, GLR, "quick")], random.Random(4), 20)


@settings(max_examples=100, deadline=None)
@given(x=nodes(), seed=st.integers(0, 1 << 30))
def test_the_regular_expression_is_the_same_language(x: Node, seed: int) -> None:
    import re

    if (
        any(isinstance(n, Ref) for n in [x])
        or to_regex(Rules({"root": x, "x": Literal("a"), "y": Literal("b")}, {})) is None
    ):
        return
    rules = Rules({"root": x, "x": Literal("a"), "y": Literal("b")}, {})
    pattern, grammar, rng = to_regex(rules), productive(rules), random.Random(seed)
    if pattern is None or grammar is None:
        return
    for text in [grammar.sample(rng, 20) for _ in range(5)] + [
        "".join(rng.choices("abcé", k=rng.randrange(6))) for _ in range(20)
    ]:
        assert bool(re.fullmatch(pattern, text, re.DOTALL)) == grammar.accepts(text), (
            pattern,
            text,
        )


def test_outlines_terms_are_regular_where_they_can_be() -> None:
    from outlines.types import CFG
    from outlines.types.dsl import Regex

    assert isinstance(to_outlines(parse('root ::= "a"+ x\nx ::= [0-9]{2}')), Regex)
    assert isinstance(to_outlines(parse('root ::= "(" root? ")"')), CFG)


def test_masks_that_were_not_used_for_the_longest_make_room(tmp_path: Path) -> None:
    for i in range(5):
        (tmp_path / f"{i}.mask").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"{i}.mask", (i, i))
    os.utime(tmp_path / "0.mask")  # used now
    prune(tmp_path, most=300)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.mask", "3.mask", "4.mask"]
