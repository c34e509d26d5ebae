"""The linter: what it finds, where, and that it never raises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expertserve.check import check_package
from expertserve.findings import Finding
from expertserve.package.build import pack
from expertserve.package.signature import sign
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny


@pytest.fixture
def lint(tiny_base: Path, tmp_path: Path) -> Callable[..., dict[str, Finding]]:
    """Findings by code; the last of each."""

    def lint(path: Path, **options: Any) -> dict[str, Finding]:
        found = check_package(
            path, **({"models_dir": tiny_base.parent, "cache_dir": tmp_path / "cache"} | options)
        )
        assert all(f.code and f.message and f.reason for f in found), found
        return {f.code: f for f in found}

    return lint


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    raw = json.loads((folder / "manifest.json").read_text())
    change(raw)
    (folder / "manifest.json").write_text(json.dumps(raw, indent=2))
    return folder


def line_of(folder: Path, text: str) -> int:
    lines = (folder / "manifest.json").read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


def test_a_sound_signed_package_has_neither_errors_nor_warnings(
    tiny_package: Path, lint: Any, tmp_path: Path
) -> None:
    def improve(manifest: dict[str, Any]) -> None:
        manifest["training"]["decoding"]["max_tokens"] = 100

    sign(edit(tiny_package, improve), Ed25519PrivateKey.generate())
    for path in (tiny_package, pack(tiny_package, tmp_path / "x.expert")):
        assert [f for f in lint(path).values() if f.severity != "info"] == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "not_found"),
        (b"junk", "corrupt_archive"),
        ({"x": b""}, "manifest_missing"),
        ({"manifest.json": b"{"}, "malformed_json"),
    ],
)
def test_what_cant_be_read_is_a_finding(content: Any, code: str, lint: Any, tmp_path: Path) -> None:
    package = tmp_path / "p.expert"
    if isinstance(content, bytes):
        package.write_bytes(content)
    elif content:
        tiny.tar_gz(package, content)
    assert lint(package)[code].severity == "error"


def test_a_wrong_manifest_is_named_with_its_line(tiny_package: Path, lint: Any) -> None:
    edit(tiny_package, lambda m: m.update(version="one"))
    found = lint(tiny_package)["invalid_manifest"]
    assert (found.severity, found.file, found.line) == (
        "error",
        "manifest.json",
        line_of(tiny_package, '"version"'),
    )


@pytest.mark.parametrize(
    ("change", "code", "severity", "place"),
    [
        (lambda m: m.update(novelty=1), "unknown_key", "warning", '"novelty"'),
        (
            lambda m: m["base_models"][0]["adapters"][0].update(odd=1),
            "unknown_key",
            "warning",
            '"odd"',
        ),
        (lambda m: m.pop("license"), "no_license", "warning", "{"),
        (lambda m: m.pop("description"), "no_description", "info", "{"),
        (lambda m: m.pop("quality_metrics"), "no_quality_metrics", "info", "{"),
        (lambda m: m.pop("capabilities"), "not_routable", "info", "{"),
        (
            lambda m: m["training"]["decoding"].update(temperature=1.9),
            "high_temperature",
            "warning",
            '"temperature"',
        ),
        (
            lambda m: m["training"]["decoding"].update(repetition_penalty=2),
            "high_repetition_penalty",
            "warning",
            '"repetition_penalty"',
        ),
        (lambda m: m["training"]["decoding"].update(top_p=0.01), "low_top_p", "info", '"top_p"'),
        (
            lambda m: m["training"]["decoding"].update(validation_cmd="rm"),
            "validation_cmd",
            "info",
            '"validation_cmd"',
        ),
        (
            lambda m: m["training"]["decoding"].update(use_grammar=True),
            "grammar_missing",
            "warning",
            '"use_grammar"',
        ),
        (
            lambda m: m["training"]["decoding"].update(use_grammar=True, grammar_file="g.gbnf"),
            "grammar_missing",
            "error",
            '"grammar_file"',
        ),
        (
            lambda m: m["base_models"][0]["adapters"][0].update(r=8, alpha=16),
            "adapter_disagrees",
            "error",
            '"type": "lora"',
        ),
        (
            lambda m: m["base_models"][0]["adapters"][0].update(type="dora"),
            "adapter_disagrees",
            "error",
            '"adapters"',
        ),
        (
            lambda m: m["base_models"][0]["adapters"][0].update(sha256="0" * 64),
            "checksum_mismatch",
            "error",
            '"sha256": "0',
        ),
        (
            lambda m: m["base_models"][0]["adapters"][0].update(size_bytes=5),
            "size_differs",
            "warning",
            '"size_bytes"',
        ),
        (
            lambda m: m["base_models"][0].update(name="nowhere"),
            "base_model_missing",
            "warning",
            '"nowhere"',
        ),
        (
            lambda m: m["base_models"][0].update(rope_scaling="yarn-128k"),
            "base_differs",
            "warning",
            '"base_models"',
        ),
        (
            lambda m: m.update(integrity={"files": {"gone": "0" * 64}}),
            "file_missing",
            "error",
            '"gone"',
        ),
        (
            lambda m: m.update(integrity={"files": {"tokenizer.json": "0" * 64}}),
            "checksum_mismatch",
            "error",
            '"tokenizer.json"',
        ),
        (
            lambda m: m.update(integrity={"files": {"manifest.json": "0" * 64}}),
            "manifest_hash",
            "info",
            '"manifest.json"',
        ),
        (
            lambda m: m.update(integrity={"signature": "00" * 64}),
            "signature_incomplete",
            "warning",
            '"signature"',
        ),
    ],
)
def test_the_manifests_faults_are_named_with_their_lines(
    change: Callable[[dict[str, Any]], object],
    code: str,
    severity: str,
    place: str,
    tiny_package: Path,
    lint: Any,
) -> None:
    found = lint(edit(tiny_package, change))[code]
    assert (found.severity, found.file, found.line) == (
        severity,
        "manifest.json",
        pytest.approx(line_of(tiny_package, place), abs=1),
    )


def test_version_1_manifests_have_their_own_places(
    tiny_base: Path, tiny_lora: Path, lint: Any, tmp_path: Path
) -> None:
    package = tiny.package(tmp_path / "p", tiny_lora, tiny_base)

    def to_version_1(manifest: dict[str, Any]) -> None:
        (base,) = manifest.pop("base_models")
        manifest["adapters"] = [base.pop("adapters")[0] | {"size_bytes": 5}]
        manifest |= {"schema_version": "1.0"}
        manifest["base_model"] = base

    edit(package, to_version_1)
    assert lint(package)["size_differs"].line == line_of(package, '"size_bytes"')


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("training_args.bin", "pickled_file"),
        ("soft/x.pt", "pickled_file"),
        ("run.sh", "program"),
        ("trainer_state.json", "leftover"),
        (".git", "hidden_file"),
    ],
)
def test_files_that_dont_belong_there_are_named(
    name: str, code: str, tiny_package: Path, lint: Any
) -> None:
    (tiny_package / name).parent.mkdir(exist_ok=True)
    (tiny_package / name).write_bytes(b"x")
    assert lint(tiny_package)[code].file == name


def test_signatures_are_judged(tiny_package: Path, lint: Any) -> None:
    assert lint(tiny_package)["unsigned"].severity == "info"
    sign(tiny_package, Ed25519PrivateKey.generate())
    assert not {"unsigned", "signature_invalid", "signature_incomplete"} & set(lint(tiny_package))
    edit(tiny_package, lambda m: m.update(description="changed"))
    assert lint(tiny_package)["signature_invalid"].severity == "error"


def test_a_prompt_template_that_the_tokenizer_doesnt_know_is_named(
    tiny_package: Path, lint: Any, tmp_path: Path
) -> None:
    text = (tiny_package / "tokenizer.json").read_text()
    (tiny_package / "tokenizer.json").write_text(text.replace("<|im_start|>", "<|other|>"))
    found = lint(tiny_package, models_dir=tmp_path)["template_tokens"]
    assert found.severity == "warning" and "<|im_start|>" in found.message


def test_templates_are_compared_and_their_absence_is_named(tiny_package: Path, lint: Any) -> None:
    edit(tiny_package, lambda m: m["base_models"][0].update(prompt_template="custom"))
    assert lint(tiny_package)["no_chat_template"].severity == "warning"
    (tiny_package / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    assert "no_chat_template" not in lint(tiny_package)
    edit(tiny_package, lambda m: m["base_models"][0].update(prompt_template="chatml"))
    assert lint(tiny_package)["template_differs"].severity == "info"


def test_shapes_that_dont_fit_the_base_are_found_by_loading(
    tiny_base: Path, tiny_lora: Path, lint: Any, tmp_path: Path
) -> None:
    other = tiny.base_model(tmp_path / "models" / "tiny", "llama", layers=1)
    package = tiny.package(tmp_path / "p", tiny_lora, tiny_base)
    assert any(f.severity == "error" for f in lint(package, base_model=other).values())
    assert not any(f.severity == "error" for f in lint(package).values())


def test_a_grammar_is_used_unless_it_is_turned_off(
    tiny_package: Path, lint: Any, tmp_path: Path
) -> None:
    (tiny_package / "grammar.gbnf").write_text('root ::= "a"\n')
    edit(tiny_package, lambda m: m["training"]["decoding"].pop("use_grammar", None))
    assert "grammar_unused" not in lint(tiny_package)
    edit(tiny_package, lambda m: m["training"]["decoding"].update(use_grammar=False))
    assert lint(tiny_package)["grammar_unused"].severity == "info"
    edit(
        tiny_package,
        lambda m: (
            m["training"]["decoding"].pop("use_grammar"),
            m["training"]["decoding"].update(grammar_file="no.gbnf"),
        ),
    )
    assert lint(tiny_package, models_dir=tmp_path)["grammar_missing"].severity == "error"


def test_without_the_base_nothing_is_encoded_by_the_packages_tokenizer(
    tiny_package: Path, lint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny_package / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    monkeypatch.setattr(Tokenizer, "encode", None)
    monkeypatch.setattr(Tokenizer, "encode_plain", None)
    assert "template_differs" not in lint(tiny_package, models_dir=tmp_path)
    edit(tiny_package, lambda m: m["base_models"][0].update(prompt_template="custom"))
    assert not any(f.severity == "error" for f in lint(tiny_package, models_dir=tmp_path).values())


def test_grammar_findings_have_the_grammars_file_and_line(tiny_package: Path, lint: Any) -> None:
    (tiny_package / "grammar.gbnf").write_text('root ::= expr\nexpr ::= expr "+" expr | [0-9]\n')
    edit(tiny_package, lambda m: m["training"]["decoding"].update(use_grammar=True))
    assert any(f.file == "grammar.gbnf" and f.line == 2 for f in lint(tiny_package).values())
    (tiny_package / "grammar.gbnf").write_text("root ::= (\n")
    assert any(
        f.file == "grammar.gbnf" and f.severity == "error" for f in lint(tiny_package).values()
    )
    (tiny_package / "grammar.gbnf").write_bytes(b"root ::= \xff\n")
    assert lint(tiny_package)["grammar_encoding"].severity == "error"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    manifest=st.binary(max_size=200)
    | st.text(max_size=100).map(str.encode)
    | st.integers(0, 400).map(lambda n: json.dumps(tiny.manifest()).encode()[:n])
)
def test_no_manifest_makes_it_raise(manifest: bytes, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(manifest)
    assert any(
        f.severity == "error"
        for f in check_package(tmp_path, models_dir=tmp_path, cache_dir=tmp_path / "c")
    )
