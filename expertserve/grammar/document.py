"""A JSON schema as a document: where each part lies, and what references mean.

Source: JSON Schema 2020-12, core, 8 and 9; RFC 6901 for pointers. Earlier drafts' names for the
same things (`definitions`, `id`) are read as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NoReturn
from urllib.parse import unquote, urldefrag, urljoin

from expertserve.errors import ConfigError

VALUES = frozenset({"enum", "const", "default", "example", "examples"})
"""Keywords whose values are no schemas."""
MOST_PARTS = 20_000
"""Schemas that may be met while one is read."""


def refuse(where: str, keyword: str, reason: str, hint: str = "") -> NoReturn:
    """Raises the refusal of a keyword at a JSON pointer."""
    raise ConfigError(
        f"the JSON schema can't be held at {_short(where) or '/'}: {keyword!r} {reason}",
        hint=hint,
        code="bad_schema",
    )


def _short(where: str) -> str:
    return where if len(where) <= 200 else f"{where[:120]}…{where[-79:]}"


class Document:
    """The parts of a schema, numbered as they are met. Equal ones of a base share a number."""

    def __init__(self, root: object) -> None:
        self.raws: list[object] = [None]
        self.places: list[str] = [""]
        self.bases: list[str] = [""]
        self._numbers: dict[tuple[str, str], int] = {}
        self.false = self.number(False, "", "")
        self._ids: dict[str, tuple[object, str, str]] = {}
        """Absolute address, anchors included → part, its pointer, the base within it."""
        self._dynamic: dict[str, list[str]] = {}
        dialect = str(root.get("$schema", "")) if isinstance(root, Mapping) else ""
        self._late = "2019" in dialect or "2020" in dialect
        self._find_ids(root)
        self.root = self.number(root, "", self._ids[""][2])

    def number(self, raw: object, place: str, base: str) -> int:
        """The number of a schema at a pointer, whose references start from a base."""
        if not isinstance(raw, bool | Mapping):
            refuse(place, place.rsplit("/", 1)[-1], "is neither an object nor true or false")
        key = (base, json.dumps(raw))
        found = self._numbers.get(key)
        if found is None:
            if len(self.raws) > MOST_PARTS:
                refuse(place, "$ref", f"leads to more than {MOST_PARTS:,} schemas", "simplify it")
            found = self._numbers[key] = len(self.raws)
            self.raws.append(raw)
            self.places.append(place)
            self.bases.append(base)
        return found

    def inner(self, number: int, *path: str | int) -> int:
        """The number of a schema within another one."""
        raw, place = self.raws[number], self.places[number]
        for step in path:
            raw = raw[step]  # type: ignore[index]  # the caller has seen it
            place += f"/{escaped(str(step))}"
        base = self.bases[number]
        if isinstance(raw, Mapping) and isinstance(own := _own_id(raw, self._late), str):
            base = urljoin(base, own)
        return self.number(raw, place, urldefrag(base)[0])

    def target(self, number: int, keyword: str) -> int:
        """What a reference leads to."""
        raw, place = self.raws[number], self.places[number]
        assert isinstance(raw, Mapping)
        reference = raw[keyword]
        if not isinstance(reference, str):
            refuse(place, keyword, "isn't text", "refer to '#/$defs/NAME'")
        if keyword == "$dynamicRef":
            anchors = self._dynamic.get(urldefrag(reference)[1], [])
            if len(anchors) > 1:
                refuse(place, keyword, "depends on where it is used", "use '$ref'")
        address, fragment = urldefrag(urljoin(self.bases[number], reference))
        if address == "" or address == self.bases[number]:
            address = self.bases[number]
        found = self._ids.get(f"{address}#{fragment}") if fragment else None
        found = found or self._pointed(address, unquote(fragment))
        if found is None or not reference:
            refuse(
                place,
                keyword,
                f"refers to {reference[:100]!r}, which isn't in it; nothing is fetched",
                "put what it refers to under $defs, and refer to '#/$defs/NAME'",
            )
        return self.number(*found)

    def _pointed(self, address: str, pointer: str) -> tuple[object, str, str] | None:
        found = self._ids.get(address)
        if found is None or (pointer and not pointer.startswith("/")):
            return None
        raw, place, base = found
        for step in pointer.split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(raw, Mapping) and step in raw:
                raw = raw[step]
            elif isinstance(raw, list | tuple) and step.isdigit() and int(step) < len(raw):
                raw = raw[int(step)]
            else:
                return None
            place += f"/{escaped(step)}"
            if isinstance(raw, Mapping) and isinstance(own := _own_id(raw, self._late), str):
                base = urldefrag(urljoin(base, own))[0]
        return (raw, place, base) if isinstance(raw, bool | Mapping) else None

    def _find_ids(self, root: object) -> None:
        base = ""
        if isinstance(root, Mapping) and isinstance(own := _own_id(root, self._late), str):
            base = urldefrag(own)[0]
        self._ids[base] = self._ids[""] = (root, "", base)
        for raw, place, inside, named in _walk(root, base, self._late):
            if named:
                continue
            own = _own_id(raw, self._late)
            if isinstance(own, str):
                address, fragment = urldefrag(inside)
                self._ids.setdefault(
                    f"{address}#{fragment}" if fragment else address, (raw, place, address)
                )
            for word in ("$anchor", "$dynamicAnchor"):
                if isinstance(anchor := raw.get(word), str):
                    address = urldefrag(inside)[0]
                    self._ids.setdefault(f"{address}#{anchor}", (raw, place, address))
                    if word == "$dynamicAnchor":
                        self._dynamic.setdefault(anchor, []).append(place)


def _own_id(raw: Mapping[str, object], late: bool) -> object:
    """`$id`, or draft 4's `id`. Before 2019-09 it names nothing beside `$ref`."""
    return None if "$ref" in raw and not late else raw.get("$id", raw.get("id"))


def _walk(
    root: object, base: str, late: bool
) -> Iterator[tuple[Mapping[str, object], str, str, bool]]:
    """Every object in it: with its pointer, its base, and whether its keys are names."""
    stack: list[tuple[object, str, str, bool]] = [(root, "", base, False)]
    while stack:
        raw, place, base, named = stack.pop()
        if isinstance(raw, list | tuple):
            stack += [(item, f"{place}/{i}", base, False) for i, item in enumerate(raw)]
        if not isinstance(raw, Mapping):
            continue
        if not named and place and isinstance(own := _own_id(raw, late), str):
            base = urljoin(base, own)
        yield raw, place, base, named
        for key, value in raw.items():
            if named or key not in VALUES:
                names = not named and key in NAMED
                stack.append((value, f"{place}/{escaped(str(key))}", base, names))


NAMED = frozenset(
    "properties patternProperties $defs definitions dependentSchemas dependencies".split()
)
"""Keywords whose keys are names of the caller's."""


def escaped(step: str) -> str:
    """A step of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")
