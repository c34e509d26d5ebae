"""JSON schemas → rules of a grammar.

xgrammar turns a schema's structure into rules, whose text we read with our own parser. It drops in
silence what no grammar can say, so that is refused before; and a string's `pattern` is put in by
us, escaped as JSON escapes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from expertserve.errors import ConfigError
from expertserve.grammar import regex
from expertserve.grammar.gbnf import parse
from expertserve.grammar.tree import Alt, Class, Literal, Node, Ref, Repeat, Seq
from expertserve.grammar.write import write

if TYPE_CHECKING:
    import pydantic

Schema = Mapping[str, object] | type["pydantic.BaseModel"]
MAX_SCHEMA, MAX_DEPTH = 100_000, 60
BEYOND = frozenset(
    "not if dependentRequired dependentSchemas dependencies contains minContains maxContains"
    " uniqueItems unevaluatedItems $dynamicRef $recursiveRef".split()
)
"""Keywords that no grammar holds an answer to."""
ABOUT = {
    "object": (
        "properties required additionalProperties patternProperties propertyNames minProperties"
        " maxProperties".split()
    ),
    "array": "items prefixItems minItems maxItems".split(),
    "string": "pattern minLength maxLength format".split(),
    "number": "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(),
}
"""Keywords by type. Without `type` theirs is implied; xgrammar would accept anything."""
CHOOSING = ("$ref", "anyOf", "oneOf", "allOf")
"""Keywords beside which xgrammar ignores all others; such schemas are refused."""
SETTLING = frozenset(("enum", "const", *CHOOSING))
"""Where one of these stands, no type says what is meant."""
SAYING = frozenset(word for words in ABOUT.values() for word in words) - {"format"} | {
    "const",
    "enum",
}
CHOICES, LISTS, MAPS, ONES = (
    ("anyOf", "oneOf"),
    ("allOf", "prefixItems"),
    ("properties", "$defs", "definitions"),
    ("items", "additionalProperties", "propertyNames", "unevaluatedProperties"),
)
"""Where schemas are within a schema: one of which holds, in lists, by name, and alone."""
REACHED = {*CHOICES, *LISTS, *MAPS, *ONES}
FORMATS = frozenset("duration hostname uuid uri uri-reference uri-template".split())
"""What xgrammar's rules are right for. Lengths beside one are not enforced."""
_LEAP = r"([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29"
_DATE = (
    r"([1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    rf"|{_LEAP})"
)
_TIME = (
    r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HEX = "[0-9a-f]{1,4}"
_IPV6 = [f"({_HEX}:){{7}}{_HEX}", f"({_HEX}:){{1,7}}:", f":(:{_HEX}){{1,7}}", "::"]
_IPV6 += [f"({_HEX}:){{1,{7 - after}}}(:{_HEX}){{1,{after}}}" for after in range(1, 7)]
OWN_FORMATS = {
    "date": f"^{_DATE}$",
    "time": f"^{_TIME}$",
    "date-time": f"^{_DATE}T{_TIME}$",
    "ipv4": rf"^{_BYTE}(\.{_BYTE}){{3}}$",
    "ipv6": f"^({'|'.join(_IPV6)})$",
    "email": r"^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,}$",
    "json-pointer": r"^(/([^/~]|~[01])*)*$",
    "relative-json-pointer": r"^(0|[1-9][0-9]*)(#|(/([^/~]|~[01])*)*)$",
}
"""Formats where xgrammar admits invalid values, such as the 30th of February."""
MOST_MULTIPLES = 1024
"""The largest `multipleOf` of integers that xgrammar has rules for."""
MARK, MARKED = re.compile("\ue000([0-9]+)\ue000"), re.compile(r"\^pattern-([0-9]+)-of-ours\$")
"""Placeholders of patterns while xgrammar has the schema."""


def gbnf(schema: Schema) -> str:
    """A grammar of JSON of a schema, written compactly, as GBNF.

    Raises:
        ConfigError: `bad_schema`: not a schema, too large, with parts that no grammar can say, or
            that lie elsewhere.
        GrammarError: Its rules exceed what a grammar may be.
    """
    import xgrammar

    plain, patterns = _checked(schema), list[Node]()
    text = json.dumps(_enforceable(plain, "", patterns))
    try:
        made = parse(_readable(str(xgrammar.Grammar.from_json_schema(text, any_whitespace=False))))
        return write(
            regex.untied({name: _mended(node, patterns) for name, node in made.rules.items()})
        )
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"the JSON schema can't be enforced: {error}", code="bad_schema"
        ) from error


