"""What applications' schemas say, case by case: texts that have to pass, and texts that may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from expertserve.errors import ConfigError
from expertserve.grammar import terms

LONG = "x" * 3000


def optional(count: int, **inner: Any) -> dict[str, Any]:
    names = {f"field_{n}": inner for n in range(count)}
    return {"type": "object", "properties": names, "additionalProperties": False}


CASES: dict[str, tuple[Any, list[str], list[str]]] = {
    "two hundred optional ones": (
        optional(200, type="boolean"),
        ['{"field_3": true, "field_199": false}', "{}"],
        ['{"field_4": true, "field_3": true}', '{"field_200": true}'],
    ),
    "escapes within a length": (
        {"type": "string", "minLength": 2, "maxLength": 4},
        [r'"\"a\""', r'"a\n"', r'"\\\\"', r'"\ud83d\ude00é"'],
        [r'"\""', '"abcde"', r'"\n\n\n\n\n"'],
    ),
    "a bound in millions": (
        {"type": "string", "maxLength": 10_485_760},
        [f'"{LONG}"'],
        ['"a'],
    ),
    "a bound of a few thousand": (
        {"type": "string", "maxLength": 2999},
        [f'"{LONG[1:]}"'],
        [f'"{LONG}"'],
    ),
    "many items": (
        {"type": "array", "items": {"const": 1}, "minItems": 2, "maxItems": 2500},
        ["[1, 1]", f"[{', '.join('1' * 2500)}]"],
        ["[1]", f"[{', '.join('1' * 2501)}]"],
    ),
    "requirements beside properties": (
        {
            "properties": {"mail": {"type": "string"}, "phone": {"type": "string"}},
            "oneOf": [{"required": ["mail"]}, {"required": ["phone"]}],
            "type": "object",
            "additionalProperties": False,
        },
        ['{"mail": ""}', '{"phone": ""}'],
        ["{}", '{"mail": "", "phone": ""}'],
    ),
    "lengths beside a reference": (
        {"$defs": {"t": {"type": "string"}}, "$ref": "#/$defs/t", "maxLength": 2},
        ['"ab"'],
        ['"abc"', "1"],
    ),
    "a reference beside a choice": (
        {"$defs": {"a": {"type": ["null", "string"]}}, "$ref": "#/$defs/a", "oneOf": [{"type": "null"}]},
        ["null"],
        ['"s"', "1"],
    ),
    "several at once": (
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "null"}}}, {"type": "object"}]},
        ['{"a": null}'],
        ["{}", '{"a": 1}', "3"],
    ),
    "addresses": (
        {"type": "string", "format": "uri-reference"},
        ['"https://example.org/a?b#c"', '"../a"', '"//h/p"', '""', '"urn:a:b"'],
        ['"a b"', '"\\\\x"'],
    ),
    "decimals as they are written": ({"enum": [0.3, 1e-7, 2.50]}, ["0.3", "1e-07", "2.5"], ["0.30000000000000004"]),
    "large numbers": ({"const": 98765432109876543210}, ["98765432109876543210"], ["9.8e+19"]),
    "tuples of draft 7": (
        {"items": [{"type": "null"}], "additionalItems": {"type": "integer"}, "type": "array"},
        ["[null, 1, 2]", "[]"],
        ["[1]", "[null, null]"],
    ),
    "bounds of OpenAPI 3.0": (
        {"type": "integer", "maximum": 9, "exclusiveMaximum": True, "minimum": 7},
        ["7", "8"],
        ["9", "6"],
    ),
    "null in OpenAPI 3.0": (
        {"properties": {"a": {"type": "string", "nullable": True}}, "type": "object"},
        ['{"a": null}', '{"a": ""}'],
        ['{"a": 1}'],
    ),
    "fractions as bounds of whole numbers": (
        {"type": "integer", "exclusiveMinimum": 1.5, "maximum": 4.5},
        ["2", "4"],
        ["1", "5"],
    ),
    "bounded multiples": (
        {"type": "number", "multipleOf": 0.25, "exclusiveMinimum": 0, "maximum": 1},
        ["0.25", "0.5", "1"],
        ["0", "0.3", "1.25"],
    ),
    "names that patterns share": (
        {
            "type": "object",
            "properties": {"n1": {"maximum": 5}},
            "patternProperties": {"^n": {"type": "integer"}, "1$": {"minimum": 3}},
            "additionalProperties": {"type": "null"},
        },
        ['{"n1": 4}', '{"n2": -9, "b1": "", "x": null}'],
        ['{"n1": 2}', '{"n1": 6}', '{"n2": ""}', '{"x": 1}', '{"b1": 2}'],
    ),
    "names that may not be": (
        {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": {}},
        ['{"a": 1}', '{"b": 1, "a": 2}'],
        ['{"c": 1}'],
    ),
    "a property that is false": (
        {"type": "object", "properties": {"a": False, "b": {"type": "null"}}},
        ['{"b": null}', '{"c": 1}'],
        ['{"a": 1}'],
    ),
    "names beyond ASCII": (
        {"type": "object", "properties": {"größe": {"type": "integer"}}},
        ['{"größe": 3}', '{"größer": ""}'],
        ['{"größe": ""}', '{"gr\\u00f6\\u00dfe": ""}'],
    ),
    "constants beside types and lengths": (
        {"type": ["string", "null"], "enum": ["abc", "a", 1, None, True], "maxLength": 2},
        ['"a"', "null"],
        ['"abc"', "1", "true"],
    ),
    "a pointer with an index": (
        {"anyOf": [{"type": "null"}, {"items": {"$ref": "#/anyOf/0"}, "type": "array"}]},
        ["[null, null]", "null"],
        ["[1]"],
    ),
    "pointers with escapes": (
        {
            "$ref": "#/components/schemas/a%20b~1c~0d",
            "components": {"schemas": {"a b/c~d": {"type": "null"}}},
        },
        ["null"],
        ["1"],
    ),
    "definitions that nothing uses": (
        {"type": "null", "definitions": {"x": {"pattern": "(?<=a)b"}, "y": {"type": "wrong"}}},
        ["null"],
        ["1"],
    ),
    "half of a pair": ({"type": "string"}, [r'"\ud83d\ude00"', r'"\u0041"'], [r'"\ude00"', r'"\ud83dx"']),
    "digits": (
        {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]},
        ['{"n": 123456789012345}', '{"n": 0.5}', '{"n": -1.5e10}'],
        ['{"n": 1234567890123456}', '{"n": 1.234567890123456}'],
    ),
    "classes of ECMA": (
        {"type": "string", "pattern": r"^(?<kind>\p{Lu}[^\W_]*)\/\u{61}$"},
        ['"Ä1/a"', '"Zz/a"'],
        ['"ä/a"', '"Z_/a"'],
    ),
    "what a text may not begin with": (
        {"type": "string", "pattern": "^(?!admin)(?=.*[0-9])[a-z0-9]{3,12}$"},
        ['"bob1"', '"adm1n"'],
        ['"admin1"', '"bob"'],
    ),
    "conditions": (
        {
            "type": "object",
            "properties": {"kind": {"enum": ["card", "cash"]}, "number": {"type": "integer"}},
            "required": ["kind"],
            "if": {"properties": {"kind": {"const": "card"}}},
            "then": {"required": ["number"]},
            "additionalProperties": False,
        },
        ['{"kind": "cash"}', '{"kind": "card", "number": 3}'],
        ['{"kind": "card"}'],
    ),
    "listed items that differ": (
        {"type": "array", "items": {"enum": ["r", "g", "b"]}, "uniqueItems": True, "minItems": 1},
        ['["r", "b"]', '["g"]'],
        ["[]", '["r", "r"]'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_schema_holds_what_it_says(name: str) -> None:
    schema, passing, failing = CASES[name]
    grammar = terms.from_json_schema(schema)
    assert [text for text in passing if not grammar.accepts(text)] == []
    assert [text for text in failing if grammar.accepts(text)] == []


def test_digits_end_before_the_answer_does() -> None:
    grammar = terms.from_json_schema({"type": "integer"})
    assert grammar.is_prefix("9" * 15) and not grammar.is_prefix("9" * 16)


@pytest.mark.parametrize(
    ("schema", "pointer", "keyword"),
    [
        ({"properties": {"a": {"properties": {"b/c": {"type": "int"}}}}}, "/properties/a/properties/b~1c", "type"),
        ({"anyOf": [{"type": "null"}, {"pattern": r"a\b"}]}, "/anyOf/1", "pattern"),
        ({"items": {"minLength": "3"}}, "/items", "minLength"),
        ({"$defs": {"a": {"$ref": "x.json"}}, "$ref": "#/$defs/a"}, "/$defs/a", "$ref"),
        ({"prefixItems": [{"uniqueItems": True}]}, "/prefixItems/0", "uniqueItems"),
    ],
)  # fmt: skip
def test_a_refusal_names_place_and_keyword(schema: Any, pointer: str, keyword: str) -> None:
    with pytest.raises(ConfigError) as caught:
        terms.from_json_schema(schema)
    assert f"at {pointer}: '{keyword}'" in caught.value.message
    assert ".cc" not in caught.value.message


def test_a_schema_grows_as_its_rules_do() -> None:
    few, many = (len(terms.from_json_schema(optional(n)).rules.rules) for n in (20, 200))
    assert many < 11 * few
    text = json.dumps(optional(200, type="string", maxLength=500))
    assert len(text) < 100_000
