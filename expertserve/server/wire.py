"""OpenAI's requests as they come over the wire, and what is asked of an expert."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from expertserve.errors import ConfigError
from expertserve.prompt.format import Message, Role
from expertserve.request import GenerateArgs, nearest
from expertserve.server.tools import Tool, describe, schema_of

Json = dict[str, object]
MAX_PROMPTS = 64


MAX_TOOLS = 128


class _Wire(BaseModel):
    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, hide_input_in_errors=True, protected_namespaces=()
    )


class _Tolerant(_Wire):
    """A nested object of OpenAI's, which grows keys."""

    model_config = ConfigDict(extra="ignore")


class TextPart(_Tolerant):
    """The only kind of content that is served."""

    type: Literal["text", "input_text", "output_text"]
    text: str


class FunctionCall(_Tolerant):
    name: str
    arguments: str = "{}"


class ToolCall(_Tolerant):
    id: str = ""
    type: Literal["function"] = "function"
    function: FunctionCall


class WireMessage(_Tolerant):
    """One turn. `developer` is read as `system`."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[ToolCall] | None = None

    def message(self) -> Message:
        """The turn as templates take it; a past tool call is shown the way one is asked for."""
        content = (
            self.content
            if isinstance(self.content, str)
            else "".join(p.text for p in self.content or ())
        )
        calls = [
            json.dumps({"name": c.function.name, "arguments": _arguments(c.function.arguments)})
            for c in self.tool_calls or ()
        ]
        role: Role = "system" if self.role == "developer" else self.role
        return {
            "role": role,
            "content": "\n".join([content, *calls] if content else calls) if calls else content,
        }


def _arguments(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


class JsonSchema(_Tolerant):
    name: str = "answer"
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None


class ResponseFormat(_Tolerant):
    """`text`, `json_object`, or `json_schema`, which the grammar engine enforces."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class Function(_Tolerant):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class WireTool(_Tolerant):
    type: Literal["function"]
    function: Function

    def tool(self) -> Tool:
        return Tool(
            self.function.name,
            self.function.description or "",
            self.function.parameters or {"type": "object", "properties": {}},
        )


class NamedFunction(_Tolerant):
    name: str


class ToolChoice(_Tolerant):
    type: Literal["function"]
    function: NamedFunction


class StreamOptions(_Tolerant):
    include_usage: bool = False


