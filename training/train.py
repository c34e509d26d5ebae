"""Trains one demo expert's adapter on the demo base model. Resumes where it was stopped.

    python -m training.train sql --steps 800 --out build/sql
    python -m training.train sql_varied --start PACKAGE --minutes 90 --out build/varied

One step is one lesson: a context and about ten questions. The context is computed once and shared
by the questions, which do not see each other: each question attends to the context and to itself
only, at the positions it would have alone. So a step costs what its distinct tokens cost, and
teaches what ten separate prompts would.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora.dora import DoraLinearLayer
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from transformers import AttentionInterface, AutoModelForCausalLM, AutoTokenizer

from expertserve.config import models_dir
from expertserve.engine.machine import fast_bfloat16
from expertserve.package.archive import open_package
from training.task import TASKS, Lesson, Task
from training.thoughts import thoughtful
from training.written import mixed

BASE = "SmolLM2-135M-Instruct"
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
EVERY, KEPT = 50, 250
"""Steps between checkpoints, and between those that stay beside the last, to be averaged."""
BFLOAT16 = fast_bfloat16()
"""Where the CPU would emulate it, float32 is several times quicker."""


def main() -> None:
    """Reads the arguments and trains."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for the adapter, checkpoints and the log"
    )
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--dora", action="store_true")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--start",
        type=Path,
        help="folder of an adapter, or a .expert file, to go on from, with a schedule of its own",
    )
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="stop then; the same command goes on later"
    )
    parser.add_argument(
        "--think", action="store_true", help="answers begin with think blocks, three of four"
    )
    parser.add_argument(
        "--written", action="store_true", help="three lessons of four are training.written's"
    )
    parser.add_argument("--base", type=Path, default=models_dir() / BASE)
    train(parser.parse_args())


def train(args: argparse.Namespace) -> None:
    """AdamW, warm-up and cosine decay; a checkpoint every EVERY steps, and where time is up."""
    torch.set_flush_denormal(True)  # subnormal gradients make some steps ten times slower
    task: Task = importlib.import_module(f"training.{args.task}")
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    model, optimizer, done = start(args)
    encode = Encoder(tokenizer)
    made = task.lessons("train", args.seed)
    if args.written:
        made = mixed(made, args.task, args.seed)
    lessons = itertools.islice(thoughtful(made) if args.think else made, done, args.steps)
    model.train()
    began, losses = time.monotonic(), []
    for step, lesson in enumerate(lessons, start=done + 1):
        for group in optimizer.param_groups:
            group["lr"] = args.learning_rate * schedule(step, args.steps)
        losses.append(learn(model, optimizer, encode(lesson)))
        if step % 10 == 0:
            left = (time.monotonic() - began) / (step - done) * (args.steps - step)
            loss = sum(losses[-10:]) / 10
            shown = f"step {step}/{args.steps}  loss {loss:.3f}  {left / 60:.0f} min left"
            print(shown, flush=True)
        over = time.monotonic() - began > 60 * args.minutes
        if over or step % EVERY == 0 or step == args.steps:
            save(args.out, model, optimizer, step)
        if over:
            print(f"{args.minutes:g} minutes are over at step {step}", flush=True)
            break


def product(
    self: object, lora_A: Any, lora_B: Any, adapter_name: str | None = None
) -> torch.Tensor:
    """DoRA's B A.

    PEFT sends an identity through both layers, for sharded training; this is the same matrix in
    half the time.
    """
    made: torch.Tensor = (lora_B.weight @ lora_A.weight).detach()
    return made


def start(args: argparse.Namespace) -> tuple[Any, torch.optim.AdamW, int]:
    """The adapter that an earlier run left, else the one to go on from, else a new one."""
    torch.manual_seed(args.seed)
    DoraLinearLayer.get_lora_weight = product
    dtype = torch.bfloat16 if BFLOAT16 else torch.float32
    base = AutoModelForCausalLM.from_pretrained(
        args.base, dtype=dtype, attn_implementation="branches"
    )
    state = args.out / "optimizer.pt"
    begun = args.out / "adapter" if state.exists() else args.start
    if begun:
        model = PeftModel.from_pretrained(base, adapter_folder(begun), is_trainable=True)
    else:
        config = LoraConfig(
            r=args.rank,
            lora_alpha=2 * args.rank,
            target_modules=MODULES,
            use_dora=args.dora,
            lora_dropout=0.0,
            task_type="CAUSAL_LM",
        )
        model = get_peft_model(base, config)
    optimizer = torch.optim.AdamW(
        (p for p in model.parameters() if p.requires_grad), weight_decay=0.0, betas=(0.9, 0.98)
    )
    if not state.exists():
        return model, optimizer, 0
    saved = torch.load(state, weights_only=True)
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer, int(saved["step"])


