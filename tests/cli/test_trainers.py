"""`init` → `check` → an answer, on what trainers really write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from expertserve import EngineConfig, Expert
from expertserve.engine.base import Engine
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.engine.vllm.engine import VLLMEngine
from tests import tiny
from tests.cli.conftest import run
from tests.cli.trainer import CHATML, train
from tests.engine.reference import Reference
from tests.test_adapter_names import as_mlx

TRL = (
    *("trl==1.16.0", "datasets==5.2.0", "pyarrow==26.0.1", "dill==0.4.1", "multiprocess==0.70.19"),
    *("xxhash==4.1.0", "pandas==3.1.1", "python-dateutil==4.0.0", "pytz==2026.6", "six==1.17.0"),
)


def factory(base: Path, folder: Path) -> None:
    """LLaMA-Factory: transformers' trainer, and files of its own beside."""
    train("transformers", base, folder)
    for name in ("all_results.json", "train_results.json", "trainer_log.jsonl"):
        (folder / name).write_text("{}\n")
    (folder / "training_loss.png").write_bytes(b"\x89PNG")
    (folder / "Modelfile").write_text("FROM .\n")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 0]}))
    (folder / "chat_template.jinja").write_text(
        CHATML.replace("message['content']", "message.content")
    )


def mlx(base: Path, folder: Path) -> None:
    """mlx-lm's two files, in its format, with the weights that PEFT has trained."""
    run_folder = folder.with_name("as-peft")
    train("transformers", base, run_folder)
    as_mlx(run_folder, folder)
    (folder / "chat_template.jinja").write_text(CHATML)


def answers(
    source: Path, base: Path, folder: Path, engine: Callable[[], Engine]
) -> tuple[Expert, Path]:
    """The expert of what a tool wrote: started, checked, packed and loaded, without an edit."""
    places = ("--models-dir", base.parent, "--cache-dir", folder / "cache")
    made = folder / "made"
    done = run("init", source, "-o", made, *places, "--license", "MIT")
    assert done.exit_code == 0, done.output
    assert run("pack", made, "-o", folder / "x.expert").exit_code == 0
    checked = run("check", folder / "x.expert", *places)
    assert "errors 0, warnings 0" in checked.stdout, checked.stdout
    config = EngineConfig(device="cpu", dtype="float32", kv_cache_bytes=64 << 20)
    expert = Expert.load(
        folder / "x.expert",
        engine=engine,
        config=config,
        models_dir=base.parent,
        cache_dir=folder / "cache",
    )
    return expert, made


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "transformers": lambda base, folder: train("transformers", base, folder),
    "LLaMA-Factory": factory,
    "mlx-lm": mlx,
}


def compared(
    source: Path, base: Path, tmp_path: Path, engine: Callable[[], Engine], peft: Path
) -> Path:
    """The answer is what PEFT computes from the trainer's own file. Returns the package's folder."""
    expert, made = answers(source, base, tmp_path, engine)
    with expert:
        options: dict[str, Any] = {"temperature": 0.0, "max_tokens": 12, "stop": []}
        result = expert.generate("How many?", **options)
        (name,) = (e.name for e in expert.manager.list_loaded_experts())
        prompt = expert.manager.get(name).prompt.render([{"role": "user", "content": "How many?"}])
    assert list(result.token_ids) == Reference(base, peft).judge(prompt, result.token_ids)[0]
    return made


@pytest.mark.parametrize("writer", WRITERS)
def test_a_trainers_output_answers_as_peft_does(
    writer: str, tiny_base: Path, tmp_path: Path
) -> None:
    source = tmp_path / "run"
    WRITERS[writer](tiny_base, source)
    peft = tmp_path / "as-peft" if writer == "mlx-lm" else source
    assert any(
        t.any() for n, t in load_file(peft / "adapter_model.safetensors").items() if "lora_B" in n
    )
    made = compared(source, tiny_base, tmp_path, TransformersEngine, peft)
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["base_models"][0]["prompt_template"] == "chatml"
    kept = {path.name for path in made.iterdir()}
    assert not kept & {"training_args.bin", "trainer_state.json", "Modelfile", "checkpoint-1"}
    assert (writer == "LLaMA-Factory") == ("generation_config.json" in kept)


@pytest.mark.engine
@pytest.mark.long
def test_a_trainers_output_answers_on_vllm_as_peft_does(tiny_base: Path, tmp_path: Path) -> None:
    train("transformers", tiny_base, tmp_path / "run")
    compared(tmp_path / "run", tiny_base, tmp_path, VLLMEngine, tmp_path / "run")


@pytest.mark.long
def test_what_trls_trainer_writes_answers_as_peft_does(tmp_path: Path) -> None:
    """TRL in a folder of its own, beside this environment's transformers and PEFT."""
    base, target = tiny.base_model(tmp_path / "models" / "tiny"), tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target)]
    subprocess.run([*install, *TRL], check=True)
    script = Path(__file__).with_name("trainer.py")
    subprocess.run(
        [sys.executable, str(script), "trl", str(base), str(tmp_path / "run")],
        check=True,
        env=os.environ | {"PYTHONPATH": str(target)},
    )
    compared(tmp_path / "run", base, tmp_path, TransformersEngine, tmp_path / "run")
