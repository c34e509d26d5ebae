"""`expertserve inspect`, `pack`, `check` and `prepare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests import tiny
from tests.cli.conftest import run


def test_inspect_tells_what_a_package_is_and_what_would_be_applied(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    facts = json.loads(
        run(
            "inspect",
            tiny_package,
            "--json",
            "--models-dir",
            tiny_base.parent,
            "--cache-dir",
            tmp_path / "c",
        ).stdout
    )
    assert (facts["name"], facts["version"], len(facts["digest"])) == ("expert-tiny", "0.1.0", 64)
    assert (
        facts["applied"]["type"] == "lora"
        and facts["applied"]["modules"] == 12
        and facts["served_on"]["name"] == "tiny"
    )
    assert {f["path"] for f in facts["files"]} >= {"manifest.json", "adapter_model.safetensors"}
    shown = run(
        "inspect", tiny_package, "--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c"
    ).stdout
    assert "expert-tiny" in shown and "rank=4" in shown


def test_inspect_works_without_the_base_model(tiny_package: Path, tmp_path: Path) -> None:
    done = run(
        "inspect", tiny_package, "--json", "--models-dir", tmp_path, "--cache-dir", tmp_path / "c"
    )
    facts = json.loads(done.stdout)
    assert (
        done.exit_code == 0
        and facts["served_on"] is None
        and "'tiny'" in facts["base_model_missing"]
    )


def test_inspect_shows_what_the_model_would_read(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    (tmp_path / "t.sql").write_text("CREATE TABLE t (id INT);\n")
    places = ("--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c")
    asked = ("inspect", tiny_package, "--prompt", "How many?", *places)
    turn = "<|im_start|>user\nHow many?<|im_end|>\n<|im_start|>assistant\n"
    assert run(*asked).stdout.startswith(f"<|im_start|>system\nDialect: sql<|im_end|>\n{turn}")
    said = json.loads(run(*asked, "--schema", tmp_path / "t.sql", "--json").stdout)["prompt"]
    context = "Dialect: sql\nSchema:\nCREATE TABLE t (id INT);"
    assert said == f"<|im_start|>system\n{context}<|im_end|>\n{turn}"


def test_unknown_keys_are_reported(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    package = tiny.package(tmp_path / "p", tiny_lora, tiny_base, novelty=1)
    facts = json.loads(
        run(
            "inspect",
            package,
            "--json",
            "--models-dir",
            tiny_base.parent,
            "--cache-dir",
            tmp_path / "c",
        ).stdout
    )
    assert facts["unknown_keys"] == ["novelty"] and "novelty" in facts["warnings"][0]


def test_pack_writes_an_archive_that_inspects_the_same(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    packed = json.loads(run("pack", tiny_package, "-o", tmp_path / "x.expert", "--json").stdout)
    facts = json.loads(
        run(
            "inspect",
            tmp_path / "x.expert",
            "--json",
            "--models-dir",
            tiny_base.parent,
            "--cache-dir",
            tmp_path / "c",
        ).stdout
    )
    assert facts["digest"] == packed["sha256"] and facts["warnings"] == []


def test_check_tells_findings_and_fails_on_errors(ask: Any, tiny_package: Path) -> None:
    done = ask("check", tiny_package)
    assert (
        done.exit_code == 0
        and "[no_hashes]" in done.stdout
        and "why:" in done.stdout
        and "fix:" in done.stdout
    )
    assert ask("check", tiny_package, "--strict").exit_code == 1
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    manifest["base_models"][0]["adapters"][0]["r"] = 8
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    done = ask("check", tiny_package, "--json")
    facts = json.loads(done.stdout)
    assert done.exit_code == 1 and facts["errors"] == 1
    assert set(facts["findings"][0]) == {
        "package",
        "code",
        "severity",
        "line",
        "message",
        "reason",
        "fix",
        "file",
    }


def test_prepare_does_what_loading_would_do(ask: Any, tiny_package: Path, tmp_path: Path) -> None:
    facts = json.loads(ask("prepare", tiny_package, "--json").stdout)["prepared"][0]
    assert facts["name"] == "expert-tiny" and list((tmp_path / "cache" / "adapters").iterdir())
    assert "expert-tiny 0.1.0 on tiny" in ask("prepare", tiny_package).stdout


def test_packing_other_weights_than_the_manifest_names_is_refused(
    tiny_package: Path, tmp_path: Path
) -> None:
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    manifest["base_models"][0]["adapters"][0]["sha256"] = "0" * 64
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    done = run("pack", tiny_package, "-o", tmp_path / "x.expert", "--json")
    assert done.exit_code == 5 and json.loads(done.stdout)["error"]["code"] == "checksum_mismatch"
