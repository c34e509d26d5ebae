"""JSON schemas → rules of a grammar.

xgrammar turns a schema's structure into rules, whose text we read with our own parser. It drops in silence what no grammar can say, so that
is refused before; and a string's `pattern` is put in by us, escaped as JSON escapes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NoReturn

from expertserve.errors import ConfigError
from expertserve.grammar import regex
from expertserve.grammar.gbnf import parse, write
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Seq

if TYPE_CHECKING:
    import pydantic

Schema = Mapping[str, object] | type["pydantic.BaseModel"]
MAX_SCHEMA, MAX_DEPTH = 100_000, 60
BEYOND = frozenset(
    "not if dependentRequired dependentSchemas dependencies contains minContains maxContains uniqueItems multipleOf "
    "unevaluatedItems $dynamicRef $recursiveRef".split()
)
"""Keywords that no grammar holds an answer to."""
CHOOSING = ("$ref", "anyOf", "oneOf", "allOf")
"""Where one of these stands, xgrammar looks at nothing else; so what says more beside them is refused."""
SAYING = frozenset(
    "properties required additionalProperties patternProperties propertyNames minProperties maxProperties "
    "items prefixItems minItems maxItems pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum const enum".split()
)
CHOICES, LISTS, MAPS, ONES = (
    ("anyOf", "oneOf"),
    ("allOf", "prefixItems"),
    ("properties", "patternProperties", "$defs", "definitions"),
    ("items", "additionalProperties", "propertyNames", "unevaluatedProperties"),
)
"""Where schemas are within a schema: one of which holds, in lists, by name, and alone."""
FORMATS = frozenset(
    "email date time date-time duration ipv4 ipv6 hostname uuid uri uri-reference uri-template json-pointer relative-json-pointer".split()
)
"""What xgrammar has rules for. Lengths beside one are not enforced."""
EMAIL = r"^[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@[A-Za-z0-9]+(-[A-Za-z0-9]+)*(\.[A-Za-z0-9]+(-[A-Za-z0-9]+)*)+$"
"""xgrammar's would let quoted names through, with what JSON can't hold in them."""
MARK = re.compile("\ue000([0-9]+)\ue000")
"""What stands for a pattern while xgrammar has the schema: a constant that nobody else writes."""


def gbnf(schema: Schema) -> str:
    """A grammar of JSON of a schema, written compactly, as GBNF.

    Raises:
        ConfigError: `bad_schema`: not a schema, too large, with parts that no grammar can say, or that lie elsewhere.
        GrammarError: Its rules exceed what a grammar may be.
    """
    import xgrammar

    plain, patterns = _checked(schema), list[Node]()
    text = json.dumps(_enforceable(plain, "", patterns))
    try:
        made = parse(_readable(str(xgrammar.Grammar.from_json_schema(text, any_whitespace=False)), patterns))
        return write(regex.untied({name: _mended(node, patterns) for name, node in made.rules.items()}))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f"the JSON schema can't be enforced: {error}", code="bad_schema") from error


# ── before ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _checked(schema: Schema) -> Mapping[str, object]:
    """A dictionary's or a pydantic model's JSON schema, of bounded size, that refers to nothing elsewhere."""
    plain = _without_sets(schema.model_json_schema()) if isinstance(schema, type) else schema
    if not isinstance(plain, Mapping) or max(depth for _, depth in _walk(plain)) > MAX_DEPTH:
        raise ConfigError(f"json_schema must be an object nested at most {MAX_DEPTH} deep, or a pydantic model", code="bad_schema")
    for item, _ in _walk(plain):
        for place in (item.get("$ref"), item.get("$dynamicRef")) if isinstance(item, Mapping) else ():
            if isinstance(place, str) and not place.startswith("#"):
                hint = "put what it refers to under $defs, and refer to '#/$defs/NAME'"
                raise ConfigError(f"the JSON schema refers to {place[:100]!r}; nothing is fetched", hint=hint, code="bad_schema")
    try:
        size = len(json.dumps(plain))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"json_schema can't be written as JSON: {error}", code="bad_schema") from error
    if size > MAX_SCHEMA:
        raise ConfigError(f"the JSON schema has {size:,} characters; {MAX_SCHEMA:,} are allowed", code="bad_schema")
    return plain


def _without_sets(value: object) -> object:
    """A model's set takes a list in which something comes twice."""
    if isinstance(value, dict):
        return {k: _without_sets(v) for k, v in value.items() if not (k == "uniqueItems" and v is True)}
    return [_without_sets(v) for v in value] if isinstance(value, list) else value


