"""The recogniser on the published grammars."""

from __future__ import annotations

import random
import time

import pytest

from expertserve.grammar.recognise import Grammar
from tests.published import published as grammar_of

SENTENCES = {
    "sql": [
        "SELECT * FROM users",
        "SELECT name, COUNT(*) AS n FROM users AS u LEFT JOIN orders AS o ON u.id = o.user_id WHERE age > 30 AND name LIKE 'A%' "
        "GROUP BY name HAVING COUNT(*) > 5 ORDER BY n DESC LIMIT 10 OFFSET 5",
        "SELECT a FROM b WHERE x IN (SELECT id FROM c WHERE y = 'Köln') AND CASE WHEN a = 1 THEN 'b' ELSE c END = 'b'",
        "SELECT name\nFROM users\nWHERE NOT age > 3",
    ],
    "json": ['{"a": [1, -2.5e+10, true, null, {"b": []}], "ü\\n": "\\u00e4"}', "3", '"😀"', "[ ]"],
}

REFUSED = {
    "sql": [
        "SELECT",
        "SELECT * FROM users;",
        "select * FROM users",
        "SELECT * FROM users WHERE",
        "SELECT a FROM b WHERE x IN (1, 2)",
    ],
    "json": ['{"a": 1,}', "01", "[1 2]", '"a', "{'a': 1}", '"\\x"', ""],
}


@pytest.fixture(scope="module", params=SENTENCES)
def published(request: pytest.FixtureRequest) -> tuple[str, Grammar]:
    return request.param, Grammar.from_gbnf(grammar_of(request.param))


def test_published_grammars_take_what_they_should(published: tuple[str, Grammar]) -> None:
    name, grammar = published
    for text in SENTENCES[name]:
        assert grammar.accepts(text)
        assert all(grammar.is_prefix(text[:end]) for end in range(len(text)))
    assert not [text for text in REFUSED[name] if grammar.accepts(text)]


def test_every_prefix_of_a_published_sample_can_be_ended(published: tuple[str, Grammar]) -> None:
    _, grammar = published
    rng = random.Random(7)
    for _ in range(20):
        sample = grammar.sample(rng, max_chars=120)
        assert grammar.accepts(sample)
        for end in range(0, len(sample), 3):
            ending = grammar.shortest_completion(sample[:end])
            assert ending is not None
            assert len(ending) <= len(sample) - end
            assert grammar.accepts(sample[:end] + ending)


def test_following_a_published_grammar_costs_little(published: tuple[str, Grammar]) -> None:
    name, grammar = published
    rng = random.Random(3)
    texts = [*SENTENCES[name], *(grammar.sample(rng) for _ in range(10))]
    for budget in (1e-3, 20e-6):  # the first time and later; measured: 60 µs and 0.5 µs a character
        start = time.thread_time()
        for text in texts:
            cursor = grammar.start()
            data = text.encode()
            for at in range(0, len(data), 4):
                assert cursor.feed(data[at : at + 4])
                cursor.ending_chars()
        assert time.thread_time() - start < budget * sum(map(len, texts))


def test_samples_reach_every_rule_of_a_published_grammar() -> None:
    grammar, rng = Grammar.from_gbnf(grammar_of("sql")), random.Random(0)
    text = " ".join(grammar.sample(rng) for _ in range(300))
    keywords = "DISTINCT ALL LEFT RIGHT FULL CROSS WHERE GROUP HAVING ORDER ASC DESC LIMIT OFFSET NOT LIKE IS CASE ELSE coalesce NULL false"
    assert not [word for word in keywords.split() if word not in text]
