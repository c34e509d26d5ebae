"""Cypher's grammar for reading, with marks where names stand, so that a graph is kept beside it.

Of the bundled one it has what runs whichever names a graph has: comparisons of what has one type,
aggregates in WITH and RETURN, an order by what is returned.
"""

from __future__ import annotations

from functools import lru_cache

from expertserve.grammar.bundled import bundled
from expertserve.grammar.gbnf import parse
from expertserve.grammar.lower import reachable
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.tree import Ref, Rules
from expertserve.grammar.write import write

_OWN = """
root ::= query ";"?
query ::= match (sep match){0,2} (sep with){0,2} sep return
match ::= (OPTIONAL " ")? MATCH sep <schema:path> (comma <schema:path>){0,2} (sep where)?
where ::= WHERE sep expr
with ::= WITH sep items (sep order sep limit | sep limit)? (sep where)?
return ::= RETURN sep (DISTINCT sep)? items (sep order)? (sep skip)? (sep limit)?
skip ::= SKIP sep [1-9] [0-9]{0,2}
limit ::= LIMIT sep [1-9] [0-9]{0,8}
items ::= <schema:item> (comma <schema:item>){0,7}
order ::= ORDER " " BY sep sort (comma sort)*
sort ::= <schema:sort> (sep (ASC | DESC | ASCENDING | DESCENDING))?
expr ::= exclusive (sep OR sep exclusive)*
exclusive ::= conjunction (sep XOR sep conjunction)*
conjunction ::= condition (sep AND sep condition)*
condition ::= (NOT sep)? (of-number | of-text | of-truth | <schema:held> | "(" expr ")" \
| <schema:any> sep IS " " (NOT " ")? NULL)
of-number ::= <schema:number> (compare ("-"? number | <schema:number>) | sep IN sep numbers)
of-text ::= <schema:text> (compare (literal | <schema:text>) | sep way sep literal \
| sep IN sep texts)
of-truth ::= <schema:truth> (" = " | " <> " | "=" | "<>") (TRUE | FALSE)
way ::= CONTAINS | STARTS " " WITH | ENDS " " WITH
literal ::= string
texts ::= "[" literal (comma literal)* "]"
numbers ::= "[" number (comma number)* "]"
"""


@lru_cache(maxsize=1)
def bound_cypher() -> Grammar:
    """The grammar, with marks for what a graph has."""
    grammar = bundled("cypher")
    assert grammar
    text = _OWN.replace("\\\n", "")
    own = {line.split(" ::= ")[0] for line in text.splitlines() if line}
    kept = {name: node for name, node in grammar.rules.rules.items() if name not in own}
    rest = write(Rules({"root": Ref("root"), **kept}, {})).partition("\n")[2]
    return Grammar(reachable(parse(f"{text}\n{rest}", bounded=False)))