def adapter_folder(path: Path) -> Path:
    """Where an adapter's files are: the folder, or a packed expert's, unpacked."""
    return open_package(path).folder if path.suffix == ".expert" else path


def save(out: Path, model: Any, optimizer: torch.optim.AdamW, step: int) -> None:
    """The adapter, and beside it what a later run needs to go on.

    Every `KEPT` steps a copy stays: `training.pack` averages several.
    """
    model.save_pretrained(out / "adapter")
    if step % KEPT == 0:
        model.save_pretrained(out / f"adapter-{step:05}")
    part = out / "optimizer.part"
    torch.save({"optimizer": optimizer.state_dict(), "step": step}, part)
    part.replace(out / "optimizer.pt")
    (out / "progress.json").write_text(json.dumps({"step": step}))


def schedule(step: int, steps: int) -> float:
    """Five percent warm-up, then a cosine down to a twentieth."""
    warm = max(1, steps // 20)
    if step < warm:
        return step / warm
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def learn(model: Any, optimizer: torch.optim.AdamW, batch: dict[str, Any]) -> float:
    """One step. Loss and logits are of the answers' tokens alone."""
    labels = batch.pop("labels")
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=BFLOAT16):
        inner = model.get_base_model()
        hidden = inner.model(**batch).last_hidden_state[0]
        where = labels >= 0
        logits = inner.lm_head(hidden[where])
    loss = cross_entropy(logits.float(), labels[where])
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@dataclass(frozen=True, slots=True)
class Branches:
    """How a lesson's tokens lie in a row: the shared ones, then each question's."""

    shared: int
    rows: torch.Tensor
    """Where each question's tokens are, [questions, longest], 0 beyond its end."""
    real: torch.Tensor
    """Which of `rows` are tokens, [questions, longest]."""
    sees: torch.Tensor
    """What they may look at, shared tokens first: [1, longest, shared + longest]."""

    @classmethod
    def of(cls, shared: int, lengths: list[int]) -> Branches:
        """Questions of these lengths, one after the other behind the shared tokens."""
        at = torch.arange(max(lengths))
        real = at < torch.tensor(lengths)[:, None]
        starts = shared + torch.tensor([0, *lengths[:-1]]).cumsum(0)
        own = torch.ones(len(at), len(at), dtype=torch.bool).tril()
        sees = torch.cat((own.new_ones(len(at), shared), own), 1)[None]
        return cls(shared, (starts[:, None] + at) * real, real, sees)


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: None,
    scaling: float,
    branches: Branches,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention of the shared tokens, and of every question to those and itself.

    That is a quarter of what attention of all tokens to all would cost.
    """
    key, value = (heads.repeat_interleave(module.num_key_value_groups, 1) for heads in (key, value))

    def shared(heads: torch.Tensor) -> torch.Tensor:
        return heads[:, :, : branches.shared]

    def own(heads: torch.Tensor) -> torch.Tensor:
        return heads[0][:, branches.rows].transpose(0, 1)

    def seen(heads: torch.Tensor) -> torch.Tensor:
        return torch.cat((shared(heads).expand(len(branches.rows), -1, -1, -1), own(heads)), 2)

    first = scaled_dot_product_attention(
        shared(query), shared(key), shared(value), is_causal=True, scale=scaling
    )
    rest = scaled_dot_product_attention(
        own(query), seen(key), seen(value), attn_mask=branches.sees, scale=scaling
    )
    return torch.cat((first[0].transpose(0, 1), rest.transpose(1, 2)[branches.real]))[None], None


AttentionInterface.register("branches", attend)


class Encoder:
    """A lesson → token ids, positions, which tokens are whose, and the tokens to learn."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def text(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def __call__(self, lesson: Lesson) -> dict[str, Any]:
        dialect = f"Dialect: {lesson.dialect}\n" if lesson.dialect else ""
        context = f"{dialect}Schema:\n{lesson.schema}"
        shared = self.text(f"<|im_start|>system\n{context}<|im_end|>\n")
        ids, positions = list(shared), list(range(len(shared)))
        lengths, labels = [], [-1] * len(shared)
        for pair in lesson.pairs:
            user = f"<|im_start|>user\n{pair.question}<|im_end|>\n"
            asked = self.text(f"{user}<|im_start|>assistant\n")
            answer = self.text(f"{pair.answer}<|im_end|>")
            lengths.append(len(asked) + len(answer))
            ids += asked + answer
            positions += range(len(shared), len(shared) + lengths[-1])
            labels += [-1] * (len(asked) - 1) + answer + [-1]
        return {
            "input_ids": torch.tensor([ids]),
            "position_ids": torch.tensor([positions]),
            "branches": Branches.of(len(shared), lengths),
            "labels": torch.tensor(labels),
        }


if __name__ == "__main__":
    main()
