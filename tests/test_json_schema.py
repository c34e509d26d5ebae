"""JSON schemas and regular expressions: what is taken is held to, and what can't be is refused."""

from __future__ import annotations

import datetime
import json
import random
import re
from typing import Annotated, Any, Literal

import jsonschema
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.errors import ConfigError
from expertserve.grammar import terms
from expertserve.grammar.formats import FORMATS
from expertserve.grammar.recognise import Grammar


class Ticket(pydantic.BaseModel):
    """What applications write: patterns, bounded texts, formats, choices with signs in them."""

    code: Annotated[str, pydantic.Field(pattern=r"^[A-Z]{2,4}-\d+$")]
    reporter: Annotated[str, pydantic.Field(json_schema_extra={"format": "email"})]
    title: Annotated[str, pydantic.Field(max_length=20)]
    kind: Literal["bug?", "it's", "wish"]
    link: pydantic.HttpUrl | None = None
    seen_by: set[Annotated[str, pydantic.Field(max_length=3)]] = set()
    span: tuple[int, datetime.date] | None = None
    tags: list[Annotated[str, pydantic.Field(pattern="[a-z]+", max_length=6)]] = []


def samples(grammar: Grammar, count: int = 40) -> list[str]:
    return [grammar.sample(random.Random(seed)) for seed in range(count)]


