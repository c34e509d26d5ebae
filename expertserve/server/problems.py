"""The error tree → HTTP: a table of statuses, one body (OpenAI's, with our codes)."""

from __future__ import annotations

import json
from typing import ClassVar

from fastapi.responses import Response

from expertserve.errors import (
    ConfigError,
    DeviceError,
    EngineDeadError,
    ExpertError,
    ExpertNotLoadedError,
    GrammarError,
    InferenceError,
    LoadError,
    OutOfMemoryError,
)


class Refusal(ExpertError):
    """The server itself says no, before any expert is asked.

    Args:
        status: HTTP's.
        retry_after: Seconds after which trying again makes sense.
        param: The argument that is at fault.
    """

    default_code: ClassVar[str] = "refused"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        hint: str = "",
        code: str = "",
        retry_after: float | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status
        self.retry_after = retry_after
        self.param = param


BY_CODE = {
    "no_expert_fits": 404,
    "name_taken": 409,
    "closed": 503,
    "io": 500,
    "too_many_waiting": 429,
    "request_timeout": 504,
}
BY_CLASS: tuple[tuple[type[ExpertError], int], ...] = (
    (ExpertNotLoadedError, 404),
    (OutOfMemoryError, 503),
    (EngineDeadError, 503),
    (DeviceError, 503),
    (ConfigError, 400),
    (GrammarError, 400),
    (LoadError, 422),
    (InferenceError, 500),
)
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def status_of(error: ExpertError) -> int:
    """The HTTP status: by code where a code says more than its class, else by class."""
    if isinstance(error, Refusal):
        return error.status
    if error.code in BY_CODE:
        return BY_CODE[error.code]
    return next((status for kind, status in BY_CLASS if isinstance(error, kind)), 500)


HINTS = {
    "name_taken": "PUT /v1/experts/NAME replaces it; DELETE /v1/experts/NAME frees the name",
    "expert_not_loaded": "GET /v1/models lists those that are",
    "unloaded": "POST /v1/experts loads it again",
    "other_base": "load an expert of the base model that is served here",
    "no_schema": "pass schema, with the DDL or graph schema that names are taken from",
    "bad_prompt": "messages takes a whole conversation",
    "not_with_grammar": 'pass grammar: "off", or leave the other out',
    "bad_beginning": 'correct it, or pass grammar: "off"',
    "tokenizer_kind": 'use another base model, or pass grammar: "off"',
    "extension_off": 'pass grammar: "off", which switches it off',
}
"""Hints for who speaks HTTP, where the library's speak Python."""
CODES = {"prompt_too_long": "context_length_exceeded"}
"""Codes that clients of OpenAI's look for."""


def told(error: ExpertError) -> tuple[str, str]:
    """Message and hint in one, as clients show nothing else; and the hint alone."""
    hint = error.hint if isinstance(error, Refusal) else HINTS.get(error.code, error.hint)
    if not hint:
        return error.message, ""
    end = "" if hint.endswith(("?", ".")) else "."
    return f"{error.message.rstrip('.')}. {hint[:1].upper()}{hint[1:]}{end}", hint


def body_of(error: ExpertError) -> dict[str, object]:
    """What the client reads, as OpenAI's clients expect it."""
    message, hint = told(error)
    code = error.code if isinstance(error, Refusal) else CODES.get(error.code, error.code)
    status = status_of(error)
    kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    shown: dict[str, object] = {
        "message": message,
        "type": kind,
        "param": getattr(error, "param", None) or None,
        "code": code,
        "hint": hint or None,
    }
    if getattr(error, "line", 0):
        shown |= {"line": getattr(error, "line", 0), "column": getattr(error, "column", 0)}
    return {"type": "error", "error": shown}


def response_of(error: ExpertError, path: str = "") -> Response:
    """A whole response. ASCII, since a message may quote half of a surrogate pair.

    Args:
        path: The route's; Ollama's clients expect a text.
    """
    headers = {}
    status = status_of(error)
    wait = getattr(error, "retry_after", None)
    if wait is None and status == 503 and error.code != "engine_stopped":
        wait = 5.0
    if wait is not None:
        headers["retry-after"] = str(max(1, round(wait + 0.5)))
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="expertserve"'
    body = {"error": told(error)[0]} if path.startswith("/api/") else body_of(error)
    return Response(json.dumps(body), status, headers, "application/json")


class RequestTimeout(InferenceError):
    """The answer took longer than the server allows."""

    default_code = "request_timeout"


def unexpected() -> ExpertError:
    """What a client learns of a bug: nothing but that there is one; the log has the rest."""
    return InferenceError(
        "the server failed on this request",
        hint="its log says why, under the request's id",
        code="internal",
    )


def shutting_down() -> Refusal:
    """What a request gets that was still running when the time to drain was over."""
    return Refusal(
        "the server is shutting down",
        status=503,
        hint="try again in a while",
        code="shutting_down",
        retry_after=5,
    )
