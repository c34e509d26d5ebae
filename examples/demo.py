"""Asks the demo SQL expert one question about a small database, and runs the SQL that it writes.

python examples/demo.py ["a question"] [schema.sql]

The file holds CREATE TABLE statements, and INSERT statements if rows are wanted.
"""

import sqlite3
import sys
from pathlib import Path

from expertserve import Expert

HERE = Path(__file__).parent
QUESTION = "Which lighthouses are in Norway?"


def main() -> None:
    question = sys.argv[1] if len(sys.argv) > 1 else QUESTION
    file = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "lighthouses.sql"
    database = sqlite3.connect(":memory:")
    database.executescript(file.read_text(encoding="utf-8"))
    tables = database.execute("SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL")
    schema = "\n".join(row[0] for row in tables)
    package = next((HERE / "experts-0.5b").glob("expert-sql-*.expert"))
    print(f"loading {package.name} and starting vLLM (about a minute on a CPU) …", flush=True)
    with Expert.load(package) as expert:
        result = expert.generate(question, schema=schema)
    print(
        f"\nquestion  {question}\nSQL       {result.text}\nrows     "
        f" {database.execute(result.text).fetchall()}"
    )
    print(
        f"expert    {result.expert.name} {result.expert.version} ({result.expert.digest[:12]}…),"
        f" {result.timing.total:.2f} s"
    )


if __name__ == "__main__":
    main()
