"""`calibration.json` and `tokenizer_delta.json`: read, told, and never applied in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve import Expert
from expertserve.check import check_package
from expertserve.errors import IncompatibleError, LoadError
from expertserve.findings import Finding

Load = Callable[..., Expert]


@pytest.fixture
def lint(tiny_base: Path) -> Callable[[Path], dict[str, Finding]]:
    return lambda path: {f.code: f for f in check_package(path, models_dir=tiny_base.parent)}


def told(expert: Expert) -> str:
    return " ".join(expert.manager.list_loaded_experts()[0].warnings)


def write(package: Path, name: str, content: object) -> Path:
    (package / f"{name}.json").write_text(json.dumps(content))
    return package


def test_a_calibration_is_told_and_not_applied(tiny_package: Path, lint: Any, load: Load) -> None:
    package = write(tiny_package, "calibration", {"temperature_scale": 1.2, "_note": "x", "by": []})
    found = lint(package)["calibration"]
    assert "(temperature_scale)" in found.message and found.severity == "warning"
    assert "temperature_scale" in told(load(package))
    assert "calibration" not in lint(write(tiny_package, "calibration", {"_note": "none"}))


@pytest.mark.parametrize(
    "delta",
    [
        {"added_tokens": ["<odd>"]},
        {"tokens": [{"content": "<odd>", "special": True}]},
        {"vocab": {"<odd>": 512}},
        {"special_tokens": ["<|im_end|>", "<odd>"]},
    ],
)
def test_tokens_that_the_base_lacks_are_refused(
    delta: object, tiny_package: Path, lint: Any, load: Load
) -> None:
    package = write(tiny_package, "tokenizer_delta", delta)
    with pytest.raises(IncompatibleError, match="adds 1 tokens") as caught:
        load(package)
    assert caught.value.code == "tokenizer_delta"
    assert lint(package)["tokenizer_delta"].severity == "error"


def test_a_delta_of_the_bases_own_tokens_changes_nothing(
    tiny_package: Path, lint: Any, load: Load
) -> None:
    package = write(tiny_package, "tokenizer_delta", {"added_tokens": ["<|im_end|>"], "merges": []})
    assert "tokenizer_delta" not in lint(package)
    load(package)


def test_other_rules_of_a_delta_are_told(tiny_package: Path, lint: Any, load: Load) -> None:
    package = write(tiny_package, "tokenizer_delta", {"merges": ["a b"], "normalizer": "nfc"})
    assert "merges, normalizer" in lint(package)["tokenizer_delta"].message
    assert "merges, normalizer" in told(load(package))


@pytest.mark.parametrize("name", ["calibration", "tokenizer_delta"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[1]", "bad_member"),
        ("{", "bad_member"),
        ("[" * 100_000, "bad_member"),
        (" " * (1 << 20) + "{}", "member_too_large"),
    ],
)
def test_what_is_no_such_file_is_a_typed_error(
    name: str, text: str, code: str, tiny_package: Path, lint: Any, load: Load
) -> None:
    (tiny_package / f"{name}.json").write_text(text)
    with pytest.raises(LoadError) as caught:
        load(tiny_package)
    assert caught.value.code == code
    assert lint(tiny_package)[code].severity == "error"
