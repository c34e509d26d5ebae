"""Routing: what makes an expert fit a prompt, hints as a language, and speed."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.core.router import Candidate, Route, Router
from expertserve.errors import ConfigError
from expertserve.package.hint import And, Is, Not, Or, Part, parse_hint, words
from expertserve.package.manifest import Routing, parse_manifest

DDL = "Dialect: postgres\nSchema:\nCREATE TABLE lighthouses (id INT, graph TEXT, json TEXT);"
GRAPH = "(:Person {name: STRING})\n(:Person)-[:KNOWS]->(:Person)"
SHAPE = '{"name": "string", "age": "integer"}'
plain = st.from_regex(r"[a-z]{2,8}", fullmatch=True)


def entry(
    name: str,
    keywords: str = "",
    excluded: str = "",
    hint: str = "",
    priority: float = 0.5,
    tags: str = "",
) -> Candidate:
    """Keywords are separated by |."""
    routing = Routing(
        keywords=tuple(filter(None, keywords.split("|"))),
        exclude_keywords=tuple(filter(None, excluded.split("|"))),
        router_hint=hint,
        priority=priority,
    )
    return Candidate(name, routing, (), tuple(filter(None, tags.split("|"))))


def names(routes: list[Route]) -> list[str]:
    return [r.name for r in routes]


def fits(keyword: str, prompt: str) -> bool:
    return bool(Router([entry("x", keyword)]).route(prompt))


SQL = entry("sql", "sql|how many|average|list", "cypher", "database=sql OR task=text2sql", 0.8)
CYPHER = entry("cypher", "cypher|graph|how many", "json", "database=graph OR query=cypher", 0.7)
JSON = entry("json", "json|extract", "sql", "format=json", 0.75)
DEMO = Router([SQL, CYPHER, JSON])


def test_keywords_choose_the_expert_and_why_names_them() -> None:
    best, *others = DEMO.route("How many users are there, on average?")
    assert (best.name, best.why) == ("sql", "keywords: how many, average")
    assert names(others) == ["cypher"]


def test_no_expert_fits_is_an_empty_list() -> None:
    assert DEMO.route("Good morning!") == []
    assert DEMO.route("") == []
    assert Router([]).route("How many users are there?") == []
    assert Router([entry("silent")]).route("anything") == []


@pytest.mark.parametrize(
    ("context", "name", "why"),
    [(DDL, "sql", "DDL"), (GRAPH, "cypher", "a graph pattern"), (SHAPE, "json", "a JSON object")],
)
def test_the_shape_of_a_schema_decides(context: str, name: str, why: str) -> None:
    for route in (
        DEMO.route("How many are there?", context),
        DEMO.route(f"{context}\nHow many are there?".replace("json", "")),
    ):
        assert route[0].name == name
        assert f"({why})" in route[0].why


def test_words_of_the_context_neither_choose_nor_exclude() -> None:
    assert names(DEMO.route("Good morning!", DDL)) == ["sql"]
    assert names(DEMO.route("Good morning!", "extract json")) == []


def test_an_excluded_word_excludes_whatever_else_speaks_for_the_expert() -> None:
    assert "sql" not in names(DEMO.route("How many? SQL or Cypher", DDL))
    assert "sql" in names(DEMO.route("How many decyphered texts?", DDL))


@pytest.mark.parametrize(
    ("keyword", "prompt"),
    [
        ("group by", "then GROUP  BY country"),
        ("group by", "the group_by clause"),
        ("straße", "In welcher STRASSE?"),
        ("café", "the cafe\u0301s and one cafe\u0301"),
        ("ﬁle", "a file"),
        ("c++", "in C++, please"),
        ("数据库", "请查询数据库中的用户"),
        ("データ", "全部のデータを"),
        ("türkçe", "TÜRKÇE?"),
        ("what's", "What's that?"),
    ],
)
def test_keywords_are_found_whatever_their_case_script_and_spacing(
    keyword: str, prompt: str
) -> None:
    assert fits(keyword, prompt)


@pytest.mark.parametrize(
    ("keyword", "prompt"),
    [
        ("table", "portable tables"),
        ("c", "in C++"),
        ("group by", "by group"),
        ("!!!", "!!!"),
        ("", "x"),
    ],
)
def test_keywords_are_whole_words_in_order(keyword: str, prompt: str) -> None:
    assert not fits(keyword, prompt)


def test_a_keyword_listed_twice_counts_once() -> None:
    assert Router([entry("x", "sql|SQL|sql")]).route("sql") == Router([entry("x", "sql")]).route(
        "sql"
    )


def test_more_evidence_goes_before_priority_and_priority_before_the_name() -> None:
    a, b = entry("a", "one|two", priority=0.5), entry("b", "one", priority=0.6)
    assert names(Router([b, a]).route("one two")) == ["a", "b"]
    assert names(Router([a, b]).route("one")) == ["b", "a"]
    same = [entry(name, "one") for name in "cab"]
    assert names(Router(same).route("one")) == ["a", "b", "c"]


def test_the_shape_decides_however_many_words_two_experts_share() -> None:
    shared = "|".join(f"w{i}" for i in range(9))
    router = Router(
        [entry("a", shared, priority=0.8), entry("b", shared, hint="format=json", priority=0.7)]
    )
    assert names(router.route(shared.replace("|", " "), SHAPE)) == ["b", "a"]
    assert names(router.route(shared.replace("|", " "))) == ["a", "b"]


def test_an_expert_of_priority_zero_still_fits() -> None:
    (route,) = Router([entry("x", "one", priority=0)]).route("one")
    assert route.score == 0.2929  # 1 - 2 ** -0.5


def test_tags_support_but_never_suffice_unless_there_are_no_keywords() -> None:
    tagged = Router([entry("x", "sql", tags="postgres"), entry("y", tags="postgres")])
    assert names(tagged.route("postgres")) == ["y"]
    first, second = tagged.route("sql on postgres")
    assert (first.name, first.why, second.why) == (
        "x",
        "keywords: sql; tags: postgres",
        "keywords: postgres",
    )


def test_capabilities_count_by_their_value() -> None:
    router = Router([Candidate("x", Routing(), ("task:text2sql", "database:postgres"))])
    assert router.route("what task? which database?") == []
    assert router.route("postgres, please")[0].why == "keywords: postgres"


def test_a_manifest_is_read_as_an_entry() -> None:
    manifest = parse_manifest(
        b'{"name": "expert-x", "version": "1.0.0", "base_models": [{"name": "m"}], "tags": ["postgres"], "routing": {"keywords": ["sql"]}}'
    )
    assert Router([("mine", manifest)]).route("SQL on Postgres") == [
        ("mine", 0.4779, "keywords: sql; tags: postgres")
    ]


def test_a_hint_is_met_by_words() -> None:
    router = Router([entry("x", hint="task=data_extraction AND NOT language=german")])
    assert router.route("a data extraction")[0].why == "hint: task=data extraction"
    assert router.route("a German data extraction") == []


def test_a_hint_that_only_denies_is_no_evidence() -> None:
    assert Router([entry("x", hint="NOT database=sql")]).route("Good morning!") == []


def test_a_hint_that_is_false_takes_nothing_from_keywords() -> None:
    assert names(Router([entry("x", "one", hint="database=sql")]).route("one")) == ["x"]


def test_a_malformed_hint_is_a_warning_and_the_keywords_still_count() -> None:
    router = Router([entry("x", "one", hint="database= OR"), SQL])
    assert names(router.route("one")) == ["x"]
    (warning,) = router.warnings
    assert warning.startswith("x: router_hint, column 11: a value should stand here, not 'OR'")


@pytest.mark.parametrize(
    ("hint", "column", "said"),
    [
        ("", 1, "key=value, NOT or '(' should stand here, not the end"),
        ("database", 9, "'=' after 'database'"),
        ("database=", 10, "a value"),
        ("a=b OR", 7, "key=value, NOT"),
        ("a=b c=d", 5, "AND, OR or the end should stand here, not 'c'"),
        ("(a=b", 5, "the ')' of column 1"),
        ("a=b)", 4, "AND, OR or the end"),
        ("a==b", 3, "a value should stand here, not '='"),
        ('a="b', 3, "this quote isn't closed"),
        ('a="--"', 3, "no letter or digit"),
        ("NOT", 4, "key=value"),
        ("(" * 51 + "a=b" + ")" * 51, 51, "deeper than 50"),
        ("NOT " * 51 + "a=b", 201, "deeper than 50"),
        ("a=b OR " * 2000 + "a=b", 10001, "10000 are read"),
    ],
)
def test_a_malformed_hint_is_refused_with_its_column(hint: str, column: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_hint(hint)
    assert caught.value.code == "bad_hint"
    assert f"column {column}: " in caught.value.message
    assert said in caught.value.message


@pytest.mark.parametrize("sign", [">", "<", ">=", "<=", " > "])
def test_a_comparison_is_read_and_unknown(sign: str) -> None:
    hint = parse_hint(f"task=writing OR formality{sign}0.7")
    assert hint.unknown == (f"formality{sign.strip()}0.7",)
    assert hint.holds({Is("task", "writing")}.__contains__)
    never = set[Is]().__contains__
    assert not hint.holds(never)
    assert not parse_hint(f"formality{sign}0.7").holds(never)
    assert not parse_hint(f"NOT formality{sign}0.7").holds(never)
    assert not parse_hint(f"NOT (a=b AND formality{sign}0.7)").holds({Is("a", "b")}.__contains__)
    assert parse_hint(f"NOT (a=b AND formality{sign}0.7)").holds(never)


def test_unequal_is_a_negation() -> None:
    assert parse_hint("a!=b").root == Not(Is("a", "b"))
    assert parse_hint("a=wow!").root == Is("a", "wow")


def test_an_expert_is_found_beside_its_comparison() -> None:
    router = Router([entry("essay", hint="task=writing OR formality>0.7")])
    assert not router.warnings and [r.name for r in router.route("A task in writing")] == ["essay"]
    assert router.route("something formal") == []


def test_not_binds_closest_then_and_then_or() -> None:
    a, b, c = Is("a", "x"), Is("b", "x"), Is("c", "x")
    assert parse_hint("a=x or NOT b=x and c=x").root == Or((a, And((Not(b), c))))
    assert parse_hint("(a=x OR b=x) AND NOT (c=x)").root == And((Or((a, b)), Not(c)))
    assert parse_hint('A="X!"').root == a


def test_the_longest_and_deepest_hint_parses() -> None:
    assert len(parse_hint("a=b OR " * 1400 + "a=c").every) == 2
    assert parse_hint("(" * 50 + "a=b" + ")" * 50).root == Is("a", "b")


atoms = st.builds(Is, st.sampled_from("abc"), st.sampled_from("xyz"))
trees = st.recursive(
    atoms,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


def written(part: Part, rng: random.Random) -> str:
    """A tree as text, with parentheses where needed and sometimes where not."""
    if isinstance(part, Is):
        text = f"{part.key}{rng.choice(('=', ' = '))}{part.value}"
    elif isinstance(part, Not):
        text = f"NOT ({written(part.part, rng)})"
    else:
        joint = " AND " if isinstance(part, And) else "  or "
        text = joint.join(f"({written(p, rng)})" for p in part.parts)
    return f"({text})" if rng.random() < 0.2 else text


def truth(part: Part, true: set[Is]) -> bool:
    if isinstance(part, Is):
        return part in true
    if isinstance(part, Not):
        return not truth(part.part, true)
    return (all if isinstance(part, And) else any)(truth(p, true) for p in part.parts)


@given(trees, st.sets(atoms), st.integers())
def test_every_expression_reads_as_it_was_written(tree: Part, true: set[Is], seed: int) -> None:
    hint = parse_hint(written(tree, random.Random(seed)))
    assert hint.root == tree
    assert hint.holds(true.__contains__) is truth(tree, true)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["a", "=", "(", ")", "AND", "OR", "NOT", '"b c"', " ", "x=y"])).map(
        " ".join
    )
)
def test_any_hint_parses_or_is_refused(text: str) -> None:
    try:
        hint = parse_hint(text)
        assert hint.every or hint.unknown
    except ConfigError as error:
        assert error.code == "bad_hint"


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_prompt_is_routed_the_same_way_twice(prompt: str, context: str) -> None:
    routes = DEMO.route(prompt, context)
    assert routes == DEMO.route(prompt, context)
    assert all(0 < r.score <= 1 and r.why for r in routes)
    assert routes == sorted(routes, key=lambda r: -r.score)


@given(st.text(min_size=1, max_size=30).filter(words), st.text(max_size=50), st.text(max_size=50))
def test_a_keyword_is_found_wherever_it_stands(keyword: str, before: str, after: str) -> None:
    assert fits(keyword, f"{before} . {keyword} . {after}")


@given(
    st.permutations([SQL, CYPHER, JSON, entry("other", "list", priority=0.8)]),
    st.sampled_from(["List how many", "list", "json graph"]),
)
def test_the_order_of_loading_does_not_matter(order: list[Candidate], prompt: str) -> None:
    assert Router(order).route(prompt) == Router(
        [SQL, CYPHER, JSON, entry("other", "list", priority=0.8)]
    ).route(prompt)


@given(st.lists(plain, min_size=1, max_size=8))
def test_another_expert_changes_nothing_for_the_others(keywords: list[str]) -> None:
    prompt = "How many rows does this graph database list in JSON? " + " ".join(keywords)
    more = Router([SQL, CYPHER, JSON, entry("more", "|".join(keywords))])
    assert [r for r in more.route(prompt) if r.name != "more"] == DEMO.route(prompt)


@settings(deadline=None)
@given(st.text(max_size=500))
def test_words_are_stable(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


def many(count: int) -> Router:
    """Experts with 30 keywords each, half of them common to all, and a hint of their own."""
    rng = random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz"
    rare = ["".join(rng.choices(letters, k=6)) for _ in range(3000)]
    common = "show|list|count|sum|average|find|get|how many|table|query|database|which|group by|order by|select".split(
        "|"
    )
    return Router(
        [
            entry(
                f"e{i}",
                "|".join([*common, *rng.sample(rare, 15)]),
                rng.choice(rare),
                f"database=d{i} OR task=text2sql",
                0.5,
            )
            for i in range(count)
        ]
    )


def test_two_hundred_experts_are_each_given_their_score() -> None:
    assert (
        len(
            many(200).route(
                "Show how many orders each lighthouse of the table has, and the average price, for those from Norway?"
            )
        )
        == 200
    )


def test_a_huge_prompt_is_read_as_far_as_needed() -> None:
    prompt = json.dumps({"text": "((((" * 100_000})
    began = time.thread_time()
    assert names(DEMO.route(prompt + " how many", prompt)) == ["json"]
    assert time.thread_time() - began < 0.2