# ── before ──────────────────────────────────────────────────────────────────────────────────────


def _checked(schema: Schema) -> Mapping[str, object]:
    """A dictionary's or pydantic model's JSON schema, bounded, without external references."""
    plain = _without_sets(schema.model_json_schema()) if isinstance(schema, type) else schema
    if not isinstance(plain, Mapping) or max(depth for _, depth in _walk(plain)) > MAX_DEPTH:
        raise ConfigError(
            f"json_schema must be an object nested at most {MAX_DEPTH} deep, or a pydantic model",
            code="bad_schema",
        )
    for item, _ in _walk(plain):
        for place in (
            (item.get("$ref"), item.get("$dynamicRef")) if isinstance(item, Mapping) else ()
        ):
            if isinstance(place, str) and not place.startswith("#"):
                hint = "put what it refers to under $defs, and refer to '#/$defs/NAME'"
                raise ConfigError(
                    f"the JSON schema refers to {place[:100]!r}; nothing is fetched",
                    hint=hint,
                    code="bad_schema",
                )
    try:
        text = json.dumps(plain, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"json_schema can't be written as JSON: {error}", code="bad_schema"
        ) from error
    if "\ue000" in text:
        raise ConfigError(
            "json_schema has U+E000 in it, which stands for patterns here", code="bad_schema"
        )
    if len(text) > MAX_SCHEMA:
        raise ConfigError(
            f"the JSON schema has {len(text):,} characters; {MAX_SCHEMA:,} are allowed",
            code="bad_schema",
        )
    return plain


def _without_sets(value: object) -> object:
    """A model's set takes a list in which something comes twice."""
    if isinstance(value, dict):
        return {
            k: _without_sets(v) for k, v in value.items() if not (k == "uniqueItems" and v is True)
        }
    return [_without_sets(v) for v in value] if isinstance(value, list) else value


def _walk(value: object) -> Iterator[tuple[object, int]]:
    """Every object and list in a tree with its depth, to a little below the limit."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        yield item, depth
        if depth <= MAX_DEPTH and isinstance(item, Mapping | list | tuple):
            stack += [
                (v, depth + 1) for v in (item.values() if isinstance(item, Mapping) else item)
            ]


def _enforceable(schema: object, where: str, patterns: list[Node]) -> object:
    """The schema as xgrammar is to see it: explicit types, placeholders for patterns.

    Raises:
        ConfigError: It says what would be dropped.
    """
    if not isinstance(schema, Mapping):
        return schema
    _refuse(schema, where)
    made = _typed(dict(schema))
    if isinstance(kinds := made.get("type"), list) and not made.keys() & SETTLING:
        return _one_of_types(made, kinds, where, patterns)
    if made.get("type") == "string" and not made.keys() & SETTLING:
        return _string(made, where, patterns)
    if made.get("type") == "array" and not made.keys() & {"items", "prefixItems"}:
        made["items"] = {}
    if made.get("type") == "object":
        _open(made, where)
    for key, value in made.items():
        at = f"{where}/{key}"
        if key in ONES:
            made[key] = _enforceable(value, at, patterns)
        elif key in CHOICES and isinstance(value, list):
            made[key] = _choices(value, at, made.get("type"), patterns)
        elif key in LISTS and isinstance(value, list):
            made[key] = [_enforceable(one, f"{at}/{i}", patterns) for i, one in enumerate(value)]
        elif key in MAPS and isinstance(value, Mapping):
            made[key] = {
                name: _enforceable(one, f"{at}/{name}", patterns) for name, one in value.items()
            }
        elif key == "patternProperties" and isinstance(value, Mapping):
            made[key] = {
                _name(name, at, patterns): _enforceable(one, f"{at}/{name}", patterns)
                for name, one in value.items()
            }
    return made


def _typed(schema: dict[str, object]) -> dict[str, object]:
    meant = next((kind for kind, words in ABOUT.items() if schema.keys() & words), None)
    return (
        {**schema, "type": meant} if meant and not schema.keys() & {"type", *SETTLING} else schema
    )


def _one_of_types(
    schema: dict[str, object], kinds: list[object], where: str, patterns: list[Node]
) -> dict[str, object]:
    """What is said of several types, said of each."""
    shared: dict[str, object] = {
        key: schema.pop(key) for key in ("$defs", "definitions") if key in schema
    }
    every: list[object] = [{**schema, "type": kind} for kind in kinds]
    for key, named in shared.items():
        if isinstance(named, Mapping):
            shared[key] = {
                name: _enforceable(one, f"{where}/{key}/{name}", patterns)
                for name, one in named.items()
            }
    return {"anyOf": [_enforceable(one, where, patterns) for one in every], **shared}


def _string(schema: dict[str, object], where: str, patterns: list[Node]) -> dict[str, object]:
    """A string, its pattern or a format that we know better as a mark."""
    format_ = schema.get("format")
    known = OWN_FORMATS.get(str(format_)) if not _holds(schema.get("pattern")) else None
    if known or (format_ in FORMATS and "pattern" not in schema):
        schema = {
            key: value for key, value in schema.items() if key not in ("minLength", "maxLength")
        }
    if known:
        schema["pattern"] = known
    if isinstance(schema.get("pattern"), str):
        patterns.append(_pattern(schema, where))
        return {"const": f"\ue000{len(patterns) - 1}\ue000"}
    return schema


def _holds(pattern: object) -> bool:
    """Whether a pattern can be enforced; a `format` beside one that can't will do."""
    try:
        return isinstance(pattern, str) and bool(regex.searched(pattern))
    except ConfigError:
        return False


