"""OpenAI's two requests as they come over the wire, and what is asked of an expert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from expertserve.request import GenerateArgs
from expertserve.server.ask import Ask, Json
from expertserve.server.fields import KINDS, Fields, Schema, Wire, read_schema
from expertserve.server.messages import (
    ContentPart,
    Function,
    NamedFunction,
    ToolChoice,
    WireMessage,
    WireTool,
    with_system,
)
from expertserve.server.problems import Refusal
from expertserve.server.tools import Tool, describe, schema_of

MAX_PROMPTS = 64
MAX_PREDICTION = 1 << 17
MAX_TOOLS = 128
NO_EFFORT = ("none", "minimal")


class JsonSchema(Wire):
    """A JSON schema, with a name."""

    name: Annotated[str, Field(description="Ignored.")] = "answer"
    description: Annotated[str | None, Field(description="Ignored.")] = None
    strict: Annotated[bool | None, Field(description="Every schema is held exactly.")] = None
    schema_: Annotated[
        Schema | str | None, Field(alias="schema", description="What the answer follows.")
    ] = None


class ResponseFormat(Wire):
    """`text`, `json_object`, or `json_schema`, which the grammar engine enforces."""

    type: Annotated[
        Literal["text", "json_object", "json_schema"],
        Field(description="Any text, any JSON object, or what a schema says."),
    ]
    json_schema: Annotated[JsonSchema | None, Field(description="OpenAI's place for it.")] = None
    schema_: Annotated[
        Any, Field(alias="schema", description="llama.cpp's place for the schema.")
    ] = None

    def schema_of(self) -> Json | None:
        """The schema that is asked for; None for plain text.

        Raises:
            Refusal: There is none, or it isn't one.
        """
        if self.type == "text":
            return None
        theirs = self.json_schema.schema_ if self.json_schema else None
        found = read_schema(theirs, "response_format.json_schema.schema")
        found = read_schema(self.schema_, "response_format.schema") if found is None else found
        if found is None and self.type == "json_schema":
            raise _wrong(
                "response_format json_schema has no schema",
                "response_format",
                '{"json_schema": {"schema": {…}}}',
            )
        return {"type": "object"} if found is None else found


def _wrong(message: str, param: str, hint: str = "", code: str = "bad_argument") -> Refusal:
    return Refusal(message, status=400, hint=hint, code=code, param=param)


class WirePrediction(Wire):
    """OpenAI's predicted output: a text that the answer is expected to be, nearly."""

    type: Annotated[Literal["content"], Field(description="`content`.")] = "content"
    content: Annotated[
        Annotated[str, Field(max_length=MAX_PREDICTION)] | list[ContentPart],
        Field(description="A text, or parts of one."),
    ]

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text or "" for part in self.content)


