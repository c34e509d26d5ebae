"""What other packages add: entry points, read once and imported when they are asked for.

A package offers an engine, for instance, by

    [project.entry-points."expertserve.engines"]
    mine = "my_package.engine:MyEngine"

Ours stand in the same list where a room asks one above it.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from threading import Lock
from typing import Literal

from expertserve.errors import ConfigError

Group = Literal["engines", "adapters", "masks", "sources", "packing"]
OURS = (
    EntryPoint("adapter", "expertserve.adapters.peft:refuse_unloadable", "expertserve.packing"),
)
"""`packing`: called with a folder before it is packed, to refuse it."""


def _offered(group: Group) -> dict[str, EntryPoint]:
    with _reading:
        return _read(group)


@cache
def _read(group: Group) -> dict[str, EntryPoint]:
    name = f"expertserve.{group}"
    ours = {point.name: point for point in OURS if point.group == name}
    return {point.name: point for point in entry_points(group=name)} | ours


_reading = Lock()
"""Threads that read them all at once, some 50 ms each, would hold up others."""


def forget() -> None:
    """Reads the entry points anew, after a package was installed into this process."""
    _read.cache_clear()


def names(group: Group) -> tuple[str, ...]:
    """What is offered under a group, in alphabetical order."""
    return tuple(sorted(_offered(group)))


def load(group: Group, name: str) -> object:
    """Imports an entry point. The caller checks that it is what the group promises.

    Raises:
        ConfigError: `bad_plugin`, where there is none of this name or its import fails.
    """
    point = _offered(group).get(name)
    if point is None:
        known = ", ".join(names(group)) or "none"
        raise ConfigError(
            f"no installed package offers {name!r} in expertserve.{group}",
            hint=f"offered: {known}",
            code="bad_plugin",
        )
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{point.value}, offered as {name!r} in expertserve.{group}, can't be imported:"
            f" {error}",
            hint="reinstall the package that offers it, or remove it",
            code="bad_plugin",
        ) from error
