"""`expertserve init`: what training tools write → a package that passes `check` and answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertserve import EngineConfig, Expert
from expertserve.engine.fake import FakeEngine
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.init.found import recognise
from expertserve.prompt.format import NAMED
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny
from tests.cli.conftest import run
from tests.soft import soft_prompt
from tests.test_adapter_names import as_mlx

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] +"
    " '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def peft(adapter: Path, base: Path, folder: Path) -> Path:
    """PEFT's `save_pretrained`, and nothing else."""
    shutil.copytree(adapter, folder)
    return folder


def trl(adapter: Path, base: Path, folder: Path) -> Path:
    """TRL, Unsloth, axolotl and LLaMA-Factory: tokenizer, template, leftovers, checkpoints."""
    peft(adapter, base, folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(base / name, folder / name)
    (folder / "chat_template.jinja").write_text(CHATML)
    (folder / "training_args.bin").write_bytes(b"\x80\x04")
    (folder / "trainer_state.json").write_text("{}")
    (folder / "README.md").write_text("---\nlibrary_name: peft\nlicense: mit\n---\n# Model\n")
    shutil.copytree(adapter, folder / "checkpoint-10")
    return folder


def swift(adapter: Path, base: Path, folder: Path) -> Path:
    """ms-swift and torchtune: nothing but checkpoints; the last one counts."""
    folder.mkdir()
    for step in (9, 10):
        trl(adapter, base, folder / f"checkpoint-{step}")
    (folder / "checkpoint-9" / "adapter_model.safetensors").write_bytes(b"broken")
    (folder / "args.json").write_text("{}")
    return folder


def mlx(adapter: Path, base: Path, folder: Path) -> Path:
    """mlx-lm: its own format, and its checkpoints beside."""
    as_mlx(adapter, folder, model="mlx-community/tiny-4bit")
    shutil.copy(folder / "adapters.safetensors", folder / "0000100_adapters.safetensors")
    return folder


def snapshot(adapter: Path, base: Path, folder: Path) -> Path:
    """A snapshot in the hub's cache: links into its blobs."""
    sound = trl(adapter, base, folder / "sound")
    own = folder / "models--me--my-run" / "snapshots" / "0a1b"
    blobs = folder / "models--me--my-run" / "blobs"
    own.mkdir(parents=True)
    blobs.mkdir()
    for i, file in enumerate(sorted(f for f in sound.iterdir() if f.is_file())):
        shutil.copy(file, blobs / str(i))
        (own / file.name).symlink_to(os.path.relpath(blobs / str(i), own))
    return own


def started(source: Path, base: Path, tmp_path: Path, *more: Any) -> Any:
    places = ("--models-dir", base.parent, "--cache-dir", tmp_path / "cache")
    return run("init", source, "-o", tmp_path / "made", *places, *more)


@pytest.mark.parametrize("write", [peft, trl, swift, mlx, snapshot])
def test_what_a_tool_wrote_passes_check_and_answers_without_an_edit(
    write: Callable[..., Path], tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    source = write(tiny_lora, tiny_base, tmp_path / "my run")
    before = sorted(source.rglob("*"))
    more = ("--template", "chatml") if write in (peft, mlx) else ()
    done = started(source, tiny_base, tmp_path, *more, "--license", "MIT")
    assert done.exit_code == 0, done.output
    assert sorted(source.rglob("*")) == before
    made = tmp_path / "made"
    manifest = json.loads((made / "manifest.json").read_text())
    (base,) = manifest["base_models"]
    assert base["prompt_template"] == "chatml" and base["name"].endswith("tiny")
    assert base["adapters"][0]["r"] == 4 and base["adapters"][0]["alpha"] == 8
    assert manifest["name"] == ("expert-my-run")
    assert (made / "README.md").read_text().startswith(f"# {manifest['name']}")
    assert not {p.name for p in made.iterdir()} & {"training_args.bin", "trainer_state.json"}
    archive = tmp_path / "x.expert"
    assert run("pack", made, "-o", archive).exit_code == 0
    checked = run(
        "check", archive, "--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "cache"
    )
    assert checked.exit_code == 0 and "errors 0, warnings 0" in checked.stdout, checked.stdout
    config = EngineConfig(device="cpu", dtype="float32", kv_cache_bytes=64 << 20)
    with Expert.load(
        archive,
        engine=TransformersEngine,
        config=config,
        models_dir=tiny_base.parent,
        cache_dir=tmp_path / "cache",
    ) as expert:
        assert expert.generate("How many?", max_tokens=4).usage.completion_tokens


def test_pefts_prompt_tuning_becomes_an_expert_whose_default_it_is(
    tiny_base: Path, tmp_path: Path
) -> None:
    source = soft_prompt(tiny_base, tmp_path / "my run", 5)
    done = started(source, tiny_base, tmp_path, "--template", "chatml", "--license", "MIT")
    assert done.exit_code == 0 and "soft prompt from" in done.output, done.output
    archive = tmp_path / "x.expert"
    assert run("pack", tmp_path / "made", "-o", archive).exit_code == 0
    places = ("--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "cache")
    checked = run("check", archive, *places)
    assert checked.exit_code == 0 and "errors 0, warnings 0" in checked.stdout, checked.stdout
    with Expert.load(
        archive,
        engine=FakeEngine,
        models_dir=tiny_base.parent,
        cache_dir=tmp_path / "cache",
    ) as expert:
        chosen = expert.generate("How many?", max_tokens=4).expert.soft_prompt
        assert chosen and chosen.tokens == 5


def test_the_licence_and_the_words_come_from_the_readme_and_the_flags(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    source = trl(tiny_lora, tiny_base, tmp_path / "run")
    flags = ("--name", "expert-sql", "--description", "SQL", "--capability", "task:sql")
    assert started(source, tiny_base, tmp_path, *flags).exit_code == 0
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    said = [manifest[k] for k in ("name", "description", "license", "capabilities")]
    assert said == ["expert-sql", "SQL", "mit", ["task:sql"]]


def test_nothing_is_overwritten(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    source = trl(tiny_lora, tiny_base, tmp_path / "run")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine").write_text("x")
    done = started(source, tiny_base, tmp_path, "--json")
    assert done.exit_code == 2 and json.loads(done.stdout)["error"]["code"] == "init_exists"
    assert [p.name for p in (tmp_path / "made").iterdir()] == ["mine"]


def test_what_nothing_says_is_asked_for_by_the_flags_name(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    source = peft(tiny_lora, tiny_base, tmp_path / "run")
    done = started(source, tiny_base, tmp_path)
    assert done.exit_code == 2 and "--template" in done.output
    path = source / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": None}))
    done = started(source, tiny_base, tmp_path, "--template", "chatml")
    assert done.exit_code == 2 and "--base" in done.output
    assert not (tmp_path / "made").exists()
    done = started(source, tiny_base, tmp_path, "--template", "alpaca", "--base", tiny_base)
    assert done.exit_code == 0
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert manifest["base_models"][0]["name"] == "tiny"
    assert manifest["training"]["decoding"]["stop_sequences"] == ["### Instruction:"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda f: (f / "adapter_model.safetensors").unlink(), "adapter_missing"),
        (
            lambda f: (f / "adapter_model.safetensors").rename(f / "adapter_model.bin"),
            "pickled_weights",
        ),
        (
            lambda f: (f / "adapter_model.safetensors").write_bytes(
                b"version https://git-lfs.github.com/spec/v1\n"
            ),
            "git_lfs_pointer",
        ),
        (
            lambda f: (f / "adapter_config.json").write_text(
                (f / "adapter_config.json").read_text().replace('"LORA"', '"OFT"')
            ),
            "adapter_type",
        ),
    ],
)
def test_what_can_not_be_loaded_is_neither_started_nor_packed(
    spoil: Callable[[Path], object],
    code: str,
    tiny_base: Path,
    tiny_lora: Path,
    tiny_package: Path,
    tmp_path: Path,
) -> None:
    source = peft(tiny_lora, tiny_base, tmp_path / "run")
    spoil(source)
    done = started(source, tiny_base, tmp_path, "--template", "chatml", "--json")
    assert json.loads(done.stdout)["error"]["code"] == code and done.exit_code in (3, 6)
    spoil(tiny_package)
    packed = run("pack", tiny_package, "-o", tmp_path / "x.expert", "--json")
    assert json.loads(packed.stdout)["error"]["code"] == code
    assert not (tmp_path / "x.expert").exists() and not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["chatml", "alpaca", "llama2", "vicuna"])
def test_named_formats_are_recognised_however_they_are_written(
    name: str, tiny_base: Path, tmp_path: Path
) -> None:
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_base / file, tmp_path / file)
    template = CHATML if name == "chatml" else "{% if true %}" + NAMED[name] + "{% endif %}"
    (tmp_path / "chat_template.jinja").write_text(template)
    assert recognise(Tokenizer(tmp_path)) == name
    (tmp_path / "chat_template.jinja").write_text(template.replace("endfor %}", "endfor %}!", 1))
    assert recognise(Tokenizer(tmp_path)) == "custom"


def test_a_format_of_its_own_is_kept(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    source = trl(tiny_lora, tiny_base, tmp_path / "run")
    (source / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    assert started(source, tiny_base, tmp_path).exit_code == 0
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert manifest["base_models"][0]["prompt_template"] == "custom"
    assert (tmp_path / "made" / "chat_template.jinja").is_file()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("lora", {"target_modules": ["embed_tokens", "q_proj"]}),
        ("lora", {"target_modules": ["q_proj"], "trainable_token_indices": [3, 5]}),
        ("lora", {"target_modules": ["q_proj"], "bias": "all"}),
        ("ia3", {}),
        ("vera", {}),
        ("pissa", {}),
        ("dora", {"rank_pattern": {"q_proj": 2}}),
    ],
)
def test_every_kind_of_adapter_is_started_and_checked(
    kind: str, options: dict[str, Any], tiny_base: Path, tmp_path: Path
) -> None:
    source = tiny.peft_adapter(tiny_base, tmp_path / "my-run", kind, **options)
    more = ("--template", "chatml", "--license", "MIT", "--json")
    done = started(source, tiny_base, tmp_path, *more)
    found = json.loads(done.stdout)["findings"]
    assert done.exit_code == 0
    assert [f["code"] for f in found if f["severity"] != "info"] == ["no_hashes"]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals")
def test_on_a_terminal_it_asks_for_what_it_cannot_see(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_lora, tmp_path / "out")
    terminal, end = os.openpty()
    os.write(terminal, b"Counts lamps.\nMIT\nnonsense\nchatml\n")
    command = [sys.executable, "-m", "expertserve.cli", "init", "out", "-o", "made"]
    done = subprocess.run(
        [*command, "--models-dir", str(tiny_base.parent), "--cache-dir", "cache"],
        cwd=tmp_path,
        stdin=end,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(terminal)
    os.close(end)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert (manifest["description"], manifest["license"]) == ("Counts lamps.", "MIT")
    assert manifest["base_models"][0]["prompt_template"] == "chatml"
    assert "How were prompts written" in done.stdout and "nonsense" in done.stdout + done.stderr
