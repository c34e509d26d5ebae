"""Signatures: what they cover, what breaks them, and what each trust policy makes of it."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from expertserve.errors import ConfigError, IntegrityError
from expertserve.expert import describe, prepare
from expertserve.package import keys
from expertserve.package.archive import open_package
from expertserve.package.build import pack, sign_package, write_archive
from expertserve.package.manifest import read_manifest
from expertserve.package.signature import (
    SignatureVerdict,
    TrustPolicy,
    canonical_hash,
    enforce,
    message_of,
    sign,
    verify_signature,
)
from tests import tiny

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
TRUSTED = frozenset({keys.public_key(KEY)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package without weights: signatures don't care."""
    made = tiny.package(tmp_path / "package", None)
    (made / "grammar.gbnf").write_text('root ::= "a"\n')
    return made


def verdict(folder: Path, trusted: frozenset[str] = frozenset()) -> SignatureVerdict:
    return verify_signature(open_package(folder, cache=False), read_manifest(folder), trusted)


def apply(folder: Path, policy: TrustPolicy | None) -> list[str]:
    return enforce(open_package(folder), read_manifest(folder), policy)


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    raw = json.loads((folder / "manifest.json").read_text())
    change(raw)
    (folder / "manifest.json").write_text(json.dumps(raw))


def sign_as_the_reference_does(folder: Path, *, prefix: str = "", form: str = "new") -> None:
    """Hashes manifest.json as it is, then writes integrity into it."""
    files = {name: prefix + digest for name, digest in open_package(folder).files.items()}
    signature = KEY.sign(message_of(files)).hex()
    public = keys.public_key(KEY)
    new = {
        "created_at": "2025-01-01T00:00:00Z",
        "publisher": "x",
        "pubkey": public,
        "signature_algorithm": "ed25519",
    }
    old = {"timestamp": "2025-01-01T00:00:00Z", "public_key": public.removeprefix("ed25519:")}
    edit(
        folder,
        lambda m: m.update(
            integrity={**(new if form == "new" else old), "signature": signature, "files": files}
        ),
    )


# ── what is signed ──────────────────────────────────────────────────────────────────────────────


def test_a_signed_package_is_valid_and_its_manifest_covered_by_canonical_json(folder: Path) -> None:
    assert sign(folder, KEY, publisher="me").status == "valid"
    assert verdict(folder) == SignatureVerdict("valid", keys.public_key(KEY))
    assert verdict(folder, TRUSTED).trusted
    raw = json.loads((folder / "manifest.json").read_text())
    integrity = raw.pop("integrity")
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert (
        integrity["files"]["manifest.json"].removeprefix("sha256:")
        == hashlib.sha256(canonical).hexdigest()
        == canonical_hash(raw)
    )
    lines = "\n".join(f"{path}:{digest}" for path, digest in sorted(integrity["files"].items()))
    KEY.public_key().verify(bytes.fromhex(integrity["signature"]), lines.encode())
    assert (folder / "signature.sig").read_text().strip() == integrity["signature"] and integrity[
        "publisher"
    ] == "me"


def test_reformatting_the_manifest_doesnt_break_its_signature_but_changing_it_does(
    folder: Path,
) -> None:
    sign(folder, KEY)
    edit(folder, lambda m: m.update(dict(sorted(m.items(), reverse=True))))
    assert verdict(folder).status == "valid"
    edit(folder, lambda m: m["training"]["decoding"].update(temperature=1.9))
    assert (
        verdict(folder).status == "invalid"
        and "manifest.json was changed" in verdict(folder).reason
    )


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda f: (f / "grammar.gbnf").write_text("other"), "'grammar.gbnf' was changed"),
        (lambda f: (f / "grammar.gbnf").unlink(), "'grammar.gbnf' was signed, but"),
        (lambda f: (f / "chat_template.jinja").write_text("x"), "'chat_template.jinja' was added"),
        (lambda f: (f / "signature.sig").write_text("00" * 64), "differ"),
        (
            lambda f: edit(f, lambda m: m["integrity"].update(pubkey=keys.public_key(OTHER))),
            "doesn't match",
        ),
        (
            lambda f: edit(f, lambda m: m["integrity"].update(pubkey="ed25519:xyz")),
            "is not a valid public key",
        ),
        (lambda f: edit(f, lambda m: m["integrity"]["files"].pop("grammar.gbnf")), "doesn't match"),
        (
            lambda f: edit(
                f, lambda m: m["integrity"]["files"].update({"manifest.json": "0" * 64})
            ),
            "doesn't match",
        ),
        (
            lambda f: edit(f, lambda m: m["integrity"]["files"].update({"manifest.json": "x"})),
            "no SHA-256",
        ),
    ],
)
def test_whatever_is_tampered_with_makes_the_signature_invalid_under_every_policy_but_off(
    tamper: Callable[[Path], object], said: str, folder: Path
) -> None:
    sign(folder, KEY)
    tamper(folder)
    assert verdict(folder).status == "invalid" and said in verdict(folder).reason
    for policy in (None, TrustPolicy("warn"), TrustPolicy("require", TRUSTED)):
        with pytest.raises(IntegrityError) as error:
            apply(folder, policy)
        assert error.value.code == "signature_invalid" and said in error.value.message
    assert apply(folder, TrustPolicy("off")) == []


