"""Constraints that explode, and schemas that hurt who reads them."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from expertserve.decoding import restrict
from expertserve.decoding.compile import MAX_MASK, masks
from expertserve.decoding.compiler import SECONDS
from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar import terms
from expertserve.grammar.recognise import Grammar

REGEX_BOMBS = {
    "nested repetitions": "(a{1,1000}){1,1000}",
    "three of them": "((a{1,100}){1,100}){1,100}",
    "a hundred million": "a{100000000}",
    "groups without end": "(" * 1900 + "a" + ")" * 1900,
    "what makes a backtracker hang": "(a|a|a)*" * 400,
    "many optional ones": "a?" * 1300 + "a" * 1300,
    "a class of everything": "[^\\x00]{0,1999}" * 100,
    "a look behind": "(?<=a{1,5})b",
    "a back reference": "(a*)\\1",
}

NO_REGEX = {"a hundred million", "groups without end", "a look behind", "a back reference"}


def ends(grammar: Grammar, tiny_base: Path, folder: Path) -> None:
    """What is taken has its mask, or is refused by the compiler's bounds (two seconds here);
    whichever it is, the compiler works on.
    """
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SECONDS, "quick", 2.0)
        patch.setitem(SECONDS, "walk", 2.0)
        try:
            made = masks.ready(grammar, tiny_base, folder, own=False)
        except GrammarError as error:
            assert error.code == "grammar_too_costly", error
        else:
            assert made.mask and made.mask.stat().st_size < MAX_MASK
    assert time.monotonic() - began < 30  # and what it takes to start two processes
    assert masks.ready(Grammar.from_gbnf('root ::= "fine"'), tiny_base, folder, own=False).mask


@pytest.mark.parametrize("name", REGEX_BOMBS)
def test_a_regular_expression_costs_a_few_seconds_at_most(
    name: str, tiny_base: Path, tmp_path: Path
) -> None:
    began = time.thread_time()
    if name in NO_REGEX:
        with pytest.raises(ConfigError) as caught:
            terms.from_regex(REGEX_BOMBS[name])
        assert caught.value.code == "bad_regex" and len(caught.value.message) < 2000
        assert time.thread_time() - began < 6
    else:
        grammar = terms.from_regex(REGEX_BOMBS[name])
        assert time.thread_time() - began < 6
        ends(grammar, tiny_base, tmp_path)


def _pairs(depth: int) -> dict[str, Any]:
    """Objects of two objects of two objects …: 2^depth parts."""
    parts: dict[str, Any] = {
        f"d{i}": {
            "type": "object",
            "properties": {k: {"$ref": f"#/$defs/d{i + 1}"} for k in "ab"},
            "required": ["a", "b"],
        }
        for i in range(depth)
    }
    return {"$defs": parts | {f"d{depth}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


SCHEMA_BOMBS: dict[str, dict[str, Any]] = {
    "a hundred million items": {"type": "array", "minItems": 100_000_000},
    "2^70 items": {"type": "array", "minItems": 1 << 70},
    "a hundred million characters": {"type": "string", "minLength": 100_000_000},
    "a hundred million properties": {"type": "object", "minProperties": 100_000_000},
    "three thousand properties": {
        "type": "object",
        "properties": {f"p{i}": {"type": "string"} for i in range(3000)},
    },
    "itself": {"$ref": "#"},
    "itself by a detour": {
        "allOf": [{"$ref": "#/$defs/a"}],
        "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}},
    },
    "doubled forty times": _pairs(40),
    "a pattern that explodes": {"type": "string", "pattern": "(a{1,1000}){1,1000}"},
    "a file of this machine": {"$ref": "file:///etc/passwd"},
    "an address": {"$ref": "http://127.0.0.1:9/schema.json"},
}

TAKEN_SCHEMAS = {
    "doubled forty times",
    "a pattern that explodes",
    "three thousand properties",
}


@pytest.mark.parametrize("name", SCHEMA_BOMBS)
def test_a_json_schema_costs_a_few_seconds_at_most(
    name: str, tiny_base: Path, tmp_path: Path
) -> None:
    began = time.thread_time()
    if name in TAKEN_SCHEMAS:
        grammar = terms.from_json_schema(SCHEMA_BOMBS[name])
        assert time.thread_time() - began < 6
        ends(grammar, tiny_base, tmp_path)
    else:
        with pytest.raises(ConfigError) as caught:
            terms.from_json_schema(SCHEMA_BOMBS[name])
        assert caught.value.code == "bad_schema" and "root:" not in caught.value.message
        assert time.thread_time() - began < 6


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:{port}/x.json",
        "other.json",
        "//127.0.0.1:{port}/x",
        "",
    ],
)
@pytest.mark.parametrize("key", ["$ref", "$dynamicRef"])
def test_a_json_schema_fetches_nothing(key: str, place: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        schema = {
            "type": "object",
            "properties": {"a": {key: place.format(port=listener.getsockname()[1])}},
        }
        with pytest.raises(ConfigError, match="nothing is fetched") as caught:
            terms.from_json_schema(schema)
        assert caught.value.code == "bad_schema" and "$defs" in caught.value.hint
        with pytest.raises(TimeoutError):
            listener.accept()


GRAPHS = {
    "a relation of a million letters": "[" + "a" * 900_000,
    "a node of a million blanks": "(" + " " * 900_000,
    "nodes that are never closed": "(:a{" * 200_000,
    "relations that are never closed": "[:a|" * 200_000,
    "words without a bracket": "[" + "a " * 400_000,
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graphs_schema_is_read_in_linear_time(name: str) -> None:
    began = time.thread_time()
    assert restrict.graph_names("(:A) " + GRAPHS[name])["label"][0] == "A"
    assert time.thread_time() - began < 3


def test_relations_are_read_with_and_without_a_variable() -> None:
    found = restrict.graph_names(
        "(:P {n: STRING})-[:KNOWS]->(a:B:C)-[r:X|Y|:Z {since: INT}]->(b:D) [LIKES]"
    )
    assert found["relationship"] == ["KNOWS", "X", "Y", "Z", "LIKES"] and found["label"] == [
        "P",
        "B",
        "C",
        "D",
    ]


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE TABLE t (a INT DEFAULT " + "(" * 5000,
        "CASE WHEN " * 5000,
        "SELECT " + "(SELECT " * 500,
        "a" * 900_000,
    ],
)
def test_ddl_that_hurts_is_refused(ddl: str) -> None:
    began = time.thread_time()
    with pytest.raises(ConfigError):
        restrict.sql_names(ddl, "sql")
    assert time.thread_time() - began < 8


def test_grammar_bombs_that_the_reader_lets_through_are_bounded(
    tiny_base: Path, tmp_path: Path
) -> None:
    ends(
        Grammar.from_gbnf(
            "root ::= a a a a a a a a\na ::= (b | c | b c | c b)*\nb ::= [a-z]* [a-y]* [a-x]*\nc ::= b? b? b?\n"
        ),
        tiny_base,
        tmp_path,
    )


def test_a_grammar_that_never_compiles_ends_at_the_bound_of_time(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECONDS, "quick", 0.01)
    monkeypatch.setitem(SECONDS, "walk", 0.01)
    with pytest.raises(GrammarError) as caught:
        masks.ready(
            terms.from_json_schema(SCHEMA_BOMBS["doubled forty times"]),
            tiny_base,
            tmp_path,
            own=False,
        )
    assert caught.value.code == "grammar_too_costly"
    monkeypatch.undo()
    assert masks.ready(Grammar.from_gbnf('root ::= "fine"'), tiny_base, tmp_path, own=False).mask
