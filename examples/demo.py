"""Asks the demo SQL expert one question about a small database, and runs the SQL that it writes.

python examples/demo.py ["a question"]
"""

import sqlite3
import sys
from pathlib import Path

from expertserve import Expert

SCHEMA = """\
CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, lighthouse_id INTEGER REFERENCES lighthouses(id), visitor TEXT, fee REAL
);
"""
ROWS = """\
INSERT INTO lighthouses VALUES
    (1, 'Lindesnes', 'Norway', 16), (2, 'Utsira', 'Norway', 13),
    (3, 'Eckmühl', 'France', 60), (4, 'Lanterna', 'Italy', 77);
INSERT INTO visits VALUES
    (1, 1, 'Ana', 8), (2, 1, 'Bea', 8), (3, 3, 'Ana', 4), (4, 4, 'Dino', 6), (5, 2, 'Bea', 5);
"""
QUESTION = "Which lighthouses are in Norway?"


def main() -> None:
    question = sys.argv[1] if len(sys.argv) > 1 else QUESTION
    package = next((Path(__file__).parent / "experts").glob("expert-sql-*.expert"))
    print(f"loading {package.name} and starting vLLM (about half a minute on a CPU) …", flush=True)
    with Expert.load(package) as expert:
        result = expert.generate(question, schema=SCHEMA)
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA + ROWS)
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
