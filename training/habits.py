"""The demo experts' habits, from answers of the generators that they were trained on.

    python -m training.habits sql examples/experts/expert-sql-*.expert

Puts `habits.jsonl` into a packed expert, the same bytes every time. Test splits are never read.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
from pathlib import Path

from expertserve.decoding.drafts.build import AnsweredPrompt, shapes_of
from expertserve.package.build import put_member
from expertserve.package.habits import NAME, write_habits
from training.task import TASKS, Task

SEED, ANSWERS, MOST = 1, 4000, 64 << 10
"""Where the generator begins, how many answers are counted, and the bytes that they may take."""


def habits(task: Task) -> bytes:
    """The member's bytes."""
    pairs = (
        AnsweredPrompt(f"{lesson.schema}\n{pair.question}", pair.answer)
        for lesson in task.lessons("train", SEED)
        for pair in lesson.pairs
    )
    return write_habits(shapes_of(list(itertools.islice(pairs, ANSWERS))), MOST)


def main() -> None:
    """Reads the arguments, counts, packs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("package", type=Path)
    args = parser.parse_args()
    data = habits(importlib.import_module(f"training.{args.task}"))
    print(f"{put_member(args.package, NAME, data)}: {len(data):,} bytes of habits")


if __name__ == "__main__":
    main()
