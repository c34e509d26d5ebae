"""Packages by name: `registry:NAME@1.2`, from a registry that was chosen once.

`registry:NAME@1.2#PLACE` names the registry in the address.
"""

from __future__ import annotations

from pathlib import Path

from expertserve import config
from expertserve.errors import IntegrityError, LoadError
from expertserve.files import decode_text, file_digest, read_bounded, write_whole
from expertserve.package.registry import Release, read_registry
from expertserve.package.source import Progress, is_address, local_path

NOTE = "registry.txt"
MAX_NOTE = 1 << 16


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """The package of the newest version that is meant, fetched from where the registry says.

    Raises:
        LoadError: `not_found`: there is no registry, or it has no such version.
        IntegrityError: `checksum_mismatch`, where it isn't the package that the registry means.
    """
    wanted, _, place = address.removeprefix("registry:").partition("#")
    release = read_registry(place or chosen(wanted), cache).find(wanted)
    source = release.source or release.path
    if not source:
        raise LoadError(f"the registry says no source of {wanted}", code="not_found")
    found = local_path(source, cache_dir=cache, progress=progress)
    _check(found, release)
    return found


def _check(found: Path, release: Release) -> None:
    if not release.sha256:
        return
    digest = file_digest(found) if found.is_file() else "a folder's"
    if digest != release.sha256.lower():
        raise IntegrityError(
            f"{release.name} {release.version}: its SHA-256 is {digest}, the registry says"
            f" {release.sha256[:80]}",
            hint="the package was changed after it was registered; ask its publisher",
            code="checksum_mismatch",
        )


def chosen(wanted: str = "") -> str:
    """The registry that `choose` noted.

    Raises:
        LoadError: `not_found`: none was.
    """
    noted = chosen_or_none()
    if noted is None:
        raise LoadError(
            f"{wanted or 'an expert by name'} needs a registry",
            hint="`expertserve registry use PLACE` chooses one, or registry:NAME#PLACE names it",
            code="not_found",
        )
    return noted


def chosen_or_none() -> str | None:
    """The registry that `choose` noted; None where none was."""
    note = config.experts_dir().parent / NOTE
    return decode_text(read_bounded(note, MAX_NOTE)).strip() if note.is_file() else None


def choose(place: str) -> Path:
    """Notes the registry that names are looked up in from now on, once it could be read.

    Raises:
        LoadError: It can't be.
    """
    read_registry(place)
    note = config.experts_dir().parent / NOTE
    kept = place if is_address(place) else str(Path(place).resolve())
    note.parent.mkdir(parents=True, exist_ok=True)
    write_whole(note, f"{kept}\n".encode())
    return note
