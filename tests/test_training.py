"""What training's packed lessons promise: every question's tokens see what they would in a prompt of their own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from expertserve.package.build import pack
from tests import tiny
from training.task import Lesson, Pair
from training.thoughts import thoughtful

TALK = (
    ("How many customers?", "SELECT COUNT(*)"),
    ("From Spain?", "SELECT country FROM customers WHERE country = 'Spain'"),
    ("?", "1"),
)


def test_a_lesson_computes_what_separate_prompts_would(tiny_base: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from training.train import Encoder

    lesson = Lesson("customers(id, country)", None, tuple(Pair(*texts) for texts in TALK))
    encode = Encoder(AutoTokenizer.from_pretrained(tiny_base))
    packed, alone = (
        AutoModelForCausalLM.from_pretrained(
            tiny_base, dtype=torch.float32, attn_implementation=kind
        )
        for kind in ("branches", "sdpa")
    )
    batch = encode(lesson)
    labels = batch.pop("labels")
    found = packed.model(**batch).last_hidden_state[0]
    at = shared = batch["branches"].shared
    for pair in lesson.pairs:
        own = encode(Lesson(lesson.schema, None, (pair,)))
        ids = own["input_ids"]
        wanted = alone.model(input_ids=ids).last_hidden_state[0]
        end = at + ids.shape[1] - shared
        torch.testing.assert_close(found[at:end], wanted[shared:], rtol=1e-4, atol=1e-4)
        assert torch.equal(labels[at:end], own["labels"][shared:])
        at = end
    torch.testing.assert_close(found[:shared], wanted[:shared], rtol=1e-4, atol=1e-4)
    assert at == len(found)


def test_three_answers_of_four_begin_with_a_block() -> None:
    pairs = tuple(Pair(f"{i}?", f"SELECT COUNT(*) FROM t{i} JOIN u ON 1") for i in range(3))
    made = list(thoughtful([Lesson("ddl", None, pairs)] * 4))
    answers = [pair.answer for lesson in made for pair in lesson.pairs]
    thought = [a for a in answers if a.startswith("<think>\n")]
    assert len(answers) == 12 and len(thought) == 9
    assert all(a.endswith("JOIN u ON 1") for a in answers)
    assert answers[1] == "<think>\nI need t1, u and COUNT.\n</think>\n" + pairs[1].answer
    assert [p.question for p in made[0].pairs] == ["0?", "1?", "2?"]


def test_a_run_goes_on_from_a_packed_expert_ends_in_time_and_resumes(
    tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    from training.train import train

    folder = tiny.package(tmp_path / "package", tiny_lora, tiny_base)
    start = pack(folder, tmp_path / "start.expert")
    out = tmp_path / "run"
    args = argparse.Namespace(
        task="sql_varied", out=out, steps=3, rank=99, dora=False, learning_rate=1e-9, seed=2,
        start=start, minutes=0.0, think=False, written=False, base=tiny_base,
    )  # fmt: skip

    def weights(folder: Path) -> dict[str, torch.Tensor]:
        from safetensors.torch import load_file

        return dict(load_file(folder / "adapter_model.safetensors"))

    def step() -> int:
        return int(json.loads((out / "progress.json").read_text())["step"])

    train(args)
    assert step() == 1
    before, after = weights(tiny_lora), weights(out / "adapter")
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[k], after[k], atol=1e-6) for k in before)
    args.minutes = 60.0
    train(args)
    assert step() == 3
    args.out, args.learning_rate = tmp_path / "other", 1e-2
    train(args)
    learnt = weights(args.out / "adapter")
    assert not all(torch.allclose(before[k], learnt[k], atol=1e-6) for k in before)
