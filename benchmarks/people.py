"""Questions by people who never saw the demo experts' generators, and how many are answered right.

    python -m benchmarks.people [sql|cypher|json …] [--experts FOLDER] [--show 5]

The demo's experts, or those of another folder; results of any but the demo's are named after it.
200 questions on 20 schemas, 100 on 10 graphs, 100 sentences (`benchmarks/people/`), each with what
is right. SQL is run in SQLite and Cypher in Kuzu, on data that came with the questions, and rows
are compared; objects are compared value by value. Nothing here may be trained on.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import kuzu

from benchmarks.measure import Answer, judge, save
from expertserve import Expert, ExpertError, GenerateArgs

HERE = Path(__file__).parent
FOLDER, EXPERTS = HERE / "people", HERE.parent / "examples" / "experts-0.5b"
SECONDS = 5
KINDS = {"STRING": "STRING", "INTEGER": "INT64", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN"}
Rows = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class HumanQuestion:
    """What somebody asked, and answers that are right.

    Args:
        about: The schema's or graph's name.
        ordered: Whether the order of rows matters.
    """

    about: str
    text: str
    right: tuple[str, ...]
    args: GenerateArgs
    ordered: bool = False


@dataclass(slots=True)
class Score:
    """How many answers were right, and how many ran at all."""

    right: int = 0
    ran: int = 0
    all: int = 0
    wrong: list[str] = field(default_factory=list)


def lines(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


# ── SQL ─────────────────────────────────────────────────────────────────────────────────────────


@cache
def ddl(name: str) -> tuple[str, str]:
    """A schema's statements, and those of its rows."""
    text = (FOLDER / "schemas" / f"{name}.sql").read_text(encoding="utf-8")
    schema, _, data = text.partition("\n-- data\n")
    return schema, data


def sql_questions() -> Iterator[HumanQuestion]:
    for line in lines("sql"):
        right = (line["sql"], *line.get("also", ()))
        args: GenerateArgs = {"schema": ddl(line["schema"])[0]}
        yield HumanQuestion(line["schema"], line["question"], right, args, line["ordered"])


def run_sql(question: HumanQuestion, query: str) -> Rows:
    """Its rows.

    Raises:
        sqlite3.Error: It doesn't run, or takes too long.
    """
    with closing(sqlite3.connect(":memory:")) as database:
        for part in ddl(question.about):
            database.executescript(part)
        database.execute("PRAGMA query_only = 1")
        left = iter(range(SECONDS * 1000))
        database.set_progress_handler(lambda: next(left, None) is None, 10_000)
        return database.execute(query).fetchall()


# ── Cypher ──────────────────────────────────────────────────────────────────────────────────────


def cypher_questions() -> Iterator[HumanQuestion]:
    for line in lines("cypher"):
        right = (line["cypher"], *line.get("also", ()))
        args: GenerateArgs = {"schema": line["schema"]}
        yield HumanQuestion(line["graph"], line["question"], right, args, line["ordered"])


@cache
def graph(name: str) -> kuzu.Connection:
    """A graph in memory."""
    made = json.loads((FOLDER / "graphs" / f"{name}.json").read_text(encoding="utf-8"))
    limits = {"buffer_pool_size": 1 << 27, "max_db_size": 1 << 30, "max_num_threads": 1}
    connection = kuzu.Connection(kuzu.Database(":memory:", **limits), num_threads=1)
    for label, columns in made["nodes"].items():
        connection.execute(f"CREATE NODE TABLE {label}(_k SERIAL PRIMARY KEY{_columns(columns)})")
    links: dict[str, list[dict[str, Any]]] = {}
    for link in made["relationships"]:
        links.setdefault(link["type"], []).append(link)
    for kind, ends in links.items():
        pairs = ", ".join(f"FROM {e['from']} TO {e['to']}" for e in ends)
        connection.execute(f"CREATE REL TABLE {kind}({pairs}{_columns(ends[0]['properties'])})")
    connection.execute((FOLDER / "graphs" / f"{name}.cypher").read_text(encoding="utf-8"))
    connection.set_query_timeout(SECONDS * 1000)
    return connection


def _columns(kinds: dict[str, str]) -> str:
    return "".join(f", `{name}` {KINDS[kind]}" for name, kind in kinds.items())


