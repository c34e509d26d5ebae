"""Training: packed lessons compute what separate prompts would, and data is what it was."""

from __future__ import annotations

import hashlib
import importlib
import itertools
from pathlib import Path

import pytest
import torch

from training import cypher_world, json_world, records
from training.sql_domains import Pool
from training.task import Lesson, Pair, Split

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


def first_lessons(task: str, split: Split) -> str:
    """A digest of a task's first lessons."""
    lessons = importlib.import_module(f"training.{task}").lessons(split, 7)
    texts = [repr((lesson.schema, lesson.pairs)) for lesson in itertools.islice(lessons, 20)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("task", "train", "test"),
    [
        ("sql", "bae93f60325fe5ba", "1a1a5e561a0a3c45"),
        ("cypher", "f930ab214a3c30d5", "1ba66a4fd16515aa"),
        ("json_extract", "d040cec136e17e88", "c368d126d65fa09a"),
    ],
)
def test_the_published_experts_data_can_be_made_again(task: str, train: str, test: str) -> None:
    """Published figures name seeds: the same seed has to give the same questions."""
    assert (first_lessons(task, "train"), first_lessons(task, "test")) == (train, test)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("json_first.jsonl", json_world.Domain),
        ("json_further.jsonl", json_world.Domain),
        ("json_test.jsonl", json_world.Domain),
        ("cypher_train.jsonl", cypher_world.Domain),
        ("cypher_test.jsonl", cypher_world.Domain),
    ],
)
def test_data_files_are_written_as_they_are_read(file: str, kind: type[object]) -> None:
    assert records.dump(records.read(file, kind)) == (records.DATA / file).read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"pool": "city", "values": 5}', "5 is not"),
        ('{"pool": "city", "valeus": "x"}', "has no valeus"),
        ('{"pool": "city"}', "missing 1 required"),
        ("[1]", "is not a Pool"),
        ("{", "Expecting property name"),
    ],
)
def test_a_malformed_line_is_named(
    line: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pools.jsonl").write_text(f'{{"pool": "a", "values": "b"}}\n{line}\n')
    monkeypatch.setattr(records, "DATA", tmp_path)
    with pytest.raises(ValueError, match=rf"pools.jsonl, line 2: .*{reason}"):
        records.read("pools.jsonl", Pool)
