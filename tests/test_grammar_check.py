"""What the linter finds, and what it leaves in peace."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.findings import Finding
from expertserve.grammar.check import check
from expertserve.grammar.program import Program
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.stops import Undecided, example_with
from expertserve.grammar.tree import Rules
from expertserve.prompt.tokenizer import Tokenizer
from tests.published import published
from tests.test_recognise import grammars, made, sentences


def found(text: str | bytes, code: str, **options: object) -> list[Finding]:
    return [f for f in check(text, **options) if f.code == code]  # type: ignore[arg-type]


def codes(text: str) -> set[str]:
    return {f.code for f in check(text)}


def test_a_sound_grammar_gets_no_warning() -> None:
    text = 'root ::= "SELECT " name (", " name){0,9} " FROM " name\nname ::= "\\"" [a-z] [a-z0-9_]{0,30} "\\""\n'
    assert codes(text) == {"shortest_sentence"}
    assert [f.code for f in check(text, stops=["</s>"])] == ["stop_never", "shortest_sentence"]
    assert {f.severity for f in check(text, stops=["</s>"])} == {"info"}


FINDINGS: list[tuple[str, str, int]] = [
    ('root ::= "a"\nb ::= b "c"', "unreachable_rule", 2),
    ('root ::= "a" | "b" b\nb ::= "x" b', "unproductive_rule", 2),
    ('root ::= "a" root', "derives_nothing", 1),
    ('root ::= "a"\n\nroot ::= "b"', "duplicate_rule", 3),
    ('root ::= "a" |\n  b', "undefined_rule", 2),
    ('root ::= list\nlist ::= list "," "x" | "x"', "left_recursion", 2),
    ('root ::= a | "x"\na ::= b "y"\nb ::= root "z"', "left_recursion", 1),
    ('root ::= (root "x")? "y"', "left_recursion", 1),
    ('root ::= sign root "x" | "y"\nsign ::= "-"?', "left_recursion", 1),
    ('root ::= e\ne ::= e "+" e | "x"', "ambiguous_recursion", 2),
    ('root ::= e\ne ::= sum | "x"\nsum ::= e "+" e', "ambiguous_recursion", 3),
    ('root ::= ("a"*)*', "empty_repetition", 1),
    ('root ::= ("a"?){2,5}', "empty_repetition", 1),
    ('root ::= ("a" | empty)+\nempty ::= ""', "empty_repetition", 1),
    ('root ::= "x" ws ws "y"\nws ::= [ \\t]*', "adjacent_runs", 1),
    ('root ::= a b\na ::= "x" ws\nb ::= ws "y"\nws ::= "" | " " ws', "adjacent_runs", 1),
    ('root ::= a "z"? b\na ::= "x" [ ]+\nb ::= [ \\n]* "y"', "adjacent_runs", 1),
    ('root ::= (ws "x" ws)*\nws ::= " "*', "adjacent_runs", 1),
    ('root ::= "x" [ \\t\\n]*', "unbounded_blanks", 1),
    ('root ::= "x" ws\nws ::= "" | " " ws | "\\n" ws', "unbounded_blanks", 2),
    ('root ::= [0-9]+ "x"', "unbounded_digits", 1),
    ('root ::= digits "x"\ndigits ::= d | d digits\nd ::= [0-9]', "unbounded_digits", 2),
    ("root ::= [a-zA-Z_][a-zA-Z0-9_]*", "unbounded_name", 1),
    ('root ::= "\\"" [^"]* "\\""', "unbounded_text", 1),
    (
        'root ::= "\\"" cs "\\""\ncs ::= "" | c cs\nc ::= [^"\\\\] | "\\\\" ["\\\\]',
        "unbounded_text",
        2,
    ),
    ('root ::= "SELECT" ws name\nws ::= [ ]{0,3}\nname ::= [a-z]{1,9}', "glued_keywords", 1),
    ('root ::= name ws "ASC"\nws ::= [ ]{0,3}\nname ::= [a-z]{1,9}', "glued_keywords", 1),
    ('root ::= "NOT " name\nname ::= [A-Z]+ | "IS"', "keyword_as_name", 2),
    ('root ::= "a"*', "empty_sentence", 1),
]


@pytest.mark.parametrize(
    ("text", "code", "line"), FINDINGS, ids=[f"{i}-{f[1]}" for i, f in enumerate(FINDINGS)]
)
def test_each_flaw_is_found_at_its_line(text: str, code: str, line: int) -> None:
    (finding,) = found(text, code)
    assert finding.line == line
    assert finding.message
    assert finding.reason
    assert finding.fix


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('root ::= "x" ("," "x")*', "left_recursion"),
        ('root ::= "(" root ")" | "x"', "left_recursion"),
        ('root ::= "x" "," root | "x"', "ambiguous_recursion"),
        ('root ::= "x" ws "y" ws "z"\nws ::= [ ]*', "adjacent_runs"),
        ('root ::= "x" [ ]* [0-9]*', "adjacent_runs"),
        ('root ::= "x" [ ]{0,3}', "unbounded_blanks"),
        ('root ::= "x" ("," "yz")*', "unbounded_text"),
        ('root ::= "SELECT" ws name\nws ::= [ ]{1,3}\nname ::= [a-z]{1,9}', "glued_keywords"),
        ('root ::= "id" [0-9]{1,3}', "glued_keywords"),
        ('root ::= "true" ws ("," ws "true")*\nws ::= [ ]{0,3}', "glued_keywords"),
        ('root ::= "\\"" [a-z]{0,3} "\\"" | "null"', "keyword_as_name"),
    ],
)
def test_what_is_fine_is_left_in_peace(text: str, code: str) -> None:
    assert not found(text, code)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('root ::= root "a" | "b"', "direct"),
        ('root ::= a | "x"\na ::= root "y"', "indirect"),
        ('root ::= "-"? root "a" | "b"', "hidden"),
    ],
)
def test_kinds_of_left_recursion_are_told_apart(text: str, kind: str) -> None:
    (finding,) = found(text, "left_recursion")
    assert f"({kind} left recursion)" in finding.message


def test_what_cannot_be_read_is_one_error() -> None:
    (finding,) = check(b'root ::= "\xff"')
    assert (finding.code, finding.severity, finding.line) == ("not_utf8", "error", 1)


# Stop sequences


def test_stops_that_can_occur_are_shown_in_a_sentence() -> None:
    sql = published("sql")
    grammar = Grammar.from_gbnf(sql)
    for stop in (";", "\n\n", "FROM", "</s>"):
        (finding,) = found(sql, "stop_inside_sentence", stops=[stop])
        example = example_with(grammar.program, stop)
        assert example is not None
        assert stop in example
        assert grammar.accepts(example)
        assert repr(stop) in finding.message
    assert not found('root ::= "a" "b"{0,9}', "stop_inside_sentence", stops=["ba", ";", ""])
    assert found('root ::= "a" "b"{0,9}', "stop_never", stops=["ba"])


@settings(max_examples=300, deadline=None)
@given(grammars, st.text("xy", min_size=1, max_size=3))
def test_whether_a_stop_can_occur_is_decided_exactly(rules: Rules, stop: str) -> None:
    grammar = made(rules)
    example = example_with(grammar.program, stop)
    if example is None:
        assert not [text for text in sentences(rules) if stop in text]
    else:
        assert stop in example
        assert grammar.accepts(example)


def test_a_question_that_takes_too_long_is_given_up() -> None:
    rules = (
        "".join(
            f"r{i} ::= r{i + 1}* {chr(34)}{i}{chr(34)} r{(i * 7) % 3000}? | [a-z]\n"
            for i in range(3000)
        )
        + 'r3000 ::= "x"\nroot ::= r0'
    )
    start = time.thread_time()
    with pytest.raises(Undecided):
        example_with(Grammar.from_gbnf(rules).program, "abcdefgh" * 8)
    assert time.thread_time() - start < 10
    assert isinstance(Grammar.from_gbnf('root ::= "a"').program, Program)


# Lengths, and the whole


def test_the_shortest_sentence_is_counted_in_tokens_too(tiny_base: Path) -> None:
    (finding,) = found(published("sql"), "shortest_sentence", tokenizer=Tokenizer(tiny_base))
    assert "12 characters" in finding.message
    assert "tokens" in finding.message
    assert finding.severity == "info"
    (finding,) = found('root ::= "a"{1000}', "shortest_sentence")
    assert finding.severity == "warning"


def test_published_grammars_get_the_findings_they_are_known_for() -> None:
    sql = codes(published("sql").decode())
    assert sql >= {
        "left_recursion",
        "ambiguous_recursion",
        "adjacent_runs",
        "unbounded_blanks",
        "glued_keywords",
        "keyword_as_name",
    }
    json = codes(published("json").decode())
    assert json == {"unbounded_blanks", "unbounded_digits", "unbounded_text", "shortest_sentence"}


def test_large_grammars_are_checked_in_seconds() -> None:
    chain = "".join(f"r{i} ::= r{i + 1} ws | [a-z]+ ws r{(i * 7) % 1000}?\n" for i in range(1000))
    text = chain + 'r1000 ::= "xy" ws\nroot ::= r0\nws ::= [ ]*\n'
    wide = (
        "root ::= ["
        + "".join(f"\\U{c:08X}" for c in range(0x10000, 0x10000 + 40_000, 2))
        + "]* [a-z]*"
    )
    start = time.thread_time()
    for large in (text, wide, 'root ::= "' + "ab" * 50_000 + '"'):
        assert check(large, stops=["abc"])
    assert time.thread_time() - start < 20


@settings(max_examples=100, deadline=None)
@given(grammars)
def test_every_grammar_can_be_checked(rules: Rules) -> None:
    from expertserve.grammar.write import write

    findings = check(write(rules), stops=["x", "xyx"])
    assert findings
    assert [f for f in findings if f.severity == "error"] == findings[
        : sum(f.severity == "error" for f in findings)
    ]