def run_cypher(question: HumanQuestion, query: str) -> Rows:
    """Its rows.

    Raises:
        RuntimeError: It doesn't run, or takes too long.
    """
    found = graph(question.about).execute(query)
    assert not isinstance(found, list)
    rows: Rows = []
    while found.has_next():
        rows.append(tuple(found.get_next()))
    return rows


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────


def json_questions() -> Iterator[HumanQuestion]:
    for line in lines("json"):
        args: GenerateArgs = {
            "schema": json.dumps(shape(line["schema"]), ensure_ascii=False),
            "json_schema": line["schema"],
        }
        yield HumanQuestion("", line["sentence"], (json.dumps(line["object"]),), args)


def shape(schema: dict[str, Any]) -> object:
    """A JSON schema as the demo expert reads it: keys and the names of their types."""
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: shape(part) for name, part in schema["properties"].items()}
    return [shape(schema["items"])] if kind == "array" else kind


def run_json(question: HumanQuestion, text: str) -> Rows:
    """The object, as one row.

    Raises:
        ValueError: It is none.
    """
    return [(json.dumps(json.loads(text), sort_keys=True),)]


# ── asking ──────────────────────────────────────────────────────────────────────────────────────

Run = Callable[[HumanQuestion, str], Rows]
TASKS: dict[str, tuple[Callable[[], Iterator[HumanQuestion]], Run, float]] = {
    "sql": (sql_questions, run_sql, 0.6),
    "cypher": (cypher_questions, run_cypher, 0.6),
    "json": (json_questions, run_json, 0.75),
}
"""Questions, what runs an answer, and the bar."""


def same(question: HumanQuestion, rows: Rows, wanted: Rows) -> bool:
    """Whether rows say the same, floats to six digits."""
    found, right = [[_plain(row) for row in side] for side in (rows, wanted)]
    return found == right if question.ordered else sorted(found) == sorted(right)


def _plain(row: tuple[object, ...]) -> list[str]:
    return [f"{v:.6g}" if isinstance(v, int | float) else repr(v) for v in row]


def score(name: str, experts: Path, extra: GenerateArgs) -> Score:
    """Asks the folder's expert all, with the defaults of the package and `extra`."""
    questions, run, _ = TASKS[name]
    asked = list(questions())
    package = next(experts.glob(f"expert-{name}-*.expert"))
    with Expert.load(package) as expert:
        jobs = [("expert", q.text, {**q.args, **extra}) for q in asked]
        answers = expert.manager.generate_many(jobs, return_exceptions=True)
    found = Score(all=len(asked))
    for question, answer in zip(asked, answers, strict=True):
        text = str(answer) if isinstance(answer, ExpertError) else answer.text
        try:
            rows = run(question, text)
        except (sqlite3.Error, sqlite3.Warning, RuntimeError, ValueError) as error:
            found.wrong.append(f"? {question.text}\n  {text}\n  {error}")
            continue
        found.ran += 1
        good = any(same(question, rows, run(question, right)) for right in question.right)
        found.right += good
        if not good:
            found.wrong.append(f"? {question.text}\n  {text}\n  wanted {question.right[0]}")
    return found


def main() -> None:
    """Asks, prints, writes the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", help="of sql, cypher, json; default all")
    parser.add_argument("--experts", type=Path, default=EXPERTS, help="folder of packages")
    parser.add_argument("--show", type=int, default=0, help="print this many wrong answers")
    given = parser.parse_args()
    answers, notes = [], {}
    for name in given.tasks or TASKS:
        sides: dict[str, GenerateArgs] = {"": {}}
        if name == "json":
            sides[", values grounded"] = {"ground": "values"}
        else:
            sides[", unrestricted"] = {"restrict_to_schema": False}
        for side, extra in sides.items():
            found = score(name, given.experts, extra)
            bar = None if side else TASKS[name][2]
            title = f"{name}, questions by people{side}"
            answers.append(Answer(f"{title}: right", found.right / found.all, bar))
            if name != "json":
                least = 0.85 if side else 0.99
                answers.append(Answer(f"{title}: run at all", found.ran / found.all, least))
            notes[title] = f"{found.right} right, {found.ran} ran, of {found.all}"
            print("\n".join([title, notes[title], *found.wrong[: given.show]]), flush=True)
    title = "people" if given.experts == EXPERTS else f"people_{given.experts.name}"
    save(title, notes=notes, answers=judge(title, answers))


if __name__ == "__main__":
    main()
