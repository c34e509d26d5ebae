"""A folder → a `.expert` archive: checked first, the same bytes every time."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from expertserve import plugins
from expertserve.errors import ConfigError, IntegrityError, LoadError
from expertserve.files import file_digest, replacing, write_whole
from expertserve.models import last_component
from expertserve.package.archive import Package, compare_digest, open_package
from expertserve.package.checkpoints import choose_adapter, own_weights
from expertserve.package.deflate import BLOCK, GzipWriter
from expertserve.package.manifest import NAME, Manifest, read_manifest
from expertserve.package.publish import NO_INTEGRITY, filled
from expertserve.package.signature import SignatureVerdict, sign, verify_signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EPOCH = 0


def pack(folder: Path, target: Path | None = None) -> Path:
    """Packs a folder, with each file's SHA-256 in the manifest, and writes a sidecar.

    Keys that published tools demand are filled in, unless the folder is signed: `package.publish`.

    Args:
        folder: Holds `manifest.json`, the adapter, the tokenizer …; hidden files are left out.
        target: The archive; by default `NAME-MODEL.vVERSION.expert` in the current folder.

    Returns:
        The archive's path. The same folder gives the same bytes, whoever packs it and when.

    Raises:
        LoadError: No machine could load it: a Git LFS pointer, pickled weights; IncompatibleError:
            its adapter is of a kind that isn't served; ManifestError, IntegrityError: it is wrong.
            Nothing is written then.

    Example:
        >>> archive = pack(folder, folder.parent / "expert-demo.expert")
        >>> archive.with_name(archive.name + ".sha256").read_text().split()[1]
        'expert-demo.expert'
    """
    if not folder.is_dir():
        raise LoadError(
            f"{folder} is not a folder",
            hint="pass the folder that holds manifest.json",
            code="not_found",
        )
    for name in plugins.names("packing"):
        refuse = plugins.load("packing", name)
        assert callable(refuse)
        refuse(folder)
    return write_archive(folder, target)


def write_archive(folder: Path, target: Path | None = None) -> Path:
    """Packs a folder, whether its adapter can be loaded or not; otherwise as `pack`."""
    package = open_package(folder)
    manifest = read_manifest(folder)
    check_weights(package, manifest)
    target = target or Path(default_name(manifest))
    if target.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(
            f"{target} would lie in the folder that is packed",
            hint="name a place beside it: -o ../NAME.expert",
            code="bad_target",
        )
    raw = json.loads((folder / NAME).read_bytes().decode("utf-8-sig"))
    names = sorted(package.files.keys() - {NAME})
    if not _signed(package, manifest):
        raw = filled(raw)
        raw["integrity"] = {
            **NO_INTEGRITY,
            **(raw.get("integrity") or {}),
            "files": {name: package.files[name] for name in names},
        }
    members: dict[str, Path | bytes] = {
        NAME: json.dumps(raw, indent=2, ensure_ascii=False).encode()
    }
    members |= {name: folder / name for name in names}
    try:
        _write(target, members)
    except OSError as error:
        raise LoadError(
            f"{target} can't be written: {error.strerror or error}", code="io"
        ) from error
    return target


def check_weights(package: Package, manifest: Manifest) -> None:
    """Compares `adapters[].sha256` with the weights files that they are about.

    Raises:
        IntegrityError: One differs, or is no SHA-256.
    """
    folder = package.folder
    for base in manifest.base_models:
        entries = [(a, own_weights(folder, a)) for a in base.adapters if a.path]
        entries += [choose_adapter(folder, manifest, base, None)] if base.adapters else []
        for adapter, weights in entries:
            name = weights.relative_to(folder).as_posix()
            if adapter.sha256 and name in package.files:
                compare_digest(name, package.files[name], adapter.sha256, "adapters[].sha256")


def _signed(package: Package, manifest: Manifest) -> bool:
    """Whether the folder is signed; packing must then keep its hashes as they are.

    Raises:
        IntegrityError: The folder was changed after it was signed.
    """
    verdict = verify_signature(package, manifest)
    if verdict.status == "invalid":
        raise IntegrityError(
            f"the folder's signature is invalid: {verdict.reason}",
            hint=(
                "sign it again with `expertserve sign`, or remove integrity.signature and"
                " signature.sig"
            ),
            code="signature_invalid",
        )
    return verdict.status != "unsigned"


def sign_package(
    source: Path,
    key: Ed25519PrivateKey,
    target: Path | None = None,
    *,
    publisher: str | None = None,
) -> SignatureVerdict:
    """Signs a folder in place, or an archive: unpacked, signed, packed again.

    Args:
        target: The signed archive; by default the archive itself is replaced. A folder takes none.

    Raises:
        LoadError: The package can't be read, or nothing can be written.
        ConfigError: A target was given for a folder.
    """
    if source.is_dir():
        if target:
            raise ConfigError(
                "a folder is signed in place",
                hint="leave --output away; `expertserve pack` packs it",
                code="bad_argument",
            )
        return sign(source, key, publisher=publisher)
    package = open_package(source, cache=False)
    try:
        verdict = sign(package.folder, key, publisher=publisher)
        write_archive(package.folder, target or source)
        return verdict
    finally:
        package.close()


def put_member(source: Path, name: str, data: bytes, target: Path | None = None) -> Path:
    """Puts a member into a folder, or into an archive: unpacked, added, packed again.

    Args:
        name: A plain file name.
        target: The new archive; by default the archive itself is replaced. A folder takes none.

    Returns:
        The folder, or the archive.

    Raises:
        LoadError: The package can't be read, or nothing can be written. IntegrityError: It is
            signed. ConfigError: A target was given for a folder.
    """
    if source.is_dir():
        if target:
            raise ConfigError(
                "a folder is changed in place",
                hint="leave --output away; `expertserve pack` packs it",
                code="bad_argument",
            )
        write_whole(source / name, data)
        return source
    package = open_package(source, cache=False)
    try:
        write_whole(package.folder / name, data)
        return pack(package.folder, target or source)
    finally:
        package.close()


def default_name(manifest: Manifest) -> str:
    """`expert-sql-smollm2-135m-instruct.v0.1.0.expert`, as published packages are named."""
    model = (
        re.sub(r"[^a-z0-9._-]+", "-", last_component(manifest.base_models[0].name).lower()).strip(
            "-."
        )
        or "model"
    )
    return f"{manifest.name}-{model}.v{manifest.version}.expert"


def _write(target: Path, members: dict[str, Path | bytes]) -> None:
    with (
        replacing(target) as part,
        part.open("wb") as raw,
        GzipWriter(raw) as packed,
        tarfile.open(  # type: ignore[call-overload]
            fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK, copybufsize=BLOCK
        ) as archive,
    ):
        for name, content in members.items():
            _add(archive, name, content)
    sidecar = target.with_name(target.name + ".sha256")
    write_whole(sidecar, f"{file_digest(target)}  {target.name}\n".encode())


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
