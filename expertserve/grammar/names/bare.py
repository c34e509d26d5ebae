"""Names that need no quotes: those that are no keywords."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from expertserve.grammar.bundled import bundled
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Rules

LONGEST = 33
"""Letters by which keywords are told from names, whose length isn't bounded here."""


@lru_cache(maxsize=10_000)
def is_bare(name: str, language: Literal["sql", "cypher"]) -> bool:
    """Whether a name needs no quotes in any dialect that we have.

    Example:
        >>> [is_bare(name, "sql") for name in ("orders", "order", "unit price")]
        [True, False, False]
    """
    fits = name.isascii() and name.isidentifier()
    return fits and _bare_names(language).accepts(name[:LONGEST])


@lru_cache(maxsize=2)
def _bare_names(language: str) -> Grammar:
    grammar = bundled(language)
    assert grammar
    return Grammar(Rules(grammar.rules.rules, {}, "bare-name"))
