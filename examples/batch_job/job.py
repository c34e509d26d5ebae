"""Answers a JSONL file of questions in continuous batches; run again, it asks only what isn't
answered yet.

python examples/batch_job/job.py [questions.jsonl] [answers.jsonl]

Each line has `id`, `question` and `schema`. `expertserve batch` does this and more, without code;
this is how to do it yourself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from expertserve import ExpertError, ExpertManager, GenerateArgs

HERE = Path(__file__).parent
PACKAGE = next((HERE.parent / "experts").glob("expert-sql-*.expert"))
AT_ONCE = 64


def read(path: Path) -> list[dict[str, str]]:
    return [
        json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    ]


def open_questions(questions: Path, answers: Path) -> list[dict[str, str]]:
    """Those without an answer; what failed is asked again."""
    done = {row["id"] for row in read(answers) if "answer" in row} if answers.exists() else set()
    return [row for row in read(questions) if row["id"] not in done]


def answer_all(manager: ExpertManager, rows: list[dict[str, str]]) -> Iterator[dict[str, object]]:
    """One row for each question, in order; a failed question costs none of the others."""
    for start in range(0, len(rows), AT_ONCE):
        group = rows[start : start + AT_ONCE]
        jobs: list[tuple[str, str | None, GenerateArgs]] = [
            ("sql", row["question"], {"schema": row["schema"]}) for row in group
        ]
        results = manager.generate_many(jobs, return_exceptions=True, progress=True)
        for row, result in zip(group, results, strict=True):
            if isinstance(result, ExpertError):
                yield {"id": row["id"], "error": result.code, "message": result.message}
            else:
                yield {
                    "id": row["id"],
                    "answer": result.text,
                    "finish_reason": result.finish_reason,
                }


def main() -> None:
    questions = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "questions.jsonl"
    answers = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("answers.jsonl")
    rows = open_questions(questions, answers)
    print(f"{len(rows)} questions to ask; answers go to {answers}")
    with ExpertManager() as manager, answers.open("a", encoding="utf-8") as file:
        manager.load_expert("sql", PACKAGE)
        for row in answer_all(manager, rows):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
