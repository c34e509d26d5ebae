"""OpenAI's wire format: what a request may say, and how answers are written.

https://platform.openai.com/docs/api-reference. Arguments that would change an answer and that we
can't honour are refused, those that would not are ignored, unknown ones are refused with the
nearest known name. Ours stand beside OpenAI's (`extra_body` in its client).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Protocol

from expertserve.result import Chunk, Completion, InferenceResult, TokenLogprob
from expertserve.server.tokens import TokenTexts
from expertserve.server.tools import Call, Tool, find_call, might_be_call
from expertserve.server.wire import ChatRequest, Json, TextRequest

# ── answers ─────────────────────────────────────────────────────────────────────────────────────


def proof(result: InferenceResult, asked: str) -> Json:
    """What OpenAI's format has no place for: who answered, the grammar's verdict, seconds."""
    return {
        "model": asked,
        "expert": asdict(result.expert),
        "base_model": asdict(result.base_model),
        "grammar": [asdict(c.grammar) if c.grammar else None for c in result.completions],
        "timing": asdict(result.timing),
        "request_id": result.request_id,
    }


def usage(results: Sequence[InferenceResult]) -> Json:
    read, written, thought = (
        sum(r.usage.prompt_tokens for r in results),
        sum(r.usage.completion_tokens for r in results),
        sum(r.usage.reasoning_tokens for r in results),
    )
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def _reason(completion: Completion, *, called: bool = False) -> str:
    """OpenAI's word for why it ended; a cancelled one was cut."""
    if called:
        return "tool_calls"
    return "stop" if completion.finish_reason == "stop" else "length"


class Shape(Protocol):
    """How one endpoint writes answers: whole, or as events of a stream."""

    def whole(self, results: Sequence[InferenceResult]) -> Json: ...

    def begin(self) -> list[Json]: ...

    def delta(self, chunk: Chunk) -> list[Json]: ...

    def end(self, result: InferenceResult) -> list[Json]: ...


@dataclass(slots=True)
class _Answer:
    """What every object of one answer repeats."""

    id: str
    model: str
    n: int
    asked: str
    texts: Callable[[], TokenTexts]
    include_usage: bool = False
    created: int = field(default_factory=lambda: int(time.time()))

    def head(self, kind: str) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
        }

    def tail(self, kind: str, result: InferenceResult) -> list[Json]:
        """The event with the usage, where it was asked for."""
        if not self.include_usage:
            return []
        return [
            self.head(kind)
            | {
                "choices": [],
                "usage": usage([result]),
                "expertserve": proof(result, self.asked),
            }
        ]


@dataclass(slots=True)
class ChatShape:
    """`chat.completion` and its chunks. Text that may be a tool call is held back."""

    answer: _Answer
    tools: Sequence[Tool] = ()
    logprobs: bool = False
    _held: dict[int, str] = field(default_factory=dict)
    _free: set[int] = field(default_factory=set)

    def whole(self, results: Sequence[InferenceResult]) -> Json:
        result = results[0]
        choices = [self._choice(i, c) for i, c in enumerate(result.completions)]
        head = self.answer.head("chat.completion")
        return head | {
            "choices": choices,
            "usage": usage(results),
            "expertserve": proof(result, self.answer.asked),
        }

    def _choice(self, index: int, completion: Completion) -> Json:
        call = find_call(completion.answer, self.tools)
        message: Json = {
            "role": "assistant",
            "content": None if call else completion.text,
            "refusal": None,
        }
        if completion.reasoning is not None:
            message["reasoning_content"] = completion.reasoning
        if call:
            message["tool_calls"] = [_wire_call(call)]
        own = (completion.logprobs or ())[completion.reasoning_tokens :]
        logprobs = self._logprobs(own) if self.logprobs else None
        return {
            "index": index,
            "message": message,
            "logprobs": logprobs,
            "finish_reason": _reason(completion, called=bool(call)),
        }

    def _logprobs(self, tokens: Sequence[TokenLogprob]) -> Json:
        texts = self.answer.texts()
        content = [
            _logprob(texts, t.token_id, t.logprob)
            | {"top_logprobs": [_logprob(texts, i, p) for i, p in t.top]}
            for t in tokens
        ]
        return {"content": content, "refusal": None}

    def begin(self) -> list[Json]:
        content = None if self.tools else ""
        return [
            self._event(i, {"role": "assistant", "content": content, "refusal": None})
            for i in range(self.answer.n)
        ]

    def delta(self, chunk: Chunk) -> list[Json]:
        thought: list[Json] = [{"reasoning_content": chunk.reasoning}] if chunk.reasoning else []
        events = [self._event(chunk.index, delta) for delta in thought]
        logprobs = chunk.logprobs[chunk.reasoning_tokens :]
        text = chunk.text[: chunk.kept] + self._release(chunk.index, chunk.text[chunk.kept :])
        if not text and not (self.logprobs and logprobs):
            return events
        shown = self._logprobs(logprobs) if self.logprobs else None
        return [*events, self._event(chunk.index, {"content": text}, shown)]

    def _release(self, index: int, text: str) -> str:
        """What may be shown now of a text that may still turn out to be a call."""
        if not text or not self.tools or index in self._free:
            return text
        held = self._held.get(index, "") + text
        if might_be_call(held):
            self._held[index] = held
            return ""
        self._free.add(index)
        self._held.pop(index, None)
        return held

    def end(self, result: InferenceResult) -> list[Json]:
        events = []
        for i, completion in enumerate(result.completions):
            held = self._held.pop(i, "")
            call = find_call(held, self.tools) if held else None
            if call:
                events.append(self._event(i, {"tool_calls": [{"index": 0, **_wire_call(call)}]}))
            elif held:
                events.append(self._event(i, {"content": held}))
            events.append(self._event(i, {}, reason=_reason(completion, called=bool(call))))
        events[-1]["expertserve"] = proof(result, self.answer.asked)
        return events + self.answer.tail("chat.completion.chunk", result)

    def _event(
        self, index: int, delta: Json, logprobs: Json | None = None, reason: str | None = None
    ) -> Json:
        choice: Json = {
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": reason,
        }
        event = self.answer.head("chat.completion.chunk") | {"choices": [choice]}
        return event | {"usage": None} if self.answer.include_usage else event


