"""Packages of ours are read by the format's own tool: its schema, its typed reader, its keys."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from expertserve.errors import ConfigError
from expertserve.package import keys
from expertserve.package.build import sign_package, write_archive
from expertserve.package.publish import filled
from expertserve.prompt.system import dialect_of
from tests import tiny
from tests.published import SAMPLES

READER = {
    "": "name version description capabilities constraints training".split(),
    "constraints": "load_order incompatible_with requires".split(),
    "perf": "latency_ms_overhead vram_mb_overhead supported_batch_sizes".split(),
    "training": ["dataset", "config"],
    "training.config": (
        "method adapter_type target_modules epochs learning_rate batch_size"
        " gradient_accumulation_steps warmup_steps lr_scheduler"
    ).split(),
    "integrity": ["publisher", "signature_algorithm", "files"],
}
"""What the reader's types don't take as absent, read in its source."""
LEAST = {"name": "expert-least", "version": "0.1.0"}


def schema() -> dict[str, Any]:
    path = SAMPLES / "schema" / "expert-manifest.schema.json"
    if not path.is_file():
        pytest.skip("the published schema is not beside the project")
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def packed(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("manifest.json")
        assert member
        return json.loads(member.read())  # type: ignore[no-any-return]


def manifests() -> dict[str, dict[str, Any]]:
    """As authors write them who know of no schema."""
    of = {kind: tiny.adapters_entry(kind, 4) for kind in ("lora", "dora", "ia3")}
    return {
        **{
            kind: LEAST | {"base_models": [{"name": "tiny", "adapters": [entry]}]}
            for kind, entry in of.items()
        },
        "first": LEAST | {"base_model": {"name": "tiny"}, "adapters": [of["lora"]]},
        "some": LEAST
        | {
            "base_models": [
                {"name": "tiny", "prompt_template": "chatml", "adapters": [of["lora"]]}
            ],
            "capabilities": ["database:sql"],
            "constraints": {"load_order": 3},
            "training": {"config": {"learning_rate": 0.5}, "decoding": {"temperature": 0.0}},
            "routing": {"keywords": ["sql"]},
            "prompt": {"dialect": "none"},
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "README.md").write_text("an expert")
    return folder


@pytest.mark.parametrize("kind", manifests())
@pytest.mark.parametrize("signed", [False, True])
def test_what_is_packed_satisfies_the_published_schema_and_reader(
    kind: str, signed: bool, folder: Path, tmp_path: Path
) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifests()[kind]))
    (folder / "adapter_model.safetensors").write_bytes(b"")
    archive = write_archive(folder, tmp_path / "x.expert")
    if signed:
        sign_package(archive, Ed25519PrivateKey.generate())
    about = packed(archive)
    for place, wanted in READER.items():
        part = about
        for name in filter(None, place.split(".")):
            part = part[name]
        assert not [key for key in wanted if part.get(key) is None], place
    config = about["training"]["config"]
    assert config["epochs"] > 0 and config["learning_rate"] > 0 and config["target_modules"]
    assert ("rank" in config) == (kind != "ia3")
    jsonschema.Draft7Validator(schema()).validate(about)


def test_what_the_author_wrote_stays_and_what_is_added_says_so() -> None:
    given = manifests()["some"]
    about = filled(given)
    assert about["training"]["config"]["learning_rate"] == 0.5
    assert "learning_rate" not in about["training"]["config"]["_filled"]
    assert "epochs" in about["training"]["config"]["_filled"]
    assert about["constraints"]["load_order"] == 3 and about["capabilities"] == ["database:sql"]
    assert about["training"]["decoding"] == given["training"]["decoding"]
    assert filled(about) == about  # packing again changes nothing
    assert dialect_of(filled(LEAST)["capabilities"]) is None  # and no prompt


def test_their_reader_decodes_our_key_and_their_order_verifies(
    folder: Path, tmp_path: Path
) -> None:
    """`hex::decode(pubkey)`, 32 bytes, then a line for each file."""
    (folder / "manifest.json").write_text(json.dumps(manifests()["some"]))
    (folder / "adapter_model.safetensors").write_bytes(b"")
    archive = write_archive(folder, tmp_path / "x.expert")
    sign_package(archive, Ed25519PrivateKey.generate(), publisher="us")
    integrity = packed(archive)["integrity"]
    for name in ("pubkey", "public_key"):
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(integrity[name]))
        lines = "\n".join(f"{n}:{h}" for n, h in sorted(integrity["files"].items()))
        key.verify(bytes.fromhex(integrity["signature"]), lines.encode())
    assert integrity["publisher"] == "us" and integrity["timestamp"] == integrity["created_at"]


@pytest.mark.parametrize("form", ["bytes", "hex", "hex with a newline"])
def test_a_raw_private_key_is_read(form: str, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    seed = key.private_bytes_raw()
    data = seed if form == "bytes" else (seed.hex() + "\n" * form.endswith("newline")).encode()
    (tmp_path / "key").write_bytes(data)
    assert keys.public_key(keys.read_private(tmp_path / "key")) == keys.public_key(key)


def test_a_raw_key_pair_is_what_their_tool_writes(tmp_path: Path) -> None:
    public = keys.create(tmp_path / "key", raw=True)
    seed = (tmp_path / "key").read_bytes()
    assert len(seed) == 32 and (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    own = Ed25519PrivateKey.from_private_bytes(seed)
    assert public == keys.public_key(own) == (tmp_path / "key.pub").read_text().strip()
    with pytest.raises(ConfigError, match="passphrase"):
        keys.create(tmp_path / "other", "sesame", raw=True)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("size", [31, 33, 64])
def test_other_bytes_are_no_key(size: int, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\x07" * size)
    with pytest.raises(ConfigError) as caught:
        keys.read_private(tmp_path / "key")
    assert caught.value.code == "bad_key"
