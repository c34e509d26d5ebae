"""Ollama's API, over the same request as chat completions: lines of JSON, and nanoseconds.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from expertserve.errors import ExpertError
from expertserve.register import FrontExpert, RegisteredExpert
from expertserve.result import Chunk, InferenceResult
from expertserve.server.ask import Json
from expertserve.server.fields import Tolerant, Wire, unsupported
from expertserve.server.problems import Refusal, told
from expertserve.server.shape import LINE_ENDS, Shape, encode, proof
from expertserve.server.thoughts import Thoughts, read_answer
from expertserve.server.tools import Call, HeldBack, Tool, find_call
from expertserve.server.wire import ChatRequest

LATEST = ":latest"
OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "stop": "stop",
    "num_predict": "max_tokens",
    "repeat_penalty": "repetition_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}


class OllamaMessage(Tolerant):
    """One turn."""

    role: Annotated[
        Literal["system", "user", "assistant", "tool"], Field(description="Whose turn it is.")
    ]
    content: Annotated[str, Field(description="The text.")] = ""
    images: Annotated[list[str] | None, Field(description="Refused: experts read text.")] = None
    tool_calls: Annotated[
        list[dict[str, Any]] | None, Field(description="Calls that the assistant made.")
    ] = None


class _OllamaRequest(Wire):
    """What chat and generate share."""

    model: Annotated[str, Field(max_length=300, description="An expert's name.")]
    stream: Annotated[bool, Field(description="Answer with lines as the text comes.")] = True
    format: Annotated[
        Literal["", "json"] | dict[str, Any] | None,
        Field(description="`json`, or a JSON schema, which is enforced."),
    ] = None
    options: Annotated[
        dict[str, Any] | None, Field(description="Temperature, num_predict, stop and the like.")
    ] = None
    think: Annotated[bool | str | None, Field(description="False turns thinking off.")] = None
    keep_alive: Annotated[Any, Field(description="Ignored: experts stay.")] = None

    def _chat(self, messages: Sequence[Json], **more: object) -> ChatRequest:
        options = {k: v for k, v in (self.options or {}).items() if v is not None}
        found = {OPTIONS[k]: v for k, v in options.items() if k in OPTIONS}
        if found.get("max_tokens", 1) in (-1, -2):  # without a bound
            del found["max_tokens"]
        others = {k: v for k, v in options.items() if k not in OPTIONS}
        format: Json | None = (
            {"type": "json_object"}
            if self.format == "json"
            else {"type": "json_schema", "schema": self.format}
            if self.format
            else None
        )
        thinking = {} if self.think is None else {"thinking": self.think is not False}
        extra = {**dict(self.model_extra or {}), **others}
        given: dict[str, object] = {**extra, **found, **thinking, **more}
        return OllamaChat.model_validate(
            given
            | {
                "model": self.model.removesuffix(LATEST),
                "messages": messages,
                "stream": self.stream,
                "response_format": format,
            }
        )


class OllamaChat(ChatRequest):
    """A chat completion that came over Ollama's API: its options without a meaning here."""

    ignores: ClassVar[tuple[str, ...]] = (
        *ChatRequest.ignores, "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread",
        "num_keep", "use_mmap", "repeat_last_n", "tfs_z", "context", "truncate", "shift",
        "mirostat_eta", "mirostat_tau", "numa", "low_vram", "f16_kv", "vocab_only",
        "use_mlock", "penalize_newline",
    )  # fmt: skip


class OllamaChatRequest(_OllamaRequest):
    """`POST /api/chat`."""

    messages: Annotated[
        list[OllamaMessage], Field(max_length=1000, description="The conversation so far.")
    ] = Field(default_factory=list)
    tools: Annotated[
        list[dict[str, Any]] | None, Field(max_length=128, description="What may be called.")
    ] = None

    def chat(self) -> ChatRequest | None:
        """The request as a chat completion; None where a model is only to be loaded."""
        for place, message in enumerate(self.messages):
            _refuse_images(message.images, f"messages.{place}.images")
        if not self.messages:
            return None
        messages: list[Json] = [
            {"role": m.role, "content": m.content, "tool_calls": m.tool_calls}
            for m in self.messages
        ]
        return self._chat(messages, tools=self.tools)


class OllamaGenerateRequest(_OllamaRequest):
    """`POST /api/generate`: one question."""

    refuses: ClassVar[Mapping[str, str]] = {
        "suffix": "an expert answers, it doesn't fill in",
        "template": "the expert's own template holds",
        "raw": "POST /v1/completions reads tokens as they are",
    }

    prompt: Annotated[str, Field(description="The question.")] = ""
    system: Annotated[str | None, Field(description="A system message.")] = None
    images: Annotated[list[str] | None, Field(description="Refused: experts read text.")] = None

    def chat(self) -> ChatRequest | None:
        """The request as a chat completion; None where a model is only to be loaded."""
        _refuse_images(self.images, "images")
        for name, instead in self.refuses.items():
            if (self.model_extra or {}).pop(name, None):
                raise unsupported(name, instead)
        if not self.prompt:
            return None
        system: list[Json] = [{"role": "system", "content": self.system}] if self.system else []
        return self._chat([*system, {"role": "user", "content": self.prompt}])


def _refuse_images(images: Sequence[str] | None, place: str) -> None:
    if images:
        raise Refusal(
            "an image was sent; this model reads text",
            status=400,
            code="unsupported_content",
            param=place,
        )


