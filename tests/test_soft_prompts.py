"""Soft prompts: read from every form that they come in, refused where they are unsafe or unfit."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from expertserve import ConfigError, EngineConfig, Expert, ExpertError, ExpertManager
from expertserve.adapters.soft_prompt import SoftPrompt, read_soft_prompt
from expertserve.check import check_package
from expertserve.engine.base import EngineInfo
from expertserve.engine.fake import FakeEngine
from expertserve.errors import IncompatibleError, LoadError, ManifestError
from expertserve.models import LocalModel
from expertserve.package.asking import SoftPromptSpec
from expertserve.package.members import WEIGHTS
from tests import tiny
from tests.soft import soft_prompt

TOKENS, WIDTH = 6, 128
VECTORS = torch.linspace(-1, 1, TOKENS * WIDTH).view(TOKENS, WIDTH)
Load = Callable[..., Expert]


def read(file: Path, base: Path, **spec: Any) -> SoftPrompt:
    given = SoftPromptSpec(**{"name": "style", "path": file.name, "tokens": TOKENS, **spec})
    return read_soft_prompt(file, given, LocalModel(base.name, base))


@pytest.mark.parametrize(
    "saved",
    [
        VECTORS,
        VECTORS[None],
        VECTORS.double(),
        torch.nn.Parameter(VECTORS),
        {"soft_prompt": VECTORS},
        {"prompt_embeddings": VECTORS, "step": torch.tensor(3)},
        torch.nn.Embedding.from_pretrained(VECTORS).state_dict(),
        torch.cat([VECTORS, VECTORS])[TOKENS:],
        VECTORS.T.contiguous().T,
    ],
)
@pytest.mark.parametrize("ending", [".pt", ".bin"])
def test_what_torch_saves_is_read(
    saved: object, ending: str, tiny_base: Path, tmp_path: Path
) -> None:
    file = tmp_path / f"style{ending}"
    torch.save(saved, file)
    found = read(file, tiny_base)
    assert torch.equal(found.vectors(), VECTORS)
    assert (found.tokens, found.width, len(found.digest)) == (TOKENS, WIDTH, 64)


def test_the_same_vectors_have_one_digest_in_any_form(tiny_base: Path, tmp_path: Path) -> None:
    torch.save(VECTORS, tmp_path / "a.pt")
    save_file({"any": VECTORS}, tmp_path / "b.safetensors")
    a, b = (read(tmp_path / name, tiny_base) for name in ("a.pt", "b.safetensors"))
    assert a.digest == b.digest
    torch.save(VECTORS + 1, tmp_path / "c.pt")
    assert read(tmp_path / "c.pt", tiny_base).digest != a.digest


def test_pefts_prompt_tuning_is_read(tiny_base: Path, tmp_path: Path) -> None:
    folder = soft_prompt(tiny_base, tmp_path / "soft", TOKENS)
    found = read(folder / WEIGHTS, tiny_base)
    assert torch.equal(found.vectors(), load_file(folder / WEIGHTS)["prompt_embeddings"])


@pytest.mark.parametrize("kind", ["PREFIX_TUNING", "CPT", "LORA"])
def test_other_kinds_of_pefts_are_refused_by_name(
    kind: str, tiny_base: Path, tmp_path: Path
) -> None:
    save_file({"prompt_embeddings": VECTORS}, tmp_path / WEIGHTS)
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": kind}))
    with pytest.raises(IncompatibleError, match=kind) as caught:
        read(tmp_path / WEIGHTS, tiny_base)
    assert caught.value.code == "soft_prompt"


@pytest.mark.parametrize(
    "tensor, why",
    [
        (torch.zeros(TOKENS, WIDTH + 1), f"{WIDTH}] is needed"),
        (torch.zeros(WIDTH), "shape"),
        (torch.zeros(2, TOKENS, WIDTH), "shape"),
        (torch.zeros(0, WIDTH), "shape"),
        (torch.zeros(1, 1).expand(600, WIDTH), "512"),
        (torch.zeros(1, 1).expand(1 << 40, WIDTH), "512"),
        (torch.zeros(TOKENS - 1, WIDTH), "the manifest says 6"),
        (VECTORS.clone().fill_(float("nan")), "finite"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(
    tensor: torch.Tensor, why: str, tiny_base: Path, tmp_path: Path
) -> None:
    torch.save(tensor, tmp_path / "style.pt")
    with pytest.raises(IncompatibleError, match=why) as caught:
        read(tmp_path / "style.pt", tiny_base)
    assert caught.value.code == "soft_prompt"


class Runs:
    """Runs code where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.trace,)


