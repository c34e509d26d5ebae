"""Signatures: who vouches for a package, and for which of its members.

The signed message is a line `path:hash` for each entry of `integrity.files`, sorted by path, joined
by newlines (UTF-8), as the format text defines it. What vouches is the key: `publisher` is a name
that anybody may write.

`manifest.json` holds the signature, so its plain hash can't be among what is signed. The hash
signed for it here is that of its canonical JSON without `integrity`: keys sorted, no blanks, UTF-8.
The reference signer hashes the file before it writes `integrity` into it; such a package's manifest
is not covered, and its verdict says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from expertserve.errors import ConfigError, IntegrityError
from expertserve.files import decode_text, read_bounded, write_whole
from expertserve.package import keys, positions
from expertserve.package.archive import Package, open_package
from expertserve.package.manifest import NAME, Integrity, Manifest, read_manifest
from expertserve.package.publish import filled

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MEMBER = "signature.sig"
ALGORITHM = "ed25519"
HASH = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
MARK = "sha256:"
"""Precedes the manifest's hash in messages that we sign: our signatures cover it."""

Mode = Literal["off", "warn", "require"]
Status = Literal[
    "unsigned",
    "valid",
    "valid_manifest_uncovered",
    "valid_files_uncovered",
    "unverifiable",
    "invalid",
]
"""`unverifiable`: there is a signature, but no key or no list of files to check it with."""


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Signature policy.

    Args:
        mode: ``"off"`` doesn't look at them. ``"warn"`` refuses what was changed after it was
            signed, and warns of unsigned packages, unknown keys and members that the signature
            doesn't cover. ``"require"`` refuses all of these.
        keys: Those trusted, as ``ed25519:<hex>``.

    Example:
        >>> policy = TrustPolicy("require", frozenset({"ED25519:" + "AB" * 32}))
        >>> policy.keys == {"ed25519:" + "ab" * 32}
        True
    """

    mode: Mode = "warn"
    keys: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.mode not in ("off", "warn", "require"):
            raise ConfigError(
                f"trust must be off, warn or require, not {self.mode!r}", code="bad_trust"
            )
        object.__setattr__(self, "keys", frozenset(keys.parse_public(key) for key in self.keys))
        if self.mode == "require" and not self.keys:
            raise ConfigError(
                "trust is required, but no key is trusted",
                hint="name at least one publisher's key",
                code="bad_trust",
            )


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """What a package's signature is worth.

    Args:
        key: The publisher's, as ``ed25519:<hex>``; None where none is named.
        trusted: Whether that key is among those the caller trusts. Says nothing unless the status
            begins with ``valid``.
        uncovered: Members that the signature says nothing about.
        reason: Why it is invalid or can't be verified.
    """

    status: Status
    key: str | None = None
    trusted: bool = False
    uncovered: tuple[str, ...] = ()
    reason: str = ""


# ── verifying ───────────────────────────────────────────────────────────────────────────────────


def verify_signature(
    package: Package, manifest: Manifest, trusted: frozenset[str] = frozenset()
) -> SignatureVerdict:
    """Verifies a package's signature over its members, by the hashes in `package`.

    Args:
        trusted: Keys as ``ed25519:<hex>``.

    Raises:
        LoadError: `manifest.json` or `signature.sig` is larger than it may be.
    """
    integrity = manifest.integrity or Integrity()
    signature, doubt = _signature(package, integrity)
    if not signature:
        return SignatureVerdict("unsigned")
    named = integrity.pubkey or integrity.public_key or ""
    try:
        key = keys.parse_public(named) if named.strip() else None
    except ConfigError as error:
        return SignatureVerdict("invalid", reason=error.message)
    if key is None:
        return SignatureVerdict("unverifiable", reason="it names no public key")
    if (integrity.signature_algorithm or ALGORITHM).strip().lower() != ALGORITHM:
        return SignatureVerdict(
            "unverifiable",
            key,
            reason=f"its algorithm is {integrity.signature_algorithm!r}, only {ALGORITHM} is known",
        )
    if not integrity.files:
        return SignatureVerdict("unverifiable", key, reason="it lists no files")
    wrong = doubt or _changed(package, integrity.files)
    if wrong:
        return SignatureVerdict("invalid", key, reason=wrong)
    message = _signed_message(key, signature, integrity.files)
    if message is None:
        return SignatureVerdict(
            "invalid", key, reason="the signature doesn't match integrity.files and the key"
        )
    return _coverage(package, integrity.files, message, key, key in trusted)


def _signature(package: Package, integrity: Integrity) -> tuple[str, str]:
    """The signature in hex, from manifest or member; and what speaks against it."""
    inner = (integrity.signature or "").strip().lower()
    outer = ""
    if MEMBER in package.files:
        outer = decode_text(read_bounded(package.folder / MEMBER, 4096)).strip().lower()
    if inner and outer and inner != outer:
        return inner, f"integrity.signature and {MEMBER} differ"
    return inner or outer, ""


def _changed(package: Package, files: dict[str, str]) -> str:
    """What of the listed files is not as it was listed; empty where all is."""
    for name, listed in sorted(files.items()):
        match = HASH.fullmatch(listed)
        if not match:
            return f"integrity.files has no SHA-256 for {name!r}"
        if name == NAME:
            continue
        if name not in package.files:
            return f"{name!r} was signed, but the package doesn't have it"
        if match[1].lower() != package.files[name]:
            return f"{name!r} was changed after it was signed"
    return ""


def _signed_message(key: str, signature: str, files: dict[str, str]) -> dict[str, str] | None:
    """The entries as signed (with or without a prefix); None if signed for others."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not re.fullmatch(r"[0-9a-f]{128}", signature):
        return None
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.removeprefix(keys.PREFIX)))
    bare = {name: digest.removeprefix(MARK) for name, digest in files.items()}
    for entries in (files, bare, {name: MARK + digest for name, digest in bare.items()}):
        try:
            public.verify(bytes.fromhex(signature), message_of(entries))
        except InvalidSignature:
            continue
        return entries
    return None


