"""Who may ask: keys from a TOML file, which holds their hashes only.

    [[keys]]
    name = "reports"
    sha256 = "9f86d0…"             # of the key: printf %s "$KEY" | sha256sum
    experts = ["sql", "json-*"]    # also the base model's name; by default all
    requests_per_minute = 60       # these three: without them no bound
    tokens_per_minute = 20000
    concurrent = 8
    admin = false

A plain SHA-256 is enough for keys of 128 random bits or more, which `new_key` makes; it would not
be for passwords.
"""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import logging
import secrets
import time
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from expertserve.errors import ConfigError
from expertserve.server.problems import Refusal

MAX_FILE = 4 << 20
CHECK_SECONDS = 1.0
log = logging.getLogger("expertserve.server")


class Key(BaseModel):
    """One caller and its rights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    experts: tuple[str, ...] = ("*",)
    requests_per_minute: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    tokens_per_minute: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    concurrent: Annotated[int, Field(ge=1)] | None = None
    admin: bool = False

    def allows(self, expert: str) -> bool:
        """Whether the key's globs name this expert."""
        return any(fnmatch.fnmatchcase(expert, pattern) for pattern in self.experts)


class _KeysFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: tuple[Key, ...] = ()


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys of a file.

    Raises:
        ConfigError: `bad_keys`; it never quotes the file's values.
    """
    hint = "see expertserve/server/auth.py for its format"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise ConfigError(f"{path} is larger than {MAX_FILE:,} bytes", code="bad_keys")
        keys = _KeysFile.model_validate(tomllib.loads(data.decode())).keys
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: {place}: {first['msg']}", hint=hint, code="bad_keys") from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} can't be read as a key file: {error}", hint=hint, code="bad_keys"
        ) from error
    if not keys:
        raise ConfigError(
            f"{path} has no key, so nobody could ask",
            hint="expertserve key new NAME makes one",
            code="bad_keys",
        )
    for what, values in (
        ("name", [k.name for k in keys]),
        ("hash", [k.sha256.lower() for k in keys]),
    ):
        if len(set(values)) < len(values):
            raise ConfigError(f"{path} has one {what} twice", code="bad_keys")
    return keys


def new_key() -> tuple[str, str]:
    """A fresh key of 256 random bits, and the hash that goes into the file."""
    key = "es-" + secrets.token_urlsafe(32)
    return key, hash_of(key)


def entry_of(name: str, digest: str, *, admin: bool = False) -> str:
    """A key's entry in the file.

    Raises:
        ConfigError: `bad_keys`, for a name that can't be one.

    Example:
        >>> print(entry_of("reports", "9" * 64))
        [[keys]]
        name = "reports"
        sha256 = "9999999999999999999999999999999999999999999999999999999999999999"
    """
    try:
        key = Key(name=name, sha256=digest, admin=admin)
    except ValidationError:
        raise ConfigError(
            f"{name[:80]!r} can't be a key's name",
            hint="up to 64 letters, digits, '.', '_', '@' and '-', not beginning with a sign",
            code="bad_keys",
        ) from None
    lines = ["[[keys]]", f'name = "{key.name}"', f'sha256 = "{key.sha256}"']
    return "\n".join([*lines, "admin = true"] if key.admin else lines)


def hash_of(key: str) -> str:
    """The SHA-256 of a key, in hexadecimal, as the key file has it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


ANYBODY = Key(name="anybody", sha256="0" * 64)
EVERYBODY_IS_ADMIN = Key(name="anybody", sha256="0" * 64, admin=True)


class Keyring:
    """The keys in force, reloaded within a second of a change; a broken file is ignored.

    Args:
        path: None lets everybody in.
        open_admin: Without a file, whether everybody may administrate.
    """

    def __init__(self, path: Path | None, *, open_admin: bool = False) -> None:
        self._path = path
        self._keys = read_keys(path) if path else ()
        self._seen = self._stamp()
        self._checked = time.monotonic()
        self._anybody = EVERYBODY_IS_ADMIN if open_admin else ANYBODY

    @property
    def required(self) -> bool:
        return self._path is not None

    def authenticate(self, authorization: str | None) -> Key:
        """The caller of an `Authorization: Bearer …` header, in constant time.

        Raises:
            Refusal: 401.
        """
        if not self._path:
            return self._anybody
        self._reload()
        scheme, _, presented = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not presented.strip():
            raise Refusal(
                "this server needs a key",
                status=401,
                hint="send it as Authorization: Bearer KEY",
                code="no_key",
            )
        digest = hash_of(presented.strip())
        found = None
        for key in self._keys:  # all of them, whichever matches
            if hmac.compare_digest(digest, key.sha256.lower()):
                found = key
        if found is None:
            raise Refusal(
                "the key is not valid here",
                status=401,
                hint="ask whoever runs this server for one",
                code="invalid_api_key",
            )
        return found

    def _reload(self) -> None:
        now = time.monotonic()
        if now - self._checked < CHECK_SECONDS:
            return
        self._checked = now
        stamp = self._stamp()
        if stamp == self._seen or self._path is None:
            return
        self._seen = stamp
        try:
            self._keys = read_keys(self._path)
            log.info("keys_reloaded", extra={"facts": {"keys": len(self._keys)}})
        except ConfigError as error:
            log.error(
                "keys_unreadable",
                extra={"facts": {"error": error.message, "kept": len(self._keys)}},
            )

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat() if self._path else None
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino) if status else None
