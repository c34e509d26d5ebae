"""The grammars that ship: what they accept, what they refuse, and that real parsers read all they
allow.
"""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pglast import keywords as postgres_keywords

from expertserve.decoding.compile import vocabulary_of
from expertserve.decoding.follow import Follower
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Mask
from expertserve.decoding.validate import MAX_BRACKETS, MAX_CYPHER, MAX_TEXT, Verdict, validate
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Alt, Literal, Seq
from expertserve.result import Chunk
from tests.parsers import PARSERS, parts
from training import cypher, json_extract, sql

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "grammars"
NAMES = sorted(path.stem for path in FOLDER.glob("*.gbnf"))
SQLS = ("sql", "sql-postgres", "sql-sqlite")


@pytest.fixture(scope="module")
def grammars() -> dict[str, Grammar]:
    return {name: Grammar.from_gbnf((FOLDER / f"{name}.gbnf").read_bytes()) for name in NAMES}


def listed(name: str, kind: str) -> list[str]:
    """One sentence a line, each as a JSON string."""
    return [
        json.loads(line) for line in (FOLDER / f"{name}.{kind}.txt").read_text().split("\n")[:-1]
    ]


def test_every_grammar_that_is_promised_ships() -> None:
    assert set(NAMES) >= {
        "json",
        "json-object",
        "sql",
        "sql-postgres",
        "sql-sqlite",
        "cypher",
        "date",
        "number",
        "list",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_grammar_accepts_what_it_must(grammars: dict[str, Grammar], name: str) -> None:
    sentences = listed(name, "accept")
    assert len(set(sentences)) >= 30
    assert [s for s in sentences if not grammars[name].accepts(s)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_grammar_refuses_what_it_must(grammars: dict[str, Grammar], name: str) -> None:
    sentences = listed(name, "refuse")
    assert len(set(sentences)) >= 30
    assert [s for s in sentences if grammars[name].accepts(s)] == []


def wrong(name: str, grammar: Grammar, count: int, seed: int) -> list[tuple[str, str, str]]:
    """Sentences of the grammar, small and large, that one of its parsers refuses."""
    rng, found = random.Random(seed), []
    for part, parsers in parts(name, grammar):
        for _ in range(count):
            text = part.sample(rng, max_chars=rng.choice((30, 80, 160)))
            assert part.accepts(text), text
            found += [
                (parser.__name__, text, error) for parser in parsers if (error := parser(text))
            ]
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_random_sentences_parse_in_real_parsers(grammars: dict[str, Grammar], name: str) -> None:
    assert wrong(name, grammars[name], 300, seed=1)[:3] == []


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_thousands_of_random_sentences_parse_in_real_parsers(
    grammars: dict[str, Grammar], name: str
) -> None:
    assert wrong(name, grammars[name], 3_000, seed=2)[:3] == []


def chance(
    mask: Mask, grammar: Grammar, vocabulary: Vocabulary, rng: np.random.Generator, budget: int
) -> str:
    """What a model of pure chance writes under a mask, ended as every answer is."""
    size, end, state = max(vocabulary.tokens) + 1, -1, mask.start()
    follower = Follower(
        grammar,
        vocabulary.tokens,
        lambda text: vocabulary.spell(text, lambda _: []),
        max_tokens=budget,
        ends=frozenset({end}),
    )
    row, text = np.zeros((size + 31) // 32, dtype=np.int32), ""
    while not follower.ended:
        state.fill(row)
        allowed = np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little")[:size])
        ends = state.accepting and (len(allowed) == 0 or rng.random() < 0.2)
        token = end if ends else int(rng.choice(allowed))
        chunk = follower.follow(Chunk("", (token,)))
        text += chunk.text if chunk else ""
        assert ends or follower.ended or state.commit(token)
    assert follower.complete
    return text


def wrong_by_chance(
    name: str, grammar: Grammar, folder: Path, count: int
) -> list[tuple[str, str, str]]:
    """The same of what is written under the mask, with a real vocabulary."""
    vocabulary, rng = vocabulary_of(folder), np.random.default_rng(4)
    found = []
    for part, parsers in parts(name, grammar):
        mask = GlrMask.compile(part.rules, GlrVocabulary(vocabulary), "quick")
        for _ in range(count):
            text = chance(mask, part, vocabulary, rng, int(rng.integers(24, 64)))
            assert part.accepts(text), text
            found += [
                (parser.__name__, text, error) for parser in parsers if (error := parser(text))
            ]
    return found


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_500_texts_that_a_random_model_writes_under_the_mask_parse(
    grammars: dict[str, Grammar], demo_base: Path, name: str
) -> None:
    assert wrong_by_chance(name, grammars[name], demo_base, 500)[:3] == []


def answers(module: object, count: int = 400) -> set[str]:
    """What the demo expert's test questions are answered with."""
    lessons = itertools.islice(module.lessons("test", 3), 60)  # type: ignore[attr-defined]
    return set(
        itertools.islice((pair.answer for lesson in lessons for pair in lesson.pairs), count)
    )


@pytest.mark.parametrize(
    ("name", "module"),
    [
        *((name, sql) for name in SQLS),
        ("cypher", cypher),
        ("json", json_extract),
        ("json-object", json_extract),
    ],
)
def test_right_answers_of_the_demo_experts_are_sentences(
    grammars: dict[str, Grammar], name: str, module: object
) -> None:
    gold = answers(module)
    assert len(gold) >= 300
    assert [text for text in gold if not grammars[name].accepts(text)] == []


PLACES = (
    "SELECT {k}, t.{k} AS x, {k}.a FROM {k}",
    "SELECT a AS {k} FROM t {k} JOIN u AS {k} ON {k}.a = u.{k}",
    "WITH {k} AS (SELECT a FROM t) SELECT a FROM {k} WHERE {k} IN ({k}, 1) AND NOT {k} OR {k} BETWEEN {k} AND {k}",
    "SELECT CASE {k} WHEN {k} THEN {k} ELSE {k} END, CAST({k} AS TEXT), SUM({k}), -{k} FROM t",
    "SELECT a FROM t GROUP BY {k} HAVING {k} > 1 ORDER BY {k} DESC",
    "SELECT {k} || {k}, {k} * {k} + {k} FROM (SELECT a FROM t) {k} LIMIT 1",
    "SELECT SUM(a) OVER (PARTITION BY {k} ORDER BY {k}) FROM t JOIN u USING ({k})",
    "SELECT a FROM t WHERE {k} IS NULL AND {k} LIKE 'x' UNION SELECT {k} FROM t",
)
SQLITE_KEYWORDS = """
abort action add after always attach before begin by cascade column conflict current database deferred desc detach do each end
exclude exclusive explain fail filter first following generated glob groups if ignore immediate initially instead key last match
materialized no nulls of others over partition plan pragma preceding query range regexp reindex release rename replace restrict
rollback row rows savepoint temp temporary ties trigger unbounded vacuum view virtual without
""".split()


@pytest.mark.parametrize("name", SQLS)
def test_no_name_is_a_word_that_the_parsers_keep_for_themselves(
    grammars: dict[str, Grammar], name: str
) -> None:
    words = {
        *SQLITE_KEYWORDS,
        "qualify",
        "straight_join",
        "xor",
        "asof",
        "semi",
        "anti",
        "year",
        "name",
        "position",
        "count",
    }
    for kind in ("RESERVED", "TYPE_FUNC_NAME", "COL_NAME", "UNRESERVED"):
        words |= getattr(postgres_keywords, f"{kind}_KEYWORDS")
    cases = (
        (i + j, word, place)
        for i, word in enumerate(sorted(words))
        for j, place in enumerate(PLACES)
    )
    candidates = [
        place.replace("{k}", word if n % 2 else word.upper()) for n, word, place in cases
    ]  # both cases, for each word and place
    accepted = [text for text in candidates if grammars[name].accepts(text)]
    assert len(accepted) > 1_500
    assert [
        (text, error) for text in accepted for parser in PARSERS[name] if (error := parser(text))
    ][:3] == []


@pytest.mark.parametrize("name", SQLS)
@pytest.mark.parametrize(
    "word",
    [
        "select",
        "from",
        "where",
        "order",
        "group",
        "join",
        "union",
        "case",
        "limit",
        "then",
        "not",
        "in",
    ],
)
def test_a_keyword_is_a_name_only_in_quotes(
    grammars: dict[str, Grammar], name: str, word: str
) -> None:
    for spelling in (word, word.upper(), word.title()):
        assert not grammars[name].accepts(f"SELECT {spelling} FROM t")
        assert grammars[name].accepts(f'SELECT "{spelling}" FROM t')
        assert grammars[name].accepts(f"SELECT {spelling}s FROM t")


@pytest.mark.parametrize("name", SQLS)
def test_tables_and_columns_can_be_replaced_by_those_of_a_schema(
    grammars: dict[str, Grammar], name: str
) -> None:
    columns, people = Alt((Literal("age"), Literal("city"))), Literal("people")
    known = grammars[name].replace_rules(
        {"table-name": people, "column-name": columns, "qualifier": people, "table-alias": Seq()}
    )
    assert known.accepts("SELECT people.age FROM people WHERE city = 'Rome'")
    assert not known.accepts("SELECT people.name FROM people")
    assert not known.accepts("SELECT age FROM persons")
    assert not known.accepts("SELECT age FROM people p")


def test_labels_types_and_properties_can_be_replaced_by_those_of_a_graph(
    grammars: dict[str, Grammar],
) -> None:
    known = grammars["cypher"].replace_rules(
        {
            "label": Literal("Dog"),
            "relationship-type": Literal("OWNS"),
            "property-name": Literal("name"),
        }
    )
    assert known.accepts("MATCH (p)-[:OWNS]->(d:Dog {name: 'Rex'}) RETURN d.name")
    assert not known.accepts("MATCH (d:Cat) RETURN d.name")
    assert not known.accepts("MATCH (d:Dog) RETURN d.age")
    assert not known.accepts("MATCH (p)-[:EATS]->(d) RETURN p")


def test_the_generated_parts_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_grammars.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


# ── verdicts ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["json", "json-object", *SQLS, "cypher"])
def test_a_verdict_on_a_right_text_is_valid(name: str) -> None:
    assert {validate(name, text).valid for text in listed(name, "accept")} == {True}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("json", '{"a": 1,}'),
        ("json", "NaN"),
        ("json-object", "[]"),
        ("sql", "SELECT name FORM lighthouses"),
        ("sql", "SELECT `a` FROM t"),
        ("sql-postgres", "SELECT a FROM t LIMIT 1, 2"),
        ("sql-postgres", "SELECT 1; DROP TABLE t"),
        ("sql-sqlite", "SELECT a FROM"),
        ("sql-sqlite", "SELECT a FROM t WHERE a = 'x"),
        ("sql-sqlite", "SELECT 1; DROP TABLE t"),
        ("sql-sqlite", "SELECT a::int FROM t"),
        ("cypher", "MATCH (p:Person RETURN p"),
        ("cypher", "SELECT 1"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_verdict_on_a_wrong_text_names_parser_and_reason(kind: str, text: str) -> None:
    verdict = validate(kind, text)
    assert verdict.valid is False
    assert verdict.parser
    assert verdict.message


def test_a_missing_table_is_no_syntax_error() -> None:
    assert validate("sql-sqlite", "SELECT no_such(a) FROM missing") == Verdict(True, "sqlite")


def test_nothing_is_run_to_judge_it(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    validate("sql-sqlite", f"ATTACH '{file}' AS other")
    validate("sql-sqlite", f"VACUUM INTO '{file}'")
    assert not file.exists()


def test_a_kind_without_parser_is_unjudged() -> None:
    assert validate("kql", "T | take 5").valid is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["json", *SQLS, "cypher"])
@pytest.mark.parametrize(
    "piece", ["(", "[", "{", "CASE WHEN ", "SELECT (", '[{"a":', "EXISTS { MATCH (a) WHERE ", "a\0"]
)
def test_hostile_texts_are_not_called_valid_and_end_nothing(kind: str, piece: str) -> None:
    begin = "RETURN " if kind == "cypher" else "SELECT "
    for size in (MAX_BRACKETS, MAX_CYPHER, MAX_TEXT):
        assert validate(kind, (begin + piece * size)[:size]).valid is not True


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["json", *SQLS, "cypher"])
@pytest.mark.parametrize("piece", ["NOT ", "- ", "1 + ", "a.", "a = "])
def test_long_chains_are_judged_or_left_alone(kind: str, piece: str) -> None:
    begin = "RETURN " if kind == "cypher" else "SELECT "
    for size in (MAX_CYPHER, MAX_TEXT):
        text = begin + piece * ((size - 10) // len(piece)) + "1"
        assert validate(kind, text).valid in (True, False, None)
