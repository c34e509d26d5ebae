"""Tool calls by grammar: `{"name": …, "arguments": …}`, forced or recognised."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

Json = dict[str, object]
OPENINGS = ("{", "```", "<tool_call>")


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Json


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the caller gets it; `arguments` is JSON."""

    name: str
    arguments: str
    id: str = field(default_factory=lambda: f"call_{uuid.uuid4().hex[:24]}")


def describe(tools: Sequence[Tool], *, must: bool) -> str:
    """What stands in the system message."""
    lines = [
        json.dumps(
            {"name": t.name, "description": t.description, "parameters": t.parameters},
            ensure_ascii=False,
        )
        for t in tools
    ]
    how = 'Call one by answering with nothing but {"name": <its name>, "arguments": {…}}.'
    return "\n".join(
        [
            "Functions that you can call:",
            *lines,
            how if must else "Where one helps: " + how[0].lower() + how[1:],
        ]
    )


def schema_of(tools: Sequence[Tool]) -> Json:
    """The JSON schema of one call. Parameters become definitions, references included."""
    names = [f"tool-{number}" for number in range(len(tools))]
    calls = [
        _call_schema(tool.name, {"$ref": f"#/$defs/{name}"})
        for tool, name in zip(tools, names, strict=True)
    ]
    parameters = {
        name: _moved(tool.parameters or {"type": "object"}, f"#/$defs/{name}")
        for tool, name in zip(tools, names, strict=True)
    }
    return (calls[0] if len(calls) == 1 else {"anyOf": calls}) | {"$defs": parameters}


def _moved(schema: object, to: str) -> object:
    """A schema whose root lies elsewhere by now, `#` and `#/…` in it leading there."""
    if isinstance(schema, dict):
        return {
            key: to + value[1:] if _is_local(key, value) else _moved(value, to)
            for key, value in schema.items()
        }
    return [_moved(one, to) for one in schema] if isinstance(schema, list) else schema


def _is_local(key: str, value: object) -> bool:
    return key == "$ref" and isinstance(value, str) and (value == "#" or value.startswith("#/"))


def _call_schema(name: str, parameters: Json) -> Json:
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": parameters},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def might_be_call(text: str) -> bool:
    """Whether a text, as far as it has come, could become a call."""
    start = text.lstrip()[:11]
    return any(start.startswith(o) or o.startswith(start) for o in OPENINGS)


def find_call(text: str, tools: Sequence[Tool]) -> Call | None:
    """The call that an answer is, also fenced or in `<tool_call>` tags; else None."""
    if not tools:
        return None
    body = text.strip().removeprefix("<tool_call>").removesuffix("</tool_call>").strip()
    if body.startswith("```") and body.endswith("```"):
        body = body[3:-3].removeprefix("json").strip()
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or all(value.get("name") != t.name for t in tools):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    return (
        Call(value["name"], json.dumps(arguments, ensure_ascii=False))
        if isinstance(arguments, dict)
        else None
    )


@dataclass(slots=True)
class HeldBack:
    """A text as it comes, held back while it may still turn out to be a call.

    Example:
        >>> held = HeldBack([Tool("clock", "", {})])
        >>> held.feed('{"name": "clock", '), held.end('"arguments": {}}')[0].name
        ('', 'clock')
    """

    tools: Sequence[Tool]
    _text: str = ""
    _free: bool = False

    def feed(self, text: str) -> str:
        """What may be shown now."""
        if not self.tools or self._free:
            return text
        self._text += text
        if might_be_call(self._text):
            return ""
        self._free, held, self._text = True, self._text, ""
        return held

    def end(self, text: str = "") -> tuple[Call | None, str]:
        """The call that it was, or the text that is left."""
        held = self._text + text
        call = find_call(held, self.tools) if held else None
        return (call, "") if call else (None, held)
