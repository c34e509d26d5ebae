"""What a caller may give (GBNF, JSON schema, regex, choice, Outlines term) → `Grammar`.

Whatever it is becomes rules, so that one recogniser and one mask engine serve them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from expertserve.errors import ConfigError, GrammarError
from expertserve.files import read_bounded
from expertserve.grammar import regex
from expertserve.grammar import schema as json_schema
from expertserve.grammar.gbnf import MAX_TEXT
from expertserve.grammar.program import MAX_ENDING
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.schema import Schema
from expertserve.grammar.shape import Grounding
from expertserve.grammar.tree import Alt, Literal, Node, Rules, Seq

if TYPE_CHECKING:
    from outlines.types.dsl import Term

MAX_REGEX, MAX_CHOICES = 4_000, 10_000


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
        "grammar must be GBNF as a text, a Path, a Grammar, an Outlines term or None, not"
        f" {type(given).__name__}",
        code="bad_grammar",
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
            raise ConfigError(
                f"the grammar {given} can't be read: {error}", code="bad_file"
            ) from error
        return _cached_gbnf(text)
    return _cached_gbnf(given)


def schema_of(given: object) -> str | None:
    """The JSON schema that an Outlines term says; None where it is something else."""
    from outlines.types.dsl import JsonSchema

    return json_schema.text_of(json.loads(given.schema)) if isinstance(given, JsonSchema) else None


@contextmanager
def _as_config_error(what: str, code: str) -> Iterator[None]:
    """What is wrong with the grammar is wrong with what it was made of."""
    try:
        yield
    except GrammarError as error:
        raise ConfigError(
            f"{what} can't be enforced: {error.message}", hint=error.hint, code=code
        ) from error


@lru_cache(maxsize=64)
def _cached_regex(pattern: str) -> Grammar:
    node = regex.matched(pattern)
    if regex.lengths(node)[0] > MAX_ENDING:
        raise ConfigError(
            f"the regular expression matches nothing shorter than {MAX_ENDING:,} characters",
            hint="lower its bounds",
            code="bad_regex",
        )
    return Grammar(Rules({"root": node}, {"root": 1}))


@lru_cache(maxsize=64)
def _cached_gbnf(text: str | bytes) -> Grammar:
    return Grammar.from_gbnf(text)


def from_choice(choices: Sequence[str]) -> Grammar:
    """One of these texts.

    Raises:
        ConfigError: None, too many, or something else than texts.
    """
    listed = isinstance(choices, Sequence) and not isinstance(choices, str)
    if (
        not listed
        or not choices
        or len(choices) > MAX_CHOICES
        or any(not isinstance(c, str) for c in choices)
    ):
        raise ConfigError(f"choice must be a list of 1 to {MAX_CHOICES:,} texts", code="bad_choice")
    options: list[Node] = [Literal(c) if c else Seq() for c in dict.fromkeys(choices)]
    return Grammar(
        Rules({"root": Alt(tuple(options)) if len(options) > 1 else options[0]}, {"root": 1})
    )


def from_regex(pattern: str) -> Grammar:
    """Texts that a regular expression matches from end to end.

    Raises:
        ConfigError: `bad_regex`: malformed, too long, or beyond what a grammar can say
            (look-around, back references).
    """
    if not isinstance(pattern, str) or len(pattern) > MAX_REGEX:
        raise ConfigError(
            f"regex must be a text of at most {MAX_REGEX:,} characters", code="bad_regex"
        )
    with _as_config_error("the regular expression", "bad_regex"):
        return _cached_regex(pattern)


def from_json_schema(schema: Schema, *, strict: bool = False, ground: Grounding = "") -> Grammar:
    """JSON of a shape, written compactly (`{"a": 1, "b": [2, 3]}`). What is refused is remembered.

    Args:
        strict: Objects that don't say `additionalProperties` have none; so with a pydantic model.
        ground: Whether strings and numbers are in the source, where the schema doesn't say.

    Raises:
        ConfigError: `bad_schema`: not a schema, too large, with parts that no grammar can say, or
            that lie elsewhere.
    """
    text = json_schema.text_of(schema)
    found = _cached_schema(text, strict or isinstance(schema, type), ground)
    if isinstance(found, ConfigError):
        raise ConfigError(found.message, hint=found.hint, code="bad_schema") from found
    return found


@lru_cache(maxsize=64)
def _cached_schema(text: str, strict: bool, ground: Grounding) -> Grammar | ConfigError:
    try:
        with _as_config_error("the JSON schema", "bad_schema"):
            return Grammar(json_schema.rules(json.loads(text), strict=strict, ground=ground))
    except ConfigError as error:
        return error


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
            "an Outlines CFG is written in Lark, which is not read here",
            hint="pass the grammar in GBNF, as a text",
            code="bad_grammar",
        )
    try:
        pattern = to_regex(term)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ConfigError(
            f"this Outlines term says no regular language: {error}", code="bad_grammar"
        ) from error
    return from_regex(pattern)