class _Common(_Wire):
    """What both endpoints take. What is left out comes from the expert's manifest."""

    model: Annotated[
        str,
        Field(max_length=300, description="An expert's name, the base model's name, or `auto`."),
    ]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: str | list[str] | None = None
    seed: int | None = None

    # ours
    top_k: Annotated[
        int | None, Field(description="Choose among so many likeliest tokens; 0 or -1: all.")
    ] = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    schema_: Annotated[
        str | None, Field(alias="schema", description="Context for the question, such as DDL.")
    ] = None
    dialect: Annotated[
        str | None, Field(description="Stands above the schema, such as `postgres`.")
    ] = None
    grammar: Annotated[
        str | None,
        Field(description="GBNF that the answer follows; null switches the expert's own off."),
    ] = None
    regex: str | None = None
    choice: Annotated[list[str], Field(min_length=1, max_length=1000)] | None = None
    json_schema: Annotated[
        dict[str, Any] | None, Field(description="The short way to response_format json_schema.")
    ] = None
    grammar_fix: Annotated[
        Literal["word-boundaries"] | None,
        Field(description="A blank wherever two words of the grammar would meet."),
    ] = None
    restrict_to_schema: Annotated[
        bool | None, Field(description="Names in the answer are those of `schema`.")
    ] = None
    fallback: Annotated[
        Literal["base"] | None,
        Field(description="With `auto`: the base model answers what fits no expert."),
    ] = None
    thinking: bool | None = None
    reasoning: Annotated[
        Literal["strip", "keep", "off"] | None,
        Field(description="A think block before the answer: apart from it, in it, or none."),
    ] = None

    # OpenAI's: refused where they would change the answer
    frequency_penalty: Annotated[
        float | None, Field(description="Only 0; see repetition_penalty.")
    ] = None
    presence_penalty: Annotated[
        float | None, Field(description="Only 0; see repetition_penalty.")
    ] = None
    logit_bias: Annotated[dict[str, float] | None, Field(description="Only empty.")] = None
    user: Annotated[str | None, Field(description="Ignored.")] = None

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        names = {f.alias or n for n, f in cls.model_fields.items()}
        unknown = [k for k in data if k not in names]
        if unknown:
            shown = str(unknown[0])[:100].encode("ascii", "backslashreplace").decode()
            near = nearest(str(unknown[0]), names)
            hint = f"did you mean {near}?" if near else "it takes " + ", ".join(sorted(names))
            raise ConfigError(f"unrecognised argument: {shown}", hint=hint, code="unknown_argument")
        return data

    @model_validator(mode="after")
    def _honoured(self) -> _Common:
        for name in ("frequency_penalty", "presence_penalty", "logit_bias"):
            if getattr(self, name):
                raise ConfigError(
                    f"{name} is not supported",
                    hint="repetition_penalty discourages repetition; grammar and choice restrict",
                    code="unsupported_argument",
                )  # fmt: skip
        return self

    def args(self) -> GenerateArgs:
        """What the caller set, under the core's names."""
        values: dict[str, object] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": (
                None
                if self.top_k is None
                else max(self.top_k, 0)
                if self.top_k >= -1
                else self.top_k
            ),
            "min_p": self.min_p,
            "max_tokens": self.max_tokens,
            "stop": self.stop or None,
            "seed": self.seed,
            "repetition_penalty": self.repetition_penalty,
            "n": self.n,
            "schema": self.schema_,
            "dialect": self.dialect,
            "regex": self.regex,
            "choice": self.choice,
            "json_schema": self.json_schema,
            "grammar_fix": self.grammar_fix,
            "restrict_to_schema": self.restrict_to_schema,
            "fallback": self.fallback,
            "thinking": self.thinking,
            "reasoning": self.reasoning,
        }
        found = {k: v for k, v in values.items() if v is not None}
        if "grammar" in self.model_fields_set:  # null says something too
            found["grammar"] = self.grammar
        return cast(GenerateArgs, found)

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


