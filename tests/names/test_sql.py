"""SQL whose names are bound to a schema: what it allows runs, and what runs it allows mostly."""

from __future__ import annotations

import random
import sqlite3
import time

import pytest

from expertserve.decoding import restrict
from expertserve.decoding.ddl import schema_of
from expertserve.errors import ConfigError
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.names.relations import (
    MOST_SETS,
    MOST_TABLES,
    Relations,
    singular,
    words,
)
from expertserve.grammar.names.scope import Scope, scope_of
from expertserve.grammar.names.sql_rules import bound_sql
from expertserve.grammar.recognise import Grammar
from tests.names.walks import big, ddl, walk

SHOP = """
CREATE TABLE tbl_employee (id INTEGER PRIMARY KEY, name TEXT, deptId INTEGER, salary REAL, boss_id INTEGER REFERENCES tbl_employee);
CREATE TABLE Dept (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
CREATE TABLE "Order" (no INTEGER PRIMARY KEY, "group" TEXT, employee_id INTEGER, "unit price" REAL);
"""


def bound(schema: str, kind: str = "sql") -> tuple[Grammar, Scope]:
    scope = scope_of(schema_of(schema, kind))
    return GroundedGrammar.over(bound_sql(kind), "", names=scope), scope


def filled(schema: str) -> sqlite3.Connection:
    """A database with three rows in each table: numbers and texts, whatever the column's type."""
    database = sqlite3.connect(":memory:")
    database.executescript(schema)
    database.execute("PRAGMA foreign_keys = OFF")
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master").fetchall()]
    for table in tables:
        width = len(database.execute(f'PRAGMA table_info("{table}")').fetchall())
        for row in range(3):
            values = [row + 1] + [(row + at) % 4 * (1.5 if at % 2 else 1) for at in range(1, width)]
            marks = ", ".join("?" * width)
            database.execute(f'INSERT INTO "{table}" VALUES ({marks})', values)
    return database


@pytest.mark.parametrize("kind", ["sql", "sql-sqlite"])
@pytest.mark.parametrize("seed", range(40))
def test_every_random_query_over_every_random_schema_runs(kind: str, seed: int) -> None:
    rng = random.Random(f"{kind}{seed}")
    schema = ddl(rng)
    database, (_, scope) = filled(schema), bound(schema, kind)
    for _ in range(8):
        query = walk(bound_sql(kind), scope, rng)
        try:
            database.execute(query).fetchall()
        except sqlite3.Error as error:
            raise AssertionError(f"{error}: {query}\n{schema}") from error


@pytest.mark.parametrize("seed", range(6))
def test_the_recogniser_allows_what_is_walked_and_no_name_beside_it(seed: int) -> None:
    rng = random.Random(seed)
    grammar, scope = bound(ddl(rng))
    for _ in range(4):
        query = walk(bound_sql("sql"), scope, rng, 120)
        assert grammar.accepts(query), query
        assert not grammar.is_prefix(
            query.replace(" from ", " FROM ").split(" FROM ")[0] + " FROM nowhere"
        )


RUN = [
    "SELECT name FROM Dept",
    "SELECT salary FROM tbl_employee WHERE name = 'it''s (SELECT'",
    "SELECT COUNT(*) AS n, city FROM Dept GROUP BY city ORDER BY n DESC LIMIT 3",
    "SELECT Dept.name, salary FROM tbl_employee JOIN Dept ON tbl_employee.deptId = Dept.id",
    "SELECT e.name, d.city FROM tbl_employee AS e JOIN Dept d ON e.deptId = d.id GROUP BY e.name",
    "SELECT e.name, b.name FROM tbl_employee e JOIN tbl_employee b ON e.boss_id = b.id",
    "SELECT name FROM Dept WHERE id IN (SELECT deptId FROM tbl_employee WHERE salary > 3)",
    "SELECT name FROM Dept WHERE EXISTS (SELECT * FROM tbl_employee WHERE tbl_employee.deptId = Dept.id)",
    'SELECT "group", AVG("unit price") FROM "Order" GROUP BY "group" HAVING COUNT(*) > 1',
    'SELECT d.city FROM "Order" o JOIN tbl_employee e ON o.employee_id = e.id JOIN Dept d ON e.deptId = d.id',
    "SELECT name, RANK() OVER (ORDER BY salary DESC) AS r FROM tbl_employee ORDER BY r",
    "SELECT name FROM Dept UNION SELECT name FROM tbl_employee",
    "select max(salary) from tbl_employee left join Dept on Dept.id = tbl_employee.deptId",
]
REFUSED = [
    "SELECT salary FROM Dept",
    "SELECT name FROM tbl_employee JOIN Dept ON tbl_employee.deptId = Dept.id",
    "SELECT e.city FROM tbl_employee AS e",
    "SELECT city FROM Dept ORDER BY salary",
    "SELECT city FROM Dept GROUP BY nothing",
    "SELECT city FROM Dept WHERE COUNT(*) > 3",
    "SELECT city FROM Dept ORDER BY 4",
    "SELECT name FROM Dept d WHERE Dept.id = 3",
    "SELECT name FROM Dept WHERE id IN (SELECT id, name FROM Dept)",
    "SELECT name FROM Dept UNION SELECT id, name FROM Dept",
    "SELECT group FROM Order",
    "SELECT concat(name) FROM Dept",
    "SELECTname FROM Dept",
]


def test_people_s_queries_are_allowed_and_run() -> None:
    grammar, _ = bound(SHOP)
    database = filled(SHOP)
    for query in RUN:
        assert grammar.accepts(query), query
        database.execute(query)


def test_what_would_not_run_is_not_written() -> None:
    grammar, _ = bound(SHOP)
    assert [query for query in REFUSED if grammar.accepts(query)] == []


@pytest.mark.parametrize("kind", ["sql", "sql-sqlite", "sql-postgres"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FLOOR(", ")"),
        ("(", ")"),
        ("CASE WHEN salary > 1 THEN ", " END"),
        ("CAST(", " AS INTEGER)"),
        ("1 + ABS(", ")"),
    ],
)
def test_what_is_within_one_another_has_a_bound(kind: str, before: str, after: str) -> None:
    """An engine's parser has a stack, and a small model repeats what it began."""
    grammar, _ = bound(SHOP, kind)
    for depth in (1, 2, 3):
        for part in ("salary", "MAX(salary)"):
            query = f"SELECT {before * depth}{part}{after * depth} FROM tbl_employee"
            assert grammar.accepts(query), query
    assert not grammar.accepts(f"SELECT {before * 4}salary{after * 4} FROM tbl_employee")
    assert not grammar.accepts(f"SELECT id FROM Dept WHERE {before * 4}1{after * 4} = 1")
    ending = grammar.shortest_completion(f"SELECT {before * 3}")
    assert ending is not None and grammar.accepts(f"SELECT {before * 3}{ending}")


@pytest.mark.parametrize(
    "begun", ["", "SELECT ", "SELECT salary, city", "SELECT e.", "SELECT x.city, b.salary"]
)
def test_an_ending_runs_whatever_was_begun(begun: str) -> None:
    grammar, _ = bound(SHOP)
    ending = grammar.shortest_completion(begun)
    if begun.startswith("SELECT x"):
        assert ending is None  # no table is called so
        return
    assert ending is not None and grammar.accepts(begun + ending)
    filled(SHOP).execute(begun + ending)


def test_joins_follow_foreign_keys_that_are_declared_or_that_names_tell() -> None:
    declared = schema_of(
        "CREATE TABLE a (id INT, x INT, PRIMARY KEY (id)); CREATE TABLE b (k INT PRIMARY KEY, y INT,"
        " FOREIGN KEY (y) REFERENCES a(id)); ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (k);",
        "sql",
    )
    assert {(f.left, f.column, f.right, f.other) for f in declared.links} == {
        (1, "y", 0, "id"),
        (0, "x", 1, "k"),
    }
    told = schema_of(
        "CREATE TABLE tbl_category (categoryNo INT PRIMARY KEY, n TEXT);"
        "CREATE TABLE Products (ID INT, CategoryID INT); CREATE TABLE stock (product_id INT, q INT)",
        "sql",
    )
    assert {(f.left, f.column, f.right) for f in told.links} >= {
        (1, "CategoryID", 0),
        (2, "product_id", 1),
    }


def test_a_schema_s_names_are_written_as_queries_must() -> None:
    found = schema_of(
        'CREATE TABLE shop.items ("unit price" INT, [order] INT, userName TEXT, "Total" REAL);'
        "CREATE VIEW cheap AS SELECT userName, 1 AS one FROM items",
        "sql-sqlite",
    )
    items, cheap = found.tables
    assert (items.written, items.name) == ("shop.items", "items")
    assert items.columns == ('"unit price"', '"order"', "userName", '"Total"')
    assert cheap.columns == ("userName", "one")
    with pytest.raises(ConfigError) as caught:
        schema_of("the table of users", "sql")
    assert caught.value.code == "bad_schema"


VIEWS = {
    "CREATE VIEW v AS SELECT * FROM a": ("id", "x"),
    "CREATE VIEW v AS SELECT b.*, a.x FROM a JOIN b ON a.id = b.a_id": ("no", "a_id", "x"),
    "CREATE VIEW v AS SELECT k.*, COUNT(*) AS n FROM a AS k GROUP BY k.id": ("id", "x", "n"),
    "CREATE VIEW v AS SELECT * FROM a, b": ("id", "x", "no", "a_id"),
    "CREATE VIEW v (p, q) AS SELECT id, x FROM a": ("p", "q"),
    "CREATE VIEW w AS SELECT x FROM a; CREATE VIEW v AS SELECT * FROM w": ("x",),
    "CREATE VIEW v AS SELECT * FROM a UNION SELECT * FROM a": ("id", "x"),
    "CREATE VIEW v AS SELECT id, MAX(x) FROM a": None,
    "CREATE VIEW v AS SELECT * FROM elsewhere": None,
    "CREATE VIEW v AS SELECT * FROM (SELECT id FROM a) AS z": None,
    "CREATE VIEW v AS WITH a AS (SELECT 1 AS q) SELECT * FROM a": None,
    "CREATE VIEW v AS SELECT * FROM a NATURAL JOIN b": None,
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_s_columns_are_those_of_its_query_where_they_can_be_told(view: str) -> None:
    ddl = f"CREATE TABLE a (id INT, x TEXT); CREATE TABLE b (no INT, a_id INT); {view}"
    found = {t.name: t.columns for t in schema_of(ddl, "sql").tables}
    assert found.get("v") == VIEWS[view]
    if found.get("v"):
        database = sqlite3.connect(":memory:")
        database.executescript(ddl)
        assert tuple(c[0] for c in database.execute("SELECT * FROM v").description) == VIEWS[view]


def test_two_hundred_tables_are_ready_in_time_and_the_question_chooses_what_is_joined() -> None:
    schema = schema_of(big(random.Random(1), 200), "sql")
    began = time.process_time()
    scope = scope_of(schema)
    asked = scope.feed(b"SELECT ")
    assert asked.open("column").step(b"t") and asked.open("star").step(b"t")
    assert time.process_time() - began < 2.0
    assert len(scope.choices.fit.sets) <= MOST_SETS


def test_of_more_tables_than_can_be_held_those_of_the_question_and_their_neighbours_are() -> None:
    ddl = "".join(f"CREATE TABLE t{n}x (id INT PRIMARY KEY, v INT);" for n in range(MOST_TABLES))
    ddl += "CREATE TABLE Invoice (no INT PRIMARY KEY, clientId INT REFERENCES Client);"
    ddl += "CREATE TABLE Client (id INT PRIMARY KEY, fullName TEXT);"
    _, names = restrict.bound(ddl, "sql", "what do the invoices say")
    assert isinstance(names, Relations) and len(names.tables) == MOST_TABLES
    assert {"Invoice", "Client"} <= {table.name for table in names.tables}
    grammar = GroundedGrammar.over(bound_sql("sql"), "", names=scope_of(names))
    assert grammar.accepts("SELECT c.fullName FROM Invoice i JOIN Client c ON i.clientId = c.id")


def test_words_of_names() -> None:
    assert words("tbl_OrderItems2") == ["tbl", "order", "items", "2"]
    assert [singular(w) for w in ("addresses", "companies", "boxes", "bus")] == [
        "address",
        "company",
        "box",
        "bus",
    ]
