"""The recogniser against all sentences of small random grammars."""

from __future__ import annotations

import gc
import pickle
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from expertserve.errors import GrammarError
from expertserve.grammar.earley import Set
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Rules, Seq
from expertserve.grammar.write import write
from tests.published import published as grammar_of

LONGEST = 5
NAMES = ("root", "a", "b-1")

leaves = st.one_of(
    st.sampled_from([Literal("x"), Literal("y"), Literal("xy"), Class(((120, 121),)), Seq()]),
    st.sampled_from([Ref(name) for name in NAMES]),
)


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    bounds = st.sampled_from(
        [(0, None), (1, None), (0, 1), (2, 2), (0, 3), (2, None), (1, 2), (0, 0)]
    )
    return st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: Seq(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: Alt(tuple(options))),
        st.tuples(inner, bounds).map(lambda pair: Repeat(pair[0], *pair[1])),
    )


bodies = st.recursive(leaves, _larger, max_leaves=6)
grammars = st.tuples(bodies, bodies, bodies).map(
    lambda nodes: Rules(dict(zip(NAMES, nodes, strict=True)), dict.fromkeys(NAMES, 1))
)


def sentences(rules: Rules, longest: int = LONGEST) -> set[str]:
    """All sentences up to a length, by the definition of a derivation: no parsing involved."""
    known: dict[str, frozenset[str]] = dict.fromkeys(rules.rules, frozenset())

    def joined(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
        return frozenset(a + b for a in left for b in right if len(a + b) <= longest)

    def texts(node: Node) -> frozenset[str]:
        match node:
            case Literal(text):
                return frozenset([text] if len(text) <= longest else [])
            case Class(ranges):
                return frozenset(chr(c) for low, high in ranges for c in range(low, high + 1))
            case Ref(name):
                return known[name]
            case Seq(items):
                found = frozenset([""])
                for item in items:
                    found = joined(found, texts(item))
                return found
            case Alt(options):
                return frozenset().union(*map(texts, options))
            case Repeat(item, low, high):
                one, power, found = texts(item), frozenset([""]), frozenset()
                for count in range((low + longest + 1 if high is None else high) + 1):
                    found |= power if count >= low else frozenset()
                    power = joined(power, one)
                return found

    while (new := {name: texts(node) for name, node in rules.rules.items()}) != known:
        known = new
    return set(known["root"])


@cache
def all_texts(longest: int) -> list[str]:
    return (
        [""]
        if longest == 0
        else all_texts(longest - 1)
        + [t + c for t in all_texts(longest - 1) if len(t) == longest - 1 for c in "xy"]
    )


def made(rules: Rules) -> Grammar:
    try:
        return Grammar(rules)
    except GrammarError as error:
        assert error.code == "derives_nothing"
        assert not sentences(rules)
        assume(False)
        raise


@settings(max_examples=400, deadline=None)
@given(grammars)
def test_it_accepts_exactly_the_sentences_that_can_be_derived(rules: Rules) -> None:
    grammar, expected = made(rules), sentences(rules)
    assert {text for text in all_texts(LONGEST) if grammar.accepts(text)} == expected


@settings(max_examples=400, deadline=None)
@given(grammars)
def test_completions_are_sentences_and_none_is_shorter(rules: Rules) -> None:
    grammar, expected = made(rules), sentences(rules)
    for prefix in all_texts(3):
        longer = [len(text) for text in expected if text.startswith(prefix)]
        ending = grammar.shortest_completion(prefix)
        assert grammar.is_prefix(prefix) == (ending is not None)
        if ending is None:
            assert not longer
        else:
            assert grammar.accepts(prefix + ending)
            assert len(prefix + ending) == min(longer, default=len(prefix + ending))
            assert longer or len(prefix + ending) > LONGEST


@settings(max_examples=200, deadline=None)
@given(grammars, st.integers())
def test_samples_are_sentences(rules: Rules, seed: int) -> None:
    grammar, rng = made(rules), random.Random(seed)
    for _ in range(5):
        sample = grammar.sample(rng, max_chars=30)
        assert grammar.accepts(sample)
        assert len(sample) < 30 + 30 * max(10, grammar.min_chars)


@settings(max_examples=200, deadline=None)
@given(grammars)
def test_a_grammar_written_and_read_again_is_the_same(rules: Rules) -> None:
    again = parse(write(rules))
    assert again.rules == parse(write(again)).rules
    try:
        grammar = Grammar(rules)
    except GrammarError:
        return
    other = Grammar(again)
    assert all(grammar.accepts(text) == other.accepts(text) for text in all_texts(4))


@settings(max_examples=200, deadline=None)
@given(
    grammars, st.lists(st.sampled_from("xyz"), max_size=6), st.lists(st.integers(1, 3), max_size=6)
)
def test_a_cursor_fed_in_pieces_agrees_with_the_whole(
    rules: Rules, characters: list[str], sizes: list[int]
) -> None:
    grammar, text = made(rules), "".join(characters)
    cursor, fed = grammar.start(), 0
    for size in [*sizes, len(text)]:
        piece = text[fed : fed + size]
        fed += len(piece)
        assert cursor.feed(piece.encode()) == grammar.is_prefix(text[:fed])
        assert cursor.complete == grammar.accepts(text[:fed])
        assert cursor.ending() == grammar.shortest_completion(text[:fed])
        if not cursor.dead:
            assert cursor.ending_chars() == len(cursor.ending() or "")


# Recursion, counts, ambiguity

SHAPES = {
    "left": 'root ::= root "," [0-9] | [0-9]',
    "right": 'root ::= [0-9] "," root | [0-9]',
    "both": 'root ::= root "," root | [0-9]',
    "indirect": 'root ::= list | [0-9]\nlist ::= root tail\ntail ::= "," [0-9]',
    "through": 'root ::= [0-9] | more\nmore ::= root "," root',
    "hidden": 'root ::= none root "," [0-9] | [0-9]\nnone ::= "z"?',
    "hidden-right": 'root ::= [0-9] "," root none | [0-9]\nnone ::= ("" | "z"?)*',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_of_recursion_takes_long_lists(shape: str) -> None:
    grammar, text = Grammar.from_gbnf(SHAPES[shape]), ",".join("1234567890" * 60)
    assert grammar.accepts(text)
    assert not grammar.accepts(text + ",")
    assert grammar.shortest_completion(text + ",") == "0"
    assert not grammar.is_prefix(text + ",,")


@pytest.mark.parametrize("shape", ["left", "right", "both", "through"])
def test_time_grows_with_the_length_of_a_list_and_no_faster(shape: str) -> None:
    def seconds(items: int) -> float:
        grammar = Grammar.from_gbnf(SHAPES[shape])
        start = time.thread_time()
        assert grammar.accepts(",".join("1" * items))
        return time.thread_time() - start

    assert seconds(8_000) < 1 + 16 * seconds(1_000)


def test_counted_repetition_counts() -> None:
    grammar = Grammar.from_gbnf('root ::= "a"{0,1999} "b"')
    assert grammar.accepts("a" * 1999 + "b")
    assert not grammar.is_prefix("a" * 2000)
    assert grammar.shortest_completion("a" * 700) == "b"
    assert Grammar.from_gbnf('root ::= ("a"{0,40}){0,40}').accepts("a" * 1600)
    assert not Grammar.from_gbnf('root ::= ("a"{0,40}){0,40}').accepts("a" * 1601)
    assert Grammar.from_gbnf('root ::= ("ab"{2}){3}').shortest_completion("ab" * 4) == "abab"
    assert [
        n for n in range(20) if Grammar.from_gbnf('root ::= ("a"{3,4}){0,3}').accepts("a" * n)
    ] == [0, 3, 4, 6, 7, 8, 9, 10, 11, 12]


def test_ambiguity_without_end_stays_bounded() -> None:
    start = time.thread_time()
    for text in (
        'root ::= root root | "a" | ""',
        'root ::= (("a"*)*)*',
        'root ::= a a a\na ::= b*\nb ::= "a" | a',
        'root ::= x y | y x\nx ::= root "a" | ""\ny ::= "a" root | "a"',
    ):
        assert Grammar.from_gbnf(text).accepts("a" * 60)
    assert time.thread_time() - start < 5


def test_what_derives_nothing_is_refused_or_left_out() -> None:
    with pytest.raises(GrammarError) as caught:
        Grammar.from_gbnf('root ::= "a" root')
    assert caught.value.code == "derives_nothing"
    grammar = Grammar.from_gbnf('root ::= "a" | "b" never | "c" [\\uD800]\nnever ::= never "x"')
    assert grammar.accepts("a")
    assert not grammar.is_prefix("b")
    assert not grammar.is_prefix("c")
    assert grammar.sample(random.Random(0)) == "a"


def test_sentences_longer_than_any_text_are_measured_but_not_written() -> None:
    doubling = (
        "".join(f"r{i} ::= r{i + 1} r{i + 1}\n" for i in range(100))
        + 'r100 ::= "a"\nroot ::= "b" r0 | "b" r80'
    )
    grammar = Grammar.from_gbnf(doubling)
    assert grammar.min_chars == 1 + 2**20
    assert grammar.is_prefix("b" + "a" * 100)
    with pytest.raises(GrammarError) as caught:
        grammar.shortest_completion("b")
    assert caught.value.code == "ending_too_long"
    with pytest.raises(GrammarError):
        grammar.sample(random.Random(0))


# Characters and bytes


def test_a_dot_is_any_character_and_surrogates_are_none() -> None:
    grammar = Grammar.from_gbnf("root ::= . [^a]")
    assert grammar.accepts("\n\x00")
    assert grammar.accepts("\U0010ffff\n")
    assert not grammar.is_prefix("\ud800")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aäß€語😀\U0010ffff\u0800\ud7ff", max_size=4), st.binary(max_size=5))
def test_bytes_are_followed_as_exactly_as_characters(text: str, noise: bytes) -> None:
    grammar = Grammar.from_gbnf("root ::= [a-ß€😀-\\U0010ffff\u0800\ud7ff]*")
    for data in (text.encode(), noise):
        cursor = grammar.start()
        for at, byte in enumerate(data):
            alive = cursor.feed(bytes([byte]))
            begun = data[: at + 1]
            ending = cursor.ending_bytes()
            assert alive == (ending is not None)
            if ending is None:
                break
            assert grammar.accepts((begun + ending).decode())
            assert cursor.complete == (ending == b"")
            whole = begun.decode("utf-8", "ignore")
            assert grammar.accepts(whole + (cursor.ending() or ""))
        else:
            assert grammar.accepts(data.decode("utf-8", "ignore"))


def test_half_a_character_counts_only_if_an_allowed_one_begins_so() -> None:
    grammar = Grammar.from_gbnf('root ::= "é" | "語"')
    cursor = grammar.start()
    assert cursor.feed("語".encode()[:2])
    assert not cursor.complete
    assert (cursor.ending(), cursor.ending_bytes(), cursor.ending_chars()) == (
        "語",
        "語".encode()[2:],
        1,
    )
    assert cursor.copy().feed("語".encode()[2:])
    assert not cursor.feed("誟".encode()[2:])
    assert cursor.dead
    assert not grammar.start().feed("語".encode()[:1] + b"\x80")
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0", b"\xf5", b"\x80", b"\xf4\x90", b"\xe0\x80"):
        assert not Grammar.from_gbnf("root ::= .*").start().feed(bad)


def test_a_copy_goes_its_own_way() -> None:
    cursor = Grammar.from_gbnf('root ::= "ab" | "ac"').start()
    assert cursor.feed(b"a")
    other = cursor.copy()
    assert cursor.feed(b"b")
    assert other.feed(b"c")
    assert not cursor.feed(b"c")
    assert not cursor.feed(b"")
    assert (cursor.ending(), cursor.ending_bytes(), cursor.ending_chars(), cursor.complete) == (
        None,
        None,
        None,
        False,
    )
    assert other.complete


def sets_held() -> int:
    """Earley sets that something refers to."""
    gc.collect()
    return sum(type(thing) is Set for thing in gc.get_objects())


def test_old_sets_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expertserve.grammar.recognise.MAX_SETS", 50)
    grammar = Grammar.from_gbnf('root ::= "(" root ")" | "x"')
    others = sets_held()
    cursor = grammar.start()
    assert cursor.feed(b"(" * 100)
    assert grammar.accepts("(((x)))")
    assert cursor.feed(b"x" + b")" * 100)
    assert cursor.complete
    assert sets_held() - others > 200
    del cursor
    assert sets_held() - others < 50


# The grammar as a value


def test_the_digest_ignores_spelling_only() -> None:
    one = Grammar.from_gbnf('root ::= "a" | # comment\n  [b-c]')
    assert one.digest == Grammar.from_gbnf(b'root  ::=  "\\x61" | [cb]\r\n').digest
    assert one.digest != Grammar.from_gbnf('root ::= "a" | [b-d]').digest


def test_rules_can_be_replaced() -> None:
    grammar = Grammar.from_gbnf('root ::= "FROM " table\ntable ::= [a-z]+')
    narrowed = grammar.replace_rules({"table": Alt((Literal("users"), Literal("orders")))})
    assert narrowed.accepts("FROM users")
    assert not narrowed.accepts("FROM user")
    assert grammar.accepts("FROM user")
    assert narrowed.digest != grammar.digest
    with pytest.raises(GrammarError) as caught:
        grammar.replace_rules({"table": Ref("missing")})
    assert caught.value.code == "undefined_rule"


def test_grammars_travel_and_are_shared_between_threads() -> None:
    grammar = pickle.loads(pickle.dumps(Grammar.from_gbnf(grammar_of("sql"))))
    rng = random.Random(11)
    samples = [grammar.sample(rng, 150) for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(grammar.accepts, samples * 4))
        assert set(pool.map(grammar.shortest_completion, samples)) == {""}


def test_xgrammar_agrees_on_simple_grammars() -> None:
    xgrammar = pytest.importorskip("xgrammar")
    from xgrammar.testing import _is_grammar_accept_string

    for text in (
        'root ::= "a" [b-d]* ("e" | "f"{2,3})?',
        'root ::= "(" inner ")"\ninner ::= "" | inner "x"',
        'root ::= [^a-y]+ "\\u00e9"',
    ):
        theirs, ours = xgrammar.Grammar.from_ebnf(text), Grammar.from_gbnf(text)
        rng = random.Random(5)
        samples = [ours.sample(rng, 12) for _ in range(30)]
        for sample in [*samples, *(s[:-1] for s in samples), *(s + "e" for s in samples)]:
            assert ours.accepts(sample) == _is_grammar_accept_string(theirs, sample)


def test_many_names_of_one_long_choice_cost_no_product_of_both() -> None:
    options = " | ".join(f'"{i:05}x"' for i in range(9_000))
    names = "".join(f"r{i} ::= big\n" for i in range(9_000))
    began = time.thread_time()
    assert Grammar.from_gbnf(f"root ::= big\nbig ::= {options}\n{names}").accepts("00042x")
    assert time.thread_time() - began < 8  # one by one, 81 million looks


def test_all_grammars_together_remember_so_many_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expertserve.grammar.recognise.ALL_SETS", 300)
    made = [Grammar.from_gbnf(f'root ::= [a-z]{{1,200}} "{i}"\n') for i in range(6)]
    for grammar in made:
        cursor = grammar.start()
        assert grammar.is_prefix("".join(random.Random(1).choices("abc", k=90)))
        assert grammar.start() and cursor
    assert sum(g.sets for g in made) <= 300 + made[-1].sets
    assert made[0].sets < made[-1].sets, "the least recently used one has forgotten"
    for i, grammar in enumerate(made):
        assert grammar.accepts(f"abc{i}") and not grammar.accepts(f"abc{i + 1}")
