"""What a property graph has: labels, relationships between them, properties and their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["number", "text", "truth", "other"]
Properties = tuple[tuple[str, Kind], ...]


@dataclass(frozen=True, slots=True)
class Tied:
    """A relationship's type from one label to another."""

    type: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A property graph's schema.

    Args:
        labels: Each with its nodes' properties.
        types: Of relationships, each with its properties.
        ties: Which labels they join.
    """

    labels: tuple[tuple[str, Properties], ...]
    types: tuple[tuple[str, Properties], ...]
    ties: tuple[Tied, ...]

    @classmethod
    def of_dict(cls, given: Mapping[str, Any]) -> Graph:
        """What `dataclasses.asdict` made of one, perhaps in another process."""

        def held(named: list[Any]) -> tuple[tuple[str, Properties], ...]:
            return tuple((name, tuple((p, kind) for p, kind in of)) for name, of in named)

        ties = tuple(Tied(**tie) for tie in given["ties"])
        return cls(held(given["labels"]), held(given["types"]), ties)
