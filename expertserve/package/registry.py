"""Registries: a JSON file that says which experts there are, in which versions, and where.

The published `expert-registry.json` in both its forms, and what `build` writes of a folder. A
registry may lie anywhere: sources in it are addresses, or paths relative to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from expertserve.errors import ConfigError, LoadError
from expertserve.files import read_bounded
from expertserve.models import last_component
from expertserve.package.archive import open_package
from expertserve.package.constraints import Requirement, rank
from expertserve.package.manifest import Manifest, read_manifest
from expertserve.package.section import Lenient
from expertserve.package.source import is_address, local_path

FILE = "expert-registry.json"
MAX_BYTES = 64 << 20
Word = Annotated[str, Field(max_length=2000)]


class Dependency(Lenient):
    name: Word
    version: Word = "*"


class Release(Lenient):
    """A version of an expert.

    Args:
        path: Where it is installed; empty where it isn't.
        source: Where it came from, or is fetched from.
        sha256: Of its archive; empty where it isn't known.
    """

    name: Word = ""
    version: Word
    base_model: Word = ""
    path: Word = ""
    source: Word = ""
    sha256: Word = ""
    description: Word = ""
    capabilities: tuple[Word, ...] = ()
    dependencies: tuple[Dependency, ...] = ()

    @property
    def order(self) -> object:
        """Its version's place."""
        return rank(self.version)


class Record(Lenient):
    """An expert and its versions; in the older form, one version's entry."""

    name: Word
    versions: tuple[Release, ...]

    @model_validator(mode="before")
    @classmethod
    def _one(cls, data: Any) -> Any:
        if isinstance(data, dict) and "versions" not in data and "version" in data:
            return {"name": data.get("name"), "versions": [data]}
        return data


class Registry(Lenient):
    """What a registry's file says.

    Example:
        >>> one = Release(version="1.2.0", source="x.expert")
        >>> Registry(experts=(Record(name="expert-x", versions=(one,)),)).find("expert-x@1.2").name
        'expert-x'
    """

    experts: tuple[Record, ...] = ()

    @property
    def releases(self) -> list[Release]:
        """Every version, the newest of each expert first."""
        found = [r.model_copy(update={"name": e.name}) for e in self.experts for r in e.versions]
        newest = sorted(found, key=lambda r: rank(r.version), reverse=True)
        return sorted(newest, key=lambda r: r.name)

    def find(self, wanted: str) -> Release:
        """The newest version that is meant: `NAME`, `NAME@1.2` (any 1.2.x), `NAME@>=1,<2`.

        Raises:
            LoadError: `not_found`. ConfigError: `bad_requirement`.
        """
        name, _, versions = wanted.partition("@")
        plain = versions.replace(".", "").isdigit() and versions.count(".") < 2
        meant = Requirement.parse(name if plain else wanted)
        for release in self.releases:
            begins = f"{release.version}.".startswith(f"{versions}.") if plain else True
            if begins and meant.matches(release.name, release.version):
                return release
        known = ", ".join(dict.fromkeys(r.name for r in self.releases)) or "none"
        raise LoadError(
            f"the registry has no {wanted}",
            hint=f"it has {known[:500]}; `expertserve search` shows the versions",
            code="not_found",
        )

    def search(self, words: str) -> list[Release]:
        """The newest version of each expert whose name, description or capabilities have all words.

        Without words, of every expert.
        """
        newest = {r.name: r for r in reversed(self.releases)}
        wanted = words.casefold().split()
        return [
            r
            for r in newest.values()
            if all(
                w in " ".join((r.name, r.description, *r.capabilities)).casefold() for w in wanted
            )
        ]


def read_registry(place: str | os.PathLike[str], cache_dir: Path | None = None) -> Registry:
    """A registry's file or address, with every source made absolute.

    Raises:
        LoadError: It can't be fetched or read.
    """
    file = local_path(place, cache_dir=cache_dir)
    try:
        read = Registry.model_validate_json(read_bounded(file, MAX_BYTES))
        for release in read.releases:
            rank(release.version)
    except (OSError, ValidationError, ConfigError) as error:
        raise LoadError(
            f"{place} is not a registry: {str(error).splitlines()[0]}", code="bad_registry"
        ) from error
    root = str(place).rpartition("/")[0] if is_address(place) else str(file.resolve().parent)
    records = [
        r.model_copy(update={"versions": tuple(_absolute(v, root) for v in r.versions)})
        for r in read.experts
    ]
    return Registry(experts=tuple(records))


def _absolute(release: Release, root: str) -> Release:
    source = release.source
    if not source or is_address(source) or Path(source).is_absolute():
        return release
    return release.model_copy(update={"source": f"{root}/{source}"})


def record_of(manifest: Manifest, **places: object) -> dict[str, object]:
    """A version's entry, as registries write it."""
    adapters = [a for base in manifest.base_models for a in base.adapters]
    wanted = [Requirement.parse(text) for text in manifest.constraints.requires]
    return {
        "version": manifest.version,
        "base_model": last_component(manifest.base_models[0].name),
        **places,
        "description": manifest.description,
        "adapters": [{"type": a.type, "path": "", "size_bytes": a.size_bytes} for a in adapters],
        "capabilities": list(manifest.capabilities),
        "dependencies": [
            {"name": r.name, "version": r.text.partition("@")[2] or "*", "optional": False}
            for r in wanted
        ],
    }


def build_registry(folder: Path, cache_dir: Path | None = None) -> dict[str, object]:
    """A registry of the `.expert` files of a folder, whose sources are their names there.

    Raises:
        LoadError: One of them can't be read.
    """
    entries: dict[str, list[dict[str, object]]] = {}
    for archive in sorted(folder.glob("*.expert")):
        package = open_package(archive, cache_dir=cache_dir)
        with package.judged():
            manifest = read_manifest(package.folder)
        entry = record_of(manifest, path="", source=archive.name, sha256=package.digest)
        entries.setdefault(manifest.name, []).append(entry)
    return registry_file(entries, folder)


def registry_file(
    entries: dict[str, list[dict[str, object]]],
    folder: Path | str = "",
    base_models: Sequence[object] = (),
) -> dict[str, object]:
    """A registry's file, from each expert's versions."""
    return {
        "version": "1.0",
        "last_updated": datetime.now(UTC).isoformat(timespec="seconds"),
        "install_dir": str(folder),
        "models_dir": "",
        "base_models": list(base_models),
        "experts": [{"name": n, "versions": v} for n, v in sorted(entries.items())],
    }


def missing(manifest: Manifest, installed: Iterable[Release]) -> list[str]:
    """What the expert requires and no installed version satisfies."""
    there = list(installed)
    return [
        text
        for text in manifest.constraints.requires
        if not any(Requirement.parse(text).matches(r.name, r.version) for r in there)
    ]