class Huge:
    """Takes memory where it is unpickled, by a name that `weights_only` admits."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return bytearray, (1 << 40,)


@pytest.mark.parametrize("protocol", [2, 4])
def test_what_is_unpickled_can_neither_run_nor_take_memory(
    protocol: int, tiny_base: Path, tmp_path: Path
) -> None:
    file, trace = tmp_path / "style.pt", tmp_path / "trace"
    for hostile in (Runs(trace), Huge()):
        torch.save({"prompt_embeddings": VECTORS, "x": hostile}, file, pickle_protocol=protocol)
        with pytest.raises(LoadError) as caught:
            read(file, tiny_base)
        assert caught.value.code == "bad_soft_prompt"
    file.write_bytes(pickle.dumps(Runs(trace)))
    with pytest.raises(LoadError, match="a zip"):
        read(file, tiny_base)
    assert not trace.exists()


def test_a_file_is_bounded_before_it_is_read(tiny_base: Path, tmp_path: Path) -> None:
    file = tmp_path / "style.pt"
    torch.save(torch.zeros(512, WIDTH, dtype=torch.float64), file)
    read(file, tiny_base, tokens=512)
    torch.save([torch.zeros(4 << 20)], file)
    with pytest.raises(LoadError, match="at most"):
        read(file, tiny_base)


def test_an_archive_that_unpacks_to_more_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    whole = io.BytesIO()
    torch.save(torch.zeros(1 << 22), whole)
    with (
        zipfile.ZipFile(whole) as old,
        zipfile.ZipFile(tmp_path / "style.pt", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    assert (tmp_path / "style.pt").stat().st_size < 1 << 18
    with pytest.raises(LoadError, match="compressed"):
        read(tmp_path / "style.pt", tiny_base)


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_cut_files_are_typed_errors(ending: str, tiny_base: Path, tmp_path: Path) -> None:
    file = tmp_path / f"style{ending}"
    torch.save(VECTORS, file) if ending == ".pt" else save_file({"x": VECTORS}, file)
    whole = file.read_bytes()
    for length in range(0, len(whole), len(whole) // 40):
        file.write_bytes(whole[:length])
        with pytest.raises(LoadError) as caught:
            read(file, tiny_base)
        assert caught.value.code == "bad_soft_prompt"


# ── in a package ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def package(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> Path:
    """An expert with two soft prompts: `style`, and PEFT's own `peft`."""
    made = tiny.package(
        tmp_path / "soft",
        tiny_lora,
        tiny_base,
        soft_prompts=[
            {"name": "style", "path": "soft_prompts/style_6.bin", "tokens": TOKENS},
            {"name": "peft", "path": "soft_prompts/peft"},
        ],
    )
    soft_prompt(tiny_base, made / "soft_prompts/peft", 4)
    torch.save(VECTORS, made / "soft_prompts/style_6.bin")
    return made


def change(package: Path, **changes: object) -> Path:
    manifest = json.loads((package / "manifest.json").read_text())
    (package / "manifest.json").write_text(json.dumps(manifest | changes))
    return package


def test_none_stands_before_a_prompt_unless_it_is_asked_for(package: Path, load: Load) -> None:
    expert = load(package)
    plain = expert.generate("One?")
    styled = expert.generate("One?", soft_prompt="style")
    assert plain.expert.soft_prompt is None
    assert styled.expert.soft_prompt and styled.expert.soft_prompt.name == "style"
    assert styled.expert.soft_prompt.tokens == TOKENS
    assert styled.usage.prompt_tokens == plain.usage.prompt_tokens + TOKENS


def test_the_manifest_can_name_a_default(package: Path, load: Load) -> None:
    expert = load(change(package, prompt={"soft_prompt": "peft"}))
    chosen = expert.generate("One?").expert.soft_prompt
    assert chosen and (chosen.name, chosen.tokens) == ("peft", 4)
    assert expert.generate("One?", soft_prompt="").expert.soft_prompt is None
    other = expert.generate("One?", soft_prompt="style").expert.soft_prompt
    assert other and other.digest != chosen.digest


