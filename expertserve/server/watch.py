"""`--watch`: packages whose files change are replaced while they serve."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from expertserve.errors import ExpertError, ExpertNotLoadedError
from expertserve.server.parts import Parts
from expertserve.server.state import StateEntry

SECONDS = 1.0
SUFFIX = ".expert"
MANIFEST = "manifest.json"
log = logging.getLogger("expertserve.server")
Stamp = tuple[tuple[str, int, int], ...]


def packages_in(path: Path) -> Iterator[Path]:
    """The packages that a path of the command line means: itself, or what a folder holds.

    Of an installed expert (`NAME/VERSION/` beside `current.txt`), the version in use.
    """
    if path.is_file() or (path / MANIFEST).is_file() or not path.exists():
        yield path
        return
    for found in sorted(path.iterdir()):
        current = found / "current.txt"
        if not found.name.startswith(".") and current.is_file():
            found = found / Path(current.read_text(encoding="utf-8")[:200].strip() or ".").name
        if not found.name.startswith(".") and (
            found.suffix == SUFFIX or (found / MANIFEST).is_file()
        ):
            yield found


def stamp(package: Path) -> Stamp:
    """What changes when a package does: names, sizes and times of its files."""
    files = [package] if package.is_file() else sorted(p for p in package.rglob("*") if p.is_file())
    found = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue  # removed in this very moment
        found.append((str(file), status.st_size, status.st_mtime_ns))
    return tuple(found)


def stamps(packages: Iterable[Path]) -> dict[Path, Stamp]:
    """Each package's, looked at once however often it is named."""
    return {path: stamp(path) for path in {p.resolve() for p in packages}}


async def watch_packages(parts: Parts, places: Sequence[Path], loaded: Iterable[Path]) -> None:
    """Polls once a second. A package is taken when it has stopped changing."""
    served = stamps(loaded)
    seen: dict[Path, Stamp] = {}
    while True:
        await asyncio.sleep(SECONDS)
        try:
            now = await asyncio.to_thread(
                lambda: stamps(p for place in places for p in packages_in(place))
            )
        except (
            OSError
        ) as error:  # a folder that is gone, or no handles left: the next look may find it
            log.warning("cannot_look", extra={"facts": {"error": str(error)}})
            continue
        for path, found in now.items():
            if found and found != served.get(path) and found == seen.get(path):
                served[path] = found
                await take_package(parts, path)
        for path in seen.keys() - now.keys():
            served.pop(path, None)  # where it comes back, it is taken again
            if any(e.path == str(path) for e in parts.state.entries):
                facts = {"path": str(path), "kept": "its expert stays until it is unloaded"}
                log.warning("package_gone", extra={"facts": facts})
        seen = now


async def take_package(parts: Parts, path: Path) -> None:
    """Replaces or loads experts. A broken package is reported; the old one stays."""
    names: list[str | None] = [e.name for e in parts.state.entries if e.path == str(path)]
    for name in names or [None]:
        try:
            taken, action = await _take_as(parts, path, name)
            parts.metrics.loaded(taken, action)
            parts.wake()
            log.info(
                "package_taken",
                extra={"facts": {"expert": taken, "path": str(path), "action": action}},
            )
        except ExpertError as error:
            log.error(
                "package_refused",
                extra={"facts": {"path": str(path), "code": error.code, "error": error.message}},
            )


async def _take_as(parts: Parts, path: Path, known: str | None) -> tuple[str, str]:
    """The expert's name, and what was done.

    An administrator may change the same expert at the same time: one after the other.
    """
    name = await asyncio.to_thread(name_of, path) if known is None else known
    async with parts.changing(name):
        entry = parts.state.find(name)
        if entry is None or entry.path != str(path):
            return await _load_new(parts, path, name, unloaded=known is not None)
        if parts.has(name):
            await entry.exchange(parts.service)
            return name, "replace"
        await entry.load(parts.service)
        return name, "load"  # it is in the state, but was broken at start


async def _load_new(parts: Parts, path: Path, name: str, *, unloaded: bool) -> tuple[str, str]:
    """Loads a package under its own name.

    Args:
        unloaded: It was loaded under it when its file changed, and somebody has unloaded it since.
    """
    if unloaded:
        raise ExpertNotLoadedError(
            f"{name!r} was unloaded or loaded from elsewhere while its file changed",
            hint="load it again",
        )
    await parts.service.load_expert(name, path)
    parts.state.note(StateEntry(name=name, path=str(path)))
    return name, "load"


def name_of(path: Path) -> str:
    """A package's own name, from its manifest.

    Raises:
        LoadError: It can't be read.
    """
    from expertserve.package.archive import open_package
    from expertserve.package.manifest import read_manifest

    package = open_package(path, cache=False)
    try:
        return read_manifest(package.folder).name
    finally:
        package.close()
