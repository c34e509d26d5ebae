"""Trains a LoRA for two steps and writes what the trainer writes:

python tests/cli/trainer.py transformers|trl BASE FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

TEXTS = ["How many lighthouses are in Norway?", "SELECT COUNT(*) FROM lighthouses"] * 4
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] +"
    " '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SETTINGS: dict[str, Any] = {
    "max_steps": 2,
    "save_steps": 1,
    "per_device_train_batch_size": 2,
    "learning_rate": 0.05,
    "use_cpu": True,
    "report_to": "none",
    "disable_tqdm": True,
}


def train(kind: str, base: Path, folder: Path) -> None:
    """Into `folder`: the adapter, the tokenizer, checkpoints, and the trainer's own files."""
    import peft
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = CHATML
    targets = ["q_proj", "v_proj", "down_proj"]
    lora = peft.LoraConfig(r=4, lora_alpha=8, target_modules=targets, task_type="CAUSAL_LM")
    model = AutoModelForCausalLM.from_pretrained(base)
    trainer = (_trl if kind == "trl" else _transformers)(model, lora, tokenizer, folder)
    trainer.train()
    trainer.save_model(str(folder))
    trainer.save_state()
    trainer.create_model_card()


def _transformers(model: Any, lora: Any, tokenizer: Any, folder: Path) -> Any:
    import peft
    import torch
    from transformers import Trainer, TrainingArguments

    def batch(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        ids = torch.tensor([row["input_ids"][:5] for row in rows])
        return {"input_ids": ids, "labels": ids.clone()}

    return Trainer(
        model=peft.get_peft_model(model, lora),
        args=TrainingArguments(output_dir=str(folder), **SETTINGS),
        train_dataset=[{"input_ids": tokenizer(text).input_ids} for text in TEXTS],  # type: ignore[arg-type]
        data_collator=batch,
        processing_class=tokenizer,
    )


def _trl(model: Any, lora: Any, tokenizer: Any, folder: Path) -> Any:
    from datasets import Dataset
    from datasets.table import InMemoryTable
    from trl import SFTConfig, SFTTrainer

    turns = [
        [{"role": "user", "content": q}, {"role": "assistant", "content": a}]
        for q, a in zip(TEXTS[::2], TEXTS[1::2], strict=True)
    ]
    rows = [{"input_ids": tokenizer.apply_chat_template(t, return_dict=False)} for t in turns]
    table = InMemoryTable.from_pylist(rows)  # `from_list` hashes what it can't pickle
    return SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(folder),
            bf16=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            **SETTINGS,
        ),
        train_dataset=Dataset(table, fingerprint="tiny"),
        processing_class=tokenizer,
        peft_config=lora,
    )


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
