"""How an API writes answers: whole, or as events of a stream. OpenAI's events are the default."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict

from expertserve.errors import ExpertError
from expertserve.result import Chunk, InferenceResult
from expertserve.server.ask import Json
from expertserve.server.problems import body_of

encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make one for each token
LINE_ENDS = {ord(c): f"\\u{ord(c):04x}" for c in "\u0085\u2028\u2029"}
"""Clients that split a stream into lines by Unicode's rules would break events there."""


class Shape(ABC):
    """One request's answer in one API's form."""

    media_type = "text/event-stream"
    beat = b": the first token is not there yet\n\n"
    """Sent while nothing else is, so that no proxy closes the connection."""

    @abstractmethod
    def whole(self, results: Sequence[InferenceResult]) -> Json:
        """The answer in one object."""

    def begin(self, result: InferenceResult) -> list[Json]:
        """Events before the text; `result` has the prompt's part."""
        return []

    @abstractmethod
    def delta(self, chunk: Chunk) -> list[Json]:
        """Events of a chunk."""

    @abstractmethod
    def end(self, results: Sequence[InferenceResult]) -> list[Json]:
        """Events after the text."""

    def encode(self, events: Sequence[Json]) -> bytes:
        """Events as they are sent."""
        text = "".join([f"data: {encode(e)}\n\n" for e in events])
        return text.translate(LINE_ENDS).encode("utf-8", "replace")

    def done(self) -> bytes:
        """What ends a stream."""
        return b"data: [DONE]\n\n"

    def failed(self, error: ExpertError) -> bytes:
        """An error in the middle of a stream."""
        return self.encode([body_of(error)])


class NamedEvents(Shape):
    """Events that are sent with their type as their name."""

    def encode(self, events: Sequence[Json]) -> bytes:
        text = "".join([f"event: {e['type']}\ndata: {encode(e)}\n\n" for e in events])
        return text.translate(LINE_ENDS).encode("utf-8", "replace")

    def done(self) -> bytes:
        return b""


def proof(result: InferenceResult, asked: str) -> Json:
    """What no API has a place for: who answered, the grammar's verdict, seconds, drafts."""
    return {
        "model": asked,
        "expert": asdict(result.expert),
        "base_model": asdict(result.base_model),
        "grammar": [asdict(c.grammar) if c.grammar else None for c in result.completions],
        "timing": asdict(result.timing),
        "drafts": [asdict(count) for count in result.usage.drafts],
        "request_id": result.request_id,
    }
