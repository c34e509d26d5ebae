"""GBNF text ↔ tree: the whole format, every way to get it wrong, and bombs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.errors import GrammarError
from expertserve.grammar.gbnf import MAX_HEIGHT, parse
from expertserve.grammar.marks import marks_of
from expertserve.grammar.scan import ANY, class_of
from expertserve.grammar.tree import (
    MARKS,
    Alt,
    Class,
    Literal,
    Node,
    Ref,
    Repeat,
    Rules,
    Seq,
    walk,
)
from expertserve.grammar.write import write, write_node
from tests.published import published


def root(text: str) -> Node:
    return parse(f'root ::= {text}\nx ::= "x"\n').rules["root"]


def chars(text: str) -> Class:
    return class_of([(ord(c), ord(c)) for c in text])


X = Ref("x")
READ: dict[str, Node] = {
    '"abc"': Literal("abc"),
    '"a" "b"': Seq((Literal("a"), Literal("b"))),
    '"a"|"b"': Alt((Literal("a"), Literal("b"))),
    '""': Seq(),
    '"a" ""': Literal("a"),
    '"a" |': Alt((Literal("a"), Seq())),
    "| | x": Alt((Seq(), Seq(), X)),
    "()": Seq(),
    '"a" () (("")) x': Seq((Literal("a"), X)),
    "()*": Repeat(Seq(), 0, None),
    "(((x)))": X,
    "(x x) x": Seq((Seq((X, X)), X)),
    "x | (x | x)": Alt((X, Alt((X, X)))),
    "x* x+ x?": Seq((Repeat(X, 0, None), Repeat(X, 1, None), Repeat(X, 0, 1))),
    "x{3} x{3,} x{3,4} x{0,0}": Seq(
        (Repeat(X, 3, 3), Repeat(X, 3, None), Repeat(X, 3, 4), Repeat(X, 0, 0))
    ),
    "x{ 3 , 4 }": Repeat(X, 3, 4),
    "x *": Repeat(X, 0, None),
    "x+?": Repeat(Repeat(X, 1, None), 0, 1),
    "x{2}{3}": Repeat(Repeat(X, 2, 2), 3, 3),
    '("")*': Repeat(Seq(), 0, None),
    '"a"{1999}': Repeat(Literal("a"), 1999, 1999),
    "[a-c]": Class(((97, 99),)),
    "[cab]": Class(((97, 99),)),
    "[a-cb-z]": Class(((97, 122),)),
    "[a-]": chars("a-"),
    "[-a]": chars("a-"),
    r"[a\-c]": chars("a-c"),
    r"[\]\[]": chars("[]"),
    "[a^]": chars("a^"),
    '["]': chars('"'),
    "[(|)#]": chars("(|)#"),
    "[+--]": Class(((43, 45),)),
    "[^a]": Class(((0, 96), (98, 0xD7FF), (0xE000, 0x10FFFF))),
    "[^\\x00-\\U0010FFFF]": Class(()),
    "[\\uD800-\\uDFFF]": Class(()),
    "[\\uD7FF-\\uE000]": Class(((0xD7FF, 0xD7FF), (0xE000, 0xE000))),
    ".": ANY,
    r'"\x41\u0042\U00000043\t\r\n\\\"\[\]\-"': Literal('ABC\t\r\n\\"[]-'),
    r'"\x414"': Literal("A4"),
    '"é语😀"': Literal("é语😀"),
    '"a\nb"': Literal("a\nb"),
    '"#"': Literal("#"),
    "x # comment": X,
    "(x # comment )\n\n  x)": Seq((X, X)),
    "x |\n  x": Alt((X, X)),
    "\n  x": X,
    "(\n x\n | x\n)": Alt((X, X)),
    "(x\n*)": Repeat(X, 0, None),
}


@pytest.mark.parametrize("text", READ)
def test_the_format_is_read_as_llama_cpp_does(text: str) -> None:
    assert root(text) == READ[text]


def test_names_may_be_odd() -> None:
    names = ["root", "Root", "1", "-", "a_b", "start", "Token", "import", "0-x", "--"]
    rules = parse("\n".join(f"{name} ::= {' | '.join(names)}" for name in names))
    assert list(rules.rules) == names


def test_empty_rules_are_legal_wherever_they_stand() -> None:
    rules = parse('root ::= a b c "x"\na ::=\nb ::= "b" |\n\nc ::=')
    assert rules.rules["a"] == rules.rules["c"] == Seq()
    assert rules.rules["b"] == Alt((Literal("b"), Seq()))
    assert rules.lines == {"root": 1, "a": 2, "b": 3, "c": 5}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_newlines_and_byte_order_marks_make_no_difference(newline: str, bom: str) -> None:
    text = bom + newline.join(
        ["# first", "", "root ::= a |", '  "b"', "a ::= (", '"c"', ") # end", ""]
    )
    for source in (text, text.encode()):
        rules = parse(source)
        assert rules == Rules(
            {"root": Alt((Ref("a"), Literal("b"))), "a": Literal("c")}, {"root": 3, "a": 5}
        )


def test_left_recursion_is_a_grammar_like_any_other() -> None:
    parse('root ::= root "a" | b\nb ::= c root | "x"\nc ::= ""')


MALFORMED: list[tuple[str | bytes, str, int, int]] = [
    ("", "empty_grammar", 1, 1),
    ("# nothing\n", "empty_grammar", 1, 1),
    ("root", "expected_define", 1, 5),
    ('root "a"', "expected_define", 1, 6),
    ('root = "a"', "expected_define", 1, 6),
    ('root := "a"', "expected_define", 1, 6),
    ('root : "a"', "expected_define", 1, 6),
    ('::= "a"', "expected_rule", 1, 1),
    ('"a"', "expected_rule", 1, 1),
    ('root ::= "a"\n  "b"', "expected_rule", 2, 3),
    ('root ::= "a"\n  | "b"', "expected_rule", 2, 3),
    ('root ::= x\n  x\nx ::= "a"', "expected_define", 2, 4),
    ('root ::= x x ::= "a"', "expected_newline", 1, 14),
    ('root ::= ::= "a"', "expected_newline", 1, 10),
    ('root ::= "abc', "unclosed_literal", 1, 10),
    ('root ::= "a\\"', "unclosed_literal", 1, 10),
    ('root ::= x\nx ::= "a" "b\n', "unclosed_literal", 2, 11),
    ("root ::= [abc", "unclosed_class", 1, 10),
    ("root ::= [abc\\]", "unclosed_class", 1, 10),
    ("root ::= []", "empty_class", 1, 10),
    ("root ::= [^]", "empty_class", 1, 10),
    ("root ::= [z-a]", "reversed_range", 1, 11),
    ("root ::= [0-9z-a]", "reversed_range", 1, 14),
    ('root ::= ("a"', "unclosed_group", 1, 10),
    ('root ::= "x" (("a")\n', "unclosed_group", 1, 14),
    ('root ::= ("a"\nb ::= "b"', "unclosed_group", 1, 10),
    ('root ::= "a")', "unexpected_close", 1, 13),
    ("root ::= *", "nothing_to_repeat", 1, 10),
    ('root ::= "a" | +', "nothing_to_repeat", 1, 16),
    ("root ::= (?)", "nothing_to_repeat", 1, 11),
    ('root ::= ""*', "nothing_to_repeat", 1, 12),
    ("root ::= {3}", "nothing_to_repeat", 1, 10),
    ('root ::= "a"{}', "bad_repetition", 1, 13),
    ('root ::= "a"{,5}', "bad_repetition", 1, 13),
    ('root ::= "a"{-1}', "bad_repetition", 1, 13),
    ('root ::= "a"{1.5}', "bad_repetition", 1, 13),
    ('root ::= "a"{x}', "bad_repetition", 1, 13),
    ('root ::= "a"{1,2,3}', "bad_repetition", 1, 13),
    ('root ::= "a"{1 2}', "bad_repetition", 1, 13),
    ('root ::= "a"{1', "bad_repetition", 1, 13),
    ('root ::= "a"{1,\n2}', "bad_repetition", 1, 13),
    ('root ::= "a"}', "unexpected_character", 1, 13),
    ('root ::= "a"{5,2}', "reversed_repetition", 1, 13),
    ('root ::= "a"{2000}', "repetition_too_large", 1, 13),
    ('root ::= "a"{0,2000}', "repetition_too_large", 1, 13),
    ('root ::= "a"{2000,}', "repetition_too_large", 1, 13),
    ('root ::= "a"{' + "9" * 5000 + "}", "repetition_too_large", 1, 13),
    ('root ::= "a"{50}{40}', "repetition_too_large", 1, 17),
    ('root ::= ("a"{50} "b"){40}', "repetition_too_large", 1, 23),
    ('root ::= (("a"{0,90}){0,90}){0,90}', "repetition_too_large", 1, 22),
    ('root ::= "\\x4"', "bad_escape", 1, 11),
    ('root ::= "a\\x4g"', "bad_escape", 1, 12),
    ('root ::= "\\u123"', "bad_escape", 1, 11),
    ('root ::= "\\U0001F60"', "bad_escape", 1, 11),
    ('root ::= "\\q"', "bad_escape", 1, 11),
    ('root ::= "\\\'"', "bad_escape", 1, 11),
    ("root ::= [\\.]", "bad_escape", 1, 11),
    ("root ::= [\\d]", "bad_escape", 1, 11),
    ('root ::= "\\U00110000"', "bad_code_point", 1, 11),
    ("root ::= [a-\\UFFFFFFFF]", "bad_code_point", 1, 13),
    ('root ::= "\\uD83D\\uDE00"', "surrogate", 1, 11),
    ('root ::= "\ud800"', "bad_character", 1, 11),
    ('root ::= "a\x00"', "bad_character", 1, 12),
    ("root ::= 'a'", "unexpected_character", 1, 10),
    ("root ::= /a/", "unexpected_character", 1, 10),
    ('root ::= "a" & "b"', "unexpected_character", 1, 14),
    ('root ::= "a";', "unexpected_character", 1, 13),
    ('root ::= "a" // comment', "unexpected_character", 1, 14),
    ("root ::= größe", "unexpected_character", 1, 12),
    ('root ::=\u00a0"a"', "unexpected_character", 1, 9),
    ("root ::= <source:xml>", "bad_mark", 1, 10),
    ("root ::= <>", "bad_mark", 1, 10),
    ("root ::= !<source>", "bad_mark", 1, 10),
    ("root ::= <[1x]>", "bad_mark", 1, 10),
    ("root ::= <think", "bad_mark", 1, 10),
    ("root ::= a", "undefined_rule", 1, 10),
    ('root ::= "x"\n  (a)', "expected_rule", 2, 3),
    ('root ::= "x"\nb ::= "y" ( a | root)', "undefined_rule", 2, 13),
    ('main ::= "a"', "missing_root", 1, 1),
    ('# c\nRoot ::= "a"', "missing_root", 2, 1),
    ('root ::= "a"\nroot ::= "b"', "duplicate_rule", 2, 1),
    ('root ::= b\r\nb ::= "b"\r\n b ::= "b"', "duplicate_rule", 3, 2),
    (b'root ::= "a"\nb ::= "\xff"', "not_utf8", 2, 8),
    ('root ::= "ä'.encode() + b"\xc3", "not_utf8", 1, 12),
    (b"\xff\xfer\x00o\x00", "not_utf8", 1, 1),
]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    MALFORMED,
    ids=[f"{i}-{m[1]}" for i, m in enumerate(MALFORMED)],
)
def test_what_is_malformed_is_refused_with_its_place(
    text: str | bytes, code: str, line: int, column: int
) -> None:
    with pytest.raises(GrammarError) as caught:
        parse(text)
    error = caught.value
    assert (error.code, error.line, error.column) == (code, line, column)
    source = text if isinstance(text, str) else text.decode("utf-8", "replace")
    lines = source.replace("\r\n", "\n").split("\n")
    assert error.source_line == lines[line - 1]
    assert error.message
    assert error.hint
    assert "^" in str(error)


def test_a_misspelt_rule_is_named() -> None:
    with pytest.raises(GrammarError, match="did you mean `select-list`"):
        parse('root ::= select_list\nselect-list ::= "a"')


BOMBS = {
    "60,000 groups": ("root ::= " + "(" * 60_000 + '"a"' + ")" * 60_000, "too_deep"),
    "60,000 open groups": ("root ::= " + "(" * 60_000, "too_deep"),
    "10 MB": ('root ::= "' + "a" * 10_000_000 + '"', "grammar_too_large"),
    "10 MB of bytes": (b"root ::= " + b'"a" ' * 2_500_000, "grammar_too_large"),
    "{1,100000}": ('root ::= "a"{1,100000}', "repetition_too_large"),
    "{1,100000} nested": ('root ::= ("a"{1,100000}){1,100000}', "repetition_too_large"),
    "products": ('root ::= (("a"{0,90}){0,90}){0,90}', "repetition_too_large"),
    "symbols": ("root ::= " + "root " * 200_000, "grammar_too_large"),
    "rules": ("".join(f"r{i} ::= root\n" for i in range(30_000)), "too_many_rules"),
    "backslashes": ('root ::= "' + "\\" * 1_000_001, "unclosed_literal"),
    "brackets": ("root ::= " + "[" * 1_000_000, "unclosed_class"),
    "braces": ('root ::= "a"' + "{" * 1_000_000, "bad_repetition"),
    "newlines": ("#\n" * 500_000, "empty_grammar"),
    "digits": ('root ::= "a"{' + "1" * 1_000_000 + "}", "repetition_too_large"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_at_once(bomb: str) -> None:
    text, code = BOMBS[bomb]
    start = time.thread_time()
    with pytest.raises(GrammarError) as caught:
        parse(text)
    assert caught.value.code == code
    assert len(str(caught.value)) < 1_000
    assert time.thread_time() - start < 5  # measured: 0.1 at most


def _height(node: Node) -> int:
    match node:
        case Seq(nodes) | Alt(nodes):
            return 1 + max(map(_height, nodes), default=0)
        case Repeat(item):
            return 1 + _height(item)
    return 0


@pytest.mark.parametrize(
    "text",
    [
        "root ::= " + '("b" ' * 5_000 + '"a"' + ")" * 5_000,
        'root ::= "a"' + "?" * 5_000,
        "root ::= " + "(" * 9_000 + '"a"' + ")" * 9_000,
    ],
)
def test_what_is_nested_deep_becomes_rules(text: str) -> None:
    rules = parse(text)
    assert max(map(_height, rules.rules.values())) <= MAX_HEIGHT
    assert parse(write(rules)).rules == rules.rules


def test_2000_rules_are_read() -> None:
    text = "".join(
        f'rule-{i} ::= "kw{i}" ws ( rule-{(i + 1) % 2000} | [a-z0-9_]+ "," ){{0,3}} # {i}\n'
        for i in range(2000)
    )
    assert len(parse(text + "root ::= rule-0\nws ::= [ \\t]*\n").rules) == 2002


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
ranges = st.lists(
    st.tuples(st.integers(0, 0x10FFFF), st.integers(0, 300)).map(
        lambda p: (p[0], min(p[0] + p[1], 0x10FFFF))
    ),
    max_size=4,
)
leaves: st.SearchStrategy[Node] = st.one_of(
    texts.map(Literal),
    ranges.map(class_of),
    st.sampled_from([Ref("root"), Ref("a"), Ref("-1_")]),
    st.just(Seq()),
)


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner.filter(lambda n: n != Seq()), min_size=2, max_size=3).map(tuple)
    bounds = st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5)))
    return st.one_of(
        several.map(Seq),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: Alt(tuple(options))),
        st.tuples(inner, bounds).map(
            lambda p: Repeat(p[0], p[1][0], None if p[1][1] is None else p[1][0] + p[1][1])
        ),
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.recursive(leaves, _larger, max_leaves=8), min_size=3, max_size=3))
def test_writing_and_reading_gives_the_same_tree(nodes: list[Node]) -> None:
    rules = Rules(dict(zip(("root", "a", "-1_"), nodes, strict=True)), {})
    text = write(rules)
    assert text.isascii()
    assert parse(text).rules == rules.rules


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet='rot:=ab"[]()|*+?{}12,-^\\x.#\n\r \u00e4', max_size=40).map(
        lambda t: "root ::= " + t
    )
)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        rules = parse(text)
    except GrammarError as error:
        assert error.line >= 1
        assert error.column >= 1
    else:
        assert parse(write(rules)).rules == rules.rules


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=30))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(GrammarError):
        parse(data + b"\n!")


def test_published_grammars_read_and_write() -> None:
    for name in ("sql", "json"):
        rules = parse(published(name))
        assert parse(write(rules)).rules == rules.rules
    assert list(parse(published("sql")).rules)[:2] == ["root", "query"]


def test_a_node_is_written_by_itself() -> None:
    assert (
        write_node(Alt((Literal('a"\n'), Repeat(Seq((Ref("x"), Ref("y"))), 0, None))))
        == '"a\\"\\n" | (x y)*'
    )


def test_only_root_can_be_written_as_the_start() -> None:
    with pytest.raises(GrammarError):
        write(Rules({"a": Literal("a")}, {}, root="a"))


def test_marks_are_read_and_written_back() -> None:
    text = 'root ::= <think> (!</think>)* </think> <[5]> "\\"" <source:json:any-case:2..30> "\\"" .'
    rules = parse(text)
    assert parse(write(rules)) == rules
    assert [mark.what for mark in marks_of(rules)] == [
        "<think>",
        "!</think>",
        "</think>",
        "<[5]>",
        "<source:json:any-case:2..30>",
    ]


def test_no_class_beside_marks_has_their_characters() -> None:
    rules = parse("root ::= <source> [^a] .")
    found = [
        part for node in rules.rules.values() for part in walk(node) if isinstance(part, Class)
    ]
    assert found and all(part.ranges[-1][1] < MARKS[0] for part in found)
    assert parse("root ::= [^a]").rules["root"].ranges[-1][1] > MARKS[0]  # type: ignore[union-attr]
