"""Grammars whose values are spans of the user's text: which rules are values, and what is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, get_args

from expertserve.decoding.compile import vocabulary_of
from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.marks import MarkTable, SourceMark, TokenMark, meaning
from expertserve.grammar.names.scope import Names, scope_of
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.shape import Grounding
from expertserve.grammar.spans import BETWEEN
from expertserve.grammar.tree import Alt, Literal, Node, Ref, Repeat, Seq, references
from expertserve.request import GrammarArgs, Ground

if TYPE_CHECKING:
    from expertserve.expert import PreparedExpert

JSON_RULES = {"string": "string", "number": "number"}
LITERAL_RULES = {"string": "string", "literal": "literal"}
MOST_SOURCE = 1_000_000
"""Characters of a user's text."""


@dataclass(frozen=True, slots=True)
class UserText:
    """What values are taken from.

    Args:
        texts: The user's messages; None where a prompt came as tokens.
    """

    texts: tuple[str, ...] | None = ()

    @property
    def text(self) -> str:
        """Raises ConfigError `no_source`."""
        if self.texts is None:
            raise ConfigError(
                "values can't be grounded in a prompt that comes as tokens",
                hint="pass the prompt as a text, or messages",
                code="no_source",
            )
        whole = BETWEEN.join(self.texts)
        if len(whole) > MOST_SOURCE:
            raise ConfigError(
                f"the user's text has {len(whole):,} characters; values are grounded in at most"
                f" {MOST_SOURCE:,}",
                code="no_source",
            )
        return whole


WORDS: dict[Ground | None, Grounding] = {
    None: "",
    "off": "",
    "values": "case",
    "values-any-case": "any-case",
}
"""What a wish says of a schema's values."""


def ground_wish(expert: PreparedExpert, args: GrammarArgs, *, own: bool) -> Ground | None:
    """The call's word over the manifest's, which is of the expert's own grammar.

    Raises:
        ConfigError: `bad_argument`.
    """
    wish = args.get("ground")
    if wish is not None and wish not in get_args(Ground):
        raise ConfigError(
            f"ground must be one of {', '.join(get_args(Ground))}, not {str(wish)[:60]!r}",
            code="bad_argument",
        )
    found = wish or (expert.manifest.decoding.ground if own else None)
    return None if found == "off" else found


def with_meanings(
    expert: PreparedExpert, grammar: Grammar, source: UserText, names: Names | None = None
) -> Grammar:
    """The grammar over its source and the tokens that it names; itself where it has no marks.

    Args:
        names: What its names are bound to.

    Raises:
        GrammarError: `nothing_to_ground`, `token_terminal`. ConfigError: `no_source`.
    """
    if not grammar.marks:
        return grammar
    found = [meaning(mark.what) for mark in grammar.marks]
    ids = {w.name: _token(expert, w) for w in found if isinstance(w, TokenMark)}
    text = source.text if any(isinstance(w, SourceMark) for w in found) else ""
    spelt = vocabulary_of(expert.base.path).tokens
    scope = scope_of(names) if names else None
    return GroundedGrammar.over(grammar, text, ids=ids, spelt=spelt, names=scope)


def _token(expert: PreparedExpert, what: TokenMark) -> int:
    """The id of a token that a grammar names."""
    tokenizer, text = expert.prompt.tokenizer, f"<{what.name}>"
    if what.id is not None:
        found = what.id if what.id in tokenizer.vocabulary.values() else None
    else:
        found = tokenizer.vocabulary.get(text)
        if found is None:
            ids = tokenizer.encode_plain(text)
            found = ids[0] if len(ids) == 1 else None
    if found is None or (found in expert.prompt.stop_token_ids() and not what.other):
        raise GrammarError(
            f"the grammar's token {what} "
            + ("ends the answer" if found is not None else "is none of this model's"),
            hint="name a token of the tokenizer, or write its text in quotes",
            code="token_terminal",
        )
    return found


