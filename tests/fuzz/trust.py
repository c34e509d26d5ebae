"""Signatures and key files."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path

from expertserve.adapters.settings import CONFIG
from expertserve.errors import ExpertError
from expertserve.package import keys
from expertserve.package.archive import open_package
from expertserve.package.manifest import read_manifest
from expertserve.package.signature import canonical_hash, sign, verify_signature
from tests.fuzz.guard import Broken
from tests.fuzz.packages import MANIFEST


@cache
def signed(root: Path) -> tuple[bytes, str, frozenset[str]]:
    """A signed folder; its manifest, that manifest's canonical hash, and the key that is trusted."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    folder = root / "sound"
    folder.mkdir(exist_ok=True)
    (folder / CONFIG).write_text("{}")
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"integrity": {}}))
    sign(folder, key)
    data = (folder / "manifest.json").read_bytes()
    return data, canonical_hash(json.loads(data)), frozenset({keys.public_key(key)})


def signature(data: bytes, root: Path) -> None:
    """A manifest beside members that were signed: nothing but the signed one is ever valid under
    the trusted key.
    """
    good, canonical, trusted = signed(root)
    folder = root / "sound"
    if (
        data[:1] != b"{"
    ):  # as a patch of the signed manifest: place, length, what stands there instead
        place, cut = int.from_bytes(data[:2], "big") % len(good), data[2:3] and data[2] % 8
        data = good[:place] + data[3:] + good[place + (cut or 0) :]
    (folder / "manifest.json").write_bytes(data)
    read = read_manifest(folder)
    verdict = verify_signature(open_package(folder), read, trusted)
    if (
        verdict.trusted
        and verdict.status.startswith("valid")
        and canonical_hash(json.loads(data.decode("utf-8-sig"))) != canonical
    ):
        raise Broken(f"{verdict} for a manifest that was never signed")


KEYS = b"""[[keys]]
name = "reports"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
experts = ["sql", "json-*"]
requests_per_minute = 60
concurrent = 8
admin = false
"""


def key_file(data: bytes, root: Path) -> None:
    """The same bytes as a file of server keys, of trusted keys, as a private key, and as a key
    itself.
    """
    from expertserve.server.auth import Keyring, read_keys

    file = root / "input"
    file.write_bytes(data)
    with suppress(ExpertError):
        keys.read_trusted(str(file))
    with suppress(ExpertError):
        keys.read_trusted(data.decode("utf-8", "surrogateescape"))
    with suppress(ExpertError):
        keys.read_private(file, "secret" if data[:1] > b"P" else None)
    for key in read_keys(file):
        key.allows("sql")
    Keyring(file).authenticate("Bearer " + data[:20].decode("latin-1"))


@cache
def pems() -> tuple[bytes, ...]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return plain, keys.public_key(key).encode() + b" # ours\n"
