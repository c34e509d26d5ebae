"""`/v1/messages`: Anthropic's API, over the same request as chat completions.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from expertserve.errors import ExpertError
from expertserve.result import Chunk, Completion, InferenceResult
from expertserve.server.ask import Json
from expertserve.server.fields import Fields, Tolerant
from expertserve.server.problems import body_of
from expertserve.server.shape import NamedEvents, proof
from expertserve.server.thoughts import Thoughts, read_answer
from expertserve.server.tools import Call, HeldBack, Tool, find_call
from expertserve.server.wire import ChatRequest

Block = dict[str, Any]
THOUGHTS = ("thinking", "redacted_thinking")


class Turn(Tolerant):
    """One turn: a text, or blocks."""

    role: Annotated[Literal["user", "assistant", "system"], Field(description="Whose turn it is.")]
    content: Annotated[
        str | list[Block], Field(description="A text, or blocks: text, tool_use, tool_result.")
    ]


class AnthropicTool(Tolerant):
    """A function that may be called."""

    name: Annotated[str, Field(description="Its name.")]
    type: Annotated[str | None, Field(description="`custom`; Anthropic's own run nowhere.")] = None
    description: Annotated[str | None, Field(description="When and how to use it.")] = None
    input_schema: Annotated[
        dict[str, Any] | None, Field(description="The JSON schema of its arguments.")
    ] = None


class AnthropicChoice(Tolerant):
    """Whether a tool must be called, or which."""

    type: Annotated[
        Literal["auto", "any", "tool", "none"],
        Field(description="The model chooses, must call one, must call `name`, or may not."),
    ]
    name: Annotated[str | None, Field(description="With `tool`: which.")] = None


class OutputFormat(Tolerant):
    """The answer is JSON that follows a schema."""

    type: Annotated[Literal["json_schema"], Field(description="`json_schema`.")]
    schema_: Annotated[
        dict[str, Any], Field(alias="schema", description="What the answer follows.")
    ]


class OutputConfig(Tolerant):
    """The form of the answer."""

    format: Annotated[OutputFormat | None, Field(description="A JSON schema.")] = None
    effort: Annotated[str | None, Field(description="Ignored.")] = None


class MessagesRequest(Fields):
    """`POST /v1/messages`."""

    ignores: ClassVar[tuple[str, ...]] = (
        *Fields.ignores, "context_management", "inference_geo", "betas", "anthropic_version",
        "cache_control", "speed",
    )  # fmt: skip
    refuses: ClassVar[Mapping[str, str]] = {
        **Fields.refuses,
        "mcp_servers": "call the tools yourself, and send their results",
        "container": "nothing runs here",
    }

    messages: Annotated[
        list[Turn],
        Field(min_length=1, max_length=1000, description="The conversation; a last turn by the"
              " assistant is continued."),
    ]  # fmt: skip
    system: Annotated[
        str | list[Block] | None, Field(description="The system message, or its blocks.")
    ] = None
    stop_sequences: Annotated[list[str] | None, Field(description="Texts that end the answer.")] = (
        None
    )
    tools: Annotated[
        list[AnthropicTool] | None, Field(max_length=128, description="What may be called.")
    ] = None
    tool_choice: Annotated[
        AnthropicChoice | None, Field(description="Whether one must be, or which.")
    ] = None
    output_config: Annotated[OutputConfig | None, Field(description="The answer's form.")] = None
    output_format: Annotated[
        OutputFormat | None, Field(description="The older place for its schema.")
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _thinking(cls, data: object) -> object:
        """Ours says it with a word, Anthropic's with an object."""
        if isinstance(data, dict) and isinstance(data.get("thinking"), dict):
            return data | {"thinking": data["thinking"].get("type") != "disabled"}
        return data

    def chat(self) -> ChatRequest:
        """The request as a chat completion.

        Raises:
            Refusal: A block or a tool that can't be honoured.
        """
        messages = [m for i, turn in enumerate(self.messages) for m in _messages(turn, i)]
        if self.system:
            messages = [{"role": "system", "content": self.system}, *messages]
        own = set(type(self).model_fields) - set(Fields.model_fields)
        shared = self.model_dump(by_alias=True, exclude_unset=True, exclude=own)
        for name in self.model_extra or ():
            shared.pop(name, None)
        format = (self.output_config.format if self.output_config else None) or self.output_format
        schema = {"type": "json_schema", "schema": format.schema_} if format else None
        shared |= {
            "messages": messages,
            "tools": [_tool(t) for t in self.tools] if self.tools else None,
            "tool_choice": _choice(self.tool_choice) if self.tools else None,
            "continue_final_message": messages[-1]["role"] == "assistant" or None,
            "response_format": schema,
        }
        if self.stop_sequences:
            shared["stop"] = self.stop_sequences
        return ChatRequest.model_validate(shared)


def _tool(tool: AnthropicTool) -> Json:
    if tool.type not in (None, "custom", "function"):
        return {"type": tool.type}
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema,
    }
    return {"type": "function", "function": function}


def _choice(choice: AnthropicChoice | None) -> object:
    if choice is None or choice.type != "tool":
        return {"auto": "auto", "any": "required", "none": "none"}[choice.type] if choice else None
    return {"type": "function", "function": {"name": choice.name}}


