"""Random schemas: what is let through is valid, and what is valid is let through, by `jsonschema`."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expertserve.errors import ConfigError
from expertserve.grammar import terms
from expertserve.grammar.recognise import Grammar
from scripts.schema_suite import spellings

Json = dict[str, Any]

NAMES = st.sampled_from(["a", "b", "ab", "x_1", "名"])
SMALL = st.integers(0, 3)
NUMBERS = st.sampled_from([-2, 0, 1, 2.5, 3, 10])
PATTERNS = st.sampled_from(["^a", "b$", "^[ab]*$", "a", "^x_", ".", "^(?!b)[a-c]+$"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 2, 3, -2, 2.5, 10, "", "a", "b", "ab", "x_1", "ba"]),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=5,
)
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.fixed_dictionaries({}, optional={"type": st.sampled_from(["integer", "number", "null"])}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["number", "integer", ["integer", "string"]])},
        optional={
            "minimum": NUMBERS,
            "maximum": NUMBERS,
            "exclusiveMinimum": NUMBERS,
            "multipleOf": st.sampled_from([1, 2, 3, 0.5]),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": SMALL, "maxLength": SMALL, "pattern": PATTERNS},
    ),
    st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"const": VALUES}),
)


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    objects = st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", ["object", "null"]]),
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
            "propertyNames": st.sampled_from([{"maxLength": 2}, {"pattern": "^[a-z]"}]),
            "maxProperties": SMALL,
            "minProperties": st.integers(0, 1),
        },
    )
    arrays = st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("array"),
            "items": inner,
            "prefixItems": several,
            "minItems": SMALL,
            "maxItems": SMALL,
            "contains": inner,
        },
    )
    unions = st.fixed_dictionaries(
        {},
        optional={
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "type": st.sampled_from(["string", "integer", ["string", "object", "null"]]),
            "required": st.lists(NAMES, max_size=1),
            "maxLength": SMALL,
        },
    )
    return st.one_of(objects, arrays, unions)


SCHEMAS = st.recursive(LEAVES, branches, max_leaves=6).filter(lambda s: isinstance(s, dict))


def taken(schema: Json) -> Grammar | None:
    try:
        return terms.from_json_schema(schema)
    except ConfigError as error:
        assert error.code == "bad_schema" and "can't be held at /" in error.message
        return None


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=SCHEMAS, values=st.lists(VALUES, max_size=12), seed=st.integers(0, 1 << 30))
def test_a_schema_and_its_grammar_agree(schema: Json, values: list[Any], seed: int) -> None:
    grammar, judge = taken(schema), jsonschema.Draft202012Validator(schema)
    if grammar is None:
        return
    for number in range(6):
        text = grammar.sample(random.Random(seed + number), 150)
        assert judge.is_valid(json.loads(text)), (schema, text)
    for value in values:
        let_through = any(grammar.accepts(text) for text in spellings(value))
        assert let_through == judge.is_valid(value), (schema, value)


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    required=st.lists(NAMES, max_size=2, unique=True),
    closed=st.booleans(),
)
def test_strict_closes_what_the_schema_leaves_open(
    names: list[str], required: list[str], closed: bool
) -> None:
    schema: Json = {"type": "object", "properties": {name: {"const": 1} for name in names}}
    schema |= {"required": [n for n in required if n in names]}
    schema |= {"additionalProperties": False} if closed else {}
    text = json.dumps({**dict.fromkeys(names, 1), "other": 2}, ensure_ascii=False)
    assert terms.from_json_schema(schema).accepts(text) is not closed
    assert not terms.from_json_schema(schema, strict=True).accepts(text)
