"""`/v1/responses`: OpenAI's newer API, over the same request as chat completions.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from expertserve.server.ask import Json
from expertserve.server.fields import Fields, Tolerant, Wire
from expertserve.server.problems import Refusal
from expertserve.server.wire import ChatRequest

Item = dict[str, Any]
LOGPROBS = "message.output_text.logprobs"


class Format(Wire):
    """What the text is: `text`, `json_object`, or `json_schema`."""

    type: Annotated[
        Literal["text", "json_object", "json_schema"],
        Field(description="Any text, any JSON object, or what a schema says."),
    ] = "text"
    name: Annotated[str | None, Field(description="Ignored.")] = None
    description: Annotated[str | None, Field(description="Ignored.")] = None
    strict: Annotated[bool | None, Field(description="Every schema is held exactly.")] = None
    schema_: Annotated[
        dict[str, Any] | None, Field(alias="schema", description="What the text follows.")
    ] = None


class TextSettings(Wire):
    """How the text is written."""

    format: Annotated[Format | None, Field(description="Text, or JSON.")] = None
    verbosity: Annotated[str | None, Field(description="Ignored.")] = None


class Reasoning(Tolerant):
    """How much a model thinks first."""

    effort: Annotated[str | None, Field(description="`none` and `minimal` turn it off.")] = None
    summary: Annotated[str | None, Field(description="Ignored: all of it is told.")] = None


class ResponsesRequest(Fields):
    """`POST /v1/responses`."""

    ignores: ClassVar[tuple[str, ...]] = (
        *Fields.ignores, "truncation", "max_tool_calls", "context_management",
    )  # fmt: skip
    refuses: ClassVar[Mapping[str, str]] = {
        **Fields.refuses,
        "background": "keep the connection, or stream",
        "conversation": "pass previous_response_id, or the whole conversation as input",
        "prompt": "this server keeps no prompts; send its text",
        "suffix": "an expert answers, it doesn't fill in",
    }

    input: Annotated[
        str | list[Item], Field(min_length=1, description="A question, or a conversation's items.")
    ]
    instructions: Annotated[
        str | None, Field(description="A system message, which later responses don't inherit.")
    ] = None
    previous_response_id: Annotated[
        str | None, Field(max_length=200, description="The answer that this one follows.")
    ] = None
    store: Annotated[
        bool, Field(description="Keep it for previous_response_id, in memory and for a while.")
    ] = True
    max_output_tokens: Annotated[int | None, Field(ge=1, description="Bound on the answer.")] = None
    tools: Annotated[
        list[Item] | None, Field(max_length=128, description="Functions that may be called.")
    ] = None
    tool_choice: Annotated[
        str | Item | None, Field(description="Whether one must be called, or which.")
    ] = None
    parallel_tool_calls: Annotated[
        bool | None, Field(description="An answer has one call, whatever it says.")
    ] = None
    text: Annotated[TextSettings | None, Field(description="The form of the text.")] = None
    reasoning: Annotated[
        Reasoning | None, Field(description="Effort `none` and `minimal` turn thinking off.")
    ] = None  # type: ignore[assignment]
    include: Annotated[
        list[str] | None, Field(description=f"`{LOGPROBS}` is the one that has a meaning.")
    ] = None
    top_logprobs: Annotated[
        int | None, Field(ge=0, le=20, description="Log-probabilities of so many alternatives.")
    ] = None
    metadata: Annotated[dict[str, Any] | None, Field(description="Comes back as it is.")] = None

    @property
    def logprobs(self) -> bool:
        return LOGPROBS in (self.include or ())

    @property
    def items(self) -> list[Item]:
        """The input as items."""
        if isinstance(self.input, str):
            return [{"type": "message", "role": "user", "content": self.input}]
        return self.input

    def chat(self, before: Sequence[Item] = ()) -> ChatRequest:
        """The request as a chat completion.

        Args:
            before: The items of the conversation so far.

        Raises:
            Refusal: An item or a tool that can't be honoured.
        """
        messages = turns([*before, *self.items])
        if self.instructions is not None:
            messages = [{"role": "developer", "content": self.instructions}, *messages]
        own = set(type(self).model_fields) - set(Fields.model_fields) | {"reasoning"}
        shared = self.model_dump(by_alias=True, exclude_unset=True, exclude=own)
        for name in self.model_extra or ():
            shared.pop(name, None)
        shared.pop("stream_options", None)
        format = self.text.format if self.text else None
        shared |= {
            "messages": messages,
            "max_completion_tokens": self.max_output_tokens,
            "tools": [_tool(t, i) for i, t in enumerate(self.tools)] if self.tools else None,
            "tool_choice": _choice(self.tool_choice),
            "response_format": _format(format) if format else None,
            "reasoning_effort": self.reasoning.effort if self.reasoning else None,
            "logprobs": self.logprobs or None,
            "top_logprobs": self.top_logprobs if self.logprobs else None,
        }
        return ChatRequest.model_validate(shared)


def _format(format: Format) -> Json:
    if format.type != "json_schema":
        return {"type": format.type}
    return {"type": "json_schema", "json_schema": {"schema": format.schema_}}


def _tool(tool: Item, number: int) -> Json:
    """A flat tool → the nested one of chat completions."""
    if tool.get("type", "function") != "function":
        return {"type": tool.get("type")}
    return {"type": "function", "function": {k: v for k, v in tool.items() if k != "type"}}


def _choice(choice: str | Item | None) -> object:
    if not isinstance(choice, dict):
        return choice
    if choice.get("type") == "allowed_tools":
        return {"type": "allowed_tools", "allowed_tools": choice}
    return {"type": "function", "function": {"name": choice.get("name")}}


def turns(items: Sequence[Item]) -> list[Json]:
    """Items → messages; calls that follow each other are one turn.

    Raises:
        Refusal: An item of a kind that isn't served.
    """
    found: list[Json] = []
    for place, item in enumerate(items):
        kind = item.get("type") or "message"
        if kind == "message":
            found.append({"role": item.get("role"), "content": item.get("content")})
        elif kind == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments") or "{}"}
            call = {"id": str(item.get("call_id") or ""), "function": function}
            calls = found[-1].get("tool_calls") if found else None
            if isinstance(calls, list):
                calls.append(call)
            else:
                found.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind == "function_call_output":
            found.append({"role": "tool", "content": item.get("output")})
        elif kind != "reasoning":  # what was thought before is not part of a conversation
            raise Refusal(
                f"an item of the type {str(kind)[:40]!r} was sent; this server has messages and"
                " functions",
                status=400,
                hint="message, function_call, function_call_output or reasoning",
                code="unsupported_content",
                param=f"input.{place}",
            )
    return found