class ModelRequest(Wire):
    """`POST /api/show`."""

    model: Annotated[str, Field(max_length=300, description="An expert's name.")] = ""
    name: Annotated[str, Field(max_length=300, description="The older name of model.")] = ""

    @property
    def wanted(self) -> str:
        return (self.model or self.name).removesuffix(LATEST)


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class OllamaShape(Shape):
    """Lines of JSON. Text that may be a call is held back.

    Args:
        asked: The model's name as the client wrote it.
        single: Answers to `/api/generate`, which have a text and no message.
    """

    media_type = "application/x-ndjson"
    beat = b""

    asked: str
    single: bool = False
    tools: Sequence[Tool] = ()
    began: float = field(default_factory=time.monotonic)
    _thoughts: Thoughts = field(default_factory=Thoughts)
    _held: HeldBack = field(init=False)

    def encode(self, events: Sequence[Json]) -> bytes:
        text = "".join([f"{encode(e)}\n" for e in events])
        return text.translate(LINE_ENDS).encode("utf-8", "replace")

    def done(self) -> bytes:
        return b""

    def failed(self, error: ExpertError) -> bytes:
        return self.encode([{"error": told(error)[0]}])

    def __post_init__(self) -> None:
        self._held = HeldBack(self.tools)

    def whole(self, results: Sequence[InferenceResult]) -> Json:
        thoughts, text = read_answer(results[0].completions[0])
        call = find_call(text, self.tools)
        line = self._line("" if call else text, thoughts, call)
        return line | self._end_of(results[0])

    def _line(self, text: str, thoughts: str = "", call: Call | None = None) -> Json:
        made: Json = {"model": self.asked, "created_at": now()}
        more: Json = {"thinking": thoughts} if thoughts else {}
        if self.single:
            return made | {"response": text} | more | {"done": False}
        message: Json = {"role": "assistant", "content": text, **more}
        if call:
            function = {"name": call.name, "arguments": json.loads(call.arguments)}
            message["tool_calls"] = [{"function": function}]
        return made | {"message": message, "done": False}

    def _end_of(self, result: InferenceResult) -> Json:
        timing, usage = result.timing, result.usage
        reason = "stop" if result.finish_reason == "stop" else "length"
        return {
            "done": True,
            "done_reason": reason,
            "total_duration": _nanoseconds(timing.total),
            "load_duration": _nanoseconds(timing.load),
            "prompt_eval_count": usage.prompt_tokens,
            "prompt_eval_duration": _nanoseconds(timing.first_token - timing.queue),
            "eval_count": usage.completion_tokens,
            "eval_duration": _nanoseconds(timing.total - timing.first_token),
            "expertserve": proof(result, self.asked),
        }

    def delta(self, chunk: Chunk) -> list[Json]:
        thoughts, text = self._thoughts.feed(chunk.text)
        text, thoughts = self._held.feed(text), chunk.reasoning + thoughts
        return [self._line(text, thoughts)] if text or thoughts else []

    def end(self, results: Sequence[InferenceResult]) -> list[Json]:
        thoughts, text = self._thoughts.feed("", last=True)
        call, held = self._held.end(text)
        said = held or thoughts or call
        events = [self._line(held, thoughts, call)] if said else []
        return [*events, self._line("") | self._end_of(results[0])]


def _nanoseconds(seconds: float) -> int:
    return max(0, round(seconds * 1e9))


def loaded(asked: str, *, single: bool) -> Json:
    """The answer to a request that only loads a model."""
    made: Json = {"model": asked, "created_at": now()}
    said: Json = {"response": ""} if single else {"message": {"role": "assistant", "content": ""}}
    return made | said | {"done": True, "done_reason": "load"}


def tag(name: str, expert: RegisteredExpert, started: int) -> Json:
    """A model in `/api/tags`."""
    modified = datetime.fromtimestamp(started, UTC).isoformat().replace("+00:00", "Z")
    digest = expert.base.digest if expert.is_base else expert.package.digest
    return {
        "name": name,
        "model": name,
        "modified_at": modified,
        "size": 0,
        "digest": digest,
        "details": details(expert),
    }


def details(expert: RegisteredExpert) -> Json:
    family = str(expert.base.config.get("model_type", ""))
    return {
        "parent_model": "" if expert.is_base else expert.base.name,
        "format": "expert",
        "family": family,
        "families": [family],
        "parameter_size": "",
        "quantization_level": "",
    }


def described(front: FrontExpert) -> Json:
    """`/api/show`'s answer."""
    expert = front.known
    manifest = expert.manifest
    decoding = manifest.decoding
    names = {v: k for k, v in OPTIONS.items()} | {"stop_sequences": "stop"}
    given = decoding.model_dump(exclude_defaults=True)
    lines = [
        f"{names[name]} {json.dumps(one)}"
        for name, value in given.items()
        if name in names
        for one in (value if isinstance(value, list | tuple) else [value])
    ]
    family = str(expert.base.config.get("model_type", ""))
    return {
        "modelfile": "",
        "license": manifest.license or "",
        "parameters": "\n".join(lines),
        "template": front.template,
        "system": "",
        "details": details(expert),
        "model_info": {
            "general.architecture": family,
            f"{family}.context_length": expert.base.context_length,
        },
        "capabilities": ["completion", "tools"],
        "description": manifest.description,
    }