def _open(schema: dict[str, object], where: str) -> None:
    """Allows further properties where xgrammar's strict reading would leave none."""
    named, required = schema.get("properties", {}), schema.get("required", [])
    if not schema.keys() & {
        "properties",
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
    }:
        schema.setdefault("additionalProperties", True)
    if not isinstance(required, list) or not isinstance(named, Mapping):
        return
    patterned, others = schema.get("patternProperties", {}), schema.get("additionalProperties", {})
    for name in (name for name in required if name not in named):
        fitting = (
            [v for p, v in patterned.items() if _finds(p, name)]
            if isinstance(patterned, Mapping)
            else []
        )
        if not fitting and others is False:
            _cannot(
                where, f"requires {name[:100]!r}, which it forbids", "describe it under properties"
            )
        named = {**named, name: fitting[0] if fitting else {} if others is True else others}
    if required:
        schema["properties"] = named


def _finds(pattern: object, name: str) -> bool:
    """Whether names like this are described by a pattern."""
    with suppress(re.error):
        return bool(re.search(str(pattern), name))
    return False


def _name(pattern: str, where: str, patterns: list[Node]) -> str:
    patterns.append(_pattern({"pattern": pattern}, where))
    return f"^pattern-{len(patterns) - 1}-of-ours$"


def _choices(options: list[object], where: str, kind: object, patterns: list[Node]) -> list[object]:
    """The branches that can be enforced. Raises the reason where too few are left.

    Args:
        kind: The type that stands beside them, and counts for those that say none.
    """
    made: list[object] = []
    wrong: list[ConfigError] = []
    for number, option in enumerate(options):
        if kind and isinstance(option, Mapping) and not option.keys() & {"type", *SETTLING}:
            option = {**option, "type": kind}
        try:
            made.append(_enforceable(option, f"{where}/{number}", patterns))
        except ConfigError as error:
            wrong.append(error)
    if wrong and all(
        isinstance(one, Mapping) and one.get("type") == "null" for one in made
    ):  # nothing, or nothing but null
        raise wrong[0]
    return made


def _refuse(schema: Mapping[str, object], where: str) -> None:
    for key in sorted(schema.keys() & BEYOND):
        if schema[key] is not False:
            _cannot(
                where,
                f"says {key!r}, which no grammar can enforce",
                "leave it out, and check the answer",
            )
    step = schema.get("multipleOf")
    bounded = schema.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    if step is not None and (
        schema.get("type") != "integer"
        or not isinstance(step, int)
        or not 0 < step <= MOST_MULTIPLES
        or bounded
    ):
        _cannot(
            where,
            "says 'multipleOf' of what isn't any integer, or is too large",
            "leave it out, and check the answer",
        )
    chosen = next((key for key in CHOOSING if key in schema), None)
    beside = sorted(schema.keys() & SAYING) if chosen else []
    if beside:
        _cannot(
            where,
            f"says {beside[0]!r} beside {chosen!r}; they can't be enforced together",
            f"say {beside[0]!r} within {chosen!r}",
        )
    every = schema.get("allOf")
    if isinstance(every, list) and len(every) > 1:
        _cannot(where, "says 'allOf' of several schemas", "merge them into one")
    place = schema.get("$ref")
    if (
        isinstance(place, str)
        and place != "#"
        and (not place.startswith("#/") or place.split("/")[1] not in REACHED)
    ):
        _cannot(
            where,
            f"refers to {place[:100]!r}",
            "put what it refers to under $defs, and refer to '#/$defs/NAME'",
        )
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        _cannot(where, "says 'required' of something else than a list of names", "")
    if not isinstance(schema.get("format", ""), str):
        _cannot(where, "has a format that isn't text", "")


