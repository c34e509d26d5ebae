"""Findings on what a package leaves unused or names otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from expertserve.check import check_package
from tests.test_package_check import edit, line_of, lint  # noqa: F401


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