class ChatRequest(Fields):
    """`POST /v1/chat/completions`."""

    ignores: ClassVar[tuple[str, ...]] = (
        *Fields.ignores,
        "verbosity", "add_special_tokens", "include_reasoning",
        "mm_processor_kwargs", "moderation",
    )  # fmt: skip
    refuses: ClassVar[Mapping[str, str]] = {
        **Fields.refuses,
        "chat_template": "the expert's own template holds",
        "documents": "put them into a message",
        "web_search_options": "this server searches nothing",
        "audio": "this model writes text",
    }

    messages: Annotated[
        list[WireMessage],
        Field(min_length=1, max_length=1000, description="The conversation so far."),
    ]
    max_completion_tokens: Annotated[
        int | None, Field(ge=1, description="The newer name of max_tokens.")
    ] = None
    logprobs: Annotated[bool | None, Field(description="Tell each token's log-probability.")] = None
    top_logprobs: Annotated[
        int | None, Field(ge=0, le=20, description="And that of so many likeliest others.")
    ] = None
    response_format: Annotated[
        ResponseFormat | None, Field(description="The answer is JSON, by a schema if you like.")
    ] = None
    tools: Annotated[
        list[WireTool] | None, Field(max_length=MAX_TOOLS, description="What may be called.")
    ] = None
    tool_choice: Annotated[
        Literal["none", "auto", "required"] | ToolChoice | None,
        Field(description="Whether one must be called, or which."),
    ] = None
    functions: Annotated[
        list[Function] | None, Field(max_length=MAX_TOOLS, description="The older form of tools.")
    ] = None
    function_call: Annotated[
        Literal["none", "auto"] | NamedFunction | None,
        Field(description="The older form of tool_choice."),
    ] = None
    parallel_tool_calls: Annotated[
        bool | None, Field(description="An answer has one call, whatever it says.")
    ] = None
    prediction: Annotated[
        WirePrediction | None, Field(description="What the answer will probably be.")
    ] = None
    modalities: Annotated[list[str] | None, Field(description="Only text.")] = None
    reasoning_effort: Annotated[
        str | None,
        Field(description="`none` and `minimal` turn thinking off; else only for templates."),
    ] = None
    chat_template_kwargs: Annotated[
        dict[str, Any] | None, Field(description="Further variables of the chat template.")
    ] = None
    add_generation_prompt: Annotated[
        bool | None, Field(description="False leaves out the beginning of an answer.")
    ] = None
    continue_final_message: Annotated[
        bool | None, Field(description="Go on with the last message, an assistant's.")
    ] = None
    echo: Annotated[
        bool | None, Field(description="With continue_final_message, answer with the whole.")
    ] = None

    @property
    def functional(self) -> bool:
        """Whether the older form of tools is spoken."""
        return bool(self.functions) and not self.tools

    @property
    def _tools(self) -> list[Tool]:
        tools = [t.tool(f"tools.{i}") for i, t in enumerate(self.tools or ())]
        return tools or [f.tool() for f in self.functions or ()]

    @property
    def _choice(self) -> tuple[str, list[str] | None]:
        """`none`, `auto` or `required`, and among which names; None is all."""
        if isinstance(self.function_call, NamedFunction) and not self.tool_choice:
            return "required", [self.function_call.name]
        if isinstance(self.tool_choice, ToolChoice):
            if some := self.tool_choice.allowed_tools:
                return some.mode, some.names
            wanted = self.tool_choice.wanted
            if wanted is None:
                raise _wrong("tool_choice names no function", "tool_choice")
            return "required", [wanted]
        called = self.function_call if isinstance(self.function_call, str) else None
        return self.tool_choice or called or "auto", None

    @property
    def offered(self) -> list[Tool]:
        """The tools that may be called."""
        mode, names = self._choice
        tools = self._tools
        known = {t.name for t in tools}
        unknown = [n for n in names or () if n not in known]
        if unknown:
            raise _wrong(
                f"tool_choice names {unknown[0][:64]!r}, which is not among the tools",
                "tool_choice",
                f"the tools are {', '.join(sorted(known))[:300] or 'none'}",
                "unknown_tool",
            )
        if mode == "required" and not tools:
            raise _wrong(
                "tool_choice is required, and there are no tools",
                "tool_choice",
                "pass tools",
                "unknown_tool",
            )
        if mode == "none":
            return []
        return tools if names is None else [t for t in tools if t.name in names]

    @property
    def called(self) -> list[Tool]:
        """The tools of which one must be called; empty where none must."""
        return self.offered if self._choice[0] == "required" else []

    def _is_strict(self, called: list[Tool]) -> bool:
        """Whether what is asked for, a format or the tools that are called, is all strict."""
        if called:
            names = {tool.name for tool in called}
            given = [t.function for t in self.tools or () if t.function] or self.functions or ()
            return all(f.strict for f in given if f.name in names)
        format = self.response_format
        return bool(format and format.json_schema and format.json_schema.strict)

    def ask(self) -> Ask:
        """What the core is asked.

        Raises:
            ConfigError: Two arguments contradict each other, or one can't be honoured.
        """
        if self.modalities and self.modalities != ["text"]:
            raise _wrong("this model writes text alone", "modalities", 'pass ["text"]')
        messages = [m.message(f"messages.{i}") for i, m in enumerate(self.messages)]
        args = self.args()
        called, offered = self.called, self.offered
        if offered:
            messages = with_system(messages, describe(offered, must=bool(called)))
        format = self.response_format.schema_of() if self.response_format else None
        constraint = schema_of(called) if called else format
        if constraint is not None:
            if any(args.get(kind) is not None for kind in KINDS):
                raise _wrong(
                    "response_format or tools, and a constraint of another kind",
                    "response_format",
                    "pass one",
                )
            args.pop("grammar", None)
            args["json_schema"] = constraint
            if self._is_strict(called):
                args["strict"] = True
        args["messages"] = messages
        return Ask(self.model, None, args)

    def args(self) -> GenerateArgs:
        args = super().args()
        for name in ("messages", "logprobs", "prediction"):
            args.pop(name, None)  # type: ignore[misc]
        if self.max_tokens == 0:
            raise _wrong("max_tokens must be at least 1", "max_tokens")
        if self.max_completion_tokens is not None:
            args["max_tokens"] = self.max_completion_tokens
        if self.logprobs:
            args["logprobs"] = self.top_logprobs or 0
        elif self.top_logprobs:
            raise _wrong("top_logprobs needs logprobs", "top_logprobs", "pass logprobs=true")
        if self.prediction:
            args["prediction"] = self.prediction.text
        variables = dict(self.chat_template_kwargs or {})
        thinks = variables.pop("enable_thinking", None)
        if isinstance(thinks, bool):
            args.setdefault("thinking", thinks)
        elif self.reasoning_effort in NO_EFFORT:
            args.setdefault("thinking", False)
        elif self.reasoning_effort:
            variables.setdefault("reasoning_effort", self.reasoning_effort)
        if variables:
            args["template_args"] = variables
        return args


