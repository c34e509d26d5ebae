"""What is told at load, and which of a package's parts is served."""

from __future__ import annotations

import json
from pathlib import Path

from tests import tiny
from tests.test_facade import Load


def test_another_base_and_an_unused_adapter_are_told_at_load(
    load: Load, tiny_package: Path
) -> None:
    path = tiny_package / "adapter_config.json"
    settings = json.loads(path.read_text()) | {"base_model_name_or_path": "Qwen/Qwen3-1.7B"}
    path.write_text(json.dumps(settings))
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    adapters = manifest["base_models"][0]["adapters"]
    adapters.append({**adapters[0], "path": "second"})
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    shown = " ".join(load(tiny_package).manager.list_loaded_experts()[0].warnings)
    assert "'Qwen/Qwen3-1.7B'" in shown and "second is not" in shown


def test_a_second_adapter_is_served_by_its_path(
    load: Load, tiny_package: Path, tiny_base: Path
) -> None:
    second = tiny.peft_adapter(tiny_base, tiny_package / "second", "lora", seed=9)
    (second / "README.md").unlink(missing_ok=True)
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    adapters = manifest["base_models"][0]["adapters"]
    adapters.append({**adapters[0], "path": "second"})
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    made = [load(tiny_package, checkpoint=asked).generate("x?") for asked in (None, "second")]
    assert len({r.expert.adapter.digest for r in made if r.expert.adapter}) == 2


def test_a_chat_template_counts_without_a_tokenizer_beside_it(
    load: Load, tiny_package: Path
) -> None:
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    manifest["base_models"][0]["prompt_template"] = "custom"
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    (tiny_package / "tokenizer.json").unlink()
    (tiny_package / "chat_template.jinja").write_text("Q: {{ messages[0].content }} A:")
    expert = load(tiny_package, lambda prompt: f"seen: {prompt}")
    assert expert.generate("x?").text.startswith("seen: Q: x? A:")
