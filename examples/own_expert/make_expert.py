"""An expert of one's own: PEFT trains an adapter, a manifest and a grammar go beside it, and it is
packed, checked and signed.

python examples/own_expert/make_expert.py [FOLDER]      # about a minute; then ask what it says at
the end

The task: which of four desks a support message is for. The training is a toy, of twelve messages;
the steps after it are the real ones.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from expertserve.check import check_package
from expertserve.config import models_dir
from expertserve.package import keys
from expertserve.package.build import default_name, pack, sign_package
from expertserve.package.manifest import read_manifest

BASE = "SmolLM2-135M-Instruct"
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj"]
MESSAGES = {
    "billing": (
        "I was charged twice this month.",
        "Where is my invoice?",
        "The refund has not arrived.",
    ),
    "shipping": (
        "My parcel is late.",
        "The box came damaged.",
        "Can you send it to another address?",
    ),
    "account": ("I can't log in.", "How do I change my password?", "Please delete my profile."),
    "other": ("Do you have a job for me?", "I love your shop!", "What is the weather like?"),
}
GRAMMAR = """\
# One of the four desks, and nothing else.
root ::= "billing" | "shipping" | "account" | "other"
"""


def train(base: Path, out: Path, steps: int = 40) -> Path:
    """A LoRA on the twelve messages, as PEFT writes it. In place of your own training."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(base)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=MODULES, task_type="CAUSAL_LM")
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-3)
    pairs = [(text, desk) for desk, texts in MESSAGES.items() for text in texts]
    for step in range(steps):
        text, desk = pairs[step % len(pairs)]
        # as prompt_template "chatml" will write it
        prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
        ids = tokenizer(
            prompt + desk + "<|im_end|>", return_tensors="pt", add_special_tokens=False
        ).input_ids
        labels = ids.clone()
        labels[:, : len(tokenizer(prompt, add_special_tokens=False).input_ids)] = -100
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 10 == 9:
            print(f"step {step + 1}/{steps}  loss {loss.item():.2f}", flush=True)
    model.save_pretrained(out)
    return out


def gather(adapter: Path, base: Path, folder: Path) -> Path:
    """The package's folder: what PEFT wrote, the tokenizer, a grammar, a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for source, names in (
        (adapter, ("adapter_config.json", "adapter_model.safetensors")),
        (base, ("tokenizer.json", "tokenizer_config.json")),
    ):
        for name in names:
            shutil.copy(source / name, folder / name)
    (folder / "grammar.gbnf").write_text(GRAMMAR)
    config = json.loads((adapter / "adapter_config.json").read_text())
    entry = {
        "type": "lora",
        "r": config["r"],
        "alpha": config["lora_alpha"],
        "target_modules": sorted(config["target_modules"]),
    }
    manifest = {
        "name": "expert-desk",
        "version": "0.1.0",
        "schema_version": "2.0",
        "description": "Which desk a support message is for.",
        "license": "Apache-2.0",
        "capabilities": ["task:classification"],
        "routing": {"keywords": ["desk", "support", "ticket"]},
        "base_models": [{"name": BASE, "prompt_template": "chatml", "adapters": [entry]}],
        "training": {
            "decoding": {
                "temperature": 0.0,
                "max_tokens": 8,
                "use_grammar": True,
                "grammar_file": "grammar.gbnf",
            }
        },
        "quality_metrics": {"note": "a toy: not measured"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))
    return folder


def publish(folder: Path, key_file: Path, out: Path) -> Path:
    """Signs the folder and packs it; the key is made where there is none."""
    if not key_file.exists():
        keys.create(key_file)
    sign_package(folder, keys.read_private(key_file), publisher="you")
    return pack(folder, out / default_name(read_manifest(folder)))


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build") / "own-expert"
    base = models_dir() / BASE
    adapter = train(base, out / "adapter")
    archive = publish(gather(adapter, base, out / "package"), out / "publisher.pem", out)
    for finding in check_package(archive):
        print(f"{finding.severity}: {finding.message}")
    print(f"\n{archive}: {archive.stat().st_size / 1e6:.1f} MB, signed. Ask it:")
    print(f'  .venv/bin/expertserve generate {archive} "My parcel is late."')


if __name__ == "__main__":
    main()
