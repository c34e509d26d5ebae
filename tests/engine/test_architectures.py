"""Every architecture: a LoRA and a DoRA beside the base, against PEFT in float32, or the reason why
not. `scripts/architectures.py` writes the docs' table from what is written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from expertserve import ExpertError
from tests.architectures import ARCHITECTURES, BASE_DIFFERS, REFUSED, Architecture, make
from tests.contract.driver import Driver
from tests.engine.reference import Reference
from tests.engine.test_bases import driver

pytestmark = [pytest.mark.long]
PROMPT = list(range(10, 40))


def linear_layers(base: Path) -> list[str]:
    """Names of the layers that PEFT can adapt; of a mixture, attention's alone."""
    from transformers import AutoModelForCausalLM
    from transformers.pytorch_utils import Conv1D

    model: Any = AutoModelForCausalLM.from_pretrained(base)
    mixture = any("experts" in name for name, _ in model.named_parameters())
    return sorted(
        {
            name.rpartition(".")[2]
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear | Conv1D)
            and not name.endswith("lm_head")
            and not (mixture and "attn" not in name)
        }
    )


def adapted(base: Path, folder: Path, dora: bool) -> Path:
    import peft
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3 + dora)
    config = peft.LoraConfig(
        r=4,
        lora_alpha=8,
        use_dora=dora,
        target_modules=linear_layers(base),
        task_type="CAUSAL_LM",
    )
    model: Any = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "magnitude" in name:
                parameter.mul_(1 + 0.2 * torch.randn_like(parameter))
            elif "lora_" in name:
                parameter.normal_(std=0.1)
    model.save_pretrained(folder)
    return folder


def distances(made: Driver, base: Path, folders: list[Path]) -> list[float]:
    """How far the base alone and each adapter are from PEFT, in one batch."""
    digests = [
        None,
        *(
            made.add(made.prepare(f, kind, 4, linear_layers(base)))
            for f, kind in zip(folders, KINDS, strict=True)
        ),
    ]
    requests = [
        made.request(PROMPT, digest, max_tokens=12, logprobs=0, ignore_eos=True)
        for digest in digests
    ]
    found = []
    for folder, answer in zip([None, *folders], made.together(requests), strict=True):
        likeliest, logprobs = Reference(base, folder).judge(PROMPT, answer.token_ids)
        assert answer.logprobs is not None
        gaps = [abs(p.logprob - q) for p, q in zip(answer.logprobs, logprobs, strict=True)]
        found.append(max(gaps))
        assert list(answer.token_ids) == likeliest
    return found


KINDS = ("lora", "dora")


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.model_type)
def test_adapters_are_exact_or_refused_with_the_reason(
    architecture: Architecture, tmp_path: Path
) -> None:
    base = make(tmp_path / "models" / architecture.model_type, architecture)
    folders = [adapted(base, tmp_path / kind, kind == "dora") for kind in KINDS]
    reason = REFUSED.get(architecture.model_type)
    if reason:
        with pytest.raises(ExpertError, match=reason):
            served(base, tmp_path, folders)
        return
    bound = BASE_DIFFERS.get(architecture.model_type, 1e-5)
    assert max(served(base, tmp_path, folders)) <= bound


def served(base: Path, folder: Path, adapters: list[Path]) -> list[float]:
    made = driver(base, folder / "cache")
    try:
        return distances(made, base, adapters)
    finally:
        made.close()
