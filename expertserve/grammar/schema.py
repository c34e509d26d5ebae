"""JSON schemas → rules of a grammar.

    a schema -> document (parts, references) -> shapes (one form, intersected) -> rules

Nothing is dropped in silence: what no grammar can say is refused with its JSON pointer. `format` is
held to, where it is known; `title`, `description`, `default` and the like are remarks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar.document import Document, refuse
from expertserve.grammar.json_rules import Writer
from expertserve.grammar.lower import productive, reachable
from expertserve.grammar.marks import apart
from expertserve.grammar.normal import Schemas
from expertserve.grammar.shape import Grounding
from expertserve.grammar.tree import Rules

if TYPE_CHECKING:
    import pydantic

Schema = Mapping[str, object] | type["pydantic.BaseModel"]
MAX_SCHEMA, MAX_DEPTH = 500_000, 60


def rules(schema: Schema, *, strict: bool = False, ground: Grounding = "") -> Rules:
    """A grammar of a schema's JSON, written compactly (`{"a": 1, "b": [2, 3]}`).

    Args:
        strict: Objects that don't say `additionalProperties` have none, as with a pydantic model.
        ground: Whether strings and numbers have to be in the source where the schema doesn't say
            so itself (`x-source`).

    Raises:
        ConfigError: `bad_schema`: not a schema, too large, unsatisfiable, with parts that no
            grammar can say, or that lie elsewhere; with the JSON pointer and the keyword.

    Example:
        >>> from expertserve.grammar.write import write
        >>> print(write(rules({"enum": [0.1, "a"]})), end="")
        root ::= value-0
        value-0 ::= "0.1" | "\\"a\\""
    """
    document = Document(json.loads(text_of(schema)))
    schemas = Schemas(document, strict=strict or isinstance(schema, type))
    try:
        written = Writer(schemas, ground).rules(document.root)
    except GrammarError as error:
        raise ConfigError(
            f"the JSON schema can't be held: {error.message}", hint=error.hint, code="bad_schema"
        ) from error
    made = productive(written)
    if made.root not in made.rules:
        refuse("", "schema", "lets no value through", "look for parts that contradict each other")
    made = apart(reachable(made))
    return replace(made, words=(written.words or frozenset()).intersection(made.rules))


def text_of(schema: Schema) -> str:
    """A dictionary's or pydantic model's JSON schema, bounded, as JSON.

    Raises:
        ConfigError: `bad_schema`: it isn't one, or is too large.
    """
    plain = _without_sets(schema.model_json_schema()) if isinstance(schema, type) else schema
    if not isinstance(plain, Mapping) or max(depth for _, depth in _walk(plain)) > MAX_DEPTH:
        raise ConfigError(
            f"json_schema must be an object nested at most {MAX_DEPTH} deep, or a pydantic model",
            code="bad_schema",
        )
    try:
        text = json.dumps(plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"json_schema can't be written as JSON: {error}", code="bad_schema"
        ) from error
    if len(text) > MAX_SCHEMA:
        raise ConfigError(
            f"the JSON schema has {len(text):,} characters; {MAX_SCHEMA:,} are allowed",
            code="bad_schema",
        )
    return text


def _without_sets(value: object) -> object:
    """A model's set takes a list in which something comes twice."""
    if isinstance(value, dict):
        return {
            k: _without_sets(v) for k, v in value.items() if not (k == "uniqueItems" and v is True)
        }
    return [_without_sets(v) for v in value] if isinstance(value, list) else value


def _walk(value: object) -> Iterator[tuple[object, int]]:
    """Every object and list in a tree with its depth, to a little below the limit."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        yield item, depth
        if depth <= MAX_DEPTH and isinstance(item, Mapping | list | tuple):
            stack += [
                (v, depth + 1) for v in (item.values() if isinstance(item, Mapping) else item)
            ]
