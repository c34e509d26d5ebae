"""Requirement: Package Loading."""

from __future__ import annotations

from pathlib import Path

import pytest

from expertserve import Expert, IntegrityError, LoadError
from expertserve.files import file_digest
from tests import tiny


def test_load_valid_expert_package(engine: Expert, sql_package: Path) -> None:
    prepared = engine.manager.get("expert")
    assert isinstance(engine, Expert)
    assert (
        prepared.package.folder.is_dir() and (prepared.package.folder / "manifest.json").is_file()
    )
    assert engine.manifest.name == "expert-sql"
    assert (
        prepared.adapter is not None
        and (prepared.adapter.folder / "adapter_model.safetensors").is_file()
    )
    assert (
        prepared.package.folder / "tokenizer.json"
    ).is_file() and prepared.prompt.tokenizer.id_of("<|im_start|>") == 1
    assert engine.info.digest == file_digest(sql_package)


def test_load_corrupted_package(sql_package: Path, tmp_path: Path) -> None:
    corrupt = tmp_path / "corrupt.expert"
    corrupt.write_bytes(sql_package.read_bytes()[:100_000])
    with pytest.raises(LoadError, match="corrupt or truncated") as caught:
        Expert.load(corrupt, cache_dir=tmp_path / "cache")
    assert caught.value.code == "corrupt_archive"
    assert list((tmp_path / "cache" / "packages").iterdir()) == []


def test_load_package_with_missing_manifest(tmp_path: Path) -> None:
    package = tiny.tar_gz(
        tmp_path / "bare.expert", {"adapter_model.safetensors": b"", "adapter_config.json": b"{}"}
    )
    with pytest.raises(LoadError, match=r"no manifest\.json") as caught:
        Expert.load(package, cache_dir=tmp_path / "cache")
    assert caught.value.code == "manifest_missing"


def test_verify_package_checksum(sql_package: Path, tmp_path: Path) -> None:
    digest = file_digest(sql_package)
    assert sql_package.with_name(sql_package.name + ".sha256").read_text().split()[0] == digest
    Expert.load(sql_package, checksum=digest, start=False, cache_dir=tmp_path / "cache").close()
    with pytest.raises(IntegrityError) as caught:
        Expert.load(sql_package, checksum="0" * 64, cache_dir=tmp_path / "cache")
    assert digest in str(caught.value) and caught.value.code == "checksum_mismatch"