def test_a_changed_manifest_cant_pass_for_one_signed_the_reference_way(folder: Path) -> None:
    """Removing the mark from integrity.files would turn 'changed' into 'not covered', were the mark
    not signed itself.
    """
    sign(folder, KEY)

    def strip(manifest: dict[str, Any]) -> None:
        manifest["description"] = "changed"
        files = manifest["integrity"]["files"]
        files["manifest.json"] = files["manifest.json"].removeprefix("sha256:")

    edit(folder, strip)
    assert verdict(folder).status == "invalid"


@pytest.mark.parametrize("prefix", ["", "sha256:"])
@pytest.mark.parametrize("form", ["new", "old"])
def test_the_reference_way_is_verified_but_for_the_manifest(
    prefix: str, form: str, folder: Path
) -> None:
    sign_as_the_reference_does(folder, prefix=prefix, form=form)
    found = verdict(folder, TRUSTED)
    assert (found.status, found.uncovered, found.trusted) == (
        "valid_manifest_uncovered",
        ("manifest.json",),
        True,
    )
    for policy in (None, TrustPolicy("warn", TRUSTED)):
        (warning,) = apply(folder, policy)
        assert "doesn't cover manifest.json" in warning
    with pytest.raises(IntegrityError) as error:
        apply(folder, TrustPolicy("require", TRUSTED))
    assert error.value.code == "signature_incomplete"
    (folder / "grammar.gbnf").write_text("other")
    assert verdict(folder).status == "invalid"


def test_files_added_beside_a_reference_signature_are_named(folder: Path) -> None:
    sign_as_the_reference_does(folder)
    (folder / "chat_template.jinja").write_text("x")
    assert verdict(folder).status == "valid_files_uncovered"
    assert verdict(folder).uncovered == ("chat_template.jinja", "manifest.json")


def test_the_signature_may_stand_in_its_own_member_alone(folder: Path) -> None:
    sign(folder, KEY)
    edit(folder, lambda m: m["integrity"].pop("signature"))
    assert verdict(folder).status == "valid"


@pytest.mark.parametrize(
    "integrity",
    [
        {"timestamp": "t", "public_key": keys.public_key(KEY), "signature": "00" * 64},
        {"signature": "00" * 64, "files": {}},
        {"signature": "00" * 64, "pubkey": keys.public_key(KEY), "signature_algorithm": "rsa"},
    ],
)
def test_a_signature_without_key_files_or_known_algorithm_cant_be_verified(
    integrity: dict[str, Any], folder: Path
) -> None:
    edit(folder, lambda m: m.update(integrity=integrity))
    assert verdict(folder).status == "unverifiable"
    assert "can't be verified" in apply(folder, TrustPolicy("warn"))[0]
    with pytest.raises(IntegrityError):
        apply(folder, TrustPolicy("require", TRUSTED))


def test_packing_keeps_a_signature_of_an_older_form_as_it_is(folder: Path, tmp_path: Path) -> None:
    integrity = {"timestamp": "t", "public_key": keys.public_key(KEY), "signature": "00" * 64}
    edit(folder, lambda m: m.update(integrity=integrity))
    opened = open_package(
        write_archive(folder, tmp_path / "a.expert"), cache_dir=tmp_path / "cache"
    )
    assert json.loads((opened.folder / "manifest.json").read_text())["integrity"] == integrity
    assert verdict(opened.folder).status == "unverifiable"


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_canonical_hashes_depend_on_content_alone(manifest: dict[str, Any]) -> None:
    again = json.loads(json.dumps(dict(reversed(manifest.items())), indent=3))
    assert canonical_hash(manifest) == canonical_hash(again)
    assert canonical_hash({**manifest, "integrity": 1}) == canonical_hash(again | {"integrity": 2})
    assert canonical_hash({**manifest, "x": [1]}) != canonical_hash({**manifest, "x": [2]})


# ── policies ────────────────────────────────────────────────────────────────────────────────────


def test_unsigned_packages_and_unknown_keys_by_policy(folder: Path) -> None:
    assert apply(folder, None) == [] and "not signed" in apply(folder, TrustPolicy("warn"))[0]
    with pytest.raises(IntegrityError) as error:
        apply(folder, TrustPolicy("require", TRUSTED))
    assert error.value.code == "unsigned" and error.value.hint
    sign(folder, OTHER)
    assert (
        apply(folder, None) == []
        and keys.public_key(OTHER) in apply(folder, TrustPolicy("warn", TRUSTED))[0]
    )
    with pytest.raises(IntegrityError) as error:
        apply(folder, TrustPolicy("require", TRUSTED))
    assert error.value.code == "untrusted_key" and "--trusted-key" in error.value.hint
    sign(folder, KEY)
    assert (
        apply(folder, TrustPolicy("require", TRUSTED))
        == apply(folder, TrustPolicy("warn", TRUSTED))
        == []
    )


