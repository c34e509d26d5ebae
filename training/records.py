"""The generators' data: JSON Lines, one record a line, checked against a dataclass.

A diff of such a file shows which subjects changed, and nobody has to read Python to add one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

DATA: Final = Path(__file__).parent / "data"
STRICT: Final = ConfigDict(extra="forbid", strict=True)
"""What every record is held to: a misspelt key is an error, and no value is converted."""

Record = TypeVar("Record")


def read(path: Path, kind: type[Record]) -> tuple[Record, ...]:
    """The records of a file, in its order.

    Raises:
        ValueError: if a line is no such record; the message names file and line.
    """
    adapter = TypeAdapter(kind)
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return tuple(_parsed(adapter, line, f"{path.name}:{at}") for at, line in enumerate(lines, 1))


def _parsed(adapter: TypeAdapter[Record], line: str, place: str) -> Record:
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"])
        what = found["msg"].replace(" line 1 ", " ")  # of the text given, which is this line
        raise ValueError(f"{place}: {where + ': ' if where else ''}{what}") from error


def written(records: Iterable[object], kind: type[object]) -> str:
    """What `read` reads back. Values that a record has by default are left out."""
    adapter = TypeAdapter(kind)
    plain = (adapter.dump_python(one, mode="json", exclude_defaults=True) for one in records)
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in plain)


@dataclass(frozen=True, slots=True, config=STRICT)
class Choices:
    """A name, and what may be drawn where it stands."""

    name: str
    choices: tuple[str, ...]


def read_choices(name: str) -> Mapping[str, tuple[str, ...]]:
    """One of the data's files of choices."""
    return {one.name: one.choices for one in read(DATA / name, Choices)}
