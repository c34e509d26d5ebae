"""What a graph domain is: nodes, relationships, properties, and how people speak of them.

The domains are in `data/cypher_train.jsonl` and `data/cypher_test.jsonl`. What several of them
share has a name there: a property is one of `data/cypher_properties.jsonl`, a part of a text one of
the lists of `data/cypher_words.jsonl`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Discriminator
from pydantic.dataclasses import dataclass

from training.records import DATA, STRICT, read, read_choices

TALLY: Final = "number of "
"""Nouns that begin so are spoken of in plurals: "with more than 5 rooms"."""

_WORDS: Final = read_choices("cypher_words.jsonl")
_FORMS: Final = {
    "present": ("{bare}", "{form}", "do", "does"),
    "past": ("{form}", "{form}", "did", "did"),
    "are": ("are {bare}", "is {bare}", "are", "is"),
    "were": ("were {bare}", "was {bare}", "were", "was"),
}
"""Of each tense: the plural, the singular, and what a question begins with for many and for one."""


@dataclass(frozen=True, slots=True, config=STRICT)
class Texts:
    """Words to combine, one of each part: names tell rows apart, values are shared by several."""

    kind: Literal["names", "values"]
    parts: tuple[tuple[str, ...] | str, ...]
    joint: str = " "

    @property
    def repeats(self) -> bool:
        return self.kind == "values"

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The parts, those with a name looked up."""
        return tuple(_WORDS[part] if isinstance(part, str) else part for part in self.parts)


@dataclass(frozen=True, slots=True, config=STRICT)
class Numbers:
    """A range.

    Amounts can be summed, measures only averaged; of years there are but the earliest and the
    latest.
    """

    kind: Literal["amount", "measure", "year"]
    low: int | float
    high: int | float
    step: int | float = 1

    @property
    def whole(self) -> bool:
        """Whether all of them are whole numbers."""
        return float(self.step).is_integer() and float(self.low).is_integer()


@dataclass(frozen=True, slots=True, config=STRICT)
class Flags:
    """True or false."""

    kind: Literal["flag"]


@dataclass(frozen=True, slots=True, config=STRICT)
class Prop:
    """A property: how schemas spell it and how people speak of it.

    `equal`, `above` and `below` follow a noun ("older than {}"), `top` and `bottom` precede it
    ("oldest"), `ask` names one node.
    """

    names: tuple[str, ...]
    noun: str
    pool: Annotated[Texts | Numbers | Flags, Discriminator("kind")]
    equal: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    top: str = ""
    bottom: str = ""
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=STRICT)
class Shared:
    """A property that several domains have."""

    name: str
    prop: Prop


_SHARED: Final = {one.name: one.prop for one in read(DATA / "cypher_properties.jsonl", Shared)}


def _found(prop: Prop | str) -> Prop:
    return _SHARED[prop] if isinstance(prop, str) else prop


@dataclass(frozen=True, slots=True, config=STRICT)
class Node:
    """A node label with its alternatives; `who` marks people."""

    labels: tuple[str, ...]
    named: Prop | str
    has: tuple[Prop | str, ...]
    who: bool = False

    @property
    def key(self) -> Prop:
        return _found(self.named)

    @property
    def props(self) -> tuple[Prop, ...]:
        return tuple(_found(prop) for prop in self.has)


@dataclass(frozen=True, slots=True, config=STRICT)
class Verb:
    """The forms of a verb, from its tense and what a dictionary has of it."""

    tense: Literal["present", "past", "are", "were"]
    bare: str
    """As in "which movies do they act in"."""
    form: str = ""
    """Where the tense is present, as in "she acts in"; where it is past, as in "she acted in"."""

    def _said(self, at: int) -> str:
        return _FORMS[self.tense][at].format(bare=self.bare, form=self.form)

    @property
    def plural(self) -> str:
        """As in "which people act in it"."""
        return self._said(0)

    @property
    def singular(self) -> str:
        """As in "who acts in it"."""
        return self._said(1)

    @property
    def do(self) -> str:
        """As in "which movies do they act in"."""
        return self._said(2)

    @property
    def does(self) -> str:
        """As in "which movies does she act in"."""
        return self._said(3)


@dataclass(frozen=True, slots=True, config=STRICT)
class Edge:
    """A relationship as the language has it: subject, verb, object.

    An `inverse` type points from object to subject.
    """

    subject: str
    types: tuple[str, ...]
    verb: Verb
    object: str
    has: tuple[Prop | str, ...] = ()
    inverse: tuple[str, ...] = ()
    single: bool = False
    ask: tuple[str, ...] = ()

    @property
    def props(self) -> tuple[Prop, ...]:
        return tuple(_found(prop) for prop in self.has)


@dataclass(frozen=True, slots=True, config=STRICT)
class Domain:
    """A small world to draw schemas from."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


TRAIN: Final = read(DATA / "cypher_train.jsonl", Domain)
TEST: Final = read(DATA / "cypher_test.jsonl", Domain)