def _walk(value: object) -> Iterator[tuple[object, int]]:
    """Everything in a tree of objects and lists with how deep it lies; goes no further than a little below the limit."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        yield item, depth
        if depth <= MAX_DEPTH and isinstance(item, Mapping | list | tuple):
            stack += [(v, depth + 1) for v in (item.values() if isinstance(item, Mapping) else item)]


def _enforceable(schema: object, where: str, patterns: list[Node]) -> object:
    """The same schema as xgrammar is to see it: patterns as marks, and what strict reading would forbid unasked allowed.

    Raises:
        ConfigError: It says what would be dropped.
    """
    if not isinstance(schema, Mapping):
        return schema
    _refuse(schema, where)
    made = dict(schema)
    if "pattern" in made:
        made.pop("format", None)  # which is a hint, and the pattern is not
    elif made.get("format") in FORMATS:
        for key in ("minLength", "maxLength"):
            made.pop(key, None)
    if made.get("format") == "email":
        made["pattern"] = EMAIL
    if isinstance(made.get("pattern"), str) and made.get("type", "string") == "string" and not {"enum", "const"} & made.keys():
        patterns.append(_pattern(made, where))
        return {"const": f"\ue000{len(patterns) - 1}\ue000"}
    if made.keys() & {"minItems", "maxItems"} and not made.keys() & {"items", "prefixItems"}:
        made["items"] = {}
    if made.keys() & {"required", "minProperties", "maxProperties"} and not made.keys() & {"properties", "patternProperties"}:
        made.setdefault("additionalProperties", True)
    named, required, others = made.get("properties", {}), made.get("required"), made.get("additionalProperties", {})
    if isinstance(required, list) and isinstance(named, Mapping) and others is not False:
        made["properties"] = {**named, **{n: {} if others is True else others for n in required if n not in named}}
    for key, value in made.items():
        at = f"{where}/{key}"
        if key in ONES:
            made[key] = _enforceable(value, at, patterns)
        elif key in CHOICES and isinstance(value, list):
            made[key] = _choices(value, at, patterns)
        elif key in LISTS and isinstance(value, list):
            made[key] = [_enforceable(one, f"{at}/{i}", patterns) for i, one in enumerate(value)]
        elif key in MAPS and isinstance(value, Mapping):
            made[key] = {name: _enforceable(one, f"{at}/{name}", patterns) for name, one in value.items()}
    return made


def _choices(options: list[object], where: str, patterns: list[Node]) -> list[object]:
    """Those that can be enforced: an answer that one of them holds is an answer to all. Raises what is wrong with the first if none can."""
    made: list[object] = []
    wrong: list[ConfigError] = []
    for number, option in enumerate(options):
        try:
            made.append(_enforceable(option, f"{where}/{number}", patterns))
        except ConfigError as error:
            wrong.append(error)
    if wrong and not made:
        raise wrong[0]
    return made


def _refuse(schema: Mapping[str, object], where: str) -> None:
    for key in schema.keys() & BEYOND:
        if schema[key] is not False:
            _cannot(where, f"says {key!r}, which no grammar can enforce", "leave it out, and check the answer")
    chosen = next((key for key in CHOOSING if key in schema), None)
    beside = sorted(schema.keys() & SAYING) if chosen else []
    if beside:
        _cannot(where, f"says {beside[0]!r} beside {chosen!r}; they can't be enforced together", f"say {beside[0]!r} within {chosen!r}")
    every = schema.get("allOf")
    if isinstance(every, list) and len(every) > 1:
        _cannot(where, "says 'allOf' of several schemas", "merge them into one")
    place = schema.get("$ref")
    if isinstance(place, str) and place != "#" and not place.startswith("#/"):
        _cannot(where, f"refers to an anchor, {place[:100]!r}", "refer to '#/$defs/NAME'")


def _pattern(schema: Mapping[str, object], where: str) -> Node:
    """What is between a string's quotes."""
    try:
        node = regex.searched(str(schema["pattern"]))
    except ConfigError as error:
        _cannot(where, f"has a pattern that can't be enforced: {error.message}", error.hint)
    bounds = [schema.get(key) for key in ("minLength", "maxLength")]
    if any(b is not None for b in bounds):
        if not isinstance(node, Repeat) or not isinstance(node.item, Class):
            _cannot(where, "says a length beside a pattern; they can't be enforced together", "say the length in the pattern: {1,20}")
        low, high = (b if isinstance(b, int) else None for b in bounds)
        low, high = max(node.low, low or 0), min((h for h in (node.high, high) if h is not None), default=None)
        if high is not None and low > high:
            _cannot(where, "has a pattern that no text of its lengths matches", "")
        node = Repeat(node.item, low, high)
    return regex.in_json(node)


