"""What every object of a manifest has in common."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A JSON object: strict types, unknown keys kept, immutable."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, protected_namespaces=())

    def unknown(self, path: str = "") -> Iterator[str]:
        """Dotted paths of keys that the format doesn't define; comments (`_…`) are not counted."""
        for key in self.__pydantic_extra__ or {}:
            if not key.startswith("_"):
                yield path + key
        for name in type(self).model_fields:
            value = getattr(self, name)
            items = (
                [(name, value)]
                if not isinstance(value, tuple)
                else [(f"{name}[{i}]", v) for i, v in enumerate(value)]
            )
            for place, item in items:
                if isinstance(item, Section) and not isinstance(item, Free):
                    yield from item.unknown(f"{path}{place}.")


class Free(Section):
    """An object whose keys are the author's own."""


class Lenient(BaseModel):
    """A JSON object of others' tools: what isn't known is left aside. Immutable."""

    model_config = ConfigDict(extra="ignore", frozen=True)
