"""Dataclasses as lines of JSON: training data is data, one record a line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
DATA = Path(__file__).with_name("data")


def read(file: str, kind: type[T]) -> tuple[T, ...]:
    """The records of a file in `training/data`, in its order, which seeds depend on.

    Raises:
        ValueError: Naming the file, the line, and what is wrong with it.
    """
    found = []
    for number, line in enumerate((DATA / file).read_text(encoding="utf-8").splitlines(), 1):
        try:
            found.append(_decode(kind, json.loads(line)))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{file}, line {number}: {error}") from error
    return tuple(found)


def dump(records: Iterable[object]) -> str:
    """The text that `read` reads; what has its default value is left out."""
    return "".join(json.dumps(_encode(r), ensure_ascii=False) + "\n" for r in records)


def _encode(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    hints, record = get_type_hints(type(value)), {}
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if item != field.default:
            encoded = _encode(item)
            tagged = _choices(hints[field.name]) and dataclasses.is_dataclass(item)
            record[field.name] = {type(item).__name__.lower(): encoded} if tagged else encoded
    return record


def _choices(kind: Any) -> dict[str, type]:
    """The dataclasses of a union, by the tag that says which of them a record is."""
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else ()
    return {
        k.__name__.lower(): k for k in kinds if isinstance(k, type) and dataclasses.is_dataclass(k)
    }


def _decode(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        if not isinstance(value, dict):
            raise ValueError(f"{value!r} is not a {kind.__name__}")
        if unknown := value.keys() - hints.keys():
            raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        return kind(**{name: _decode(hints[name], item) for name, item in value.items()})
    if choices := _choices(kind):
        ((tag, item),) = value.items()
        return _decode(choices[tag], item)
    if origin in (Union, UnionType):
        return None if value is None else _decode(inner[0], value)
    if origin is tuple and isinstance(value, list):
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_decode(k, item) for k, item in zip(kinds, value, strict=True))
    allowed = inner if origin is Literal else None
    if allowed and value in allowed:
        return value
    if kind is float and type(value) in (int, float):
        return value
    if allowed is None and isinstance(kind, type) and type(value) is kind:
        return value
    raise ValueError(f"{value!r} is not {kind}")


@dataclasses.dataclass(frozen=True, slots=True)
class Forms:
    """Ways to ask one question."""

    name: str
    forms: tuple[str, ...]


def read_forms(file: str) -> dict[str, tuple[str, ...]]:
    """By the question's name."""
    return {form.name: form.forms for form in read(file, Forms)}
