"""What pydantic found in a request → a sentence in the words of whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from expertserve.server.problems import Refusal

EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
BUILT_IN = frozenset({"str", "int", "float", "bool", "dict", "list", "body"})


def refusal_of(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """The error of a request's first field that is wrong. The value itself is not repeated.

    Example:
        >>> wrong = {"type": "string_type", "loc": ("body", "model"), "msg": ""}
        >>> refusal_of([wrong]).message
        'model: a text is expected'
    """
    first = errors[0]
    if first["type"] == "json_invalid":
        found = first.get("ctx", {}).get("error", "")
        return Refusal(
            f"the body is not JSON: {found}, at character {first['loc'][-1]}",
            status=400,
            code="bad_argument",
            hint="send one JSON object",
        )
    places = [_place(e) for e in errors]
    root = places[0][:2]
    place = max((p for p in places if p[:2] == root), key=len)
    here = [e for e, p in zip(errors, places, strict=True) if p == place]
    shown = ".".join(map(str, place))[:200]
    return Refusal(
        f"{shown or 'the body'}: {_sentence(here)}",
        status=400,
        code="bad_argument",
        param=shown or None,
        hint="the routes' fields are at /docs",
    )


def _place(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Where it is, without the names of a union's members."""
    return tuple(p for p in error["loc"] if isinstance(p, int) or not _is_kind(p))


def _is_kind(part: str) -> bool:
    return part in BUILT_IN or "[" in part or part[:1].isupper() or part.startswith("function-")


def _sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """What would have been right."""
    if all(e["type"] == "missing" for e in errors):
        return "it is required, and isn't there"
    expected = dict.fromkeys(_expected(e) for e in errors)
    words = [w for w in expected if w]
    if words:
        return f"{' or '.join(words)} is expected"
    said = str(errors[0]["msg"])
    return said.replace("Input should be", "it must be").replace("List should", "it must")


def _expected(error: Mapping[str, Any]) -> str:
    if error["type"] == "literal_error":
        return str(error.get("ctx", {}).get("expected", ""))
    return EXPECTED.get(error["type"], "")
