"""SQL's grammar with marks where names stand, so that a schema can be kept beside it.

What no engine runs, whichever names it has, is left out: aggregates outside of SELECT, HAVING and
ORDER BY; ORDER BY 7; a value of two columns; UNION of different widths. So are WITH and queries in
FROM, whose columns no schema has.
"""

from __future__ import annotations

from functools import lru_cache

from expertserve.grammar.bundled import bundled
from expertserve.grammar.gbnf import parse
from expertserve.grammar.lower import reachable
from expertserve.grammar.marks import mapped
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Alt, Node, Ref, Rules, references
from expertserve.grammar.write import write

MOST_WIDE = 3
"""Columns of the sides of a UNION."""
DEEPEST = 3
"""Calls, CASEs and parentheses within one another."""
_FLAT = frozenset(
    "expr conjunction condition comparison between like distinct-from value term factor primary"
    " atom function".split()
)
"""Rules of expressions that open nothing; what the others have of these lies a step deeper."""
AGGREGATE = "-a"
"""Behind the names of rules in which aggregates may stand."""
_OWN = """
root ::= query ";"?
query ::= select (sep limit)? | united (sep limit)?
select ::= SELECT sep (constants | (quantity sep)? items source)
quantity ::= DISTINCT | ALL
source ::= from (sep group-by (sep order-by-a)? | sep order-by)?
from ::= sep FROM sep <schema:from> (sep WHERE sep expr)?
items ::= item (comma item)*
item ::= "*" | <schema:star> | one-item
one-item ::= (expr-a | window) (sep AS sep alias)?
one-query ::= SELECT sep (constant | (quantity sep)? one-item source) (sep limit)?
group-by ::= GROUP " " BY sep sort-key (comma sort-key)* (sep HAVING sep expr-a)?
order-by ::= ORDER " " BY sep order-item (comma order-item)*
order-item ::= (<schema:sort> | sort-key) direction
order-by-a ::= ORDER " " BY sep order-item-a (comma order-item-a)*
order-item-a ::= (<schema:sort> | sort-key-a) direction
direction ::= (sep (ASC | DESC))? (sep NULLS " " (FIRST | LAST))?
sort-key ::= (column | scalar | case | cast) (operator factor)*
sort-key-a ::= (column | function-a | case-a | cast-a) (operator factor-a)*
operator ::= " + " | " - " | " * " | " / " | "*" | "/"
column ::= <schema:column>
in ::= IN " "? open (one-query | value (comma value)*) close
in-a ::= IN " "? open (one-query | value-a (comma value-a)*) close
function ::= scalar
function-a ::= aggregate filter? | scalar-a
window ::= (window-function | over-all filter?) sep over
over-all ::= COUNT "(*)" | (COUNT | SUM | AVG | MIN | MAX) "(" expr ")"
window-function ::= (ROW-NUMBER | RANK | DENSE-RANK | PERCENT-RANK | CUME-DIST) "()" \
| NTILE "(" [1-9] [0-9]{0,5} ")" | neighbour
over ::= OVER " "? open (partition (sep window-order)? (sep frame)? \
| window-order (sep frame)?)? close
window-order ::= ORDER " " BY sep sort-key direction (comma sort-key direction)*
alias ::= bare-name
one-sign ::= "'" [^'\\x00-\\x1F\\x7F] "'"
"""


@lru_cache(maxsize=8)
def bound_sql(kind: str) -> Grammar:
    """The bundled grammar of a dialect, with marks for what a schema says.

    Args:
        kind: `sql`, `sql-sqlite` or `sql-postgres`; others are read as `sql`.
    """
    grammar = (bundled(kind) if kind.startswith("sql") else None) or bundled("sql")
    assert grammar
    return Grammar(_with_marks(grammar.rules))


def _with_marks(rules: Rules) -> Rules:
    widths = range(1, MOST_WIDE + 1)
    text = _OWN.replace("\\\n", "") + "\n".join(
        [
            *(f"wide-{n} ::= {_wide(n)}" for n in widths),
            "united ::= "
            + " | ".join(f"wide-{n} (sep set-operator sep wide-{n})+" for n in widths),
        ]
    )
    own = {line.split(" ::= ")[0] for line in text.splitlines() if line}
    kept = {name: _one_valued(name, node) for name, node in rules.rules.items() if name not in own}
    level = _expressions(rules) - own
    also = {n: _renamed(kept[n], level | {"in", "function"}) for n in level}
    whole = Rules({"root": Ref("root"), **kept, **{n + AGGREGATE: also[n] for n in also}}, {})
    rest = write(whole).partition("\n")[2]
    again = level | {"in", "function"}
    marked = parse(f"{text}\n{rest}", bounded=False)
    return _nested(marked, again | {n + AGGREGATE for n in again})


def _nested(rules: Rules, parts: set[str]) -> Rules:
    """The same with so many calls, CASEs and parentheses within one another at most.

    A small model that begins `FLOOR(FLOOR(` goes on until its tokens are used up, and an engine's
    parser has a stack.

    Args:
        parts: The rules of expressions.
    """
    found = dict(rules.rules)
    for depth in range(DEEPEST + 1):
        for name in parts:
            found[_at(name, depth)] = _at_depth(name, rules.rules[name], depth, parts)
    return reachable(Rules(found, {}, rules.root))


def _at(name: str, depth: int) -> str:
    return f"{name}-{depth}" if depth else name


def _at_depth(name: str, node: Node, depth: int, parts: set[str]) -> Node:
    """A rule's definition so deep: what it has in parentheses lies a step deeper."""
    smallest = "literal" in references(node)
    if smallest and depth == DEEPEST:
        small = ("literal", "column", "aggregate")[: 2 + name.endswith(AGGREGATE)]
        return Alt(tuple(map(Ref, small)))

    def leaf(node: Node) -> Node:
        if not isinstance(node, Ref) or node.name not in parts:
            return node
        goes = node.name.removesuffix(AGGREGATE)
        within = goes == "expr" if smallest else goes in _FLAT and kind not in _FLAT
        return Ref(_at(node.name, min(depth + within, DEEPEST)))

    kind = name.removesuffix(AGGREGATE)

    return mapped(node, leaf)


def _wide(columns: int) -> str:
    return (
        "SELECT sep (quantity sep)? one-item"
        + " comma one-item" * (columns - 1)
        + " from (sep group-by)?"
    )


def _expressions(rules: Rules) -> set[str]:
    """The rules that are written twice: parts of expressions in which a function may stand."""
    stops = "query aggregate filter over window-function column".split()
    parts = reachable(Rules(rules.rules, {}, "expr"), frozenset(stops)).rules
    found = {"function"}
    while more := {
        name
        for name, node in parts.items()
        if name not in found and name not in stops and found & set(references(node))
    }:
        found |= more
    return found


def _renamed(node: Node, level: set[str]) -> Node:
    def leaf(node: Node) -> Node:
        return Ref(node.name + AGGREGATE) if isinstance(node, Ref) and node.name in level else node

    return mapped(node, leaf)


def _one_valued(name: str, node: Node) -> Node:
    """A query as a value has one column, and what LIKE escapes with is one sign."""
    others = {"query": "one-query"} if name != "condition" else {}
    if name == "like":
        others = {"string": "one-sign"}

    def leaf(node: Node) -> Node:
        return Ref(others.get(node.name, node.name)) if isinstance(node, Ref) else node

    return mapped(node, leaf)
