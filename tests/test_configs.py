"""Configurations as training tools write them: served with all their modules, or refused with the
true reason.

`configs.jsonl` has what differs from the defaults of the tool's version, which `eras.json` has.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from expertserve.adapters.peft import read_adapter
from expertserve.adapters.serving import prepare_adapter
from expertserve.adapters.settings import CONFIG, own_name
from expertserve.errors import ExpertError
from expertserve.models import LocalModel
from expertserve.package.members import MLX_WEIGHTS, WEIGHTS
from tests import architectures, tiny, wrappers
from tests.test_adapter_reasons import POINTER, quantised

FOLDER = Path(__file__).parent / "configs"
ERAS = json.loads((FOLDER / "eras.json").read_text())
ROWS = [json.loads(line) for line in (FOLDER / "configs.jsonl").read_text().splitlines()]
FILES = {"pickle": "adapter_model.bin", "gguf": "adapter.gguf", "whole": "model.safetensors"}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LocalModel]:
    """Made when they are asked for."""
    root = tmp_path_factory.mktemp("bases")

    class Made(dict[str, LocalModel]):
        def __missing__(self, name: str) -> LocalModel:
            self[name] = LocalModel(name, base(root / name, name), root / "digests")
            return self[name]

    return Made()


def base(folder: Path, name: str) -> Path:
    if name in ("llama", "qwen2", "qwen3"):
        return tiny.base_model(folder, name)
    if name == "wrapper":
        return wrappers.make(folder, "gemma3")
    if name == "bnb":
        return quantised(tiny.base_model(folder.parent / "whole"), folder, "bitsandbytes")
    kind = next(a for a in architectures.ARCHITECTURES if a.model_type == name)
    return architectures.make(folder, kind)


def layers(model: LocalModel, config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """The base's layers that a configuration is about, as PEFT finds them."""
    keys = (config.get("lora_parameters") or {}).get("keys") or ["q_proj", "v_proj"]
    targets = config.get("target_modules") or [key.rpartition(".")[2] for key in keys]
    only = config.get("layers_to_transform")
    only = [only] if isinstance(only, int) else only
    found = {}
    for tensor in model.tensors.values():
        name = tensor.name.removesuffix(".weight").replace(
            "language_model.model.", "model.language_model."
        )
        if isinstance(targets, str):
            hit = re.fullmatch(targets, name)
        else:
            hit = name.rpartition(".")[2] in targets
        number = re.search(r"\.(\d+)\.", name)
        if hit and len(tensor.shape) == 2 and (not only or (number and int(number[1]) in only)):
            found[name] = (tensor.shape[0], tensor.shape[1])
    return found


def weights(config: Mapping[str, Any], found: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """What training would have left in the file."""
    torch.manual_seed(0)
    mlx = "peft_type" not in config and "lora_parameters" in config
    rank = (config.get("lora_parameters") or {}).get("rank") if mlx else config.get("r")
    made = {}
    for name, (out, width) in found.items():
        if config.get("peft_type") == "IA3":
            made[f"base_model.model.{name}.ia3_l"] = torch.rand(
                (1, width) if "down_proj" in name else (out, 1)
            )
            continue
        own = ranked(config, name, rank if isinstance(rank, int) else 8)
        a, b = torch.randn(own, width), torch.randn(out, own)
        dora = config.get("use_dora") or config.get("fine_tune_type") == "dora"
        if mlx:
            made |= {f"{name}.lora_a": a.T.contiguous(), f"{name}.lora_b": b.T.contiguous()}
            made |= {f"{name}.m": 1 + torch.rand(out)} if dora else {}
            continue
        prefix = f"base_model.model.{name}.lora_"
        made |= {f"{prefix}A.weight": a, f"{prefix}B.weight": b}
        made |= {f"{prefix}magnitude_vector": 1 + torch.rand(out)} if dora else {}
    return made


def ranked(config: Mapping[str, Any], name: str, rank: int) -> int:
    from peft.utils.other import get_pattern_key

    pattern = config.get("rank_pattern") or {}
    try:
        return int(pattern.get(get_pattern_key(pattern.keys(), name), rank))
    except re.error:
        return rank


def written(folder: Path, row: Mapping[str, Any], like: LocalModel) -> Path:
    """The tool's folder; its weights' file."""
    folder.mkdir()
    config = {**ERAS[row["era"]], **row["config"]}
    (folder / CONFIG).write_text(json.dumps(config))
    file = folder / (MLX_WEIGHTS if row["era"] == "mlx" else WEIGHTS)
    kind = row.get("file")
    tensors = weights(config, layers(like, config))
    if kind == "pointer":
        file.write_bytes(POINTER)
    elif kind in FILES:
        (folder / FILES[kind]).write_bytes(b"\x80\x04")
    elif kind == "empty":
        save_file({name: torch.zeros(0) for name in tensors}, file)
    else:
        save_file(tensors or {"x.lora_A.weight": torch.ones(1, 1)}, file)
    return file


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_configuration_is_served_whole_or_refused_with_the_true_reason(
    row: dict[str, Any], bases: dict[str, LocalModel], tmp_path: Path
) -> None:
    model = bases[row["base"]]
    like = bases[row.get("like") or ("llama" if row["base"] == "bnb" else row["base"])]
    file = written(tmp_path / "run", row, like)
    config = json.loads((file.parent / CONFIG).read_text())
    if row["want"] != "served":
        with pytest.raises(ExpertError) as caught:
            prepare_adapter(read_adapter(file.parent, None, file), model, "p", tmp_path / "forms")
        assert caught.value.code == row["want"], caught.value.message
        assert row["said"] in f"{caught.value.message} {caught.value.hint}"
        return
    adapter = read_adapter(file.parent, None, file)
    serving = prepare_adapter(adapter, model, "p", tmp_path / "forms")
    moved = {
        re.sub("down_proj$", "up_proj", name) if serving.type == "ia3" else name
        for name in layers(model, config)
    }
    assert serving.modules == len(moved) > 0
    if row.get("model"):
        assert own_name(str(adapter.config["base_model_name_or_path"])) == row["model"]


def test_the_set_is_of_the_kinds_that_people_have() -> None:
    assert len(ROWS) >= 64 and len({row["name"] for row in ROWS}) == len(ROWS)
    assert Counter(row["era"] for row in ROWS).keys() == ERAS.keys()
    wanted = Counter(row["want"] for row in ROWS)
    assert wanted["served"] >= 45 and len(wanted) >= 10
    assert all(row.get("said") for row in ROWS if row["want"] != "served")
