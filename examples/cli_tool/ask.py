"""Asks an SQLite database a question in English: an expert writes the SQL, SQLite answers it,
read-only.

python examples/cli_tool/ask.py "Which lighthouses are in Norway?" [coast.db]
"""

from __future__ import annotations

import argparse
import sqlite3
from pathlib import Path

from expertserve import Expert, ExpertError

PACKAGE = next((Path(__file__).parents[1] / "experts-0.5b").glob("expert-sql-*.expert"))
COAST = """
CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);
INSERT INTO lighthouses VALUES
    (1, 'Lindesnes', 'Norway', 16), (2, 'Utsira', 'Norway', 13),
    (3, 'Eckmühl', 'France', 60), (4, 'Lanterna', 'Italy', 77);
"""


def open_database(path: Path | None) -> sqlite3.Connection:
    """The file, which the SQL can't change; or a small coast in memory."""
    if path:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    database = sqlite3.connect(":memory:")
    database.executescript(COAST)
    database.execute("PRAGMA query_only = 1")
    return database


def schema_of(database: sqlite3.Connection) -> str:
    rows = database.execute(
        "SELECT sql || ';' FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return "\n".join(row[0] for row in rows)


def ask(
    expert: Expert, database: sqlite3.Connection, question: str
) -> tuple[str, list[tuple[object, ...]]]:
    """The SQL that the expert wrote, and its rows.

    Raises:
        ExpertError: The expert can't answer. sqlite3.Error: What it wrote doesn't run.
    """
    sql = expert.generate(question, schema=schema_of(database)).text
    return sql, database.execute(sql).fetchall()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question")
    parser.add_argument(
        "database", type=Path, nargs="?", help="an SQLite file; by default a small one in memory"
    )
    args = parser.parse_args()
    database = open_database(args.database)
    try:
        with Expert.load(PACKAGE) as expert:
            sql, rows = ask(expert, database, args.question)
    except (ExpertError, sqlite3.Error) as error:
        print(f"no answer: {error}")
        return 1
    print(sql, *rows, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
