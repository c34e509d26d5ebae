"""Findings on what a package leaves unused or names otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve.check import check_package
from expertserve.errors import ExpertError
from expertserve.package.build import pack
from tests.test_adapter_reasons import POINTER
from tests.test_package_check import edit, line_of, lint  # noqa: F401

WEIGHTS = "adapter_model.safetensors"


def test_findings_are_sorted_by_severity_and_never_repeated(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    edit(tiny_package, lambda m: m["base_models"][0]["adapters"][0].update(type="dora"))
    found = check_package(tiny_package, models_dir=tiny_base.parent, cache_dir=tmp_path / "c")
    order = ["error", "warning", "info"]
    assert [f.severity for f in found] == sorted(
        (f.severity for f in found), key=order.index
    ) and len(found) == len(set(found))


def test_a_base_that_the_adapter_does_not_name_is_a_warning(
    tiny_package: Path, lint: Any, tmp_path: Path
) -> None:
    path = tiny_package / "adapter_config.json"
    settings = json.loads(path.read_text()) | {"base_model_name_or_path": "Qwen/Qwen3-1.7B"}
    path.write_text(json.dumps(settings))
    found = lint(tiny_package)["base_named_otherwise"]
    assert (found.severity, found.file) == ("warning", "adapter_config.json")
    assert "Qwen/Qwen3-1.7B" in found.message


def test_an_adapter_that_the_manifest_leaves_unused_is_a_warning(
    tiny_package: Path, lint: Any
) -> None:
    def add(manifest: dict[str, Any]) -> None:
        adapters = manifest["base_models"][0]["adapters"]
        adapters.append({**adapters[0], "path": "second"})

    edit(tiny_package, add)
    found = lint(tiny_package)["several_adapters"]
    assert found.severity == "warning" and "second is not" in found.message
    assert found.line == line_of(tiny_package, '"adapters"')


def test_a_template_that_demands_a_system_message_is_not_an_error(
    tiny_package: Path, lint: Any
) -> None:
    """Loading tries one, too."""
    edit(tiny_package, lambda m: m["base_models"][0].update(prompt_template="custom"))
    demanding = (
        "{% if messages[0].role != 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    (tiny_package / "chat_template.jinja").write_text(demanding)
    assert not [f for f in lint(tiny_package).values() if f.severity == "error"]
    (tiny_package / "chat_template.jinja").write_text("{{ raise_exception('never') }}")
    assert lint(tiny_package)["template_refused"].severity == "error"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda f: (f / WEIGHTS).write_bytes(POINTER), "git_lfs_pointer"),
        (lambda f: (f / "tokenizer.json").write_bytes(POINTER), "git_lfs_pointer"),
        (lambda f: (f / WEIGHTS).rename(f / "adapter_model.bin"), "pickled_weights"),
        (lambda f: (f / WEIGHTS).unlink(), "adapter_missing"),
        (lambda f: (f / WEIGHTS).write_bytes(b"x" * 99), "bad_safetensors"),
        (lambda f: settle(f, peft_type="OFT"), "adapter_type"),
        (lambda f: settle(f, use_qalora=True), "adapter_config"),
        (lambda f: settle(f, init_lora_weights="milora"), "base_changed"),
        (lambda f: settle(f, r=64), "adapter_disagrees"),
    ],
)
def test_pack_refuses_what_check_calls_an_error(
    spoil: Callable[[Path], object], code: str, tiny_package: Path, tmp_path: Path
) -> None:
    spoil(tiny_package)
    with pytest.raises(ExpertError) as caught:
        pack(tiny_package, tmp_path / "x.expert")
    assert caught.value.code == code and not list(tmp_path.glob("x.expert*"))
    found = check_package(tiny_package, cache_dir=tmp_path / "cache")
    errors = {f.code: f.message for f in found if f.severity == "error"}
    assert errors[code] == caught.value.message


def settle(folder: Path, **settings: object) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
