"""Asks an expert, and its base model, what training never saw, and judges what they answer.

    python -m training.evaluate sql examples/experts/expert-sql-0.1.0.expert --questions 300

Answers are run or parsed. Prints both rates as JSON.
The base model gets the same messages; both answer greedily.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import re
import shutil
import tempfile
from pathlib import Path

from expertserve import Expert, GenerateArgs
from expertserve.package.archive import open_package
from expertserve.package.manifest import read_manifest
from expertserve.request import Ground
from training import json_extract, people
from training.task import TASKS, Lesson, Pair, Task

SEED = 7


def main() -> None:
    """Reads the arguments, evaluates, prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("package", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument(
        "--known",
        action="store_true",
        help="subjects that training had, in shapes that it had not (json_extract only)",
    )
    parser.add_argument(
        "--people",
        action="store_true",
        help="a hundred sentences as people write them (json_extract only)",
    )
    parser.add_argument("--ground", choices=["values"], help="values are spans of the question")
    parser.add_argument("--show", type=int, default=0, help="print this many wrong answers")
    parser.add_argument("--without-base", action="store_true", help="leave out the base model")
    args = parser.parse_args()
    task: Task = importlib.import_module(f"training.{args.task}")
    if args.known and args.task != "json_extract":
        parser.error("--known is for json_extract only")
    if args.people and args.task != "json_extract":
        parser.error("--people is for json_extract only")
    lessons = (
        people.lessons() if args.people else task.lessons("known" if args.known else "test", SEED)
    )
    asked = ((lesson, pair) for lesson in lessons for pair in lesson.pairs)
    pairs = list(itertools.islice(asked, args.questions))
    rates = {"expert": evaluate(task, args.package, pairs, args.show, args.ground)}
    if not args.without_base:
        with tempfile.TemporaryDirectory() as folder:
            rates["base"] = evaluate(task, bare(args.package, Path(folder)), pairs, 0)
    print(json.dumps({"task": args.task, "questions": len(pairs), **rates}))


def bare(package: Path, folder: Path) -> Path:
    """The same package without its adapter: the base model under the same prompt and defaults."""
    opened = open_package(package)
    target = folder / "base"
    target.mkdir()
    for name in opened.files:
        if name.startswith("tokenizer"):
            shutil.copy(opened.folder / name, target / name)
    manifest = json.loads((opened.folder / "manifest.json").read_text())
    assert read_manifest(opened.folder).schema_version == "2.0"
    for base in manifest["base_models"]:
        base["adapters"] = []
    manifest.pop("integrity", None)
    (target / "manifest.json").write_text(json.dumps(manifest))
    return target


def context(lesson: Lesson, ground: Ground | None = None) -> GenerateArgs:
    """What a user would pass beside the question."""
    found: GenerateArgs = {"schema": lesson.schema}
    if lesson.dialect:
        found["dialect"] = lesson.dialect
    if ground:
        found["ground"] = ground
    return found


def unfenced(text: str) -> str:
    """The first code block of a Markdown answer, or the text as it is.

    A base model may wrap what it was asked for in explanations.
    """
    found = re.search(r"```[a-z]*\n(.*?)(?:```|\Z)", text, re.DOTALL)
    return found[1] if found else text


def evaluate(
    task: Task,
    package: Path,
    pairs: list[tuple[Lesson, Pair]],
    show: int,
    ground: Ground | None = None,
) -> float:
    """The share of right answers."""
    right = 0
    with Expert.load(package) as expert:
        jobs = [("expert", pair.question, context(lesson, ground)) for lesson, pair in pairs]
        answers = expert.manager.generate_many(jobs)
    if task is json_extract:
        wrong = [
            text
            for (_, pair), answer in zip(pairs, answers, strict=True)
            for text in people.invented(pair.question, answer.text)
        ]
        print(f"{len(wrong)} strings are not in their sentences: {wrong[:show]}")
    for (lesson, pair), answer in zip(pairs, answers, strict=True):
        good = task.correct(lesson, pair, unfenced(answer.text))
        right += good
        if not good and show > 0:
            show -= 1
            print(f"? {pair.question}\n  wanted {pair.answer}\n  got    {answer.text}")
    return round(right / len(pairs), 4)


if __name__ == "__main__":
    main()
