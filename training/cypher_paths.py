"""Patterns of one or more relationships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.cypher_schema import Link, Table, Tie


@dataclass(frozen=True, slots=True)
class Hop:
    """A relationship seen from the label that is asked for."""

    link: Link
    asks_subject: bool

    @property
    def asked(self) -> Table:
        return self.link.subject if self.asks_subject else self.link.object

    @property
    def other(self) -> Table:
        return self.link.object if self.asks_subject else self.link.subject

    @property
    def forward(self) -> bool:
        """Whether the arrow starts at what is asked for."""
        return self.asks_subject != self.link.flipped

    @property
    def unique(self) -> bool:
        """Whether there is but one answer for each of the others."""
        return self.link.edge.single and not self.asks_subject

    def ends(self, tie: Tie) -> tuple[int, int]:
        return (tie.subject, tie.object) if self.asks_subject else (tie.object, tie.subject)

    def does(self, other: str, *, many: bool = False, one: bool = False) -> str:
        """What follows "which movies": "did Ann Lee act in".

        `many` is the number of `other`, `one` that of the asked.
        """
        verb = self.link.edge.verb
        if self.asks_subject:
            return f"{verb.singular if one else verb.plural} {other}"
        return f"{verb.do if many else verb.does} {other} {verb.bare}"

    def that(self, other: str, *, many: bool = False, one: bool = False) -> str:
        """What follows "the movies": "that Ann Lee acted in"."""
        verb = self.link.edge.verb
        if self.asks_subject:
            return f"{self.asked.that} {verb.singular if one else verb.plural} {other}"
        return f"that {other} {verb.plural if many else verb.singular}"

    @property
    def them(self) -> tuple[str, bool]:
        """The pronoun for one of the others, and whether it is a plural."""
        if not self.other.who:
            return "it", False
        return "them" if self.asks_subject else "they", True


@dataclass(frozen=True, slots=True)
class Path:
    """A pattern; its variables start at what is asked for."""

    text: str
    nodes: tuple[str, ...]
    tie: str


def fresh(label: str, taken: Sequence[str]) -> str:
    letter = label[0].lower()
    return next(
        name
        for name in (letter, *(f"{letter}{number}" for number in range(2, 9)))
        if name not in taken
    )


def path_of(hops: Sequence[Hop], *, tied: bool = False) -> Path:
    """A chain from what is asked for, turned around if that makes every arrow point ahead."""
    tables = [hops[0].asked, *(hop.other for hop in hops)]
    steps = [(hop.link.type, hop.forward) for hop in hops]
    backward = not any(ahead for _, ahead in steps)
    if backward:
        tables.reverse()
        steps = [(type_, True) for type_, _ in reversed(steps)]
    names: list[str] = []
    for table in tables:
        names.append(fresh(table.label, names))
    tie = "rel" if tied else ""
    text = f"({names[0]}:{tables[0].label})"
    for (type_, ahead), name, table in zip(steps, names[1:], tables[1:], strict=True):
        text += f"-[{tie}:{type_}]->" if ahead else f"<-[{tie}:{type_}]-"
        text += f"({name}:{table.label})"
    return Path(text, tuple(reversed(names) if backward else names), tie)
