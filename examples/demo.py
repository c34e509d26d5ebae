"""Asks the demo SQL expert one question about a small database, and runs the SQL that it writes.

python examples/demo.py ["a question"]
"""

import sqlite3
import sys
from pathlib import Path

from expertserve import Expert

SCHEMA = """\
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, country TEXT, age INTEGER);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id), product TEXT, total REAL
);
"""
ROWS = """\
INSERT INTO customers VALUES
    (1, 'Ana', 'Spain', 31), (2, 'Bea', 'Spain', 45),
    (3, 'Chloé', 'France', 28), (4, 'Dino', 'Italy', 52);
INSERT INTO orders VALUES
    (1, 1, 'Lamp', 40), (2, 1, 'Desk', 210), (3, 3, 'Tent', 95),
    (4, 4, 'Lamp', 40), (5, 2, 'Chair', 75);
"""
QUESTION = "Which customers are from Spain?"


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
