"""Masks of schemas agree with the recogniser: what a lexer takes whole, and what is counted."""

from __future__ import annotations

import random
from typing import Any

import pytest

from expertserve.decoding.mask import GlrMask
from expertserve.grammar import terms
from expertserve.grammar.glrm import to_glrm
from expertserve.grammar.language import any_but
from expertserve.grammar.lower import to_lark
from expertserve.grammar.recognise import Grammar
from tests.test_mask import GLR, walk

SCHEMAS: dict[str, Any] = {
    "optional ones": {
        "type": "object",
        "properties": {n: {"type": "integer"} for n in "abc"},
        "additionalProperties": False,
    },
    "an open object": {"type": "object", "properties": {"ab": {"enum": ["a", 1, None]}}},
    "strings that are counted": {
        "type": "array",
        "items": {"anyOf": [{"type": "string", "maxLength": n} for n in (700, 900)]},
        "minItems": 1,
        "maxItems": 2500,
    },
    "patterns at once": {"type": "string", "pattern": "^[abc]+$", "not": {"pattern": "cc"}},
    "numbers": {"anyOf": [{"type": "number", "minimum": 0.5}, {"multipleOf": 7, "minimum": -50}]},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_masks_of_a_schema_say_what_the_recogniser_says(name: str) -> None:
    grammar = terms.from_json_schema(SCHEMAS[name])
    masks = [GlrMask.compile(grammar.rules, GLR, "quick")]
    for seed in range(3):
        walk(grammar, masks, random.Random(seed), 14)


def test_a_counted_repetition_agrees_with_the_recogniser_at_its_end() -> None:
    grammar = Grammar(terms.from_regex("<[ab]{700,702}>").rules)
    mask = GlrMask.compile(grammar.rules, GLR, "quick")
    for length, can_end, can_go_on in ((699, False, True), (700, True, True), (702, True, False)):
        state = mask.start()
        assert all(state.commit(byte) for byte in b"<" + b"a" * length)
        assert state.copy().commit(ord(">")) is can_end
        assert state.copy().commit(ord("a")) is can_go_on


def test_what_is_counted_in_millions_is_written_in_a_few_rules() -> None:
    rules = terms.from_json_schema({"type": "string", "maxLength": 10_485_760}).rules
    assert len(to_lark(rules)) < 6_000


def test_rules_that_share_others_are_not_put_into_each_other() -> None:
    text = 'root ::= r0 "."\n' + "".join(
        f'r{n} ::= "a" r{n + 1} | "b" r{n + 1}\n' for n in range(30)
    )
    assert len(to_lark(Grammar.from_gbnf(text + 'r30 ::= "x"').rules)) < 10_000


def test_a_text_of_many_states_is_compiled_by_a_lexer_or_by_characters() -> None:
    """A chain of rules longer than Python's stack, and deeper than a regular expression nests."""
    for schema in (
        {"type": "object", "properties": {"n" * 400: {"type": "integer"}}},
        {
            "type": "string",
            "allOf": [{"pattern": "^[a-z]"}, {"pattern": "[0-9]$"}],
            "maxLength": 300,
        },
    ):
        grammar = terms.from_json_schema(schema)
        mask = GlrMask.compile(grammar.rules, GLR, "quick")
        walk(grammar, [mask], random.Random(1), 8)


OTHERS = {
    "names": {
        "type": "object",
        "properties": {f"{a}{b}ame": {"type": "integer"} for a in "abcdefgh" for b in "nmxyz"},
        "additionalProperties": {"type": "string"},
    },
    "a pattern and a length": {
        "type": "string",
        "allOf": [{"pattern": "^[a-z/]+$"}, {"pattern": "[^/]$"}],
        "maxLength": 200,
    },
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_text_of_hundreds_of_states_is_one_automaton_for_the_lexer(name: str) -> None:
    """As rules of characters its masks took ten milliseconds, and its compile ten times as long."""
    grammar = terms.from_json_schema(OTHERS[name])
    said = to_glrm(grammar.rules)
    assert not said.spelt and "fa {" in said.text
    mask = GlrMask.compile(grammar.rules, GLR, "quick")
    walk(grammar, [mask], random.Random(2), 12)


def test_automata_of_loops_of_one_state_are_as_small_as_by_refinement() -> None:
    texts = ["a", "ab", "abb", "b", "bb"]
    language = any_but(texts)
    assert [t for t in texts if language.accepts(t)] == []
    assert language.accepts("abbb") and language.accepts("")
    assert len(language.table) == 5


COUNTED: dict[str, tuple[dict[str, Any], str, int, int | None]] = {
    "any characters": ({"type": "string", "minLength": 2, "maxLength": 90}, "a", 2, 90),
    "escapes": ({"type": "string", "maxLength": 2_000}, "\\n", 0, 2_000),
    "beyond ASCII": ({"type": "string", "minLength": 40}, "\u00e9", 40, None),
    "a pattern": ({"type": "string", "pattern": "^[a-z]{3,60}[0-9]?$"}, "z", 3, 60),
    "a pattern's length": ({"type": "string", "pattern": "^[ab]+$", "maxLength": 50}, "b", 1, 50),
    "two ends": ({"anyOf": [{"const": "aa"}, {"minLength": 30, "type": "string"}]}, "c", 30, None),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_lexer_counts_exactly(name: str) -> None:
    schema, char, low, high = COUNTED[name]
    grammar = terms.from_json_schema(schema)
    said = to_glrm(grammar.rules)
    assert not said.spelt and "/ & /" in said.text
    mask = GlrMask.compile(grammar.rules, GLR, "quick")
    most = low + 20 if high is None else high
    for length in {0, 1, low - 1, low, low + 1, most - 1, most, most + 1} - {-1}:
        state, text = mask.start(), '"' + char * length
        fits = all(state.commit(byte) for byte in text.encode())
        assert fits is (length <= most or high is None) is grammar.is_prefix(text)
        assert not fits or state.copy().commit(ord('"')) is grammar.accepts(text + '"')
        assert grammar.accepts(text + '"') is (fits and length >= low)


def test_alternatives_of_patterns_are_one_automaton() -> None:
    """As strings of each kind, a text of all of them would be read nine times at once."""
    patterns = [f"{a}.*{b}" for a in "abc" for b in "xyz"]
    schema = {"type": "string", "maxLength": 30, "anyOf": [{"pattern": p} for p in patterns]}
    grammar = terms.from_json_schema(schema)
    assert to_glrm(grammar.rules).text.count("\nt T") == 1
    walk(grammar, [GlrMask.compile(grammar.rules, GLR, "quick")], random.Random(5), 12)
    for text, fits in {
        '"ax"': True,
        '"xa"': False,
        '"b\\n z"': False,
        '"b z"': True,
        f'"a{"." * 28}x"': True,
        f'"a{"." * 29}x"': False,
    }.items():
        assert grammar.accepts(text) is fits


def test_alternatives_of_other_lengths_stay_apart() -> None:
    grammar = terms.from_json_schema(
        {
            "type": "string",
            "anyOf": [{"pattern": "^a", "maxLength": 3}, {"pattern": "^b", "maxLength": 2}],
        }
    )
    assert all(map(grammar.accepts, ('"aaa"', '"bb"')))
    assert not any(map(grammar.accepts, ('"aaaa"', '"bbb"', '"c"')))
