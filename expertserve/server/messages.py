"""Turns of a conversation and tools as they come over the wire → what templates take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from expertserve.prompt.format import Message, Role
from expertserve.server.fields import Tolerant
from expertserve.server.problems import Refusal
from expertserve.server.tools import Tool

MEDIA = {
    "image": "an image",
    "audio": "a recording",
    "video": "a film",
    "file": "a file",
    "document": "a document",
}


class ContentPart(Tolerant):
    """A part of a message: text, or what is refused by name."""

    type: Annotated[str, Field(max_length=100, description="`text`.")] = "text"
    text: Annotated[str | None, Field(description="The text.")] = None
    refusal: Annotated[str | None, Field(description="An earlier refusal, read as text.")] = None


Content = str | list[ContentPart | str]


class FunctionCall(Tolerant):
    """A past call: a function's name and its arguments, in JSON."""

    name: Annotated[str, Field(description="The function's.")]
    arguments: Annotated[
        str | dict[str, Any], Field(description="JSON, as a text or an object.")
    ] = "{}"

    def text(self) -> str:
        """The call the way one is asked for."""
        return json.dumps({"name": self.name, "arguments": _arguments(self.arguments)})


class ToolCall(Tolerant):
    """A past call of a tool."""

    id: Annotated[str, Field(description="What its result refers to.")] = ""
    type: Annotated[Literal["function"], Field(description="`function`.")] = "function"
    function: Annotated[FunctionCall, Field(description="Which one, and with what.")]


class WireMessage(Tolerant):
    """One turn. `developer` is read as `system`, `function` as `tool`."""

    role: Annotated[
        Literal["system", "developer", "user", "assistant", "tool", "function"],
        Field(description="Whose turn it is."),
    ]
    content: Annotated[Content | None, Field(description="A text, or parts of type `text`.")] = None
    tool_calls: Annotated[
        list[ToolCall] | None, Field(description="Calls that the assistant made.")
    ] = None
    function_call: Annotated[FunctionCall | None, Field(description="The same, once.")] = None

    def message(self, place: str) -> Message:
        """The turn as templates take it; a past tool call is shown the way one is asked for.

        Raises:
            Refusal: It has something else than text.
        """
        content = text_of(self.content, f"{place}.content")
        calls = [c.function.text() for c in self.tool_calls or ()]
        calls += [self.function_call.text()] if self.function_call else []
        roles: dict[str, Role] = {"developer": "system", "function": "tool"}
        role: Role = roles.get(self.role) or self.role  # type: ignore[assignment]
        return {"role": role, "content": "\n".join([content, *calls] if content else calls)
                if calls else content}  # fmt: skip


def text_of(content: Content | None, place: str) -> str:
    """The text of a message's parts.

    Raises:
        Refusal: A part that isn't text.
    """
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(p if isinstance(p, str) else _text_of(p, place) for p in content)


def _text_of(part: ContentPart, place: str) -> str:
    if part.text is not None and part.type.endswith("text"):
        return part.text
    if part.type == "refusal":
        return part.refusal or ""
    kind = next((words for name, words in MEDIA.items() if name in part.type), None)
    message = (
        f"{kind} was sent; this model reads text"
        if kind
        else f"a part of the type {part.type[:40]!r} without a text was sent; this model reads text"
    )
    raise Refusal(
        message,
        status=400,
        hint='send {"type": "text", "text": …}',
        code="unsupported_content",
        param=place,
    )


def _arguments(given: str | dict[str, Any]) -> object:
    try:
        return json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        return given


def with_system(messages: Sequence[Message], text: str) -> list[Message]:
    """The messages with more in the system message, which is made where there is none."""
    if messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


# ── tools ───────────────────────────────────────────────────────────────────────────────────────


class Function(Tolerant):
    """A function that may be called."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="Its name.")]
    description: Annotated[str | None, Field(description="When and how to use it.")] = None
    parameters: Annotated[
        dict[str, Any] | None, Field(description="The JSON schema of its arguments.")
    ] = None

    strict: Annotated[bool | None, Field(description="The schema is held exactly.")] = None

    def tool(self) -> Tool:
        return Tool(
            self.name,
            self.description or "",
            self.parameters or {"type": "object", "properties": {}},
        )


class WireTool(Tolerant):
    """A tool; functions are the only kind that is served."""

    type: Annotated[str, Field(max_length=100, description="`function`.")] = "function"
    function: Annotated[Function | None, Field(description="The function.")] = None

    def tool(self, place: str) -> Tool:
        """The tool.

        Raises:
            Refusal: Another kind of tool than a function.
        """
        if self.type != "function" or self.function is None:
            raise Refusal(
                f"a tool of the type {self.type[:40]!r} was offered; this server has functions"
                if self.type != "function"
                else "a tool has no function",
                status=400,
                hint='{"type": "function", "function": {"name": …, "parameters": {…}}}',
                code="unsupported_tool",
                param=place,
            )
        return self.function.tool()


class NamedFunction(Tolerant):
    """A function, by its name."""

    name: Annotated[str, Field(description="Its name.")]


class AllowedTools(Tolerant):
    """Some of the tools, and whether one of them must be called."""

    mode: Annotated[
        Literal["auto", "required"], Field(description="Whether one of them must be called.")
    ] = "auto"
    tools: Annotated[
        list[dict[str, Any]], Field(default_factory=list, description="Those that may be called.")
    ]

    @property
    def names(self) -> list[str]:
        functions = [t.get("function", t) for t in self.tools]
        return [str(f.get("name")) for f in functions if isinstance(f, dict)]


class ToolChoice(Tolerant):
    """Which tool must be called."""

    type: Annotated[
        Literal["function", "allowed_tools"], Field(description="One function, or some tools.")
    ] = "function"
    function: Annotated[NamedFunction | None, Field(description="The one function.")] = None
    allowed_tools: Annotated[AllowedTools | None, Field(description="The tools.")] = None
    name: Annotated[str | None, Field(description="The function's, in the Responses API.")] = None

    @property
    def wanted(self) -> str | None:
        """The one that must be."""
        return self.function.name if self.function else self.name
