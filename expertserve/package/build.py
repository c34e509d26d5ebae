"""A folder → a `.expert` archive: checked first, the same bytes every time."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
import tempfile
from pathlib import Path

from expertserve.errors import LoadError
from expertserve.models import last_component
from expertserve.package.archive import file_digest, open_package
from expertserve.package.manifest import NAME, Manifest, read_manifest

EPOCH = 0


def pack(folder: Path, target: Path | None = None) -> Path:
    """Packs a folder, with the SHA-256 of each file written into the manifest, and a sidecar beside the archive.

    Args:
        folder: Holds `manifest.json`, the adapter, the tokenizer …; hidden files are left out.
        target: The archive; by default `NAME-MODEL.vVERSION.expert` in the current folder.

    Returns:
        The archive's path. The same folder gives the same bytes, whoever packs it and when.

    Raises:
        LoadError: Something in the folder can't be packed; ManifestError, IntegrityError: it is wrong. Nothing is written then.

    Example:
        >>> archive = pack(folder, folder.parent / "expert-demo.expert")
        >>> archive.with_name(archive.name + ".sha256").read_text().split()[1]
        'expert-demo.expert'
    """
    if not folder.is_dir():
        raise LoadError(f"{folder} is not a folder", hint="pass the folder that holds manifest.json", code="not_found")
    package = open_package(folder)
    manifest = read_manifest(folder)
    target = target or Path(default_name(manifest))
    raw = json.loads((folder / NAME).read_bytes().decode("utf-8-sig"))
    hashes = {name: digest for name, digest in sorted(package.files.items()) if name != NAME}
    raw["integrity"] = {**(raw.get("integrity") or {}), "files": hashes}
    members: dict[str, Path | bytes] = {NAME: json.dumps(raw, indent=2, ensure_ascii=False).encode()}
    members |= {name: folder / name for name in hashes}
    try:
        _write(target, members)
    except OSError as error:
        raise LoadError(f"{target} can't be written: {error.strerror or error}", code="io") from error
    return target


def default_name(manifest: Manifest) -> str:
    """`expert-sql-smollm2-135m-instruct.v0.1.0.expert`, as published packages are named."""
    model = re.sub(r"[^a-z0-9._-]+", "-", last_component(manifest.base_models[0].name).lower()).strip("-.") or "model"
    return f"{manifest.name}-{model}.v{manifest.version}.expert"


def _write(target: Path, members: dict[str, Path | bytes]) -> None:
    """Writes beside the target and renames, so that a broken run leaves no broken archive."""
    handle, part = tempfile.mkstemp(prefix=".part-", dir=target.parent)
    try:
        with (
            os.fdopen(handle, "wb") as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=9, mtime=EPOCH, filename="") as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name, content in members.items():
                _add(archive, name, content)
        Path(part).chmod(0o644)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    target.with_name(target.name + ".sha256").write_text(f"{file_digest(target)}  {target.name}\n")


def _add(archive: tarfile.TarFile, name: str, content: Path | bytes) -> None:
    member = tarfile.TarInfo(name)
    member.mtime, member.mode = EPOCH, 0o644
    if isinstance(content, bytes):
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
        return
    member.size = content.stat().st_size
    with content.open("rb") as file:
        archive.addfile(member, file)