TAKEN: dict[str, dict[str, Any]] = {
    "a pattern with quotes and backslashes": {"type": "string", "pattern": r'^[\\"a]{1,4}\.$'},
    "a pattern beyond ASCII": {"type": "string", "pattern": "[^ä]{1,3}"},
    "an anchor where a pattern is open": {"type": "string", "pattern": "^($|https://)"},
    "a pattern with anchors inside": {"type": "string", "pattern": "^(a|b)c$|^d$"},
    "a pattern or null, with a length": {
        "type": ["string", "null"],
        "pattern": "^[a-z]+$",
        "maxLength": 3,
    },
    "an address or null": {"type": ["string", "null"], "format": "email"},
    "a text beyond ASCII or null": {"type": ["string", "null"], "pattern": "^[^ä]{1,4}$"},
    "e-mail as zod writes it": {
        "type": "string",
        "format": "email",
        "pattern": r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$",
    },
    "lengths that a pattern has anyway": {
        "type": "string",
        "pattern": r"^[A-Z]{2}-\d{1,9}$",
        "minLength": 1,
        "maxLength": 12,
    },
    "no types": {"minimum": 0, "maximum": 5},
    "a type beside a choice": {"type": "string", "anyOf": [{"format": "date"}, {"format": "uuid"}]},
    "a name that a pattern describes": {
        "type": "object",
        "patternProperties": {"^x": {"type": "null"}},
        "additionalProperties": False,
        "required": ["xy"],
    },
    "multiples": {"type": "integer", "multipleOf": 7},
    "an open object with a remark": {
        "type": "object",
        "required": ["a"],
        "example": {"a": 1},
    },
    "a pattern that is open at its end": {"type": "string", "pattern": "^REQ-"},
    "a pattern that is open at its beginning": {"type": "string", "pattern": r"\.com$"},
    "a pattern with a length": {
        "type": "string",
        "pattern": "[a-z]+",
        "minLength": 2,
        "maxLength": 3,
    },
    "a pattern or null": {"type": ["string", "null"], "pattern": "^a$"},
    "patterns of names": {
        "type": "object",
        "patternProperties": {r'^x[?"\\]+$': {"type": "integer"}},
        "additionalProperties": False,
    },
    "signs in constants": {"enum": ["{3, -1}", "a (=(b", "what?", "it's\\", None, 3]},
    "names with dots": {
        "$ref": "#/$defs/api.User",
        "$defs": {
            "api.User": {
                "type": "object",
                "properties": {
                    "of": {"$ref": "#/$defs/api.User"},
                    "id": {"$ref": "#/$defs/api.User.id"},
                },
            },
            "api.User.id": {"type": "string"},
        },
    },
    "bounded texts": {"type": "string", "minLength": 1, "maxLength": 30},
    "required without properties": {"type": "object", "required": ["a"]},
    "required beside properties": {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a", "b"],
    },
    "at least one of anything": {"type": "object", "minProperties": 1},
    "a short list of anything": {"type": "array", "minItems": 1, "maxItems": 3},
    "keywords as names": {
        "type": "object",
        "properties": {"not": {"type": "string"}, "pattern": {"type": "null"}},
        "required": ["not"],
    },
    **{format: {"type": "string", "format": format} for format in sorted(FORMATS)},
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_schema_lets_through_is_valid(name: str) -> None:
    schema = TAKEN[name]
    for text in samples(terms.from_json_schema(schema)):
        jsonschema.validate(
            json.loads(text), schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )


def test_a_model_reads_what_its_schema_lets_through() -> None:
    for text in samples(terms.from_json_schema(Ticket)):
        data = json.loads(text)
        if (
            data.get("link") is None
        ):  # what pydantic takes for an address is narrower than the format
            assert Ticket.model_validate_json(text).code == data["code"]


def test_a_string_holds_what_json_escapes() -> None:
    grammar = terms.from_json_schema({"type": "string", "pattern": "^.{1,9}$"})
    assert (
        grammar.accepts('"say \\"a\\""')
        and not grammar.accepts('"say "a""')
        and not grammar.accepts('"\t"')
    )
    assert terms.from_json_schema({"type": "string", "maxLength": 3}).accepts('"a\t"') is False


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "differing items": ({"type": "array", "uniqueItems": True}, "'uniqueItems'"),
    "a required name that is forbidden": (
        {"type": "object", "required": ["a"], "additionalProperties": False},
        "lets no value through",
    ),
    "names that are none": ({"type": "object", "required": [[]]}, "a list of names"),
    "a format that is none": ({"type": "string", "format": []}, "'format' can't be"),
    "an anchor": ({"$ref": "#here"}, "refers to '#here'"),
    "another file": ({"$ref": "other.json#/a"}, "nothing is fetched"),
    "a pattern that looks ahead": (
        {"properties": {"a": {"items": {"type": "string", "pattern": "a(?=b)"}}}},
        "at /properties/a/items: 'pattern' .* looks ahead",
    ),
    "a branch that looks ahead": (
        {"anyOf": [{"type": "string", "pattern": "a(?=b)"}, {"type": "integer"}]},
        "at /anyOf/0: 'pattern' .* looks ahead",
    ),
    "a pattern that is none": ({"type": "string", "pattern": "("}, "malformed"),
    "a length that no text has": (
        {"type": "string", "pattern": "[a-z]{3}$", "maxLength": 2},
        "lets no value through",
    ),
    "types that are none": (
        {"properties": {"a~/b": {"type": "float"}}},
        "at /properties/a~0~1b: 'type'",
    ),
    "no branch at all": ({"anyOf": []}, "lists no schema"),
    "no type at all": ({"type": []}, "names no type"),
    "no items that may be": ({"type": "array", "contains": False}, "lets no value through"),
    "itself": ({"$ref": "#"}, "leads back to itself"),
    "two names that are free": ({"type": "object", "minProperties": 2}, "may come twice"),
    "branches that nothing tells apart": (
        {
            "oneOf": [
                {"type": "object", "patternProperties": {"^a": {"type": "null"}}},
                {"type": "object", "patternProperties": {"^b": {"type": "null"}}},
            ]
        },
        "'oneOf' has a branch \\(0\\) that may hold together",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_grammar_can_say_is_refused(name: str) -> None:
    schema, message = REFUSED[name]
    with pytest.raises(ConfigError, match=message) as caught:
        terms.from_json_schema(schema)
    assert caught.value.code == "bad_schema"


def test_open_things_stay_open_whatever_stands_beside() -> None:
    for schema, text in (
        ({"type": "object", "nullable": True}, '{"a": 1}'),
        ({"type": "object", "nullable": True}, "null"),
        ({"type": "array", "uniqueItems": False}, "[1, 2]"),
    ):
        assert terms.from_json_schema(schema).accepts(text), schema


def test_differing_items_that_need_not_differ_are_fine() -> None:
    assert terms.from_json_schema(
        {"type": "array", "uniqueItems": False, "items": {"type": "null"}}
    ).accepts("[null, null]")


@pytest.mark.parametrize(
    "pattern",
    [
        r"Who\?", r"[!?]\s\S\d\D\w\W", r"Answer: .{1,8}", r"\Aabc\Z", "^a|b$", r"(?P<year>\d{4})-\d\d", "(?i)ab[c-e]é", "a{,3}",
        "(?:)|x", r"[^\"\\]*", r"(?s).\n", r"\$\d+(\.\d\d)?", "(?x) a b  # and a remark", "(?i:a)b", r"[\]\-^]",
        "(a?b){2,30}(c{1,40} ){1,60}", r"\x41é\U0001F600",
    ],
)  # fmt: skip
def test_a_regular_expression_is_pythons(pattern: str) -> None:
    grammar = terms.from_regex(pattern)
    assert all(re.fullmatch(pattern, text, re.ASCII) for text in samples(grammar))


@pytest.mark.parametrize(
    "pattern",
    ["a(?=b)", "(?<!a)b", r"(a)\1", r"a\b", "a^b", "a$b", "x*+", "(?>a)b", "(a)?(?(1)b|c)"],
)
def test_what_is_no_regular_language_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="no grammar can enforce") as caught:
        terms.from_regex(pattern)
    assert caught.value.code == "bad_regex"


PIECES = st.recursive(
    st.sampled_from(
        ["a", "B", r"\?", r"\.", ".", r"\d", r"\W", r"\s", "[a-c_]", "[^b-d]", r"[\w-]", "é", r"\n"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{,2}", "{1,3}", "+?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        st.tuples(st.sampled_from(["(?i:", "(?s:", "("]), inner).map(
            lambda pair: f"{pair[0]}{pair[1]})"
        ),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(pattern=PIECES, texts=st.lists(st.text("aBbc?.d_ é\n1", max_size=5), max_size=8))
def test_a_regular_expression_and_its_grammar_agree(pattern: str, texts: list[str]) -> None:
    grammar = terms.from_regex(pattern)
    for text in [*texts, *samples(grammar, 5)]:
        assert grammar.accepts(text) == bool(re.fullmatch(pattern, text, re.ASCII)), (pattern, text)


@pytest.mark.parametrize(
    "following",
    [
        {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/Node"}]},
        {
            "anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/Node"}, "minItems": 1},
                {"const": 0},
            ]
        },
    ],
)
def test_a_required_property_may_lead_back_through_a_union(following: dict[str, Any]) -> None:
    node = {"properties": {"v": {"type": "integer"}, "next": following}, "required": ["v", "next"]}
    schema = {
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "object", "additionalProperties": False, **node}},
    }
    grammar = terms.from_json_schema(schema)
    for seed in range(10):
        text = grammar.sample(random.Random(seed), 120)
        jsonschema.validate(json.loads(text), schema)
    endless = {
        "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}},
        "$ref": "#/$defs/A",
    }
    with pytest.raises(ConfigError, match="leads back"):
        terms.from_json_schema(endless)
