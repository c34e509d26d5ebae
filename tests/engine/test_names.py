"""The demo experts over schemas whose names training never had: every answer runs."""

from __future__ import annotations

import sqlite3

import pytest

from expertserve import Expert, GenerateArgs
from expertserve.result import InferenceResult

pytestmark = pytest.mark.engine
ASKED = {
    "CREATE TABLE Book (bookId INTEGER PRIMARY KEY, title TEXT, authorId INTEGER, pages INTEGER);"
    "CREATE TABLE Author (authorId INTEGER PRIMARY KEY, fullName TEXT, country TEXT);": (
        "how many books do we have",
        "titles of books over 300 pages",
        "which author wrote the most books",
        "books by authors from Norway",
        "average number of pages per author",
    ),
    "CREATE TABLE tbl_employee (emp_no INTEGER PRIMARY KEY, last_name TEXT, salary NUMERIC, "
    "dept_no INTEGER REFERENCES tbl_dept); "
    "CREATE TABLE tbl_dept (dept_no INTEGER PRIMARY KEY, dept_name TEXT, floor INTEGER);": (
        "who earns more than 50000",
        "average salary per department",
        "names of the departments on floor 3",
        "dept_name of all employees",
    ),
    'CREATE TABLE "Order" (id INTEGER PRIMARY KEY, customerId INTEGER, total REAL, "date" TEXT);'
    "CREATE TABLE Customer (id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
    "CREATE TABLE order_item (id INTEGER PRIMARY KEY, order_id INTEGER, qty INTEGER);": (
        "total of all orders",
        "orders per customer, highest first",
        "customers in Paris",
        "how many items were sold per order",
    ),
}


@pytest.mark.parametrize("temperature", [0.0, 1.2])
def test_every_answer_over_people_s_own_names_runs(engine: Expert, temperature: float) -> None:
    jobs: list[tuple[str, str | None, GenerateArgs]] = [
        ("expert", question, {"schema": schema, "temperature": temperature, "seed": 7})
        for schema, questions in ASKED.items()
        for question in questions
    ]
    for (_, question, args), result in zip(jobs, engine.manager.generate_many(jobs), strict=True):
        assert isinstance(result, InferenceResult)
        assert result.grammar and result.grammar.complete
        database = sqlite3.connect(":memory:")
        try:
            database.executescript(args["schema"])
            database.execute(result.text)
        except sqlite3.Error as error:
            raise AssertionError(f"{question}: {result.text}: {error}") from error
        finally:
            database.close()
