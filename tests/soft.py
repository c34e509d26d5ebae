"""Soft prompts, written by PEFT itself."""

from __future__ import annotations

from pathlib import Path


def soft_prompt(
    base: Path, folder: Path, tokens: int = 6, *, seed: int = 1, strength: float = 0.05
) -> Path:
    """A soft prompt with random vectors, as PEFT saves one."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=tokens)
    model = peft.get_peft_model(
        AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config
    )
    with torch.no_grad():
        model.prompt_encoder["default"].embedding.weight.normal_(std=strength)
    model.save_pretrained(folder)
    return folder
