"""Asks the demo SQL expert one question about a small database, and runs the SQL that it writes.

python examples/demo.py ["a question"] [--schema schema.sql]

The file holds CREATE TABLE statements, and INSERT statements if rows are wanted.
"""

import argparse
import sqlite3
from pathlib import Path

from expertserve import Expert

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question", nargs="?", default="Which lighthouses are in Norway?")
    parser.add_argument("--schema", type=Path, default=HERE / "lighthouses.sql")
    given = parser.parse_args()
    database = sqlite3.connect(":memory:")
    database.executescript(given.schema.read_text(encoding="utf-8"))
    tables = database.execute(
        "SELECT sql || ';' FROM sqlite_schema"
        " WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    )
    schema = "\n".join(row[0] for row in tables)
    package = next((HERE / "experts-0.5b").glob("expert-sql-*.expert"))
    print(f"loading {package.name} and starting vLLM (about a minute on a CPU) …", flush=True)
    with Expert.load(package) as expert:
        result = expert.generate(given.question, schema=schema)
    print(
        f"\nquestion  {given.question}\nSQL       {result.text}\nrows     "
        f" {database.execute(result.text).fetchall()}"
    )
    print(
        f"expert    {result.expert.name} {result.expert.version} ({result.expert.digest[:12]}…),"
        f" {result.timing.total:.2f} s"
    )


if __name__ == "__main__":
    main()