def _cannot(where: str, what: str, hint: str) -> NoReturn:
    raise ConfigError(f"the JSON schema {what}" + f" (at {where[:200]})" * bool(where), hint=hint, code="bad_schema")


# ── after ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

_PIECE = re.compile(r'Regex\("((?:[^"\\]|\\.)*)", json_string=true\)|("(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\])', re.DOTALL)
_LETTERS = {"a": "\\x07", "b": "\\x08", "f": "\\x0c", "v": "\\x0b", "e": "\\x1b", "0": "\\x00", "/": "/", "'": "'", "?": "?"}
"""Escapes that xgrammar writes and GBNF doesn't have."""
_LOOKAHEAD = re.compile(r" \(=\(.*\)\)$", re.MULTILINE)
"""xgrammar's hints to itself at the end of a rule; they don't change the language of the whole."""


def _readable(text: str, patterns: list[Node]) -> str:
    """xgrammar's own notation → GBNF: counts, escapes, names with dots, and patterns of property names."""
    pieces: list[str] = []

    def put_away(found: re.Match[str]) -> str:
        if found[1] is None:
            pieces.append(re.sub(r"\\(.)", lambda m: _LETTERS.get(m[1], m[0]), found[2], flags=re.DOTALL))
        else:
            patterns.append(regex.in_json(regex.searched(_plain(found[1]))))
            pieces.append(f'"\ue000{len(patterns) - 1}\ue000"')
        return f"\x00{len(pieces) - 1}\x00"

    bare = _LOOKAHEAD.sub("", _PIECE.sub(put_away, text))
    bare = re.sub(r"\{(\d+), -1\}", r"{\1,}", bare)
    names = {found[1] for found in re.finditer(r"^([^\s:]+) ::=", bare, re.MULTILINE)}
    for number, name in enumerate(sorted(n for n in names if not re.fullmatch(r"[A-Za-z0-9_-]+", n))):
        bare = re.sub(rf"(?<![^\s(|){{]){re.escape(name)}(?![^\s)|({{?*+])", f"named-{number}", bare)
    return re.sub("\x00([0-9]+)\x00", lambda m: pieces[int(m[1])], bare)


def _plain(escaped: str) -> str:
    """The text that xgrammar escaped."""
    numbers = r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    letters = {"t": "\t", "r": "\r", "n": "\n", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "0": "\0"}

    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        return chr(int(code, 16)) if code else letters.get(found[4], found[4])

    return re.sub(rf"\\(?:{numbers}|(.))", one, escaped, flags=re.DOTALL)


def _mended(node: Node, patterns: list[Node]) -> Node:
    """Patterns in the place of their marks, and no control characters: JSON has none in strings, and nothing between values but blanks."""
    match node:
        case Literal(text):
            parts = MARK.split(text)
            items = [patterns[int(p)] if i % 2 else Literal(p) for i, p in enumerate(parts) if p]
            return items[0] if len(items) == 1 else Seq(tuple(items))
        case Class(ranges):
            return Class(tuple((max(low, 0x20), high) for low, high in ranges if high >= 0x20))
        case Seq(items):
            return Seq(tuple(_mended(item, patterns) for item in items))
        case Alt(options):
            return Alt(tuple(_mended(option, patterns) for option in options))
        case Repeat(item, low, high):
            return Repeat(_mended(item, patterns), low, high)
        case Ref():
            return node
