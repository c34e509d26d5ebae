"""Adapters of the text side of models that also see, under every name that tools give its layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from expertserve.adapters.places import HEADS, names_of
from expertserve.adapters.serving import ServingAdapter
from expertserve.errors import EngineDeadError, IncompatibleError
from expertserve.models import LocalModel
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny, wrappers
from tests.contract.conftest import LONG_VLLM, drive
from tests.contract.test_generation import check, prompts
from tests.engine.reference import Reference
from tests.test_adapters import changed, convert

WEIGHTS = "adapter_model.safetensors"
TARGETS = ["q_proj", "v_proj", "down_proj"]
NETS = ["in_proj_qkv", "in_proj_z", "in_proj_a", "out_proj"]
"""Layers of Qwen3.5's gated delta nets."""
OURS = "model.language_model.layers"


@pytest.fixture(scope="module", params=wrappers.KINDS)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wrappers.make(tmp_path_factory.mktemp("wrapper") / request.param, request.param)


def targets(base: Path) -> list[str]:
    return TARGETS + (NETS if base.name == "qwen3_5" else [])


def trained(base: Path, folder: Path, kind: str, *, sees: bool = False) -> Path:
    """An adapter of the language model, or of all layers of these names."""
    text = rf".*language_model.*\.({'|'.join(targets(base))})"
    return tiny.peft_adapter(
        base, folder, kind, strength=0.1, target_modules=targets(base) if sees else text
    )


def served(base: Path, folder: Path, kind: str, cache: Path) -> ServingAdapter:
    return convert(base, folder, kind, cache, target_modules=targets(base))


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
    tensors = load_file(other / WEIGHTS)
    assert all(OURS in name for name in tensors)
    save_file({rename(n): t for n, t in tensors.items()}, other / WEIGHTS)
    assert served(base, other, kind, tmp_path).digest == plain.digest
    assert plain.modules == len({n.partition(".lora_")[0] for n in tensors})


def test_the_table_of_names_holds_what_the_models_own_maps_say(base: Path) -> None:
    """Files, transformers' two classes and vLLM each name a layer in their own way."""
    pytest.importorskip("vllm", reason="its map is compared")
    import transformers
    from vllm.model_executor.models import ModelRegistry

    from expertserve.engine.vllm.patches import pictures

    with pictures.meanwhile():
        kind = ModelRegistry.models[wrappers.KINDS[base.name][0]].load_model_cls()

    def renamed(name: str) -> str:
        (name,) = kind.hf_to_vllm_mapper.apply_list([f"{name}.weight"])
        return str(name).removesuffix(".weight")

    models = [tiny.loaded(base)]
    if base.name == "qwen3_5":  # the language model alone, of the same folder
        models.append(transformers.AutoModelForCausalLM.from_pretrained(base))
    named = [{name for name, _ in model.named_modules()} for model in models]
    ending = "layers.0.mlp.down_proj.weight"
    (text,) = (n for n in LocalModel(base.name, base).tensors if n.endswith(ending))
    names = set(names_of(text.removesuffix(".weight")))
    assert all(len(names & own) == 1 for own in named)
    assert {renamed(name) for own in named for name in names & own} <= names
    assert renamed("lm_head") in HEADS


def test_what_sees_is_left_out_with_a_note(tmp_path: Path) -> None:
    base = wrappers.make(tmp_path / "gemma3", "gemma3")
    both = trained(base, tmp_path / "both", "lora", sees=True)
    assert any("vision_tower" in name for name in load_file(both / WEIGHTS))
    serving = served(base, both, "lora", tmp_path)
    assert [n.severity for n in serving.notes if n.code == "senses_left_out"] == ["info"]
    assert not any("vision" in name for name in load_file(serving.folder / WEIGHTS))
    seeing = tiny.peft_adapter(
        base, tmp_path / "seeing", "lora", target_modules=r".*vision_tower.*\.(q_proj|v_proj)"
    )
    with pytest.raises(IncompatibleError, match="sees or hears") as caught:
        convert(base, seeing, "lora", tmp_path, target_modules=["q_proj", "v_proj"])
    assert caught.value.code == "adapter_empty"


def test_sizes_are_those_of_the_text_side(base: Path) -> None:
    assert LocalModel("tiny", base).context_length == 1024
    assert LocalModel("tiny", base).is_wrapper


@pytest.mark.parametrize("engine", ["transformers", LONG_VLLM])
def test_wrapped_text_layers_equal_peft(engine: str, base: Path, tmp_path: Path) -> None:
    """PEFT runs the whole wrapper; left-out layers of the other side change no text. vLLM's gated
    delta nets on CPUs take bfloat16 only, where nothing can be compared to 2e-5.
    """
    if (engine, base.name) == ("vllm", "qwen3_5"):
        with pytest.raises(EngineDeadError, match="CPU GDN attention requires BF16"):
            drive(engine, base, tmp_path / "cache")
        return
    sees = base.name in ("gemma3", "mistral3")
    made = [
        trained(base, tmp_path / "lora", "lora"),
        trained(base, tmp_path / "dora", "dora"),
        trained(base, tmp_path / "both", "lora", sees=sees),
    ]
    kinds = ("lora", "dora", "lora")
    driver = drive(engine, base, tmp_path / "cache")
    digests = [
        *(
            driver.add(served(base, folder, kind, tmp_path / "forms"))
            for folder, kind in zip(made, kinds, strict=True)
        ),
        None,
    ]
    asked = prompts(Tokenizer(base), 8)
    requests = [
        driver.request(p, digests[i % 4], max_tokens=10, logprobs=0, ignore_eos=True)
        for i, p in enumerate(asked)
    ]
    judges = [*(Reference(base, folder) for folder in made), Reference(base, None)]
    for i, completion in enumerate(driver.together(requests)):
        check(completion, asked[i], judges[i % 4])
    driver.close()
