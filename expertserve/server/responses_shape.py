"""How answers are written in `/v1/responses`: one object of items, or a long row of events."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from expertserve.errors import ExpertError
from expertserve.result import Chunk, InferenceResult, TokenLogprob
from expertserve.server.ask import Json
from expertserve.server.problems import body_of
from expertserve.server.responses import Item, ResponsesRequest
from expertserve.server.shape import NamedEvents, proof
from expertserve.server.thoughts import Thoughts, read_answer
from expertserve.server.tokens import TokenTexts
from expertserve.server.tools import Call, HeldBack, Tool, find_call


def new_id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex}"


def message_item(id: str, text: str, logprobs: Sequence[Json] = (), *, done: bool = True) -> Item:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": list(logprobs)}
    return {
        "type": "message",
        "id": id,
        "status": "completed" if done else "in_progress",
        "role": "assistant",
        "content": [part] if done else [],
    }


def call_item(id: str, call: Call, *, done: bool = True) -> Item:
    return {
        "type": "function_call",
        "id": id,
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments if done else "",
        "status": "completed" if done else "in_progress",
    }


def thoughts_item(id: str, text: str, *, done: bool = True) -> Item:
    return {
        "type": "reasoning",
        "id": id,
        "summary": [],
        "content": [{"type": "reasoning_text", "text": text}] if done else [],
        "status": "completed" if done else "in_progress",
    }


@dataclass(slots=True)
class _Open:
    """The item that is being written."""

    kind: str
    id: str
    place: int
    text: str = ""
    logprobs: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class ResponsesShape(NamedEvents):
    """`response`, and its events. Text that may be a call is held back.

    Args:
        keep: Takes the whole answer, for `previous_response_id`.
    """

    body: ResponsesRequest
    id: str
    model: str
    texts: Callable[[], TokenTexts]
    tools: Sequence[Tool] = ()
    keep: Callable[[Json], None] = lambda response: None
    created: int = field(default_factory=lambda: int(time.time()))
    _number: int = 0
    _items: list[Item] = field(default_factory=list)
    _open: _Open | None = None
    _thoughts: Thoughts = field(default_factory=Thoughts)
    _held: HeldBack = field(init=False)

    def __post_init__(self) -> None:
        self._held = HeldBack(self.tools)

    def whole(self, results: Sequence[InferenceResult]) -> Json:
        completion = results[0].completions[0]
        thoughts, text = read_answer(completion)
        call = find_call(text, self.tools)
        items = [thoughts_item(new_id("rs"), thoughts)] if thoughts else []
        if call:
            items.append(call_item(new_id("fc"), call))
        else:
            own = (completion.logprobs or ())[completion.reasoning_tokens :]
            logprobs = self._logprobs(own)
            items.append(message_item(new_id("msg"), text, logprobs))
        made = self._response(items, results[0])
        self.keep(made)
        return made

    def _logprobs(self, tokens: Sequence[TokenLogprob]) -> list[Json]:
        if not self.body.logprobs:
            return []
        return [
            self._logprob(t.token_id, t.logprob)
            | {"top_logprobs": [self._logprob(i, p) for i, p in t.top]}
            for t in tokens
        ]

    def _logprob(self, token: int, logprob: float) -> Json:
        texts = self.texts()
        return {
            "token": texts.text(token),
            "logprob": max(logprob, -9999.0),
            "bytes": list(texts.bytes(token)),
        }

    def _response(self, items: Sequence[Item], result: InferenceResult | None) -> Json:
        """The object as far as it has come."""
        body = self.body
        cut = result is not None and result.finish_reason != "stop"
        format = body.text.format if body.text else None
        form = format.model_dump(by_alias=True, exclude_none=True) if format else {"type": "text"}
        made: Json = {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "completed_at": int(time.time()) if result else None,
            "status": "in_progress" if result is None else "incomplete" if cut else "completed",
            "background": False,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "max_tool_calls": None,
            "model": self.model,
            "output": list(items),
            "parallel_tool_calls": body.parallel_tool_calls is not False,
            "previous_response_id": body.previous_response_id,
            "reasoning": body.reasoning.model_dump() if body.reasoning else {"effort": None},
            "service_tier": "default",
            "store": body.store,
            "temperature": body.temperature,
            "text": {"format": form},
            "tool_choice": body.tool_choice or "auto",
            "tools": body.tools or [],
            "top_logprobs": body.top_logprobs,
            "top_p": body.top_p,
            "truncation": "disabled",
            "usage": _usage(result) if result else None,
            "user": body.user,
            "metadata": body.metadata or {},
        }
        return made | {"expertserve": proof(result, body.model)} if result else made

    # ── events ──────────────────────────────────────────────────────────────────────────────────

    def _event(self, kind: str, **values: Any) -> Json:
        self._number += 1
        return {"type": kind, "sequence_number": self._number - 1, **values}

    def begin(self, result: InferenceResult) -> list[Json]:
        response = self._response((), None)
        return [
            self._event("response.created", response=response),
            self._event("response.in_progress", response=response),
        ]

    def delta(self, chunk: Chunk) -> list[Json]:
        thoughts, text = self._thoughts.feed(chunk.text)
        events = self._think(chunk.reasoning + thoughts)
        text = self._held.feed(text)
        return events + (
            self._write(text, self._logprobs(chunk.logprobs[chunk.reasoning_tokens :]))
            if text
            else []
        )

    def _think(self, text: str) -> list[Json]:
        if not text:
            return []
        events = self._begin("rs", lambda id: thoughts_item(id, "", done=False))
        assert self._open
        self._open.text += text
        return [*events, self._event("response.reasoning_text.delta", **self._at(), delta=text)]

    def _write(self, text: str, logprobs: Sequence[Json] = ()) -> list[Json]:
        events = self._begin("msg", lambda id: message_item(id, "", done=False))
        if events:
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            events.append(self._event("response.content_part.added", **self._at(), part=part))
        assert self._open
        self._open.text += text
        self._open.logprobs += logprobs
        told = {"delta": text, "logprobs": list(logprobs)}
        return [*events, self._event("response.output_text.delta", **self._at(), **told)]

    def _at(self) -> Json:
        assert self._open
        return {"item_id": self._open.id, "output_index": self._open.place, "content_index": 0}

    def _begin(self, kind: str, make: Callable[[str], Item]) -> list[Json]:
        """Opens an item of this kind, unless one is open; closes another one."""
        if self._open and self._open.kind == kind:
            return []
        events = self._close()
        self._open = _Open(kind, new_id(kind), len(self._items))
        item = make(self._open.id)
        added = {"output_index": self._open.place, "item": item}
        return [*events, self._event("response.output_item.added", **added)]

    def _close(self) -> list[Json]:
        """Ends the item that is open."""
        open, at = self._open, self._at() if self._open else {}
        if open is None:
            return []
        if open.kind == "rs":
            item = thoughts_item(open.id, open.text)
            events = [self._event("response.reasoning_text.done", **at, text=open.text)]
        else:
            item = message_item(open.id, open.text, open.logprobs)
            told = {"text": open.text, "logprobs": open.logprobs}
            part = item["content"][0]
            events = [
                self._event("response.output_text.done", **at, **told),
                self._event("response.content_part.done", **at, part=part),
            ]
        self._open = None
        return [*events, self._done(item)]

    def _done(self, item: Item) -> Json:
        place = len(self._items)
        self._items.append(item)
        return self._event("response.output_item.done", output_index=place, item=item)

    def _call(self, call: Call) -> list[Json]:
        events = self._close()
        id, place = new_id("fc"), len(self._items)
        at = {"item_id": id, "output_index": place}
        begun, item = call_item(id, call, done=False), call_item(id, call)
        told = {"name": call.name, "arguments": call.arguments}
        return [
            *events,
            self._event("response.output_item.added", output_index=place, item=begun),
            self._event("response.function_call_arguments.delta", **at, delta=call.arguments),
            self._event("response.function_call_arguments.done", **at, **told),
            self._done(item),
        ]

    def end(self, results: Sequence[InferenceResult]) -> list[Json]:
        thoughts, text = self._thoughts.feed("", last=True)
        events = self._think(thoughts)
        call, held = self._held.end(text)
        if call:
            events += self._call(call)
        elif held or not (self._items or self._open):
            events += self._write(held)
        events += self._close()
        made = self._response(self._items, results[0])
        self.keep(made)
        return [*events, self._event(f"response.{made['status']}", response=made)]

    def failed(self, error: ExpertError) -> bytes:
        shown = body_of(error)["error"]
        assert isinstance(shown, dict)
        told = {"code": shown["code"], "message": shown["message"], "param": shown["param"]}
        return self.encode([self._event("error", **told, error=shown)])


def _usage(result: InferenceResult) -> Json:
    usage = result.usage
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }
