"""Cypher whose names are bound to a graph: what it allows runs in Kuzu."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import kuzu
import pytest

from expertserve.decoding.graph_schema import graph_of
from expertserve.errors import ConfigError
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.names.cypher_rules import bound_cypher
from expertserve.grammar.names.graph import Graph
from expertserve.grammar.names.scope import scope_of
from tests.names.walks import walk

KINDS = {"number": "INT64", "text": "STRING", "truth": "BOOL", "other": "DATE"}
GRAPHS = [
    """(:Person {name: STRING, age: INT64, active: BOOL})
    (:Order {no: INT64, total: DOUBLE, placed: DATE})
    (:Person)-[:PLACED {since: INT64}]->(:Order)
    (:Person)-[:KNOWS]->(:Person)
    (:City)<-[:LIVES_IN]-(:Person)
    (:City {name: STRING})""",
    "(:tblItem {title: STRING})",
    "(:UserAccount {userName: STRING, count: INT64})-[:HAS]->(:Role {type: STRING, level: INT32})",
]


def database(graph: Graph) -> kuzu.Connection:
    found = kuzu.Connection(
        kuzu.Database(":memory:", buffer_pool_size=1 << 26, max_num_threads=1, max_db_size=1 << 28)
    )
    for label, properties in graph.labels:
        held = "".join(f", {name} {KINDS[kind]}" for name, kind in properties)
        found.execute(f"CREATE NODE TABLE {label}(_key INT64{held}, PRIMARY KEY(_key))")
    for tie in graph.ties:
        held = "".join(f", {name} {KINDS[kind]}" for name, kind in dict(graph.types)[tie.type])
        found.execute(f"CREATE REL TABLE {tie.type}(FROM {tie.source} TO {tie.target}{held})")
    return found


@pytest.fixture(scope="module", params=range(len(GRAPHS)))
def world(request: pytest.FixtureRequest) -> Iterator[tuple[Graph, kuzu.Connection]]:
    graph = graph_of(GRAPHS[request.param])
    connection = database(graph)
    yield graph, connection
    connection.close()


def test_every_random_query_runs(world: tuple[Graph, kuzu.Connection]) -> None:
    graph, connection = world
    for seed in range(120):
        query = walk(bound_cypher(), scope_of(graph), random.Random(seed), 150)
        try:
            connection.execute(query)
        except RuntimeError as error:
            raise AssertionError(f"{error}: {query}") from error


RUN = [
    "MATCH (p:Person)-[:PLACED]->(o:`Order`) WHERE p.name = 'Ana' RETURN count(o)",
    "MATCH (p:Person) WHERE p.age >= 30 AND p.age <= 40 RETURN p.name, p.age ORDER BY p.age DESC LIMIT 3",
    "MATCH (p:Person)-[:LIVES_IN]->(c:City) WITH c, count(p) AS total ORDER BY total DESC LIMIT 1 RETURN c.name",
    "MATCH (p:Person)-[:KNOWS]->(p2:Person) WITH p2, count(p) AS total WHERE total >= 2 RETURN p2.name",
    "MATCH (p:Person)-[rel:PLACED]->(o:`Order`) WHERE rel.since = 2019 RETURN max(o.total)",
    "MATCH (c:City)<-[:LIVES_IN]-(p:Person) RETURN DISTINCT c.name",
    "MATCH (p:Person) WHERE NOT (p)-[:PLACED]->(:`Order`) RETURN p.name",
    "MATCH (c:City) WHERE NOT (:Person)-[:LIVES_IN]->(c) AND c.name <> 'Oslo' RETURN c.name",
    "MATCH (p:Person)-[:KNOWS]->(p2:Person) WHERE NOT (p2)-[:KNOWS]->(p) RETURN p.name, p2.name",
    "MATCH (p:Person) WHERE (p)-[:KNOWS]->(:Person)-[:PLACED]->() OR (p.age > 3) RETURN count(p)",
    "MATCH (p:Person) WHERE p.name STARTS WITH 'it\\'s' OR p.active = true RETURN p.name;",
]
REFUSED = [
    "MATCH (p:Person) RETURN p.total",
    "MATCH (p:Person) RETURN q.name",
    "MATCH (p:People) RETURN p.name",
    "MATCH (c:City)-[:LIVES_IN]->(p:Person) RETURN p.name",
    "MATCH (p:Person) WHERE p.age = 'old' RETURN p.name",
    "MATCH (p:Person) WHERE count(p) > 3 RETURN p.name",
    "MATCH (p:Person) RETURN sum(p.name)",
    "MATCH (p:Person) RETURN p.name, p.name",
    "MATCH (p:Person) RETURN DISTINCT p.name ORDER BY p.age",
    "MATCH (p:Person)-[:LIVES_IN]->(c:City) WITH c, count(p) AS total RETURN p.name",
    "MATCH (p:Person) DELETE p",
    "MATCH (p:Person) WHERE NOT (p) RETURN p.name",
    "MATCH (p:Person) WHERE NOT (p)-[:LIVES_IN]->(:Person) RETURN p.name",
    "MATCH (p:Person) WHERE (p)-[:PLACED]->(o:`Order`) RETURN p.name",
    "MATCH (p:Person) WHERE (q)-[:KNOWS]->(:Person) RETURN p.name",
]


def test_what_people_ask_is_allowed_and_runs_and_the_rest_is_not_written() -> None:
    graph = graph_of(GRAPHS[0])
    grammar = GroundedGrammar.over(bound_cypher(), "", names=scope_of(graph))
    connection = database(graph)
    for query in RUN:
        assert grammar.accepts(query), query
        connection.execute(query)
    assert [query for query in REFUSED if grammar.accepts(query)] == []
    for begun in ("", "MATCH (p:Per", "MATCH (p:Person) WHERE p.age", "MATCH (c:City) WITH c, "):
        ending = grammar.shortest_completion(begun)
        assert ending is not None and grammar.accepts(begun + ending)
        connection.execute(begun + ending)


def test_a_type_may_lead_to_several_labels() -> None:
    graph = graph_of(
        "(:Owner {name: STRING}) (:Boat {name: STRING}) (:House {street: STRING})"
        "(:Owner)-[:OWNS]->(:Boat) (:Owner)-[:OWNS]->(:House) (:Boat)-[:NEAR]->(:House)"
    )
    grammar = GroundedGrammar.over(bound_cypher(), "", names=scope_of(graph))
    for query in (
        "MATCH (o:Owner)-[:OWNS]->(b:Boat) RETURN b.name",
        "MATCH (o:Owner)-[r:OWNS]->(h:House)<-[:NEAR]-(b:Boat) RETURN h.street",
        "MATCH (o:Owner)-[:OWNS]->(b:Boat), (o)-[:OWNS]->(h:House) RETURN o.name",
        "MATCH (o:Owner) WHERE (o)-[:OWNS]->() AND NOT (o)-[:OWNS]->(:Boat) RETURN o.name",
    ):
        assert grammar.accepts(query), query
    assert not grammar.accepts("MATCH (o:Owner)-[:OWNS]->(b:Boat) RETURN b.street")


def test_a_graph_without_labels_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        graph_of("people and their dogs")
    assert caught.value.code == "bad_schema"


PATTERN = "The relationships:\n(:Reader)-[:BORROWED]->(:Book)"
LISTS = {
    "bulleted": """Node labels:
- Reader {name: STRING, joined: INTEGER}
- Book {title: STRING}
Relationship types:
- (:Reader)-[:BORROWED {days: INTEGER}]->(:Book)""",
    "one line": f"""Node properties are the following:
Reader {{name: STRING, joined: INTEGER}},Book {{title: STRING}}
Relationship properties are the following:
BORROWED {{days: INTEGER}}
{PATTERN}""",
    "nested": f"""Node properties:
- **Reader**
  - `name`: STRING Example: "Ada"
  - `joined`: INTEGER Min: 1990, Max: 2024
- **Book**
  - `title`: STRING
Relationship properties:
- **BORROWED**
  - `days`: INTEGER
{PATTERN}""",
    "without headings": f"Reader {{name: STRING, joined: INTEGER}}\nBook {{title: STRING}}\n"
    f"BORROWED {{days: INTEGER}}\n{PATTERN}",
}


@pytest.mark.parametrize("name", LISTS)
def test_properties_are_read_from_the_lists_that_tools_print(name: str) -> None:
    graph = graph_of(LISTS[name])
    assert dict(graph.labels) == {
        "Reader": (("name", "text"), ("joined", "number")),
        "Book": (("title", "text"),),
    }
    assert dict(graph.types) == {"BORROWED": (("days", "number"),)}
    assert [(tie.type, tie.source, tie.target) for tie in graph.ties] == [
        ("BORROWED", "Reader", "Book")
    ]


def test_a_strangers_list_is_read_in_linear_time() -> None:
    began = time.process_time()
    for text in (
        "a" * 200_000,
        "a {" * 100_000,
        "- **a**\n" * 50_000,
        "**" * 200_000,
        "a{}" * 60_000,
    ):
        graph_of(f"(:A)\n{text}")
    assert time.process_time() - began < 5