def test_what_can_not_be_asked_for_is_said(package: Path, load: Load) -> None:
    expert = load(package)
    with pytest.raises(ConfigError, match="it has peft, style") as caught:
        expert.generate("One?", soft_prompt="other")
    assert caught.value.code == "no_soft_prompt"
    with pytest.raises(ConfigError, match="prompt_logprobs"):
        expert.generate("One?", soft_prompt="style", prompt_logprobs=1)
    room = expert.start().max_model_len
    with pytest.raises(ConfigError) as caught:
        expert.generate("One?", soft_prompt="style", max_tokens=room - TOKENS)
    assert caught.value.code == "prompt_too_long"


def test_a_missing_file_is_a_warning_unless_it_is_the_default(
    package: Path, load: Load, tiny_base: Path
) -> None:
    (package / "soft_prompts/style_6.bin").unlink()
    expert = load(package)
    assert "style_6.bin" in " ".join(expert.manager.list_loaded_experts()[0].warnings)
    with pytest.raises(ConfigError, match="it has peft"):
        expert.generate("One?", soft_prompt="style")
    found = check_package(package, models_dir=tiny_base.parent)
    assert "soft_prompt_missing" in {f.code for f in found}
    with pytest.raises(LoadError) as caught:
        load(change(package, prompt={"soft_prompt": "style"}))
    assert caught.value.code == "soft_prompt_missing"


def test_two_soft_prompts_of_one_name_are_refused(package: Path, load: Load) -> None:
    twice = [{"name": "x", "path": "soft_prompts/peft"}, {"name": "x", "path": "y.pt"}]
    with pytest.raises(ManifestError, match="one name"):
        load(change(package, soft_prompts=twice))


def test_a_file_outside_the_package_is_never_read(package: Path, load: Load) -> None:
    torch.save(VECTORS, package.parent / "outside.pt")
    with pytest.raises(LoadError) as caught:
        load(change(package, soft_prompts=[{"name": "x", "path": "../outside.pt"}]))
    assert caught.value.code == "unsafe_member"


def test_check_has_no_objection_to_soft_prompts(package: Path, tiny_base: Path) -> None:
    found = check_package(package, models_dir=tiny_base.parent)
    assert not [f for f in found if "soft_prompt" in f.code or f.severity == "error"]


# ── the engine ──────────────────────────────────────────────────────────────────────────────────


class Counting(FakeEngine):
    starts: list[bool]

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        self.starts.append(config.soft_prompts)
        return await super().start(base, config, rank)


def counting(starts: list[bool]) -> Callable[[], FakeEngine]:
    def make() -> FakeEngine:
        engine = Counting(lambda prompt: "SELECT 1 " * 40, delay=0.02)
        engine.starts = starts
        return engine

    return make


def test_an_engine_is_ready_for_soft_prompts_only_where_one_can_be_asked_for(
    package: Path, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    starts: list[bool] = []
    with ExpertManager(tiny_base, engine=counting(starts), cache_dir=tmp_path / "cache") as manager:
        manager.load_expert("plain", tiny_package)
        manager.generate("plain", "One?", max_tokens=2)
        assert starts == [False]
        manager.load_expert("soft", package)
        manager.generate("soft", "One?", max_tokens=2)
        assert starts == [False], "nobody asked for a soft prompt yet"
        with manager.generate_stream("plain", "One?") as stream:
            chunks = iter(stream)
            next(chunks)
            with pytest.raises(IncompatibleError) as caught:
                manager.generate("soft", "One?", soft_prompt="style", max_tokens=2)
            assert caught.value.code == "soft_prompts_off"
        manager.generate("soft", "One?", soft_prompt="style", max_tokens=2)
        assert starts == [False, True]
        manager.generate("plain", "One?", max_tokens=2)
        assert starts == [False, True]


def test_an_engine_can_be_ready_from_the_start(
    package: Path, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    starts: list[bool] = []
    config = EngineConfig(soft_prompts=True)
    with ExpertManager(
        tiny_base, engine=counting(starts), config=config, cache_dir=tmp_path / "cache"
    ) as manager:
        manager.load_expert("plain", tiny_package)
        manager.generate("plain", "One?")
        manager.load_expert("soft", package)
        manager.generate("soft", "One?", soft_prompt="style")
    assert starts == [True]


def test_an_engine_without_soft_prompts_refuses_them_by_name(package: Path, load: Load) -> None:
    class Without(FakeEngine):
        async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
            await super().start(base, config, rank)
            return EngineInfo("without", "cpu", "none", 1024)

    expert = load(package, engine=Without)
    with pytest.raises(ExpertError, match="without engine serves no soft prompts"):
        expert.generate("One?", soft_prompt="style")