class ChatRequest(_Common):
    """`POST /v1/chat/completions`."""

    messages: Annotated[list[WireMessage], Field(min_length=1, max_length=1000)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    tools: Annotated[list[WireTool], Field(max_length=MAX_TOOLS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None

    parallel_tool_calls: Annotated[
        bool | None, Field(description="Ignored: one call an answer.")
    ] = None
    metadata: Annotated[dict[str, Any] | None, Field(description="Ignored.")] = None
    store: Annotated[bool | None, Field(description="Ignored.")] = None
    service_tier: Annotated[str | None, Field(description="Ignored.")] = None
    reasoning_effort: Annotated[str | None, Field(description="Ignored; see thinking.")] = None
    prompt_cache_key: Annotated[str | None, Field(description="Ignored.")] = None
    safety_identifier: Annotated[str | None, Field(description="Ignored.")] = None

    @property
    def called(self) -> list[Tool]:
        """The tools of which one must be called; empty where none must."""
        tools = [t.tool() for t in self.tools or ()]
        if isinstance(self.tool_choice, ToolChoice):
            wanted = self.tool_choice.function.name
            found = [t for t in tools if t.name == wanted]
            if not found:
                raise ConfigError(
                    f"tool_choice names {wanted[:64]!r}, which is not among the tools",
                    code="unknown_tool",
                )
            return found
        if self.tool_choice == "required" and not tools:
            raise ConfigError(
                "tool_choice is required, and there are no tools", code="unknown_tool"
            )
        return tools if self.tool_choice == "required" else []

    @property
    def offered(self) -> list[Tool]:
        """The tools that may be called."""
        return (
            []
            if self.tool_choice == "none"
            else self.called or [t.tool() for t in self.tools or ()]
        )

    def _is_strict(self, called: list[Tool]) -> bool:
        """Whether what is asked for, a format or the tools that are called, is all strict."""
        if called:
            names = {tool.name for tool in called}
            return all(t.function.strict for t in self.tools or () if t.function.name in names)
        format = self.response_format
        return bool(format and format.json_schema and format.json_schema.strict)

    def ask(self) -> Ask:
        """What the core is asked.

        Raises:
            ConfigError: Two arguments contradict each other.
        """
        messages = [m.message() for m in self.messages]
        args = self.args()
        called, offered = self.called, self.offered
        if offered:
            messages = _with_system(messages, describe(offered, must=bool(called)))
        constraint = schema_of(called) if called else _format_schema(self.response_format)
        if constraint is not None:
            if (
                any(k in args for k in ("regex", "choice", "json_schema"))
                or args.get("grammar") is not None
            ):
                raise ConfigError(
                    "response_format or tools, and a constraint of another kind",
                    hint="pass one",
                    code="bad_argument",
                )
            args.pop("grammar", None)
            args["json_schema"] = constraint
            if self._is_strict(called):
                args["strict"] = True
        if self.max_completion_tokens is not None:
            args["max_tokens"] = self.max_completion_tokens
        if self.logprobs:
            args["logprobs"] = self.top_logprobs or 0
        elif self.top_logprobs:
            raise ConfigError(
                "top_logprobs needs logprobs", hint="pass logprobs=true", code="bad_argument"
            )
        args["messages"] = messages
        return Ask(self.model, None, args)


def _format_schema(format: ResponseFormat | None) -> Json | None:
    if format is None or format.type == "text":
        return None
    if format.type == "json_object":
        return {"type": "object"}
    if format.json_schema is None or format.json_schema.schema_ is None:
        raise ConfigError(
            "response_format json_schema has no schema",
            hint='{"json_schema": {"schema": {…}}}',
            code="bad_argument",
        )
    return format.json_schema.schema_


def _with_system(messages: list[Message], text: str) -> list[Message]:
    """The messages with more in the system message, which is made where there is none."""
    if messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


class TextRequest(_Common):
    """`POST /v1/completions`: each prompt is a question in the expert's prompt format."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=MAX_PROMPTS)]
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    best_of: Annotated[int | None, Field(description="Only as much as n.")] = None
    echo: Annotated[bool | None, Field(description="Only false.")] = None
    suffix: Annotated[str | None, Field(description="Only empty.")] = None

    def asks(self) -> list[Ask]:
        """What the core is asked, one for each prompt.

        Raises:
            ConfigError: An argument that can't be honoured.
        """
        prompts = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        if self.echo or self.suffix or (self.best_of or 1) > (self.n or 1):
            raise ConfigError(
                "echo, suffix and best_of above n are not supported", code="unsupported_argument"
            )
        if self.stream and len(prompts) > 1:
            raise ConfigError(
                "a stream answers one prompt",
                hint="ask for each in a request of its own",
                code="unsupported_argument",
            )
        args = self.args()
        if self.logprobs is not None:
            args["logprobs"] = self.logprobs
        return [Ask(self.model, prompt, args) for prompt in prompts]


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of the core."""

    model: str
    prompt: str | None
    args: GenerateArgs

    @property
    def answers(self) -> int:
        return self.args.get("n") or 1

    @property
    def chars(self) -> int:
        """How long everything is that has to be read."""
        texts = [self.prompt, *(m["content"] for m in self.args.get("messages") or ())]
        texts += [
            self.args.get("schema"),
            self.args.get("dialect"),
            self.args.get("regex"),
            *(self.args.get("choice") or ()),
        ]
        grammar, schema = self.args.get("grammar"), self.args.get("json_schema")
        texts += [
            grammar if isinstance(grammar, str) else None,
            json.dumps(schema) if schema else None,
        ]
        return sum(len(t) for t in texts if t)
