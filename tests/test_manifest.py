"""Manifests: published quirks load, contradictions are refused with line and column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve.errors import LoadError, ManifestError
from expertserve.package.checkpoints import choose_adapter
from expertserve.package.manifest import parse_manifest, read_manifest
from tests import tiny

SAMPLES = Path(__file__).parent.parent.parent / "shared" / "samples"


def parse(**changes: Any) -> Any:
    return parse_manifest(json.dumps(tiny.manifest(**changes), indent=2).encode())


def base(**changes: Any) -> dict[str, Any]:
    return {**tiny.manifest()["base_models"][0], **changes}


def adapter(**changes: Any) -> dict[str, Any]:
    return {**tiny.manifest()["base_models"][0]["adapters"][0], **changes}


def test_published_quirks_are_tolerated() -> None:
    manifest = parse()
    assert manifest.base_models[0].prompt_template == "qwen3"
    assert manifest.base_models[0].adapters[0].r == 4
    assert manifest.decoding.stop_sequences == (";", "\n\n")
    assert manifest.decoding.min_p == 0
    assert list(manifest.unknown()) == []


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the published samples lie beside the project, not in it"
)
@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("expert-sql/manifest.json", "2.0"),
        ("expert-json/manifest.json", "2.0"),
        ("schema/manifest_v1.json", "1.0"),
    ],
)
def test_published_manifests_load_without_a_warning(name: str, schema: str) -> None:
    manifest = parse_manifest((SAMPLES / name).read_bytes())
    assert manifest.schema_version == schema
    assert list(manifest.unknown()) == []


def test_a_version_one_manifest_takes_the_shape_of_version_two() -> None:
    raw = {
        "name": "test-expert-v1",
        "version": "1.0.0",
        "schema_version": "1.0",
        "base_model": {"name": "Qwen3-0.6B", "sha256": "test_hash_v1", "rope_scaling": "yarn-128k"},
        "adapters": [
            {
                "type": "lora",
                "target_modules": ["q_proj"],
                "r": 16,
                "alpha": 16,
                "path": "weights/adapter.safetensors",
            }
        ],
    }
    manifest = parse_manifest(json.dumps(raw).encode())
    assert manifest.base_models[0].adapters[0].path == "weights/adapter.safetensors"


def test_unknown_keys_are_kept_and_named() -> None:
    manifest = parse(novelty=1, base_models=[base(shiny=True, _hidden=1)])
    assert list(manifest.unknown()) == ["novelty", "base_models[0].shiny"]


def test_bom_and_crlf_are_read() -> None:
    text = json.dumps(tiny.manifest(), indent=2).replace("\n", "\r\n")
    assert parse_manifest(b"\xef\xbb\xbf" + text.encode()).name == "expert-tiny"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "two base model sections": ({"base_model": {"name": "x"}}, '"base_model"'),
    "adapters beside base_models": ({"adapters": [{"type": "lora"}]}, '"adapters": ['),
    "an unknown schema version": ({"schema_version": "3.0"}, "3.0"),
    "an unknown adapter type": ({"base_models": [base(adapters=[adapter(type="qlora")])]}, "qlora"),
    "no rank": (
        {"base_models": [base(adapters=[{"type": "lora", "target_modules": ["q_proj"]}])]},
        "{",
    ),
    "ia3 with a rank": ({"base_models": [base(adapters=[adapter(type="ia3")])]}, '"r"'),
    "use_dora against the type": (
        {"base_models": [base(adapters=[adapter(use_dora=True)])]},
        "use_dora",
    ),
    "no target modules": ({"base_models": [base(adapters=[adapter(target_modules=[])])]}, "{"),
    "an unknown template": ({"base_models": [base(prompt_template="mistral")]}, "mistral"),
    "an empty list of base models": ({"base_models": []}, "base_models"),
    "a name with a slash": ({"name": "../x"}, "../x"),
    "a version that is no version": ({"version": "one"}, "one"),
    "a rank that is text": ({"base_models": [base(adapters=[adapter(r="4")])]}, '"r"'),
    "a rank of zero": ({"base_models": [base(adapters=[adapter(r=0)])]}, '"r"'),
    "a rank that is true": ({"base_models": [base(adapters=[adapter(r=True)])]}, '"r"'),
    "a negative temperature": ({"training": {"decoding": {"temperature": -1}}}, "-1"),
    "top_p above one": ({"training": {"decoding": {"top_p": 1.5}}}, "1.5"),
    "an empty stop sequence": ({"training": {"decoding": {"stop_sequences": [""]}}}, '""'),
    "stop sequences as text": ({"training": {"decoding": {"stop_sequences": ";"}}}, '";"'),
    "a soft prompt that is a number": ({"soft_prompts": [1]}, "1"),
    "a priority above one": ({"routing": {"keywords": ["a"], "priority": 2}}, "2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_contradiction_is_refused_at_its_place(name: str) -> None:
    changes, there = REFUSED[name]
    with pytest.raises(ManifestError) as caught:
        parse(**changes)
    assert caught.value.line > 1
    assert there in caught.value.source_line
    assert caught.value.code == "invalid_manifest"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (b'{"name": "x",\n "version": }', 2, "malformed JSON"),
        (b'{"name": "x"', 1, "malformed JSON"),
        (b"", 1, "malformed JSON"),
        (b"[]", 1, "JSON object"),
        (b'{"a": 1,\n"a": 2}', 2, "twice"),
        (b'{"a": NaN}', 1, "NaN"),
        (b'{"a": 1e999}', 1, "too large"),
        (b'{\n"a": "\\ud800"}', 2, "surrogate"),
        (b'{"a": "\\ud83d\\ude00\\\\", "b":\n "\\\\ud83d\\ude00"}', 2, "surrogate"),
        (b'{"a": "' + b'\\"' * 100_000, 1, "malformed JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", 1, "malformed JSON"),
        (b"[" * 5000, 1, "nested"),
        (b'{"a":\n "\xff"}', 2, "UTF-8"),
        (b'{"name": "x", "version": "1.0.0"}', 1, "names no base model"),
        (
            b'{"name": "x", "version": "1.0.0", "_comment": "[\\\\ud800-\\\\udfff]"}',
            1,
            "names no base model",
        ),
    ],
)
def test_malformed_json_names_line_and_column(text: bytes, line: int, said: str) -> None:
    with pytest.raises(ManifestError, match=said) as caught:
        parse_manifest(text)
    assert caught.value.line == line and caught.value.column >= 1


def test_a_manifest_that_is_too_large_is_not_read() -> None:
    with pytest.raises(ManifestError, match="bytes"):
        parse_manifest(b" " * (5 << 20))


def test_a_manifest_one_folder_down_gets_a_hint(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "manifest.json").write_text("{}")
    with pytest.raises(LoadError) as caught:
        read_manifest(tmp_path)
    assert caught.value.code == "manifest_missing" and "inner" in caught.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda c: st.lists(c) | st.dictionaries(st.text(), c),
)


@given(
    st.binary(max_size=300)
    | JSON.map(lambda v: json.dumps(v).encode())
    | st.dictionaries(st.sampled_from(sorted(tiny.manifest())), JSON).map(
        lambda d: json.dumps(tiny.manifest() | d).encode()
    )
)
def test_no_text_brings_another_error_than_ours(data: bytes) -> None:
    try:
        parse_manifest(data)
    except ManifestError as error:
        assert str(error)


def test_checkpoints_are_chosen_by_name_step_or_packaging(tmp_path: Path) -> None:
    for name in ("final", "checkpoint-100", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_model.safetensors").write_bytes(b"")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    steps = [adapter(checkpoint_step=100), adapter(checkpoint_step=200, path="final"), adapter()]
    training = {"alternative_checkpoints": {"best": {"path": "old", "step": 50}}}
    manifest = parse(base_models=[base(adapters=steps)], training=training)
    declared = manifest.base_models[0]

    def chosen(checkpoint: str | None, source: Any = manifest) -> str:
        return (
            choose_adapter(tmp_path, source, declared, checkpoint)[1]
            .relative_to(tmp_path.resolve())
            .as_posix()
        )

    assert chosen(None) == "adapter_model.safetensors"
    assert chosen("checkpoint-100") == "checkpoint-100/adapter_model.safetensors"
    assert chosen("200") == "final/adapter_model.safetensors"
    assert chosen("best") == "old/adapter_model.safetensors"
    packaged = parse(
        base_models=[base(adapters=steps)], training={"packaging_checkpoint": "checkpoint-100"}
    )
    assert chosen(None, packaged) == "checkpoint-100/adapter_model.safetensors"
    with pytest.raises(LoadError, match="'checkpoint-7'") as caught:
        chosen("checkpoint-7")
    assert caught.value.code == "unknown_checkpoint"
    assert "best" in caught.value.hint and "checkpoint-200" in caught.value.hint


def test_comments_may_stand_twice_and_nothing_else_may() -> None:
    """Published manifests have `_comment` twice."""
    comments = b'"_comment": {"a": 1}, "_comment": {"a": 2}, "_comment": "b", '
    sound = json.dumps(tiny.manifest()).encode()
    assert parse_manifest(sound.replace(b"{", b"{" + comments, 1)) == parse_manifest(sound)
    with pytest.raises(ManifestError) as caught:
        parse_manifest(sound.replace(b"{", b'{"x": "a", "x": "b", ', 1))
    assert caught.value.code == "duplicate_key"