def _pattern(schema: Mapping[str, object], where: str) -> Node:
    """What is between a string's quotes."""
    try:
        node = regex.searched(str(schema["pattern"]))
    except ConfigError as error:
        _cannot(where, f"has a pattern that can't be enforced: {error.message}", error.hint)
    low, high = (
        value if isinstance(value := schema.get(key), int) else None
        for key in ("minLength", "maxLength")
    )
    shortest, longest = regex.lengths(node)
    if (low or 0) > shortest or (high is not None and (longest is None or high < longest)):
        if not isinstance(node, Repeat) or not isinstance(node.item, Class):
            _cannot(
                where,
                "says a length beside a pattern; they can't be enforced together",
                "say the length in the pattern: {1,20}",
            )
        low, high = (
            max(node.low, low or 0),
            min((h for h in (node.high, high) if h is not None), default=None),
        )
        if high is not None and low > high:
            _cannot(where, "has a pattern that no text of its lengths matches", "")
        node = Repeat(node.item, low, high)
    return regex.in_json(node)


def _cannot(where: str, what: str, hint: str) -> NoReturn:
    raise ConfigError(
        f"the JSON schema {what}" + f" (at {where[:200]})" * bool(where),
        hint=hint,
        code="bad_schema",
    )


# ── after ───────────────────────────────────────────────────────────────────────────────────────

_PIECE = re.compile(
    r'Regex\("((?:[^"\\]|\\.)*)", json_string=true\)|("(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\])',
    re.DOTALL,
)
_LETTERS = {
    "a": "\\x07",
    "b": "\\x08",
    "f": "\\x0c",
    "v": "\\x0b",
    "e": "\\x1b",
    "0": "\\x00",
    "/": "/",
    "'": "'",
    "?": "?",
}
"""Escapes that xgrammar writes and GBNF doesn't have."""
_LOOKAHEAD = re.compile(r" \(=\(.*\)\)$", re.MULTILINE)
"""xgrammar's hints to itself at the end of a rule; they don't change the language of the whole."""


def _readable(text: str) -> str:
    """xgrammar's notation → GBNF: counts, escapes, dotted names, property patterns."""
    pieces: list[str] = []

    def put_away(found: re.Match[str]) -> str:
        if found[1] is None:
            pieces.append(
                re.sub(r"\\(.)", lambda m: _LETTERS.get(m[1], m[0]), found[2], flags=re.DOTALL)
            )
        else:
            marked = MARKED.fullmatch(found[1].replace("\\", ""))
            if marked is None:
                raise ConfigError(
                    f"the JSON schema has a pattern in an odd place: {found[1][:100]}",
                    code="bad_schema",
                )
            pieces.append(f'"\ue000{marked[1]}\ue000"')
        return f"\x00{len(pieces) - 1}\x00"

    bare = _LOOKAHEAD.sub("", _PIECE.sub(put_away, text))
    bare = re.sub(r"\{(\d+), -1\}", r"{\1,}", bare)
    names = {found[1] for found in re.finditer(r"^([^\s:]+) ::=", bare, re.MULTILINE)}
    for number, name in enumerate(
        sorted(n for n in names if not re.fullmatch(r"[A-Za-z0-9_-]+", n))
    ):
        bare = re.sub(
            rf"(?<![^\s(|){{]){re.escape(name)}(?![^\s)|({{?*+])", f"named-{number}", bare
        )
    return re.sub("\x00([0-9]+)\x00", lambda m: pieces[int(m[1])], bare)


def _mended(node: Node, patterns: list[Node]) -> Node:
    """Replaces placeholders by patterns, and excludes control characters."""
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