def _coverage(
    package: Package, files: dict[str, str], signed: dict[str, str], key: str, trusted: bool
) -> SignatureVerdict:
    """A good signature's verdict, by what it covers."""
    covers = covers_manifest(package, files)
    if not covers and _marked(signed):
        return SignatureVerdict("invalid", key, reason=f"{NAME} was changed after it was signed")
    added = tuple(sorted(package.files.keys() - files.keys() - {NAME, MEMBER}))
    if not covers:
        status: Status = "valid_files_uncovered" if added else "valid_manifest_uncovered"
        return SignatureVerdict(status, key, trusted, (*added, NAME))
    if added:  # whoever covers the manifest covers every member
        return SignatureVerdict(
            "invalid", key, reason=f"{added[0]!r} was added after it was signed"
        )
    return SignatureVerdict("valid", key, trusted)


def _marked(signed: dict[str, str]) -> bool:
    """Whether our signer made this: the manifest's hash alone has a prefix."""
    return signed.get(NAME, "").startswith(MARK) and not any(
        d.startswith(MARK) for n, d in signed.items() if n != NAME
    )


def message_of(files: dict[str, str]) -> bytes:
    """The bytes that are signed.

    Example:
        >>> message_of({"b": "22", "a": "11"})
        b'a:11\\nb:22'
    """
    return "\n".join(f"{name}:{digest}" for name, digest in sorted(files.items())).encode()


def covers_manifest(package: Package, files: dict[str, str]) -> bool:
    """Whether the hash of `manifest.json` is that of its canonical JSON."""
    match = HASH.fullmatch(files.get(NAME, ""))
    return match is not None and match[1].lower() == canonical_hash(_raw_manifest(package.folder))


