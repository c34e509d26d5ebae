"""What a caller may ask for (GBNF, a JSON schema, a regular expression, a choice, an Outlines term) → one `Grammar`.

JSON schemas and regular expressions are turned into rules by xgrammar, whose text we read with our own parser, so that one recogniser
and one mask engine serve them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar.gbnf import MAX_TEXT
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Alt, Literal, Node, Rules, Seq
from expertserve.package.members import read_bounded

if TYPE_CHECKING:
    import pydantic
    import xgrammar
    from outlines.types.dsl import Term

Schema = Mapping[str, object] | type["pydantic.BaseModel"]
MAX_SCHEMA, MAX_SCHEMA_DEPTH, MAX_REGEX, MAX_CHOICES = 100_000, 60, 4_000, 10_000
LOOKAHEAD = re.compile(r" \(=\(.*\)\)$", re.MULTILINE)
"""xgrammar's hints to itself at the end of a rule; they don't change the language of the whole."""


def from_any(given: str | Path | Grammar | Term) -> Grammar:
    """Whatever `grammar=` takes."""
    from outlines.types.dsl import Term

    if isinstance(given, Grammar):
        return given
    if isinstance(given, str | Path):
        return from_gbnf(given)
    if isinstance(given, Term):
        return from_term(given)
    raise ConfigError(
        f"grammar must be GBNF as a text, a Path, a Grammar, an Outlines term or None, not {type(given).__name__}", code="bad_grammar"
    )


def from_gbnf(given: str | Path) -> Grammar:
    """A text is always GBNF; a path is a file of it.

    Raises:
        GrammarError: With line and column. ConfigError: The file can't be read.
    """
    if isinstance(given, Path):
        try:
            text = read_bounded(given, MAX_TEXT)
        except OSError as error:
            raise ConfigError(f"the grammar {given} can't be read: {error}", code="bad_file") from error
        return _cached_gbnf(text)
    return _cached_gbnf(given)


@lru_cache(maxsize=64)
def _cached_gbnf(text: str | bytes) -> Grammar:
    return Grammar.from_gbnf(text)


def from_choice(choices: Sequence[str]) -> Grammar:
    """One of these texts.

    Raises:
        ConfigError: None, too many, or something else than texts.
    """
    listed = isinstance(choices, Sequence) and not isinstance(choices, str)
    if not listed or not choices or len(choices) > MAX_CHOICES or any(not isinstance(c, str) for c in choices):
        raise ConfigError(f"choice must be a list of 1 to {MAX_CHOICES:,} texts", code="bad_choice")
    options: list[Node] = [Literal(c) if c else Seq() for c in dict.fromkeys(choices)]
    return Grammar(Rules({"root": Alt(tuple(options)) if len(options) > 1 else options[0]}, {"root": 1}))


def from_regex(pattern: str) -> Grammar:
    """Texts that a regular expression matches from end to end.

    Raises:
        ConfigError: `bad_regex`: malformed, too long, or beyond what a grammar can say (look-around, back references).
    """
    if not isinstance(pattern, str) or len(pattern) > MAX_REGEX:
        raise ConfigError(f"regex must be a text of at most {MAX_REGEX:,} characters", code="bad_regex")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(f"the regular expression is malformed: {error}", code="bad_regex") from error
    return _through_xgrammar(lambda x: x.from_regex(pattern), "bad_regex", "the regular expression")


def from_json_schema(schema: Schema) -> Grammar:
    """JSON objects of a shape, written compactly (`{"a": 1, "b": [2, 3]}`).

    Raises:
        ConfigError: `bad_schema`: not a schema, too large, with parts that no grammar can say, or that lie elsewhere.
    """
    text = schema_text(schema)
    return _through_xgrammar(lambda x: x.from_json_schema(text, any_whitespace=False), "bad_schema", "the JSON schema")


def schema_text(schema: Schema) -> str:
    """A dictionary's or a pydantic model's JSON schema, as text."""
    plain = schema.model_json_schema() if isinstance(schema, type) else schema
    if not isinstance(plain, Mapping) or max(depth for _, depth in _walk(plain)) > MAX_SCHEMA_DEPTH:
        raise ConfigError(f"json_schema must be an object nested at most {MAX_SCHEMA_DEPTH} deep, or a pydantic model", code="bad_schema")
    for item, _ in _walk(plain):
        for place in (item.get("$ref"), item.get("$dynamicRef")) if isinstance(item, Mapping) else ():
            if isinstance(place, str) and not place.startswith("#"):
                hint = "put what it refers to under $defs, and refer to '#/$defs/NAME'"
                raise ConfigError(f"the JSON schema refers to {place[:100]!r}; nothing is fetched", hint=hint, code="bad_schema")
    try:
        text = json.dumps(plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"json_schema can't be written as JSON: {error}", code="bad_schema") from error
    if len(text) > MAX_SCHEMA:
        raise ConfigError(f"the JSON schema has {len(text):,} characters; {MAX_SCHEMA:,} are allowed", code="bad_schema")
    return text


def _walk(value: object) -> Iterator[tuple[object, int]]:
    """Everything in a tree of objects and lists with how deep it lies; goes no further than a little below the limit."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        yield item, depth
        if depth <= MAX_SCHEMA_DEPTH and isinstance(item, Mapping | list | tuple):
            stack += [(v, depth + 1) for v in (item.values() if isinstance(item, Mapping) else item)]


def from_term(term: Term) -> Grammar:
    """An Outlines term that says a choice, a regular expression or a JSON schema.

    Raises:
        ConfigError: A CFG term, which is Lark; give the GBNF instead.
    """
    from outlines.types.dsl import CFG, JsonSchema, to_regex

    if isinstance(term, JsonSchema):
        return from_json_schema(json.loads(term.schema))
    if isinstance(term, CFG):
        raise ConfigError(
            "an Outlines CFG is written in Lark, which is not read here", hint="pass the grammar in GBNF, as a text", code="bad_grammar"
        )
    try:
        pattern = to_regex(term)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ConfigError(f"this Outlines term says no regular language: {error}", code="bad_grammar") from error
    return from_regex(pattern)


def _through_xgrammar(make: Callable[[type[xgrammar.Grammar]], xgrammar.Grammar], code: str, what: str) -> Grammar:
    import xgrammar

    try:
        return _cached_gbnf(readable(str(make(xgrammar.Grammar))))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f"{what} can't be enforced: {error}", code=code) from error
    except GrammarError as error:
        raise ConfigError(f"{what} can't be enforced: {error.message}", hint=error.hint, code=code) from error


def readable(text: str) -> str:
    """xgrammar's own notation → GBNF."""
    text = LOOKAHEAD.sub("", text)
    text = re.sub(r"\{(\d+), -1\}", r"{\1,}", text)
    return re.sub(r"\\(.)", lambda m: {"0": r"\x00", "/": "/", "'": "'"}.get(m[1], m[0]), text)
