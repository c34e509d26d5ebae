"""What a graph domain is, and the words that domains share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

TALLY: Final = "number of "
"""Nouns that begin so are spoken of in plurals: "with more than 5 rooms"."""
DOMAINS: Final = "cypher_train.jsonl"
TEST_DOMAINS: Final = "cypher_test.jsonl"
"""They share no label and no relationship type with those of training."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Words to combine, one of each part; `repeats` is whether several rows share a value."""

    parts: tuple[tuple[str, ...], ...]
    joint: str = " "
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """A range. Amounts are summed, measures averaged, years only compared."""

    low: float
    high: float
    step: float
    kind: Literal["amount", "measure", "year"]


@dataclass(frozen=True, slots=True)
class Flags:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Prop:
    """A property: how schemas spell it and how people speak of it.

    `equal`, `above` and `below` follow a noun ("older than {}"), `top` and `bottom` precede it
    ("oldest"), `ask` names one node.
    """

    names: tuple[str, ...]
    noun: str
    pool: Texts | Numbers | Flags
    equal: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    top: str = ""
    bottom: str = ""
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A node label with its alternatives; `who` marks people."""

    labels: tuple[str, ...]
    key: Prop
    props: tuple[Prop, ...] = ()
    who: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """Forms as in "people act in it", "who acts in it", "which movies do they act in"."""

    bare: str
    plural: str
    singular: str
    do: str
    does: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A relationship: subject, verb, object. An `inverse` type points back."""

    subject: str
    types: tuple[str, ...]
    verb: Verb
    object: str
    props: tuple[Prop, ...] = ()
    inverse: tuple[str, ...] = ()
    single: bool = False
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Domain:
    """A small world to draw schemas from."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