def _messages(turn: Turn, place: int) -> list[Json]:
    """A turn's blocks → messages: results of tools first, as they were asked for."""
    if isinstance(turn.content, str):
        return [{"role": turn.role, "content": turn.content}]
    texts: list[Block] = []
    calls: list[Json] = []
    results: list[Json] = []
    for block in turn.content:
        kind = block.get("type")
        if kind == "tool_use":
            function = {"name": block.get("name"), "arguments": block.get("input") or {}}
            calls.append({"id": str(block.get("id") or ""), "function": function})
        elif kind == "tool_result":
            results.append({"role": "tool", "content": _result(block)})
        elif kind not in THOUGHTS:
            texts.append(block)
    said: Json = {"role": turn.role, "content": texts}
    if calls:
        said["tool_calls"] = calls
    return results + ([said] if texts or calls or not results else [])


def _result(block: Block) -> object:
    content = block.get("content") or ""
    if not block.get("is_error"):
        return content
    return [{"type": "text", "text": "error: "}, *content] if isinstance(content, list) else (
        f"error: {content}"
    )  # fmt: skip


# ── answers ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class MessagesShape(NamedEvents):
    """`message`, and its events. Text that may be a call is held back."""

    id: str
    model: str
    asked: str
    tools: Sequence[Tool] = ()
    stops: Sequence[str] = ()
    _thoughts: Thoughts = field(default_factory=Thoughts)
    _open: str = ""
    _place: int = -1
    _held: HeldBack = field(init=False)

    def __post_init__(self) -> None:
        self._held = HeldBack(self.tools)

    def whole(self, results: Sequence[InferenceResult]) -> Json:
        completion = results[0].completions[0]
        thoughts, text = read_answer(completion)
        call = find_call(text, self.tools)
        content: list[Json] = []
        if thoughts:
            content.append({"type": "thinking", "thinking": thoughts, "signature": ""})
        content.append(_use(call) if call else {"type": "text", "text": text})
        made = self._message(results[0], content) | self._end_of(completion, called=bool(call))
        return made | {"expertserve": proof(results[0], self.asked)}

    def _message(self, result: InferenceResult, content: Sequence[Json] = ()) -> Json:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": list(content),
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage(result),
        }

    def _end_of(self, completion: Completion, *, called: bool) -> Json:
        stop = completion.stop if completion.stop in self.stops else None
        reason = (
            "tool_use"
            if called
            else "max_tokens"
            if completion.finish_reason != "stop"
            else "stop_sequence"
            if stop
            else "end_turn"
        )
        return {"stop_reason": reason, "stop_sequence": stop}

    def begin(self, result: InferenceResult) -> list[Json]:
        return [{"type": "message_start", "message": self._message(result)}]

    def delta(self, chunk: Chunk) -> list[Json]:
        thoughts, text = self._thoughts.feed(chunk.text)
        thoughts = chunk.reasoning + thoughts
        return self._write("thinking", thoughts) + self._write("text", self._held.feed(text))

    def _write(self, kind: str, text: str) -> list[Json]:
        if not text:
            return []
        empty: Json = {"type": kind, kind: ""}
        events = self._begin(kind, empty | ({"signature": ""} if kind == "thinking" else {}))
        return [*events, self._delta({"type": f"{kind}_delta", kind: text})]

    def _begin(self, kind: str, block: Json) -> list[Json]:
        """Opens a block of this kind, unless one is open."""
        if self._open == kind:
            return []
        events = self._close()
        self._open = kind
        self._place += 1
        begun = {"type": "content_block_start", "index": self._place, "content_block": block}
        return [*events, begun]

    def _delta(self, delta: Json) -> Json:
        return {"type": "content_block_delta", "index": self._place, "delta": delta}

    def _close(self) -> list[Json]:
        was, self._open = self._open, ""
        return [{"type": "content_block_stop", "index": self._place}] if was else []

    def end(self, results: Sequence[InferenceResult]) -> list[Json]:
        thoughts, text = self._thoughts.feed("", last=True)
        events = self._write("thinking", thoughts)
        call, held = self._held.end(text)
        if call:
            events += self._begin("tool_use", _use(call) | {"input": {}})
            events.append(self._delta({"type": "input_json_delta", "partial_json": call.arguments}))
        else:
            events += self._write("text", held)
            if self._place < 0:
                events += self._begin("text", {"type": "text", "text": ""})
        ended = self._end_of(results[0].completions[0], called=bool(call))
        usage = _usage(results[0])
        return [
            *events,
            *self._close(),
            {"type": "message_delta", "delta": ended, "usage": usage},
            {"type": "message_stop", "expertserve": proof(results[0], self.asked)},
        ]

    def failed(self, error: ExpertError) -> bytes:
        return self.encode([body_of(error)])


def _use(call: Call) -> Json:
    id = f"toolu_{uuid.uuid4().hex[:24]}"
    return {"type": "tool_use", "id": id, "name": call.name, "input": json.loads(call.arguments)}


def _usage(result: InferenceResult) -> Json:
    usage = result.usage
    return {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation_input_tokens": 0,
    }
