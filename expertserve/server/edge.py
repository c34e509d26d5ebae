"""What every request passes: id, body bounds, origin check, log line, safe headers."""

from __future__ import annotations

import asyncio
import fnmatch
import logging
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import SplitResult, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from expertserve.server.metrics import Metrics
from expertserve.server.problems import Refusal, response_of, shutting_down, unexpected
from expertserve.server.settings import LOOPBACK, ServerSettings

log = logging.getLogger("expertserve.server")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
UPLOAD = re.compile(r"POST /v1/experts|PUT /v1/experts/[^/]+")
UNTYPED = ("", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream")
QUIET = ("/health", "/ready", "/metrics")
ALWAYS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


class Work(Protocol):
    """What a server is doing."""

    draining: bool
    running: int


@dataclass(slots=True)
class Facts:
    """What is known of a request by now; the log line and the `x-expertserve-*` headers say it."""

    request_id: str
    headers: dict[str, str] = field(default_factory=dict)
    log: dict[str, object] = field(default_factory=dict)

    def tell(self, header: str, value: object) -> None:
        """A response header, percent-encoded where it isn't plain ASCII."""
        self.headers[f"x-expertserve-{header}"] = quote(
            str(value), safe=" !#$&'()*+,/:;=?@[]|~-._", errors="backslashreplace"
        )


class Edge:
    """The outermost ASGI layer.

    Args:
        closed: Whether keys are required; without, requests by other sites' pages and through other
            hosts' names are refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServerSettings,
        metrics: Metrics,
        *,
        parts: Work,
        closed: bool,
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._parts = parts
        self._check_site = not closed
        self._check_host = not closed and settings.local and settings.uds is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._read(scope)
        given = Headers(scope=scope).get("x-request-id", "")
        facts = Facts(given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex)
        scope.setdefault("state", {})["facts"] = facts
        began, status = time.monotonic(), 0

        async def counted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in (
                    ALWAYS | {"x-request-id": facts.request_id} | facts.headers
                ).items():
                    headers.setdefault(name, value)
            await send(message)

        counts = route_of(scope) not in QUIET
        self._parts.running += counts
        try:
            refusal = self._refuse(scope)
            if refusal:
                await response_of(refusal, route_of(scope))(scope, receive, counted_send)
            else:
                await self._app(scope, self._bounded(scope, receive), counted_send)
        except asyncio.CancelledError:  # the server ends, and this request with it
            facts.log["outcome"] = "shutdown"
            if not status:
                await response_of(shutting_down())(scope, receive, counted_send)
        except ClientDisconnect:  # in the middle of its body
            facts.log["outcome"] = "cancelled"
        except Exception:  # a bug: the client gets a plain 500, the log the trace
            log.exception(
                "bug", extra={"facts": {"request_id": facts.request_id, "path": scope["path"]}}
            )
            if status:
                raise
            await response_of(unexpected())(scope, receive, counted_send)
        finally:
            self._parts.running -= counts
            self._note(scope, facts, status, time.monotonic() - began)

    def _note(self, scope: Scope, facts: Facts, status: int, seconds: float) -> None:
        if route_of(scope) in QUIET and status in (200, 503):
            return
        if status >= 400 and "outcome" not in facts.log:
            self._metrics.refused.labels(str(status)).inc()
        client = scope["client"][0] if scope.get("client") else None
        line: dict[str, object] = {
            "request_id": facts.request_id,
            "method": "HEAD" if scope["state"].get("head") else scope["method"],
            "path": scope["path"],
            "status": status,
        }
        log.info(
            "request",
            extra={"facts": line | {"client": client, "seconds": round(seconds, 4)} | facts.log},
        )

    def _read(self, scope: Scope) -> Scope:
        """The request as the routes know it.

        A proxy may strip the prefix or not, a slash at the end changes nothing, HEAD is a GET whose
        body the HTTP server drops, and a body without a type, or with curl's default, is JSON.
        """
        root, path, state = self._settings.root_path, scope["path"], dict(scope.get("state") or {})
        made = {**scope, "state": state}
        if root:
            path = path if path == root or path.startswith(f"{root}/") else root + path
            made["root_path"] = root
        state["slash"] = path.endswith("/")
        made["path"] = path.rstrip("/") or "/"
        if made["path"] == made.get("root_path"):
            made["path"] += "/"
        if scope["method"] == "HEAD":
            made["method"], state["head"] = "GET", True
        kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        if kind in UNTYPED and scope["method"] == "POST" and not is_upload(made):
            others = [h for h in scope["headers"] if h[0].lower() != b"content-type"]
            made["headers"] = [*others, (b"content-type", b"application/json")]
        return made

    def _is_allowed(self, origin: str) -> bool:
        """Whether a site's pages may ask."""
        return any(fnmatch.fnmatchcase(origin, o) for o in self._settings.allowed_origins)

    def _refuse(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        if self._parts.draining and route_of(scope) not in QUIET:
            return shutting_down()
        host = _host(headers.get("host", ""))
        if self._check_host and host and host not in LOOPBACK:
            return Refusal(
                "this server answers under this machine's own name only",
                status=403,
                hint="use http://127.0.0.1 or http://localhost; with --keys any name will do",
                code="other_host",
            )
        origin = headers.get("origin")
        if (
            self._check_site
            and origin
            and scope["method"] not in ("GET", "HEAD")
            and _site(origin) != headers.get("host", "")
            and not self._is_allowed(origin)
        ):
            return Refusal(
                "another site's page may not ask here",
                status=403,
                hint="let that site's server ask, or start with --allowed-origin",
                code="other_site",
            )
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError:
            length = 0  # the HTTP parser refuses it
        return _too_large(self._limit(scope)) if length > self._limit(scope) else None

    def _limit(self, scope: Scope) -> int:
        return (
            self._settings.max_upload_bytes if is_upload(scope) else self._settings.max_body_bytes
        )

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """Counts a body that came without its length."""
        limit, read = self._limit(scope), 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(
                    413, _too_large(limit).message
                )  # FastAPI lets no other error out of reading a body
            return message

        return counted


def is_upload(scope: Scope) -> bool:
    """Whether a request uploads a package: to one of the two routes, and not as JSON."""
    if not UPLOAD.fullmatch(f"{scope['method']} {route_of(scope)}"):
        return False
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    return kind not in ("", "application/json")


def route_of(scope: Scope) -> str:
    """The path below the prefix: a proxy's, or the one that Ray Serve mounts the application at."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _too_large(limit: int) -> Refusal:
    return Refusal(f"the body is larger than {limit:,} bytes", status=413, code="body_too_large")


def _site(origin: str) -> str:
    """`http://example.com:80` → `example.com:80`."""
    return _split(origin).netloc


def _host(header: str) -> str:
    """`[::1]:8000` → `::1`."""
    return _split(f"//{header}").hostname or ""


def _split(url: str) -> SplitResult:
    """An address that can't be read is nobody's."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "?", "", "", "")
