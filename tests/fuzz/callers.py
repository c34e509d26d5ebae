"""What callers write: grammars, constraints, schemas, chat templates."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

from expertserve.decoding import restrict
from expertserve.errors import ExpertError
from expertserve.grammar import gbnf, terms
from expertserve.grammar.check import check as check_grammar
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.write import write
from expertserve.prompt import template
from tests.fuzz.guard import Broken

MESSAGES = [
    {"role": "system", "content": "Schema: t(id)"},
    {"role": "user", "content": "How many?"},
]
GRAMMAR = (
    b'root ::= "SELECT " name ("," name)* where?\nwhere ::= " WHERE " name "=" [0-9]{1,3} # a comment\n'
    b'name ::= [a-z_]+ | "\\"" [^"\\n]* "\\""\n'
)
TEMPLATE = (
    b"{% set n = namespace(x='') %}{% for m in messages %}{% if m.role == 'user' and loop.first %}{{ raise_exception('no') }}"
    b"{% else %}{% set n.x = n.x ~ m['content'] | trim %}{% endif %}{{ n.x.split('a')[1:] | join(',') }}{% endfor %}"
    b"{% macro f(a, b=1) %}{{ a | upper | replace('A', 'B') | tojson }}{% endmacro %}{{ f(messages) }}"
    b"{{ messages | map(attribute='role') | list }}"
)
DDL = b"CREATE TABLE users (id INT PRIMARY KEY, \"full name\" TEXT DEFAULT 'x', FOREIGN KEY (id) REFERENCES t(id));CREATE VIEW v AS SELECT 1;"
GRAPH = b"(:Person {name: STRING, age: INT})-[:KNOWS|LIKES {since: DATE}]->(p:City:Place)"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "a": {"type": "integer", "minimum": 1},
        "b": {"type": "array", "items": {"$ref": "#/$defs/s"}, "minItems": 1},
    },
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"s": {"type": "string", "pattern": "[a-z]{1,3}", "maxLength": 9, "enum": ["x"]}},
}
REGEX = b"(?:[a-z]+|\\d{2,4})(-[^x]*)?\\.(com|org)"


def grammar(data: bytes, root: Path) -> None:
    rules = gbnf.parse(data)
    again = gbnf.parse(write(rules))
    if again.rules != rules.rules:
        raise Broken("writing and reading changed the grammar")
    with suppress(ExpertError):
        check_grammar(data)
    read = Grammar(rules)
    if read.min_chars <= 200:
        text = read.shortest_completion("")
        if (
            text is None
            or not read.accepts(text)
            or not read.accepts(read.sample(random.Random(0)))
        ):
            raise Broken("its own sentence is not in the grammar")


def constraint(data: bytes, root: Path) -> None:
    """The first byte says what the rest is: a regular expression, a JSON schema, DDL, a graph's
    schema.
    """
    text = data[1:].decode("utf-8", "replace")
    match data[:1]:
        case b"r":
            read = terms.from_regex(text)
        case b"j":
            try:
                schema = json.loads(text)
            except (ValueError, RecursionError):
                return
            read = terms.from_json_schema(schema)
        case b"d":
            restrict.sql_names(text, "sql")
            return
        case _:
            restrict.graph_names(text)
            return
    if read.min_chars <= 200 and not read.accepts(read.shortest_completion("") or ""):
        raise Broken("its own sentence is not in the grammar")


def jinja(data: bytes, root: Path) -> None:
    text = template.render(
        data.decode("utf-8", "replace"),
        messages=MESSAGES,
        add_generation_prompt=True,
        bos_token="<s>",
        eos_token="</s>",
    )
    if len(text) > template.MAX_TEXT:
        raise Broken(f"{len(text)} characters")
