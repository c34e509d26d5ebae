"""Installed experts: `NAME/VERSION/` beside `current.txt`, and a registry of them.

That is the published layout, so that their tool and ours can share a folder. A version is unpacked
beside its place and moved there in one step.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from expertserve.errors import LoadError
from expertserve.files import part_path, replace_folder, write_whole
from expertserve.package.archive import open_package, verify_files
from expertserve.package.manifest import Manifest, read_manifest
from expertserve.package.registry import (
    FILE,
    Registry,
    Release,
    missing,
    read_registry,
    record_of,
    registry_file,
)
from expertserve.package.signature import TrustPolicy, enforce
from expertserve.package.source import Progress, local_path

CURRENT = "current.txt"


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation brought.

    Args:
        missing: What it requires and is not installed.
    """

    manifest: Manifest
    folder: Path
    source: str
    warnings: tuple[str, ...]
    missing: tuple[str, ...]


class ExpertsFolder:
    """A folder of installed experts.

    Example:
        >>> experts = ExpertsFolder(tmp / "experts")
        >>> experts.install(demo).manifest.name
        'expert-sql'
        >>> [r.version for r in experts.installed()], experts.current("expert-sql").name
        (['0.1.0'], '0.1.0')
    """

    def __init__(self, folder: Path, cache_dir: Path | None = None) -> None:
        self.folder, self._cache = folder, cache_dir

    def installed(self) -> list[Release]:
        """Every version that is installed, the newest of each expert first."""
        file = self.folder / FILE
        return read_registry(file).releases if file.is_file() else []

    def current(self, name: str) -> Path:
        """The folder of the version in use.

        Raises:
            LoadError: `not_found`.
        """
        place = self.folder / Path(name).name
        try:
            version = Path((place / CURRENT).read_text(encoding="utf-8").strip()).name
        except OSError as error:
            raise LoadError(f"{name} is not installed", code="not_found") from error
        return place / version

    def install(
        self,
        source: str | os.PathLike[str],
        *,
        checksum: str | None = None,
        trust: TrustPolicy | None = None,
        progress: Progress | None = None,
    ) -> Installed:
        """Fetches, verifies and unpacks a package, and makes it the version in use.

        Raises:
            LoadError: And its subclasses; nothing is changed then.
        """
        path = local_path(source, cache_dir=self._cache, progress=progress)
        package = open_package(path, checksum=checksum, cache_dir=self._cache)
        with package.judged():
            manifest = read_manifest(package.folder)
            listed = manifest.integrity.files if manifest.integrity else {}
            verify_files(package, listed, "integrity.files")
            warnings = enforce(package, manifest, trust)
        target = self.folder / manifest.name / manifest.version
        try:
            self._place(package.folder, package.files, target)
            write_whole(target.parent / CURRENT, f"{manifest.version}\n".encode())
            self._note(manifest, target, str(source))
        except OSError as error:
            raise LoadError(
                f"{target} can't be written: {error.strerror or error}", code="io"
            ) from error
        wanted = missing(manifest, self.installed())
        return Installed(manifest, target, str(source), tuple(warnings), tuple(wanted))

    def _place(self, folder: Path, files: dict[str, str], target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = part_path(target.parent)
        try:
            for name in files:
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, part / name)
            replace_folder(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def uninstall(self, name: str, version: str | None = None) -> list[str]:
        """Removes a version, or all; the newest that is left is in use then.

        Returns:
            The versions that were removed.

        Raises:
            LoadError: `not_found`.
        """
        there = [r.version for r in self.installed() if r.name == name]
        gone = [v for v in there if version in (None, v)]
        if not gone or Path(name).name != name:
            what = f"{name}@{version}" if version else name
            raise LoadError(f"{what} is not installed", code="not_found")
        kept = [v for v in there if v not in gone]
        entries = self._entries()
        entries[name] = [e for e in entries[name] if e["version"] not in gone]
        self._write({n: e for n, e in entries.items() if e})
        for one in gone:
            shutil.rmtree(self.folder / name / one, ignore_errors=True)
        if kept:
            write_whole(self.folder / name / CURRENT, f"{kept[0]}\n".encode())
        else:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        return gone

    def _note(self, manifest: Manifest, target: Path, source: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        entry = record_of(manifest, path=str(target), source=source, installed_at=now)
        entries = self._entries()
        others = [e for e in entries.get(manifest.name, []) if e["version"] != manifest.version]
        self._write(entries | {manifest.name: [entry, *others]})

    def _entries(self) -> dict[str, list[dict[str, object]]]:
        """What the registry's file says, as it is: their tool may have written more."""
        file = self.folder / FILE
        if not file.is_file():
            return {}
        read_registry(file)  # refuses what is no registry
        found: dict[str, list[dict[str, object]]] = {}
        for expert in json.loads(file.read_bytes()).get("experts", []):
            found.setdefault(expert["name"], []).extend(expert.get("versions", [expert]))
        return found

    def _write(self, entries: dict[str, list[dict[str, object]]]) -> None:
        file = self.folder / FILE
        bases = json.loads(file.read_bytes()).get("base_models", []) if file.is_file() else []
        made = registry_file(entries, self.folder, bases)
        write_whole(file, json.dumps(made, indent=2, ensure_ascii=False).encode())


def resolve(wanted: str, registry: Registry | None) -> tuple[str, str | None]:
    """A package's address and digest: a path or an address as it is, a name by the registry.

    Without a registry `registry:NAME` stays an address, for the registry that was chosen once.

    Raises:
        LoadError: `not_found`.
    """
    name = wanted.removeprefix("registry:")
    if name == wanted and (registry is None or Path(wanted).exists() or "/" in wanted):
        return wanted, None
    if registry is None:
        return wanted, None
    release = registry.find(name)
    if not release.source:
        raise LoadError(f"the registry says no source of {wanted}", code="not_found")
    return release.source, release.sha256 or None