def _wire_call(call: Call) -> Json:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def _logprob(texts: TokenTexts, token: int, logprob: float) -> Json:
    data = texts.bytes(token)
    return {"token": texts.text(token), "logprob": _finite(logprob), "bytes": list(data)}


def _finite(logprob: float) -> float:
    """JSON has no infinity; OpenAI writes −9999 for it."""
    return max(logprob, -9999.0)


@dataclass(slots=True)
class TextShape:
    """`text_completion`, OpenAI's legacy shape."""

    answer: _Answer
    logprobs: bool = False
    _offset: dict[int, int] = field(default_factory=dict)

    def whole(self, results: Sequence[InferenceResult]) -> Json:
        completions = [c for r in results for c in r.completions]
        choices = [
            self._choice(i, c.text, c.logprobs or (), _reason(c)) for i, c in enumerate(completions)
        ]
        head = self.answer.head("text_completion") | {"choices": choices, "usage": usage(results)}
        proofs = [proof(r, self.answer.asked) for r in results]
        return head | {"expertserve": proofs[0] if len(proofs) == 1 else proofs}

    def _choice(
        self, index: int, text: str, tokens: Sequence[TokenLogprob], reason: str | None
    ) -> Json:
        return {
            "index": index,
            "text": text,
            "logprobs": self._logprobs(index, tokens) if self.logprobs else None,
            "finish_reason": reason,
        }

    def _logprobs(self, index: int, tokens: Sequence[TokenLogprob]) -> Json:
        texts = self.answer.texts()
        names, offsets = [texts.text(t.token_id) for t in tokens], []
        for name in names:
            offsets.append(self._offset.get(index, 0))
            self._offset[index] = offsets[-1] + len(name)
        return {
            "tokens": names,
            "token_logprobs": [_finite(t.logprob) for t in tokens],
            "top_logprobs": [{texts.text(i): _finite(p) for i, p in t.top} for t in tokens],
            "text_offset": offsets,
        }

    def begin(self) -> list[Json]:
        return []

    def delta(self, chunk: Chunk) -> list[Json]:
        if not chunk.text and not (self.logprobs and chunk.logprobs):
            return []
        return [self._event(self._choice(chunk.index, chunk.text, chunk.logprobs, None))]

    def end(self, result: InferenceResult) -> list[Json]:
        events = [
            self._event(self._choice(i, "", (), _reason(c)))
            for i, c in enumerate(result.completions)
        ]
        events[-1]["expertserve"] = proof(result, self.answer.asked)
        return events + self.answer.tail("text_completion", result)

    def _event(self, choice: Json) -> Json:
        event = self.answer.head("text_completion") | {"choices": [choice]}
        return event | {"usage": None} if self.answer.include_usage else event


def chat_shape(
    body: ChatRequest, *, id: str, model: str, texts: Callable[[], TokenTexts]
) -> ChatShape:
    answer = _Answer(f"chatcmpl-{id}", model, body.n or 1, body.model, texts, body.include_usage)
    return ChatShape(answer, body.offered, bool(body.logprobs))


def text_shape(
    body: TextRequest, *, id: str, model: str, texts: Callable[[], TokenTexts]
) -> TextShape:
    answer = _Answer(f"cmpl-{id}", model, body.n or 1, body.model, texts, body.include_usage)
    return TextShape(answer, body.logprobs is not None)