class TextRequest(Fields):
    """`POST /v1/completions`: each prompt is a question in the expert's prompt format.

    Tokens are read as they are, without a format; so is a text whose own log-probabilities are
    asked for, with `echo` and `logprobs`.
    """

    prompt: Annotated[
        str | list[str] | list[int] | list[list[int]],
        Field(
            min_length=1,
            max_length=1_000_000,
            description="A question, several, or tokens that are read as they are.",
        ),
    ]
    logprobs: Annotated[
        int | None, Field(ge=0, le=20, description="Each token's, and so many likeliest others'.")
    ] = None
    best_of: Annotated[int | None, Field(ge=1, le=128, description="Only as much as n.")] = None
    echo: Annotated[bool | None, Field(description="The prompt stands before the answer.")] = None
    suffix: Annotated[str | None, Field(description="Only empty.")] = None
    add_special_tokens: Annotated[
        bool | None, Field(description="Ignored: the expert's format says what it needs.")
    ] = None

    @property
    def known_but_ignored(self) -> list[str]:
        own = ["add_special_tokens"] if self.add_special_tokens is not None else []
        return own + super().known_but_ignored

    @property
    def prompts(self) -> list[str] | list[list[int]]:
        """One for each answer."""
        given = self.prompt
        if isinstance(given, str):
            return [given]
        if given and isinstance(given[0], int):
            return [given]
        return given  # type: ignore[return-value]

    def asks(self) -> list[Ask]:
        """What the core is asked, one for each prompt.

        Raises:
            ConfigError: An argument that can't be honoured.
        """
        prompts = self.prompts
        if len(prompts) > MAX_PROMPTS:
            raise _wrong(
                f"{len(prompts)} prompts in one request; this server takes {MAX_PROMPTS}",
                "prompt",
                "send them in several requests",
            )
        if self.suffix:
            raise _wrong(
                "suffix is not supported: an expert answers, it doesn't fill in",
                "suffix",
                "put what comes before and after into the prompt",
                "unsupported_argument",
            )
        if (self.best_of or 1) > (self.n or 1):
            raise _wrong(
                "best_of above n is not supported: nothing is dropped",
                "best_of",
                "raise n, and choose by logprobs",
                "unsupported_argument",
            )
        args = self.args()
        if self.max_tokens == 0:
            if not self.echo:
                raise _wrong("max_tokens 0 needs echo", "max_tokens", "pass echo=true, or 1")
            args |= {"max_tokens": 1, "grammar": None}
        if self.echo and self.logprobs is not None:
            if self.stream and len(prompts) > 1:
                raise _wrong(
                    "a stream scores one prompt",
                    "prompt",
                    "send them one by one, or without stream",
                    "unsupported_argument",
                )
            args["prompt_logprobs"] = self.logprobs
        return [self._one(prompt, args) for prompt in prompts]

    def _one(self, prompt: str | list[int], args: GenerateArgs) -> Ask:
        scored = self.max_tokens == 0
        if not isinstance(prompt, str):
            return Ask(self.model, None, {**args, "prompt_token_ids": prompt}, scored=scored)
        if scored or "prompt_logprobs" in args:
            return Ask(self.model, None, args, text=prompt, scored=scored)
        return Ask(self.model, prompt, args)
