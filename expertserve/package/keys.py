"""Ed25519 keys (RFC 8032): private ones in PEM files (PKCS #8), public ones as `ed25519:<hex>`.

The format's own tool writes a private key as its 32 raw bytes. Those are read, and written where
that is asked for.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from expertserve.errors import ConfigError
from expertserve.files import read_bounded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = "ed25519:"
MAX_PEM = 16 << 10
MAX_KEYS = 1 << 20
SEED = 32


def parse_public(text: str) -> str:
    """A public key as people write it → its one form, `ed25519:<hex in lower case>`.

    Raises:
        ConfigError: `bad_key`.

    Example:
        >>> parse_public("D7" * 32)[:16]
        'ed25519:d7d7d7d7'
    """
    digits = text.strip().lower().removeprefix(PREFIX)
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ConfigError(
            f"{text.strip()[:80]!r} is not a valid public key",
            hint="it looks like ed25519: and 64 hexadecimal digits",
            code="bad_key",
        )
    return PREFIX + digits


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half, as manifests and `--trusted-key` name it."""
    return PREFIX + key.public_key().public_bytes_raw().hex()


def read_trusted(given: str) -> frozenset[str]:
    """Public keys: one key, or a file with one on each line (`#` begins a comment).

    Raises:
        ConfigError: `bad_key`.
    """
    path = Path(given)
    if given.casefold().startswith(PREFIX) or len(given) > 4096 or not os.path.isfile(path):  # noqa: PTH113  (never raises)
        return frozenset({parse_public(given)})
    try:
        lines = (
            line.partition("#")[0].strip()
            for line in read_bounded(path, MAX_KEYS).decode().splitlines()
        )
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} can't be read: {error}",
            hint="it holds one public key on each line",
            code="bad_key",
        ) from error
    return frozenset(parse_public(line) for line in lines if line)


def create(path: Path, passphrase: str | None = None, *, raw: bool = False) -> str:
    """Makes a key pair: `path` (readable by its owner alone) and `path` + `.pub`.

    Args:
        passphrase: Encrypts the private key.
        raw: Write 32 bytes instead of PEM, for the format's own tool.

    Returns:
        The public key.

    Raises:
        ConfigError: `file_exists`: keys are never overwritten; `bad_key`: nothing can be written
            there, or raw bytes were to be encrypted.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if raw and passphrase:
        raise ConfigError(
            "a raw key can't have a passphrase", hint="write it as PEM", code="bad_key"
        )
    key = Ed25519PrivateKey.generate()
    lock = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    private = key.private_bytes_raw() if raw else pem
    public = path.with_name(path.name + ".pub")
    for file in (path, public):
        if file.exists() or file.is_symlink():
            raise _exists(file)
    _write_new(path, private, 0o600)
    _write_new(public, f"{public_key(key)}\n".encode(), 0o644)
    return public_key(key)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise ConfigError(
            f"{path} can't be written: {error.strerror or error}", code="bad_key"
        ) from error


def _exists(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} exists already",
        hint="keys are never overwritten; choose another name",
        code="file_exists",
    )


def read_private(path: Path, passphrase: str | None = None) -> Ed25519PrivateKey:
    """A private key from its file: PEM, 32 raw bytes, or these in hex.

    Raises:
        ConfigError: `bad_key`; `passphrase_needed`; `wrong_passphrase`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        pem = read_bounded(path, MAX_PEM)
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror or error}",
            hint="`expertserve keygen` makes one",
            code="bad_key",
        ) from error
    if seed := _seed(pem):
        return Ed25519PrivateKey.from_private_bytes(seed)
    encrypted = b"ENCRYPTED" in pem
    if encrypted and not passphrase:
        raise ConfigError(
            f"{path} is protected by a passphrase", hint="pass it", code="passphrase_needed"
        )
    try:
        key = load_pem_private_key(pem, passphrase.encode() if passphrase and encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if encrypted:
            raise ConfigError(
                f"the passphrase doesn't open {path}", code="wrong_passphrase"
            ) from error
        raise ConfigError(
            f"{path} is not a private key: neither PEM nor 32 bytes",
            hint="see `expertserve keygen`",
            code="bad_key",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(
            f"{path} holds another kind of key than ed25519",
            hint="`expertserve keygen` makes one",
            code="bad_key",
        )
    return key


def _seed(data: bytes) -> bytes | None:
    """The 32 bytes of a raw private key, as they are or in hex; None for another file."""
    if len(data) == SEED:
        return data
    text = data.strip()
    return bytes.fromhex(text.decode()) if re.fullmatch(rb"[0-9a-fA-F]{64}", text) else None
