"""Adapters of the text side of models that also see, under every name that tools give its layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from expertserve.adapters.serving import ServingAdapter
from expertserve.errors import IncompatibleError
from expertserve.models import LocalModel
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny
from tests.contract.conftest import drive
from tests.contract.test_generation import check, prompts
from tests.engine.reference import Reference
from tests.test_adapters import changed, convert

WEIGHTS = "adapter_model.safetensors"
TARGETS = ["q_proj", "v_proj", "down_proj"]
TEXT = r".*language_model.*\.(q_proj|v_proj|down_proj)"
OURS = "model.language_model.layers"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.wrapper(tmp_path_factory.mktemp("wrapper") / "tiny")


def trained(base: Path, folder: Path, kind: str, targets: object = TEXT) -> Path:
    return tiny.peft_adapter(base, folder, kind, target_modules=targets)


def served(base: Path, folder: Path, kind: str, cache: Path) -> ServingAdapter:
    return convert(base, folder, kind, cache, target_modules=TARGETS)


@pytest.mark.parametrize(
    "rename",
    [
        lambda n: n,
        lambda n: n.replace(OURS, "language_model.model.layers"),
        lambda n: n.replace(OURS, "model.layers"),
    ],
)
@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_a_text_layer_is_found_under_each_of_its_names(
    rename: Callable[[str], str], kind: str, base: Path, tmp_path: Path
) -> None:
    adapter = trained(base, tmp_path / "adapter", kind)
    plain = served(base, adapter, kind, tmp_path)
    other = changed(adapter, tmp_path / "other")
    save_file({rename(n): t for n, t in load_file(other / WEIGHTS).items()}, other / WEIGHTS)
    assert served(base, other, kind, tmp_path).digest == plain.digest
    names = load_file(plain.folder / WEIGHTS)
    assert all(OURS in name for name in names) and len(names) == 12


def test_what_sees_is_left_out_with_a_note(base: Path, tmp_path: Path) -> None:
    both = trained(base, tmp_path / "both", "lora", ["q_proj", "v_proj", "down_proj"])
    assert any("vision_tower" in name for name in load_file(both / WEIGHTS))
    serving = served(base, both, "lora", tmp_path)
    assert [n.severity for n in serving.notes if n.code == "senses_left_out"] == ["info"]
    assert not any("vision" in name for name in load_file(serving.folder / WEIGHTS))
    seeing = trained(base, tmp_path / "seeing", "lora", r".*vision_tower.*\.(q_proj|v_proj)")
    with pytest.raises(IncompatibleError, match="sees or hears") as caught:
        convert(base, seeing, "lora", tmp_path, target_modules=["q_proj", "v_proj"])
    assert caught.value.code == "adapter_empty"


def test_sizes_are_those_of_the_text_side(base: Path) -> None:
    assert LocalModel("tiny", base).context_length == 1024


def test_wrapped_text_layers_equal_peft(base: Path, tmp_path: Path) -> None:
    """PEFT runs the whole wrapper; left-out layers of the other side change no text."""
    made = [
        trained(base, tmp_path / "lora", "lora"),
        trained(base, tmp_path / "dora", "dora"),
        trained(base, tmp_path / "both", "lora", ["q_proj", "v_proj", "down_proj"]),
    ]
    driver = drive("transformers", base, tmp_path / "cache")
    digests = [
        driver.add(served(base, folder, kind, tmp_path / "forms"))
        for folder, kind in zip(made, ("lora", "dora", "lora"), strict=True)
    ]
    asked = prompts(Tokenizer(base), 6)
    requests = [
        driver.request(p, digests[i % 3], max_tokens=10, logprobs=0, ignore_eos=True)
        for i, p in enumerate(asked)
    ]
    for i, completion in enumerate(driver.together(requests)):
        check(completion, asked[i], Reference(base, made[i % 3]))
    driver.close()
