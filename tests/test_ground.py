"""Values that are spans of the user's text: what they may be, and that masks say the same."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.decoding.ground import grounded
from expertserve.decoding.marked import MarkedMask
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Mask
from expertserve.decoding.restrict import restrict
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar import terms
from expertserve.grammar.bundled import bundled
from expertserve.grammar.gbnf import parse
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.marks import SourceMark, machine_text
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


def test_each_source_has_the_digest_and_the_marks_of_one_grammar() -> None:
    """Not equal ones: writing a large grammar to digest it takes longer than all else that a call's
    names do.
    """
    grammar = Grammar.from_gbnf('root ::= "name: " <source>')
    for source in ("I am Ana.", "He is Bo."):
        made = over(grammar, source)
        assert made.digest is grammar.digest and made.marks is grammar.marks


@pytest.mark.parametrize("text", GRAMMARS)
@pytest.mark.parametrize(
    "source", ["Ana Gil", 'An "A. Gil" said a\n12,5 b', "é's Ana's; 12 1,200."]
)
def test_masks_say_what_the_recogniser_says_of_spans(text: str, source: str) -> None:
    grammar = over(Grammar.from_gbnf(text), source)
    for seed in range(6):
        compare(grammar, random.Random(seed))


def test_masks_say_what_the_recogniser_says_of_tokens() -> None:
    for text in (
        'root ::= <think> (!</think>)* </think> "a"+',
        'root ::= !<think> "a" (<[260]> | <think> | "b" !<[97]>){1,3}',
    ):
        grammar = over(Grammar.from_gbnf(text), "", **{"think": 300, "/think": 301})
        said = [compare(grammar, random.Random(seed), 6) for seed in range(12)]
        assert any("<>" in text for text in said)


def test_a_token_is_no_text_of_the_same_letters() -> None:
    grammar = over(Grammar.from_gbnf('root ::= "<" "a" | <think>'), "", think=300)
    assert grammar.accepts("<a") and not grammar.accepts("<think>")
    cursor = grammar.start()
    assert cursor.take(300, None) and cursor.complete and not cursor.take(300, None)
    assert grammar.start().ending_pieces() == [300]
    wild = over(Grammar.from_gbnf('root ::= !<think> "."'), "", think=300)
    assert wild.start().take(301, None) and not wild.start().take(300, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ana's 2 km", ["Ana", "'", "s", "2", "km"]),
        ("Kürşat-Éva", ["Kürşat", "-", "Éva"]),
        ("我住在 Bern", ["我", "住", "在", "Bern"]),
        ("हिन्दी है", ["हिन्दी", "है"]),
        ("", []),
    ],
)
def test_words_are_what_people_call_so(text: str, wanted: list[str]) -> None:
    assert [text[a:b] for a, b in words(text)] == wanted


@pytest.mark.parametrize(
    ("mark", "taken", "refused"),
    [
        ("<source>", ["Zoë", "Zoë O'Dell", 'O\'Dell ("Z")'], ["Zo", "zoë", "Zoë Dell", " Zoë", ""]),
        ("<source:json>", ['\\"Z\\"', "Zoë", "12", "a\\nb"], ['"Z"', "a\nb", "a b"]),
        ("<source:sql>", ["O''Dell", "b"], ["O'Dell", "a\nb", "O\\'Dell"]),
        ("<source:cypher>", ["O\\'Dell", '(\\"Z\\")'], ["O'Dell", "O''Dell"]),
        ("<source:any-case>", ["zoë o'dell", "ZOë"], ["zoe"]),
        ("<source:number>", ["12", "3.5", "4000", "-7", "7"], ["1", "4,000", "12.0", "012"]),
        ("<source:integer>", ["12", "4000"], ["3.5", "3", "5"]),
        ("<source:number:3.5..12>", ["3.5", "12", "7"], ["-7", "4000"]),
        ("<source:number:(3.5..12)>", ["7"], ["3.5", "12"]),
        ("<source:2..3>", ["Zoë", "a\nb", "12"], ["Z", "a", "Zoë O"]),
    ],
)
def test_a_span_is_spelt_as_its_language_wants(
    mark: str, taken: list[str], refused: list[str]
) -> None:
    source = 'Zoë O\'Dell ("Z") has 12, 3.5 and 4,000; -7 a\nb'
    grammar = over(Grammar.from_gbnf(f"root ::= {mark}"), source)
    assert [text for text in taken if not grammar.accepts(text)] == []
    assert [text for text in refused if grammar.accepts(text)] == []


def test_the_shortest_ending_of_a_span_is_the_rest_of_its_word() -> None:
    grammar = over(Grammar.from_gbnf('root ::= "<" <source> ">"'), "Delgado Ruiz, Delgas")
    assert grammar.shortest_completion("<Delg") == "as>"
    assert grammar.shortest_completion("<Delga") == "s>"
    assert grammar.shortest_completion("<Delgado R") == "uiz>"
    assert grammar.shortest_completion("<Delgada") is None
    assert grammar.min_chars == 3  # the comma


def test_what_has_no_span_is_null_or_refused_by_name() -> None:
    grammar = Grammar.from_gbnf('root ::= "null" | "\\"" <source:json> "\\""')
    assert over(grammar, "  ").shortest_completion("") == "null"
    with pytest.raises(GrammarError, match="<source:number>") as caught:
        over(Grammar.from_gbnf("root ::= <source:number>"), "no digits")
    assert caught.value.code == "nothing_to_ground"


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "x-source": True, "maxLength": 12},
        "age": {"type": ["integer", "null"], "x-source": True, "exclusiveMinimum": 0},
        "tags": {"type": "array", "items": {"type": "string", "x-source": "any-case"}},
        "mood": {"enum": ["fine", "bad"], "x-source": True},
        "note": {"type": "string"},
    },
    "required": ["name", "age", "tags", "mood", "note"],
    "additionalProperties": False,
}


def test_a_schemas_strings_are_spans_where_it_says_so() -> None:
    grammar = over(terms.from_json_schema(SCHEMA), 'Ana "Bo" Gil, 41, tall and late. 0')
    text = '{"name": "Ana", "age": 41, "tags": ["TALL"], "mood": "bad", "note": "free"}'
    assert grammar.accepts(text)
    assert grammar.accepts(text.replace('"Ana"', json.dumps('Ana "Bo" Gil')))
    for before, after in (
        ('"Ana"', '"Anna"'),
        ('"Ana"', '"41, tall and late"'),
        ("41", "42"),
        ("41", "0"),
        ("TALL", "small"),
    ):
        assert not grammar.accepts(text.replace(before, after)), after
    assert grammar.accepts(text.replace("41", "null"))


def test_a_wish_grounds_all_values_but_those_that_the_schema_describes() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "string", "format": "date"},
            "c": {"type": "string", "x-source": False},
            "d": {"type": "number"},
        },
        "additionalProperties": {"type": "string"},
    }
    grammar = over(terms.from_json_schema(schema, ground="case"), "tea for 2")
    assert grammar.accepts('{"a": "tea", "b": "2024-01-31", "c": "coffee", "d": 2, "any": "for"}')
    assert not grammar.accepts('{"a": "coffee"}')
    assert not grammar.accepts('{"d": 3}')
    assert not grammar.accepts('{"any": "coffee"}')


@pytest.mark.parametrize(
    "more", [{"pattern": "^a"}, {"format": "date"}, {"not": {"const": "a"}}, {"x-source": "yes"}]
)
def test_what_spans_cant_be_held_to_is_refused_by_name(more: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="x-source"):
        terms.from_json_schema({"type": "string", "x-source": True, **more})
    with pytest.raises(ConfigError, match="x-source"):
        terms.from_json_schema({"type": "number", "x-source": True, "multipleOf": 0.1})


@given(
    source=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
    form=st.sampled_from(["text", "json", "sql", "cypher"]),
    seed=st.integers(0, 1 << 30),
)
@settings(deadline=None)
def test_every_span_that_is_written_is_in_the_source(source: str, form: Any, seed: int) -> None:
    """Walks at random through what may be written, and reads it back as its language does."""
    spans, rng = Spans(source, SourceMark(form)), random.Random(seed)
    if not spans.starts:
        assert not source.strip() or form != "json"
        return
    places, written = spans.begin(b""), b""
    for _ in range(rng.randint(1, 60)):
        steps = sorted({spans.data[p : p + 1] for p in places if p < len(spans.data)})
        ways = [(s, spans.go_on(places, len(written), s)) for s in steps]
        ways = [(s, found) for s, found in ways if found]
        if not ways:
            break
        step, places = rng.choice(ways)
        written += step
        assert places == spans.begin(written)
    written += spans.rest(places, len(written))
    text = written.decode()
    read = {
        "text": lambda: text,
        "json": lambda: json.loads(f'"{text}"'),
        "sql": lambda: text.replace("''", "'"),
        "cypher": lambda: re.sub(r"\\(.)", r"\1", text),
    }[form]()
    assert read in source


def grounded_by(kind: str, source: str) -> GroundedGrammar:
    grammar = bundled(kind)
    assert grammar is not None
    return over(grounded(grammar, kind, "values", {}), source)


def test_json_grammars_ground_values_and_leave_names_alone() -> None:
    for kind in ("json", "json-object"):
        grammar = grounded_by(kind, "Ana is 41")
        assert grammar.accepts('{"who": "Ana", "more": {"age": 41, "old": [null, true]}}')
        assert not grammar.accepts('{"who": "Eva"}') and not grammar.accepts('{"age": 40}')
    own = Grammar.from_gbnf(
        'root ::= "{" (string ":" ws value ("," ws string ":" ws value)*)? "}"\\n'.replace(
            "\\n", "\n"
        )
        + 'value ::= root | string | number | "null"\nws ::= " "?\nnumber ::= [0-9]+\n'
        + 'string ::= "\\"" [a-zA-Z]* "\\""\n'
    )
    grammar = over(grounded(own, "json", "values", {}), "Ana is 41")
    assert grammar.accepts('{"who": "Ana","age":41}') and not grammar.accepts('{"who":"Eva"}')


def test_queries_ground_the_strings_that_things_are_compared_with() -> None:
    sql = grounded_by("sql-sqlite", "people named O'Dell in Oslo")
    assert sql.accepts("SELECT name FROM people WHERE name = 'O''Dell' LIMIT 1")
    assert sql.accepts("SELECT name FROM people WHERE name LIKE '%Oslo%'")
    assert not sql.accepts("SELECT name FROM people WHERE name = 'Odell'")
    cypher = grounded_by("cypher", "who knows O'Dell")
    assert cypher.accepts("MATCH (p:Person {name: 'O\\'Dell'}) RETURN p")
    assert cypher.accepts('MATCH (p:Person {name: "O\\\'Dell"}) RETURN p')
    assert not cypher.accepts("MATCH (p:Person {name: 'Odell'}) RETURN p")


def test_grounded_queries_may_have_the_schemas_names_alone() -> None:
    grammar = bundled("sql-sqlite")
    assert grammar is not None
    ddl = "CREATE TABLE people (name TEXT)"
    narrow = restrict(grammar, ddl, "sql-sqlite", {})
    both = over(grounded(narrow, "sql-sqlite", "values", {}), "in Oslo")
    assert both.accepts("SELECT name FROM people WHERE name = 'Oslo'")
    assert not both.accepts("SELECT town FROM people WHERE name = 'Oslo'")
    assert not both.accepts("SELECT name FROM people WHERE name = 'Bergen'")


def test_a_grammar_whose_values_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        grounded(Grammar.from_gbnf('root ::= "a"'), None, "values", {})
    assert caught.value.code == "no_ground_rules"
    told = grounded(
        Grammar.from_gbnf('root ::= "[" word "]"\nword ::= "\\"" [a-z]+ "\\""'),
        "json",
        "values",
        {"string": "word"},
    )
    assert not over(told, "a b").accepts('["c"]')
