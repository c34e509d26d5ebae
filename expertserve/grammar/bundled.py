"""The grammars that come with expertserve, by name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from expertserve.grammar.recognise import Grammar


def folder() -> Path:
    """Inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parents[1]
    return here / "grammars" if (here / "grammars").is_dir() else here.parent / "grammars"


def names() -> list[str]:
    """Such as `sql`, `json`, `cypher`."""
    return sorted(p.stem for p in folder().glob("*.gbnf"))


@lru_cache(maxsize=32)
def bundled(name: str) -> Grammar | None:
    """The grammar of that name; None where there is none."""
    return Grammar.from_gbnf((folder() / f"{name}.gbnf").read_bytes()) if name in names() else None