def test_policies_are_checked_when_they_are_made() -> None:
    for arguments in (("never",), ("warn", frozenset({"ed25519:12"})), ("require",)):
        with pytest.raises(ConfigError):
            TrustPolicy(*arguments)  # type: ignore[arg-type]


def test_loading_and_describing_apply_the_policy(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    where: dict[str, Any] = {"cache_dir": tmp_path / "c", "models_dir": tiny_base.parent}
    strict = TrustPolicy("require", TRUSTED)
    with pytest.raises(IntegrityError):
        prepare(tiny_package, **where, trust=strict)
    sign(tiny_package, KEY)
    assert prepare(tiny_package, **where, trust=strict).warnings == ()
    facts = describe(tiny_package, **where, trust=strict)
    assert facts["signature"] == {"status": "valid", "key": keys.public_key(KEY), "trusted": True}


# ── packing ─────────────────────────────────────────────────────────────────────────────────────


def test_a_signed_folder_stays_signed_when_it_is_packed_and_an_altered_one_isnt_packed(
    folder: Path, tmp_path: Path
) -> None:
    sign(folder, KEY)
    archive = write_archive(folder, tmp_path / "a.expert")
    package = open_package(archive, cache_dir=tmp_path / "c")
    assert verify_signature(package, read_manifest(package.folder)).status == "valid"
    (folder / "grammar.gbnf").write_text("other")
    with pytest.raises(IntegrityError):
        write_archive(folder, tmp_path / "b.expert")
    assert not (tmp_path / "b.expert").exists()


def test_an_archive_is_signed_in_place_or_elsewhere(folder: Path, tmp_path: Path) -> None:
    archive = write_archive(folder, tmp_path / "a.expert")
    before = archive.read_bytes()
    assert (
        sign_package(archive, KEY, tmp_path / "b.expert").status == "valid"
        and archive.read_bytes() == before
    )
    assert sign_package(archive, KEY).status == "valid" and archive.read_bytes() != before
    for path in (archive, tmp_path / "b.expert"):
        package = open_package(path, cache_dir=tmp_path / "c")
        assert verify_signature(package, read_manifest(package.folder), TRUSTED).trusted
    with pytest.raises(ConfigError):
        sign_package(folder, KEY, tmp_path / "c.expert")


def test_packing_refuses_weights_that_differ_from_the_manifests_hash(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    entry = tiny.adapters_entry("lora", 4) | {"sha256": "0" * 64}
    package = tiny.package(
        tmp_path / "p", tiny_lora, tiny_base, base_models=[{"name": "tiny", "adapters": [entry]}]
    )
    with pytest.raises(IntegrityError) as error:
        pack(package, tmp_path / "x.expert")
    assert error.value.code == "checksum_mismatch" and not (tmp_path / "x.expert").exists()


# ── keys ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("passphrase", [None, "open sesame"])
def test_keys_are_private_files_never_overwritten(passphrase: str | None, tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    public = keys.create(path, passphrase)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and b"PRIVATE KEY" in path.read_bytes()
    assert (
        keys.public_key(keys.read_private(path, passphrase))
        == public
        == (tmp_path / "k.pem.pub").read_text().strip()
    )
    assert keys.read_trusted(str(tmp_path / "k.pem.pub")) == keys.read_trusted(public) == {public}
    before = path.read_bytes()
    for taken in (path, tmp_path / "other"):
        (tmp_path / "other.pub").touch()
        with pytest.raises(ConfigError) as error:
            keys.create(taken)
        assert error.value.code == "file_exists"
    assert path.read_bytes() == before and not (tmp_path / "other").exists()


def test_keys_that_cant_be_used_say_why(tmp_path: Path) -> None:
    locked, junk, curve = tmp_path / "l.pem", tmp_path / "j.pem", tmp_path / "c.pem"
    keys.create(locked, "right")
    junk.write_text("junk")
    curve.write_bytes(
        generate_ec(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    cases = [
        (locked, None, "passphrase_needed"),
        (locked, "wrong", "wrong_passphrase"),
        (junk, None, "bad_key"),
        (curve, None, "bad_key"),
    ]
    for path, passphrase, code in [*cases, (tmp_path / "none", None, "bad_key")]:
        with pytest.raises(ConfigError) as error:
            keys.read_private(path, passphrase)
        assert error.value.code == code


def test_a_file_of_trusted_keys_has_one_on_each_line(tmp_path: Path) -> None:
    listed = tmp_path / "trusted"
    listed.write_text(
        f"# ours\n{keys.public_key(KEY)}  # mine\n\n{keys.public_key(OTHER).upper()}\n"
    )
    assert keys.read_trusted(str(listed)) == {keys.public_key(KEY), keys.public_key(OTHER)}
    with pytest.raises(ConfigError):
        keys.read_trusted("not-a-file")