def canonical_hash(raw: dict[str, object]) -> str:
    """SHA-256 of a manifest without `integrity`: sorted keys, no blanks, UTF-8.

    Example:
        >>> canonical_hash({"b": 1, "a": 2}) == canonical_hash({"a": 2, "b": 1, "integrity": {}})
        True
    """
    kept = {key: value for key, value in raw.items() if key != "integrity"}
    return hashlib.sha256(
        json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def _raw_manifest(folder: Path) -> dict[str, object]:
    value = positions.locate(read_bounded(folder / NAME, positions.MAX_BYTES)).value
    assert isinstance(value, dict)  # read_manifest has refused anything else
    return value


def enforce(package: Package, manifest: Manifest, policy: TrustPolicy | None) -> list[str]:
    """Applies a policy to a package; returns what deserves a warning.

    Args:
        policy: None refuses what was changed after it was signed, and is silent about unsigned
            packages and unknown keys.

    Raises:
        IntegrityError: `signature_invalid`; under ``require`` also `unsigned`, `untrusted_key`,
            `signature_incomplete`.
    """
    if policy and policy.mode == "off":
        return []
    keys = policy.keys if policy else frozenset()
    return enforce_verdict(verify_signature(package, manifest, keys), policy)


def enforce_verdict(verdict: SignatureVerdict, policy: TrustPolicy | None) -> list[str]:
    """As `enforce`, of what verifying found; whether the key is trusted is the verdict's."""
    if verdict.status == "invalid":
        raise IntegrityError(
            f"the package's signature is invalid: {verdict.reason}",
            hint="it was changed after its publisher signed it; get it again from its publisher",
            code="signature_invalid",
        )
    objections = list(_objections(verdict))
    if policy and policy.mode == "require" and objections:
        code, said, hint = objections[0]
        raise IntegrityError(said, hint=hint, code=code)
    return [said for code, said, _ in objections if policy or code == "signature_incomplete"]


def _objections(verdict: SignatureVerdict) -> list[tuple[str, str, str]]:
    """What a strict policy refuses: code, message and hint of each."""
    if verdict.status == "unsigned":
        return [
            (
                "unsigned",
                "the package is not signed",
                "ask its publisher to sign it, or load it with trust set to warn",
            )
        ]
    if verdict.status == "unverifiable":
        return [
            (
                "signature_incomplete",
                f"the package's signature can't be verified: {verdict.reason}",
                "ask its publisher to sign it again",
            )
        ]
    found = []
    if not verdict.trusted:
        hint = (
            "compare the key with what its publisher says, then trust it: --trusted-key KEY,"
            " TrustPolicy(keys=…)"
        )
        found.append(
            (
                "untrusted_key",
                f"the package is signed with {verdict.key}, which is not among the trusted keys",
                hint,
            )
        )
    if verdict.uncovered:
        names = ", ".join(verdict.uncovered[:5])
        hint = "ask its publisher to sign it with `expertserve sign`, which covers every member"
        found.append(
            ("signature_incomplete", f"the package's signature doesn't cover {names}", hint)
        )
    return found


# ── signing ─────────────────────────────────────────────────────────────────────────────────────


def sign(folder: Path, key: Ed25519PrivateKey, *, publisher: str | None = None) -> SignatureVerdict:
    """Signs an unpacked package, replacing an earlier signature.

    Args:
        publisher: A name to show; by default what the manifest has.

    Raises:
        LoadError: The package can't be read or written, or its manifest is wrong.
    """
    package = open_package(folder)
    manifest = read_manifest(folder)
    raw = filled(_raw_manifest(folder))
    files = {name: digest for name, digest in package.files.items() if name not in (NAME, MEMBER)}
    files[NAME] = MARK + canonical_hash(raw)
    signature = key.sign(message_of(files)).hex()
    name = publisher or (manifest.integrity.publisher if manifest.integrity else None)
    now, public = datetime.now(UTC).isoformat(timespec="seconds"), keys.public_key(key)
    bare = public.removeprefix(keys.PREFIX)  # their reader decodes it as it stands
    raw["integrity"] = {
        "created_at": now,
        "timestamp": now,
        "publisher": name or "",
        "pubkey": bare,
        "public_key": bare,
        "signature_algorithm": ALGORITHM,
        "signature": signature,
        "files": dict(sorted(files.items())),
    }
    _replace(folder / MEMBER, f"{signature}\n")
    _replace(folder / NAME, json.dumps(raw, indent=2, ensure_ascii=False) + "\n")
    return verify_signature(open_package(folder), read_manifest(folder), frozenset({public}))


def _replace(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ConfigError(
            f"{path} can't be written: {error.strerror or error}", code="io"
        ) from error
