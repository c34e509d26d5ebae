"""The routes: OpenAI's, ours, and those that machines look at."""

from __future__ import annotations

import asyncio
import fnmatch
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from expertserve._version import __version__
from expertserve.errors import ExpertError
from expertserve.server import admin, others
from expertserve.server.ask import Json
from expertserve.server.auth import Key, Keyring
from expertserve.server.document import DescribedApp
from expertserve.server.edge import Edge, route_of
from expertserve.server.explain import refusal_of
from expertserve.server.generation import answer
from expertserve.server.limits import RateLimits
from expertserve.server.metrics import Metrics
from expertserve.server.models import Page, find_model, list_models, response
from expertserve.server.openai import chat_shape, text_shape
from expertserve.server.parts import After, Limit, Parts, caller, facts_of, parts_of
from expertserve.server.problems import Refusal, response_of
from expertserve.server.service import Service
from expertserve.server.settings import ServerSettings
from expertserve.server.state import ServerState
from expertserve.server.wire import ChatRequest, TextRequest

log = logging.getLogger("expertserve.server")
Caller = Annotated[Key, Depends(caller)]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src"
    " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SCRIPTS = {
    "playground.js": "text/javascript",
    "playground.css": "text/css",
    "docs.js": "text/javascript",
}
ANSWER_SECONDS = 5.0
MAX_BROKEN = 100
"""Broken packages that `/ready` names."""
ANSWERS: dict[int | str, str] = {
    400: "A field is wrong: `{error: {message, type, param, code, hint}}`.",
    401: "A key is missing or not valid, where the server has keys.",
    404: "No such model; the message lists those that are there.",
    429: "The key's limits are used up; `Retry-After` says for how long.",
    503: "The queue is full, or the engine starts or ends.",
}
openai = APIRouter(prefix="/v1", tags=["OpenAI"])
machines = APIRouter(tags=["operation"])


@openai.get("/models", summary="What can be asked")
async def models(
    request: Request, key: Caller, limit: Limit = None, after: After = None
) -> Response:
    """Experts, their base models and `auto`; what each expert is stands under `expertserve`.

    Without `limit` all of them. With the `ETag` of an answer as `If-None-Match`, 304 where nothing
    has changed.
    """
    body = await list_models(parts_of(request), key, Page(limit, after))
    return response(body, request.headers.get("if-none-match"))


@openai.get("/models/{model:path}", summary="One of them")
async def model(request: Request, key: Caller, model: str) -> Json:
    return await find_model(parts_of(request), key, model)


@openai.post("/chat/completions", summary="Answer a conversation")
async def chat(request: Request, body: ChatRequest, key: Caller) -> Response:
    """Chat completions with the expert's prompt format, defaults and grammar."""
    return await answer(
        request,
        key,
        [body.ask()],
        lambda id, model, texts: chat_shape(body, id=id, model=model, texts=texts),
        body=body,
    )


@openai.post("/completions", summary="Answer a prompt")
async def completions(request: Request, body: TextRequest, key: Caller) -> Response:
    """Legacy completions. The prompt is a question, not a text to continue."""
    return await answer(
        request,
        key,
        body.asks(),
        lambda id, model, texts: text_shape(body, id=id, model=model, texts=texts),
        body=body,
    )


@machines.get("/health", summary="Whether the process lives")
async def health() -> Json:
    return {"status": "ok"}


@machines.get("/ready", summary="Whether the engine answers")
async def ready(request: Request) -> Response:
    """200 while it does; 503 before it started, after it died, and while the server shuts down."""
    why = await _not_ready(parts_of(request))
    if why:
        return response_of(Refusal(why, status=503, code="not_ready", retry_after=2))
    return JSONResponse({"status": "ready"} | broken(parts_of(request)))


def broken(parts: Parts) -> Json:
    """Names and codes of broken packages; whoever may administrate is told more."""
    found = parts.service.broken_packages()
    if not found:
        return {}
    told = [{"package": Path(b.path).name, "code": b.code} for b in found[:MAX_BROKEN]]
    return {"broken": told, "broken_count": len(found)}


async def _not_ready(parts: Parts) -> str:
    if parts.draining:
        return "the server is shutting down"
    if not parts.service.info().engines:
        parts.wake()  # where it died idle, no request would come that starts it again
        return (
            f"the engine did not start: {parts.failure.code}"
            if parts.failure
            else "the engine has not started"
        )
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await parts.service.check()
    except (TimeoutError, ExpertError):
        return "the engine does not answer"
    return ""