def grounded(grammar: Grammar, kind: str | None, wish: Ground, rules: Mapping[str, str]) -> Grammar:
    """The grammar with spans of the source in place of its values.

    Of JSON those are strings and numbers, of SQL and Cypher the strings that things are compared
    with. One that has `<source>` in it is left as it is.

    Args:
        kind: The manifest's grammar type.
        rules: Names of rules, where the manifest has others than ours: `string`, `number`; for
            queries `string`, `literal`.

    Raises:
        ConfigError: `no_ground_rules`: nobody knows which of its rules are values.

    Example:
        >>> rules = 'value ::= string | "null"\\nstring ::= "\\\\"" [a-z]* "\\\\""\\n'
        >>> grammar = Grammar.from_gbnf('root ::= "{" string ": " value "}"\\n' + rules)
        >>> narrow = grounded(grammar, "json", "values", {})
        >>> GroundedGrammar.over(narrow, "Is it red?").accepts('{"hue": "blue"}')
        False
    """
    if any(isinstance(meaning(m.what), SourceMark) for m in grammar.marks):
        return grammar
    return _grounded(grammar, kind or "", wish, tuple(sorted(rules.items())))


@lru_cache(maxsize=32)
def _grounded(
    grammar: Grammar, kind: str, wish: Ground, own: tuple[tuple[str, str], ...]
) -> Grammar:
    family = next((f for f in ("sql", "cypher", "json", "tool-call") if kind.startswith(f)), "")
    names = {**(LITERAL_RULES if family in ("sql", "cypher") else JSON_RULES), **dict(own)}
    there = grammar.rules.rules
    wanted = [names["string"]] + ([names["literal"]] if family in ("sql", "cypher") else [])
    missing = [name for name in wanted if name not in there]
    if not family or missing:
        raise ConfigError(
            "ground needs to know which rules of the grammar are values"
            + (f", and there is no {missing[0]!r}" if missing and family else ""),
            hint="write <source> in the grammar, or name its rules under"
            " training.decoding.schema_rules: string and number, for queries string and literal",
            code="no_ground_rules",
        )
    table, any_case = MarkTable(grammar.rules), wish == "values-any-case"
    if family in ("sql", "cypher"):
        mark = table.mark(SourceMark("sql" if family == "sql" else "cypher", any_case))
        text = _quoted("'", mark, many=True)
        if family == "cypher":
            text = Alt((text, _quoted('"', mark)))
        literal = _replaced(there[names["literal"]], names["string"], Ref("grounded-string"))
        return grammar.replace_rules({names["literal"]: literal, "grounded-string": text})
    made: dict[str, Node] = {
        "grounded-string": _quoted('"', table.mark(SourceMark("json", any_case)))
    }
    values = {names["string"]: Ref("grounded-string")}
    if names["number"] in there:
        made["grounded-number"] = table.mark(SourceMark("number"))
        values[names["number"]] = Ref("grounded-number")
    for name, node in there.items():
        if name not in values and values.keys() & set(references(node)):
            made[name] = _values(node, values)
    return grammar.replace_rules(made)


def _quoted(quote: str, mark: Literal, *, many: bool = False) -> Node:
    """A span in quotes; in SQL perhaps with what LIKE reads as anything."""
    if not many:
        return Seq((Literal(quote), mark, Literal(quote)))
    percent = Repeat(Literal("%"), 0, 1)
    return Seq((Literal(quote), percent, mark, percent, Literal(quote)))


def _replaced(node: Node, name: str, other: Ref) -> Node:
    """An alternative's options with another rule for one of them."""
    options = node.options if isinstance(node, Alt) else (node,)
    made = tuple(other if option == Ref(name) else option for option in options)
    return Alt(made) if len(made) > 1 else made[0]


def _values(node: Node, values: Mapping[str, Ref]) -> Node:
    """The node with grounded values, but for the names of members: strings before a colon."""
    match node:
        case Ref(name):
            return values.get(name, node)
        case Seq(items):
            return Seq(
                tuple(
                    item
                    if isinstance(item, Ref) and _names(items[i + 1 :])
                    else _values(item, values)
                    for i, item in enumerate(items)
                )
            )
        case Alt(options):
            return Alt(tuple(_values(option, values) for option in options))
        case Repeat(item, low, high):
            return Repeat(_values(item, values), low, high)
    return node


def _names(after: tuple[Node, ...]) -> bool:
    """Whether a colon comes next, or after blanks."""
    for item in after[:2]:
        if isinstance(item, Literal):
            return item.text.lstrip().startswith(":")
    return False