@machines.get("/metrics", summary="Prometheus metrics")
async def metrics(request: Request) -> Response:
    """Ours, and vLLM's own. Where there are keys, any of them may read it."""
    parts = parts_of(request)
    caller(request)
    experts = []
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            experts = await parts.service.list_loaded_experts()
        ready = bool(parts.service.info().engines) and not parts.draining
    except (TimeoutError, ExpertError):
        ready = False
    parts.metrics.broken.set(len(parts.service.broken_packages()))
    slots = parts.service.info().max_slots

    def observed() -> bytes:
        parts.metrics.observe(experts, ready=ready, slots=slots)
        return parts.metrics.text()

    return Response(
        await asyncio.to_thread(observed), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


@machines.get("/version", summary="This server's version")
async def version() -> Json:
    return {"version": __version__}


@machines.get("/", include_in_schema=False)
async def playground(request: Request) -> HTMLResponse:
    return _page(request, "playground.html")


@machines.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    return _page(request, "docs.html")


def _page(request: Request, name: str) -> HTMLResponse:
    """A page whose links are relative to where the browser thinks it is."""
    root, slash = request.scope.get("root_path", ""), request.scope["state"]["slash"]
    top = route_of(request.scope) == "/"
    up = ("" if slash else f"{root.rpartition('/')[2]}/" if root else "") if top else (
        "../" if slash else ""
    )  # fmt: skip
    text = _file(name).replace("{{up}}", up)
    return HTMLResponse(text, headers={"content-security-policy": PAGE})


@machines.get("/static/{name}", include_in_schema=False)
async def static(name: str) -> Response:
    if name not in SCRIPTS:
        raise HTTPException(404)
    return Response(_file(name), media_type=SCRIPTS[name])


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / "pages" / name).read_text(encoding="utf-8")


def create_app(
    service: Service, settings: ServerSettings | None = None, *, lifespan: Lifespan | None = None
) -> FastAPI:
    """The server as an ASGI application; its parts are at `app.state.parts`. Starts nothing.

    Raises:
        ConfigError: The key file or the state file can't be read.

    Example:
        >>> app = create_app(manager, ServerSettings())
        >>> app.state.parts.settings.port
        8000
    """
    settings = settings or ServerSettings()
    keys = Keyring(settings.keys, open_admin=settings.open_admin)
    parts = Parts(
        service,
        settings,
        keys,
        RateLimits(settings.max_pending),
        Metrics(),
        ServerState(settings.state_folder),
    )
    parts.metrics.pending.set_function(lambda: parts.limits.pending)
    app = DescribedApp(
        title="expertserve",
        version=__version__,
        summary="Experts by their names, over OpenAI's API",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan or _nothing,
        responses={status: {"description": text} for status, text in ANSWERS.items()},
    )
    app.state.parts = parts
    routers = (openai, others.responses, others.anthropic, others.ollama, others.tokens)
    for router in (*routers, admin.router, machines):
        app.include_router(router)
    app.add_exception_handler(ExpertError, _expert_error)
    for kind in (RequestValidationError, ValidationError):
        app.add_exception_handler(kind, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(
        Edge, settings=settings, metrics=parts.metrics, parts=parts, closed=keys.required
    )
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origin_regex="|".join(map(fnmatch.translate, settings.allowed_origins)),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    return app


@asynccontextmanager
async def _nothing(app: FastAPI) -> AsyncIterator[None]:
    yield


async def _expert_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ExpertError)
    facts_of(request).log |= {"code": error.code, "error": error.message[:500]}
    return response_of(error, route_of(request.scope))


async def _invalid(request: Request, error: Exception) -> Response:
    """Pydantic's finding, as OpenAI words it; the value itself is not repeated."""
    assert isinstance(error, RequestValidationError | ValidationError)
    return await _expert_error(request, refusal_of(error.errors()))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "no_such_route", 405: "method_not_allowed", 413: "body_too_large"}
    response = await _expert_error(
        request,
        Refusal(
            str(error.detail),
            status=error.status_code,
            code=codes.get(error.status_code, "bad_request"),
        ),
    )
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response
